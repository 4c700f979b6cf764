package item

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/google/uuid"
	"github.com/tidwall/gjson"

	"codex/pkg/jsonrpc"
)

// Normalise repairs history for a request: a call without output gets "aborted" right
// after it, an output without call goes, images become a text where the model takes
// none. The session file is not changed.
func Normalise(items []Item, images bool) []Item {
	calls, outputs := map[string]bool{}, map[string]bool{}
	for _, e := range items {
		switch typ, id := shape(e.Raw); {
		case strings.HasSuffix(typ, "_output"):
			outputs[id] = true
		case IsCall(typ):
			calls[id] = true
		}
	}
	out := make([]Item, 0, len(items))
	for _, e := range items {
		typ, id := shape(e.Raw)
		if strings.HasSuffix(typ, "_output") && !calls[id] {
			continue
		}
		if !images {
			e.Raw, _ = withoutImages(e.Raw, Omitted)
		}
		out = append(out, e)
		if IsCall(typ) && id != "" && !outputs[id] {
			out = append(out, Item{Raw: Output(typ, id, "aborted", nil)})
		}
	}
	return out
}

// IsCall says whether an item of type typ wants an output.
func IsCall(typ string) bool {
	return slices.Contains([]string{"function_call", "custom_tool_call", "local_shell_call", "tool_search_call"}, typ)
}

func shape(raw json.RawMessage) (typ, callID string) {
	r := gjson.GetManyBytes(raw, "type", "call_id")
	return r[0].Str, r[1].Str
}

// Output answers a call of type typ.
func Output(typ, callID, text string, content json.RawMessage) json.RawMessage {
	var b Object
	switch typ {
	case "custom_tool_call":
		b.Str("type", "custom_tool_call_output")
	case "tool_search_call":
		b.Str("type", "tool_search_output")
		b.Str("call_id", callID)
		b.Str("status", "completed")
		b.Str("execution", "client")
		if content == nil {
			content = json.RawMessage("[]")
		}
		b.Raw("tools", string(content))
		return b.End()
	default:
		b.Str("type", "function_call_output")
	}
	b.Str("call_id", callID)
	if content != nil {
		b.Raw("output", string(content))
	} else {
		b.Str("output", text)
	}
	return b.End()
}

// WithCallID gives a call another id.
func WithCallID(e Item, id string) Item {
	was := gjson.GetBytes(e.Raw, "call_id")
	if was.Index > 0 {
		e.Raw = json.RawMessage(string(e.Raw[:was.Index]) + string(jsonrpc.Quote(id)) + string(e.Raw[was.Index+len(was.Raw):]))
	}
	return e
}

// NewCallID makes an id for a call.
func NewCallID() string { return "call_" + uuid.NewString() }

// CallIDs are the ids of the calls in a history.
func CallIDs(history []Item) map[string]bool {
	ids := map[string]bool{}
	for _, e := range history {
		if typ, id := shape(e.Raw); IsCall(typ) {
			ids[id] = true
		}
	}
	return ids
}
