package responses

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/tidwall/gjson"

	"codex/pkg/jsonrpc"
)

// stream is one answer being read.
type stream struct {
	c       *Client
	watched watched
	sc      *scanner
	ans     assembler
	onMeta  func(Meta)
	onEvent func(Event) error
	where   string // the address, for errors
	content string // what the answer says it is
	line    []byte
	came    bool   // an event
	other   string // type of the first event, while none of the API has come
	words   string // the last data that is no event
	short   bool   // the stream ended before the response, with no other reason
}

// callerError is what a callback returned: it goes back to the caller as it is.
type callerError struct{ error }

// run reads to the end of the response (nil), or to the end of the stream. The error is
// a callerError, an *Error, or the reader's own.
func (s *stream) run() error {
	defer s.watched.over()
	for {
		data, err := s.sc.next()
		switch {
		case err == nil:
		case err == io.EOF:
			return s.brokeOff(s.closed())
		case errors.Is(err, errEventTooLong):
			return s.brokeOff(disconnected(err.Error()))
		default:
			return s.brokeOff(err)
		}
		done, err := s.event(data)
		if done || err != nil {
			return err
		}
	}
}

// brokeOff tells of a stream that breaks off.
func (s *stream) brokeOff(err error) error {
	s.watched.failed("", err)
	return err
}

// closed is for a stream that ended too early, or was none.
func (s *stream) closed() error {
	switch {
	case s.ans.unread != nil:
		return disconnected("stream closed before response.completed, after " + strings.TrimPrefix(s.ans.unread.Message, textDisconnected))
	case s.other != "":
		return disconnected("no event of the Responses API came; the first is of type " + shown(s.other))
	case s.words != "":
		return disconnected("stream closed before response.completed: " + s.words)
	case s.came && len(s.sc.stray) > 0:
		return disconnected("stream closed before response.completed: " + shown(string(s.sc.stray)))
	case s.came || len(s.sc.stray) == 0:
		s.short = true
		return disconnected("stream closed before response.completed")
	case strings.HasPrefix(gjson.GetBytes(s.sc.stray, "object").Str, "chat.completion"):
		return &Error{Message: "the answer is one of the Chat Completions API; base_url must lead to a server of the Responses API", Kind: KindOther}
	}
	what := "is no event stream: "
	if t, _, _ := strings.Cut(s.content, ";"); t != "" && t != "text/event-stream" {
		what = "is no event stream but " + shown(t) + ": "
	}
	return disconnected("the answer " + what + shown(readable(s.sc.stray)))
}

// event takes the data of one event. An event that can't be read is passed over, since
// most mean nothing; at the end it is an error if it may have been an item.
func (s *stream) event(data []byte) (done bool, err error) {
	data = bytes.TrimLeft(data, " \t\r\n")
	if f := &s.ans.frame; s.c.ep.Record == nil {
		if ok, sound := f.take(data); ok {
			if s.watched.o != nil {
				s.watched.came([]byte(f.typ))
			}
			return s.delta(f.typ, data, f.skip, sound)
		}
	}
	typ := eventType(data)
	if typ == nil {
		if len(data) == 0 || data[0] != '{' && data[0] != '[' || string(data) == "[DONE]" {
			return s.text(data)
		}
		if n := s.sc.name; !bytes.HasPrefix(n, []byte("response.")) && string(n) != "error" || data[0] != '{' || !whole(data) {
			return s.untyped(data)
		}
		typ = s.sc.name
		data = set(data, "type", `"`+string(typ)+`"`)
	}
	switch {
	case ofAPI(typ):
		s.other = ""
	case !s.came:
		s.other = string(typ)
	}
	s.came, s.words, s.sc.stray = true, "", s.sc.stray[:0]
	if s.watched.o != nil {
		s.watched.came(typ)
	}
	if s.c.ep.Record != nil {
		if err := s.record(data); err != nil {
			return false, err
		}
	}
	skip := s.c.Skip != nil && s.c.Skip(typ)
	if bytes.HasSuffix(typ, []byte(".delta")) {
		if s.ans.note(typ, data, skip); skip {
			return false, nil
		}
		return s.delta(s.ans.frame.typ, data, skip, false)
	}
	if skip && !ownType(typ) {
		return false, nil
	}
	data, typ = repaired(data), repaired(typ)
	if !jsonrpc.Valid(data) {
		s.ans.lost(unreadable(data))
		return false, nil
	}
	return s.checked(string(typ), data)
}

// text takes data that is no JSON: a keep-alive, the mark after which nothing comes, or the
// words of a server that can't answer.
func (s *stream) text(data []byte) (done bool, err error) {
	switch words := shown(string(data)); {
	case string(data) == "[DONE]":
		if s.ans.any() {
			return s.event([]byte(`{"type":"response.completed","response":{}}`))
		}
	case string(s.sc.name) == "error":
		return s.event([]byte(`{"type":"error","message":` + string(jsonrpc.Quote(words)) + `}`))
	default:
		s.words = words
	}
	return false, nil
}

// delta takes one of the many events of a text. One that can't be read is passed over:
// the text comes again, or is found to be broken at the end.
func (s *stream) delta(typ string, data []byte, skip, sound bool) (done bool, err error) {
	if skip {
		return false, nil
	}
	if !sound {
		if data, typ = repaired(data), valid(typ); !jsonrpc.Valid(data) {
			return false, nil
		}
		s.ans.frame.sound = true // if it was taken from this event
	}
	return false, s.hand(Event{Type: typ, Data: data})
}

// checked takes an event that has been found to be JSON.
func (s *stream) checked(typ string, data []byte) (done bool, err error) {
	switch typ {
	case eventDone:
		if e, ok := s.ans.done(data); ok {
			return false, s.show(e)
		}
		return false, nil
	case "response.completed", "response.done":
		return true, s.completed(data)
	case "response.incomplete":
		return true, s.incomplete(data)
	case "response.failed", "response.cancelled":
		return true, s.end(typ, data, failedError(typ, data))
	case "error", "response.error":
		return true, s.end(typ, data, s.failed(data))
	case "codex.response.metadata":
		if s.sc.lines {
			s.onMeta(ParseMeta(headers(gjson.GetBytes(data, "headers"))))
		}
	default:
		if fault([]byte(typ)) {
			return true, s.end("error", data, s.failed(data))
		}
		s.ans.noteWhole(typ, data)
	}
	return false, s.show(Event{Type: typ, Data: data})
}

// show hands an event on that somebody wants.
func (s *stream) show(e Event) error {
	if s.c.Skip != nil && s.c.Skip([]byte(e.Type)) {
		return nil
	}
	return s.hand(e)
}

func (s *stream) hand(e Event) error {
	if err := s.onEvent(e); err != nil {
		return callerError{err}
	}
	return nil
}

// end hands an event on that ends the response, and gives its error.
func (s *stream) end(typ string, data []byte, e *Error) error {
	s.watched.failed(typ, e)
	if string(eventType(data)) != typ {
		data = set(data, "type", `"`+typ+`"`)
	}
	if err := s.show(Event{Type: typ, Data: data}); err != nil {
		return err
	}
	e.patient()
	return e
}

// completed ends a response that is whole, after the items that no event was sent for.
func (s *stream) completed(data []byte) error {
	if r := gjson.ParseBytes(data); r.Get("output").IsArray() && !r.Get("response").Exists() { // the response itself
		data = []byte(`{"type":"response.completed","response":` + r.Raw + `}`)
	}
	response := gjson.GetBytes(data, "response")
	e := response.Get("error")
	switch status := response.Get("status").Str; {
	case status == "failed" || status == "cancelled" || e.IsObject() || e.Type == gjson.String && e.Str != "":
		return s.end("response.failed", data, failedError("response.failed", data))
	case status == "incomplete":
		return s.incomplete(data)
	}
	if err := s.rest(response, false); err != nil {
		return err
	}
	if s.ans.blind != nil && len(s.ans.items) == 0 {
		return s.ans.blind
	}
	if s.ans.unread != nil {
		return s.ans.unread
	}
	if string(eventType(data)) != "response.completed" {
		data = set(data, "type", `"response.completed"`)
	}
	return s.show(Event{Type: "response.completed", Data: data})
}

// incomplete ends a response that was cut off: what there is of a message is an answer.
func (s *stream) incomplete(data []byte) error {
	response := gjson.GetBytes(data, "response")
	if err := s.rest(response, true); err != nil {
		return err
	}
	return s.end("response.incomplete", data, incompleteError(response))
}

func (s *stream) rest(response gjson.Result, cut bool) error {
	for _, e := range s.ans.rest(response, cut) {
		if err := s.show(e); err != nil {
			return err
		}
	}
	return nil
}

// failed is the error of an error event. It may be what its HTTP answer would have been,
// with a status: so the API's websocket speaks, and a command, which has no status line.
func (s *stream) failed(data []byte) *Error {
	if status := gjson.GetBytes(data, "status").Int(); status >= 300 && status < 1000 {
		return s.wrapped(int(status), data)
	}
	w, _ := reasonIn(gjson.ParseBytes(data))
	if w.typ == "error" {
		w.typ = ""
	}
	return w.failure("error event received")
}

// untyped takes JSON that is no event: the whole response of a server that doesn't
// stream, or an error in a stream's place or in the midst of it.
func (s *stream) untyped(data []byte) (done bool, err error) {
	if data = repaired(data); !jsonrpc.Valid(data) {
		s.ans.lost(unreadable(data))
		return false, nil
	}
	r := gjson.ParseBytes(data)
	if r.IsArray() {
		r = r.Get("0")
	}
	if output := r.Get("output"); output.IsArray() && (len(output.Array()) > 0 || r.Get("status").Exists()) {
		return s.event([]byte(`{"type":"response.completed","response":` + r.Raw + `}`))
	}
	w, ok := reasonIn(r)
	if e := r.Get("error"); r.IsObject() && (ok && !s.came || e.IsObject() || e.Type == gjson.String) {
		return s.event(set([]byte(r.Raw), "type", `"error"`))
	}
	s.sc.stray = append(s.sc.stray[:0], data[:min(len(data), maxStray)]...)
	if s.came && w.message != "" {
		s.words = shown(w.message)
	}
	return false, nil
}

// ofAPI says whether a type is one of the Responses API.
func ofAPI(typ []byte) bool {
	return bytes.HasPrefix(typ, []byte("response.")) || bytes.HasPrefix(typ, []byte("codex.")) || string(typ) == "error"
}

// fault says whether a type that the API does not have is about an error.
func fault(typ []byte) bool {
	if ofAPI(typ) {
		return false
	}
	typ = bytes.ToLower(typ)
	return bytes.HasSuffix(typ, []byte("error")) || bytes.HasSuffix(typ, []byte("exception"))
}

// unreadable is for what was damaged on its way; it may come whole the next time.
func unreadable(data []byte) *Error {
	return disconnected("an event that can't be read: " + cut(valid(string(data[:min(len(data), 200)])), 100))
}

// ownType says whether the client itself acts on a type.
func ownType(typ []byte) bool {
	switch string(typ) {
	case "response.completed", "response.done", "response.failed", "response.cancelled", "response.incomplete", "codex.response.metadata", "error", "response.error":
		return true
	case eventAdded, eventDone, "response.output_text.done", "response.refusal.done", "response.content_part.done",
		"response.content_part.added", "response.function_call_arguments.done", "response.custom_tool_call_input.done":
		return true
	}
	return fault(typ)
}

// wrapped makes of an error event what its HTTP answer would have been, with the status
// and the headers in the event.
func (s *stream) wrapped(status int, data []byte) *Error {
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
	return s.c.statusError(status, h, body, s.where)
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
	if data = repaired(data); !jsonrpc.Valid(data) {
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

// idle ends a context when nothing has come for a while.
type idle struct {
	d     time.Duration
	timer *time.Timer
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

// restart is called before each read that may block: whatever came, a comment too, is a
// sign of life.
func (w *idle) restart() {
	if w.timer != nil {
		w.timer.Reset(w.d)
	}
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
