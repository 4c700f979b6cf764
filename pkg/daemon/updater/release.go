//go:build unix

package updater

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"codex/pkg/daemon/child"
	"codex/pkg/daemon/wait"
)

// Installation is CODEX_HOME/packages/standalone, where the installer puts releases: a
// folder each in releases, and a link named current to one of them.
type Installation struct {
	Dir string
	Env []string // of programs that are tried out
}

// Managed is the program that the daemon starts, whichever release is current.
func (i Installation) Managed() string { return filepath.Join(i.Dir, "current", "codex") }

// Current gives the folder of the release in use, links resolved.
func (i Installation) Current() (string, error) {
	dir, err := filepath.EvalSymlinks(filepath.Join(i.Dir, "current"))
	if err != nil {
		return "", fmt.Errorf("find the current release: %w", err)
	}
	return dir, nil
}

const (
	// tryTime bounds each program of a try-out, tryOutput what it writes.
	tryTime   = 20 * time.Second
	tryOutput = 1 << 20
	// lockTime is how long a running installer is waited for.
	lockTime = 2 * time.Minute
)

// Version gives what the codex at path calls itself: the second word of its --version
// line, "" when there is none.
func (i Installation) Version(ctx context.Context, path string) (string, error) {
	out, err := child.Output(ctx, child.Command{Path: path, Args: []string{"--version"}, Env: i.Env, Limit: tryOutput, Time: tryTime})
	if err != nil {
		return "", err
	}
	if f := strings.Fields(string(out)); len(f) > 1 {
		return f[1], nil
	}
	return "", nil
}

// Preflight tries a release out: does it say its version, and has it the commands that
// the daemon starts.
func (i Installation) Preflight(ctx context.Context, dir string) error {
	codex := filepath.Join(dir, "codex")
	version, err := i.Version(ctx, codex)
	if err == nil && version == "" {
		err = fmt.Errorf("%s does not say its version", codex)
	}
	for _, args := range [][]string{{"app-server", "--help"}, {"app-server", "daemon", "--help"}} {
		if err == nil {
			_, err = child.Output(ctx, child.Command{Path: codex, Args: args, Env: i.Env, Limit: tryOutput, Time: tryTime})
		}
	}
	if err != nil {
		return fmt.Errorf("release %s does not work: %w", filepath.Base(dir), err)
	}
	return nil
}

// Switch makes dir the current release, if from still is. It waits for an installer that
// is at work, and keeps others out.
func (i Installation) Switch(ctx context.Context, from, dir string) error {
	lock, err := wait.Lock(ctx, filepath.Join(i.Dir, "install.lock"), lockTime)
	if err != nil {
		return err
	}
	if lock == nil {
		return fmt.Errorf("an installer is at work in %s", i.Dir)
	}
	defer lock.Close()
	now, err := i.Current()
	if err != nil || now != from {
		return err
	}
	if fi, err := os.Stat(filepath.Join(dir, "codex")); err != nil || !fi.Mode().IsRegular() {
		return fmt.Errorf("release %s is not there any more", filepath.Base(dir))
	}
	link := filepath.Join(i.Dir, fmt.Sprintf(".current.%d", os.Getpid()))
	_ = os.Remove(link)
	if err := os.Symlink(dir, link); err != nil {
		return err
	}
	return os.Rename(link, filepath.Join(i.Dir, "current"))
}
