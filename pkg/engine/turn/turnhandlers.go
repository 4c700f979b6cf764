package turn

import (
	"encoding/json"
	"fmt"
	"unicode/utf8"

	"codex/pkg/jsonrpc"
	"codex/pkg/protocol"
)

func (s *Server) turnStart(r *req, p *protocol.TurnStartParams) (any, error) {
	if err := checkInput(p.Input); err != nil {
		return nil, err
	}
	if _, err := s.mine(p.ThreadID); err != nil {
		return nil, err
	}
	for {
		t, busy, err := s.begin(*p, s.asked(), job{})
		if err != nil {
			return nil, err
		}
		if busy == nil {
			return s.launchTurn(r, t, p)
		}
		if busy.steerless() && busy.ctx.Err() == nil {
			return nil, notSteerable(busy)
		}
		changed, took, err := busy.join(*p)
		if err != nil {
			return nil, err
		}
		if !took { // it is as good as over
			<-busy.done
			continue
		}
		if changed {
			r.After(func() { s.out.settingsUpdated(busy.th) })
		}
		// The input joins the running turn; the id answered is a new one that no
		// notification ever names.
		return protocol.TurnStartResponse{Turn: protocol.NewTurn(freshID(), protocol.TurnStatusInProgress)}, nil
	}
}

func (s *Server) launchTurn(r *req, t *turn, p *protocol.TurnStartParams) (any, error) {
	if !s.join() {
		t.drop()
		return nil, errLeaving
	}
	r.After(func() {
		t.th.userReviews(p.ApprovalsReviewer)
		s.launch(t, p.Input)
	})
	return protocol.TurnStartResponse{Turn: protocol.NewTurn(t.id, protocol.TurnStatusInProgress)}, nil
}

// drop takes back a turn that has not run.
func (t *turn) drop() {
	t.detach(func() {}) // it holds nothing
	t.cancel(errLeaving)
	close(t.done)
}

// tooLarge is what a client is told about an input over the limit.
type tooLarge struct {
	Code   string `json:"input_error_code"`
	Max    int    `json:"max_chars"`
	Actual int    `json:"actual_chars"`
}

// maxInput bounds the text of one input.
const maxInput = 1 << 20

func checkInput(in []protocol.UserInput) error {
	n := 0
	for _, u := range in {
		n += utf8.RuneCountInString(u.Text)
	}
	if n > maxInput {
		return &jsonrpc.Error{Code: jsonrpc.CodeInvalidParams, Message: fmt.Sprintf("Input exceeds the maximum length of %d characters.", maxInput),
			Data: tooLarge{"input_too_large", maxInput, n}}
	}
	return nil
}

// What waits for the next request of a running turn is bounded in number, and in size
// when it is more than one.
const (
	maxSteer      = 256
	maxSteerBytes = 64 << 20
)

// join adds the input of a turn/start to a running turn; its settings are for later ones.
func (t *turn) join(p protocol.TurnStartParams) (changed, took bool, err error) {
	t.th.mu.Lock()
	defer t.th.mu.Unlock()
	before := t.th.next
	if changed, err = t.th.change(settingsOfTurn(p), p.RuntimeWorkspaceRoots); err != nil {
		return false, false, err
	}
	if took, err = t.add(pending{input: p.Input}); !took || err != nil {
		t.th.next = before
	}
	return changed, took, err
}

// addInput adds to a running turn; false when it takes no more, or has been interrupted.
func (t *turn) addInput(in []protocol.UserInput) (bool, error) {
	t.th.mu.Lock()
	defer t.th.mu.Unlock()
	return t.add(pending{input: in})
}

// add keeps something for the next request. The thread's lock is held.
func (t *turn) add(p pending) (bool, error) {
	if t.closed || t.th.running != t || t.ctx.Err() != nil {
		return false, nil
	}
	size := p.size()
	for _, one := range t.pending {
		size += one.size()
	}
	if n := len(t.pending); n >= maxSteer || n > 0 && size > maxSteerBytes {
		return false, jsonrpc.Errorf(jsonrpc.CodeOverloaded, "the turn has too much input waiting; retry later")
	}
	t.pending = append(t.pending, p)
	return true, nil
}

func (p *pending) size() int {
	n := 0
	for _, e := range p.items {
		n += len(e.Raw)
	}
	for _, u := range p.input {
		n += len(u.Text) + len(u.URL)
	}
	return n
}

// steerless says whether the turn takes no input: what it is for is settled.
func (t *turn) steerless() bool { return t.job.kind == jobCompact || t.job.kind == jobReview }

func (s *Server) turnSteer(r *req, p *protocol.TurnSteerParams) (any, error) {
	if p.ExpectedTurnID == "" {
		return nil, invalid("expectedTurnId must not be empty")
	}
	if err := checkInput(p.Input); err != nil {
		return nil, err
	}
	if _, err := s.check(p.ThreadID); err != nil {
		return nil, err
	}
	t := s.running()
	switch {
	case t == nil:
		return nil, invalid("no active turn to steer")
	case t.id != p.ExpectedTurnID:
		return nil, invalid("expected active turn id `%s` but found `%s`", p.ExpectedTurnID, t.id)
	case len(p.Input) == 0:
		return nil, invalid("input must not be empty")
	case t.steerless():
		return nil, notSteerable(t)
	}
	if took, err := t.addInput(p.Input); err != nil {
		return nil, err
	} else if !took {
		return nil, invalid("no active turn to steer")
	}
	return protocol.TurnSteerResponse{TurnID: t.id}, nil
}

func notSteerable(t *turn) error {
	text := "cannot steer a " + t.job.kind + " turn"
	return &jsonrpc.Error{Code: jsonrpc.CodeInvalidRequest, Message: text, Data: protocol.TurnError{Message: text,
		CodexErrorInfo: &protocol.CodexErrorInfo{ActiveTurnNotSteerable: &protocol.ActiveTurnNotSteerable{TurnKind: protocol.NonSteerableTurnKind(t.job.kind)}}}}
}

// turnInterrupt answers when the turn has stopped, just before its end is announced.
func (s *Server) turnInterrupt(r *req, p *protocol.TurnInterruptParams) (any, error) {
	if _, err := s.check(p.ThreadID); err != nil {
		return nil, err
	}
	t := s.running()
	switch {
	case t == nil && p.TurnID == "":
		return protocol.TurnInterruptResponse{}, nil
	case t == nil:
		return nil, invalid("no active turn to interrupt")
	case p.TurnID != "" && p.TurnID != t.id:
		return nil, invalid("expected active turn id %s but found %s", p.TurnID, t.id)
	}
	if !t.interrupt(r.ID) {
		return nil, invalid("no active turn to interrupt")
	}
	return nil, jsonrpc.ErrLater
}

// interrupt stops the turn and keeps the request to answer; false when it is over.
func (t *turn) interrupt(id json.RawMessage) bool {
	t.th.mu.Lock()
	defer t.th.mu.Unlock()
	if t.th.running != t {
		return false
	}
	if len(id) > 0 {
		t.interrupts = append(t.interrupts, id)
	}
	t.cancel(errInterrupted)
	return true
}

func (s *Server) compactStart(_ *liveThread, r *req, _ *protocol.ThreadCompactStartParams) (any, error) {
	_, err := s.replace(r, job{kind: jobCompact})
	return struct{}{}, err
}

// replace makes a turn that takes the place of the one that runs; it is launched after
// the answer.
func (s *Server) replace(r *req, j job) (*turn, error) {
	t, _, err := s.begin(protocol.TurnStartParams{}, s.asked(), j)
	if err != nil {
		return nil, err
	}
	if !s.join() {
		t.drop()
		return nil, errLeaving
	}
	r.After(func() { s.launch(t, nil) })
	return t, nil
}
