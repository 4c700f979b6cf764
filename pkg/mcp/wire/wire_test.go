package wire

import (
	"encoding/json"
	"testing"
)

// FuzzReadCall: of sound params each member is sound, and none that is written is lost.
func FuzzReadCall(f *testing.F) {
	f.Add([]byte(`{"name":"a","call":1,"tool":"t","arguments":{"x":[1]},"meta":null}`))
	f.Add([]byte(`{"name":5,"call":"7","tool":{},"arguments":"{","name":"\ud800"}`))
	f.Add([]byte(`[]`))
	f.Fuzz(func(t *testing.T, params []byte) {
		if !json.Valid(params) {
			return
		}
		p := ReadCall(params)
		for _, m := range []json.RawMessage{p.Arguments, p.Meta} {
			if m != nil && !json.Valid(m) {
				t.Errorf("%q: %q", params, m)
			}
		}
		b, err := json.Marshal(p)
		if err != nil {
			t.Fatalf("%q: %v", params, err)
		}
		if again := ReadCall(b); again.Call != p.Call || string(again.Arguments) == "" != (len(p.Arguments) == 0) {
			t.Errorf("%q: %+v, and again %+v", params, p, again)
		}
	})
}
