package hooks

import (
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"codex/pkg/config"
	"codex/pkg/config/keys"
)

// hooksJSON is a file whose hashes and order 0.133.0 has told.
const hooksJSON = `{"hooks":{"PreToolUse":[{"matcher":"^Bash$","hooks":[{"type":"command","command":"echo <&> é","statusMessage":"chk","timeout":0}]},{"matcher":"(","hooks":[{"type":"command","command":"y"}]}],"Stop":[{"matcher":"zzz","hooks":[{"type":"command","command":"z"}]}],"SubagentStop":[{"hooks":[{"type":"command","command":"z"}]}],"Nope":[{"hooks":[{"type":"command","command":"z"}]}],"SessionStart":[{"matcher":"*","hooks":[{"type":"command","command":"z"}]},{"matcher":"","hooks":[{"type":"command","command":"z"}]}]},"description":"x"}`

func command(c string) map[string]any { return map[string]any{"type": "command", "command": c} }

func groups(handlers ...any) []any {
	return []any{map[string]any{"hooks": handlers}}
}

func TestOf(t *testing.T) {
	home := t.TempDir()
	file, toml := filepath.Join(home, "hooks.json"), filepath.Join(home, "config.toml")
	if err := os.WriteFile(file, []byte(hooksJSON), 0o600); err != nil {
		t.Fatal(err)
	}
	slow := command("echo toml")
	slow["timeout"] = int64(5)
	async := command("x")
	async["async"] = true
	cfg := &config.Config{Layers: []config.Layer{
		{Name: "user", Path: toml, Dir: home, Tree: map[string]any{"hooks": map[string]any{
			"Stop":       groups(slow),
			"PreToolUse": groups(async, map[string]any{"type": "prompt"}, command("  ")),
			"state": map[string]any{
				file + ":pre_tool_use:0:0":  map[string]any{"trusted_hash": "sha256:00"},
				file + ":stop:0:0":          map[string]any{"enabled": false},
				file + ":session_start:0:0": map[string]any{"trusted_hash": "sha256:21d2327a98eba2b2dd5a1b48d5c6416851501ee1f2fff1a707cd998d1f56f6bd"},
			}}}},
		{Name: "project", Path: "/p/.codex/config.toml", Dir: "/p/.codex", Disabled: "project is not trusted", Tree: map[string]any{"hooks": map[string]any{"Stop": groups(command("no"))}}},
		{Name: "sessionFlags", Dir: "/p", Tree: map[string]any{"hooks": map[string]any{"Stop": groups(command("flag"))}}},
	}}
	list := Of(cfg)
	var got []string
	for _, h := range list.Hooks {
		got = append(got, strings.Join([]string{strings.TrimPrefix(h.Key, home+string(filepath.Separator)), string(h.Trust), h.Hash[7:15], h.Command}, " "))
	}
	want := []string{
		"hooks.json:pre_tool_use:0:0 modified 1a985bda echo <&> é",
		"hooks.json:session_start:0:0 trusted 21d2327a z",
		"hooks.json:session_start:1:0 untrusted 4dfef183 z",
		"hooks.json:subagent_stop:0:0 untrusted d63d7171 z",
		"hooks.json:stop:0:0 untrusted b313f908 z",
		"config.toml:stop:0:0 untrusted b2d94d92 echo toml",
		"/<session-flags>/config.toml:stop:0:0 untrusted 13239ced flag",
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%s", strings.Join(got, "\n"))
	}
	if h := list.Hooks; h[0].Timeout != 1 || h[4].Enabled || h[4].Matcher != nil || h[5].Timeout != 5 || h[1].Runs() != true || h[0].Runs() || h[6].Order != 6 {
		t.Errorf("%+v", h)
	}
	warnings := strings.ReplaceAll(strings.Join(list.Warnings, "\n"), home+string(filepath.Separator), "")
	if want := "invalid matcher \"(\" in hooks.json: error parsing regexp: missing closing ): `(`\n" +
		"skipping async hook in config.toml: async hooks are not supported yet\nskipping prompt hook in config.toml: prompt hooks are not supported yet\n" +
		"skipping empty hook command in config.toml\nloading hooks from both hooks.json and config.toml; prefer a single representation for this layer"; warnings != want {
		t.Error(warnings)
	}

	// An administrator's run, and may be the only ones that do.
	cfg.Requirements = &config.Requirements{Tree: map[string]any{"allow_managed_hooks_only": true, "hooks": map[string]any{"Stop": groups(command("admin"))}}}
	if list := Of(cfg); len(list.Hooks) != 1 || !list.Hooks[0].Runs() || list.Hooks[0].Trust != Managed {
		t.Errorf("%+v", list)
	}
}

func TestBroken(t *testing.T) {
	for text, want := range map[string]string{
		"{bad": "", "[]": "expected an object", `{"hooks":[]}`: "hooks: expected an object", `{"hooks":{"Stop":{}}}`: "Stop: expected a list",
		`{"hooks":{"Stop":[1]}}`: "Stop: expected a list of objects", `{"hooks":{"Stop":[{"hooks":[{"type":"command"}]}]}}`: "Stop: missing field `command`",
		`{"hooks":{"Stop":[{"hooks":[{"type":"x"}]}]}}`:                                  "Stop: unknown variant `x`, expected one of `command`, `prompt`, `agent`",
		`{"hooks":{"Stop":[{"hooks":[{"type":"command","command":"a","timeout":-1}]}]}}`: "Stop: timeout: expected a whole number of seconds",
	} {
		tree, err := Decode([]byte(text))
		if err == nil {
			_, err = parse(tree)
		}
		if err == nil || want != "" && err.Error() != want {
			t.Errorf("%s: %v", text, err)
		}
	}
}

func TestMatches(t *testing.T) {
	for _, c := range []struct {
		matcher, name string
		want          bool
	}{{"", "x", true}, {"*", "x", true}, {"Bash", "Bash", true}, {"Bash", "Bash2", false}, {"Edit|Write", "Write", true}, {"mcp__.*", "mcp__a__b", true}, {"^Ba", "aBa", false}, {"a.", "xabx", true}} {
		h := Hook{Matcher: &c.matcher}
		if err := h.compile(); err != nil || h.Matches(c.name) != c.want {
			t.Errorf("%q %q: %v %v", c.matcher, c.name, !c.want, err)
		}
	}
	if h := (Hook{}); !h.Matches("x") {
		t.Error("no matcher")
	}
}

func TestHash(t *testing.T) {
	for in, want := range map[string]string{"a": `"a"`, "\u2028<": "\"\u2028<\"", `\u2028`: `"\\u2028"`} {
		b, err := json.Marshal(in)
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.ReplaceAll(string(unescape(b)), `\u003c`, "<"); got != want {
			t.Errorf("%q: %q", in, got)
		}
	}
	if got := PreToolUse.Words("-") + UserPromptSubmit.Camel(); got != "pre-tool-useuserPromptSubmit" {
		t.Error(got)
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(hooksJSON))
	f.Add([]byte(`{"hooks":{"Stop":[{"hooks":[{"type":"command","command":"a","timeout":1e300,"async":true}]}]}}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		tree, err := Decode(b)
		if err != nil {
			return
		}
		l := lister{}
		l.tree(tree, from{path: "p"})
		for _, h := range l.list.Hooks {
			if h.Timeout == 0 || h.Timeout > maxTimeout || h.Runs() || !strings.HasPrefix(h.Key, "p:") {
				t.Errorf("%+v", h)
			}
			h.Matches("Bash", "")
		}
	})
}

// TestKeys: the hooks of every event are keys of config.toml whose types are checked.
func TestKeys(t *testing.T) {
	all := keys.All(keys.Config)
	for _, e := range events() {
		path := "hooks." + string(e) + "[].hooks[].command"
		if !slices.ContainsFunc(all, func(k keys.Key) bool { return k.Path == path }) {
			t.Errorf("%s is not known", path)
		}
	}
}
