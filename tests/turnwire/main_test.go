//go:build linux

// Package turnwire holds the rules of the wire between an engine and its face: what
// codex-turn does with every kind of line, signal and silence. The tests run the real
// programs, with a scripted model, and hold every line that comes out against the schema
// of the protocol.
package turnwire

import (
	"fmt"
	"os"
	"testing"

	"codex/tests/programs"
)

// binaries is the folder of the programs under test, set once by TestMain.
var binaries string

func TestMain(m *testing.M) {
	if os.Getenv(roleEnv) != "" {
		fmt.Fprintln(os.Stderr, becomeConfined(os.Args[1:]))
		os.Exit(1)
	}
	if role, ok := os.LookupEnv(mcpRole); ok {
		becomeServer(role)
		os.Exit(0)
	}
	os.Exit(programs.Run(m, &binaries, "codex-turn", "codex-mcp", "codex-model", "codex-sandbox", "apply_patch"))
}
