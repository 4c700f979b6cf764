package turn

import (
	"bytes"
	"encoding/json"
	"testing"

	"codex/pkg/jsonrpc"
)

func TestClassify(t *testing.T) {
	for _, c := range []struct {
		line, text string
		message    bool
	}{
		{"", "", false}, {" \t\r", "", false}, {"\xef\xbb\xbf", "", false},
		{"fix it", "fix it", false}, {"  fix it ", "  fix it ", false}, {"\xef\xbb\xbffix", "fix", false},
		{"42", "42", false}, {"null", "null", false}, {`"x"`, `"x"`, false}, {"[x] done", "[x] done", false}, {"[", "[", false},
		{"{", "{", true}, {" {} ", "{}", true}, {"{fix it}", "{fix it}", true}, {"[]", "[]", true}, {` [{"id":1}]`, `[{"id":1}]`, true},
		{"\xef\xbb\xbf{}", "{}", true},
	} {
		text, message := classify([]byte(c.line))
		if string(text) != c.text || message != c.message {
			t.Errorf("%q: %q %v", c.line, text, message)
		}
	}
}

// Any line is nothing, a prompt, or something that parses or is refused.
func FuzzLine(f *testing.F) {
	for _, s := range []string{"", "prompt", "{", "[]", `{"method":"turn/start","id":1,"params":{"input":[]}}`, `{"id":0,"result":{"decision":"accept"}}`,
		`{"id":0,"error":{"code":1,"message":"x","data":[1]}}`, `{"method":"x","id":5.5}`, "\xff\xfe{", `{"id":"a","id":1,"method":"b"}`, `{"method":"m","id":null}`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, line []byte) {
		kept := bytes.Clone(line)
		text, message := classify(line)
		if !bytes.Equal(line, kept) {
			t.Fatal("the line was changed")
		}
		switch {
		case text == nil && message:
			t.Fatal("a message of nothing")
		case text == nil || !message:
			return
		case text[0] != '{' && text[0] != '[':
			t.Fatalf("a message: %q", text)
		}
		m, err := jsonrpc.Parse(text)
		if err != nil {
			return
		}
		if !json.Valid(text) || text[0] != '{' {
			t.Fatalf("parsed %q", text)
		}
		for _, raw := range [][]byte{m.ID, m.Params, m.Result} {
			if raw != nil && !json.Valid(raw) {
				t.Fatalf("%q of %q", raw, text)
			}
		}
		var p struct {
			Input []struct{ Type string }
		}
		if m.Kind == jsonrpc.KindRequest && m.Params != nil {
			if err := params().Decode(m.Method, m.Params, &p); err != nil && jsonrpc.AsError(err).Code != jsonrpc.CodeInvalidRequest {
				t.Fatal(err)
			}
		}
	})
}
