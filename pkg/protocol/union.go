package protocol

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"strings"

	"codex/pkg/jsonrpc"
)

// The protocol has two kinds of union. Both are Go structs here, described by tags that
// the marshaller below and the schema generator read:
//
// A tagged union is an object with a word that names its variant. That word's field has
// the tag schema:"union=a|b|c"; a field that only some variants have lists them in
// in:"a,b?", where ? marks a field that the variant may leave out. Only the fields of its
// variant are written.
//
// An external union is either a plain word or an object with one key, the name of the
// variant: the first field holds the word (tag schema:"words"), every other field is a
// pointer, at most one of them set.
//
// A type whose values are a fixed set of words lists them, in the order of the schema, with
// a method Values; constants are for those that code says.

// marshalUnion writes a tagged union: the fields of its variant, in the order of the
// struct. A variant that the type does not know keeps every field that is set.
func marshalUnion(v any) ([]byte, error) {
	rv := reflect.ValueOf(v)
	rt := rv.Type()
	word, known := "", false
	for i := range rt.NumField() {
		if names, ok := strings.CutPrefix(rt.Field(i).Tag.Get("schema"), "union="); ok {
			word = rv.Field(i).String()
			for n := range strings.SplitSeq(names, "|") {
				known = known || n == word
			}
		}
	}
	var b bytes.Buffer
	b.WriteByte('{')
	for i := range rt.NumField() {
		f, fv := rt.Field(i), rv.Field(i)
		name, opts, _ := strings.Cut(f.Tag.Get("json"), ",")
		in, some := f.Tag.Lookup("in")
		switch {
		case !known && some && fv.IsZero():
			continue
		case known && some && !inVariant(in, word):
			continue
		case opts == "omitempty" && isEmpty(fv):
			continue
		}
		val, err := jsonrpc.Marshal(fv.Interface())
		if err != nil {
			return nil, fmt.Errorf("encode %s of %s: %w", name, rt.Name(), err)
		}
		if b.Len() > 1 {
			b.WriteByte(',')
		}
		b.WriteByte('"')
		b.WriteString(name)
		b.WriteString(`":`)
		b.Write(val)
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

// inVariant tells whether the in tag lists the variant.
func inVariant(in, word string) bool {
	for n := range strings.SplitSeq(in, ",") {
		if strings.TrimSuffix(n, "?") == word {
			return true
		}
	}
	return false
}

// isEmpty is the omitempty rule of encoding/json.
func isEmpty(v reflect.Value) bool {
	switch v.Kind() {
	case reflect.Slice, reflect.Map, reflect.String:
		return v.Len() == 0
	case reflect.Struct:
		return false
	}
	return v.IsZero()
}

// marshalExternal writes an external union: the set field as {name: value}, or the word.
func marshalExternal(v any) ([]byte, error) {
	rv := reflect.ValueOf(v)
	for i := 1; i < rv.NumField(); i++ {
		if fv := rv.Field(i); !fv.IsNil() {
			val, err := jsonrpc.Marshal(fv.Interface())
			if err != nil {
				return nil, fmt.Errorf("encode %s: %w", rv.Type().Name(), err)
			}
			return append(append([]byte(`{"`+rv.Type().Field(i).Tag.Get("json")+`":`), val...), '}'), nil
		}
	}
	return jsonrpc.Marshal(rv.Field(0).Interface())
}

// unmarshalExternal reads an external union into dst, a pointer to its struct. A word it
// does not know is kept; an object it does not know is an error.
func unmarshalExternal(raw []byte, dst any) error {
	rv := reflect.ValueOf(dst).Elem()
	rv.SetZero()
	raw = bytes.TrimSpace(raw)
	if len(raw) == 0 || raw[0] != '{' {
		if err := json.Unmarshal(raw, rv.Field(0).Addr().Interface()); err != nil {
			return fmt.Errorf("decode %s: %w", rv.Type().Name(), err)
		}
		return nil
	}
	var m map[string]json.RawMessage
	if err := json.Unmarshal(raw, &m); err != nil {
		return fmt.Errorf("decode %s: %w", rv.Type().Name(), err)
	}
	for i := 1; i < rv.NumField(); i++ {
		val, ok := m[rv.Type().Field(i).Tag.Get("json")]
		if !ok {
			continue
		}
		if err := json.Unmarshal(val, rv.Field(i).Addr().Interface()); err != nil {
			return fmt.Errorf("decode %s: %w", rv.Type().Name(), err)
		}
		return nil
	}
	return fmt.Errorf("decode %s: unknown variant", rv.Type().Name())
}
