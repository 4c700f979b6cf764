//go:build linux

// Package turnwire holds the rules of the wire between an engine and its face: what
// codex-turn does with every kind of line, signal and silence. The tests run the real
// programs, with a scripted model, and hold every line that comes out against the schema
// of the protocol.
package turnwire

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

// run builds the programs of a turn, unless CODEX_BIN names a folder that has them.
func run(m *testing.M) int {
	if binaries = os.Getenv("CODEX_BIN"); binaries == "" {
		dir, err := os.MkdirTemp("", "codex-bin-")
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		defer os.RemoveAll(dir)
		if err := build(dir); err != nil {
			fmt.Fprintln(os.Stderr, err)
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

func build(dir string) error {
	cmd := exec.Command("go", "build", "-trimpath", "-buildvcs=false", "-ldflags", "-s -w", "-o", dir+"/",
		"./cmd/codex-turn", "./cmd/codex-model", "./cmd/codex-sandbox", "./cmd/apply_patch")
	cmd.Dir = "../.."
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("build programs: %w\n%s", err, out)
	}
	path := filepath.Join(dir, "codex-path")
	if err := os.MkdirAll(path, 0o755); err != nil {
		return err
	}
	return os.Symlink("../apply_patch", filepath.Join(path, "apply_patch"))
}
