// Package programs gives a test package the programs under test. It imports the standard
// library, gjson, pkg/clock and pkg/keyring, and speaks no protocol; only tests use it.
package programs

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"

	"codex/pkg/keyring"
)

// Run runs the tests of m with *dir set to a folder that holds the programs: the one that
// CODEX_BIN names, or one built for this run and removed after it. Names are folders of
// cmd/; none at all stands for every program. Run returns the exit status of the tests.
func Run(m *testing.M, dir *string, names ...string) int {
	at := os.Getenv("CODEX_BIN")
	if at == "" {
		built, err := os.MkdirTemp("", "codex-bin-")
		if err == nil {
			defer os.RemoveAll(built)
			err = build(built, names)
		}
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		at = built
	} else if !filepath.IsAbs(at) {
		fmt.Fprintf(os.Stderr, "CODEX_BIN is %q: tests run in their own folders, so give the whole path\n", at)
		return 1
	}
	*dir = at
	if err := os.Setenv(keyring.Variable, keyring.Disabled); err != nil { // for tests that give programs their own
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return m.Run()
}

// build does what make does, into dir.
func build(dir string, names []string) error {
	root, err := moduleRoot()
	if err != nil {
		return err
	}
	args := []string{"build", "-trimpath", "-buildvcs=false", "-ldflags", "-s -w -funcalign=16", "-o", dir + string(filepath.Separator)}
	if len(names) == 0 {
		args = append(args, "./cmd/...")
	}
	for _, name := range names {
		args = append(args, "./cmd/"+name)
	}
	cmd := exec.Command("go", args...)
	cmd.Dir = root
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("build programs: %w\n%s", err, out)
	}
	if len(names) > 0 && !slices.Contains(names, "apply_patch") {
		return nil
	}
	path := filepath.Join(dir, "codex-path")
	if err := os.Mkdir(path, 0o755); err != nil {
		return err
	}
	if err := os.Symlink("../apply_patch", filepath.Join(path, "apply_patch")); err != nil {
		return err
	}
	return os.Symlink("apply_patch", filepath.Join(path, "applypatch"))
}

// moduleRoot is the folder of go.mod above the tests' own.
func moduleRoot() (string, error) {
	out, err := exec.Command("go", "env", "GOMOD").Output()
	if err != nil {
		return "", fmt.Errorf("find the module: %w", err)
	}
	return filepath.Dir(string(bytes.TrimSpace(out))), nil
}
