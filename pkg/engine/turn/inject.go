package turn

import (
	"encoding/json"
	"fmt"

	"github.com/tidwall/gjson"

	"codex/pkg/jsonrpc"
	"codex/pkg/protocol"
)

// injectItems puts Responses items into the history. While a turn runs they wait for its
// next request, and if there is none, for its end.
func (s *Server) injectItems(params json.RawMessage) (any, error) {
	var p protocol.ThreadInjectItemsParams
	if err := decode(params, &p); err != nil {
		return nil, err
	}
	th, err := s.mine(p.ThreadID)
	if err != nil {
		return nil, err
	}
	if len(p.Items) == 0 {
		return nil, jsonrpc.Errorf(jsonrpc.CodeInvalidRequest, "items must not be empty")
	}
	items, err := foreign(p.Items)
	if err != nil {
		return nil, jsonrpc.Errorf(jsonrpc.CodeInvalidRequest, "%v", err)
	}
	th.mu.Lock()
	defer th.mu.Unlock()
	all := pending{items: items, quiet: true} // all of them or none
	if r := th.running; r == nil {
		th.push(items...)
	} else if took, err := r.add(all); err != nil {
		return nil, err
	} else if !took { // it is about to leave, and takes this along
		r.pending = append(r.pending, all)
	}
	return protocol.ThreadInjectItemsResponse{}, nil
}

// foreign reads items that a client made: as they are sent, without their ids. Types that
// nobody knows are passed over.
func foreign(raws []json.RawMessage) ([]entry, error) {
	var out []entry
	for i, raw := range raws {
		item := gjson.ParseBytes(raw)
		why := ""
		switch typ := item.Get("type"); {
		case !item.IsObject():
			why = "it is no object"
		case typ.Type != gjson.String:
			why = "missing field `type`"
		case typ.Str == "message" && item.Get("role").Type != gjson.String:
			why = "missing field `role`"
		case typ.Str == "message" && !item.Get("content").IsArray():
			why = "missing field `content`"
		case isOutput(typ.Str) && item.Get("call_id").Type != gjson.String:
			why = "missing field `call_id`"
		case isOutput(typ.Str) && !item.Get("output").Exists():
			why = "missing field `output`"
		}
		if why != "" {
			return nil, fmt.Errorf("items[%d] is not a valid response item: %s", i, why)
		}
		if isOutput(item.Get("type").Str) {
			var b builder
			for _, k := range []string{"type", "call_id", "name", "output"} {
				b.keep(item, k)
			}
			out = append(out, entry{raw: compactJSON(b.end())})
		} else if e, ok := replayed(item); ok {
			out = append(out, entry{raw: compactJSON(e.raw)})
		}
	}
	return out, nil
}

func isOutput(typ string) bool {
	return typ == "function_call_output" || typ == "custom_tool_call_output"
}
