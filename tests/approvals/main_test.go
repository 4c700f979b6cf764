// Package approvals holds what codex-turn asks, runs and rejects against what the original
// was seen to do: pkg/execpolicy/testdata has the captures. The engine, the executor, the
// sandbox and the reading of rules files are the built programs; the model is a script.
package approvals

import (
	"os"
	"testing"

	"codex/tests/programs"
)

// binaries is the folder of the programs under test, set once by TestMain.
var binaries string

func TestMain(m *testing.M) {
	os.Exit(programs.Run(m, &binaries, "codex-turn", "codex-sandbox", "codex-execpolicy", "codex-model"))
}
