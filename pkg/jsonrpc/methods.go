package jsonrpc

import (
	"bytes"
	"errors"
)

// Request is a request or a notification of the peer. Its ID is its own, its params are
// part of the line: valid until the handler returns, or after Own.
type Request struct {
	Message
	Conn *Conn

	before, after []func()
}

// ErrLater is returned by a handler that answers, or has answered, by itself.
var ErrLater = errors.New("answered later")

// Own copies the params, for a handler that needs them later.
func (r *Request) Own() { r.Params = bytes.Clone(r.Params) }

// Decode reads the params with the Decoder of the connection.
func (r *Request) Decode(v any) error { return r.Conn.opts.Params.Decode(r.Method, r.Params, v) }

// Before has f run just before the answer is sent, whatever it is.
func (r *Request) Before(f func()) { r.before = append(r.before, f) }

// After has f run when the answer is sent, unless that is an error. It runs too when the
// answer cannot be written: what was begun goes on, and ends as the connection does.
func (r *Request) After(f func()) { r.after = append(r.after, f) }

// Reply answers: with err if there is one, but for ErrLater. A notification has no
// answer. The error is that of writing.
func (r *Request) Reply(result any, err error) error {
	if errors.Is(err, ErrLater) {
		return nil
	}
	for _, f := range r.before {
		f()
	}
	if err != nil {
		return r.Conn.Fail(r.ID, err)
	}
	err = r.Conn.Respond(r.ID, result)
	for _, f := range r.after {
		f()
	}
	return err
}

// Method is how a request is answered: one row of a table by name. R is *Request, or a
// type of the program's own.
type Method[R any] struct {
	Run func(r R) (any, error)
	// Key names the Queue in which requests keep their order; nil: they need none.
	Key func(r R) string
	// Experimental methods need the client's experimentalApi capability.
	Experimental bool
}

// With makes a Method.Run of a handler that gets its params decoded.
func With[R interface{ Decode(v any) error }, P any](f func(r R, p *P) (any, error)) func(r R) (any, error) {
	return func(r R) (any, error) {
		p := new(P)
		if err := r.Decode(p); err != nil {
			return nil, err
		}
		return f(r, p)
	}
}

// OneQueue is the Key of requests that all share one queue.
func OneQueue[R any](key string) func(R) string { return func(R) string { return key } }
