package mcp

import (
	"encoding/json"
	"slices"

	"codex/pkg/jsonrpc"
)

// clean is what of a JSON Schema the model's side understands.
type clean struct {
	Type        json.RawMessage    `json:"type,omitempty"`
	Description string             `json:"description,omitempty"`
	Enum        []json.RawMessage  `json:"enum,omitempty"`
	Items       *clean             `json:"items,omitempty"`
	Properties  *map[string]*clean `json:"properties,omitempty"`
	Required    []string           `json:"required,omitempty"`
	Additional  any                `json:"additionalProperties,omitempty"`
	AnyOf       []*clean           `json:"anyOf,omitempty"`
}

// cleanSchema keeps what the model's side understands of a tool's schema; false for a tool
// that cannot be called with an object.
func cleanSchema(raw json.RawMessage) (json.RawMessage, bool) {
	c := cleaned(raw)
	if string(c.Type) == `"null"` {
		return nil, false
	}
	if c.Properties == nil {
		c.Properties = &map[string]*clean{}
	}
	if c.Type == nil {
		c.Type = json.RawMessage(`"object"`)
	}
	b, err := jsonrpc.Marshal(c)
	return b, err == nil
}

func cleaned(raw json.RawMessage) *clean {
	var members map[string]json.RawMessage
	if json.Unmarshal(raw, &members) != nil || members == nil {
		return &clean{Type: json.RawMessage(`"string"`)} // true and false, which are schemas
	}
	c := &clean{Type: typeOf(members)}
	_ = json.Unmarshal(members["description"], &c.Description) // of a wrong type: none
	_ = json.Unmarshal(members["enum"], &c.Enum)
	_ = json.Unmarshal(members["required"], &c.Required)
	if v, ok := members["const"]; ok && c.Enum == nil {
		c.Enum = []json.RawMessage{v}
	}
	if v, ok := members["items"]; ok {
		c.Items = cleaned(v)
	} else if is(c.Type, "array") {
		c.Items = &clean{Type: json.RawMessage(`"string"`)}
	}
	var properties map[string]json.RawMessage
	if json.Unmarshal(members["properties"], &properties) == nil && properties != nil || is(c.Type, "object") {
		p := make(map[string]*clean, len(properties))
		for k, v := range properties {
			p[k] = cleaned(v)
		}
		c.Properties = &p
	}
	if v, ok := members["additionalProperties"]; ok {
		var yes bool
		if json.Unmarshal(v, &yes) == nil {
			c.Additional = yes
		} else {
			c.Additional = cleaned(v)
		}
	}
	var any []json.RawMessage
	_ = json.Unmarshal(members["anyOf"], &any)
	for _, v := range any {
		c.AnyOf = append(c.AnyOf, cleaned(v))
	}
	return c
}

func is(typ json.RawMessage, word string) bool { return string(typ) == `"`+word+`"` }

// typeOf is the type of a schema, or what its other members hint at; nil for none.
func typeOf(members map[string]json.RawMessage) json.RawMessage {
	known := func(word string) bool {
		return slices.Contains([]string{"string", "number", "integer", "boolean", "array", "object", "null"}, word)
	}
	var one string
	if json.Unmarshal(members["type"], &one) == nil && known(one) {
		return members["type"]
	}
	var several []string
	if json.Unmarshal(members["type"], &several) == nil && len(several) > 0 {
		if several = slices.DeleteFunc(several, func(w string) bool { return !known(w) }); len(several) > 0 {
			b, _ := json.Marshal(several) // words always can be encoded
			return b
		}
	}
	for _, hint := range []struct{ member, typ string }{
		{"properties", "object"}, {"required", "object"}, {"additionalProperties", "object"}, {"items", "array"}, {"prefixItems", "array"},
		{"enum", "string"}, {"const", "string"}, {"format", "string"}, {"minimum", "number"}, {"maximum", "number"}, {"exclusiveMinimum", "number"},
		{"exclusiveMaximum", "number"}, {"multipleOf", "number"},
	} {
		if _, ok := members[hint.member]; ok {
			return json.RawMessage(`"` + hint.typ + `"`)
		}
	}
	return nil
}
