package turn

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"

	"github.com/google/uuid"

	"codex/pkg/jsonrpc"
	"codex/pkg/protocol"
)

// maxLine bounds a line from the face: the protocol's own bound on input is a megabyte
// of text, images come as data URLs (appserver spec §1).
const maxLine = 256 << 20

// maxQueue is how many plain-text prompts wait while a turn runs; then reading stops.
const maxQueue = 16

// Server is one thread behind one pair of streams.
type Server struct {
	opts *Options
	out  *emitter
	ask  *asker
	ctx  context.Context
	stop context.CancelCauseFunc

	th      *thread
	client  *protocol.ClientInfo
	prompts chan []protocol.UserInput
	feeding sync.WaitGroup

	mu     sync.Mutex
	failed bool
	wrote  error
}

var (
	errTerminated = errors.New("terminated")
	errFaceGone   = errors.New("the face has gone")
)

// Serve reads lines from in and writes to out until in ends and the last turn is over,
// or a signal says so.
func Serve(ctx context.Context, opts *Options, in io.Reader, out io.Writer) Status {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	w := jsonrpc.NewWriter(out)
	s := &Server{opts: opts, ctx: ctx, stop: stop, prompts: make(chan []protocol.UserInput, maxQueue)}
	s.out = &emitter{w: w, stderr: opts.Stderr, optOut: map[string]bool{}, onFail: s.broken}
	s.out.optOutOf(opts.OptOut)
	s.ask = &asker{w: w, open: map[int]chan reply{}}
	go s.signals()
	s.feeding.Add(1)
	go s.feed()
	if opts.Resume != "" {
		s.resumeFlag()
	}
	lines := make(chan struct{})
	go func() { // ends with the input, or with the process
		defer close(lines)
		s.read(in)
	}()
	select {
	case <-lines:
		s.ask.close()
		close(s.prompts)
		s.feeding.Wait()
	case <-ctx.Done():
	}
	s.finish()
	return s.status()
}

// broken is called when the face does not take what we write: nothing more can be told,
// so the turn is stopped and the session file closed.
func (s *Server) broken(err error) {
	s.mu.Lock()
	first := s.wrote == nil
	if first {
		s.wrote = err
	}
	s.mu.Unlock()
	if first {
		s.stop(errFaceGone)
	}
}

// finish waits for a running turn and closes the thread.
func (s *Server) finish() {
	s.mu.Lock()
	th := s.th
	s.mu.Unlock()
	if th == nil {
		return
	}
	th.mu.Lock()
	t := th.running
	th.mu.Unlock()
	if t != nil {
		<-t.done
	}
	if err := th.close(); err != nil {
		fmt.Fprintf(s.opts.Stderr, "codex-turn: %v\n", err)
	}
}

func (s *Server) status() Status {
	switch cause := context.Cause(s.ctx); {
	case errors.Is(cause, errTerminated):
		return StatusTerminated
	case errors.Is(cause, errInterrupted):
		return StatusInterrupted
	case errors.Is(cause, errFaceGone):
		return StatusFailed
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.failed {
		return StatusFailed
	}
	return StatusOK
}

// signals: an interrupt stops the turn, a second one the process; SIGTERM stops both at
// once, after the session file is written.
func (s *Server) signals() {
	interrupts := 0
	for {
		select {
		case <-s.ctx.Done():
			return
		case sig := <-s.opts.Signals:
			if sig != os.Interrupt {
				s.stop(errTerminated)
				return
			}
			interrupts++
			if t := s.running(); t != nil && interrupts == 1 {
				t.cancel(errInterrupted)
				continue
			}
			s.stop(errInterrupted)
			return
		}
	}
}

func (s *Server) running() *turn {
	s.mu.Lock()
	th := s.th
	s.mu.Unlock()
	if th == nil {
		return nil
	}
	th.mu.Lock()
	defer th.mu.Unlock()
	return th.running
}

// read takes lines until the input ends.
func (s *Server) read(in io.Reader) {
	r := jsonrpc.NewReader(in, maxLine)
	for s.ctx.Err() == nil {
		line, err := r.ReadLine()
		switch {
		case errors.Is(err, jsonrpc.ErrTooLong):
			s.refuse(nil, jsonrpc.Errorf(jsonrpc.CodeParse, "line longer than %d bytes", maxLine))
			continue
		case err == io.EOF:
			return
		case err != nil:
			fmt.Fprintf(s.opts.Stderr, "codex-turn: read stdin: %v\n", err)
			return
		}
		s.line(line)
	}
}

// refuse answers a line that has no usable id with a null one.
func (s *Server) refuse(id json.RawMessage, err error) {
	if id == nil {
		id = json.RawMessage("null")
	}
	s.out.check(s.out.w.Fail(id, err))
}

// line takes one line: a message, or a prompt.
func (s *Server) line(line []byte) {
	trimmed := bytes.TrimSpace(line)
	if len(trimmed) == 0 {
		return
	}
	if trimmed[0] != '{' {
		s.prompt(line)
		return
	}
	m, err := jsonrpc.Parse(trimmed)
	if err != nil {
		s.refuse(nil, jsonrpc.Errorf(jsonrpc.CodeParse, "%v", err))
		return
	}
	switch m.Kind {
	case jsonrpc.Response, jsonrpc.Failure:
		s.ask.answer(m)
	default:
		s.request(m)
	}
}

// prompt queues a line of plain text as a turn of its own.
func (s *Server) prompt(line []byte) {
	text := string(bytes.ToValidUTF8(line, []byte("\uFFFD")))
	if err := s.ensureThread(); err != nil {
		s.setUpFailed(err)
		return
	}
	in := []protocol.UserInput{{Type: protocol.UserInputText, Text: text}}
	select {
	case s.prompts <- in:
	case <-s.ctx.Done():
	}
}

// feed runs the queued prompts, one turn after the other.
func (s *Server) feed() {
	defer s.feeding.Done()
	for in := range s.prompts {
		for {
			t, busy, err := s.begin(in, protocol.TurnStartParams{})
			if busy != nil {
				<-busy.done
				continue
			}
			if err != nil {
				s.setUpFailed(err)
				break
			}
			t.run(in)
			s.note(t)
			break
		}
		if s.ctx.Err() != nil {
			return
		}
	}
}

// setUpFailed tells people and the face that no turn can begin.
func (s *Server) setUpFailed(err error) {
	fmt.Fprintf(s.opts.Stderr, "codex-turn: %v\n", err)
	s.fail()
	s.refuse(nil, err)
}

func (s *Server) fail() {
	s.mu.Lock()
	s.failed = true
	s.mu.Unlock()
}

// note keeps how a turn ended, for the exit status.
func (s *Server) note(t *turn) {
	if t.status != protocol.TurnStatusCompleted {
		s.fail()
	}
}

// begin makes a turn, or gives the one that runs.
func (s *Server) begin(in []protocol.UserInput, p protocol.TurnStartParams) (t, busy *turn, err error) {
	th := s.th
	th.mu.Lock()
	defer th.mu.Unlock()
	if th.running != nil {
		return nil, th.running, nil
	}
	if err := th.apply(p); err != nil {
		return nil, nil, err
	}
	id, err := uuid.NewV7()
	if err != nil {
		return nil, nil, fmt.Errorf("make turn id: %w", err)
	}
	ctx, cancel := context.WithCancelCause(s.ctx)
	t = &turn{th: th, out: s.out, srv: s.ask, id: id.String(), ctx: ctx, cancel: cancel, done: make(chan struct{}), start: th.now().Unix()}
	th.running = t
	return t, nil, nil
}

// ensureThread starts the thread from the flags if no request has.
func (s *Server) ensureThread() error {
	if s.th != nil {
		return nil
	}
	th, err := newThread(s.ctx, s.opts, s.out, overrides{})
	if err != nil {
		return err
	}
	s.adopt(th)
	s.out.notify(protocol.NoteThreadStarted, protocol.ThreadStartedNotification{Thread: th.describe()})
	return nil
}

func (s *Server) adopt(th *thread) {
	s.mu.Lock()
	s.th = th
	s.mu.Unlock()
	for _, w := range th.cfg.Warnings {
		s.out.notify(protocol.NoteConfigWarning, protocol.ConfigWarningNotification{Summary: w})
	}
}

// resumeFlag goes on with the thread of --resume.
func (s *Server) resumeFlag() {
	if s.th != nil {
		return
	}
	th, err := s.open(s.opts.Resume, overrides{})
	if err != nil {
		s.setUpFailed(err)
		return
	}
	s.adopt(th)
	s.out.notify(protocol.NoteThreadStarted, protocol.ThreadStartedNotification{Thread: th.describe()})
}
