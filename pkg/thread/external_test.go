package thread

import (
	"os"
	"path/filepath"
	"testing"
)

func TestExternal(t *testing.T) {
	const meta = `{"type":"session_meta","payload":{"id":"019e0000-0000-7000-8000-000000000000"}}` + "\n"
	for line, want := range map[string]bool{
		`{"type":"response_item","payload":{"type":"function_call","name":"exec_command","arguments":"mcp__"}}`:              false,
		`{"type":"response_item","payload":{"type":"function_call","name":"search","namespace":"mcp__docs","arguments":""}}`: true,
		`{"type":"response_item","payload":{"type":"function_call","name":"mcp__docs__search"}}`:                             true,
		`{"type":"response_item","payload":{"type":"web_search_call"}}`:                                                      true,
		`{"type":"event_msg","payload":{"type":"mcp_tool_call_end"}}`:                                                        true,
		`{"type":"event_msg","payload":{"type":"agent_message","message":"web_search_call"}}`:                                false,
	} {
		path := filepath.Join(t.TempDir(), "rollout.jsonl")
		if err := os.WriteFile(path, []byte(meta+line+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		if got, err := External(path); got != want || err != nil {
			t.Errorf("%s: %v, %v", line, got, err)
		}
	}
}
