package server

import (
	"errors"
	"maps"
	"math"
	"os"
	"slices"
	"sync"
	"time"

	"codex/pkg/exec/wire"
)

// deniedWait is how long the word on a confined process that failed waits for the rest
// of its output, in which the reason stands.
const deniedWait = 50 * time.Millisecond

// deniedKeep is the head, and the tail, of the output that is searched for the reason.
const deniedKeep = 32 << 10

// maxCatchUp bounds what is read of a stream after the child's end and before its exit is
// told: more than a pipe holds.
const maxCatchUp = 4 << 20

// process is one process of a client, from the reservation of its id until it is
// forgotten.
type process struct {
	s      *server
	id     string
	quoted []byte // id as JSON
	tty    bool
	push   bool
	limits wire.Limits
	in     *input

	network *network // nil: on or off

	ready chan struct{} // closed when the start succeeded or failed
	// Set before ready is closed, constant afterwards.
	child *child // nil: the start failed

	drained   chan struct{} // every stream is at its end
	done      chan struct{} // closed has been sent
	wallTimer *time.Timer

	mu      sync.Mutex
	seq     uint64 // last one given out
	kept    retained
	clues   *retained // of a confined process: where a denial would stand
	counts  wire.ClosedExtra
	streams int // not yet at their end
	exited  bool
	code    int
	signal  string
	limit   string
	denied  bool
	closed  bool
	watch   chan struct{} // closed at the next event, when somebody waits
	linger  *time.Timer
	killing bool // SIGKILL is under way
	soft    bool // SIGTERM was sent, SIGKILL will follow
}

func (s *server) newProcess(c *startCall) *process {
	p := &process{
		s: s, id: c.ProcessID, quoted: wire.QuoteID(c.ProcessID), tty: c.Tty, push: c.extra.Push == nil || *c.extra.Push,
		ready: make(chan struct{}), drained: make(chan struct{}), done: make(chan struct{}),
		kept: retained{tailMax: defaultTail},
	}
	p.in = &input{ready: p.ready, has: c.Tty || c.PipeStdin, tty: c.Tty}
	if r := c.extra.Retain; r != nil {
		p.kept = retained{headMax: within(r.HeadBytes, maxRetain/2), tailMax: within(r.TailBytes, maxRetain/2)}
	}
	if l := c.extra.Limits; l != nil {
		p.limits.WallMs = within(l.WallMs, int64(math.MaxInt64/time.Millisecond))
		p.limits.OutputBytes = max(0, l.OutputBytes)
	}
	return p
}

func within[N int | int64](n, most N) N { return min(max(0, n), most) }

// run hands on what the child says until it is at an end. The caller has answered the
// start.
func (p *process) run() {
	if p.limits.WallMs > 0 {
		p.wallTimer = time.AfterFunc(time.Duration(p.limits.WallMs)*time.Millisecond, func() { p.passed(wire.LimitWall) })
	}
	for _, st := range p.child.streams {
		go p.pump(st)
	}
	if p.network != nil {
		go p.report(p.network)
	}
	go p.wait()
}

// pump reads one stream to its end.
func (p *process) pump(st childStream) {
	buf := p.s.bufs.Get().(*[readSize]byte)
	for {
		n, err := st.r.Read(buf[:])
		if n > 0 {
			p.output(st.name, buf[:n])
		}
		if errors.Is(err, os.ErrDeadlineExceeded) {
			p.catchUp(st, buf[:])
			continue
		}
		if err != nil { // EIO on a terminal nobody has open, EOF, or closed by kill
			break
		}
	}
	st.caughtUp()
	p.s.bufs.Put(buf)
	p.mu.Lock()
	p.streams--
	last := p.streams == 0
	p.mu.Unlock()
	if last {
		close(p.drained)
		p.tryClose()
	}
}

// catchUp hands on what the stream holds now. Past the bound it's what a background
// child writes and writes.
func (p *process) catchUp(st childStream, buf []byte) {
	defer st.caughtUp()
	for total := 0; total < maxCatchUp; {
		n := readHeld(st.r, buf)
		if n <= 0 {
			return
		}
		p.output(st.name, buf[:n])
		total += n
	}
}

// settle waits until everything that the child wrote in its life has been handed on: a
// stream that a background child keeps open has no end to wait for, and a client that
// hears of the exit first would take what it has got for all.
func (p *process) settle() {
	t := time.NewTimer(patience)
	defer t.Stop()
	for _, st := range p.child.streams {
		if interrupt(st.r) != nil {
			continue
		}
		select {
		case <-st.caught:
		case <-t.C:
			return
		}
	}
}

func (p *process) output(stream string, b []byte) {
	size := 0
	if p.push {
		if size = wire.OutputSize(p.quoted, len(b)); !p.s.out.reserve(size) {
			return
		}
	}
	p.mu.Lock()
	p.seq++
	seq := p.seq
	switch stream {
	case wire.Stdout:
		p.counts.StdoutBytes += uint64(len(b))
	case wire.Stderr:
		p.counts.StderrBytes += uint64(len(b))
	case wire.Pty:
		p.counts.PtyBytes += uint64(len(b))
	}
	total := p.counts.StdoutBytes + p.counts.StderrBytes + p.counts.PtyBytes
	p.kept.add(seq, stream, b)
	if p.clues != nil {
		p.clues.add(seq, stream, b)
	}
	if p.push { // under the lock: the order on the wire is that of the numbers
		p.s.out.fill(size, func(dst []byte) []byte {
			return wire.AppendOutput(dst, p.quoted, seq, stream, b)
		})
	}
	p.wake()
	p.mu.Unlock()
	if p.limits.OutputBytes > 0 && total > uint64(p.limits.OutputBytes) {
		p.passed(wire.LimitOutput)
	}
}

// wake needs the lock.
func (p *process) wake() {
	if p.watch != nil {
		close(p.watch)
		p.watch = nil
	}
}

// wait reaps the child and says so.
func (p *process) wait() {
	code, signal := p.child.wait()
	p.s.family.reaped(p.child)
	if p.network != nil { // its last words come before the exit
		p.network.close()
		<-p.network.reported
	}
	p.settle()
	if p.wallTimer != nil {
		p.wallTimer.Stop()
	}
	denied := false
	if p.clues != nil && code != 0 {
		t := time.NewTimer(deniedWait)
		select {
		case <-p.drained:
		case <-t.C:
		}
		t.Stop()
		p.mu.Lock()
		denied = wire.LooksDenied(code, signal, p.clues.text())
		p.mu.Unlock()
	}
	p.mu.Lock()
	p.seq++
	p.exited, p.code, p.signal, p.denied = true, code, signal, denied
	p.clues = nil
	params := wire.ExitedParams{ProcessID: p.id, Seq: p.seq, ExitCode: code, SandboxDenied: &denied}
	if signal != "" || p.limit != "" {
		params.Extra = &wire.ExitedExtra{Signal: signal, Limit: p.limit}
	}
	p.s.out.notify(wire.NotifyExited, params)
	p.wake()
	p.mu.Unlock()
	p.tryClose()
}

// tryClose says the last word once the child is reaped and its streams are at their end.
func (p *process) tryClose() {
	p.mu.Lock()
	if !p.exited || p.streams > 0 || p.closed {
		p.mu.Unlock()
		return
	}
	p.seq++
	p.closed = true
	counts := p.counts
	counts.DroppedBytes = p.kept.dropped
	p.s.out.notify(wire.NotifyClosed, wire.ClosedParams{ProcessID: p.id, Seq: p.seq, Extra: &counts})
	p.wake()
	p.mu.Unlock()
	p.in.stop()
	p.child.close()
	p.s.lingers(p)
	close(p.done)
}

// passed ends a process that went over a limit.
func (p *process) passed(limit string) {
	p.mu.Lock()
	over := p.exited || p.limit != ""
	if !over {
		p.limit = limit
	}
	p.mu.Unlock()
	if !over {
		p.kill()
	}
}

// kill ends the process and everything it started, now.
func (p *process) kill() {
	p.mu.Lock()
	again := p.killing || p.closed
	p.killing = true
	p.mu.Unlock()
	if !again {
		p.s.family.kill(p.child)
		p.mu.Lock()
		p.killing = false
		p.mu.Unlock()
	}
}

func (p *process) running() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return !p.exited
}

// readNow gives what is there for process/read, and whether that is an answer; if not,
// the channel is closed when it is worth asking again.
func (p *process) readNow(after, most uint64) (res wire.ReadResult, done bool, changed <-chan struct{}) {
	p.mu.Lock()
	defer p.mu.Unlock()
	chunks, more := p.kept.chunks(after, most)
	res = wire.ReadResult{Chunks: chunks, NextSeq: p.seq + 1, Exited: p.exited, Closed: p.closed, SandboxDenied: p.denied}
	if n := len(chunks); n > 0 && (more || !p.closed) {
		res.NextSeq = chunks[n-1].Seq + 1
	}
	if p.exited {
		code := p.code
		res.ExitCode = &code
	}
	if p.kept.dropped > 0 {
		res.Extra = &wire.ReadExtra{DroppedBytes: p.kept.dropped}
	}
	if len(chunks) > 0 || p.closed || p.exited && after < p.seq {
		return res, true, nil
	}
	if p.watch == nil {
		p.watch = make(chan struct{})
	}
	return res, false, p.watch
}

// lingers keeps a closed process for questions, and bounds what all of them keep.
func (s *server) lingers(p *process) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.procs[p.id] != p {
		return
	}
	p.mu.Lock()
	p.linger = time.AfterFunc(s.opts.Linger, func() { s.forget(p) })
	p.mu.Unlock()
	s.closed = append(s.closed, p)
	total := 0
	for i := len(s.closed) - 1; i >= 0; i-- {
		q := s.closed[i]
		q.mu.Lock()
		if total += q.kept.size(); total > maxRetain {
			total -= q.kept.size()
			q.kept.free()
		}
		q.mu.Unlock()
	}
}

func (s *server) forget(p *process) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.procs[p.id] == p {
		delete(s.procs, p.id)
	}
	s.closed = slices.DeleteFunc(s.closed, func(q *process) bool { return q == p })
}

func (s *server) forgetAll() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, p := range s.procs {
		p.mu.Lock()
		if p.linger != nil {
			p.linger.Stop()
		}
		p.mu.Unlock()
	}
	s.procs, s.closed = map[string]*process{}, nil
}

func (s *server) process(id string) *process {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.procs[id]
}

// started lists the processes whose start is decided and that still have something to
// end, waiting for those under way.
func (s *server) started() []*process {
	s.mu.Lock()
	all := slices.Collect(maps.Values(s.procs))
	s.mu.Unlock()
	live := all[:0]
	for _, p := range all {
		<-p.ready
		if p.child == nil {
			continue
		}
		select {
		case <-p.done:
		default:
			live = append(live, p)
		}
	}
	return live
}

// endProcesses ends all of them: SIGTERM (SIGHUP on a terminal), a moment, SIGKILL.
func (s *server) endProcesses() {
	live := s.started()
	for _, p := range live {
		p.child.signal(softSignal(p.tty))
	}
	grace := time.NewTimer(endGrace)
	defer grace.Stop()
	rest := live[:0]
	over := false
	for _, p := range live {
		if !over {
			select {
			case <-p.done:
				continue
			case <-grace.C:
				over = true
			}
		}
		select {
		case <-p.done:
		default:
			rest = append(rest, p)
		}
	}
	for _, p := range rest {
		p.kill()
	}
	// Nobody has the streams open now but what could not be killed.
	last := time.NewTimer(2 * patience)
	defer last.Stop()
	for _, p := range rest {
		select {
		case <-p.done:
			continue
		case <-last.C:
			last.Reset(0)
		}
		p.in.stop()
		p.child.close()
	}
}
