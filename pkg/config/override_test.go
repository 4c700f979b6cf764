package config

import (
	"encoding/json"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

func TestOverride(t *testing.T) {
	for _, c := range []struct {
		arg  string
		key  string
		want any
	}{
		{"model=o3", "model", "o3"},
		{`model="o3"`, "model", "o3"},
		{"a=[1,2]", "a", []any{int64(1), int64(2)}},
		{"a={b=1}", "a", map[string]any{"b": int64(1)}},
		{"a=true", "a", true},
		{"a=True", "a", "True"},
		{"a=1.10", "a", 1.1},
		{"a=2026-01-01", "a", "2026-01-01"},
		{"a=07:32:00", "a", "07:32:00"},
		{"a=", "a", ""},
		{"a = 3 # x", "a", int64(3)},
		{"a='", "a", ""},
		{`a='"x"'`, "a", `"x"`},
		{`a="x`, "a", "x"},
		{`a=x"y"`, "a", `x"y`},
		{"a.b.=3", "a\x00b\x00", int64(3)},
		{"a=b=c", "a", "b=c"},
		{"a=/x/y", "a", "/x/y"},
		{"a=-1", "a", int64(-1)},
		{"use_legacy_landlock=1", "features\x00use_legacy_landlock", int64(1)},
		{"a=1\nb=2", "a", int64(1)},
		{`projects."/a/b.v1=x".trust_level="trusted"`, "projects\x00/a/b.v1=x\x00trust_level", "trusted"},
		{`a . 'b.c' . "d\u00e9" = 1`, "a\x00b.c\x00dé", int64(1)},
		{`don't.x="y"`, "don't\x00x", "y"},
		{`a={"b.c"=[{x="é🙂"}]}`, "a", map[string]any{"b.c": []any{map[string]any{"x": "é🙂"}}}},
	} {
		ov, err := parseOverride(c.arg)
		if err != nil {
			t.Errorf("%q: %v", c.arg, err)
			continue
		}
		if k := strings.Join(ov.key, "\x00"); k != c.key || !reflect.DeepEqual(ov.value, c.want) {
			t.Errorf("%q: %q %#v, want %#v", c.arg, k, ov.value, c.want)
		}
	}
}

func TestOverrideKeys(t *testing.T) {
	for arg, want := range map[string]string{
		`projects."/a=1`: `Invalid key in override (a quote is not closed): projects."/a=1`,
		`"a"b=1`:         `Invalid key in override (a dot is missing after a quote): "a"b=1`,
		`a."\q"=1`:       "Invalid key in override (line 1, column 4: invalid escape in string '\\q'): a.\"\\q\"=1",
		`"a"`:            `Invalid override (missing '='): "a"`,
		"=3":             "Empty key in override: =3",
	} {
		if _, err := parseOverride(arg); err == nil || err.Error() != want {
			t.Errorf("%q: %v", arg, err)
		}
	}
}

func TestJSONOverrides(t *testing.T) {
	env := testEnv(t, nil)
	write(t, filepath.Join(env.home(), "config.toml"), "[mcp_servers.keep]\ncommand = 'x'\n")
	var o Options
	if err := json.Unmarshal([]byte(`{
		"model": "é🙂\ud83d\ude42", "model_provider": "a.b", "model_context_window": 5, "review_model": null,
		"model_providers": {"a.b": {"name": "N", "base_url": "http://x/v1", "http_headers": {"H.1": "v", "gone": null}}},
		"projects.\"/a/b.v1\".trust_level": "trusted", "mcp_servers.new.command": "y",
		"hooks": {"PreToolUse": [{"matcher": "x", "hooks": [{"type": "command", "command": "true"}]}]},
		"tool.ratio": 1.5, "use_legacy_landlock": true}`), &o.JSON); err != nil {
		t.Fatal(err)
	}
	o.Env, o.Overrides = env, []string{"model=c", "review_model=r"}
	c := load(t, o)
	if c.Model != "é🙂🙂" || c.ProviderID != "a.b" || c.Provider.Name != "N" || c.ContextWindow != 5 || c.ReviewModel != "r" || !c.Features.Enabled("use_legacy_landlock") ||
		!reflect.DeepEqual(c.Provider.HTTPHeaders, map[string]string{"H.1": "v"}) || c.Get("projects", "/a/b.v1", "trust_level") != "trusted" || c.Get("tool", "ratio") != 1.5 {
		t.Fatalf("%+v", c)
	}
	if got := c.Get("hooks", "PreToolUse"); !reflect.DeepEqual(got, []any{map[string]any{"matcher": "x", "hooks": []any{map[string]any{"type": "command", "command": "true"}}}}) {
		t.Fatalf("%#v", got)
	}
	if c.Get("mcp_servers", "keep", "command") != "x" || c.Get("mcp_servers", "new", "command") != "y" {
		t.Fatal(c.Get("mcp_servers"))
	}
	for k, want := range map[string]string{`a."b`: "key `a.\"b`: a quote is not closed", "a..b": "key `a..b`: an empty part", "model": "invalid type: sequence, expected a string"} {
		o.JSON = map[string]json.RawMessage{k: json.RawMessage("[1]")}
		fails(t, o, want)
	}
}

// TestEncodeOverrides holds that arguments mean the same when they come in a request.
func TestEncodeOverrides(t *testing.T) {
	args := []string{"a.b=1", `a."c.d"=[1, "x"]`, "m=gpt", "a.b=true", "use_legacy_landlock=true", "t={x=1.5}"}
	encoded, err := EncodeOverrides(args)
	if err != nil {
		t.Fatal(err)
	}
	got, want := map[string]any{}, map[string]any{}
	for k, v := range encoded {
		o, err := jsonOverride(k, v)
		if err != nil {
			t.Fatal(err)
		}
		put(got, o.key, o.value)
	}
	for _, arg := range args {
		o, err := parseOverride(arg)
		if err != nil {
			t.Fatal(err)
		}
		put(want, o.key, o.value)
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %v\nwant %v", got, want)
	}
	for _, bad := range []string{"nothing", "x=inf"} {
		if m, err := EncodeOverrides([]string{bad}); err == nil {
			t.Errorf("%s: %v", bad, m)
		}
	}
}
