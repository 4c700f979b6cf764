// Package mcpserver runs codex-mcp server as clients of the Model Context Protocol do. The
// engine, the sandbox and the model are the built programs; only the model follows a script.
package mcpserver

import (
	"os"
	"testing"

	"codex/tests/programs"
)

// binaries is the folder of the programs under test, set once by TestMain.
var binaries string

func TestMain(m *testing.M) {
	os.Exit(programs.Run(m, &binaries, "codex", "codex-mcp", "codex-app-server", "codex-turn", "codex-sandbox", "codex-execpolicy", "codex-model"))
}
