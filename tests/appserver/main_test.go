//go:build unix

// Package appserver holds codex-app-server against transcripts of the original: what a
// client sent it is sent again, and what it answered must come, ids and times aside, and
// be what the schema promises. The tests run the real programs, with a scripted model.
package appserver

import (
	"os"
	"testing"

	"codex/tests/programs"
)

// binaries is the folder of the programs under test, set once by TestMain.
var binaries string

func TestMain(m *testing.M) {
	os.Exit(programs.Run(m, &binaries, "codex-app-server", "codex-daemon", "codex-mcp", "codex-turn", "codex-model", "codex-notify", "codex-sandbox", "apply_patch"))
}
