//go:build unix

package pidfile

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"syscall"
	"time"

	"codex/pkg/daemon/process"
)

// Command is a program to be started.
type Command struct {
	Path string
	Args []string // without the name of the program, which is Path
	Env  []string
	Dir  string // "" is our own working folder
	// Gate is a command that calls Gate with the arguments after its own: it is the
	// child until the record is written.
	Gate []string
}

// Child is a process that Start has started. It is our child, and that of init when we
// end.
type Child struct {
	PID    int
	ended  chan struct{}
	status string // valid when ended is closed
}

// Ended is closed when the process has ended.
func (c *Child) Ended() <-chan struct{} { return c.ended }

// Status says how the process ended: "exit status 3". Only after Ended.
func (c *Child) Status() string { return c.status }

// Start starts the program, detached: in a session of its own, with nothing to read,
// standard output discarded and standard error in the log. It gives nil when a process
// runs already.
func (f File) Start(ctx context.Context, cmd Command) (*Child, error) {
	if err := os.MkdirAll(f.Dir, 0o755); err != nil {
		return nil, fmt.Errorf("failed to create daemon state directory %s: %w", f.Dir, err)
	}
	lock, err := f.lock(ctx)
	if err != nil {
		return nil, err
	}
	defer lock.Close()
	for {
		file, err := os.OpenFile(f.Path(), os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o644)
		if err == nil {
			file.Close()
			break
		}
		if !errors.Is(err, fs.ErrExist) {
			return nil, fmt.Errorf("failed to reserve pid file %s: %w", f.Path(), err)
		}
		st, r, err := f.readLocked()
		if err != nil {
			return nil, err
		}
		if st == missing {
			continue
		}
		if _, active, err := f.look(r); active || err != nil {
			return nil, err
		}
		if err := f.remove(); err != nil {
			return nil, err
		}
	}
	child, err := f.spawn(cmd)
	if err != nil {
		_ = f.remove() // the first error says more
	}
	return child, err
}

// spawn starts the child and fills in the reservation.
func (f File) spawn(cmd Command) (*Child, error) {
	fail := func(err error) (*Child, error) {
		return nil, fmt.Errorf("failed to spawn detached %s process using %s: %w", f.program(), cmd.Path, err)
	}
	log, err := freshLog(f.Log())
	if err != nil {
		return fail(err)
	}
	defer log.Close()
	goRead, goWrite, err := os.Pipe()
	if err != nil {
		return fail(err)
	}
	defer goWrite.Close() // without the word to go, the child ends
	failRead, failWrite, err := os.Pipe()
	if err != nil {
		goRead.Close()
		return fail(err)
	}
	defer failRead.Close()
	c := exec.Command(cmd.Gate[0], slices.Concat(cmd.Gate[1:], []string{cmd.Path}, cmd.Args)...)
	c.Env, c.Dir, c.Stderr = cmd.Env, cmd.Dir, log
	c.ExtraFiles = []*os.File{goRead, failWrite} // gateGo, gateFail
	c.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	err = c.Start()
	goRead.Close()
	failWrite.Close()
	if err != nil {
		return fail(err)
	}
	child := &Child{PID: c.Process.Pid, ended: make(chan struct{})}
	go func() { // ends with the child, or with us
		_ = c.Wait()
		child.status = c.ProcessState.String()
		close(child.ended)
	}()
	if err := f.write(child.PID, cmd.Path); err != nil {
		return nil, fmt.Errorf("failed to record pid-managed %s process %d startup: %w", f.program(), child.PID, err)
	}
	if _, err := goWrite.Write([]byte{1}); err != nil {
		return fail(fmt.Errorf("the child has gone: %w", err))
	}
	// It closes when the child has become the program.
	_ = failRead.SetReadDeadline(time.Now().Add(f.Waits.filled().Settle))
	word, err := io.ReadAll(io.LimitReader(failRead, 16))
	if err != nil {
		_ = c.Process.Kill()
		return fail(err)
	}
	if n, err := strconv.Atoi(string(word)); err == nil {
		return fail(syscall.Errno(n))
	}
	return child, nil
}

// write puts the record of a process in the place of the reservation.
func (f File) write(pid int, path string) error {
	info, ok, err := process.Look(pid)
	if err != nil {
		return err
	}
	if !ok || info.Dead {
		return errors.New("the process has gone")
	}
	program, err := filepath.EvalSymlinks(path)
	if err != nil {
		return err
	}
	_, err = f.replace(Record{PID: uint32(pid), ProcessStartTime: info.Text, Identity: info.Identity, Program: program})
	return err
}

// replace writes a record, and gives its bytes. The lock is held.
func (f File) replace(r Record) ([]byte, error) {
	raw, err := json.Marshal(r)
	if err != nil {
		return nil, err
	}
	tmp := f.Path() + ".tmp"
	if err := os.WriteFile(tmp, raw, 0o644); err != nil {
		return nil, err
	}
	return raw, os.Rename(tmp, f.Path())
}

// program names what is started in errors.
func (f File) program() string {
	if f.Group {
		return "updater"
	}
	return "app-server"
}
