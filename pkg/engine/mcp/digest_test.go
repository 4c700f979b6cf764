package mcp

import (
	"encoding/json"
	"reflect"
	"testing"

	"codex/pkg/jsonrpc"
	"codex/pkg/mcp/wire"
)

// Tools that were kept are those that were made.
func TestToolsAreKept(t *testing.T) {
	want := digestOf(&wire.Manifest{Instructions: "be \"kind\"", SandboxState: true, Tools: []json.RawMessage{
		json.RawMessage(`{"name":"a","title":"A","description":"does\nit","inputSchema":{"type":"object","properties":{"x":{"const":1}}},"annotations":{"readOnlyHint":true}}`),
		json.RawMessage(`{"name":"null","inputSchema":{"type":"null"}}`), json.RawMessage(`{"name":"b","inputSchema":{}}`), json.RawMessage(`{"name":"a","inputSchema":{}}`)}})
	all := want.tools()
	if len(all) != 2 || want.count != 2 || all[0].title() != "A" || all[0].description() != "does\nit" || !all[0].hints().harmless() || all[1].hints().harmless() {
		t.Errorf("%+v", want)
	}
	text, err := jsonrpc.Marshal(all)
	if err != nil {
		t.Fatal(err)
	}
	if got := (&digest{text: text}).tools(); !reflect.DeepEqual(got, all) {
		t.Errorf("%+v, not %+v", got, all)
	}
}
