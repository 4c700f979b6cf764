package exec

import (
	"encoding/json"
	"io"
	"reflect"
	"testing"
	"unicode/utf8"

	"github.com/tidwall/gjson"
)

// TestSpelling holds the original's spelling of strings: what need not be escaped is not.
func TestSpelling(t *testing.T) {
	for in, want := range map[string]string{
		"":                         `""`,
		"a\"b\\c/d":                `"a\"b\\c/d"`,
		"<&> \u2028\u2029\u007f é": "\"<&> \u2028\u2029\u007f é\"",
		"\b\f\n\r\t\x00\x1f":       `"\b\f\n\r\t\u0000\u001f"`,
		"cut\xc3 \xffoff":          "\"cut\ufffd \ufffdoff\"",
	} {
		if got := string(appendString(nil, in)); got != want {
			t.Errorf("%q: %s, want %s", in, got, want)
		}
	}
	for in, want := range map[string]string{
		` { "b" : 1.50 , "a" : [ true , null , "\u003cx\u003e" ] } `: `{"b":1.50,"a":[true,null,"<x>"]}`,
		`[]`: `[]`, `{}`: `{}`, `-1e5`: `-1e5`, `"\ud83d\ude00"`: `"😀"`,
	} {
		if got := string(appendValue(nil, gjson.Parse(in))); got != want {
			t.Errorf("%s: %s, want %s", in, got, want)
		}
	}
	if got := string(appendValue(nil, gjson.Get(`{}`, "x"))); got != "null" {
		t.Errorf("what is missing: %s", got)
	}
}

func FuzzAppendValue(f *testing.F) {
	for _, s := range []string{`{"a":[1,"\u0000",{"b":null}],"":{}}`, `"\ud800"`, `[[[]]]`, `1e400`, "\"\x7f\xc3\""} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, in string) {
		if !json.Valid([]byte(in)) || !gjson.Valid(in) || !utf8.ValidString(in) {
			return
		}
		out := appendValue(nil, gjson.Parse(in))
		var a, b any
		if json.Unmarshal([]byte(in), &a) != nil {
			return // a number that is too large
		}
		if err := json.Unmarshal(out, &b); err != nil || !reflect.DeepEqual(a, b) {
			t.Errorf("%s became %s: %v", in, out, err)
		}
	})
}

// FuzzRender: whatever an engine says, nothing breaks, and every line is JSON.
func FuzzRender(f *testing.F) {
	f.Add("item/completed", `{"threadId":"T","item":{"type":"commandExecution","id":"c","exitCode":1,"status":"failed"}}`)
	f.Add("item/started", `{"item":{"type":"webSearch","action":{"type":"search","queries":["a"]}}}`)
	f.Add("item/completed", `{"item":{"type":"mcpToolCall","result":{"content":[1]},"error":{"message":"x"}}}`)
	f.Add("turn/plan/updated", `{"plan":[{"step":"a"},5]}`)
	f.Add("item/completed", `{"item":{"type":"collabAgentToolCall","agentsStates":{"x":{"status":"pendingInit"}}}}`)
	f.Add("turn/completed", `{"turn":{"status":"failed","error":{"message":5}}}`)
	f.Fuzz(func(t *testing.T, method, params string) {
		if !gjson.Valid(params) || !json.Valid([]byte(params)) {
			return
		}
		var out lines
		j := newJSONOut(&out, io.Discard, true)
		h := &human{out: &lines{}, err: &lines{}, colour: true, stream: true, raw: true}
		o := &outcome{}
		p := gjson.Parse(params)
		for range 2 {
			o.observe(method, p)
			j.event(method, p)
			h.event(method, p)
		}
		j.end(o)
		h.end(o)
		h.answer(o)
		for _, l := range out.all {
			if !json.Valid(l) || l[len(l)-1] != '\n' {
				t.Errorf("%s %s gives %q", method, params, l)
			}
		}
	})
}

// lines keeps what each write held.
type lines struct{ all [][]byte }

func (l *lines) Write(b []byte) (int, error) {
	l.all = append(l.all, append([]byte(nil), b...))
	return len(b), nil
}
