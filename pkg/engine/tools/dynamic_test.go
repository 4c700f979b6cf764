package tools

import (
	"bytes"
	"encoding/json"
	"errors"
	"testing"

	"codex/pkg/jsonrpc"
	"codex/pkg/models"
	"codex/pkg/protocol"
)

func TestDynamicSpecs(t *testing.T) {
	ns := "n"
	schema := json.RawMessage(`{"type":"object"}`)
	specs := []protocol.DynamicToolSpec{{Namespace: &ns, Name: "a", InputSchema: schema}, {Name: "update_plan", Description: "<mine>", InputSchema: schema},
		{Namespace: &ns, Name: "b", InputSchema: schema}}
	raw, err := Specs(SpecOptions{Model: models.In(nil, "gpt-5.5"), Shell: "unified", Dynamic: specs})
	if err != nil {
		t.Fatal(err)
	}
	want := `{"type":"namespace","name":"n","description":"Tools in the n namespace.","tools":[` +
		`{"type":"function","name":"a","description":"","strict":false,"parameters":{"type":"object"}},{"type":"function","name":"b","description":"","strict":false,"parameters":{"type":"object"}}]},` +
		`{"type":"function","name":"update_plan","description":"<mine>","strict":false,"parameters":{"type":"object"}}`
	if !bytes.Contains(raw, []byte(want)) {
		t.Errorf("%s", raw)
	}
	if n := bytes.Count(raw, []byte(`"update_plan"`)); n != 1 {
		t.Errorf("update_plan is there %d times", n)
	}
	for _, c := range []struct {
		namespace, name string
		found           bool
	}{{"", "update_plan", true}, {"n", "update_plan", false}, {"n", "a", true}, {"", "a", false}, {"m", "a", false}} {
		if got := dynamic(specs, c.namespace, c.name) != nil; got != c.found {
			t.Errorf("%s.%s: %t", c.namespace, c.name, got)
		}
	}
}

func TestDynamicAnswers(t *testing.T) {
	l := Limit{Amount: 10000}
	for _, c := range []struct {
		raw     string
		err     error
		success bool
		want    Output
	}{
		{raw: `{"contentItems":[{"type":"inputText","text":"x"}],"success":true}`, success: true, want: Output{Text: "x"}},
		{raw: `{"contentItems":[],"success":true}`, success: true, want: Output{Content: json.RawMessage(`[]`)}},
		{raw: `{"contentItems":[{"type":"other"}],"success":true}`, want: Output{Text: "dynamic tool response was invalid"}},
		{raw: `{"contentItems":null,"success":true}`, want: Output{Text: "dynamic tool response was invalid"}},
		{raw: `[]`, want: Output{Text: "dynamic tool response was invalid"}},
		{raw: ``, want: Output{Text: "dynamic tool response was invalid"}},
		{err: jsonrpc.Errorf(-1, "no"), want: Output{Text: "dynamic tool request failed"}},
		{err: errors.New("gone"), want: Output{Text: "dynamic tool call was cancelled before receiving a response"}},
	} {
		r := answered(json.RawMessage(c.raw), c.err)
		got := dynamicOutput(r.ContentItems, l)
		if r.Success != c.success || got.Text != c.want.Text || !bytes.Equal(got.Content, c.want.Content) {
			t.Errorf("%s %v: %t %q %s", c.raw, c.err, r.Success, got.Text, got.Content)
		}
	}
}
