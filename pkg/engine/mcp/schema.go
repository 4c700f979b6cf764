package mcp

import (
	"bytes"
	"encoding/json"
	"slices"

	"codex/pkg/jsonrpc"
)

// clean is what of a JSON Schema the model's side understands.
type clean struct {
	Type        json.RawMessage    `json:"type,omitempty"`
	Description string             `json:"description,omitempty"`
	Enum        []any              `json:"enum,omitempty"`
	Items       *clean             `json:"items,omitempty"`
	Properties  *map[string]*clean `json:"properties,omitempty"`
	Required    []string           `json:"required,omitempty"`
	Additional  any                `json:"additionalProperties,omitempty"`
	AnyOf       []*clean           `json:"anyOf,omitempty"`
}

// cleanSchema keeps what the model's side understands of a tool's schema; false for a tool
// that cannot be called with an object.
func cleanSchema(raw json.RawMessage) (json.RawMessage, bool) {
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	var v any
	_ = d.Decode(&v) // what is none is as no schema
	c := cleaned(v)
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

// cleaned takes the schema as it was decoded, once: to read each part of it anew would read
// what is deep as often as it is deep.
func cleaned(v any) *clean {
	members, ok := v.(map[string]any)
	if !ok {
		return &clean{Type: json.RawMessage(`"string"`)} // true and false, which are schemas
	}
	c := &clean{Type: typeOf(members)}
	c.Description, _ = members["description"].(string)
	c.Enum, _ = members["enum"].([]any)
	c.Required = texts(members["required"])
	if v, ok := members["const"]; ok && c.Enum == nil {
		c.Enum = []any{v}
	}
	if v, ok := members["items"]; ok {
		c.Items = cleaned(v)
	} else if is(c.Type, "array") {
		c.Items = &clean{Type: json.RawMessage(`"string"`)}
	}
	if properties, ok := members["properties"].(map[string]any); ok || is(c.Type, "object") {
		p := make(map[string]*clean, len(properties))
		for k, v := range properties {
			p[k] = cleaned(v)
		}
		c.Properties = &p
	}
	if v, ok := members["additionalProperties"]; ok {
		if c.Additional, ok = v.(bool); !ok {
			c.Additional = cleaned(v)
		}
	}
	several, _ := members["anyOf"].([]any)
	for _, v := range several {
		c.AnyOf = append(c.AnyOf, cleaned(v))
	}
	return c
}

// texts is a list of texts, nil for anything else.
func texts(v any) (all []string) {
	list, _ := v.([]any)
	for _, one := range list {
		s, ok := one.(string)
		if !ok {
			return nil
		}
		all = append(all, s)
	}
	return all
}

func is(typ json.RawMessage, word string) bool { return string(typ) == `"`+word+`"` }

// typeOf is the type of a schema, or what its other members hint at; nil for none.
func typeOf(members map[string]any) json.RawMessage {
	known := func(word string) bool {
		return slices.Contains([]string{"string", "number", "integer", "boolean", "array", "object", "null"}, word)
	}
	if one, ok := members["type"].(string); ok && known(one) {
		return json.RawMessage(`"` + one + `"`)
	}
	if several := texts(members["type"]); len(several) > 0 {
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
