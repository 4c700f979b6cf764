package mcpserver

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"sync"

	"github.com/modelcontextprotocol/go-sdk/mcp"
	"github.com/tidwall/gjson"

	"codex/pkg/protocol"
)

// call is one call of a tool, and the turn that it runs.
type call struct {
	s       *Server
	ctx     context.Context
	request json.RawMessage // id of its first request
	client  protocol.ClientInfo
	asks    bool // the client can be asked
	args    json.RawMessage
	rounds  *rounds // in which it asks; nil: the client is asked while its request runs
	prompt  *string // nil: no turn
	first   bool    // of its thread
	session *session

	ended chan struct{}
	tell  translator // used in the engine's goroutine only
	steps int        // of progress, likewise

	mu      sync.Mutex
	last    json.RawMessage // id of the request that waits
	token   any             // of that, for progress; nil when none is wanted
	turn    string          // its id
	status  protocol.TurnStatus
	failure string
	changes map[string]json.RawMessage // of patches, by item
}

func (s *Server) newCall(ctx context.Context, req *mcp.CallToolRequest) *call {
	c := &call{s: s, ctx: ctx, args: req.Params.Arguments, ended: make(chan struct{}),
		client: protocol.ClientInfo{Name: "codex-mcp", Version: "0"}}
	c.serve(req)
	c.request = c.last
	if info := req.ClientInfo(); info != nil && headerSafe(info.Name) {
		c.client = protocol.ClientInfo{Name: info.Name, Version: info.Version}
	}
	if can := req.ClientCapabilities(); can != nil {
		e := can.Elicitation
		c.asks = e != nil && (e.Form != nil || e.URL == nil)
	}
	return c
}

// serve takes what there is to know of the request that waits for the call.
func (c *call) serve(req *mcp.CallToolRequest) {
	id, _ := req.Params.Meta[metaRequest].(string)
	id = cmp.Or(id, "null")
	c.mu.Lock()
	defer c.mu.Unlock()
	c.last, c.token = json.RawMessage(id), req.Params.GetProgressToken()
}

// waiting gives the request that waits for the call, and its token for progress.
func (c *call) waiting() (request json.RawMessage, token any) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.last, c.token
}

// put puts a question to the client.
func (c *call) put(ctx context.Context, params fields) (json.RawMessage, error) {
	if c.rounds != nil {
		return c.rounds.ask(ctx, params)
	}
	return c.s.wire.ask(ctx, "elicitation/create", params)
}

// headerSafe says whether a name may stand in a header.
func headerSafe(name string) bool {
	for _, r := range name {
		if r < 0x20 || r > 0x7e {
			return false
		}
	}
	return name != ""
}

// requestText is the id of the request as text.
func (c *call) requestText() string { return gjson.ParseBytes(c.request).String() }

// begin takes the id of the turn.
func (c *call) begin(turn string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.turn = turn
}

func (c *call) turnID() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.turn
}

// shown is the id of a turn as clients know it: the first turn of a thread has that of its
// request.
func (c *call) shown(turn string) string {
	if c.first && turn != "" {
		return c.requestText()
	}
	return turn
}

type eventMeta struct {
	RequestID json.RawMessage `json:"requestId"`
	ThreadID  string          `json:"threadId"`
}

type eventParams struct {
	Meta eventMeta `json:"_meta"`
	ID   string    `json:"id"`
	Msg  any       `json:"msg"`
}

// event tells the client something; turn is "" outside of turns.
func (c *call) event(turn string, msg any) {
	request, _ := c.waiting()
	c.s.wire.notify("codex/event", eventParams{eventMeta{request, c.session.id}, c.shown(turn), msg})
}

// configured tells about a new thread.
func (c *call) configured(r *protocol.ThreadStartResponse) {
	c.tell.call = c
	c.event("", sessionConfigured(r))
}

// note takes a notification of the engine. It runs in the engine's goroutine.
func (c *call) note(method string, raw json.RawMessage) {
	p := gjson.ParseBytes(raw)
	c.tell.call = c
	c.tell.note(method, p)
	c.progress(method, p)
	if method != protocol.NoteTurnCompleted || p.Get("turn.id").Str != c.turnID() {
		return
	}
	c.mu.Lock()
	c.status = protocol.TurnStatus(p.Get("turn.status").Str)
	c.failure = p.Get("turn.error.message").Str
	c.mu.Unlock()
	close(c.ended)
}

// progress tells a client that wants to know that something goes on: its patience may end
// otherwise.
func (c *call) progress(method string, p gjson.Result) {
	if method != protocol.NoteItemStarted {
		return
	}
	_, token := c.waiting()
	if token == nil {
		return
	}
	c.steps++
	message := p.Get("item.type").Str
	if command := p.Get("item.command").Str; command != "" {
		message = command
	}
	c.s.wire.notify("notifications/progress", map[string]any{"progressToken": token, "progress": c.steps, "message": message})
}

// outcome is what came of the turn: the last message of the agent, or why there is none.
func (c *call) outcome() (string, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch c.status {
	case protocol.TurnStatusCompleted:
		return c.tell.last, nil
	case protocol.TurnStatusInterrupted:
		return "", errInterrupted
	}
	return "", errors.New(c.failure)
}
