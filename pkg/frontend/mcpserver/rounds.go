package mcpserver

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/modelcontextprotocol/go-sdk/jsonrpc"
	"github.com/modelcontextprotocol/go-sdk/mcp"
)

const (
	// roundsFrom is the first revision in which a question to the client ends its request, and
	// the answer comes with the next request.
	roundsFrom = "2026-07-28"
	// answerTime is how long a client may take for the next request: the user is thinking.
	answerTime = time.Hour
	// maxRounds bounds calls that go on, and those that have ended and whose result nobody has
	// asked for: of these the oldest is forgotten.
	maxRounds = 2 * maxRunning
)

// rounds is a call whose questions are answered in requests of their own. Its turn goes on
// between them.
type rounds struct {
	state   string // names it, and is known to its client alone
	order   int    // in which they have begun
	tool    string
	call    *call
	waiting chan struct{} // holds a token while no request waits
	asked   chan struct{} // there may be a new question
	ended   chan struct{} // result is set
	cancel  context.CancelFunc
	late    *time.Timer
	result  *mcp.CallToolResult

	mu    sync.Mutex
	count int
	open  map[string]*question
}

// question is one that has no answer.
type question struct {
	params *mcp.ElicitParams
	answer chan json.RawMessage
}

// hasRounds says whether a request is one of those whose questions end it. The library has
// to be of the same opinion, which looks at the first request.
func hasRounds(req *mcp.CallToolRequest) bool {
	first := req.Session.InitializeParams()
	return req.ProtocolVersion() >= roundsFrom && (first == nil || first.ProtocolVersion >= roundsFrom)
}

// begin runs a call beside its request, which waits for it then.
func (s *Server) begin(req *mcp.CallToolRequest, run func(ctx context.Context, c *call) *mcp.CallToolResult) *rounds {
	ctx, cancel := context.WithCancel(s.ctx)
	r := &rounds{state: rand.Text(), tool: req.Params.Name, waiting: make(chan struct{}, 1), asked: make(chan struct{}, 1), ended: make(chan struct{}),
		cancel: cancel, open: map[string]*question{}}
	r.late = time.AfterFunc(answerTime, func() { s.forget(r) })
	r.late.Stop() // until something is asked
	r.call = s.newCall(ctx, req)
	r.call.rounds = r
	s.keep(r)
	s.engines.Go(func() {
		defer cancel()
		r.result = run(ctx, r.call)
		close(r.ended)
	})
	return r
}

// keep has the requests to come find a call.
func (s *Server) keep(r *rounds) {
	s.mu.Lock()
	s.begun++
	r.order = s.begun
	s.rounds[r.state] = r
	var oldest *rounds
	for _, o := range s.rounds {
		if o.over() && (oldest == nil || o.order < oldest.order) {
			oldest = o
		}
	}
	full := len(s.rounds) > maxRounds
	s.mu.Unlock()
	if full && oldest != nil {
		s.forget(oldest)
	}
}

// over says whether a call has its result.
func (r *rounds) over() bool {
	select {
	case <-r.ended:
		return true
	default:
		return false
	}
}

// forget ends a call that no request will ask for any more.
func (s *Server) forget(r *rounds) {
	r.cancel()
	r.late.Stop()
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.rounds, r.state)
}

// proceed finds the call that a request goes on with, and takes the answers that it brings.
func (s *Server) proceed(req *mcp.CallToolRequest) (*rounds, error) {
	s.mu.Lock()
	r := s.rounds[req.Params.RequestState]
	s.mu.Unlock()
	if r == nil || r.tool != req.Params.Name {
		return nil, &jsonrpc.Error{Code: jsonrpc.CodeInvalidParams, Message: "requestState is of no call that waits for answers"}
	}
	select {
	case <-r.waiting:
	default:
		return nil, errTwice
	}
	r.late.Stop()
	r.call.serve(req)
	for name, response := range req.Params.InputResponses {
		if answer, ok := response.(*mcp.ElicitResult); ok {
			r.take(name, answer)
		}
	}
	return r, nil
}

var errTwice = &jsonrpc.Error{Code: jsonrpc.CodeInvalidRequest, Message: "another request waits for this call"}

// take gives a question its answer, which counts for nothing where it is asked for no more. One
// that cannot be read leaves it open.
func (r *rounds) take(name string, answer *mcp.ElicitResult) {
	text, err := json.Marshal(answer)
	if err != nil {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if q := r.open[name]; q != nil {
		q.answer <- text
		delete(r.open, name)
	}
}

// wait gives the end of a call, or what it wants to know until then, to the one request that
// waits. A request that is cancelled ends the call.
func (s *Server) wait(ctx context.Context, r *rounds) (*mcp.CallToolResult, error) {
	defer func() { r.waiting <- struct{}{} }()
	for {
		if open := r.questions(); open != nil && !r.over() {
			r.late.Reset(answerTime)
			return &mcp.CallToolResult{InputRequests: open, RequestState: r.state}, nil
		}
		select {
		case <-r.asked:
			continue
		case <-ctx.Done():
			r.cancel()
			<-r.ended
		case <-r.ended:
		}
		s.forget(r)
		return r.result, nil
	}
}

// questions are those without an answer, nil for none.
func (r *rounds) questions() mcp.InputRequestMap {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.open) == 0 {
		return nil
	}
	all := mcp.InputRequestMap{}
	for name, q := range r.open {
		all[name] = q.params
	}
	return all
}

// ask has the client asked when its request ends, and waits for the answer. What the standard
// has no place for goes with it under a name of ours.
func (r *rounds) ask(ctx context.Context, params fields) (json.RawMessage, error) {
	more := fields{}
	for k, v := range params {
		if k != "message" && k != "requestedSchema" {
			more[k] = v
		}
	}
	message, _ := params["message"].(string)
	q := &question{answer: make(chan json.RawMessage, 1), params: &mcp.ElicitParams{Mode: "form", Message: message, RequestedSchema: params["requestedSchema"],
		Meta: mcp.Meta{"codex/elicitation": more}}}
	r.mu.Lock()
	if len(r.open) >= maxAsks {
		r.mu.Unlock()
		return nil, errors.New("too many questions are open")
	}
	r.count++
	name := fmt.Sprintf("question-%d", r.count)
	r.open[name] = q
	r.mu.Unlock()
	select {
	case r.asked <- struct{}{}:
	default: // it is known already
	}
	select {
	case a := <-q.answer:
		return a, nil
	case <-ctx.Done():
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.open, name)
	return nil, context.Cause(ctx)
}
