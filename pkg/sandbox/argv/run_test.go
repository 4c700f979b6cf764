//go:build linux

package argv

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"codex/pkg/sandbox"
)

// TestMain lets the test binary be codex-sandbox.
func TestMain(m *testing.M) {
	sandbox.Init()
	if os.Getenv("ARGV_TEST_MAIN") != "" {
		os.Unsetenv("ARGV_TEST_MAIN")
		dir, _ := os.Getwd()
		syscall.Exit(Run(context.Background(), os.Args[1:], Process{In: os.Stdin, Out: os.Stdout, Err: os.Stderr, Env: os.Environ(), Dir: dir}))
	}
	os.Exit(m.Run())
}

type ran struct {
	out, err string
	code     int
}

func codexSandbox(t *testing.T, dir, home string, args ...string) ran {
	t.Helper()
	c := exec.Command("/proc/self/exe", args...)
	c.Dir = dir
	c.Env = []string{"ARGV_TEST_MAIN=1", "PATH=/usr/local/bin:/usr/bin:/bin", "CODEX_HOME=" + home, "PWD=" + dir}
	var out, e bytes.Buffer
	c.Stdout, c.Stderr = &out, &e
	err := c.Run()
	var ee *exec.ExitError
	if err != nil && !errors.As(err, &ee) {
		t.Fatal(err)
	}
	return ran{strings.TrimSpace(out.String()), strings.TrimSpace(e.String()), c.ProcessState.ExitCode()}
}

// TestRun runs whole command lines in a workspace below a home of its own.
func TestRun(t *testing.T) {
	if !sandbox.Probe().Spaces {
		t.Skip("no namespaces here")
	}
	base, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	dir, home := filepath.Join(base, "ws"), filepath.Join(base, "home")
	os.Mkdir(dir, 0o755)
	os.Mkdir(home, 0o755)
	ww := []string{"linux", "-c", "sandbox_mode=workspace-write", "-c", "sandbox_workspace_write.exclude_slash_tmp=true", "--"}
	sh := func(pre []string, script string) []string {
		return append(append([]string{}, pre...), "sh", "-c", script)
	}
	ro := []string{"linux", "--"}
	missing := filepath.Join(dir, "missing")
	full := []string{"linux", "--mode", "danger-full-access", "--"}
	tests := []struct {
		name string
		args []string
		want ran // err is a part
	}{
		{"output", sh(ro, "echo out; echo err >&2"), ran{"out", "err", 0}},
		{"status", sh(ro, "exit 42"), ran{"", "", 42}},
		{"signal", sh(ro, "kill -9 $$"), ran{"", "", 137}},
		{"status of workspace-write", sh(ww, "kill -SEGV $$"), ran{"", "", 139}},
		{"signal without a sandbox", sh(full, "exit 9"), ran{"", "", 9}},
		{"read-only by default", sh(ro, "touch f"), ran{"", "Read-only file system", 1}},
		{"workspace", sh(ww, "touch f && rm f"), ran{"", "", 0}},
		{"home", sh(ww, `touch "$CODEX_HOME/config.toml"`), ran{"", "Read-only file system", 1}},
		{"memories", sh(ww, `touch "$CODEX_HOME/memories/m"`), ran{"", "", 0}},
		{"protected", sh(ww, "mkdir .codex"), ran{"", "File exists", 1}},
		{"network off", sh(ro, "echo $"+sandbox.NetworkDisabled), ran{"1", "", 0}},
		{"network on", sh(full, "echo $"+sandbox.NetworkDisabled), ran{"", "", 0}},
		{"filter", sh(ro, "grep -c 'Seccomp:.2' /proc/self/status"), ran{"1", "", 0}},
		{"no filter", sh(full, "grep -c 'Seccomp:.0' /proc/self/status"), ran{"1", "", 0}},
		{"missing program", append(ro, missing), ran{"", "run " + missing + ": No such file or directory (os error 2)", 101}},
		{"not a program", append(ro, "/etc/passwd"), ran{"", "run /etc/passwd: Permission denied (os error 13)", 101}},
		{"missing program, no sandbox", append(full, "nosuch"), ran{"", "run nosuch: No such file", 101}},
		{"environment", []string{"linux", "-c", "shell_environment_policy.inherit=none", "--", "/usr/bin/env"}, ran{"PWD=" + dir + "\n" + sandbox.NetworkDisabled + "=1", "", 0}},
		{"other system", []string{"seatbelt", "--", "x"}, ran{"", "Error: Seatbelt sandbox is only available on macOS", 1}},
		{"another", []string{"windows", "--", "x"}, ran{"", "Error: Windows sandbox is only available on Windows", 1}},
		{"usage", nil, ran{"", "Usage: codex-sandbox", 2}},
		{"bad config", []string{"linux", "-c", "sandbox_mode=bogus", "x"}, ran{"", "unknown variant `bogus`", 1}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := codexSandbox(t, dir, home, tt.args...)
			if got.code != tt.want.code || got.out != tt.want.out || !strings.Contains(got.err, tt.want.err) {
				t.Errorf("got %+v\nwant %+v", got, tt.want)
			}
		})
	}
	for _, tt := range [][2]string{{"--help", "Usage:"}, {"--version", "codex-sandbox 0."}, {"--list-options", "option\tlinux\t-\t--mode\tMODE"}, {"--probe", `"landlock_abi"`}} {
		if got := codexSandbox(t, dir, home, tt[0]); got.code != 0 || !strings.Contains(got.out, tt[1]) {
			t.Errorf("%s: %+v", tt[0], got)
		}
	}
	if got := codexSandbox(t, dir, home, "linux", "--mode", "workspace-write", "--explain"); got.code != 0 ||
		!strings.Contains(got.out, "write    "+dir+"\n  but not "+dir+"/.agents") || !strings.Contains(got.out, "network  off") {
		t.Errorf("explain: %+v", got)
	}
	if left, _ := os.ReadDir(dir); len(left) != 0 {
		t.Errorf("left behind: %v", left)
	}
}

// TestInterrupt holds that a signal to us reaches the command, and that its
// answer is ours.
func TestInterrupt(t *testing.T) {
	if !sandbox.Probe().Spaces {
		t.Skip("no namespaces here")
	}
	dir := t.TempDir()
	c := exec.Command("/proc/self/exe", "linux", "--", "sh", "-c", "trap 'echo caught; exit 5' INT; echo up; while :; do sleep 0.01; done")
	c.Dir, c.Env = dir, []string{"ARGV_TEST_MAIN=1", "PATH=/usr/bin:/bin"}
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	c.Stdout = w
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	w.Close()
	var b [3]byte
	if _, err := r.Read(b[:]); err != nil || string(b[:]) != "up\n" {
		t.Fatalf("%q, %v", b, err)
	}
	c.Process.Signal(syscall.SIGINT)
	c.Wait()
	if c.ProcessState.ExitCode() != 5 {
		t.Errorf("%v", c.ProcessState)
	}
}
