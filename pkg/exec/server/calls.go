package server

import (
	"math"
	"strings"
	"time"

	"codex/pkg/exec/wire"
	"codex/pkg/jsonrpc"
)

// decoder reads params; those of environment/* may be missing.
var decoder = jsonrpc.Decoder{Optional: true}

// table lists the methods. Those of files answer from a queue of their own.
func (s *server) table() map[string]jsonrpc.Method[*jsonrpc.Request] {
	type row = jsonrpc.Method[*jsonrpc.Request]
	return map[string]row{
		wire.MethodInitialize:    {Run: jsonrpc.With(s.initialize)},
		wire.MethodEnvInfo:       {Run: func(*jsonrpc.Request) (any, error) { return s.environment(), nil }},
		wire.MethodEnvStatus:     {Run: func(*jsonrpc.Request) (any, error) { return wire.StatusResult{Status: "ready"}, nil }},
		wire.MethodStart:         {Run: jsonrpc.With(s.start)},
		wire.MethodRead:          {Run: jsonrpc.With(s.readProcess)},
		wire.MethodWrite:         {Run: jsonrpc.With(s.write)},
		wire.MethodTerminate:     {Run: jsonrpc.With(s.terminate)},
		wire.MethodSignal:        {Run: jsonrpc.With(s.signal)},
		wire.MethodResize:        {Run: jsonrpc.With(s.resize)},
		wire.MethodNetworkAnswer: {Run: jsonrpc.With(s.answer)},

		wire.MethodReadFile:        {Run: jsonrpc.With(s.readFile)},
		wire.MethodWriteFile:       {Run: s.writeFile},
		wire.MethodCreateDirectory: {Run: jsonrpc.With(s.createDirectory)},
		wire.MethodGetMetadata:     {Run: jsonrpc.With(s.getMetadata)},
		wire.MethodReadDirectory:   {Run: jsonrpc.With(s.readDirectory)},
		wire.MethodRemove:          {Run: jsonrpc.With(s.remove)},
		wire.MethodCopy:            {Run: jsonrpc.With(s.copy)},
		wire.MethodRename:          {Run: jsonrpc.With(s.rename)},
		wire.MethodCanonicalize:    {Run: jsonrpc.With(s.canonicalize)},
	}
}

// request answers one request, or sees to it that somebody does. An error of writing is
// heard of by whoever serves.
func (s *server) request(r *jsonrpc.Request) error {
	m, ok := s.methods[r.Method]
	switch {
	case !ok:
		_ = r.Reply(nil, jsonrpc.Errorf(jsonrpc.CodeMethodNotFound, "exec-server stub does not implement `%s` yet", r.Method))
	case r.Method != wire.MethodInitialize && s.handshake < 2:
		_ = r.Reply(nil, s.tooEarly(r.Method))
	default:
		_ = r.Reply(m.Run(r))
	}
	return nil
}

func (s *server) tooEarly(method string) error {
	word, missing := "exec", "call initialize"
	if strings.HasPrefix(method, "fs/") {
		word = "filesystem"
	}
	if s.handshake == 1 {
		missing = "send initialized"
	}
	return invalid("client must %s before using %s methods", missing, word)
}

func (s *server) initialize(_ *jsonrpc.Request, p *wire.InitializeParams) (any, error) {
	switch {
	case s.handshake > 0:
		return nil, invalid("initialize may only be sent once per connection")
	case p.ResumeSessionID != nil: // a session here ends with its pipe
		return nil, invalid("unknown session id %s", *p.ResumeSessionID)
	}
	s.handshake = 1
	return wire.InitializeResult{SessionID: s.session, EnvironmentInfo: s.environment()}, nil
}

// later answers outside the reader; the end waits for it. It refuses when too much waits
// already.
func (s *server) later(r *jsonrpc.Request, f func() (any, error)) (any, error) {
	s.mu.Lock()
	full := s.waiting >= maxWaiting
	if !full {
		s.waiting++
	}
	s.mu.Unlock()
	if full {
		return nil, jsonrpc.Errorf(jsonrpc.CodeOverloaded, "too many calls are waiting")
	}
	s.inflight.Go(func() {
		_ = r.Reply(f())
		s.mu.Lock()
		s.waiting--
		s.mu.Unlock()
	})
	return nil, jsonrpc.ErrLater
}

// when answers with f once the start of the process is decided: at once if it is. f gets
// nil for a process that does not exist.
func (s *server) when(r *jsonrpc.Request, processID string, f func(*process) (any, error)) (any, error) {
	p := s.process(processID)
	if p == nil {
		return f(nil)
	}
	select {
	case <-p.ready:
		return f(p.ifStarted())
	default:
		return s.later(r, func() (any, error) {
			<-p.ready
			return f(p.ifStarted())
		})
	}
}

func (p *process) ifStarted() *process {
	if p.child == nil {
		return nil
	}
	return p
}

func unknownProcess(id string) error { return invalid("unknown process id %s", id) }

func (s *server) readProcess(r *jsonrpc.Request, q *wire.ReadParams) (any, error) {
	after, most, waitMs := deref(q.AfterSeq, 0), deref(q.MaxBytes, math.MaxUint64), deref(q.WaitMs, 0)
	return s.when(r, q.ProcessID, func(p *process) (any, error) {
		if p == nil {
			return nil, unknownProcess(q.ProcessID)
		}
		res, done, changed := p.readNow(after, most)
		if done || waitMs == 0 {
			return res, nil
		}
		return s.later(r, func() (any, error) {
			deadline := time.NewTimer(time.Duration(min(waitMs, 1<<40)) * time.Millisecond)
			defer deadline.Stop()
			for over := false; !done && !over; {
				select {
				case <-changed:
				case <-deadline.C:
					over = true
				case <-s.ending:
					over = true
				}
				res, done, changed = p.readNow(after, most)
			}
			return res, nil
		})
	})
}

func deref(p *uint64, missing uint64) uint64 {
	if p == nil {
		return missing
	}
	return *p
}

func (s *server) write(r *jsonrpc.Request, q *wire.WriteParams) (any, error) {
	p := s.process(q.ProcessID)
	if p == nil {
		return wire.WriteResult{Status: wire.WriteUnknown}, nil
	}
	s.inflight.Add(1)
	// The queue exists before the start is decided: no write overtakes another.
	ok := p.in.put(q.WriteID, q.Data, q.Extra != nil && q.Extra.EOF, func(status string) {
		defer s.inflight.Done()
		_ = r.Reply(wire.WriteResult{Status: status}, nil)
	})
	if !ok {
		s.inflight.Done()
		return nil, jsonrpc.Errorf(jsonrpc.CodeOverloaded, "too much input is waiting for process %s", q.ProcessID)
	}
	return nil, jsonrpc.ErrLater
}

func (s *server) terminate(r *jsonrpc.Request, q *wire.TerminateParams) (any, error) {
	var grace time.Duration
	if q.Extra != nil {
		grace = time.Duration(within(q.Extra.GraceMs, 3600_000)) * time.Millisecond
	}
	return s.when(r, q.ProcessID, func(p *process) (any, error) {
		running := p != nil && p.running()
		if p != nil {
			r.After(func() { s.endOne(p, grace) })
		}
		return wire.TerminateResult{Running: running}, nil
	})
}

// endOne ends a process beside the reader, unless that is under way.
func (s *server) endOne(p *process, grace time.Duration) {
	select {
	case <-p.done: // nothing is left that we could tell from somebody else's
		return
	default:
	}
	if p.claim(grace > 0) {
		s.inflight.Go(func() {
			p.terminate(grace)
		})
	}
}

// claim says whether a termination is not already under way.
func (p *process) claim(soft bool) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.killing || soft && p.soft {
		return false
	}
	p.soft = p.soft || soft
	return true
}

// terminate ends the process and everything it started: politely for as long as grace
// lasts, then for good. What it has written is still read.
func (p *process) terminate(grace time.Duration) {
	if grace > 0 {
		p.child.signal(sigTerm)
		t := time.NewTimer(grace)
		defer t.Stop()
		select {
		case <-p.done:
			return
		case <-t.C:
		case <-p.s.ending:
		}
	}
	p.kill()
}

func (s *server) signal(r *jsonrpc.Request, q *wire.SignalParams) (any, error) {
	sig, ok := signalNamed(q.Signal)
	if !ok {
		return nil, badParams("no signal %s here", q.Signal)
	}
	return s.when(r, q.ProcessID, func(p *process) (any, error) {
		if p != nil && p.running() {
			p.child.signal(sig)
		}
		return struct{}{}, nil // unknown processes too, as the original
	})
}

func (s *server) resize(r *jsonrpc.Request, q *wire.ResizeParams) (any, error) {
	if q.Rows < 1 || q.Cols < 1 || q.Rows > math.MaxUint16 || q.Cols > math.MaxUint16 {
		return nil, badParams("rows and cols must be between 1 and 65535")
	}
	return s.when(r, q.ProcessID, func(p *process) (any, error) {
		switch {
		case p == nil:
			return nil, unknownProcess(q.ProcessID)
		case !p.tty:
			return nil, invalid("process %s has no terminal", q.ProcessID)
		}
		if err := p.child.resize(q.Rows, q.Cols); err != nil {
			return nil, osError(err)
		}
		return struct{}{}, nil
	})
}
