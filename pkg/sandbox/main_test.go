//go:build linux

package sandbox

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"codex/pkg/policy"
)

// roleVar makes the test binary play a part inside or around a sandbox.
const roleVar = "SANDBOX_TEST_ROLE"

func TestMain(m *testing.M) {
	Init()
	if role := os.Getenv(roleVar); role != "" {
		syscall.Exit(playRole(role, os.Args[1:])) // at once: the race detector would linger
	}
	os.Exit(m.Run())
}

// site is a directory to be sandboxed in, with a sibling to attack.
type site struct{ base, ws, out string }

func newSite(t testing.TB) site {
	t.Helper()
	base, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	p := site{base, filepath.Join(base, "ws"), filepath.Join(base, "out")}
	for _, d := range []string{p.ws, p.out} {
		if err := os.Mkdir(d, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(p.out, "canary"), []byte("safe\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	return p
}

// workspace is workspace-write for p.ws alone.
func (p site) workspace(t testing.TB, roots ...string) policy.Policy {
	return p.resolve(t, policy.WorkspaceWrite(policy.WriteOptions{WritableRoots: roots, ExcludeSlashTmp: true}))
}

func (p site) readOnly(t testing.TB) policy.Policy { return p.resolve(t, policy.ReadOnly()) }

func (p site) resolve(t testing.TB, prof policy.Profile) policy.Policy {
	t.Helper()
	pol, err := prof.Resolve(policy.Env{Cwd: p.ws, FS: policy.HostFS{}})
	if err != nil {
		t.Fatal(err)
	}
	return pol
}

func testEnv() []string {
	return []string{"PATH=/usr/local/bin:/usr/bin:/bin", "HOME=" + os.Getenv("HOME"), "LANG=C"}
}

// result is what came of a command.
type result struct {
	out  string // stdout and stderr
	exit Exit
	err  error // of Command or Start
}

func (p site) run(t testing.TB, pol policy.Policy, argv ...string) result {
	t.Helper()
	return runSpec(t, Spec{Policy: pol, Argv: argv, Dir: p.ws, Env: testEnv()})
}

func (p site) sh(t testing.TB, pol policy.Policy, script string) result {
	t.Helper()
	return p.run(t, pol, "sh", "-c", script)
}

// role runs the test binary inside.
func (p site) role(t testing.TB, pol policy.Policy, role string, args ...string) result {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return runSpec(t, Spec{Policy: pol, Argv: append([]string{self}, args...), Dir: p.ws, Env: append(testEnv(), roleVar+"="+role)})
}

func runSpec(t testing.TB, spec Spec) result {
	t.Helper()
	c, err := Command(context.Background(), spec)
	if err != nil {
		return result{err: err}
	}
	var out bytes.Buffer
	c.Stdout, c.Stderr = &out, &out
	if err := c.Start(); err != nil {
		return result{err: err}
	}
	c.Wait()
	return result{out: strings.TrimSpace(out.String()), exit: c.Exit()}
}

// needSpaces skips where the kernel refuses what the test is about.
func needSpaces(t testing.TB) {
	t.Helper()
	if s := hostSupport(); !s.Spaces {
		t.Skipf("no namespaces here: %s", s.Reason)
	}
}

func exists(name string) bool {
	_, err := os.Lstat(name)
	return !errors.Is(err, os.ErrNotExist)
}
