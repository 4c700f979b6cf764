package responses

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/tidwall/gjson"
)

// stream is one answer being read.
type stream struct {
	c       *Client
	sc      *scanner
	onMeta  func(Meta)
	onEvent func(Event) error
	failure *Error // from failed or incomplete, raised when the stream ends
	line    []byte
	busy    *bool // told of each event, for the idle clock
}

// callerError is what a callback returned: it goes back to the caller as it is.
type callerError struct{ error }

// run reads to response.completed (nil), or to the end of the stream. The error is a
// callerError, an *Error, or the reader's own.
func (s *stream) run() error {
	for {
		data, err := s.sc.next()
		switch {
		case err == nil:
		case err == io.EOF && s.failure != nil:
			return s.failure
		case err == io.EOF:
			return disconnected("stream closed before response.completed")
		case errors.Is(err, errEventTooLong):
			return disconnected(err.Error())
		default:
			return err
		}
		*s.busy = true
		done, err := s.event(data)
		if done || err != nil {
			return err
		}
	}
}

func (s *stream) event(data []byte) (done bool, err error) {
	typ := eventType(data)
	if typ == nil {
		return false, nil
	}
	if s.c.ep.Record != nil {
		if err := s.record(data); err != nil {
			return false, err
		}
	}
	skip := s.c.Skip != nil && s.c.Skip(typ)
	own := ownType(typ)
	if skip && !own {
		return false, nil
	}
	if !wellFormed(typ, data) {
		return false, nil
	}
	if own {
		switch string(typ) {
		case "response.completed":
			done = true
		case "response.failed":
			s.failure = failedError(data)
		case "response.incomplete":
			s.failure = incompleteError(data)
		case "codex.response.metadata":
			if s.sc.lines {
				s.onMeta(ParseMeta(headers(gjson.GetBytes(data, "headers"))))
			}
		case "error":
			if status := gjson.GetBytes(data, "status").Int(); s.sc.lines && status >= 300 {
				return false, s.wrapped(int(status), data)
			}
		}
		if skip {
			return done, nil
		}
	}
	if err := s.onEvent(Event{Type: known(typ), Data: data}); err != nil {
		return false, callerError{err}
	}
	return done, nil
}

// ownType says whether the client itself acts on a type.
func ownType(typ []byte) bool {
	switch string(typ) {
	case "response.completed", "response.failed", "response.incomplete", "codex.response.metadata", "error":
		return true
	}
	return false
}

// wrapped makes of an error event what its HTTP answer would have been: a command has no
// status line, so it speaks as the API's websocket does, with the status and the headers
// in the event (turn spec §1.6).
func (s *stream) wrapped(status int, data []byte) error {
	h := headers(gjson.GetBytes(data, "headers"))
	var body []byte
	switch e := gjson.GetBytes(data, "error"); {
	case gjson.GetBytes(data, "body").Exists():
		b := gjson.GetBytes(data, "body")
		if body = []byte(b.Raw); b.Type == gjson.String {
			body = []byte(b.Str)
		}
	case e.Exists():
		body = []byte(`{"error":` + e.Raw + `}`)
	}
	return s.c.statusError(status, h, body, s.c.ep.Command[0])
}

func headers(obj gjson.Result) http.Header {
	h := http.Header{}
	obj.ForEach(func(k, v gjson.Result) bool {
		h.Add(k.String(), v.String())
		return true
	})
	return h
}

// record writes the event as one line. Newlines in it can only stand between tokens.
func (s *stream) record(data []byte) error {
	if !gjson.ValidBytes(data) {
		return nil
	}
	s.line = append(append(s.line[:0], data...), '\n')
	for b := s.line[:len(data)]; ; {
		i := bytes.IndexAny(b, "\r\n")
		if i < 0 {
			break
		}
		b[i] = ' '
		b = b[i+1:]
	}
	if _, err := s.c.ep.Record.Write(s.line); err != nil {
		return callerError{fmt.Errorf("record event: %w", err)}
	}
	return nil
}

var errIdle = errors.New("idle timeout waiting for SSE")

// idle ends a context when the time between two events is over.
type idle struct {
	d     time.Duration
	timer *time.Timer
	busy  bool // an event came since the last read
}

func newIdle(d time.Duration, cancel context.CancelCauseFunc) *idle {
	w := &idle{d: d}
	if d > 0 {
		w.timer = time.AfterFunc(d, func() { cancel(errIdle) })
	}
	return w
}

func (w *idle) stop() {
	if w.timer != nil {
		w.timer.Stop()
	}
}

// restart is called before a read that may block. Touching the timer for each event
// would cost more than reading the event.
func (w *idle) restart() {
	if w.busy && w.timer != nil {
		w.timer.Reset(w.d)
	}
	w.busy = false
}

// waiting is what a scanner calls before each read.
func (c *Client) waiting(w *idle) func() {
	f, ok := c.ep.Record.(interface{ Flush() error })
	if !ok {
		return w.restart
	}
	return func() {
		w.restart()
		f.Flush() // its error comes back from the next Write
	}
}
