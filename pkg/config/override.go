package config

import (
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strings"
)

// override is one -c argument.
type override struct {
	key   []string
	value any
}

// parseOverride reads key=value: the value is TOML, and when it is not, a string without the
// quotes around it.
func parseOverride(arg string) (override, error) {
	key, rest, err := cutKey(arg)
	v, ok := strings.CutPrefix(rest, "=")
	why := ""
	switch {
	case err != nil:
		why = "Invalid key in override (" + err.Error() + "): "
	case !ok:
		why = "Invalid override (missing '='): "
	case len(key) == 1 && key[0] == "":
		why = "Empty key in override: "
	default:
		return override{wholeKey(key), overrideValue(strings.TrimSpace(v))}, nil
	}
	return override{}, &Error{Kind: KindOverride, Text: why + arg}
}

// wholeKey is where a switch stands that can be named without its table.
func wholeKey(key []string) []string {
	if len(key) == 1 && key[0] == "use_legacy_landlock" {
		return []string{"features", key[0]}
	}
	return key
}

// ParseKey takes a dotted key apart. A part in quotes is a TOML string, and may hold dots.
func ParseKey(key string) ([]string, error) {
	parts, rest, err := cutKey(key)
	switch {
	case err != nil:
		return nil, err
	case rest != "":
		return nil, errors.New("an equals sign")
	case slices.Contains(parts, ""):
		return nil, errors.New("an empty part")
	}
	return parts, nil
}

// cutKey takes the dotted key at the start of a text apart; rest begins with the equals sign.
func cutKey(s string) (parts []string, rest string, err error) {
	for {
		part := ""
		s = strings.TrimSpace(s)
		if s != "" && (s[0] == '"' || s[0] == '\'') {
			if part, s, err = cutQuoted(s); err != nil {
				return nil, "", err
			}
		} else {
			n := strings.IndexAny(s, ".=")
			if n < 0 {
				n = len(s)
			}
			part, s = strings.TrimSpace(s[:n]), s[n:]
		}
		parts = append(parts, part)
		if s == "" || s[0] == '=' {
			return parts, s, nil
		}
		s = s[1:]
	}
}

// cutQuoted reads the quoted part of a key; rest is empty or goes on with a dot or an equals sign.
func cutQuoted(s string) (part, rest string, err error) {
	end := stringEnd(s, 0)
	if end >= len(s) || s[end] != s[0] {
		return "", "", errors.New("a quote is not closed")
	}
	m, err := decode("k=" + s[:end+1])
	if err != nil {
		return "", "", err
	}
	rest = strings.TrimSpace(s[end+1:])
	if rest != "" && rest[0] != '.' && rest[0] != '=' {
		return "", "", errors.New("a dot is missing after a quote")
	}
	return m["k"].(string), rest, nil
}

func overrideValue(s string) any {
	switch s {
	case "true":
		return true
	case "false":
		return false
	case "":
		return ""
	}
	if !bareWord(s) {
		if m, err := decode("_x_ = " + s); err == nil {
			return m["_x_"]
		}
	}
	return strings.Trim(s, `"'`)
}

// bareWord tells quickly that a text is no TOML value: the usual case of a
// slug or a name without quotes. inf and nan are values.
func bareWord(s string) bool {
	if s == "inf" || s == "nan" {
		return false
	}
	c := s[0]
	return c|0x20 >= 'a' && c|0x20 <= 'z' || c == '/' || c == '~'
}

// jsonOverride is a member of a request's settings: the key is a dotted one, those in the value
// are not.
func jsonOverride(k string, v json.RawMessage) (override, error) {
	key, err := ParseKey(k)
	if err != nil {
		return override{}, loadError("key `%s`: %v", k, err)
	}
	value, err := ValueOfJSON(v)
	if err != nil {
		return override{}, loadError("value of `%s`: %v", k, err)
	}
	dropNulls(value)
	return override{wholeKey(key), value}, nil
}

func dropNulls(v any) {
	switch v := v.(type) {
	case []any:
		for _, x := range v {
			dropNulls(x)
		}
	case map[string]any:
		for k, x := range v {
			if x == nil {
				delete(v, k)
			}
			dropNulls(x)
		}
	}
}

// put sets a value in a tree, replacing whatever is in the way by tables.
func put(t map[string]any, path []string, v any) {
	for _, k := range path[:len(path)-1] {
		sub, ok := t[k].(map[string]any)
		if !ok {
			sub = map[string]any{}
			t[k] = sub
		}
		t = sub
	}
	t[path[len(path)-1]] = v
}

// flagTree folds -c, --enable and --disable into one layer. The keys are also
// returned in their order.
func flagTree(o Options) (map[string]any, [][]string, error) {
	t := map[string]any{}
	var keys [][]string
	set := func(path []string, v any) {
		put(t, path, v)
		keys = append(keys, path)
	}
	for _, f := range slices.Concat(o.Enable, o.Disable) {
		if canonicalFeature(f) == "" {
			return nil, nil, plain("Unknown feature flag: %s", f)
		}
	}
	for _, arg := range o.Overrides {
		ov, err := parseOverride(arg)
		if err != nil {
			return nil, nil, err
		}
		set(ov.key, ov.value)
	}
	for _, k := range slices.Sorted(maps.Keys(o.JSON)) {
		ov, err := jsonOverride(k, o.JSON[k])
		if err != nil {
			return nil, nil, err
		}
		if ov.value != nil {
			set(ov.key, ov.value)
		}
	}
	for _, f := range o.Enable {
		set([]string{"features", f}, true)
	}
	for _, f := range o.Disable {
		set([]string{"features", f}, false)
	}
	return t, keys, nil
}

// merge lays over on top of base: tables merge, everything else is replaced.
// Neither is changed; the result shares what it can.
func merge(base, over map[string]any) map[string]any {
	if len(base) == 0 {
		return over
	}
	if len(over) == 0 {
		return base
	}
	m := make(map[string]any, len(base)+len(over))
	maps.Copy(m, base)
	for k, v := range over {
		if o, ok := v.(map[string]any); ok {
			if b, ok := m[k].(map[string]any); ok {
				m[k] = merge(b, o)
				continue
			}
		}
		m[k] = v
	}
	return m
}

// EncodeOverrides gives KEY=VALUE arguments as the settings of a request: values are JSON,
// of two with one key the later counts.
func EncodeOverrides(args []string) (map[string]json.RawMessage, error) {
	var out map[string]json.RawMessage
	for _, arg := range args {
		o, err := parseOverride(arg)
		if err != nil {
			return nil, err
		}
		b, err := json.Marshal(o.value)
		if err != nil {
			return nil, &Error{Kind: KindOverride, Text: "No JSON value in override: " + arg}
		}
		if out == nil {
			out = map[string]json.RawMessage{}
		}
		out[DottedKey(o.key)] = b
	}
	return out, nil
}
