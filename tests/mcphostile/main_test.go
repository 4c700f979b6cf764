//go:build linux

// Package mcphostile calls tools of servers of the Model Context Protocol that are broken, or
// mean harm, by the built codex-mcp. Whatever they do, a call ends, with a status and words
// that people can read, with bounded memory, and nobody is left running.
package mcphostile

import (
	"flag"
	"os"
	"testing"

	"codex/tests/programs"
)

// binaries is the folder of the programs under test, set once by TestMain.
var binaries string

func TestMain(m *testing.M) {
	if name := os.Getenv(trickVariable); name != "" {
		serve(name)
		os.Exit(0)
	}
	// Most of a run is waiting for time limits. Who says another number is asked later.
	if err := flag.Set("test.parallel", "12"); err != nil {
		panic(err)
	}
	os.Exit(programs.Run(m, &binaries, "codex-mcp"))
}
