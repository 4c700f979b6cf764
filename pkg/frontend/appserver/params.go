package appserver

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"unsafe"

	"github.com/tidwall/gjson"

	"codex/pkg/protocol"
	"codex/pkg/thread"
)

// decode reads the params of a request in the words of the original: a mistake is the
// client's. Missing members, unknown words and experimental members are found here, from
// the tags of the types (package protocol).
func decode(r *request, v any) error {
	if r.params == nil {
		return invalid("Invalid request: missing field `params`")
	}
	err := json.Unmarshal(r.params, v)
	if err != nil {
		if plain, ok := protocol.PlainPermissions(r.params); ok {
			r.params = plain
			err = json.Unmarshal(plain, v)
		}
	}
	if err != nil {
		return invalid("Invalid request: %s", problem(err, r.params))
	}
	members := map[string]gjson.Result{}
	// Params may be large: one pass, and no copy.
	gjson.Parse(unsafe.String(unsafe.SliceData(r.params), len(r.params))).ForEach(func(k, v gjson.Result) bool {
		members[k.Str] = v
		return true
	})
	val := reflect.ValueOf(v).Elem()
	if val.Kind() != reflect.Struct {
		return nil
	}
	for i := range val.NumField() {
		f := val.Type().Field(i)
		name, opts, _ := strings.Cut(f.Tag.Get("json"), ",")
		if name == "" || name == "-" {
			continue
		}
		tags := strings.Split(f.Tag.Get("schema"), ",")
		m := members[name]
		set := m.Exists() && m.Type != gjson.Null && m.Type != gjson.False
		_, inVariant := f.Tag.Lookup("in")
		switch {
		case slices.Contains(tags, "exp") && set && !r.c.experimental():
			return invalid("%s.%s requires experimentalApi capability", r.method, name)
		case !m.Exists() && opts == "" && !inVariant && !slices.Contains(tags, "opt"):
			return invalid("Invalid request: missing field `%s`", name)
		}
		if err := word(val.Field(i)); err != nil {
			return err
		}
	}
	return nil
}

// word holds a member whose type has a list of words to it.
func word(v reflect.Value) error {
	if v.Kind() == reflect.Pointer {
		if v.IsNil() {
			return nil
		}
		v = v.Elem()
	}
	w, ok := v.Interface().(interface{ Values() []string })
	if !ok || v.Kind() != reflect.String || slices.Contains(w.Values(), v.String()) {
		return nil
	}
	return invalid("Invalid request: unknown variant `%s`, expected one of `%s`", shorten(v.String()), strings.Join(w.Values(), "`, `"))
}

// problem is what is wrong with params in the words that clients of the original see.
func problem(err error, params []byte) string {
	var te *json.UnmarshalTypeError
	if !errors.As(err, &te) {
		return err.Error()
	}
	found := te.Value
	path := te.Field
	if v := gjson.GetBytes(params, path); path != "" && v.Exists() {
		found = kindOf(v)
	}
	return fmt.Sprintf("invalid type: %s, expected %s", found, expected(te.Type))
}

func kindOf(v gjson.Result) string {
	switch {
	case v.Type == gjson.Number && !strings.ContainsAny(v.Raw, ".eE"):
		return "integer `" + v.Raw + "`"
	case v.Type == gjson.Number:
		return "floating point `" + v.Raw + "`"
	case v.Type == gjson.String:
		return fmt.Sprintf("string %q", shorten(v.Str))
	case v.Type == gjson.True, v.Type == gjson.False:
		return "boolean `" + v.Raw + "`"
	case v.IsArray():
		return "sequence"
	case v.IsObject():
		return "map"
	}
	return "null"
}

func expected(t reflect.Type) string {
	switch t.Kind() {
	case reflect.String:
		return "a string"
	case reflect.Bool:
		return "a boolean"
	case reflect.Slice:
		return "a sequence"
	case reflect.Map:
		return "a map"
	case reflect.Struct:
		return "struct " + t.Name()
	case reflect.Uint32:
		return "u32"
	case reflect.Int64:
		return "i64"
	}
	return "a " + t.Kind().String()
}

// shorten keeps what a client made up from filling an answer.
func shorten(s string) string {
	const most = 80
	if len(s) <= most {
		return s
	}
	return strings.ToValidUTF8(s[:most], "") + "…"
}

// threadID gives a thread id in its usual spelling.
func threadID(id string) (string, error) {
	if norm, ok := thread.ParseID(id); ok {
		return norm, nil
	}
	for i, c := range id {
		if !strings.ContainsRune("0123456789abcdefABCDEF-", c) {
			return "", invalid("invalid thread id: invalid character: expected an optional prefix of `urn:uuid:` followed by [0-9a-fA-F-], found `%c` at %d", c, i+1)
		}
	}
	return "", invalid("invalid thread id: invalid length: expected length 32 for simple format, found %d", len(id))
}
