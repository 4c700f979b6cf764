//go:build unix

package watchdog

import (
	"fmt"
	"os/exec"
	"sync"
	"syscall"
)

// OwnGroup starts the command in a process group of its own and makes its context kill
// the whole group.
func OwnGroup(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error {
		Kill(cmd)
		return nil
	}
}

// Terminate asks what is left of the command's group to leave. The group lives at least until
// its leader is reaped. One that has gone is what we want.
func Terminate(cmd *exec.Cmd) { _ = syscall.Kill(-cmd.Process.Pid, syscall.SIGTERM) }

// Kill ends what is left of the command's group.
func Kill(cmd *exec.Cmd) { _ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }

// Guard has the groups of commands ended should this process be killed. The zero value is
// ready.
type Guard struct {
	mu  sync.Mutex
	dog *Watchdog // nil before the first command
}

// Start starts a command of OwnGroup under guard; self is the program that watches, "" for
// none. On Linux the kernel ends the command itself with this process as well, from its
// first moment, when the watcher does not know of it yet.
func (g *Guard) Start(cmd *exec.Cmd, self string) error {
	cmd.SysProcAttr = Attributes(syscall.SIGKILL)
	return g.start(cmd, self, (*Watchdog).Hold)
}

// Attend starts a command that leaves by itself once this process is gone, at the end of
// its input say; should it not, its group is asked to, and then killed.
func (g *Guard) Attend(cmd *exec.Cmd, self string) error {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	return g.start(cmd, self, (*Watchdog).Attend)
}

func (g *Guard) start(cmd *exec.Cmd, self string, hold func(*Watchdog, int) error) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if self != "" && g.dog == nil {
		dog, err := Start(self)
		if err != nil {
			return fmt.Errorf("guard it: %w", err)
		}
		g.dog = dog
	}
	if err := cmd.Start(); err != nil || g.dog == nil {
		return err
	}
	if err := hold(g.dog, cmd.Process.Pid); err != nil {
		Kill(cmd)
		_ = cmd.Wait() // it was killed
		return fmt.Errorf("guard it: %w", err)
	}
	return nil
}

// End ends what is left of a command that is over.
func (g *Guard) End(cmd *exec.Cmd) {
	Kill(cmd)
	g.Release(cmd)
}

// Release lets what a command that is over has left behind go on.
func (g *Guard) Release(cmd *exec.Cmd) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.dog != nil {
		_ = g.dog.Release(cmd.Process.Pid) // a watcher that is gone holds nothing
	}
}

// Close ends the watcher.
func (g *Guard) Close() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.dog != nil {
		_ = g.dog.Close() // how it ended says nothing: it has no group left
		g.dog = nil
	}
}
