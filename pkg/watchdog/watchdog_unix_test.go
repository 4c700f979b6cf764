//go:build unix

package watchdog

import (
	"bufio"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

func TestMain(m *testing.M) {
	Init()
	if os.Getenv("WATCHDOG_TEST_OWNER") != "" {
		owner()
	}
	os.Exit(m.Run())
}

// sleeper starts a group that ends when it is killed. What it writes to ends
// with it.
func sleeper(w *os.File) (*exec.Cmd, error) {
	c := exec.Command("sh", "-c", "sleep 1000 & wait")
	c.Stdout = w
	c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	return c, c.Start()
}

// owner holds a group, says so and waits to be killed.
func owner() {
	exe, err := os.Executable()
	if err != nil {
		panic(err)
	}
	l, err := Start(exe)
	if err != nil {
		panic(err)
	}
	c, err := sleeper(os.Stdout)
	if err != nil {
		panic(err)
	}
	if err := l.Hold(c.Process.Pid); err != nil {
		panic(err)
	}
	os.Stdout.WriteString(strconv.Itoa(c.Process.Pid) + "\n")
	select {}
}

// TestKilledOwner holds that a group does not outlive an owner that had no time
// for it.
func TestKilledOwner(t *testing.T) {
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	c := exec.Command(exe)
	c.Env = append(os.Environ(), "WATCHDOG_TEST_OWNER=1")
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	r := bufio.NewReader(out)
	line, err := r.ReadString('\n')
	if _, e := strconv.Atoi(strings.TrimSpace(line)); e != nil || err != nil {
		t.Fatalf("%q, %v", line, err)
	}
	c.Process.Kill()
	if _, err := io.Copy(io.Discard, r); err != nil { // ends when the last of the group has
		t.Fatal(err)
	}
	c.Wait()
}

func TestReleased(t *testing.T) {
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	l, err := Start(exe)
	if err != nil {
		t.Fatal(err)
	}
	c, err := sleeper(nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Hold(c.Process.Pid); err != nil {
		t.Fatal(err)
	}
	if err := l.Release(c.Process.Pid); err != nil {
		t.Fatal(err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Kill(c.Process.Pid, 0); err != nil {
		t.Errorf("a released group was killed: %v", err)
	}
	syscall.Kill(-c.Process.Pid, syscall.SIGKILL)
	c.Wait()
	if err := l.Hold(9); err == nil {
		t.Error("a watcher that is gone was told")
	}
}
