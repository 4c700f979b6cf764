// Package bedrock runs turns with the provider amazon-bedrock, whose hosts a proxy stands for.
package bedrock

import (
	"os"
	"testing"

	"codex/tests/programs"
)

var binaries string

func TestMain(m *testing.M) {
	os.Exit(programs.Run(m, &binaries, "codex-exec", "codex-turn", "codex-sandbox", "codex-aws", "codex-model", "codex-debug"))
}
