// Package oss runs codex-exec --oss against servers that answer as Ollama and LM Studio do.
package oss

import (
	"os"
	"testing"

	"codex/tests/programs"
)

var binaries string

func TestMain(m *testing.M) {
	os.Exit(programs.Run(m, &binaries, "codex-exec", "codex-turn", "codex-sandbox", "codex-model"))
}
