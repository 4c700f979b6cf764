package tools

import (
	"reflect"
	"strings"
)

// schema is a JSON Schema, as far as tools need one.
type schema struct {
	Type        string             `json:"type"`
	Description string             `json:"description,omitempty"`
	Enum        []string           `json:"enum,omitempty"`
	Properties  map[string]*schema `json:"properties,omitempty"`
	Items       *schema            `json:"items,omitempty"`
	Required    []string           `json:"required,omitempty"`
	Additional  *bool              `json:"additionalProperties,omitempty"`
}

// schemaOf describes the struct that a tool's arguments are decoded into: the tag json has
// a member's name, about what the model reads of it ("-" hides the member), enum the words
// it may be (words, when its description lists them).
func schemaOf(t reflect.Type) *schema {
	switch t.Kind() {
	case reflect.Pointer:
		return schemaOf(t.Elem())
	case reflect.String:
		return &schema{Type: "string"}
	case reflect.Bool:
		return &schema{Type: "boolean"}
	case reflect.Slice:
		return &schema{Type: "array", Items: schemaOf(t.Elem())}
	case reflect.Struct:
	default:
		return &schema{Type: "number"}
	}
	s := &schema{Type: "object", Properties: map[string]*schema{}, Additional: new(bool)}
	for _, f := range reflect.VisibleFields(t) {
		name, required := member(f)
		about := f.Tag.Get("about")
		if name == "" || about == "-" {
			continue
		}
		p := schemaOf(f.Type)
		p.Description = about
		if words := f.Tag.Get("enum"); words != "" {
			p.Enum = strings.Split(words, ",")
		}
		s.Properties[name] = p
		if required {
			s.Required = append(s.Required, name)
		}
	}
	return s
}

// member gives the name of a field in JSON, "" for an embedded struct. Pointers and what
// has omitempty may be left out.
func member(f reflect.StructField) (name string, required bool) {
	name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
	return name, options == "" && f.Type.Kind() != reflect.Pointer
}
