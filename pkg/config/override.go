package config

import "strings"

// override is one -c argument.
type override struct {
	key   []string
	value any
}

// parseOverride reads key=value (config spec §1.4): the value is TOML, and
// when it is not, a string without the quotes around it.
func parseOverride(arg string) (override, error) {
	k, v, ok := strings.Cut(arg, "=")
	if !ok {
		return override{}, &Error{Kind: KindOverride, Text: "Invalid override (missing '='): " + arg}
	}
	k, v = strings.TrimSpace(k), strings.TrimSpace(v)
	if k == "" {
		return override{}, &Error{Kind: KindOverride, Text: "Empty key in override: " + arg}
	}
	if k == "use_legacy_landlock" {
		k = "features.use_legacy_landlock"
	}
	return override{strings.Split(k, "."), overrideValue(v)}, nil
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
	for _, f := range o.Enable {
		if canonicalFeature(f) == "" {
			return nil, nil, plain("Unknown feature flag: %s", f)
		}
	}
	for _, f := range o.Disable {
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
	for k, v := range base {
		m[k] = v
	}
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
