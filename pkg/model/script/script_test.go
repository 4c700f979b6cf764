package script

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tidwall/gjson"
)

func parse(t *testing.T, text string) *Script {
	t.Helper()
	s, err := Parse(strings.NewReader(text))
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return s
}

// catcher keeps events and waits.
type catcher struct {
	events []string
	waits  []time.Duration
}

func (c *catcher) event(_ string, data []byte) error {
	c.events = append(c.events, string(data))
	return nil
}
func (c *catcher) flush() error { return nil }
func (c *catcher) sleep(_ context.Context, d time.Duration) error {
	c.waits = append(c.waits, d)
	return nil
}

func played(t *testing.T, turn *Turn) *catcher {
	t.Helper()
	c := &catcher{}
	p := player{ctx: context.Background(), turn: turn, n: 1, out: c, sleep: c.sleep}
	if err := p.play(turn.Raw); err != nil {
		t.Fatal(err)
	}
	return c
}

func TestParseShapes(t *testing.T) {
	for text, want := range map[string]int{
		`{"msg":"a"}`:                                      1,
		"{\"msg\":\"a\"}\n{\"msg\":\"b\"}":                 2,
		"# comment\n\n  // another\n{\"msg\":\"a\"}":       1,
		`[{"reason":"r"},{"msg":"a"}]`:                     1,
		"[\n{\"reason\":\"r\"},\n# why\n{\"msg\":1e}\n]":   -1,
		"[\n{\"reason\":\"r\"},\n# why\n{\"msg\":\"\"}\n]": 1,
		`[]`:                 1,
		`[[{"msg":"a"}],[]]`: 2,
		`[[{"msg":"a"}],{"status":400},{"items":[]},{"raw":[]}]`:             4,
		`[{"status":400,"body":{"error":{}},"headers":{"retry-after":1}}]`:   1,
		`{"turns":[[{"msg":"a"}],{"status":500}],"compact":[{"output":[]}]}`: 2,
		`{"compact":{"output":[]}}`:                                          0,
		`{"type":"message","role":"assistant"}`:                              1,
		`{"request":{}}`:                                                     -1,
		`{"type":"response.created"}{"type":"x.y"}`:                          1,
		`{"type":"response.completed"}{"type":"x.y"}`:                        2,
		`{"type":"response.created"}{"type":"response.created"}`:             2,
		`{"type":"codex.response.metadata"}{"type":"response.created"}`:      1,
		`{"type":"x.y"}{"request":1}{"type":"x.y"}`:                          2,
		``:           -1,
		`{"msg":"a"`: -1,
		`7`:          -1,
	} {
		s, err := Parse(strings.NewReader(text))
		if want < 0 {
			if err == nil {
				t.Errorf("%s: no error", text)
			}
			continue
		}
		if err != nil || len(s.Turns) != want {
			t.Errorf("%s: %v, %v", text, s, err)
		}
	}
}

func TestParseErrors(t *testing.T) {
	for text, want := range map[string]string{
		"{\"msg\":\"a\"}\n\n{\"mgs\":\"b\"}":     `line 3: unknown field "mgs"`,
		"{\"msg\":\"a\"}\n[{\"msg\":1}]":         "line 2: item 1: ",
		`[{"msg":"a","call":"b"}]`:               "2 kinds of item",
		`{"msg":"a","status":400}`:               "several kinds of answer",
		`{"items":[{}]}`:                         "item 1: 0 kinds of item",
		`{"items":7}`:                            "items: want an array",
		`{"status":40}`:                          "status 40",
		`{"status":400,"headers":{"a b":"x"}}`:   `bad header "a b"`,
		`{"status":400,"headers":{"a":"x\r\n"}}`: `bad header "a"`,
		`{"raw":[1]}`:                            "raw event 1",
		`{"raw":[],"items":[]}`:                  "raw events and items",
		`{"item":1}`:                             "item: want an object",
		`{"msg":"a","times":99999999}`:           "out of range",
		"# only a comment":                       "no answer",
		"\n\n{\"msg\":\n\"a\",}":                 "line 4: ",
	} {
		_, err := Parse(strings.NewReader(text))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", text, err, want)
		}
	}
}

func TestEvents(t *testing.T) {
	const created = `{"type":"response.created","response":{"id":"resp_1"}}`
	const done = `{"type":"response.completed","response":{"id":"resp_1","usage":` + defaultUsage + `}}`
	for _, tt := range []struct {
		text string
		want []string // between created and completed
	}{
		{`{"msg":"hello, wörld, hello","phase":"commentary"}`, []string{
			`{"type":"response.output_item.added","output_index":0,"item":{"type":"message","role":"assistant","id":"msg_resp_1_0","phase":"commentary","content":[]}}`,
			`{"type":"response.output_text.delta","output_index":0,"item_id":"msg_resp_1_0","delta":"hello, wörld, he"}`,
			`{"type":"response.output_text.delta","output_index":0,"item_id":"msg_resp_1_0","delta":"llo"}`,
			`{"type":"response.output_item.done","output_index":0,"item":{"type":"message","role":"assistant","id":"msg_resp_1_0","phase":"commentary","content":[{"type":"output_text","text":"hello, wörld, hello"}]}}`}},
		{`{"msg":["a","<b>"],"times":2,"chunk":100,"id":"m"}`, []string{
			`{"type":"response.output_item.added","output_index":0,"item":{"type":"message","role":"assistant","id":"m","content":[]}}`,
			`{"type":"response.output_text.delta","output_index":0,"item_id":"m","delta":"a\n<b>a\n<b>"}`,
			`{"type":"response.output_item.done","output_index":0,"item":{"type":"message","role":"assistant","id":"m","content":[{"type":"output_text","text":"a\n<b>a\n<b>"}]}}`}},
		{`[{"reason":["A","B"],"thinking":"t","encrypted":"E"}]`, []string{
			`{"type":"response.output_item.added","output_index":0,"item":{"type":"reasoning","id":"rs_resp_1_0","summary":[],"encrypted_content":"E"}}`,
			`{"type":"response.reasoning_text.delta","item_id":"rs_resp_1_0","content_index":0,"delta":"t"}`,
			`{"type":"response.reasoning_summary_part.added","item_id":"rs_resp_1_0","summary_index":0}`,
			`{"type":"response.reasoning_summary_text.delta","item_id":"rs_resp_1_0","summary_index":0,"delta":"A"}`,
			`{"type":"response.reasoning_summary_part.added","item_id":"rs_resp_1_0","summary_index":1}`,
			`{"type":"response.reasoning_summary_text.delta","item_id":"rs_resp_1_0","summary_index":1,"delta":"B"}`,
			`{"type":"response.output_item.done","output_index":0,"item":{"type":"reasoning","id":"rs_resp_1_0","summary":[{"type":"summary_text","text":"A"},{"type":"summary_text","text":"B"}],"content":[{"type":"reasoning_text","text":"t"}],"encrypted_content":"E"}}`}},
		{`[{"call":"f","args":{"a": "x<y && z"}},{"call":"g","ns":"n","args":"{bad","call_id":"c"},{"call":"h"}]`, []string{
			`{"type":"response.output_item.done","output_index":0,"item":{"type":"function_call","id":"fc_resp_1_0","call_id":"call_resp_1_0","name":"f","arguments":"{\"a\": \"x<y && z\"}"}}`,
			`{"type":"response.output_item.done","output_index":1,"item":{"type":"function_call","id":"fc_resp_1_1","call_id":"c","name":"g","namespace":"n","arguments":"{bad"}}`,
			`{"type":"response.output_item.done","output_index":2,"item":{"type":"function_call","id":"fc_resp_1_2","call_id":"call_resp_1_2","name":"h","arguments":"{}"}}`}},
		{"{\"call\":\"f\",\"args\":{\n\"a\" : 1}}", []string{
			`{"type":"response.output_item.done","output_index":0,"item":{"type":"function_call","id":"fc_resp_1_0","call_id":"call_resp_1_0","name":"f","arguments":"{\"a\":1}"}}`}},
		{`{"custom":"apply_patch","input":["*** Begin Patch","*** End Patch"]}`, []string{
			`{"type":"response.output_item.done","output_index":0,"item":{"type":"custom_tool_call","id":"ct_resp_1_0","call_id":"call_resp_1_0","name":"apply_patch","input":"*** Begin Patch\n*** End Patch","status":"completed"}}`}},
		{`{"custom":"x","input":"ab","chunk":1}`, []string{
			`{"type":"response.output_item.added","output_index":0,"item":{"type":"custom_tool_call","id":"ct_resp_1_0","call_id":"call_resp_1_0","name":"x","input":"","status":"in_progress"}}`,
			`{"type":"response.custom_tool_call_input.delta","output_index":0,"item_id":"ct_resp_1_0","call_id":"call_resp_1_0","delta":"a"}`,
			`{"type":"response.custom_tool_call_input.delta","output_index":0,"item_id":"ct_resp_1_0","call_id":"call_resp_1_0","delta":"b"}`,
			`{"type":"response.output_item.done","output_index":0,"item":{"type":"custom_tool_call","id":"ct_resp_1_0","call_id":"call_resp_1_0","name":"x","input":"ab","status":"completed"}}`}},
		{`[{"shell":["echo","hi"]},{"search":"q"},{"event":{"type":"a.b"}},{"type":"c.d"},{"item":{"type":"mystery", "a": 1},"added":true},{"type":"odd"}]`, []string{
			`{"type":"response.output_item.done","output_index":0,"item":{"type":"local_shell_call","id":"ls_resp_1_0","call_id":"call_resp_1_0","status":"completed","action":{"type":"exec","command":["echo","hi"]}}}`,
			`{"type":"response.output_item.added","output_index":1,"item":{"type":"web_search_call","id":"ws_resp_1_1","status":"in_progress"}}`,
			`{"type":"response.output_item.done","output_index":1,"item":{"type":"web_search_call","id":"ws_resp_1_1","status":"completed","action":{"type":"search","query":"q"}}}`,
			`{"type":"a.b"}`, `{"type":"c.d"}`,
			`{"type":"response.output_item.added","output_index":2,"item":{"type":"mystery","a":1}}`,
			`{"type":"response.output_item.done","output_index":2,"item":{"type":"mystery","a":1}}`,
			`{"type":"response.output_item.done","output_index":3,"item":{"type":"odd"}}`}},
	} {
		got := played(t, parse(t, tt.text).Turns[0]).events
		want := append(append([]string{created}, tt.want...), done)
		if !slices.Equal(got, want) {
			t.Errorf("%s:\n%s\nwant\n%s", tt.text, strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
	}
}

func TestEnds(t *testing.T) {
	for text, want := range map[string]string{
		`[]`: `{"type":"response.completed","response":{"id":"resp_1","usage":` + defaultUsage + `}}`,
		`{"items":[],"usage":{"input_tokens": 1}}`:            `{"type":"response.completed","response":{"id":"resp_1","usage":{"input_tokens":1}}}`,
		`{"items":[],"usage":null,"end_turn":false}`:          `{"type":"response.completed","response":{"id":"resp_1","end_turn":false}}`,
		`{"items":[],"usage":null,"resp":{"end_turn": true}}`: `{"type":"response.completed","response":{"id":"resp_1","end_turn":true}}`,
		`{"items":[],"fail":{"code":"c","message":"m"}}`:      `{"type":"response.failed","response":{"id":"resp_1","error":{"code":"c","message":"m"}}}`,
		`{"items":[],"incomplete":"max_output_tokens"}`:       `{"type":"response.incomplete","response":{"id":"resp_1","incomplete_details":{"reason":"max_output_tokens"}}}`,
		`{"msg":"x","cut":2}`:                                 `{"type":"response.output_item.added","output_index":0,"item":{"type":"message","role":"assistant","id":"msg_resp_1_0","content":[]}}`,
		`{"raw":[{"type":"a.b"},{"type":"c.d","x":[1, 2]}]}`:  `{"type":"c.d","x":[1, 2]}`,
		"{\"type\":\"a.b\",\n\"x\": 1}":                       `{"type":"a.b","x":1}`,
	} {
		got := played(t, parse(t, text).Turns[0]).events
		if len(got) == 0 || got[len(got)-1] != want {
			t.Errorf("%s: %v, want %s", text, got, want)
		}
	}
}

func TestWaits(t *testing.T) {
	c := played(t, parse(t, `{"items":[{"pause_ms":30},{"call":"f"}],"before_ms":10,"delay_ms":0.5,"hang":2}`).Turns[0])
	want := []time.Duration{10 * time.Millisecond, 500 * time.Microsecond, 30 * time.Millisecond, 500 * time.Microsecond, 500 * time.Microsecond, 2 * time.Second}
	if !slices.Equal(c.waits, want) {
		t.Errorf("%v", c.waits)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	p := player{ctx: ctx, turn: &Turn{Raw: []json.RawMessage{}, Hang: HangForever}, out: c, sleep: c.sleep}
	if err := p.play(p.turn.Raw); err != context.Canceled {
		t.Error(err)
	}
}

func TestReadRequest(t *testing.T) {
	const user, out = `{"type":"message","role":"user","content":[{"type":"input_text","text":"go"}]}`, `{"type":"function_call_output","call_id":"c"}`
	const msg, call, reason = `{"type":"message","role":"assistant"}`, `{"type":"function_call"}`, `{"type":"reasoning"}`
	in := func(items ...string) string {
		return `{"prompt_cache_key":"k","input":[` + strings.Join(items, ",") + `]}`
	}
	for body, want := range map[string]Request{
		``:                               {},
		`hello`:                          {Prompt: "hello"},
		`{"input":"hi"}`:                 {Prompt: "hi"},
		in():                             {Key: "k"},
		in(`{"role":"developer"}`, user): {Key: "k", Prompt: "go"},
		in(user, reason, msg, call, call, out, out): {Key: "k", Prompt: "go", Responses: 1, SincePrompt: 1},
		in(user, call, out, `{"type":"custom_tool_call"}`, `{"type":"custom_tool_call_output"}`, msg, `{"role":"user","content":"next"}`): {Key: "k", Prompt: "next", Responses: 3},
		in(user, msg, user, `{"type":"local_shell_call"}`): {Key: "k", Prompt: "go", Responses: 2, SincePrompt: 1},
		in(`{"type":"compaction"}`, user):                  {Key: "k", Prompt: "go"},
	} {
		if got := ReadRequest([]byte(body)); got != want {
			t.Errorf("%s: %+v, want %+v", body, got, want)
		}
	}
}

func TestPick(t *testing.T) {
	s := parse(t, `{"status":500,"repeat":2}
{"call":"one"}
{"msg":"half","cut":2}
{"msg":"two","repeat":2}
{"when":"sum","call":"s1"}
{"msg":"three"}
{"when":"sum","msg":"s2"}
{"when":"su","msg":"never"}
`)
	name := func(r Request) string {
		turn, err := s.Pick(r)
		if err != nil {
			t.Fatal(err)
		}
		if it := turn.Items[0]; it.Msg != nil {
			return string(*it.Msg)
		} else {
			return it.Call
		}
	}
	for k, want := range []string{"one", "two", "two", "three", "three"} {
		if got := name(Request{Responses: k, Prompt: "go"}); got != want {
			t.Errorf("%d: %s", k, got)
		}
	}
	for k, want := range []string{"s1", "s2", "s2"} {
		if got := name(Request{Responses: 7 + k, SincePrompt: k, Prompt: "please sum up"}); got != want {
			t.Errorf("when, %d: %s", k, got)
		}
	}
	// An answer that leaves no trace is given only at the end.
	s = parse(t, `{"call":"a"} {"status":429}`)
	if got, _ := s.Pick(Request{Responses: 1}); got.Status != 429 {
		t.Errorf("%+v", got)
	}
	if _, err := parse(t, `{"when":"x","msg":"y"}`).Pick(Request{Prompt: "z"}); err != errNoTurn {
		t.Error(err)
	}
}

func TestReplay(t *testing.T) {
	for _, tt := range []struct {
		text, body string
		want       string
		status     int
		stderr     string
	}{
		{`{"raw":[{"type":"a.b"}]}`, "", "{\"type\":\"a.b\"}\n", 0, ""},
		{`{"raw":[],"headers":{"openai-model":"m","x-n":3}}`, "{}", "{\"type\":\"codex.response.metadata\",\"headers\":{\"openai-model\":\"m\",\"x-n\":\"3\"}}\n", 0, ""},
		{`{"status":429,"body":{"error":{"message": "slow"}},"headers":{"x-request-id":"q"}}`, "", `{"type":"error","status":429,"error":{"message":"slow"},"body":{"error":{"message":"slow"}},"headers":{"x-request-id":"q"}}` + "\n", 1, "the script answers with status 429"},
		{`{"status":502,"body":"plain"}`, "", `{"type":"error","status":502,"body":"plain"}` + "\n", 1, "the script answers with status 502"},
		{`{"raw":[{"type":"a.b"}],"exit":7,"stderr":"boom"}`, "", "{\"type\":\"a.b\"}\n", 7, "boom"},
	} {
		var b bytes.Buffer
		err := Replay(context.Background(), parse(t, tt.text), []byte(tt.body), &b)
		status, said := 0, ""
		if e, ok := err.(*ExitError); ok {
			status, said = e.ExitCode(), e.Error()
		} else if err != nil {
			t.Error(err)
		}
		if b.String() != tt.want || status != tt.status || said != tt.stderr {
			t.Errorf("%s: %d %q\n%s", tt.text, status, said, b.String())
		}
	}
}

// TestDemo holds the demo script and the folder it works in together.
func TestDemo(t *testing.T) {
	s, err := Demo()
	if err != nil {
		t.Fatal(err)
	}
	greet, err := os.ReadFile(filepath.Join("..", "..", "..", "examples", "demo", "greet.sh"))
	if err != nil {
		t.Fatal(err)
	}
	patched := false
	for i, turn := range s.Turns {
		if !leavesTrace(turn) {
			t.Errorf("answer %d can't be counted by replay", i+1)
		}
		for _, it := range turn.Items {
			if it.Custom != "apply_patch" {
				continue
			}
			patched = true
			for _, line := range strings.Split(string(*it.Input), "\n") {
				if old, ok := strings.CutPrefix(line, "-"); ok && !strings.Contains(string(greet), old+"\n") {
					t.Errorf("greet.sh has no line %q", old)
				}
			}
		}
	}
	if !patched || len(s.Turns) < 5 {
		t.Errorf("patched %v, %d answers", patched, len(s.Turns))
	}
}

// FuzzScript checks that no file breaks the parser, and that what it accepts plays as
// events that are JSON, the same ones again when they are themselves the script.
func FuzzScript(f *testing.F) {
	for _, s := range []string{
		`{"msg":"a","phase":"final_answer","chunk":1}`, "# c\n[{\"reason\":[\"a\"]},{\"call\":\"f\",\"args\":{\n\"a\":1}}]", `[[{"msg":"x"}],{"status":500,"body":"x"}]`,
		`{"turns":[[]],"compact":[{"output":[]}]}`, `{"raw":[{"type":"a.b"}],"cut":1}`, "{\"type\":\"response.created\"}\n{\"type\":\"response.completed\"}\n",
		`{"items":[{"search":"q"},{"shell":["a"]},{"custom":"p","input":["a","b"]},{"pause_ms":1}],"usage":null,"end_turn":false,"hang":true}`, string(demo),
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		s, err := Parse(bytes.NewReader(bytes.Clone(in)))
		if err != nil {
			return
		}
		for k := range s.Turns {
			turn := s.Turns[k]
			size := 0
			for _, it := range turn.Items {
				size += it.Times
			}
			if size > 100 {
				return
			}
			s.Pick(Request{Responses: k})
			turn.Hang = 0
			c := played(t, turn)
			lines := []json.RawMessage{}
			for _, e := range c.events {
				if !gjson.Valid(e) || strings.Contains(e, "\n") {
					t.Fatalf("event %q of %q", e, in)
				}
				lines = append(lines, json.RawMessage(e))
			}
			if again := played(t, &Turn{Raw: lines}).events; !slices.Equal(again, c.events) {
				t.Fatalf("%q\n%q", again, c.events)
			}
		}
	})
}
