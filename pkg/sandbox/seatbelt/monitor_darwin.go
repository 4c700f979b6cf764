package seatbelt

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os/exec"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// How long a monitor waits for a log that has no way to say that it is ready,
// or that it has said everything.
const (
	logStarts = 3 * time.Second
	logEnds   = 500 * time.Millisecond
)

// Monitor listens to the system's log while a command runs.
type Monitor struct {
	log     *exec.Cmd
	done    chan struct{} // closed when the log has been read to its end
	denials Denials       // read it after done
	family  *Family
	queue   int
	watcher sync.WaitGroup
}

// Watch starts to listen. It returns when the log is open, which it tells by a
// first line.
func Watch(ctx context.Context) (*Monitor, error) {
	m := &Monitor{done: make(chan struct{}), queue: -1}
	m.log = exec.CommandContext(ctx, "/usr/bin/log", "stream", "--style", "ndjson", "--predicate", Predicate)
	out, err := m.log.StdoutPipe()
	if err != nil {
		return nil, fmt.Errorf("make a pipe: %w", err)
	}
	if err := m.log.Start(); err != nil {
		return nil, fmt.Errorf("listen to the system's log: %w", err)
	}
	ready := make(chan struct{})
	go func() {
		defer close(m.done)
		r := bufio.NewReaderSize(out, maxLogLine)
		r.Peek(1)
		close(ready)
		// An error is the end of the log, too: what came before counts.
		ReadDenials(r, m.denials.Add)
	}()
	timer := time.NewTimer(logStarts)
	defer timer.Stop()
	select {
	case <-ready:
	case <-timer.C:
	}
	return m, nil
}

// Follow keeps account of what descends from pid, which leads a group.
func (m *Monitor) Follow(pid int) {
	m.family = NewFamily(pid)
	kq, err := unix.Kqueue()
	if err != nil {
		return // the command itself is known
	}
	unix.CloseOnExec(kq)
	m.queue = kq
	stop := unix.Kevent_t{Ident: 1, Filter: unix.EVFILT_USER, Flags: unix.EV_ADD}
	unix.Kevent(kq, []unix.Kevent_t{stop, forks(pid)}, nil, nil)
	m.watcher.Add(1)
	go func() {
		defer m.watcher.Done()
		for {
			var got [8]unix.Kevent_t
			n, err := unix.Kevent(kq, nil, got[:], nil)
			if err != nil && err != unix.EINTR {
				return
			}
			for _, e := range got[:max(n, 0)] {
				if e.Filter == unix.EVFILT_USER {
					m.look()
					return
				}
			}
			m.look()
		}
	}()
}

// forks asks to be told when pid makes a child.
func forks(pid int) unix.Kevent_t {
	return unix.Kevent_t{Ident: uint64(pid), Filter: unix.EVFILT_PROC, Flags: unix.EV_ADD | unix.EV_CLEAR, Fflags: unix.NOTE_FORK}
}

// look finds new members of the family, and asks about their children, until
// there are no more: one that forked before it was asked about has its child
// in the next list.
func (m *Monitor) look() {
	for {
		list, err := unix.SysctlKinfoProcSlice("kern.proc.all")
		if err != nil {
			return
		}
		all := make([]Process, len(list))
		for i := range list {
			all[i] = Process{Pid: int(list[i].Proc.P_pid), Parent: int(list[i].Eproc.Ppid), Group: int(list[i].Eproc.Pgid)}
		}
		found := m.family.Add(all)
		if len(found) == 0 {
			return
		}
		for _, pid := range found {
			unix.Kevent(m.queue, []unix.Kevent_t{forks(pid)}, nil, nil)
		}
	}
}

// Report ends the monitor and writes what was denied to the command and to its
// descendants.
func (m *Monitor) Report(w io.Writer) error {
	if m.queue >= 0 {
		stop := unix.Kevent_t{Ident: 1, Filter: unix.EVFILT_USER, Fflags: unix.NOTE_TRIGGER}
		unix.Kevent(m.queue, []unix.Kevent_t{stop}, nil, nil)
		m.watcher.Wait()
		unix.Close(m.queue)
	}
	m.Close()
	return m.denials.Report(w, m.family)
}

// Close ends the monitor. The log comes a little late: it is given a moment.
func (m *Monitor) Close() {
	select {
	case <-m.done:
	case <-time.After(logEnds):
	}
	m.log.Process.Kill()
	<-m.done
	m.log.Wait()
}
