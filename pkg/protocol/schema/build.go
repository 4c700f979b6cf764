package schema

import (
	"encoding/json"
	"reflect"
	"slices"
	"strings"

	js "github.com/google/jsonschema-go/jsonschema"

	"codex/pkg/protocol"
)

// builder collects definitions while it walks types.
type builder struct {
	experimental bool
	defs         map[string]*js.Schema
	refs         map[string][]string // definition → definitions it refers to
	cur          string
	roots        map[string]bool // params and results of methods
	results      map[string]bool // results of the client's requests
	v2           map[string]bool // all that requests, their results and notifications use
}

// words is a type whose values are a fixed set of strings.
type words interface{ Values() []string }

// variants is a union that names a struct for each shape.
type variants interface{ Variants() []any }

func ref(name string) *js.Schema { return &js.Schema{Ref: "#/definitions/" + name} }

func never() *js.Schema { return &js.Schema{Not: &js.Schema{}} }

func oneWord(w string) *js.Schema { return &js.Schema{Type: "string", Enum: []any{w}} }

// node gives the schema of a value of the type, without its nullability.
func (b *builder) node(t reflect.Type) *js.Schema {
	switch {
	case t == reflect.TypeFor[json.RawMessage]():
		return &js.Schema{}
	case t == reflect.TypeFor[protocol.ThreadItem]():
		return b.define("ThreadItem", b.items)
	case t == reflect.TypeFor[protocol.OneOrMany]():
		return &js.Schema{AnyOf: []*js.Schema{{Type: "string"}, {Type: "array", Items: &js.Schema{Type: "string"}}}}
	case strings.HasPrefix(t.Name(), "Patch["):
		f, _ := t.FieldByName("Value")
		return b.node(f.Type.Elem())
	}
	switch t.Kind() {
	case reflect.Pointer:
		return b.node(t.Elem())
	case reflect.Slice:
		return &js.Schema{Type: "array", Items: b.value(t.Elem())}
	case reflect.Map:
		return &js.Schema{Type: "object", AdditionalProperties: b.value(t.Elem())}
	case reflect.Bool:
		return &js.Schema{Type: "boolean"}
	case reflect.Float64:
		return &js.Schema{Type: "number", Format: "double"}
	case reflect.Int32, reflect.Int64:
		return &js.Schema{Type: "integer", Format: t.Kind().String()}
	case reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return &js.Schema{Type: "integer", Format: t.Kind().String(), Minimum: new(0.0)}
	case reflect.String:
		if w, ok := reflect.Zero(t).Interface().(words); ok {
			return b.define(t.Name(), func() *js.Schema { return enum(w.Values()) })
		}
		return &js.Schema{Type: "string"}
	case reflect.Struct:
		return b.define(t.Name(), func() *js.Schema { return b.object(t) })
	}
	panic("protocol type without a schema: " + t.String())
}

// value is node for elements of arrays and maps, where a pointer means nullable.
func (b *builder) value(t reflect.Type) *js.Schema {
	if t.Kind() == reflect.Pointer {
		return nullable(b.node(t))
	}
	return b.node(t)
}

func enum(list []string) *js.Schema {
	s := &js.Schema{Type: "string"}
	for _, w := range list {
		s.Enum = append(s.Enum, w)
	}
	return s
}

// define builds a definition once and gives a reference to it.
func (b *builder) define(name string, build func() *js.Schema) *js.Schema {
	b.refs[b.cur] = append(b.refs[b.cur], name)
	if _, ok := b.defs[name]; !ok {
		b.defs[name] = nil // a recursive type meets itself here
		outer := b.cur
		b.cur = name
		b.defs[name] = build()
		b.cur = outer
	}
	return ref(name)
}

func nullable(s *js.Schema) *js.Schema {
	switch {
	case s.Type != "":
		s.Types, s.Type = []string{s.Type, "null"}, ""
		return s
	case s.Ref != "" || s.AnyOf != nil:
		return &js.Schema{AnyOf: []*js.Schema{s, {Type: "null"}}}
	}
	return s // any value already
}

func (b *builder) items() *js.Schema {
	s := &js.Schema{}
	for _, it := range protocol.ItemVariants() {
		s.OneOf = append(s.OneOf, b.object(reflect.TypeOf(it).Elem()))
	}
	return s
}

// object gives the schema of a struct, which may stand for a union.
func (b *builder) object(t reflect.Type) *js.Schema {
	if v, ok := reflect.Zero(t).Interface().(variants); ok {
		s := &js.Schema{}
		for _, x := range v.Variants() {
			s.OneOf = append(s.OneOf, b.fields(reflect.TypeOf(x), ""))
		}
		return s
	}
	for field := range t.Fields() {
		tag := field.Tag.Get("schema")
		if names, ok := strings.CutPrefix(tag, "union="); ok {
			s := &js.Schema{}
			for w := range strings.SplitSeq(names, "|") {
				s.OneOf = append(s.OneOf, b.fields(t, w))
			}
			return s
		}
		if names, ok := strings.CutPrefix(tag, "words="); ok {
			return b.external(t, strings.Split(names, "|"))
		}
	}
	return b.fields(t, "")
}

// external gives the schema of a union of words and one-key objects.
func (b *builder) external(t reflect.Type, names []string) *js.Schema {
	s := &js.Schema{OneOf: []*js.Schema{enum(names)}}
	for i := 1; i < t.NumField(); i++ {
		name := t.Field(i).Tag.Get("json")
		s.OneOf = append(s.OneOf, &js.Schema{
			Type:                 "object",
			Required:             []string{name},
			Properties:           map[string]*js.Schema{name: b.node(t.Field(i).Type)},
			AdditionalProperties: never(),
		})
	}
	return s
}

// fields gives the schema of a struct, or of one variant of a tagged union.
func (b *builder) fields(t reflect.Type, variant string) *js.Schema {
	s := &js.Schema{Type: "object"}
	for f := range t.Fields() {
		name, opts, _ := strings.Cut(f.Tag.Get("json"), ",")
		tags := strings.Split(f.Tag.Get("schema"), ",")
		if slices.Contains(tags, "extra") {
			s.AdditionalProperties = &js.Schema{}
		}
		if name == "-" || slices.Contains(tags, "ours") || slices.Contains(tags, "later") || !b.experimental && slices.Contains(tags, "exp") {
			continue
		}
		optional, skip := inVariant(f, variant)
		if skip {
			continue
		}
		prop, required := b.field(f, tags, opts != "" || optional, variant)
		if s.Properties == nil {
			s.Properties = map[string]*js.Schema{}
		}
		s.Properties[name] = prop
		if required {
			s.Required = append(s.Required, name)
		}
	}
	slices.Sort(s.Required)
	return s
}

// inVariant reads the in tag: may the variant leave the field out, or has it none?
func inVariant(f reflect.StructField, variant string) (optional, skip bool) {
	in, ok := f.Tag.Lookup("in")
	if !ok {
		return false, false
	}
	for w := range strings.SplitSeq(in, ",") {
		if strings.TrimSuffix(w, "?") == variant {
			return strings.HasSuffix(w, "?"), false
		}
	}
	return false, true
}

// field gives the schema of one field and whether it must be there.
func (b *builder) field(f reflect.StructField, tags []string, optional bool, variant string) (*js.Schema, bool) {
	var def string
	for _, t := range tags {
		if t == "requestId" {
			return b.define("RequestId", requestID), true
		}
		if w, ok := strings.CutPrefix(t, "const="); ok {
			return oneWord(w), true
		}
		if strings.HasPrefix(t, "union=") {
			return oneWord(variant), true
		}
		if d, ok := strings.CutPrefix(t, "default="); ok {
			def = d
		}
	}
	prop := b.node(f.Type)
	null := canBeNull(f.Type)
	if _, in := f.Tag.Lookup("in"); in && !optional {
		null = false // a pointer only because other variants leave it out
	}
	opt := optional || null || slices.Contains(tags, "opt")
	if slices.Contains(tags, "min=1") {
		prop.Minimum = new(1.0)
	}
	if null {
		prop = nullable(prop)
	} else if slices.Contains(tags, "opt") {
		prop = withDefault(prop, f.Type, def)
	}
	return prop, !opt
}

// canBeNull tells pointers, plain slices and plain maps from the types that are always
// written as an array or an object.
func canBeNull(t reflect.Type) bool {
	switch t.Kind() {
	case reflect.Pointer:
		return true
	case reflect.Slice, reflect.Map:
		return t.Name() == "" && t != reflect.TypeFor[json.RawMessage]()
	}
	return strings.HasPrefix(t.Name(), "Patch[")
}

// withDefault adds the default: the one of the tag, or the zero value of the type.
func withDefault(s *js.Schema, t reflect.Type, def string) *js.Schema {
	var raw json.RawMessage
	switch {
	case t.Kind() == reflect.Bool && def == "":
		raw = json.RawMessage("false")
	case t.Kind() == reflect.Bool:
		raw = json.RawMessage(def)
	case def != "" && t.Kind() == reflect.Slice:
		raw = encode(strings.Split(def, "|"))
	case def != "":
		raw = json.RawMessage(`"` + def + `"`)
	case t.Kind() == reflect.Slice && t != reflect.TypeFor[json.RawMessage]():
		raw = json.RawMessage("[]")
	case t.Kind() == reflect.Map:
		raw = json.RawMessage("{}")
	default:
		return s
	}
	if s.Ref != "" {
		s = &js.Schema{AllOf: []*js.Schema{s}} // draft 7 ignores what stands beside a $ref
	}
	s.Default = raw
	return s
}

func requestID() *js.Schema {
	return &js.Schema{AnyOf: []*js.Schema{{Type: "string"}, {Type: "integer", Format: "int64"}}}
}
