// Package tsclient holds codex-app-server against clients in TypeScript: one that is
// written in the types which the server generates, and a published one, unmodified.
package tsclient

import (
	"os"
	"testing"

	"codex/tests/programs"
)

// binaries is the folder of the programs under test, set once by TestMain.
var binaries string

func TestMain(m *testing.M) {
	os.Exit(programs.Run(m, &binaries, "codex", "codex-app-server", "codex-turn", "codex-model", "codex-sandbox", "apply_patch"))
}
