package responses

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/tidwall/gjson"

	"codex/pkg/jsonrpc"
)

// The ways in which servers tell of a response: each is one that was seen, or its
// neighbour. An event is a line, without its data:.
var answers = []struct{ name, events, items, fail string }{
	{"as the API does", `{"type":"response.output_item.added","output_index":0,"item":{"type":"message","id":"m1","content":[]}}
{"type":"response.output_text.delta","item_id":"m1","output_index":0,"content_index":0,"delta":"a\"b"}
{"type":"response.output_text.done","item_id":"m1","output_index":0,"content_index":0,"text":"a\"b"}
{"type":"response.content_part.done","item_id":"m1","output_index":0,"content_index":0,"part":{"type":"output_text","text":"a\"b"}}
{"type":"response.output_item.done","output_index":0,"item":{"type":"message","id":"m1","content":[{"type":"output_text","text":"a\"b"}]}}
{"type":"response.completed","response":{"output":[{"type":"message","id":"m1","content":[{"type":"output_text","text":"a\"b"}]}]}}`,
		`message m1 a"b`, ""},
	{"deltas alone", `{"type":"response.output_text.delta","item_id":"m","output_index":0,"content_index":0,"delta":"all \\\"the"}
{"type": "response.output_text.delta", "item_id": "m", "delta": " text\n\ud83d"}
{"type":"response.output_text.delta","item_id":"m","delta":"\ude00"}
{"type":"response.completed","response":{}}`,
		"message m all \\\"the text\n😀", ""},
	{"deltas without anything", `{"type":"response.output_text.delta","delta":"a"}
{"type":"response.output_text.delta","delta":"b"}
{"type":"response.done","response":{}}`, "message  ab", ""},
	{"text done alone", `{"type":"response.output_text.done","item_id":"m","text":"whole"}
{"type":"response.completed"}`, "message m whole", ""},
	{"part done alone", `{"type":"response.content_part.done","item_id":"m","part":{"type":"output_text","text":"whole"}}
{"type":"response.completed"}`, "message m whole", ""},
	{"refusal in deltas", `{"type":"response.refusal.delta","item_id":"m","delta":"I "}
{"type":"response.refusal.delta","item_id":"m","delta":"won't"}
{"type":"response.completed"}`, "message m I won't", ""},
	{"two messages in turns", `{"type":"response.output_text.delta","item_id":"a","delta":"1"}
{"type":"response.output_text.delta","item_id":"b","delta":"2"}
{"type":"response.output_text.delta","item_id":"a","delta":"3"}
{"type":"response.completed"}`, "message a 13|message b 2", ""},
	{"two parts", `{"type":"response.output_text.delta","item_id":"a","content_index":0,"delta":"1"}
{"type":"response.output_text.done","item_id":"a","content_index":0,"text":"1"}
{"type":"response.output_text.delta","item_id":"a","content_index":1,"delta":"2"}
{"type":"response.completed"}`, "message a 12", ""},
	{"message without content", `{"type":"response.output_text.delta","item_id":"m","delta":"x"}
{"type":"response.output_item.done","item":{"type":"message","id":"m","content":null}}
{"type":"response.completed"}`, "message m x", ""},
	{"message without ids", `{"type":"response.output_text.delta","delta":"x"}
{"type":"response.output_item.done","item":{"type":"message","role":"assistant","content":[{"type":"output_text","text":"x"}]}}
{"type":"response.output_text.done","text":"x"}
{"type":"response.completed"}`, "message  x", ""},
	{"deltas of another id", `{"type":"response.output_text.delta","delta":"lost","item_id":"x"}
{"type":"response.output_item.done","output_index":0,"item":{"type":"message","id":"m1","content":[{"type":"output_text","text":"x"}]}}
{"type":"response.completed"}`, "message m1 x", ""},
	{"one id for all", `{"type":"response.output_item.added","output_index":0,"item":{"type":"message","id":"m","content":[]}}
{"type":"response.output_item.done","output_index":0,"item":{"type":"message","id":"m","content":[{"type":"output_text","text":"one"}]}}
{"type":"response.output_item.added","output_index":0,"item":{"type":"message","id":"m","content":[]}}
{"type":"response.output_item.done","output_index":0,"item":{"type":"message","id":"m","content":[{"type":"output_text","text":"two"}]}}
{"type":"response.completed"}`, "message m one|message m two", ""},
	{"only in the end", `{"type":"response.output_text.delta","item_id":"m","delta":"pong"}
{"type":"response.completed","response":{"output":[{"type":"reasoning","id":"r"},{"type":"message","id":"m2","content":[{"type":"output_text","text":"pong"}]},` +
		`{"type":"function_call","id":"f","call_id":"c","name":"n","arguments":"{}"}]}}`,
		"reasoning r |message m2 pong|function_call f n {} c", ""},
	{"only the call in the end", `{"type":"response.output_item.done","item":{"type":"message","id":"m","content":[{"type":"output_text","text":"let me"}]}}
{"type":"response.completed","response":{"output":[{"type":"message","id":"other","content":[{"type":"output_text","text":"let me"}]},{"type":"function_call","call_id":"c","name":"n","arguments":"{}"}]}}`,
		"message m let me|function_call  n {} c", ""},
	{"other ids in the end", `{"type":"response.output_item.done","item":{"type":"function_call","id":"f1","call_id":"c1","name":"n","arguments":"{\"a\":1}"}}
{"type":"response.output_item.done","item":{"type":"function_call","id":"f2","call_id":"c2","name":"n","arguments":"{\"a\":2}"}}
{"type":"response.completed","response":{"output":[{"type":"function_call","id":"x","call_id":"y","name":"n","arguments":"{\"a\":2}"},{"type":"function_call","id":"z","call_id":"z","name":"n","arguments":"{\"a\":1}"}]}}`,
		`function_call f1 n {"a":1} c1|function_call f2 n {"a":2} c2`, ""},
	{"one of two equal calls", `{"type":"response.output_item.done","item":{"type":"function_call","name":"n","arguments":"{}","call_id":"c1"}}
{"type":"response.completed","response":{"output":[{"type":"function_call","name":"n","arguments":"{}","call_id":"c1"},{"type":"function_call","name":"n","arguments":"{}","call_id":"c2"}]}}`,
		"function_call  n {} c1|function_call  n {} c2", ""},
	{"arguments done alone", `{"type":"response.output_item.added","output_index":0,"item":{"type":"function_call","id":"f","call_id":"c","name":"n","arguments":""}}
{"type":"response.function_call_arguments.done","item_id":"f","output_index":0,"arguments":"{\"cmd\": \"x\"}"}
{"type":"response.output_item.done","output_index":0,"item":{"type":"function_call","id":"f","arguments":""}}
{"type":"response.completed"}`, `function_call f n {"cmd": "x"} c`, ""},
	{"call in deltas", `{"type":"response.output_item.added","output_index":1,"item":{"type":"function_call","id":"f","call_id":"c","name":"n"}}
{"type":"response.function_call_arguments.delta","item_id":"f","output_index":1,"delta":"{\"cmd\":"}
{"type":"response.function_call_arguments.delta","item_id":"f","output_index":1,"delta":"1}"}
{"type":"response.completed"}`, `function_call f n {"cmd":1} c`, ""},
	{"call added whole", `{"type":"response.output_item.added","item":{"type":"function_call","id":"f","call_id":"c","name":"n","arguments":"{}"}}
{"type":"response.completed"}`, `function_call f n {} c`, ""},
	{"call named at its end", `{"type":"response.function_call_arguments.done","item_id":"f","name":"n","arguments":{"a":1}}
{"type":"response.completed"}`, `function_call f n {"a":1} `, ""},
	{"call without a name", `{"type":"response.function_call_arguments.done","item_id":"f","arguments":"{}"}
{"type":"response.completed"}`, "", "a call without a name"},
	{"custom call in deltas", `{"type":"response.output_item.added","item":{"type":"custom_tool_call","id":"f","call_id":"c","name":"apply_patch","input":""}}
{"type":"response.custom_tool_call_input.delta","item_id":"f","delta":"*** Begin"}
{"type":"response.completed"}`, `custom_tool_call f apply_patch *** Begin c`, ""},
	{"item null", `{"type":"response.output_item.added","output_index":0,"item":{"type":"message","id":"m"}}
{"type":"response.output_text.delta","output_index":0,"delta":"x"}
{"type":"response.output_item.done","output_index":0,"item":null}
{"type":"response.completed"}`, "message m x", ""},
	{"item without a type", `{"type":"response.output_item.done","item":{"role":"assistant","content":"x"}}
{"type":"response.output_item.done","item":{"name":"n","arguments":"{}"}}
{"type":"response.completed"}`, "message  x|function_call  n {} ", ""},
	{"item that is a text", `{"type":"response.output_item.done","item":"x"}
{"type":"response.completed","response":{"output":[]}}`, "", "without an item"},
	{"delta that is broken", `{"type":"response.output_text.delta","item_id":"m","delta":"a\x"}
{"type":"response.completed"}`, "", "an event that can't be read"},
	{"broken delta, whole item", `{"type":"response.output_text.delta","item_id":"m","delta":"a\x"}
{"type":"response.output_item.done","item":{"type":"message","id":"m","content":"ab"}}
{"type":"response.completed"}`, "message m ab", ""},
	{"broken item, response at the end", `{"type":"response.output_item.done","item":{"type":"message"
{"type":"response.completed","response":{"output":[{"type":"message","id":"m","content":"ab"}]}}`, "message m ab", ""},
	{"cut off", `{"type":"response.output_text.delta","item_id":"m","delta":"half"}
{"type":"response.output_item.added","item":{"type":"function_call","id":"f","name":"rm","arguments":"{\"all\":"}}
{"type":"response.incomplete","response":{"incomplete_details":{"reason":"max_output_tokens"}}}`, "message m half", "reason: max_output_tokens"},
	{"done without completed", `{"type":"response.output_item.done","item":{"type":"message","id":"m","content":"ab"}}
[DONE]`, "message m ab", ""},
	{"deltas and done", `{"type":"response.output_text.delta","item_id":"m","delta":"ab"}
[DONE]`, "message m ab", ""},
	{"unknown items", `{"type":"response.output_item.done","item":{"type":"novel","id":"n"}}
{"type":"response.completed","response":{"output":[{"type":"novel","id":"n"}]}}`, "novel n ", ""},
	{"no stream", `{"id":"r","object":"response","status":"completed","output":[{"type":"message","id":"m","content":[{"type":"output_text","text":"x"}]}]}`, "message m x", ""},
	{"text of the response alone", `{"type":"response.completed","response":{"output":[],"output_text":"x"}}`, "message  x", ""},
	{"text of the response again", `{"type":"response.output_item.done","item":{"type":"message","id":"m","content":"x"}}
{"type":"response.completed","response":{"output_text":"x"}}`, "message m x", ""},
	{"output that is a text", `{"type":"response.completed","response":{"output":"x"}}`, "message  x", ""},
	{"response without its member", `{"type":"response.created","response":{}}
{"type":"response.completed","id":"r","output":[{"type":"message","id":"m","content":"x"}]}`, "message m x", ""},
	{"part added alone", `{"type":"response.content_part.added","item_id":"m","part":{"type":"output_text","text":"x"}}
{"type":"response.completed"}`, "message m x", ""},
	{"part added and delta", `{"type":"response.content_part.added","item_id":"m","part":{"type":"output_text","text":"x"}}
{"type":"response.output_text.delta","item_id":"m","delta":"xy"}
{"type":"response.completed"}`, "message m xy", ""},
	{"delta without a text", `{"type":"response.output_text.delta","item_id":"m","delta":{"text":"x"}}
{"type":"response.completed"}`, "", "an event that can't be read"},
	{"delta without a text, whole item", `{"type":"response.output_text.delta","item_id":"m","text":"x"}
{"type":"response.output_item.done","item":{"type":"message","id":"m","content":"x"}}
{"type":"response.completed"}`, "message m x", ""},
	{"completed with an error", `{"type":"response.completed","response":{"error":"it broke"}}`, "", "it broke"},
	{"not UTF-8", `{"type":"response.output_item.done","item":{"type":"message","id":"m","content":"caf` + "\xe9" + `"}}
{"type":"response.completed"}`, "message m caf\ufffd", ""},
}

// brief says what an item is in a few words.
func brief(it gjson.Result) string {
	s := it.Get("type").Str + " " + it.Get("id").Str + " "
	if c := it.Get("content"); c.Type == gjson.String {
		return s + c.Str
	}
	for _, p := range it.Get("content").Array() {
		s += p.Get("text").Str + p.Get("refusal").Str
	}
	if it.Get("name").Exists() {
		s += it.Get("name").Str + " " + it.Get("arguments").String() + it.Get("input").String() + " " + it.Get("call_id").Str
	}
	return s
}

// follow reads an answer, and gives its items in a few words.
func follow(t *testing.T, body string, skip bool) (items string, err error) {
	t.Helper()
	c := NewClient(Endpoint{})
	defer c.Close()
	if skip {
		c.Skip = func(typ []byte) bool { return bytes.HasSuffix(typ, []byte(".delta")) }
	}
	var got []string
	s := &stream{c: c, sc: newScanner(strings.NewReader(body), false, nil), onEvent: func(e Event) error {
		if !jsonrpc.Valid(e.Data) || !gjson.GetBytes(e.Data, "type").Exists() {
			t.Errorf("event %s", e.Data)
		}
		if e.Type == eventDone {
			got = append(got, brief(gjson.GetBytes(e.Data, "item")))
		}
		return nil
	}}
	err = s.run()
	return strings.Join(got, "|"), err
}

func TestItems(t *testing.T) {
	for _, tt := range answers {
		for _, way := range []struct{ before, between, after string }{
			{"data: ", "\n\ndata: ", "\n\n"}, {"data:", "\r\n\r\ndata:", "\r\n\r\n"}, {": ping\r\rdata: ", "\r\rdata: ", "\r\r"},
			{"\xef\xbb\xbfdata: ", "\n\n: ping\n\ndata: ", "\n\ndata: [DONE]\n\n"}, {"", "\n", "\n"},
		} {
			if (strings.Contains(tt.name, "broken") || strings.Contains(tt.events, "[DONE]")) && way.before == "" {
				continue // without fields it is the text of an error
			}
			body := way.before + strings.ReplaceAll(tt.events, "\n", way.between) + way.after
			for _, skip := range []bool{true, false} {
				items, err := follow(t, body, skip)
				if items != tt.items || (err == nil) != (tt.fail == "") || err != nil && !strings.Contains(err.Error(), tt.fail) {
					t.Errorf("%s (%q): %s, error %v\nwant %s, %s", tt.name, way.between, items, err, tt.items, tt.fail)
				}
			}
		}
	}
}

// A command may be a bare HTTP client.
func TestNamedLines(t *testing.T) {
	in := "event: response.created\ndata: {\"response\":{}}\n\nevent: response.completed\r\ndata: {\"response\":{\"output_text\":\"x\"}}\r\n\r\n"
	for _, r := range []io.Reader{strings.NewReader(in), iotest.OneByteReader(strings.NewReader(in))} {
		c := NewClient(Endpoint{})
		defer c.Close()
		var types []string
		s := &stream{c: c, sc: newScanner(r, true, nil), onEvent: func(e Event) error { types = append(types, e.Type); return nil }}
		s.sc.buf = make([]byte, 3)
		if err := s.run(); err != nil || strings.Join(types, " ") != "response.created "+eventDone+" response.completed" {
			t.Errorf("%v %q", err, types)
		}
	}
}

// The type may stand on the event: line alone, and the data on several lines.
func TestEventLine(t *testing.T) {
	items, err := follow(t, "event: response.output_item.done\ndata: {\"item\":\ndata: {\"type\":\"message\",\"id\":\"m\",\"content\":\"x\"}}\n\n"+
		"event: message\ndata: {}\n\nevent: response.done\nid: 4\n: c\ndata: {\"type\":null}\n\n", false)
	if items != "message m x" || err != nil {
		t.Error(items, err)
	}
}

// An answer that is not asked for compressed may be so all the same, with or without a
// header that says it.
func TestCompressed(t *testing.T) {
	for name, pack := range packers {
		for _, coding := range []string{"", "gzip", "deflate"} {
			if name != "plain" && coding != strings.TrimPrefix(name, "raw ") && !(name == "gzip" && coding == "") {
				continue
			}
			h := [2]string{"Content-Encoding", coding}
			url, _ := serve(t, answer{header: h, body: pack(event(msgDone) + event(completed))}, answer{status: 401, header: h, body: pack(`{"error":{"message":"no"}}`)})
			c := NewClient(Endpoint{BaseURL: url})
			n := 0
			if err := c.Stream(context.Background(), Request{}, nil, func(Event) error { n++; return nil }); err != nil || n != 2 {
				t.Errorf("%s as %q: %d events, %v", name, coding, n, err)
			}
			if err := c.Stream(context.Background(), Request{}, nil, nil); err == nil || !strings.Contains(err.Error(), "401 Unauthorized: no,") {
				t.Errorf("%s as %q: %v", name, coding, err)
			}
			c.Close()
		}
	}
}

var packers = map[string]func(string) string{
	"plain": func(s string) string { return s },
	"gzip": func(s string) string {
		var b bytes.Buffer
		w := gzip.NewWriter(&b)
		io.WriteString(w, s)
		w.Close()
		return b.String()
	},
	"deflate": func(s string) string {
		var b bytes.Buffer
		w := zlib.NewWriter(&b)
		io.WriteString(w, s)
		w.Close()
		return b.String()
	},
	"raw deflate": func(s string) string {
		var b bytes.Buffer
		w, _ := flate.NewWriter(&b, 6)
		io.WriteString(w, s)
		w.Close()
		return b.String()
	},
}

func TestRetryAfter(t *testing.T) {
	for in, want := range map[string]time.Duration{
		"30": 30 * time.Second, " 1.5 ": 1500 * time.Millisecond, "0": 0, "-1": 0, "soon": 0, "": 0, "NaN": 0, "1e400": 0,
		clock().Add(90 * time.Second).UTC().Format("Mon, 02 Jan 2006 15:04:05 GMT"): 90 * time.Second, "Mon, 02 Jan 2006 15:04:05 GMT": 0,
	} {
		url, n := serve(t, answer{status: 429, header: [2]string{"Retry-After", in}})
		c := NewClient(Endpoint{BaseURL: url, RequestMaxRetries: 4}, WithClock(clock))
		err := c.Stream(context.Background(), Request{}, nil, nil)
		c.Close()
		var e *Error
		if !errors.As(err, &e) || e.RetryAfter != want || !e.Retryable || n.Load() != 1 {
			t.Errorf("%q: %v, %v", in, e.RetryAfter, err)
		}
	}
}

// What can't be sent is not tried again, and nothing goes out.
func TestUnsendable(t *testing.T) {
	url, n := serve(t, answer{body: event(completed)})
	for want, ep := range map[string]Endpoint{
		"the header X-Key can't be sent: its value has the control character 0x0a":       {BaseURL: url, Header: map[string][]string{"x-key": {"a\nb"}}},
		`the header name "X Key" can't be sent`:                                          {BaseURL: url, Header: map[string][]string{"X Key": {"a"}}},
		"bad model URL: ftp://host/responses: want http:// or https:// and a server":     {BaseURL: "ftp://host"},
		"bad model URL: /v1/responses: want http:// or https:// and a server":            {BaseURL: "/v1"},
		"bad model URL: 127.0.0.1:8/v1/responses: want http:// or https:// and a server": {BaseURL: "127.0.0.1:8/v1"},
	} {
		var s sleeps
		ep.RequestMaxRetries = 4
		c := NewClient(ep, WithSleep(s.sleep))
		err := c.Stream(context.Background(), Request{}, nil, nil)
		c.Close()
		var e *Error
		if !errors.As(err, &e) || e.Message != want || e.Retryable || len(s) > 0 {
			t.Errorf("%v after %v\nwant %s", err, s, want)
		}
	}
	if n.Load() != 0 {
		t.Errorf("%d requests", n.Load())
	}
}

// A redirect on the same server keeps the request; credentials go nowhere else.
func TestRedirect(t *testing.T) {
	other, stolen := serve(t, answer{body: event(completed)})
	url, n := serve(t, answer{status: 308, header: [2]string{"Location", "/v2/responses"}}, answer{body: event(completed)}, answer{status: 307, header: [2]string{"Location", other}})
	c := NewClient(Endpoint{BaseURL: url, Header: map[string][]string{"X-Key": {"k"}}})
	defer c.Close()
	if err := c.Stream(context.Background(), Request{Body: []byte("{}")}, nil, func(Event) error { return nil }); err != nil || n.Load() != 2 {
		t.Error(err, n.Load())
	}
	err := c.Stream(context.Background(), Request{Body: []byte("{}")}, nil, nil)
	var e *Error
	if !errors.As(err, &e) || e.Retryable || !strings.Contains(e.Message, "leads to "+other+" and is not followed") || stolen.Load() != 0 {
		t.Error(err, stolen.Load())
	}
}

// FuzzEvents holds that whatever a server sends, what is handed on is JSON in UTF-8, of a
// bounded depth, with a type; that an item without one is an error; and that a response
// that ended well was said to have ended.
func FuzzEvents(f *testing.F) {
	for _, tt := range answers {
		f.Add("data: " + strings.ReplaceAll(tt.events, "\n", "\n\ndata: ") + "\n\n")
	}
	f.Add("event: response.completed\ndata: {}\n\n")
	f.Add("data: " + strings.Repeat("[", 1000) + "\n\n" + event(completed))
	f.Add(event("{\"type\":\"response.output_item.done\",\"item\":{\"type\":5,\"role\":\"\xff\",\"summary\":\"abc\",\"call_id\":5}}") + event(completed))
	f.Fuzz(func(t *testing.T, body string) {
		c := NewClient(Endpoint{})
		ended := false
		s := &stream{c: c, sc: newScanner(strings.NewReader(body), false, nil), onEvent: func(e Event) error {
			if r := gjson.GetBytes(e.Data, "type"); !jsonrpc.Valid(e.Data) || r.Raw != `"`+e.Type+`"` {
				t.Fatalf("%s: %q", e.Type, e.Data)
			}
			if it := gjson.GetBytes(e.Data, "item"); e.Type == eventDone && (!it.IsObject() || it.Get("type").Str == "") {
				t.Fatalf("item %q", e.Data)
			}
			ended = ended || e.Type == "response.completed"
			return nil
		}}
		err := s.run()
		if (err == nil) != ended {
			t.Fatalf("ended %v, error %v", ended, err)
		}
		if err != nil && (strings.ToValidUTF8(err.Error(), "") != err.Error() || len(err.Error()) > maxBadRequest+100) {
			t.Fatalf("error %q", err)
		}
	})
}
