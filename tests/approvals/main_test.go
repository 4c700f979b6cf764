// Package approvals holds what codex-turn asks, runs and rejects against what the original
// was seen to do: pkg/execpolicy/testdata has the captures. The engine, the executor, the
// sandbox and the reading of rules files are the built programs; the model is a script.
package approvals

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// binaries is the folder of the programs under test, set once by TestMain.
var binaries string

func TestMain(m *testing.M) { os.Exit(run(m)) }

// run builds every program once, unless CODEX_BIN names a folder that has them.
func run(m *testing.M) int {
	if binaries = os.Getenv("CODEX_BIN"); binaries == "" {
		dir, err := os.MkdirTemp("", "codex-bin-")
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		defer os.RemoveAll(dir)
		cmd := exec.Command("go", "build", "-trimpath", "-buildvcs=false", "-o", dir+"/", "./cmd/codex-turn", "./cmd/codex-sandbox",
			"./cmd/codex-execpolicy", "./cmd/codex-model")
		cmd.Dir = filepath.Join("..", "..")
		cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
		if out, err := cmd.CombinedOutput(); err != nil {
			fmt.Fprintf(os.Stderr, "build programs: %v\n%s", err, out)
			return 1
		}
		binaries = dir
	}
	var err error
	if binaries, err = filepath.Abs(binaries); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return m.Run()
}
