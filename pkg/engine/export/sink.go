// Package export is the engine's end of the pipe to codex-otel: a queue with bounds, and the
// program behind it. What happens there never delays a turn: what finds no room is left out,
// and that, or that there is no such program, is said once.
package export

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os/exec"
	"sync"
	"time"

	"codex/pkg/telemetry"
	"codex/pkg/watchdog"
)

// What may wait, the line that is being written with it.
const (
	maxLines = 4096
	maxBytes = 16 << 20
)

// Options say what is run and who is told about it.
type Options struct {
	Command []string
	Environ []string
	Dir     string
	// Warn tells people; it is called at most once.
	Warn func(text string)
	Now  func() time.Time
	// Leave is how long the program may take in the end for what it still has.
	Leave time.Duration
}

// Sink takes lines. A nil one takes none. It may be used from any goroutine.
type Sink struct {
	o    Options
	kill context.CancelFunc
	once sync.Once
	done chan struct{}

	mu     sync.Mutex
	more   *sync.Cond
	queue  [][]byte
	bytes  int
	closed bool
}

// Start runs the program; it is not waited for.
func Start(o Options) *Sink {
	ctx, kill := context.WithCancel(context.Background())
	s := &Sink{o: o, kill: kill, done: make(chan struct{})}
	s.more = sync.NewCond(&s.mu)
	go s.run(ctx)
	return s
}

// Now stamps a line.
func (s *Sink) Now() telemetry.When { return telemetry.Stamp(s.o.Now()) }

// At stamps a line about what happened at a time of the machine's clock.
func (s *Sink) At(t time.Time) telemetry.When { return telemetry.Stamp(s.o.Now().Add(-time.Since(t))) }

// Tell queues a line. Nothing is encoded for which there is no room anyway.
func (s *Sink) Tell(method string, params any) {
	if s == nil || !s.put(nil) {
		return
	}
	line, err := telemetry.Line(method, params)
	if err != nil {
		s.warn(err.Error())
		return
	}
	s.put(line)
}

// put queues a line where lines are taken and there is room; nil only asks.
func (s *Sink) put(line []byte) bool {
	s.mu.Lock()
	closed, full := s.closed, len(s.queue) >= maxLines || s.bytes+len(line) > maxBytes
	if !closed && !full && line != nil {
		s.queue = append(s.queue, line)
		s.bytes += len(line)
		s.more.Signal()
	}
	s.mu.Unlock()
	if full && !closed {
		s.warn("telemetry: the exporter does not keep up, and something is left out")
	}
	return !closed && !full
}

// Close lets the program send what it has, and ends it when that takes too long.
func (s *Sink) Close() {
	if s == nil {
		return
	}
	s.end(false)
	late := time.AfterFunc(s.o.Leave, func() {
		s.warn("telemetry: codex-otel took too long in the end, and something is left out")
		s.kill()
	})
	defer late.Stop()
	<-s.done
}

// end takes no more lines; empty forgets those that wait as well.
func (s *Sink) end(empty bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	if empty {
		s.queue = nil
	}
	s.more.Signal()
}

func (s *Sink) warn(text string) { s.once.Do(func() { s.o.Warn(text) }) }

// run is the program from its start to its end.
func (s *Sink) run(ctx context.Context) {
	defer close(s.done)
	defer s.kill()
	cmd := exec.CommandContext(ctx, s.o.Command[0], s.o.Command[1:]...)
	cmd.Env, cmd.Dir, cmd.WaitDelay = s.o.Environ, s.o.Dir, time.Second
	cmd.Stderr = &firstLine{say: s.warn}
	watchdog.OwnGroup(cmd)
	stdin, err := cmd.StdinPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		s.end(true)
		s.warn(fmt.Sprintf("telemetry: start %s: %v", s.o.Command[0], err))
		return
	}
	unsent := s.pour(stdin)
	s.end(true)
	stdin.Close()
	if err := cmd.Wait(); unsent != nil || err != nil {
		s.warn(fmt.Sprintf("telemetry: codex-otel has gone (%v)", cmd.ProcessState))
	}
}

// pour writes what is queued, until the sink is closed or nobody reads.
func (s *Sink) pour(w io.Writer) error {
	for line := s.next(0); line != nil; line = s.next(len(line)) {
		if _, err := w.Write(line); err != nil {
			return err
		}
	}
	return nil
}

// next waits for a line, nil when no more come; written is how long the one before was.
func (s *Sink) next(written int) []byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.bytes -= written
	for len(s.queue) == 0 && !s.closed {
		s.more.Wait()
	}
	if len(s.queue) == 0 {
		return nil
	}
	line := s.queue[0]
	s.queue[0], s.queue = nil, s.queue[1:]
	return line
}

// firstLine says the first line that is written to it.
type firstLine struct {
	say  func(text string)
	line []byte
	over bool
}

// Write implements io.Writer.
func (f *firstLine) Write(p []byte) (int, error) {
	if f.over {
		return len(p), nil
	}
	head, _, whole := bytes.Cut(p, []byte{'\n'})
	f.line = append(f.line, head[:min(len(head), 1<<10-min(len(f.line), 1<<10))]...)
	if whole {
		f.over = true
		f.say("telemetry: " + string(f.line))
	}
	return len(p), nil
}
