// Package daemon runs the real codex-daemon with the real app-server: the checks of the
// original's captures, many commands at once, and updates from a server on this machine.
package daemon

import (
	"flag"
	"os"
	"runtime"
	"testing"

	"codex/tests/programs"
)

// binaries is the folder of the programs under test, set once by TestMain.
var binaries string

var (
	peer   = flag.String("peer", "", "codex of the original, to share a CODEX_HOME with")
	rounds = flag.Int("rounds", 120, "commands in the test of many at once")
)

func TestMain(m *testing.M) {
	flag.Parse()
	if runtime.GOOS == "windows" {
		return // nothing to test: see pkg/daemon
	}
	os.Exit(programs.Run(m, &binaries, "codex", "codex-daemon", "codex-app-server", "codex-turn", "codex-sandbox", "apply_patch"))
}
