package model

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/tidwall/gjson"
	"github.com/tidwall/sjson"

	"codex/pkg/cli/exit"
	"codex/pkg/cli/version"
	"codex/pkg/jsonrpc"
	"codex/pkg/responses"
)

// server says which one is asked, and how.
type server struct {
	BaseURL string        `placeholder:"URL" help:"server; /responses is appended"`
	Model   string        `short:"m" placeholder:"NAME" help:"model, instead of the request's own"`
	Header  []string      `placeholder:"NAME=VALUE" sep:"none" help:"send a header; may be repeated"`
	Query   []string      `placeholder:"K=V" sep:"none" help:"append to the URL's query; may be repeated"`
	EnvKey  string        `placeholder:"NAME" help:"variable that holds the API key"`
	Retries int           `default:"4" placeholder:"N" help:"silent repeats after a 5xx status or a network error (4)"`
	Idle    time.Duration `default:"300s" placeholder:"TIME" help:"longest wait for an event (300s)"`
}

func (c *server) endpoint(s Streams) (responses.Endpoint, error) {
	h := http.Header{"User-Agent": {version.Line("codex-model")}}
	if c.EnvKey != "" {
		key := strings.TrimRight(s.getenv(c.EnvKey), "\r\n") // as $(cat FILE) does
		if key == "" {
			return responses.Endpoint{}, fmt.Errorf("Missing environment variable: `%s`.", c.EnvKey)
		}
		h.Set("Authorization", "Bearer "+key)
	}
	for _, kv := range c.Header {
		k, v, ok := strings.Cut(kv, "=")
		if !ok {
			return responses.Endpoint{}, exit.Usagef("--header %s: want NAME=VALUE", kv)
		}
		h.Add(k, v)
	}
	return responses.Endpoint{
		BaseURL: c.BaseURL, Query: strings.Join(c.Query, "&"), Header: h, Env: s.Env,
		RequestMaxRetries: c.Retries, IdleTimeout: c.Idle,
	}, nil
}

type callCmd struct {
	server
	NoDeltas bool `help:"leave the delta events out"`
	Text     bool `help:"print the text of the answer instead of events"`
}

// Run makes one request.
func (c *callCmd) Run(s Streams) error {
	if c.BaseURL == "" {
		return exit.Usagef("--base-url is missing")
	}
	ep, err := c.endpoint(s)
	if err != nil {
		return err
	}
	in, err := s.readRequest()
	if err != nil {
		return err
	}
	body, err := requestBody(in, c.Model)
	if err != nil {
		return err
	}
	t := &transfer{ep: ep, out: bufio.NewWriterSize(s.Stdout, 64<<10), noDeltas: c.NoDeltas, text: c.Text}
	return t.run(context.Background(), body)
}

// requestBody makes the body of what was read: a request object, or the text of a
// prompt for the model.
func requestBody(in []byte, model string) ([]byte, error) {
	if len(in) == 0 {
		return nil, exit.Usagef("no request on standard input")
	}
	if in[0] == '{' && jsonrpc.Valid(in) {
		var err error
		if model != "" {
			in, err = sjson.SetBytes(in, "model", model)
		}
		if err == nil && gjson.GetBytes(in, "stream").Type != gjson.True {
			in, err = sjson.SetBytes(in, "stream", true)
		}
		return in, err
	}
	if model == "" {
		return nil, exit.Usagef("standard input is no request object, and a prompt needs --model")
	}
	type part struct {
		Type string `json:"type"`
		Text string `json:"text"`
	}
	type message struct {
		Type    string `json:"type"`
		Role    string `json:"role"`
		Content []part `json:"content"`
	}
	return json.Marshal(struct {
		Model  string    `json:"model"`
		Input  []message `json:"input"`
		Store  bool      `json:"store"`
		Stream bool      `json:"stream"`
	}{model, []message{{"message", "user", []part{{"input_text", string(in)}}}}, false, true})
}

// transfer passes one answer on as lines.
type transfer struct {
	ep       responses.Endpoint
	out      *bufio.Writer
	noDeltas bool
	text     bool // print deltas of the answer's text, not events
	last     byte // of the text
	said     bool // an item's text, in deltas
	streamed bool // the answer is a stream: what went wrong with it is in its events
}

// run makes the request. What a stream of events can't say by itself, response headers
// and an HTTP error, goes out as the events the API's websocket has for it.
func (t *transfer) run(ctx context.Context, body []byte) error {
	onEvent := func(responses.Event) error { return nil }
	switch {
	case t.text:
		onEvent = t.printText
	case t.noDeltas:
		onEvent = func(e responses.Event) error { return writeLine(t.out, e.Data) }
	default:
		t.ep.Record = t.out
	}
	c := responses.NewClient(t.ep)
	defer c.Close()
	c.Skip = func(typ []byte) bool {
		if t.text {
			return string(typ) != "response.output_text.delta" && string(typ) != "response.output_item.done"
		}
		return !t.noDeltas || bytes.HasSuffix(typ, []byte(".delta"))
	}
	err := c.Stream(ctx, responses.Request{Body: body}, t.meta, onEvent)
	if e, ok := errors.AsType[*responses.Error](err); ok && e.HTTPStatus != 0 && !t.streamed && len(t.ep.Command) == 0 && !t.text {
		if werr := writeLine(t.out, errorEvent(e)); werr != nil {
			return werr
		}
	}
	if t.text && t.last != 0 && t.last != '\n' {
		t.out.WriteByte('\n')
	}
	if ferr := t.out.Flush(); err == nil {
		err = ferr
	}
	return err
}

func (t *transfer) printText(e responses.Event) error {
	text := gjson.GetBytes(e.Data, "delta").String()
	if e.Type == "response.output_item.done" {
		if text = ""; !t.said { // a server that sends no deltas
			text = messageText(gjson.GetBytes(e.Data, "item"))
		}
		t.said = false
	} else {
		t.said = t.said || text != ""
	}
	if text == "" {
		return nil
	}
	t.last = text[len(text)-1]
	if _, err := t.out.WriteString(text); err != nil {
		return err
	}
	return t.out.Flush()
}

// messageText joins the texts of a message; any other item has none.
func messageText(item gjson.Result) string {
	content := item.Get("content")
	if item.Get("type").Str != "message" || content.Type == gjson.String {
		return content.Str
	}
	text := ""
	for _, p := range content.Array() {
		text += p.Get("text").Str + p.Get("refusal").Str
	}
	return text
}

// meta writes the headers that mean something to a client.
func (t *transfer) meta(m responses.Meta) {
	t.streamed = true
	if h := telling(m.Header); len(h) > 0 && !t.text && len(t.ep.Command) == 0 {
		writeLine(t.out, []byte(`{"type":"codex.response.metadata","headers":`+string(h)+`}`))
	}
}

// telling is the JSON object of the headers whose names begin with x- or openai-, and of
// cf-ray; nil when there are none.
func telling(h http.Header) []byte {
	told := map[string]string{}
	for k := range h {
		if k = strings.ToLower(k); strings.HasPrefix(k, "x-") || strings.HasPrefix(k, "openai-") || k == "cf-ray" {
			told[k] = h.Get(k)
		}
	}
	if len(told) == 0 {
		return nil
	}
	b, _ := jsonrpc.Marshal(told) // texts can always be encoded
	return b
}

func errorEvent(e *responses.Error) []byte {
	b := fmt.Appendf(nil, `{"type":"error","status":%d`, e.HTTPStatus)
	var one bytes.Buffer
	if !jsonrpc.Valid(e.Body) || json.Compact(&one, e.Body) != nil {
		one.Reset()
		one.Write(jsonrpc.Quote(strings.ToValidUTF8(string(e.Body), "\ufffd")))
	}
	if inner := gjson.GetBytes(one.Bytes(), "error"); inner.IsObject() {
		b = append(append(b, `,"error":`...), inner.Raw...)
	}
	b = append(append(b, `,"body":`...), one.Bytes()...)
	if h := telling(e.Header); h != nil {
		b = append(append(b, `,"headers":`...), h...)
	}
	return append(b, '}')
}

func writeLine(w io.Writer, data []byte) error {
	_, err := w.Write(append(bytes.ReplaceAll(data, []byte{'\n'}, []byte{' '}), '\n'))
	return err
}
