package thread

import (
	"strings"

	"codex/pkg/rollout"
)

// maxCall bounds a line that is looked at: a search, or a call with its arguments. Longer ones
// are messages and output.
const maxCall = 1 << 20

// External says whether a session has looked at something outside: it searched the web, or
// called a tool of a server of the Model Context Protocol.
func External(path string) (found bool, err error) {
	err = rollout.BackwardWithin(path, maxCall, true, func(l rollout.Line) bool {
		switch l.Payload.Get("type").Str {
		case "web_search_call", "web_search_end", "mcp_tool_call_end":
			found = true
		case "function_call":
			found = strings.HasPrefix(l.Payload.Get("name").Str, "mcp__") || strings.HasPrefix(l.Payload.Get("namespace").Str, "mcp__")
		}
		return !found
	})
	return found, err
}
