package protocol

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"codex/pkg/jsonrpc"
)

// marshalExtra writes the fields of v, then the extra keys in order of name. A field
// wins over an extra key of its name.
func marshalExtra[T any](v any, extra map[string]T) ([]byte, error) {
	out, err := jsonrpc.Marshal(v)
	if err != nil {
		return nil, err
	}
	known := fieldNames(reflect.TypeOf(v))
	out = out[:len(out)-1]
	for _, k := range slices.Sorted(maps.Keys(extra)) {
		if known[k] {
			continue
		}
		key, err := jsonrpc.Marshal(k)
		if err != nil {
			return nil, err
		}
		val, err := jsonrpc.Marshal(extra[k])
		if err != nil {
			return nil, fmt.Errorf("encode %s: %w", k, err)
		}
		if len(out) > 1 {
			out = append(out, ',')
		}
		out = append(append(append(out, key...), ':'), val...)
	}
	return append(out, '}'), nil
}

// unmarshalExtra reads the fields of dst and keeps the other keys in extra.
func unmarshalExtra[T any](raw []byte, dst any, extra *map[string]T) error {
	if err := json.Unmarshal(raw, dst); err != nil {
		return err
	}
	var all map[string]json.RawMessage
	if err := json.Unmarshal(raw, &all); err != nil {
		return err
	}
	known := fieldNames(reflect.TypeOf(dst).Elem())
	for k, v := range all {
		if known[k] {
			continue
		}
		var t T
		if err := json.Unmarshal(v, &t); err != nil {
			return fmt.Errorf("decode %s: %w", k, err)
		}
		if *extra == nil {
			*extra = map[string]T{}
		}
		(*extra)[k] = t
	}
	return nil
}

func fieldNames(t reflect.Type) map[string]bool {
	names := map[string]bool{}
	for field := range t.Fields() {
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		if name != "-" {
			names[name] = true
		}
	}
	return names
}
