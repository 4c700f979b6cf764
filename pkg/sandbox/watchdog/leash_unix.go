//go:build unix

package watchdog

import (
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"sync"
	"syscall"
)

// Leash is the owner's end of a watcher.
type Leash struct {
	mu  sync.Mutex // one line at a time
	w   *os.File
	cmd *exec.Cmd
}

// Start starts a watcher: program is the file of the program that calls Main
// when its name is Name.
func Start(program string) (*Leash, error) {
	r, w, err := os.Pipe()
	if err != nil {
		return nil, fmt.Errorf("make a pipe: %w", err)
	}
	defer r.Close()
	c := exec.Command(program)
	c.Args, c.Env, c.Stdin = []string{Name}, []string{"GOMAXPROCS=1"}, r
	c.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := c.Start(); err != nil {
		w.Close()
		return nil, fmt.Errorf("start the watcher: %w", err)
	}
	return &Leash{w: w, cmd: c}, nil
}

// Hold has the group killed when we are gone.
func (l *Leash) Hold(group int) error { return l.say('+', group) }

// Release forgets the group.
func (l *Leash) Release(group int) error { return l.say('-', group) }

func (l *Leash) say(sign byte, group int) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if _, err := fmt.Fprintf(l.w, "%c%d\n", sign, group); err != nil {
		return fmt.Errorf("tell the watcher: %w", err)
	}
	return nil
}

// Close ends the watcher, and with it the groups that were not released. A
// process that ends has no need to call it.
func (l *Leash) Close() error {
	l.w.Close()
	return l.cmd.Wait()
}

// Main is the whole of a watcher. It outlives what a terminal or a shell sends
// to its owner.
func Main(in *os.File) {
	signal.Ignore(syscall.SIGHUP, syscall.SIGINT, syscall.SIGQUIT, syscall.SIGTERM)
	Serve(in, func(group int) { syscall.Kill(-group, syscall.SIGKILL) })
}
