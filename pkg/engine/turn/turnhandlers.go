package turn

import (
	"encoding/json"
	"fmt"
	"unicode/utf8"

	"codex/pkg/jsonrpc"
	"codex/pkg/protocol"
)

func (s *Server) turnStart(params json.RawMessage) (any, func(), error) {
	var p protocol.TurnStartParams
	if err := decode(params, &p); err != nil {
		return nil, nil, err
	}
	if p.Input == nil {
		return nil, nil, missing("input")
	}
	if err := checkInput(p.Input); err != nil {
		return nil, nil, err
	}
	if _, err := s.mine(p.ThreadID); err != nil {
		return nil, nil, err
	}
	t, busy, err := s.begin(p, s.asked(), job{})
	if err != nil {
		return nil, nil, err
	}
	answer := protocol.Turn{Items: protocol.ThreadItems{}, ItemsView: protocol.TurnItemsViewNotLoaded, Status: protocol.TurnStatusInProgress}
	if busy != nil {
		// The input joins the running turn; the id answered is a new one that no
		// notification ever names (appserver spec §4).
		if answer.ID, err = freshID("turn"); err != nil {
			return nil, nil, err
		}
		if busy.steerless() && busy.ctx.Err() == nil {
			return nil, nil, notSteerable(busy)
		}
		changed, took, err := busy.join(p)
		if err != nil {
			return nil, nil, err
		} else if !took { // it is as good as over
			<-busy.done
			return s.turnStart(params)
		}
		return protocol.TurnStartResponse{Turn: answer}, func() {
			if changed {
				s.out.settingsUpdated(busy.th)
			}
		}, nil
	}
	answer.ID = t.id
	if !s.join() {
		t.drop()
		return nil, nil, errLeaving
	}
	return protocol.TurnStartResponse{Turn: answer}, func() {
		t.th.userReviews(p.ApprovalsReviewer)
		s.launch(t, p.Input)
	}, nil
}

func missing(field string) error {
	return jsonrpc.Errorf(jsonrpc.CodeInvalidRequest, "Invalid request: missing field `%s`", field)
}

// drop takes back a turn that has not run.
func (t *turn) drop() {
	t.leave()
	t.cancel(errLeaving)
	close(t.done)
}

// tooLarge is what a client is told about an input over the limit.
type tooLarge struct {
	Code   string `json:"input_error_code"`
	Max    int    `json:"max_chars"`
	Actual int    `json:"actual_chars"`
}

// maxInput bounds the text of one input (appserver spec §1).
const maxInput = 1 << 20

func checkInput(in []protocol.UserInput) error {
	n := 0
	for i, u := range in {
		n += utf8.RuneCountInString(u.Text)
		switch u.Type {
		case protocol.UserInputText, protocol.UserInputImage, protocol.UserInputLocalImage, protocol.UserInputSkill, protocol.UserInputMention:
		case "":
			return missing(fmt.Sprintf("input[%d].type", i))
		default:
			return jsonrpc.Errorf(jsonrpc.CodeInvalidRequest, "Invalid request: unknown variant `%s`, expected one of `text`, `image`, `localImage`, `skill`, `mention`", shorten(u.Type))
		}
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

func (s *Server) turnSteer(params json.RawMessage) (any, error) {
	var p protocol.TurnSteerParams
	if err := decode(params, &p); err != nil {
		return nil, err
	}
	if p.ExpectedTurnID == "" {
		return nil, jsonrpc.Errorf(jsonrpc.CodeInvalidRequest, "expectedTurnId must not be empty")
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
		return nil, jsonrpc.Errorf(jsonrpc.CodeInvalidRequest, "no active turn to steer")
	case t.id != p.ExpectedTurnID:
		return nil, jsonrpc.Errorf(jsonrpc.CodeInvalidRequest, "expected active turn id `%s` but found `%s`", p.ExpectedTurnID, t.id)
	case len(p.Input) == 0:
		return nil, jsonrpc.Errorf(jsonrpc.CodeInvalidRequest, "input must not be empty")
	case t.steerless():
		return nil, notSteerable(t)
	}
	if took, err := t.addInput(p.Input); err != nil {
		return nil, err
	} else if !took {
		return nil, jsonrpc.Errorf(jsonrpc.CodeInvalidRequest, "no active turn to steer")
	}
	return protocol.TurnSteerResponse{TurnID: t.id}, nil
}

func notSteerable(t *turn) error {
	text := "cannot steer a " + t.job.kind + " turn"
	return &jsonrpc.Error{Code: jsonrpc.CodeInvalidRequest, Message: text, Data: protocol.TurnError{Message: text,
		CodexErrorInfo: &protocol.CodexErrorInfo{ActiveTurnNotSteerable: &protocol.ActiveTurnNotSteerable{TurnKind: protocol.NonSteerableTurnKind(t.job.kind)}}}}
}

// turnInterrupt answers when the turn has stopped, just before its end is announced.
func (s *Server) turnInterrupt(m jsonrpc.Message) (any, error) {
	var p protocol.TurnInterruptParams
	if err := decode(m.Params, &p); err != nil {
		return nil, err
	}
	if _, err := s.check(p.ThreadID); err != nil {
		return nil, err
	}
	t := s.running()
	switch {
	case t == nil && p.TurnID == "":
		return protocol.TurnInterruptResponse{}, nil
	case t == nil:
		return nil, jsonrpc.Errorf(jsonrpc.CodeInvalidRequest, "no active turn to interrupt")
	case p.TurnID != "" && p.TurnID != t.id:
		return nil, jsonrpc.Errorf(jsonrpc.CodeInvalidRequest, "expected active turn id %s but found %s", p.TurnID, t.id)
	}
	if !t.interrupt(append(json.RawMessage(nil), m.ID...)) {
		return nil, jsonrpc.Errorf(jsonrpc.CodeInvalidRequest, "no active turn to interrupt")
	}
	return nil, nil
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

func (s *Server) compactStart(params json.RawMessage) (any, func(), error) {
	var p protocol.ThreadCompactStartParams
	if err := decode(params, &p); err != nil {
		return nil, nil, err
	}
	if _, err := s.mine(p.ThreadID); err != nil {
		return nil, nil, err
	}
	start, _, err := s.replace(job{kind: jobCompact})
	if err != nil {
		return nil, nil, err
	}
	return struct{}{}, start, nil
}

// replace makes a turn that takes the place of the one that runs. start launches it, after
// the answer.
func (s *Server) replace(j job) (start func(), t *turn, err error) {
	if t, _, err = s.begin(protocol.TurnStartParams{}, s.asked(), j); err != nil {
		return nil, nil, err
	}
	if !s.join() {
		t.drop()
		return nil, nil, errLeaving
	}
	return func() { s.launch(t, nil) }, t, nil
}
