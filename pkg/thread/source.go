package thread

import (
	"encoding/json"

	"github.com/tidwall/gjson"

	"codex/pkg/jsonrpc"
	"codex/pkg/protocol"
)

// Source is the raw session source of a file in the protocol's spelling.
func Source(raw string) (out protocol.SessionSource) {
	switch raw {
	case `"mcp"`:
		raw = `"appServer"`
	case "":
		raw = `"unknown"`
	}
	if sub := gjson.Get(raw, "subagent"); sub.Exists() { // the protocol writes it in its own case
		raw = `{"subAgent":` + sub.Raw + `}`
	}
	if !jsonrpc.Valid([]byte(raw)) || json.Unmarshal([]byte(raw), &out) != nil {
		_ = json.Unmarshal([]byte(`"unknown"`), &out)
	}
	return out
}

// kind is a session source as lists filter by it.
func kind(raw string) protocol.ThreadSourceKind {
	v := gjson.Parse(raw)
	switch v.Str {
	case "cli", "exec", "vscode":
		return protocol.ThreadSourceKind(v.Str)
	case "mcp", "appServer":
		return protocol.ThreadSourceKindAppServer
	}
	if c := v.Get("custom").Str; c == "atlas" || c == "chatgpt" {
		return protocol.ThreadSourceKindVscode // interactive as well
	}
	sub := v.Get("subagent")
	switch {
	case sub.Str == "review":
		return protocol.ThreadSourceKindSubAgentReview
	case sub.Str == "compact":
		return protocol.ThreadSourceKindSubAgentCompact
	case sub.Get("thread_spawn").Exists():
		return protocol.ThreadSourceKindSubAgentThreadSpawn
	case sub.Exists():
		return protocol.ThreadSourceKindSubAgentOther
	}
	return protocol.ThreadSourceKindUnknown
}

// parent is the thread whose agent works in a session, nil for one of a user.
func parent(raw string) *string {
	return keepSet(gjson.Get(raw, "subagent.thread_spawn.parent_thread_id"))
}
