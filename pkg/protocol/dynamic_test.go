package protocol

import (
	"encoding/json"
	"testing"
)

// The words are those of 0.133.0.
func TestCheckDynamicTools(t *testing.T) {
	for in, want := range map[string]string{
		`[{"name":"a","inputSchema":{}},{"name":"b","inputSchema":{}}]`:                 "",
		`[{"name":"a","inputSchema":{}},{"name":"a","inputSchema":{},"namespace":"n"}]`: "",
		`[{"name":"exec_command","inputSchema":{}}]`:                                    "",
		`[{"name":"a","inputSchema":{}},{"name":"a","inputSchema":{}}]`:                 "duplicate dynamic tool name: a",
		`[{"name":"","inputSchema":{}}]`:                                                "dynamic tool name must not be empty",
		`[{"name":" x","inputSchema":{}}]`:                                              "dynamic tool name has leading/trailing whitespace:  x",
		`[{"name":"a b","inputSchema":{}}]`:                                             "dynamic tool name must match ^[a-zA-Z0-9_-]+$ to match Responses API: a b",
		`[{"name":"mcp","inputSchema":{}}]`:                                             "dynamic tool name is reserved: mcp",
		`[{"name":"mcp__a__b","inputSchema":{}}]`:                                       "dynamic tool name is reserved: mcp__a__b",
		`[{"name":"x","inputSchema":{},"namespace":""}]`:                                "dynamic tool namespace must not be empty for x",
		`[{"name":"x","inputSchema":{},"namespace":"a b"}]`:                             "dynamic tool namespace must match ^[a-zA-Z0-9_-]+$ to match Responses API: a b",
		`[{"name":"x","inputSchema":{},"namespace":"mcp__a"}]`:                          "dynamic tool namespace is reserved for x: mcp__a",
		`[{"name":"x","inputSchema":{},"namespace":"functions"}]`:                       "dynamic tool namespace collides with a reserved Responses API namespace for x: functions",
		`[{"name":"x","inputSchema":{},"deferLoading":true}]`:                           "deferred dynamic tool must include a namespace: x",
		`[{"name":"x","inputSchema":5}]`:                                                "dynamic tool input schema is not supported for x: it is no object",
		`[{"name":"x"}]`:                                                                "dynamic tool input schema is not supported for x: it is no object",
	} {
		var specs []DynamicToolSpec
		if err := json.Unmarshal([]byte(in), &specs); err != nil {
			t.Fatal(err)
		}
		got := ""
		if err := CheckDynamicTools(specs); err != nil {
			got = err.Error()
		}
		if got != want {
			t.Errorf("%s: %q, want %q", in, got, want)
		}
	}
}
