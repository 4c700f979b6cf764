package tests

import (
	"os"
	"testing"

	"codex/tests/programs"
)

// binaries is the folder of the programs under test, set once by TestMain.
var binaries string

func TestMain(m *testing.M) { os.Exit(programs.Run(m, &binaries)) }
