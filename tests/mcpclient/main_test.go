//go:build linux

// Package mcpclient holds our client of the Model Context Protocol against counterparts that
// nobody here wrote: servers of the protocol's project, and its conformance suite.
package mcpclient

import (
	"os"
	"testing"

	"codex/tests/programs"
)

// binaries is the folder of the programs under test, set once by TestMain.
var binaries string

func TestMain(m *testing.M) {
	if dir := os.Getenv(clientRole); dir != "" {
		os.Exit(becomeClient(dir, os.Args[len(os.Args)-1]))
	}
	os.Exit(programs.Run(m, &binaries, "codex-turn", "codex-mcp", "codex-model", "codex-sandbox", "apply_patch"))
}
