package jsonrpc

import (
	"bytes"
	"strings"
	"testing"
)

func TestParse(t *testing.T) {
	for _, test := range []struct {
		line   string
		kind   Kind
		method string
		id     string
		params string
		bad    bool
	}{
		{`{"id":1,"method":"a/b","params":{"x":[1]}}`, KindRequest, "a/b", "1", `{"x":[1]}`, false},
		{`{"method":"m","id":"s","jsonrpc":"2.0","trace":{}}`, KindRequest, "m", `"s"`, "", false},
		{`{"method":"m\u0041"}`, KindNotification, "mA", "", "", false},
		{`{"id":null,"method":"m","params":null}`, KindNotification, "m", "", "", false},
		{`{"id":1.5,"method":"m"}`, KindInvalid, "", "", "", true},
		{`{"id":true,"method":"m"}`, KindInvalid, "", "", "", true},
		{`{"id":{},"method":"m"}`, KindInvalid, "", "", "", true},
		{`{"id":7,"result":{}}`, KindResponse, "", "7", "", false},
		{`{"id":7,"result":null}`, KindResponse, "", "7", "", false},
		{`{"id":7,"error":{"code":-1,"message":"no"}}`, KindFailure, "", "7", "", false},
		{`{"id":5}`, KindInvalid, "", "", "", true},
		{`["a"]`, KindInvalid, "", "", "", true},
		{`{"id":5,"x`, KindInvalid, "", "", "", true},
		{`not json`, KindInvalid, "", "", "", true},
		{``, KindInvalid, "", "", "", true},
	} {
		line := []byte(test.line)
		m, err := Parse(line)
		if (err != nil) != test.bad {
			t.Errorf("%s: error %v", test.line, err)
			continue
		}
		if err != nil {
			continue
		}
		if m.Kind != test.kind || m.Method != test.method || string(m.ID) != test.id || string(m.Params) != test.params {
			t.Errorf("%s: %+v", test.line, m)
		}
		// The strings are the message's own, whatever becomes of the line.
		message := ""
		if m.Err != nil {
			message = m.Err.Message
		}
		copy(line, bytes.Repeat([]byte{'#'}, len(line)))
		if m.Method != test.method || m.Err != nil && (message != "no" || m.Err.Message != "no") {
			t.Errorf("%s: strings point into the line: %+v", test.line, m)
		}
	}
}

// FuzzParse holds that a line is refused, or a message whose parts are JSON, which has an
// id iff somebody waits for an answer, and which reads the same when it is written again.
func FuzzParse(f *testing.F) {
	for _, s := range []string{
		`{"id":1,"method":"m","params":{}}`, `{"id":"x","error":{"code":1,"message":"m","data":[1]}}`,
		`{"id":1,"id":null,"method":"m"}`, `{"method":"\ud800","params":[]}`, `{"id":-0,"result":1e5}`,
		"{\"id\":1,\"method\":\"\xff\"}", strings.Repeat("[", 4096), `{"method":"m","params":` + strings.Repeat(`{"a":`, 600),
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, line []byte) {
		m, err := Parse(bytes.Clone(line))
		if err != nil {
			if m.Kind != KindInvalid {
				t.Errorf("%q: kind %v with %v", line, m.Kind, err)
			}
			return
		}
		if wantsID := m.Kind != KindNotification; wantsID != (m.ID != nil) {
			t.Errorf("%q: kind %v with id %q", line, m.Kind, m.ID)
		}
		var out bytes.Buffer
		w := NewWriter(&out)
		switch m.Kind {
		case KindRequest:
			err = w.Request(m.ID, m.Method, m.Params)
		case KindNotification:
			err = w.Notify(m.Method, m.Params)
		case KindResponse:
			err = w.Respond(m.ID, m.Result)
		case KindFailure:
			err = w.Fail(m.ID, m.Err)
		default:
			t.Fatalf("%q: no kind and no error", line)
		}
		if err != nil {
			t.Fatalf("%q: write: %v", line, err)
		}
		again, err := Parse(out.Bytes())
		if err != nil || again.Kind != m.Kind || again.Method != m.Method || string(again.ID) != string(m.ID) {
			t.Errorf("%q: written as %q, which is %+v, %v", line, out.Bytes(), again, err)
		}
	})
}
