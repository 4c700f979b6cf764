package keys

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/BurntSushi/toml"
)

// JSONSchema is a JSON Schema of config.toml, for editors.
func JSONSchema() ([]byte, error) {
	all := types()
	b := builder{types: all, defs: map[string]any{}}
	root, err := b.table(all[Config])
	if err != nil {
		return nil, err
	}
	root["$schema"] = "http://json-schema.org/draft-07/schema#"
	root["title"] = "config.toml of Codex"
	root["definitions"] = b.defs
	return json.MarshalIndent(root, "", "  ")
}

type object = map[string]any

type builder struct {
	types map[string]typ
	defs  map[string]any
}

func (b *builder) table(t typ) (object, error) {
	props, required := object{}, []string{}
	for _, f := range t.fields {
		s, err := b.of(f.kind)
		if err != nil {
			return nil, err
		}
		if err := describe(s, f); err != nil {
			return nil, err
		}
		props[f.name] = s
		if f.required {
			required = append(required, f.name)
		}
	}
	out := object{"type": "object", "properties": props}
	if len(required) > 0 {
		out["required"] = required
	}
	if flat := t.flat(); flat != "" {
		s, err := b.of(flat)
		if err != nil {
			return nil, err
		}
		out["additionalProperties"] = s
	} else if t.closed() {
		out["additionalProperties"] = false
	}
	return out, nil
}

// describe puts the effect and the default of a key to its schema.
func describe(s object, f field) error {
	if why, unused := strings.CutPrefix(f.effect, "-"); unused {
		s["description"] = "Accepted, not used: " + why
	} else if f.effect != "" {
		s["description"] = f.effect
	}
	if f.def == "" {
		return nil
	}
	var v object
	if _, err := toml.Decode("v = "+f.def, &v); err != nil {
		return fmt.Errorf("default of %s: %w", f.name, err)
	}
	s["default"] = v["v"]
	return nil
}

// of is the schema of a kind; that of a type of the table is a reference.
func (b *builder) of(kind string) (object, error) {
	switch kind[0] {
	case '[', '{':
		s, err := b.of(inner(kind))
		if kind[0] == '[' {
			return object{"type": "array", "items": s}, err
		}
		return object{"type": "object", "additionalProperties": s}, err
	}
	if _, s, ok := scalar(kind); ok {
		return s, nil
	}
	return b.named(kind)
}

// scalar names a kind that is none of the table's types, and gives its schema.
func scalar(kind string) (word string, s object, ok bool) {
	switch kind {
	case "any":
		return "anything", object{}, true
	case "bool":
		return "boolean", object{"type": "boolean"}, true
	case "f64":
		return "number", object{"type": "number"}, true
	case "string", "header", "environ":
		return "string", object{"type": "string"}, true
	case "path", "rawpath":
		return "path", object{"type": "string"}, true
	case "name", "token", "variable":
		return "string", object{"type": "string", "minLength": 1}, true
	case "wireapi":
		return "string", object{"enum": []string{"responses"}}, true
	case "argv":
		return "list of string", object{"type": "array", "items": object{"type": "string"}}, true
	case "argv1":
		return "list of string", object{"type": "array", "items": object{"type": "string"}, "minItems": 1}, true
	case "i64", "i32":
		return "integer", object{"type": "integer"}, true
	case "u64", "usize", "u32", "u16":
		return "integer", object{"type": "integer", "minimum": 0}, true
	case "nzu64", "i64+", "usize+":
		return "integer", object{"type": "integer", "minimum": 1}, true
	}
	return "", nil, false
}

func (b *builder) named(kind string) (object, error) {
	t, ok := b.types[kind]
	if !ok {
		return nil, fmt.Errorf("no type %s in the table of keys", kind)
	}
	if _, done := b.defs[kind]; !done {
		b.defs[kind] = object{} // it may hold itself
		s, err := b.define(t)
		if err != nil {
			return nil, err
		}
		b.defs[kind] = s
	}
	// Beside a $ref nothing counts.
	return object{"allOf": []object{{"$ref": "#/definitions/" + kind}}}, nil
}

func (b *builder) define(t typ) (object, error) {
	switch t.kind {
	case table:
		return b.table(t)
	case words:
		return b.words(t)
	case union:
		return b.anyOf(t.head[1:])
	}
	tag, cases := t.head[0], []object{}
	for _, h := range t.head[1:] {
		word, name, _ := strings.Cut(h, ":")
		s := object{"type": "object", "properties": object{}}
		if name != "" {
			var err error
			if s, err = b.table(b.types[name]); err != nil {
				return nil, err
			}
		}
		s["properties"].(object)[tag] = object{"const": word}
		required, _ := s["required"].([]string)
		s["required"] = append(slices.Clone(required), tag)
		cases = append(cases, s)
	}
	return object{"oneOf": cases}, nil
}

// words are strings, or a table with one of them as its only key.
func (b *builder) words(t typ) (object, error) {
	var plain []string
	var cases []object
	for _, h := range t.head {
		word, name, holds := strings.Cut(h, ":")
		if !holds {
			plain = append(plain, word)
			continue
		}
		s, err := b.of(name)
		if err != nil {
			return nil, err
		}
		cases = append(cases, object{"type": "object", "properties": object{word: s}, "required": []string{word}, "additionalProperties": false})
	}
	if len(cases) == 0 {
		return object{"enum": plain}, nil
	}
	return object{"oneOf": append([]object{{"enum": plain}}, cases...)}, nil
}

func (b *builder) anyOf(kinds []string) (object, error) {
	var cases []object
	for _, k := range kinds {
		s, err := b.of(k)
		if err != nil {
			return nil, err
		}
		cases = append(cases, s)
	}
	return object{"anyOf": cases}, nil
}
