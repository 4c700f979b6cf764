package mcp

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"sync"
	"unicode/utf8"

	"github.com/modelcontextprotocol/go-sdk/jsonrpc"
	sdk "github.com/modelcontextprotocol/go-sdk/mcp"
	"github.com/tidwall/gjson"
	"github.com/tidwall/sjson"

	lines "codex/pkg/jsonrpc"
)

const (
	// maxMessage bounds one message of a server: an image of 20 MiB fits.
	maxMessage = 32 << 20
	// maxStray is how many lines that are no messages may come one after the other.
	maxStray = 10_000
	// shownStray is how many of them the log gets.
	shownStray = 5
	// shownAnswer is how much an error says of an answer that cannot be read.
	shownAnswer = 200
	// maxUnread and maxUnreadBytes bound what a program has not read yet: one that is sent
	// more is given up.
	maxUnread      = 256
	maxUnreadBytes = 2 * maxMessage
)

// lineConn is the program's end of the protocol. Lines that are no messages are skipped: a
// banner harms nobody.
type lineConn struct {
	p     *process
	in    *lines.Reader
	out   *lines.Outbox
	log   func(format string, args ...any)
	name  string
	waits *waits
	calls lines.Pending[*direct]
	// progress takes what a server says of a call: at once, since the library may come to
	// it after the call's answer.
	progress func(params json.RawMessage)
	stray    int // since the last message
	shown    int
}

func (c *Client) newLineConn(p *process) *lineConn {
	l := &lineConn{p: p, in: lines.NewReader(&body{ReadCloser: p.stdout, events: true}, maxMessage), out: lines.NewOutbox(maxUnread, maxUnreadBytes, false),
		log: c.opts.log, name: c.server.Name, waits: newWaits(), progress: c.progress.line}
	l.calls.First = firstDirect
	l.out.Begin = lines.Begin(p.stdin)
	go func() { // ends with the connection
		_ = l.out.Run(func(line []byte) error {
			_, err := p.stdin.Write(line)
			return err
		}) // whether it failed or was given up
		p.end() // it reads no more: nothing would answer
	}()
	return l
}

// Connect implements sdk.Transport: the process runs already.
func (c *lineConn) Connect(context.Context) (sdk.Connection, error) { return c, nil }

// Read implements sdk.Connection. Closing the process's output ends it.
func (c *lineConn) Read(context.Context) (jsonrpc.Message, error) {
	msg, err := c.read()
	if err != nil {
		c.end(err)
	}
	return msg, err
}

func (c *lineConn) read() (jsonrpc.Message, error) {
	for {
		line, err := c.in.ReadLine()
		switch {
		case errors.Is(err, lines.ErrTooLong), errors.Is(err, errTooLong):
			return nil, errTooLong
		case err != nil:
			return nil, io.EOF
		}
		msg, ok := c.message(line)
		if ok {
			c.stray = 0
		} else if c.stray++; c.stray > maxStray {
			return nil, fmt.Errorf("it sent %d lines that are no messages", maxStray)
		} else {
			if c.shown++; c.shown <= shownStray && len(line) > 0 {
				c.log("%s: not a message: %s", c.name, line[:min(len(line), maxStderr)])
			}
			msg, _ = c.message(failed(line))
		}
		if r, ok := msg.(*jsonrpc.Request); ok && r.Method == "notifications/progress" {
			c.progress(r.Params)
			continue
		}
		if msg != nil {
			return msg, nil
		}
	}
}

// failed is the error that stands for an answer which cannot be read, so that its call does not
// wait its time out; nil for a line that seems to be none, such as one of a log.
func failed(line []byte) []byte {
	if len(line) == 0 || line[0] != '{' || !gjson.GetBytes(line, "jsonrpc").Exists() || gjson.GetBytes(line, "method").Exists() {
		return nil
	}
	id, err := strconv.ParseInt(gjson.GetBytes(line, "id").String(), 10, 64)
	if err != nil {
		return nil
	}
	text, err := json.Marshal("the server's answer is no message of JSON-RPC: " + string(line[:min(len(line), shownAnswer)]))
	if err != nil {
		return nil
	}
	return fmt.Appendf(nil, `{"jsonrpc":"2.0","id":%d,"error":{"code":%d,"message":%s}}`, id, lines.CodeParse, text)
}

// numbered gives an answer whose id is the text of a number that number: all ids of ours are.
func numbered(m lines.Message, line []byte) (lines.Message, []byte) {
	id := gjson.ParseBytes(m.ID)
	if m.Kind != lines.KindResponse && m.Kind != lines.KindFailure || id.Type != gjson.String {
		return m, line
	}
	n, err := strconv.ParseInt(id.Str, 10, 64)
	if err != nil {
		return m, line
	}
	m.ID = strconv.AppendInt(nil, n, 10)
	if patched, err := sjson.SetRawBytes(line, "id", m.ID); err == nil {
		line = patched
	}
	return m, line
}

// message decodes a line; false for one that is no message, nil for one that is not the
// library's.
func (c *lineConn) message(line []byte) (jsonrpc.Message, bool) {
	m, err := lines.Parse(line)
	if err != nil && !utf8.Valid(line) { // of a program that writes another code page
		line = bytes.ToValidUTF8(line, []byte("\uFFFD"))
		m, err = lines.Parse(line)
	}
	if err != nil || m.Kind == lines.KindInvalid {
		return nil, false
	}
	if m, line = numbered(m, line); c.answer(m) {
		return nil, true
	}
	if !gjson.GetBytes(line, "jsonrpc").Exists() {
		return nil, false
	}
	msg, err := jsonrpc.DecodeMessage(known(bytes.Clone(line)))
	if err != nil {
		return nil, false
	}
	if r, ok := msg.(*jsonrpc.Response); ok {
		c.waits.answer(r)
	}
	return msg, true
}

// known replaces a protocol version that the library refuses: what a server says beside it
// has always been enough.
func known(line []byte) []byte {
	v := gjson.GetBytes(line, "result.protocolVersion")
	if v.Type != gjson.String || slices.Contains(sdk.SupportedProtocolVersions(), v.Str) {
		return line
	}
	if patched, err := sjson.SetBytes(line, "result.protocolVersion", legacyVersion); err == nil {
		return patched
	}
	return line
}

// Write implements sdk.Connection. It does not wait for the program to read: the library holds
// to the time of a call only once it has written.
func (c *lineConn) Write(ctx context.Context, msg jsonrpc.Message) error {
	line, err := jsonrpc.EncodeMessage(msg)
	if err != nil {
		return fmt.Errorf("encode message: %w", err)
	}
	if r, ok := msg.(*jsonrpc.Request); ok && r.IsCall() {
		c.waits.sent(ctx, r.ID)
	}
	return c.writeLine(line)
}

func (c *lineConn) writeLine(line []byte) error {
	err := c.out.WriteLine(append(line, '\n'))
	if err != nil {
		c.p.stdin.Close() // who writes to it fails, and ends the program
	}
	return err
}

// Close implements sdk.Connection: it ends the program.
func (c *lineConn) Close() error {
	c.out.Close()
	c.p.end()
	return nil
}

// SessionID implements sdk.Connection.
func (c *lineConn) SessionID() string { return "" }

// waits knows which bytes answered which call.
type waits struct {
	mu    sync.Mutex
	calls map[jsonrpc.ID]*capture
}

// capture takes the result of a call as it came.
type capture struct {
	mu   sync.Mutex
	raw  json.RawMessage
	sent bool // the request has left
}

type captureKey struct{}

func (c *capture) set(raw json.RawMessage) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.raw = raw
}

func (c *capture) left() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.sent = true
}

func (c *capture) hasLeft() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.sent
}

func (c *capture) get() json.RawMessage {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.raw
}

func (w *waits) sent(ctx context.Context, id jsonrpc.ID) {
	c, ok := ctx.Value(captureKey{}).(*capture)
	if !ok {
		return
	}
	c.left()
	w.mu.Lock()
	defer w.mu.Unlock()
	w.calls[id] = c
	context.AfterFunc(ctx, func() { w.take(id) })
}

func (w *waits) take(id jsonrpc.ID) *capture {
	w.mu.Lock()
	defer w.mu.Unlock()
	c := w.calls[id]
	delete(w.calls, id)
	return c
}

func (w *waits) answer(r *jsonrpc.Response) {
	if c := w.take(r.ID); c != nil && r.Error == nil {
		c.set(r.Result)
	}
}

func newWaits() *waits { return &waits{calls: map[jsonrpc.ID]*capture{}} }
