//go:build unix

package pidfile

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"time"

	"codex/pkg/daemon/process"
	"codex/pkg/daemon/wait"
	"codex/pkg/foreign"
)

// maxRecord bounds what is read of a pid file.
const maxRecord = 64 << 10

// File is a pid file, and with it the at most one process that it is about.
type File struct {
	Dir  string // of state; made by Start
	Name string // "app-server"
	// Marks are for records that the original wrote in another time zone: the command
	// line of the process holds one of them.
	Marks []string
	// Group lets a forced stop reach the whole process group.
	Group bool
	Waits Waits
}

// Waits are how long things may take; zero means the original's times.
type Waits struct {
	Lock   time.Duration // for the lock of the file: 10 s
	Settle time.Duration // for another process to fill in its reservation: 10 s
	Grace  time.Duration // from SIGTERM to SIGKILL: 60 s
	Stop   time.Duration // from SIGTERM to giving up: 70 s
}

func (w Waits) filled() Waits {
	w.Lock, w.Settle = cmp.Or(w.Lock, 10*time.Second), cmp.Or(w.Settle, 10*time.Second)
	w.Grace, w.Stop = cmp.Or(w.Grace, 60*time.Second), cmp.Or(w.Stop, 70*time.Second)
	return w
}

// Path is the file itself.
func (f File) Path() string { return filepath.Join(f.Dir, f.Name+".pid") }

// Log is where the process writes its standard error.
func (f File) Log() string { return filepath.Join(f.Dir, f.Name+".stderr.log") }

func (f File) lockPath() string { return f.Path() + ".lock" }

// state is what a file says, right or wrong.
type state int

const (
	missing  state = iota
	starting       // reserved: somebody starts a process right now
	running        // a record is there; the process need not be
)

// read gives the state for one who does not hold the lock. An empty or torn file whose
// lock is free was left by one who died over it, and is removed.
func (f File) read() (state, Record, error) {
	raw, err := foreign.ReadFile(f.Path(), maxRecord)
	absent := errors.Is(err, fs.ErrNotExist)
	if err != nil && !absent {
		return 0, Record{}, fmt.Errorf("failed to read pid file %s: %w", f.Path(), err)
	}
	if !absent && !torn(raw) {
		return f.record(raw)
	}
	lock, err := wait.Lock(context.Background(), f.lockPath(), 0)
	switch {
	case errors.Is(err, fs.ErrNotExist): // no folder of state either
		return missing, Record{}, nil
	case err != nil:
		return 0, Record{}, err
	case lock == nil:
		return starting, Record{}, nil
	}
	defer lock.Close()
	return f.readLocked()
}

// readLocked is read for one who holds the lock: nobody starts anything.
func (f File) readLocked() (state, Record, error) {
	raw, err := foreign.ReadFile(f.Path(), maxRecord)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return missing, Record{}, nil
	case err != nil:
		return 0, Record{}, fmt.Errorf("failed to read pid file %s: %w", f.Path(), err)
	case torn(raw):
		return missing, Record{}, f.remove()
	}
	return f.record(raw)
}

func (f File) record(raw []byte) (state, Record, error) {
	r, err := parse(raw)
	if err != nil {
		return 0, Record{}, fmt.Errorf("invalid pid file contents in %s: %w", f.Path(), err)
	}
	return running, r, nil
}

func (f File) remove() error {
	if err := os.Remove(f.Path()); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("failed to remove pid file %s: %w", f.Path(), err)
	}
	return nil
}

// removeStale removes the file when it still holds the very record that was found to be
// stale: what somebody has written since stays.
func (f File) removeStale(ctx context.Context, r Record) error {
	lock, err := f.lock(ctx)
	if err != nil {
		return err
	}
	defer lock.Close()
	raw, err := foreign.ReadFile(f.Path(), maxRecord)
	if errors.Is(err, fs.ErrNotExist) || err == nil && !bytes.Equal(raw, r.raw) {
		return nil
	}
	return f.remove()
}

func (f File) lock(ctx context.Context) (interface{ Close() error }, error) {
	limit := f.Waits.filled().Lock
	lock, err := wait.Lock(ctx, f.lockPath(), limit)
	if err == nil && lock == nil {
		err = fmt.Errorf("timed out waiting for pid reservation lock %s", f.lockPath())
	}
	if err != nil {
		return nil, err
	}
	return lock, nil
}

// look says whether the process on record runs.
func (f File) look(r Record) (process.Info, bool, error) {
	if r.PID == 0 || r.PID > math.MaxInt32 {
		return process.Info{}, false, nil // no number that a process can have
	}
	pid := int(r.PID)
	info, ok, err := process.Look(pid)
	if err != nil {
		return info, false, fmt.Errorf("failed to read start time of pid-managed %s %d: %w", f.what(), pid, err)
	}
	return info, ok && r.is(info, func() string { return process.Args(pid) }, f.Marks), nil
}

// what names the process in errors.
func (f File) what() string {
	if f.Group {
		return "updater"
	}
	return "app server"
}

// Current gives the record of the process that runs, nil when none does; ok is true as
// well while one is being started. A record of a process that has gone is removed.
func (f File) Current(ctx context.Context) (r *Record, ok bool, err error) {
	for {
		st, r, err := f.read()
		switch {
		case err != nil:
			return nil, false, err
		case st == missing:
			return nil, false, nil
		case st == starting:
			return nil, true, nil
		}
		if _, active, err := f.look(r); active || err != nil {
			return &r, active, err
		}
		if err := f.removeStale(ctx, r); err != nil {
			return nil, false, err
		}
	}
}

// Peek is Current for one who only looks, and removes nothing.
func (f File) Peek() (ok bool, err error) {
	st, r, err := f.read()
	if err != nil || st != running {
		return st == starting, err
	}
	_, active, err := f.look(r)
	return active, err
}

// Holds says whether the file still has this record.
func (f File) Holds(r Record) (bool, error) {
	raw, err := foreign.ReadFile(f.Path(), maxRecord)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return bytes.Equal(raw, r.raw), err
}

// settled is Current when nobody is starting a process any more.
func (f File) settled(ctx context.Context) (*Record, error) {
	var r *Record
	ok, err := wait.For(ctx, f.Waits.filled().Settle, func() (bool, error) {
		rec, active, err := f.Current(ctx)
		r = rec
		return rec != nil || !active, err
	})
	if err == nil && !ok {
		err = fmt.Errorf("timed out waiting for pid reservation in %s to finish initializing", f.Path())
	}
	return r, err
}

// torn says whether a file is the beginning of a record, or nothing yet: its writer, or
// the machine, has died over it.
func torn(raw []byte) bool {
	raw = bytes.TrimRight(raw, " \t\r\n\x00") // blocks that were never written are zeros
	if len(raw) == 0 {
		return true
	}
	var v json.RawMessage
	err := json.NewDecoder(bytes.NewReader(raw)).Decode(&v)
	return raw[0] == '{' && errors.Is(err, io.ErrUnexpectedEOF)
}
