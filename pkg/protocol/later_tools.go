package protocol

import (
	"encoding/json"

	"github.com/tidwall/gjson"
	"github.com/tidwall/sjson"
)

// FlatTools is for params whose dynamicTools are written as clients of 0.171.0 do it: a
// tool has the type function, and those of a namespace stand in an object of the type
// namespace. It gives them in the form of 0.133.0; false when there are none of that kind.
// A tool without a namespace is not deferred there.
func FlatTools(params json.RawMessage) (json.RawMessage, bool) {
	listed := gjson.GetBytes(params, "dynamicTools")
	if !listed.IsArray() || len(listed.Get("#.type").Array()) == 0 {
		return nil, false
	}
	flat := []json.RawMessage{}
	add := func(tool gjson.Result, namespace *string) bool {
		raw := tool.Raw
		var err error
		for _, name := range []string{"type", "deferLoading"} {
			if err == nil && (name == "type" || namespace == nil) {
				raw, err = sjson.Delete(raw, name)
			}
		}
		if err == nil && namespace != nil {
			raw, err = sjson.Set(raw, "namespace", *namespace)
		}
		flat = append(flat, json.RawMessage(raw))
		return err == nil
	}
	for _, tool := range listed.Array() {
		switch tool.Get("type").Str {
		case "function":
			if !add(tool, nil) {
				return nil, false
			}
		case "namespace":
			name := tool.Get("name").Str
			for _, inner := range tool.Get("tools").Array() {
				if !add(inner, &name) {
					return nil, false
				}
			}
		default:
			flat = append(flat, json.RawMessage(tool.Raw))
		}
	}
	raw, err := json.Marshal(flat)
	if err != nil {
		return nil, false
	}
	out, err := sjson.SetRawBytes(params, "dynamicTools", raw)
	return out, err == nil
}
