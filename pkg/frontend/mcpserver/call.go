package mcpserver

import (
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
	request json.RawMessage // id of its request
	token   any             // for progress, nil when none is wanted
	client  protocol.ClientInfo
	asks    bool // the client can be asked
	args    json.RawMessage
	prompt  *string // nil: no turn
	first   bool    // of its thread
	session *session

	ended chan struct{}
	tell  translator // used in the engine's goroutine only
	steps int        // of progress, likewise

	mu      sync.Mutex
	turn    string // its id
	status  protocol.TurnStatus
	failure string
	changes map[string]json.RawMessage // of patches, by item
}

func (s *Server) newCall(ctx context.Context, req *mcp.CallToolRequest) *call {
	c := &call{s: s, ctx: ctx, args: req.Params.Arguments, ended: make(chan struct{}), token: req.Params.GetProgressToken(),
		client: protocol.ClientInfo{Name: "codex-mcp", Version: "0"}}
	id, _ := req.Params.Meta[metaRequest].(string)
	if c.request = json.RawMessage(id); id == "" {
		c.request = json.RawMessage("null")
	}
	init := req.Session.InitializeParams()
	if init == nil {
		return c
	}
	if init.ClientInfo != nil && headerSafe(init.ClientInfo.Name) {
		c.client = protocol.ClientInfo{Name: init.ClientInfo.Name, Version: init.ClientInfo.Version}
	}
	if init.Capabilities != nil {
		e := init.Capabilities.Elicitation
		c.asks = e != nil && (e.Form != nil || e.URL == nil)
	}
	return c
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
	c.s.wire.notify("codex/event", eventParams{eventMeta{c.request, c.session.id}, c.shown(turn), msg})
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
	if c.token == nil || method != protocol.NoteItemStarted {
		return
	}
	c.steps++
	message := p.Get("item.type").Str
	if command := p.Get("item.command").Str; command != "" {
		message = command
	}
	c.s.wire.notify("notifications/progress", map[string]any{"progressToken": c.token, "progress": c.steps, "message": message})
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
