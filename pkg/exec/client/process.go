package client

import (
	"cmp"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"sync"
	"time"

	"codex/pkg/exec/wire"
	"codex/pkg/policy"
	"codex/pkg/shellenv"
)

const (
	// maxHeld bounds what is kept of a process whose events come out of order. Servers
	// mix up neighbours only.
	maxHeld = 16 << 20
	// heldCost stands for the overhead of one held event.
	heldCost = 256
)

// StartParams describes a process.
type StartParams struct {
	ID             string // the caller's choice, unique among running processes
	Argv           []string
	Arg0           string            // argv[0] if it is to differ
	Cwd            string            // absolute
	Env            map[string]string // exactly the environment, unless EnvPolicy is set
	EnvPolicy      *shellenv.Policy
	Tty            bool
	PipeStdin      bool
	Merge          bool            // one pipe for stdout and stderr, where the server can
	Sandbox        *policy.Profile // nil: unconfined
	SandboxCwd     string          // what the profile's project entries mean; "": Cwd
	WorkspaceRoots []string
	// RetainHead and RetainTail are the bytes the server keeps for later questions. All
	// output goes to the sink in any case, so 0 and 0 is what an engine wants.
	RetainHead, RetainTail int
	Rows, Cols             int           // terminal; 0: 24 and 80
	WallLimit              time.Duration // killed after that long, where the server can

	// AskNetwork, where the server can, decides about hosts in no list of the profile's
	// network proxy, which are refused without it. It runs in a goroutine of its own, may
	// take its time, and ends when ctx does: with the process. A yes holds as long as that.
	AskNetwork func(ctx context.Context, q NetworkQuestion) bool
}

// Process is a process of the server.
type Process struct {
	c    *Client
	id   string
	tty  bool
	sink func(stream string, chunk []byte)

	askNetwork func(context.Context, NetworkQuestion) bool // or nil

	exited, closed chan struct{}

	// The reader's own: the next event to deliver, and those that came too early.
	next uint64
	held map[uint64]event
	size int

	mu         sync.Mutex
	writeID    uint64
	hasExit    bool
	code       int
	signal     string
	limit      string
	denied     bool
	known      bool
	err        error
	unenforced []string
	hasClose   bool
}

type event struct {
	seq    uint64
	stream string // "": not output
	data   []byte
	exited *wire.ExitedParams
	closed *wire.ClosedParams
}

// StartProcess starts a process. sink gets its output in order, from one goroutine; the
// chunk is the sink's only until it returns, and the sink must not call the client. A
// slow sink holds up the child. With a restricted profile and a server that would ignore
// it, nothing is started.
func (c *Client) StartProcess(ctx context.Context, sp StartParams, sink func(stream string, chunk []byte)) (*Process, error) {
	params := wire.StartParams{
		ProcessID: sp.ID, Argv: sp.Argv, Cwd: c.path(sp.Cwd), Env: sp.Env, EnvPolicy: fillPolicy(sp.EnvPolicy),
		Tty: sp.Tty, PipeStdin: sp.PipeStdin, Extra: c.extra(sp),
	}
	if params.Env == nil {
		params.Env = map[string]string{}
	}
	if sp.Arg0 != "" {
		params.Arg0 = &sp.Arg0
	}
	confined := false
	if sp.Sandbox != nil {
		confined = sp.Sandbox.Confines()
		if confined && !c.can[wire.CapSandbox] {
			return nil, ErrNoSandbox
		}
		if c.can.uris() {
			cwd := cmp.Or(sp.SandboxCwd, sp.Cwd)
			sb, err := c.sandbox(*sp.Sandbox, cwd, sp.WorkspaceRoots)
			if err != nil {
				return nil, fmt.Errorf("start process %s: %w", sp.ID, err)
			}
			params.Sandbox = sb
		}
	}
	p := &Process{
		c: c, id: sp.ID, tty: sp.Tty, sink: sink, next: 1, code: -1,
		exited: make(chan struct{}), closed: make(chan struct{}), askNetwork: sp.AskNetwork,
	}
	// Output may come before the answer: the id must be known by then.
	if err := c.register(p); err != nil {
		return nil, err
	}
	var res wire.StartResult
	if err := c.call(ctx, wire.MethodStart, params, &res); err != nil {
		if ctx.Err() != nil {
			// It may have been started all the same. A server works off the calls for one
			// process in their order, so this ends it in any case.
			c.post(wire.MethodTerminate, wire.TerminateParams{ProcessID: sp.ID})
			err = fmt.Errorf("start process %s: %w", sp.ID, err)
		}
		c.forget(p)
		return nil, err
	}
	if res.Extra != nil {
		p.unenforced = res.Extra.Unenforced
	}
	if confined && (res.SandboxType == "" || res.SandboxType == wire.SandboxNone) {
		c.post(wire.MethodTerminate, wire.TerminateParams{ProcessID: sp.ID})
		c.forget(p)
		return nil, ErrNoSandbox
	}
	return p, nil
}

func (c *Client) register(p *Process) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.conn.Err(); err != nil {
		return err
	}
	if _, ok := c.procs[p.id]; ok {
		return fmt.Errorf("process %s already exists", p.id)
	}
	c.procs[p.id] = p
	return nil
}

func (c *Client) forget(p *Process) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.procs[p.id] == p {
		delete(c.procs, p.id)
	}
}

func (c *Client) extra(sp StartParams) *wire.StartExtra {
	var x wire.StartExtra
	x.Merge = sp.Merge && c.can[wire.CapMerge]
	if sp.Tty && sp.Rows > 0 && sp.Cols > 0 && c.can[wire.CapResize] {
		x.Size = &wire.Size{Rows: sp.Rows, Cols: sp.Cols}
	}
	if c.can[wire.CapRetain] {
		x.Retain = &wire.Retain{HeadBytes: sp.RetainHead, TailBytes: sp.RetainTail}
	}
	if sp.WallLimit > 0 && c.can[wire.CapLimits] {
		x.Limits = &wire.Limits{WallMs: max(1, sp.WallLimit.Milliseconds())}
	}
	x.AskNetwork = sp.AskNetwork != nil && c.can[wire.CapNetwork]
	if x == (wire.StartExtra{}) {
		return nil
	}
	return &x
}

// fillPolicy gives every list and map a value: the original's server refuses null.
func fillPolicy(p *shellenv.Policy) *shellenv.Policy {
	if p == nil {
		return nil
	}
	q := *p
	if q.Exclude == nil {
		q.Exclude = []string{}
	}
	if q.IncludeOnly == nil {
		q.IncludeOnly = []string{}
	}
	if q.Set == nil {
		q.Set = map[string]string{}
	}
	return &q
}

// Exited is closed when process/exited has come; output may still follow.
func (p *Process) Exited() <-chan struct{} { return p.exited }

// Closed is closed when all output has been delivered to the sink, after Exited.
func (p *Process) Closed() <-chan struct{} { return p.closed }

// ExitCode is valid after Exited: the status, 128+N after signal N (a server of the 0.133
// kind says -1, or 1 on a terminal), -1 when the connection was lost before.
func (p *Process) ExitCode() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.code
}

// ExitSignal names the signal that killed the process (KILL, TERM …), where the server
// tells.
func (p *Process) ExitSignal() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.signal
}

// Limit names the limit that was passed: wire.LimitWall, or "".
func (p *Process) Limit() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.limit
}

// SandboxDenied says whether the sandbox refused the process something, as far as the
// server can tell; known is false when it does not tell at all.
func (p *Process) SandboxDenied() (denied, known bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.denied, p.known
}

// Unenforced lists, for people, what the machine does not enforce of the policy.
func (p *Process) Unenforced() []string { return p.unenforced }

// Err says why the process was lost: the connection ended before it was closed. Nil
// otherwise.
func (p *Process) Err() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.err
}

// ErrStdinClosed is returned by Write for a process without stdin.
var ErrStdinClosed = errors.New("stdin is closed")

// ErrUnknownProcess is returned for a process the server does not know any more.
var ErrUnknownProcess = errors.New("unknown process")

// Write sends bytes to stdin. It returns when the server has queued them.
func (p *Process) Write(ctx context.Context, b []byte) error {
	return p.write(ctx, b, nil)
}

// CloseStdin ends the input: the pipe is closed, a terminal gets its end-of-file
// character. Without the server's help that is an error on a pipe.
func (p *Process) CloseStdin(ctx context.Context) error {
	switch {
	case p.c.can[wire.CapEOF]:
		return p.write(ctx, nil, &wire.WriteExtra{EOF: true})
	case p.tty:
		return p.write(ctx, []byte{4}, nil)
	}
	return fmt.Errorf("close stdin of process %s: %w", p.id, errors.ErrUnsupported)
}

func (p *Process) write(ctx context.Context, b []byte, extra *wire.WriteExtra) error {
	p.mu.Lock()
	p.writeID++
	id := strconv.FormatUint(p.writeID, 10)
	p.mu.Unlock()
	if b == nil {
		b = []byte{} // null is no string
	}
	var res wire.WriteResult
	err := p.c.call(ctx, wire.MethodWrite,
		wire.WriteParams{ProcessID: p.id, Data: b, WriteID: id, Extra: extra}, &res)
	switch {
	case err != nil:
		return fmt.Errorf("write to process %s: %w", p.id, err)
	case res.Status == wire.WriteStdinClosed:
		return ErrStdinClosed
	case res.Status == wire.WriteUnknown:
		return ErrUnknownProcess
	}
	return nil
}

// Terminate ends the process and all it started. With a grace it gets SIGTERM first,
// where the server can; SIGKILL comes that much later.
func (p *Process) Terminate(ctx context.Context, grace time.Duration) error {
	params := wire.TerminateParams{ProcessID: p.id}
	if grace > 0 && p.c.can[wire.CapTerminate] {
		params.Extra = &wire.TerminateExtra{GraceMs: max(1, grace.Milliseconds())}
	}
	if err := p.c.call(ctx, wire.MethodTerminate, params, nil); err != nil {
		return fmt.Errorf("terminate process %s: %w", p.id, err)
	}
	return nil
}

// Resize changes the size of the terminal; errors.ErrUnsupported where the server cannot.
func (p *Process) Resize(ctx context.Context, rows, cols int) error {
	if !p.c.can[wire.CapResize] {
		return fmt.Errorf("resize process %s: %w", p.id, errors.ErrUnsupported)
	}
	err := p.c.call(ctx, wire.MethodResize, wire.ResizeParams{ProcessID: p.id, Rows: rows, Cols: cols}, nil)
	if err != nil {
		return fmt.Errorf("resize process %s: %w", p.id, err)
	}
	return nil
}

// event takes what the reader got, delivers what is due and drops repeats.
func (p *Process) event(e event) error {
	if e.seq < p.next || e.seq == math.MaxUint64 {
		return nil
	}
	if e.seq > p.next {
		if _, again := p.held[e.seq]; again {
			return nil
		}
		if p.size += len(e.data) + heldCost; p.size > maxHeld {
			return fmt.Errorf("executor left out event %d of process %s", p.next, p.id)
		}
		if p.held == nil {
			p.held = map[uint64]event{}
		}
		e.data = slices.Clone(e.data)
		p.held[e.seq] = e
		return nil
	}
	for {
		p.next++
		if e.stream != "" && p.sink != nil {
			p.sink(e.stream, e.data)
		}
		if e.closed != nil {
			p.c.forget(p)
			p.finish()
			return nil
		}
		var ok bool
		if e, ok = p.held[p.next]; !ok {
			return nil
		}
		delete(p.held, p.next)
		p.size -= len(e.data) + heldCost
	}
}

// note keeps what an event says of the process, whatever its place is in the order.
func (p *Process) note(e event) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if e.exited == nil || p.hasExit {
		return
	}
	p.hasExit, p.code = true, e.exited.ExitCode
	if d := e.exited.SandboxDenied; d != nil {
		p.denied, p.known = *d, true
	}
	if x := e.exited.Extra; x != nil {
		p.signal, p.limit = x.Signal, x.Limit
	}
	close(p.exited)
}

func (p *Process) finish() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.hasClose {
		return
	}
	p.hasClose = true
	if !p.hasExit {
		p.hasExit = true
		close(p.exited)
	}
	close(p.closed)
}

// fail marks the process as lost.
func (p *Process) fail(err error) {
	p.mu.Lock()
	p.err = err
	p.mu.Unlock()
	p.finish()
}

func (c *Client) decode64(b []byte) ([]byte, error) {
	n := base64.StdEncoding.DecodedLen(len(b))
	if cap(c.buf) < n {
		c.buf = make([]byte, n)
	}
	n, err := base64.StdEncoding.Decode(c.buf[:n], b)
	return c.buf[:n], err
}
