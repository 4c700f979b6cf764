package item

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/tidwall/gjson"
)

// Foreign reads items that a client made: as they are sent, without their ids. Types that
// nobody knows are passed over.
func Foreign(raws []json.RawMessage) ([]Item, error) {
	var out []Item
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
		e, err := Admit(item, NewCallID)
		switch {
		case errors.Is(err, ErrUnknown):
		case err != nil:
			return nil, fmt.Errorf("items[%d] is not a valid response item: it is %w", i, err)
		default:
			out = append(out, Item{Raw: Minify(e.Raw)})
		}
	}
	return out, nil
}

func isOutput(typ string) bool {
	return typ == "function_call_output" || typ == "custom_tool_call_output"
}
