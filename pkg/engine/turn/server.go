package turn

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"codex/pkg/engine/item"
	"codex/pkg/jsonrpc"
	"codex/pkg/protocol"
	"codex/pkg/thread"
)

// atOnce is how far apart signals with one cause may come.
const atOnce = 250 * time.Millisecond

// maxQueue is how many plain-text prompts wait while a turn runs; then reading stops.
const maxQueue = 16

// Server is one thread behind one pair of streams.
type Server struct {
	opts  *Options
	out   *emitter
	table map[string]method
	ctx   context.Context
	stop  context.CancelCauseFunc

	client  *protocol.ClientInfo // the reader's own, as the line
	prompts chan prompt
	waiting atomic.Int32   // prompts whose turn has not begun
	turns   sync.WaitGroup // the feeder, and turns of turn/start
	beside  jsonrpc.Beside // requests to servers, which turns wait for as well

	mu         sync.Mutex
	th         *liveThread // written by the reader only
	leaving    bool        // no turn begins any more
	failed     bool        // a turn failed, or nothing could be set up
	interrupts int         // SIGINTs so far
	last       *turn       // the latest that has ended
	wrote      error
}

// prompt is a line of plain text that waits for its turn.
type prompt struct {
	in    []protocol.UserInput
	asked int // interrupts that had come when it was read
}

var (
	errTerminated   = errors.New("terminated")
	errHangup       = errors.New("hung up")
	errQuit         = errors.New("quit")
	errFrontendGone = errors.New("the frontend has gone")
	errLeaving      = errors.New("the engine is leaving")
)

// Serve reads lines from in and writes to out until in ends and the last turn is over,
// or a signal says so. Where out has deadlines, a frontend that does not read cannot keep
// the engine from leaving.
func Serve(ctx context.Context, opts *Options, in io.Reader, out io.Writer) Status {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	o := newDeadlineWriter(out)
	defer context.AfterFunc(ctx, o.hurry)()
	w := jsonrpc.NewWriter(o)
	s := &Server{beside: jsonrpc.Beside{Most: maxBeside}, opts: opts, ctx: ctx, stop: stop, prompts: make(chan prompt, maxQueue)}
	s.table = s.methods()
	conn := jsonrpc.NewConn(w, jsonrpc.Options{Handle: s.handle, Bad: s.bad, Lost: lost, Params: params()})
	s.out = &emitter{conn: conn, w: w, stderr: opts.Stderr, trace: opts.Trace, optOut: map[string]bool{}, onFail: s.broken, asked: make(chan struct{}, 1)}
	s.out.optOutOf(opts.OptOut)
	over := make(chan struct{})
	defer close(over)
	now := make(chan struct{})
	go s.signals(over, now)
	if opts.Resume != "" && !s.resumeFlag() {
		return StatusFailed
	}
	s.turns.Add(1)
	go s.feed()
	lines := make(chan struct{})
	go func() { // ends with the input, or with the process
		defer close(lines)
		s.read(in)
	}()
	select {
	case <-lines:
		conn.End(errNobody)
		close(s.prompts)
	case <-ctx.Done():
	}
	left := make(chan struct{})
	go func() { // ends soon, or with the process
		defer close(left)
		s.leave()
	}()
	select {
	case <-left:
	case <-now:
	}
	return s.status()
}

// broken is called when the frontend does not take what we write: nothing more can be told,
// so the turn is stopped and the session file closed.
func (s *Server) broken(err error) {
	s.mu.Lock()
	first := s.wrote == nil
	if first {
		s.wrote = err
	}
	s.mu.Unlock()
	if first {
		s.stop(cause(err))
	}
}

// cause is why the engine stops when it cannot write: mostly nobody reads any more.
func cause(err error) error {
	if pe, ok := errors.AsType[*fs.PathError](err); ok && !errors.Is(err, syscall.EPIPE) {
		return &outputError{pe.Err}
	}
	return errFrontendGone
}

// outputError is a standard output that takes nothing, such as a full disk.
type outputError struct{ cause error }

func (e *outputError) Error() string { return "write to stdout: " + e.cause.Error() }

// leave waits for the turns and closes the thread.
func (s *Server) leave() {
	s.mu.Lock()
	s.leaving = true
	s.mu.Unlock()
	s.turns.Wait()
	if th := s.thread(); th != nil {
		if err := th.close(); err != nil {
			fmt.Fprintf(s.opts.Stderr, "codex-turn: the session is not saved whole: %v\n", err)
			s.fail()
		}
	}
}

func (s *Server) status() Status {
	var full *outputError
	switch cause := context.Cause(s.ctx); {
	case errors.As(cause, &full):
		fmt.Fprintf(s.opts.Stderr, "codex-turn: %v\n", full)
		return StatusFailed
	case errors.Is(cause, errTerminated):
		return StatusTerminated
	case errors.Is(cause, errHangup):
		return StatusHangup
	case errors.Is(cause, errQuit):
		return StatusQuit
	case errors.Is(cause, errInterrupted):
		return StatusInterrupted
	case errors.Is(cause, errFrontendGone):
		return StatusFrontendGone
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.failed:
		return StatusFailed
	case s.last != nil && s.last.signalled && s.last.status == protocol.TurnStatusInterrupted:
		return StatusInterrupted
	}
	return StatusOK
}

// signals: an interrupt stops the turn, a second one the process; SIGTERM, SIGHUP and SIGQUIT
// stop both at once, after the session file is written. One more closes now: then nothing is
// waited for. The signals that come with a frontend's death, one for each of its threads,
// are one.
func (s *Server) signals(over <-chan struct{}, now chan<- struct{}) {
	var told time.Time // to leave
	for {
		select {
		case <-over:
			return
		case sig := <-s.opts.Signals:
			switch {
			case !told.IsZero() && sig != os.Interrupt && time.Since(told) < atOnce:
				continue
			case !told.IsZero():
				close(now)
				return
			case sig == os.Interrupt && s.interruptTurn():
				continue
			case sig == os.Interrupt:
				s.stop(errInterrupted)
			case sig == syscall.SIGHUP:
				s.stop(errHangup)
			case sig == syscall.SIGQUIT:
				s.stop(errQuit)
			default:
				s.stop(errTerminated)
			}
			told = time.Now()
		}
	}
}

// interruptTurn stops the running turn. It gives false if there is none, or if the turn
// was asked for before an earlier interrupt: the user wants out.
func (s *Server) interruptTurn() bool {
	t := s.running()
	s.mu.Lock()
	defer s.mu.Unlock()
	if t == nil || t.asked != s.interrupts {
		return false
	}
	s.interrupts++
	t.signalled = true
	t.cancel(errInterrupted)
	return true
}

func (s *Server) thread() *liveThread {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.th
}

func (s *Server) running() *turn {
	th := s.thread()
	if th == nil {
		return nil
	}
	th.mu.Lock()
	defer th.mu.Unlock()
	return th.running
}

// feed runs the queued prompts, one turn after the other.
func (s *Server) feed() {
	defer s.turns.Done()
	for {
		select {
		case <-s.ctx.Done():
			return
		case p, ok := <-s.prompts:
			if !ok {
				return
			}
			s.serve(p)
		}
	}
}

// serve runs the turn of a prompt, after the one that runs now.
func (s *Server) serve(p prompt) {
	for {
		t, busy, err := s.begin(protocol.TurnStartParams{}, p.asked, job{})
		if busy != nil {
			<-busy.done
			continue
		}
		s.waiting.Add(-1)
		if errors.Is(err, errLeaving) {
			return
		}
		if err != nil {
			s.setUpFailed(err)
			return
		}
		s.run(t, p.in)
		return
	}
}

// run is a turn with what is told before it.
func (s *Server) run(t *turn, in []protocol.UserInput) {
	th := t.th
	if t.before != nil {
		<-t.before.done
		t.before = nil
	}
	th.mu.Lock()
	th.set, th.schema = th.next, t.schema
	th.mu.Unlock()
	if t.changed {
		s.out.settingsUpdated(th)
	}
	if !th.set.model.Known && t.job.kind == "" {
		s.out.notify(protocol.NoteWarning, protocol.WarningNotification{ThreadID: &th.id,
			Message: fmt.Sprintf("Model metadata for `%s` not found. Defaulting to fallback metadata; this can degrade performance and cause issues.", th.set.slug)})
	}
	if t.job.kind == "" {
		th.warnTier()
	}
	t.run(in)
	s.mu.Lock()
	s.last = t
	if t.status == protocol.TurnStatusFailed {
		s.failed = true
	}
	s.mu.Unlock()
	s.pursue()
}

// launch runs a turn beside the reader.
func (s *Server) launch(t *turn, in []protocol.UserInput) {
	go func() {
		defer s.turns.Done()
		s.run(t, in)
	}()
}

// join counts a turn that the reader is about to launch; false when it is too late.
func (s *Server) join() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.leaving || s.ctx.Err() != nil {
		return false
	}
	s.turns.Add(1)
	return true
}

// setUpFailed tells people and the frontend that no turn can begin.
func (s *Server) setUpFailed(err error) {
	fmt.Fprintf(s.opts.Stderr, "codex-turn: %v\n", err)
	s.fail()
	s.refuse(err)
}

func (s *Server) fail() {
	s.mu.Lock()
	s.failed = true
	s.mu.Unlock()
}

// asked is the number of interrupts up to now.
func (s *Server) asked() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.interrupts
}

// begin makes a turn, or gives the one that runs. One that takes no input replaces that.
func (s *Server) begin(p protocol.TurnStartParams, asked int, j job) (t, busy *turn, err error) {
	th := s.thread()
	th.mu.Lock()
	defer th.mu.Unlock()
	t = &turn{th: th, out: s.out, id: freshID(), done: make(chan struct{}), start: th.now().Unix(), asked: asked, job: j}
	t.shown = shown{th.id, t.id}
	if r := th.running; r != nil && !t.steerless() {
		return nil, r, nil
	}
	if s.ctx.Err() != nil {
		return nil, nil, errLeaving
	}
	if t.changed, err = th.change(settingsOfTurn(p), p.RuntimeWorkspaceRoots); err != nil {
		return nil, nil, err
	}
	if len(p.OutputSchema) > 0 && string(p.OutputSchema) != "null" {
		t.schema = item.Minify(p.OutputSchema)
	}
	if t.before = th.running; t.before != nil {
		t.before.cancel(errReplaced)
	}
	t.ctx, t.cancel = context.WithCancelCause(s.ctx)
	th.running, th.lastTurn = t, t.id
	return t, nil, nil
}

// ensureThread starts the thread from the flags if no request has.
func (s *Server) ensureThread() error {
	if s.thread() != nil {
		return nil
	}
	th, err := newThread(s.ctx, s.opts, s.out, &thread.Asked{})
	if err != nil {
		return err
	}
	s.adopt(th)
	s.announce(th)
	return nil
}

func (s *Server) adopt(th *liveThread) {
	s.mu.Lock()
	s.th = th
	s.mu.Unlock()
}

// announce tells about a thread that has just been started.
func (s *Server) announce(th *liveThread) {
	s.warn(th)
	s.out.notify(protocol.NoteThreadStarted, protocol.ThreadStartedNotification{Thread: th.describe()})
	th.starts.release()
}

func (s *Server) warn(th *liveThread) {
	for _, d := range th.cfg.Deprecations {
		s.out.notify(protocol.NoteDeprecationNotice, protocol.DeprecationNoticeNotification{Summary: d.Summary, Details: &d.Details})
	}
	for _, w := range th.cfg.Warnings {
		s.out.notify(protocol.NoteConfigWarning, protocol.ConfigWarningNotification{Summary: w})
	}
	for _, w := range th.cfg.Unknown {
		s.out.notify(protocol.NoteConfigWarning, protocol.ConfigWarningNotification{Path: new(protocol.SessionFlagsPath), Summary: w})
	}
	for _, path := range th.agents.Cut {
		s.out.notify(protocol.NoteConfigWarning, protocol.ConfigWarningNotification{Path: &path,
			Summary: fmt.Sprintf("%s is longer than what is left of project_doc_max_bytes (%d): the model gets its beginning only.", path, th.cfg.ProjectDocMaxBytes)})
	}
	for _, path := range th.agents.Damaged {
		s.out.notify(protocol.NoteConfigWarning, protocol.ConfigWarningNotification{Path: &path,
			Summary: path + " has invalid UTF-8: the model gets U+FFFD in the place of what can't be read."})
	}
	for _, path := range th.agents.Unread {
		s.out.notify(protocol.NoteConfigWarning, protocol.ConfigWarningNotification{Path: &path, Summary: path + " cannot be read: the model does not get it."})
	}
	if path := th.file.Path(); th.broken != "" {
		s.out.notify(protocol.NoteConfigWarning, protocol.ConfigWarningNotification{Path: &path, Summary: th.broken})
	}
	for _, w := range th.hookWarnings {
		s.out.notify(protocol.NoteConfigWarning, protocol.ConfigWarningNotification{Summary: w})
	}
	for _, w := range th.rules.broken {
		s.out.notify(protocol.NoteConfigWarning, w)
	}
	th.userReviews(new(protocol.ApprovalsReviewer(th.cfg.ApprovalsReviewer)))
	th.userReviews(th.over.ApprovalsReviewer)
}

// userReviews says, once, that whoever else is named to answer requests for approval, it
// is the user who is asked.
func (t *liveThread) userReviews(named *protocol.ApprovalsReviewer) {
	if named == nil || *named == "" || *named == protocol.ApprovalsReviewerUser {
		return
	}
	t.mu.Lock()
	again := t.warned
	t.warned = true
	t.mu.Unlock()
	if !again {
		t.out.notify(protocol.NoteWarning, protocol.WarningNotification{ThreadID: &t.id,
			Message: fmt.Sprintf("approvals_reviewer = %q is not supported yet: approvals are asked of the user", *named)})
	}
}

// resumeFlag goes on with the thread of --resume; false when it cannot.
func (s *Server) resumeFlag() bool {
	th, err := s.open(s.opts.Resume, &thread.Asked{})
	if err != nil {
		s.setUpFailed(err)
		return false
	}
	s.adopt(th)
	s.announce(th)
	th.restored()
	return true
}
