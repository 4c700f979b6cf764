package config

import (
	"bytes"
	"encoding/json"
	"fmt"
)

// ValueOfJSON is a JSON value as settings have it: string, bool, int64, float64, []any and
// map[string]any, nil for null (in lists it is an error).
func ValueOfJSON(raw json.RawMessage) (any, error) {
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		return nil, err
	}
	return settingOf(v)
}

func settingOf(v any) (any, error) {
	var err error
	switch v := v.(type) {
	case json.Number:
		if n, err := v.Int64(); err == nil {
			return n, nil
		}
		f, err := v.Float64()
		if err != nil {
			return nil, fmt.Errorf("number %s is out of range", v)
		}
		return f, nil
	case []any:
		for i, x := range v {
			if x == nil {
				return nil, fmt.Errorf("element %d is null", i)
			}
			if v[i], err = settingOf(x); err != nil {
				return nil, err
			}
		}
	case map[string]any:
		for k, x := range v {
			if v[k], err = settingOf(x); err != nil {
				return nil, err
			}
		}
	}
	return v, nil
}
