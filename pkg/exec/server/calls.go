package server

import (
	"encoding/json"
	"math"
	"strings"
	"time"

	"codex/pkg/exec/wire"
	"codex/pkg/jsonrpc"
)

// request answers one request, or sees to it that somebody does.
func (s *server) request(m jsonrpc.Message) {
	id := append(json.RawMessage(nil), m.ID...)
	call := s.lookup(m.Method)
	if call == nil {
		s.out.fail(id, jsonrpc.Errorf(jsonrpc.CodeMethodNotFound, "exec-server stub does not implement `%s` yet", m.Method))
		return
	}
	if m.Method != wire.MethodInitialize && s.stage < 2 {
		word, missing := "exec", "call initialize"
		if strings.HasPrefix(m.Method, "fs/") {
			word = "filesystem"
		}
		if s.stage == 1 {
			missing = "send initialized"
		}
		s.out.fail(id, jsonrpc.Errorf(jsonrpc.CodeInvalidRequest, "client must %s before using %s methods", missing, word))
		return
	}
	p := newParams(m.Params)
	if p.err != nil {
		s.out.fail(id, p.err)
		return
	}
	call(id, p)
}

func (s *server) lookup(method string) func(json.RawMessage, *params) {
	switch method {
	case wire.MethodInitialize:
		return s.initialize
	case wire.MethodEnvInfo:
		return func(id json.RawMessage, _ *params) { s.out.respond(id, s.environment()) }
	case wire.MethodEnvStatus:
		return func(id json.RawMessage, _ *params) { s.out.respond(id, wire.StatusResult{Status: "ready"}) }
	case wire.MethodStart:
		return s.start
	case wire.MethodRead:
		return s.readProcess
	case wire.MethodWrite:
		return s.write
	case wire.MethodTerminate:
		return s.terminate
	case wire.MethodSignal:
		return s.signal
	case wire.MethodResize:
		return s.resize
	case wire.MethodNetworkAnswer:
		return s.answer
	}
	return s.lookupFile(method)
}

func (s *server) initialize(id json.RawMessage, p *params) {
	if s.stage > 0 {
		s.out.fail(id, jsonrpc.Errorf(jsonrpc.CodeInvalidRequest, "initialize may only be sent once per connection"))
		return
	}
	p.str("clientName")
	resume, ok := p.optStr("resumeSessionId")
	if p.err != nil {
		s.out.fail(id, p.err)
		return
	}
	if ok { // a session here ends with its pipe
		s.out.fail(id, jsonrpc.Errorf(jsonrpc.CodeInvalidRequest, "unknown session id %s", resume))
		return
	}
	s.stage = 1
	s.out.respond(id, wire.InitializeResult{SessionID: s.session, EnvironmentInfo: s.environment()})
}

// later runs f outside the reader; its answer is waited for at the end. It refuses when
// too much waits already.
func (s *server) later(id json.RawMessage, f func()) {
	s.mu.Lock()
	full := s.waiting >= maxWaiting
	if !full {
		s.waiting++
	}
	s.mu.Unlock()
	if full {
		s.out.fail(id, jsonrpc.Errorf(jsonrpc.CodeOverloaded, "too many calls are waiting"))
		return
	}
	s.inflight.Add(1)
	go func() {
		defer s.inflight.Done()
		f()
		s.mu.Lock()
		s.waiting--
		s.mu.Unlock()
	}()
}

// when runs f with the process once its start is decided: at once if it is. f gets nil
// for a process that does not exist.
func (s *server) when(id json.RawMessage, processID string, f func(*process)) {
	p := s.process(processID)
	if p == nil {
		f(nil)
		return
	}
	select {
	case <-p.ready:
		f(p.ifStarted())
	default:
		s.later(id, func() {
			<-p.ready
			f(p.ifStarted())
		})
	}
}

func (p *process) ifStarted() *process {
	if p.child == nil {
		return nil
	}
	return p
}

func unknownProcess(id string) error {
	return jsonrpc.Errorf(jsonrpc.CodeInvalidRequest, "unknown process id %s", id)
}

func (s *server) readProcess(id json.RawMessage, q *params) {
	processID := q.str("processId")
	after, _ := q.uint("afterSeq")
	most, ok := q.uint("maxBytes")
	if !ok {
		most = math.MaxUint64
	}
	waitMs, _ := q.uint("waitMs")
	if q.err != nil {
		s.out.fail(id, q.err)
		return
	}
	s.when(id, processID, func(p *process) {
		if p == nil {
			s.out.fail(id, unknownProcess(processID))
			return
		}
		res, done, changed := p.readNow(after, most)
		if done || waitMs == 0 {
			s.out.respond(id, res)
			return
		}
		s.later(id, func() {
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
			s.out.respond(id, res)
		})
	})
}

func (s *server) write(id json.RawMessage, q *params) {
	processID := q.str("processId")
	data, err := q.base64("chunk")
	writeID, _ := q.optStr("writeId")
	eof := false
	if x := q.object("codexSandbox"); x != nil {
		eof = x.boolean("eof", false, false)
		q.sub(x)
	}
	if q.err != nil {
		s.out.fail(id, q.err)
		return
	}
	if err != nil {
		s.out.fail(id, jsonrpc.Errorf(jsonrpc.CodeInvalidParams, "%v", err))
		return
	}
	p := s.process(processID)
	if p == nil {
		s.out.respond(id, wire.WriteResult{Status: wire.WriteUnknown})
		return
	}
	s.inflight.Add(1)
	// The queue exists before the start is decided: no write overtakes another.
	ok := p.in.put(writeID, data, eof, func(status string) {
		defer s.inflight.Done()
		s.out.respond(id, wire.WriteResult{Status: status})
	})
	if !ok {
		s.inflight.Done()
		s.out.fail(id, jsonrpc.Errorf(jsonrpc.CodeOverloaded, "too much input is waiting for process %s", processID))
	}
}

func (s *server) terminate(id json.RawMessage, q *params) {
	processID := q.str("processId")
	var grace time.Duration
	if x := q.object("codexSandbox"); x != nil {
		ms, _ := x.uint("graceMs")
		q.sub(x)
		grace = time.Duration(min(ms, 3600_000)) * time.Millisecond
	}
	if q.err != nil {
		s.out.fail(id, q.err)
		return
	}
	s.when(id, processID, func(p *process) {
		running := p != nil && p.running()
		s.out.respond(id, wire.TerminateResult{Running: running})
		if p == nil {
			return
		}
		select {
		case <-p.done: // nothing is left that we could tell from somebody else's
			return
		default:
		}
		if p.claim(grace > 0) {
			s.inflight.Add(1)
			go func() {
				defer s.inflight.Done()
				p.terminate(grace)
			}()
		}
	})
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

func (s *server) signal(id json.RawMessage, q *params) {
	processID, name := q.str("processId"), q.str("signal")
	if q.err != nil {
		s.out.fail(id, q.err)
		return
	}
	sig, ok := signalNamed(name)
	if !ok {
		s.out.fail(id, jsonrpc.Errorf(jsonrpc.CodeInvalidParams,
			"unknown variant `%s`, expected one of `interrupt`, `terminate`, `hangup`, `quit`, `kill`, `usr1`, `usr2`", name))
		return
	}
	s.when(id, processID, func(p *process) {
		if p != nil && p.running() {
			p.child.signal(sig)
		}
		s.out.respond(id, struct{}{}) // unknown processes too, as the original
	})
}

func (s *server) resize(id json.RawMessage, q *params) {
	processID := q.str("processId")
	rows, _ := q.uint("rows")
	cols, _ := q.uint("cols")
	switch {
	case q.err != nil:
	case rows == 0 || cols == 0 || rows > math.MaxUint16 || cols > math.MaxUint16:
		q.fail("rows and cols must be between 1 and 65535")
	}
	if q.err != nil {
		s.out.fail(id, q.err)
		return
	}
	s.when(id, processID, func(p *process) {
		switch {
		case p == nil:
			s.out.fail(id, unknownProcess(processID))
			return
		case !p.tty:
			s.out.fail(id, jsonrpc.Errorf(jsonrpc.CodeInvalidRequest, "process %s has no terminal", processID))
			return
		}
		if err := p.child.resize(int(rows), int(cols)); err != nil {
			s.out.fail(id, osError(err))
			return
		}
		s.out.respond(id, struct{}{})
	})
}
