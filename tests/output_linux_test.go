package tests

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// TestFullOutput holds that no program takes help or its version for said when nothing
// could be written: one line, status 1.
func TestFullOutput(t *testing.T) {
	found, err := os.ReadDir(binaries)
	if err != nil {
		t.Fatal(err)
	}
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer full.Close()
	for _, f := range found {
		for _, option := range []string{"--help", "--version"} {
			if f.IsDir() {
				continue
			}
			var stderr bytes.Buffer
			cmd := exec.Command(filepath.Join(binaries, f.Name()), option)
			cmd.Env, cmd.Stdout, cmd.Stderr = append(os.Environ(), "CODEX_HOME="+t.TempDir()), full, &stderr
			err := cmd.Run()
			var left *exec.ExitError
			if want := f.Name() + ": write to stdout: no space left on device\n"; !errors.As(err, &left) || left.ExitCode() != 1 || stderr.String() != want {
				t.Errorf("%s %s: %v, %q, want %q", f.Name(), option, err, stderr.String(), want)
			}
		}
	}
}
