package mcpserver

import (
	"encoding/json"
	"errors"
	"testing"
	"time"

	"github.com/modelcontextprotocol/go-sdk/mcp"
)

// aRound is a call in rounds, which no request waits for.
func aRound(state string) *rounds {
	r := &rounds{state: state, tool: "codex", waiting: make(chan struct{}, 1), ended: make(chan struct{}), cancel: func() {},
		late: time.NewTimer(answerTime), open: map[string]*question{}}
	r.waiting <- struct{}{}
	return r
}

// TestRoundsBound holds that results that nobody asks for do not gather, and that calls that
// go on stay.
func TestRoundsBound(t *testing.T) {
	s := &Server{rounds: map[string]*rounds{}}
	runs := aRound("runs")
	s.keep(runs)
	for i := range 3 * maxRounds {
		r := aRound(string(rune('a' + i)))
		close(r.ended)
		s.keep(r)
	}
	if last := string(rune('a' + 3*maxRounds - 1)); len(s.rounds) != maxRounds || s.rounds["runs"] != runs || s.rounds[last] == nil || s.rounds["a"] != nil {
		t.Errorf("%d calls are kept", len(s.rounds))
	}
}

// TestRoundsTwice holds that of a request that is refused, since another one waits, nothing is
// taken.
func TestRoundsTwice(t *testing.T) {
	s, r := &Server{rounds: map[string]*rounds{}}, aRound("state")
	q := &question{answer: make(chan json.RawMessage, 1)}
	r.call, r.open["q"] = &call{}, q
	s.keep(r)
	req := &mcp.CallToolRequest{Params: &mcp.CallToolParamsRaw{Meta: mcp.Meta{metaRequest: "2"}, Name: "codex", RequestState: "state",
		InputResponses: mcp.InputResponseMap{"q": &mcp.ElicitResult{Action: "accept"}}}}
	<-r.waiting
	if _, err := s.proceed(req); !errors.Is(err, errTwice) || len(q.answer) > 0 || r.call.last != nil {
		t.Errorf("%v, %d answers, %s waits", err, len(q.answer), r.call.last)
	}
	r.waiting <- struct{}{}
	if _, err := s.proceed(req); err != nil || len(q.answer) != 1 || string(r.call.last) != "2" {
		t.Errorf("%v, %d answers, %s waits", err, len(q.answer), r.call.last)
	}
}
