package jsonrpc

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// Sender takes messages for a peer, each whole: a *Writer, which makes a caller wait for
// a slow one, or an *Outbox, which has room for some. Two ends that both write where they
// read wait for each other when the pipe is full: one of them needs an Outbox.
type Sender interface {
	Write(v any) error
	WriteLine(line []byte) error
}

// Options say what a Conn does with what comes. All of it runs in the goroutine that
// reads, in the order of the lines; whoever has to wait starts a goroutine or a Queue.
type Options struct {
	// Raw gets every line before it is parsed, and says whether it took it. It is the
	// way around the decoder for what comes in floods. An error ends Serve.
	Raw func(line []byte) (taken bool, err error)
	// Handle gets requests and notifications. Nil refuses the first and drops the
	// second. An error ends Serve.
	Handle func(r *Request) error
	// Bad hears of a line that is no message, nil for one that was too long. What it
	// returns ends Serve; without it the first such line does.
	Bad func(line []byte, err error) error
	// Lost turns the end of reading (io.EOF or worse) into the error of the calls that
	// wait then, and of all that come; and an error of writing, before the end is seen,
	// into that of the one message.
	Lost func(err error) error
	// Params reads params for Request.Decode.
	Params Decoder

	FirstID  int64 // of calls
	MaxCalls int   // without an answer; further ones get ErrBusy; 0: any number
}

// Errors of calls.
var (
	ErrLost = errors.New("connection closed")
	ErrBusy = Errorf(CodeOverloaded, "Server overloaded; retry later.")
)

// Conn is one end of a pipe, for both directions. It may be used from any goroutine.
type Conn struct {
	opts  Options
	out   Sender
	calls Pending[*Call]
}

// NewConn makes a Conn. It does nothing until Serve or Line is called.
func NewConn(out Sender, o Options) *Conn {
	c := &Conn{opts: o, out: out}
	c.calls.First, c.calls.Max, c.calls.Full = o.FirstID, o.MaxCalls, ErrBusy
	return c
}

// Serve takes lines until they end, and then ends the calls that wait. The error is nil
// at the end of the input.
func (c *Conn) Serve(r *Reader) error {
	err := c.serve(r)
	c.End(c.lost(err))
	if errors.Is(err, io.EOF) {
		return nil
	}
	return err
}

func (c *Conn) lost(err error) error {
	switch {
	case c.opts.Lost != nil:
		return c.opts.Lost(err)
	case errors.Is(err, io.EOF):
		return ErrLost
	}
	return err
}

// write sends a message. When that fails, why the connection ended says more.
func (c *Conn) write(v any) error { return c.wrote(c.out.Write(v)) }

func (c *Conn) wrote(err error) error {
	if err == nil {
		return nil
	}
	if end := c.Err(); end != nil {
		return end
	}
	return c.lost(err)
}

func (c *Conn) serve(r *Reader) error {
	for {
		line, err := r.ReadLine()
		switch {
		case err == nil:
			err = c.Line(line)
		case errors.Is(err, ErrTooLong):
			err = c.bad(nil, err)
		}
		if err != nil {
			return err
		}
	}
}

// Line takes one line. Nothing of it is kept when it returns, but for what a handler
// keeps of a Request.
func (c *Conn) Line(line []byte) error {
	if c.opts.Raw != nil {
		if taken, err := c.opts.Raw(line); taken || err != nil {
			return err
		}
	}
	if len(bytes.TrimSpace(line)) == 0 {
		return nil
	}
	m, err := Parse(line)
	switch {
	case err == nil:
		return c.Message(m)
	case errors.Is(err, ErrID): // somebody waits for an answer
		return c.Fail(json.RawMessage("null"), Errorf(CodeParse, "%v", err))
	}
	return c.bad(line, err)
}

// Message takes one message that somebody else has parsed.
func (c *Conn) Message(m Message) error {
	switch {
	case m.Kind == KindResponse || m.Kind == KindFailure:
		c.answer(m)
		return nil
	case c.opts.Handle != nil:
		m.ID = bytes.Clone(m.ID)
		return c.opts.Handle(&Request{Message: m, Conn: c})
	}
	return c.Fail(m.ID, Errorf(CodeMethodNotFound, "unknown method %s", m.Method))
}

func (c *Conn) bad(line []byte, err error) error {
	if c.opts.Bad == nil {
		return err
	}
	return c.opts.Bad(line, err)
}

// answer hands an answer to its call; nobody may wait for it any more.
func (c *Conn) answer(m Message) {
	id, ok := IntID(m.ID)
	if !ok {
		return
	}
	call, ok := c.calls.Take(id)
	switch {
	case !ok:
	case m.Err != nil:
		call.finish(nil, m.Err)
	default:
		call.finish(m.Result, nil)
	}
}

// End fails the calls that wait, and all that come. Serve does it by itself.
func (c *Conn) End(err error) { fail(c.calls.End(err), err) }

// FailPending fails the calls that wait.
func (c *Conn) FailPending(err error) { fail(c.calls.TakeAll(), err) }

func fail(calls []*Call, err error) {
	for _, call := range calls {
		call.finish(nil, err)
	}
}

// Err is why calls fail since the end; nil before it.
func (c *Conn) Err() error { return c.calls.Err() }

// Pending counts the calls that wait.
func (c *Conn) Pending() int { return c.calls.Len() }

// Call is a request of ours.
type Call struct {
	ID int64

	conn   *Conn
	method string
	then   func(result json.RawMessage, err error) error
	done   chan struct{}
	err    error
}

func (a *Call) finish(result json.RawMessage, err error) {
	a.err = a.then(result, err)
	close(a.done)
}

// Done is closed when the call has its answer.
func (a *Call) Done() <-chan struct{} { return a.done }

// Wait gives the error of the call: the peer's *Error, that of decoding, the end of the
// connection. When ctx ends before, nobody waits for the answer any more.
func (a *Call) Wait(ctx context.Context) error {
	select {
	case <-a.done:
		return a.err
	case <-ctx.Done():
	}
	if _, mine := a.conn.calls.Take(a.ID); mine {
		return fmt.Errorf("%s: %w", a.method, context.Cause(ctx))
	}
	<-a.done // the reader is at it: it writes to where the result goes
	return a.err
}

// Forget gives the answer up: nobody waits for it any more.
func (a *Call) Forget() { a.conn.calls.Take(a.ID) }

// Call sends a request and waits for its answer. The result goes to where result points,
// or to the func(json.RawMessage) error that it is, which sees the raw bytes and must
// not keep them; nil drops it.
func (c *Conn) Call(ctx context.Context, method string, params, result any) error {
	call, err := c.Start(method, params, func(raw json.RawMessage, err error) error {
		if err != nil {
			return err
		}
		if err := decodeResult(raw, result); err != nil {
			return fmt.Errorf("decode the answer to %s: %w", method, err)
		}
		return nil
	})
	if err != nil {
		return err
	}
	return call.Wait(ctx)
}

func decodeResult(raw json.RawMessage, result any) error {
	switch to := result.(type) {
	case nil:
		return nil
	case func(json.RawMessage) error:
		return to(raw)
	}
	return json.Unmarshal(raw, result)
}

// Start sends a request and does not wait. Its answer goes to then, once, in the reader's
// goroutine and in the order of the lines, or at the end in that of who ended; the raw
// bytes are valid only there. What it returns is the error of Wait.
func (c *Conn) Start(method string, params any, then func(result json.RawMessage, err error) error) (*Call, error) {
	call := &Call{conn: c, method: method, then: then, done: make(chan struct{})}
	id, err := c.calls.Add(call)
	if err != nil {
		return nil, err
	}
	call.ID = id
	if err := c.write(request{method, id, params}); err != nil {
		if _, mine := c.calls.Take(id); mine {
			return nil, err
		}
	}
	return call, nil
}

// Notify sends a notification.
func (c *Conn) Notify(method string, params any) error {
	return c.write(notification{method, params})
}

// Respond answers a request, with a json.RawMessage as it is: it must be one line. A nil
// id means that nobody asked: nothing is written.
func (c *Conn) Respond(id json.RawMessage, result any) error {
	if id == nil {
		return nil
	}
	if raw, ok := result.(json.RawMessage); ok { // that of another connection, which may be large
		return c.wrote(c.out.WriteLine(answerLine(id, raw)))
	}
	return c.write(response{id, result})
}

// TryRespond is Respond for one who must not wait; false if it would have to.
func (c *Conn) TryRespond(id, result json.RawMessage) bool {
	if id == nil {
		return true
	}
	out, ok := c.out.(*Writer)
	return ok && out.TryLine(answerLine(id, result))
}

func answerLine(id, result json.RawMessage) []byte {
	line := make([]byte, 0, len(result)+len(id)+21)
	line = append(append(line, `{"id":`...), id...)
	line = append(append(line, `,"result":`...), result...)
	return append(line, '}')
}

// Fail answers a request with an error. A nil id means that nobody asked.
func (c *Conn) Fail(id json.RawMessage, err error) error {
	if id == nil {
		return nil
	}
	return c.write(failure{AsError(err), id})
}
