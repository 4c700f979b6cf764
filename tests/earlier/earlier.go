// Package earlier takes out of messages what releases after 0.133.0 have added, so that tests
// can hold them against what that release has sent.
package earlier

import (
	"bytes"
	"encoding/json"
	"reflect"
	"strings"

	"github.com/tidwall/gjson"

	"codex/pkg/protocol"
)

// Value is a value of a type without the members of later releases.
func Value(t reflect.Type, raw []byte) []byte {
	var out bytes.Buffer
	earlier(&out, t, gjson.ParseBytes(raw))
	return out.Bytes()
}

// Line is Value for a message: a request or notification, or the answer to one.
func Line(method string, line []byte) []byte {
	for _, m := range append(protocol.Methods(), protocol.Later()...) {
		if m.Name != method {
			continue
		}
		t, at := m.Params, gjson.GetBytes(line, "params")
		if !at.Exists() {
			t, at = m.Result, gjson.GetBytes(line, "result")
		}
		if t == nil || !at.Exists() {
			return line
		}
		return bytes.Replace(line, []byte(at.Raw), Value(t, []byte(at.Raw)), 1)
	}
	return line
}

func earlier(out *bytes.Buffer, t reflect.Type, v gjson.Result) {
	t = concrete(t, v)
	switch {
	case v.IsObject() && t != nil && (t.Kind() == reflect.Struct || t.Kind() == reflect.Map):
		out.WriteByte('{')
		n := 0
		v.ForEach(func(k, e gjson.Result) bool {
			et, later := memberType(t, k.Str)
			if later {
				return true
			}
			if n++; n > 1 {
				out.WriteByte(',')
			}
			out.WriteString(k.Raw + ":")
			earlier(out, et, e)
			return true
		})
		out.WriteByte('}')
	case v.IsArray() && t != nil && t.Kind() == reflect.Slice:
		out.WriteByte('[')
		for i, e := range v.Array() {
			if i > 0 {
				out.WriteByte(',')
			}
			earlier(out, t.Elem(), e)
		}
		out.WriteByte(']')
	default:
		out.WriteString(v.Raw)
	}
}

// concrete is the type of what a field holds.
func concrete(t reflect.Type, v gjson.Result) reflect.Type {
	for t != nil && t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if t == reflect.TypeFor[protocol.ThreadItem]() {
		for _, item := range protocol.ItemVariants() {
			if item.ItemType() == v.Get("type").Str {
				return reflect.TypeOf(item).Elem()
			}
		}
		return nil
	}
	if t == reflect.TypeFor[json.RawMessage]() {
		return nil
	}
	return t
}

// memberType is the type of a member, nil for one that is not known.
func memberType(t reflect.Type, name string) (member reflect.Type, later bool) {
	if t.Kind() == reflect.Map {
		return t.Elem(), false
	}
	for f := range t.Fields() {
		if n, _, _ := strings.Cut(f.Tag.Get("json"), ","); n == name {
			return f.Type, f.Tag.Get("schema") == "later"
		}
	}
	return nil, false
}
