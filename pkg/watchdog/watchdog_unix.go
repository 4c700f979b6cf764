//go:build unix

package watchdog

import (
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"slices"
	"sync"
	"syscall"
	"time"
)

// Watchdog is the owner's end of a watcher.
type Watchdog struct {
	mu   sync.Mutex // one line at a time
	pipe *os.File
	cmd  *exec.Cmd
}

// Start starts a watcher: program is the file of a program that calls Init.
func Start(program string) (*Watchdog, error) {
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
	return &Watchdog{pipe: w, cmd: c}, nil
}

// Hold has the group killed when we are gone.
func (w *Watchdog) Hold(group int) error { return w.say('+', group) }

// Attend has the group ended when we are gone and it does not leave by itself.
func (w *Watchdog) Attend(group int) error { return w.say('~', group) }

// Release forgets the group.
func (w *Watchdog) Release(group int) error { return w.say('-', group) }

func (w *Watchdog) say(sign byte, group int) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if _, err := fmt.Fprintf(w.pipe, "%c%d\n", sign, group); err != nil {
		return fmt.Errorf("tell the watcher: %w", err)
	}
	return nil
}

// Close ends the watcher, and with it the groups that were not released. A
// process that ends has no need to call it.
func (w *Watchdog) Close() error {
	w.pipe.Close()
	return w.cmd.Wait()
}

// Init never returns when this process is a watcher, which its argv[0] tells;
// else it returns at once. A watcher outlives what a terminal or a shell sends
// to its owner.
func Init() {
	if len(os.Args) == 0 || os.Args[0] != Name {
		return
	}
	signal.Ignore(syscall.SIGHUP, syscall.SIGINT, syscall.SIGQUIT, syscall.SIGTERM)
	Serve(os.Stdin, func(group int) { syscall.Kill(-group, syscall.SIGKILL) }, leave)
	os.Exit(0)
}

// Grace is how long a group has to leave by itself, and again after SIGTERM.
const Grace = 2 * time.Second

// leave waits until the groups are gone. The kernel tells nobody about the end of a
// group that is not his: they are looked for now and then.
func leave(groups []int) {
	for _, sig := range []syscall.Signal{0, syscall.SIGTERM, syscall.SIGKILL} {
		for _, g := range groups {
			syscall.Kill(-g, sig)
		}
		for end := time.Now().Add(Grace); len(groups) > 0 && time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
			groups = slices.DeleteFunc(groups, func(g int) bool { return syscall.Kill(-g, 0) != nil })
		}
	}
}
