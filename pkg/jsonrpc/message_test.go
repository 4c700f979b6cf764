package jsonrpc

import (
	"bytes"
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
		{`{"id":1,"method":"a/b","params":{"x":[1]}}`, Request, "a/b", "1", `{"x":[1]}`, false},
		{`{"method":"m","id":"s","jsonrpc":"2.0","trace":{}}`, Request, "m", `"s"`, "", false},
		{`{"method":"m\u0041"}`, Notification, "mA", "", "", false},
		{`{"id":null,"method":"m","params":null}`, Notification, "m", "", "", false},
		{`{"id":1.5,"method":"m"}`, Notification, "m", "", "", false},
		{`{"id":7,"result":{}}`, Response, "", "7", "", false},
		{`{"id":7,"result":null}`, Response, "", "7", "", false},
		{`{"id":7,"error":{"code":-1,"message":"no"}}`, Failure, "", "7", "", false},
		{`{"id":5}`, Invalid, "", "", "", true},
		{`["a"]`, Invalid, "", "", "", true},
		{`{"id":5,"x`, Invalid, "", "", "", true},
		{`not json`, Invalid, "", "", "", true},
		{``, Invalid, "", "", "", true},
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

func FuzzParse(f *testing.F) {
	f.Add([]byte(`{"id":1,"method":"m","params":{}}`))
	f.Add([]byte(`{"id":"x","error":{"code":1,"message":"m","data":[1]}}`))
	f.Fuzz(func(t *testing.T, line []byte) {
		m, err := Parse(bytes.Clone(line))
		if err == nil && m.Kind == Invalid {
			t.Errorf("%q: no kind and no error", line)
		}
	})
}
