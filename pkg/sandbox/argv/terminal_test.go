//go:build linux

package argv

import (
	"io"
	"os/exec"
	"syscall"
	"testing"

	"github.com/creack/pty"
	"golang.org/x/sys/unix"

	"codex/pkg/sandbox"
)

// TestTerminalRestored holds that a command does not keep the terminal without echo, or
// stopped.
func TestTerminalRestored(t *testing.T) {
	if !sandbox.Probe().Spaces {
		t.Skip("no namespaces here")
	}
	dir := t.TempDir()
	master, tty, err := pty.Open()
	if err != nil {
		t.Fatal(err)
	}
	defer master.Close()
	defer tty.Close()
	before, err := unix.IoctlGetTermios(int(tty.Fd()), unix.TCGETS)
	if err != nil {
		t.Fatal(err)
	}
	c := exec.Command("/proc/self/exe", "linux", "--", "sh", "-c", "stty -echo raw; stty | grep -q -e -echo && exit 5")
	c.Dir, c.Stdin, c.Stdout, c.Stderr = dir, tty, tty, tty
	c.Env = []string{"ARGV_TEST_MAIN=1", "PATH=/usr/bin:/bin", "CODEX_HOME=" + dir}
	c.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	go io.Copy(io.Discard, master) // ends with the terminal
	_ = c.Run()                    // its error is the status again
	after, err := unix.IoctlGetTermios(int(tty.Fd()), unix.TCGETS)
	if err != nil || *after != *before || c.ProcessState.ExitCode() != 5 {
		t.Errorf("%+v\nbecame %+v, %v; status %d", before, after, err, c.ProcessState.ExitCode())
	}
}
