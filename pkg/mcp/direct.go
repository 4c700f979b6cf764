package mcp

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"strconv"

	sdk "github.com/modelcontextprotocol/go-sdk/mcp"

	lines "codex/pkg/jsonrpc"
)

// firstDirect is the first id of calls that go beside the library, whose own begin at 1. Ids
// of 32 bits are what every program takes.
const firstDirect = 1_000_000_000

// modern is the revision of the protocol from which a call may take several requests: those
// go through the library.
const modern = "2026-07-28"

// direct is a call of a tool at a program, beside the library: a request and its answer is all
// that there is to it, and the way through the library is most of what a call costs.
type direct struct {
	then  func(result json.RawMessage, err error)
	stop  func()        // of its time
	begun chan struct{} // stop is set: the connection may end before, and take the call
}

func (d *direct) finish(raw json.RawMessage, err error) {
	<-d.begun
	d.stop()
	d.then(raw, err)
}

// Start begins a call of a tool that needs nobody who waits: then gets the raw result, which
// is valid only there, in the goroutine that reads from the server, or the error. False is a
// server for which there is no such way now: Call is for all.
func (c *Client) Start(call Call, then func(result json.RawMessage, err error)) (cancel func(why error), ok bool) {
	ss, err := c.last()
	if err != nil || ss.lines == nil || ss.InitializeResult().ProtocolVersion >= modern {
		return nil, false
	}
	token := c.tokens.Add(1)
	params, err := callParams(token, call)
	if err != nil {
		return nil, false
	}
	l, d := ss.lines, &direct{then: then, begun: make(chan struct{})}
	id, err := l.calls.Add(d)
	if err != nil {
		return nil, false
	}
	cancel = func(why error) {
		if d, mine := l.calls.Take(id); mine {
			_ = l.writeLine(fmt.Appendf(nil, `{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":%d,"reason":"nobody waits any more"}}`, id)) // who has gone needs not know
			d.finish(nil, why)
		}
	}
	unlisten := c.progress.listen(token, call.Progress)
	stop := c.limits.begin(c.server.Call, func() { cancel(&TimeoutError{"awaiting tools/call", c.server.Call}) })
	d.stop = func() { stop(); unlisten() }
	close(d.begun)
	line := make([]byte, 0, len(params)+64)
	line = strconv.AppendInt(append(line, `{"jsonrpc":"2.0","id":`...), id, 10)
	line = append(append(append(line, `,"method":"tools/call","params":`...), params...), '}')
	if err := l.writeLine(line); err != nil {
		cancel(err)
	}
	return cancel, true
}

// startAndWait is Start for one who waits.
func (c *Client) startAndWait(ctx context.Context, call Call) (result json.RawMessage, err error, ok bool) {
	done := make(chan error, 1)
	cancel, ok := c.Start(call, func(raw json.RawMessage, err error) {
		result = bytes.Clone(raw)
		done <- err
	})
	if !ok {
		return nil, nil, false
	}
	select {
	case err = <-done:
	case <-ctx.Done():
		cancel(context.Cause(ctx))
		err = <-done
	}
	return result, err, true
}

// answer takes the answer to a direct call; false for any other message.
func (c *lineConn) answer(m lines.Message) bool {
	if m.Kind != lines.KindResponse && m.Kind != lines.KindFailure {
		return false
	}
	id, ok := lines.IntID(m.ID)
	if !ok || id < firstDirect {
		return false
	}
	d, ok := c.calls.Take(id)
	switch {
	case !ok: // nobody waits any more
	case m.Err != nil:
		data, _ := m.Err.Data.(json.RawMessage)
		d.finish(nil, &WireError{Code: int64(m.Err.Code), Message: m.Err.Message, Data: data})
	default:
		d.finish(m.Result, nil)
	}
	return true
}

// end fails the direct calls that wait, and all that come.
func (c *lineConn) end(why error) {
	why = fmt.Errorf("%w: %w", sdk.ErrConnectionClosed, why)
	for _, d := range c.calls.End(why) {
		d.finish(nil, why)
	}
}

// callParams are the params of tools/call.
func callParams(token int64, call Call) (json.RawMessage, error) {
	name, err := lines.Marshal(call.Tool)
	if err != nil {
		return nil, err
	}
	b := strconv.AppendInt([]byte(`{"_meta":{"progressToken":`), token, 10)
	if rest, ok := bytes.CutPrefix(call.Meta, []byte("{")); ok && len(bytes.TrimSpace(rest)) > 1 {
		b = append(append(b, ','), rest...)
	} else {
		b = append(b, '}')
	}
	b = append(append(b, `,"name":`...), name...)
	if call.Arguments != nil {
		b = append(append(b, `,"arguments":`...), call.Arguments...)
	}
	return oneLine(append(b, '}'))
}

// oneLine gives JSON without the ends of lines that it may have between its parts.
func oneLine(raw json.RawMessage) (json.RawMessage, error) {
	if !bytes.ContainsAny(raw, "\n\r") {
		return raw, nil
	}
	var one bytes.Buffer
	if err := json.Compact(&one, raw); err != nil {
		return nil, fmt.Errorf("put JSON on one line: %w", err)
	}
	return one.Bytes(), nil
}
