// Package login runs codex-login and the programs that need its credentials against a
// service on loopback.
package login

import (
	"os"
	"testing"

	"codex/tests/programs"
)

var binaries string

func TestMain(m *testing.M) {
	os.Exit(programs.Run(m, &binaries, "codex", "codex-login", "codex-apply", "codex-debug", "codex-doctor", "codex-model", "codex-exec", "codex-turn", "codex-app-server", "codex-sandbox"))
}
