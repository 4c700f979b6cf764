package mcp

import (
	"os"
	"path/filepath"
	"reflect"
	"testing"
	"time"

	"codex/pkg/config"
	"codex/pkg/mcp/wire"
)

// Servers that differ in whatever it is have different keys.
func TestKey(t *testing.T) {
	scopes, none := []string{"s"}, []string{}
	all := []config.MCPServer{{}, {Name: "x"}, {Cwd: "x"}, {URL: "x"}, {BearerTokenVar: "x"}, {Resource: "x"}, {ClientID: "x"}, {Logins: "x"}, {Startup: 1}, {Call: 1},
		{Command: "x"}, {Args: []string{"x"}}, {Args: []string{"x", ""}}, {Args: []string{"x\"1:y"}}, {EnvVars: []string{"x"}}, {Remote: []string{"x"}}, {Scopes: &scopes}, {Scopes: &none},
		{Env: map[string]config.Secret{"x": {}}}, {Env: map[string]config.Secret{"x": {Text: "y"}}}, {Env: map[string]config.Secret{"x": {Env: "y"}}}, {Env: map[string]config.Secret{"x": {Cmd: []string{"y"}}}},
		{Headers: map[string]config.Secret{"x": {}}}, {EnvHeaders: map[string]string{"x": "y"}}, {EnvHeaders: map[string]string{"xy": ""}}}
	seen, set := map[string]int{}, map[string]bool{}
	for i := range all {
		text := string(textOf(&all[i]))
		if other, ok := seen[text]; ok {
			t.Errorf("%+v is as %+v", all[i], all[other])
		}
		seen[text] = i
		for f, v := range reflect.ValueOf(all[i]).Fields() {
			if !v.IsZero() {
				set[f.Name] = true
			}
		}
	}
	for f := range reflect.TypeFor[config.MCPServer]().Fields() {
		if f.Tag.Get("json") != "-" && !set[f.Name] {
			t.Errorf("nothing differs in %s", f.Name)
		}
	}
}

// TestCacheSweep holds that manifests which nobody reads any more do not stay for ever.
func TestCacheSweep(t *testing.T) {
	home := t.TempDir()
	s := New(Options{Home: home, Servers: []config.MCPServer{{Name: "s", URL: "http://127.0.0.1:1/"}}})
	dir := filepath.Join(home, "cache", "mcp")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	for name, age := range map[string]time.Duration{"old.json": 3 * fresh, "young.json": fresh} {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(path, now, now.Add(-age)); err != nil {
			t.Fatal(err)
		}
	}
	(&cache{home: home}).remember(s.list[0], &wire.Manifest{})
	if _, err := os.Stat(filepath.Join(dir, "old.json")); !os.IsNotExist(err) {
		t.Error("the old one is there")
	}
	files, err := os.ReadDir(dir)
	if err != nil || len(files) != 2 {
		t.Error(files, err)
	}
}
