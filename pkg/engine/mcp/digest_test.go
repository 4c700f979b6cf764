package mcp

import (
	"encoding/json"
	"reflect"
	"testing"

	"codex/pkg/engine/tools"
	"codex/pkg/jsonrpc"
	"codex/pkg/mcp/wire"
)

// A digest that was kept is the one that was made.
func TestDigestIsKept(t *testing.T) {
	want := digestOf(&wire.Manifest{Instructions: "be \"kind\"", SandboxState: true, Tools: []json.RawMessage{
		json.RawMessage(`{"name":"a","title":"A","description":"does\nit","inputSchema":{"type":"object","properties":{"x":{"const":1}}},"annotations":{"readOnlyHint":true}}`),
		json.RawMessage(`{"name":"null","inputSchema":{"type":"null"}}`), json.RawMessage(`{"name":"b","inputSchema":{}}`)}})
	if len(want.Tools) != 2 || want.Tools[0].title() != "A" || want.Tools[0].description() != "does\nit" || !want.Tools[0].hints().harmless() || want.Tools[1].hints().harmless() {
		t.Errorf("%+v", want)
	}
	text, err := jsonrpc.Marshal(want)
	if err != nil {
		t.Fatal(err)
	}
	if got := parseDigest(text); !reflect.DeepEqual(got, want) {
		t.Errorf("%+v, not %+v", got, want)
	}
}

func FuzzParseDigest(f *testing.F) {
	f.Add([]byte(`{"v":1,"instructions":"x","sandboxState":false,"tools":[{"name":"a","title":"","description":"d","hints":{},"schema":{"type":"object"}}]}`))
	f.Add([]byte(`{"v":1,"tools":[{"name":1,"description":{},"schema":[]}]}`))
	f.Add([]byte(`{"v":1,"tools":{"a":1}}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		d := parseDigest(text)
		if d == nil {
			return
		}
		v := &server{digest: d}
		v.Name = "s"
		s := New(Options{})
		s.list = []*server{v}
		specs := s.Namespaces(&tools.SpecOptions{})
		for _, spec := range specs {
			if !json.Valid(spec.(json.RawMessage)) {
				t.Errorf("%q", spec)
			}
		}
	})
}
