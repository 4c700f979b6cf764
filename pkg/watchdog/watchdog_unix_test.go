//go:build unix

package watchdog

import (
	"bufio"
	"context"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

func TestMain(m *testing.M) {
	Init()
	switch os.Getenv("WATCHDOG_TEST_OWNER") {
	case "holds":
		owner()
	case "starts":
		starter()
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

// starter is an owner that is killed before its watcher knows of the command.
func starter() {
	c := exec.CommandContext(context.Background(), "sleep", "1000")
	c.Stdout = os.Stdout
	OwnGroup(c)
	if err := new(Guard).Start(c, ""); err != nil {
		panic(err)
	}
	os.Stdout.WriteString(strconv.Itoa(c.Process.Pid) + "\n")
	time.Sleep(time.Hour) // there is nobody else: a select would be a deadlock
}

// TestKilledOwner holds that a group does not outlive an owner that had no time
// for it.
func TestKilledOwner(t *testing.T) { killOwner(t, "holds") }

// killOwner kills an owner, and waits until nobody has its standard output.
func killOwner(t *testing.T, what string) {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	c := exec.Command(exe)
	c.Env = append(os.Environ(), "WATCHDOG_TEST_OWNER="+what)
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
