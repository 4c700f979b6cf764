package mcpserver

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	sdk "github.com/modelcontextprotocol/go-sdk/jsonrpc"
	"github.com/modelcontextprotocol/go-sdk/mcp"
	"github.com/tidwall/gjson"
	"github.com/tidwall/sjson"

	"codex/pkg/jsonrpc"
)

// Bounds of what goes over the wire.
const (
	maxLine     = 64 << 20 // of a client
	maxMessages = 1024     // that it has not read yet; then engines wait
	maxUnread   = 64 << 20
	maxAsks     = 1024             // questions without an answer
	flushWait   = 2 * time.Second  // for a client that has closed its end to read the rest
	metaRequest = "codexRequestId" // in _meta of a call: the id of its request, as JSON text
)

// wire is the client: lines in, lines out. It is the library's transport, but for what the
// library has no types for, which goes past it: questions of ours, their answers, and events.
type wire struct {
	in     io.Reader
	out    *jsonrpc.Writer
	box    *jsonrpc.Outbox
	asks   jsonrpc.Pending[chan answer]
	stderr io.Writer

	leave func() // called when the client's lines have ended: what runs is to end, with its answer
	mu    sync.Mutex
	open  map[sdk.ID]bool // requests that wait for their answer
	none  chan struct{}   // closed when there are none, and none can come

	messages chan sdk.Message
	ended    chan struct{} // the client's lines have ended
	closed   chan struct{}
	close    sync.Once
	written  chan struct{} // what writes has ended
	lost     error         // why writing failed; read it after written

	agent func(client, version string) string // the user agent of requests to the model
	greet sync.Once
	hello sdk.ID       // of the first initialize
	name  gjson.Result // of the client, in it
}

// answer is what a client said to a question.
type answer struct {
	result json.RawMessage
	err    error
}

func newWire(in io.Reader, out, stderr io.Writer) *wire {
	return &wire{in: in, out: jsonrpc.NewWriter(out), box: jsonrpc.NewOutbox(maxMessages, maxUnread, true), stderr: stderr,
		asks:  jsonrpc.Pending[chan answer]{Max: maxAsks, Full: errors.New("too many questions are open")},
		leave: func() {}, open: map[sdk.ID]bool{}, none: make(chan struct{}), messages: make(chan sdk.Message), ended: make(chan struct{}), closed: make(chan struct{}), written: make(chan struct{})}
}

// Connect begins to read and write.
func (w *wire) Connect(context.Context) (mcp.Connection, error) {
	go func() {
		defer close(w.written)
		w.lost = w.box.Run(w.out.WriteLine)
	}()
	go w.read()
	return w, nil
}

// read takes lines until they end. It cannot be stopped while it waits for one: then it
// ends with the process.
func (w *wire) read() {
	defer w.end()
	lines := jsonrpc.NewReader(w.in, maxLine)
	for {
		line, err := lines.ReadLine()
		switch {
		case errors.Is(err, jsonrpc.ErrTooLong):
			fmt.Fprintf(w.stderr, "codex-mcp: passed over a line of more than %d bytes\n", maxLine)
			continue
		case err != nil:
			for _, ask := range w.asks.End(jsonrpc.ErrLost) {
				ask <- answer{err: jsonrpc.ErrLost}
			}
			return
		case len(line) == 0:
			continue
		}
		m, err := jsonrpc.Parse(line)
		if errors.Is(err, jsonrpc.ErrID) {
			w.fail(bytes.Clone(m.ID), jsonrpc.Invalidf("%v", err))
			continue
		}
		if err != nil {
			fmt.Fprintf(w.stderr, "codex-mcp: passed over a line that is no message (%v): %.80q\n", err, line)
			continue
		}
		if msg := w.take(m); msg != nil {
			w.began(msg)
			select {
			case w.messages <- msg:
			case <-w.closed:
				return
			}
		}
	}
}

// end says that no line comes any more.
func (w *wire) end() {
	w.leave()
	w.mu.Lock()
	defer w.mu.Unlock()
	close(w.ended)
	if len(w.open) == 0 {
		close(w.none)
	}
}

func (w *wire) began(m sdk.Message) {
	if r, ok := m.(*sdk.Request); ok && r.IsCall() && r.Method != "subscriptions/listen" { // which lasts
		w.mu.Lock()
		defer w.mu.Unlock()
		w.open[r.ID] = true
	}
}

func (w *wire) answered(id sdk.ID) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.open[id] {
		return
	}
	delete(w.open, id)
	select {
	case <-w.ended:
		if len(w.open) == 0 {
			close(w.none)
		}
	default:
	}
}

// drain waits for the answers to what was asked before the end of the lines: who has closed
// one end may still read at the other.
func (w *wire) drain(ctx context.Context) {
	late := time.NewTimer(grace + flushWait) // an engine has its grace to end a turn
	defer late.Stop()
	select {
	case <-w.none:
	case <-w.closed:
	case <-ctx.Done():
	case <-late.C:
	}
}

// take makes of a line what the library is to see of it: nil for what is not for it.
func (w *wire) take(m jsonrpc.Message) sdk.Message {
	if m.Kind == jsonrpc.KindResponse || m.Kind == jsonrpc.KindFailure {
		if n, ok := jsonrpc.IntID(m.ID); ok {
			if ask, ok := w.asks.Take(n); ok && m.Err != nil {
				ask <- answer{err: m.Err}
			} else if ok {
				ask <- answer{result: append(json.RawMessage(nil), m.Result...)}
			}
		}
		return nil
	}
	r := &sdk.Request{Method: m.Method, Params: append(json.RawMessage(nil), m.Params...)}
	if m.Kind == jsonrpc.KindNotification {
		return r
	}
	var id any
	err := json.Unmarshal(m.ID, &id)
	if err == nil {
		r.ID, err = sdk.MakeID(id)
	}
	if n, ok := jsonrpc.IntID(m.ID); err != nil || ok && r.ID.Raw() != n || !ok && m.ID[0] != '"' { // the library counts in floats
		w.fail(bytes.Clone(m.ID), jsonrpc.Invalidf("the id is no string, and no integer that a double holds"))
		return nil
	}
	switch {
	case !known(m.Method):
		w.fail(m.ID, &jsonrpc.Error{Code: jsonrpc.CodeMethodNotFound, Message: "method not found: " + jsonrpc.Shorten(m.Method),
			Data: map[string]string{"method": jsonrpc.Shorten(m.Method)}})
		return nil
	case m.Method == "initialize":
		again := true
		w.greet.Do(func() {
			again = false
			w.hello, w.name = r.ID, gjson.ParseBytes(r.Params).Get("clientInfo")
		})
		if again {
			w.fail(m.ID, jsonrpc.Invalidf("initialize called more than once"))
			return nil
		}
	case m.Method == "tools/call":
		// The library does not tell a tool the id of its request.
		if p, err := sjson.SetBytes(r.Params, "_meta."+metaRequest, string(m.ID)); err == nil {
			r.Params = p
		}
	}
	return r
}

// known says whether the library has something to say about a method.
func known(method string) bool {
	switch method {
	case "initialize", "ping", "server/discover", "tools/list", "tools/call", "logging/setLevel", "completion/complete",
		"resources/list", "resources/templates/list", "resources/read", "resources/subscribe", "resources/unsubscribe",
		"prompts/list", "prompts/get", "subscriptions/listen":
		return true
	}
	return false
}

func (w *wire) fail(id json.RawMessage, err *jsonrpc.Error) {
	_ = w.send(map[string]any{"jsonrpc": "2.0", "id": id, "error": err}) // a client that is gone needs no answer
}

// Read gives the library its next message.
func (w *wire) Read(ctx context.Context) (sdk.Message, error) {
	select {
	case m := <-w.messages:
		return m, nil
	case <-w.ended:
		w.drain(ctx)
		return nil, io.EOF
	case <-w.closed:
		return nil, io.EOF
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// Write sends a message of the library's.
func (w *wire) Write(_ context.Context, m sdk.Message) error {
	if r, ok := m.(*sdk.Response); ok {
		m = w.mend(r)
		defer w.answered(r.ID)
	}
	line, err := sdk.EncodeMessage(m)
	if err != nil {
		return fmt.Errorf("encode a message: %w", err)
	}
	return w.box.WriteLine(line)
}

// mend gives a response what the library has no member for, or forgets, and takes away the
// content that it writes into a result that asks.
func (w *wire) mend(r *sdk.Response) *sdk.Response {
	result := r.Result
	var err error
	switch {
	case r.ID == w.hello && w.agent != nil && gjson.GetBytes(result, "serverInfo").Exists():
		result, err = sjson.SetBytes(result, "serverInfo.user_agent", w.agent(w.name.Get("name").Str, w.name.Get("version").Str))
	case gjson.GetBytes(result, "inputRequests").Exists() && gjson.GetBytes(result, "content").Type == gjson.Null:
		result, err = sjson.DeleteBytes(result, "content")
	case gjson.GetBytes(result, `_meta.io\.modelcontextprotocol/serverInfo`).Exists() && !gjson.GetBytes(result, "resultType").Exists():
		result, err = sjson.SetBytes(result, "resultType", "complete") // that of a tool that is not there
	}
	if err != nil {
		return r
	}
	return &sdk.Response{ID: r.ID, Result: result, Error: r.Error}
}

func (w *wire) send(v any) error { return w.box.Write(v) }

// Close ends the connection. What is said afterwards is lost.
func (w *wire) Close() error {
	w.close.Do(func() { close(w.closed) })
	return nil
}

// SessionID is that of a connection that needs none.
func (w *wire) SessionID() string { return "" }

// finish writes what is left, as long as the client reads, and gives the error of writing.
func (w *wire) finish() error {
	w.box.Finish()
	late := time.NewTimer(flushWait)
	defer late.Stop()
	select {
	case <-w.written:
		return w.lost
	case <-late.C: // the write that hangs ends with the process
		w.box.Close()
		return nil
	}
}

type notification struct {
	Version string `json:"jsonrpc"`
	Method  string `json:"method"`
	Params  any    `json:"params"`
}

// notify sends a notification. It waits for a client that does not read.
func (w *wire) notify(method string, params any) { _ = w.send(notification{"2.0", method, params}) }

type request struct {
	Version string `json:"jsonrpc"`
	ID      int64  `json:"id"`
	Method  string `json:"method"`
	Params  any    `json:"params"`
}

// ask sends a request and waits for its answer. When ctx ends first, the client is told that
// nobody waits any more.
func (w *wire) ask(ctx context.Context, method string, params any) (json.RawMessage, error) {
	ch := make(chan answer, 1)
	id, err := w.asks.Add(ch)
	if err != nil {
		return nil, err
	}
	if err := w.send(request{"2.0", id, method, params}); err != nil {
		w.asks.Take(id)
		return nil, err
	}
	select {
	case a := <-ch:
		return a.result, a.err
	case <-ctx.Done():
	}
	if _, mine := w.asks.Take(id); mine {
		w.notify("notifications/cancelled", map[string]any{"requestId": id, "reason": "no answer is needed any more"})
	}
	return nil, context.Cause(ctx)
}
