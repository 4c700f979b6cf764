package script

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"

	"github.com/tidwall/gjson"

	"codex/pkg/jsonrpc"
	"codex/pkg/responses"
)

// ExitError is how a script says that the command ends.
type ExitError struct {
	Status  int
	Message string // for stderr
}

func (e *ExitError) Error() string { return e.Message }

// ExitCode is the status for the process.
func (e *ExitError) ExitCode() int { return e.Status }

// Replay answers one request on w, an event a line. The request alone says which answer
// it gets (see Script.Pick). An answer that is an HTTP error becomes an error event with
// the status in it, and an *ExitError.
func Replay(ctx context.Context, s *Script, body []byte, w io.Writer) error {
	r := ReadRequest(body)
	t, err := s.Pick(r)
	if err != nil {
		return err
	}
	out := &lineSink{w: bufio.NewWriterSize(w, 64<<10)}
	p := player{ctx: ctx, turn: t, n: r.Responses + 1, out: out, sleep: responses.Sleep}
	switch {
	case t.Status != 0:
		if err := p.pause(t.BeforeMS); err != nil {
			return err
		}
		if err := out.event("error", errorEvent(t)); err != nil {
			return err
		}
		if err := out.flush(); err != nil {
			return err
		}
		return &ExitError{Status: max(1, t.Exit), Message: cmp.Or(t.Stderr, fmt.Sprintf("the script answers with status %d", t.Status))}
	case len(t.Headers) > 0:
		if err := out.event("", []byte(`{"type":"codex.response.metadata","headers":`+headerJSON(t.Headers)+`}`)); err != nil {
			return err
		}
	}
	if err := p.play(t.Raw); err != nil {
		return err
	}
	if t.Exit != 0 || t.Stderr != "" {
		return &ExitError{Status: t.Exit, Message: t.Stderr}
	}
	return nil
}

// errorEvent is an HTTP error as the API's websocket would say it.
func errorEvent(t *Turn) []byte {
	e := `{"type":"error","status":` + strconv.Itoa(t.Status)
	if inner := gjson.GetBytes(t.Body, "error"); inner.IsObject() {
		e += `,"error":` + compact(json.RawMessage(inner.Raw))
	}
	if t.Body != nil {
		e += `,"body":` + compact(t.Body)
	}
	if len(t.Headers) > 0 {
		e += `,"headers":` + headerJSON(t.Headers)
	}
	return []byte(e + "}")
}

func headerJSON(h Headers) string {
	b, _ := jsonrpc.Marshal(h) // texts can always be encoded
	return string(b)
}

// lineSink writes events as lines.
type lineSink struct{ w *bufio.Writer }

func (l *lineSink) event(_ string, data []byte) error {
	l.w.Write(data)
	return l.w.WriteByte('\n')
}

func (l *lineSink) flush() error { return l.w.Flush() }

// sseSink writes events as server-sent events.
type sseSink struct {
	w *bufio.Writer
	f http.Flusher
}

func (s *sseSink) event(typ string, data []byte) error {
	s.w.WriteString("event: ")
	s.w.WriteString(typ)
	s.w.WriteString("\ndata: ")
	s.w.Write(data)
	_, err := s.w.WriteString("\n\n")
	return err
}

func (s *sseSink) flush() error {
	if err := s.w.Flush(); err != nil {
		return err
	}
	s.f.Flush()
	return nil
}

// doneFinder looks for the first item that gets done.
type doneFinder struct{ found bool }

func (d *doneFinder) event(typ string, _ []byte) error {
	if typ == "response.output_item.done" {
		d.found = true
		return errCut
	}
	return nil
}

func (d *doneFinder) flush() error { return nil }

func noSleep(context.Context, time.Duration) error { return nil }

// bodyText is the body of an HTTP error as it is sent: a JSON string is plain text.
func bodyText(body json.RawMessage) []byte {
	if body == nil {
		return []byte("{}")
	}
	if bytes.HasPrefix(body, []byte(`"`)) {
		return []byte(gjson.ParseBytes(body).Str)
	}
	return body
}
