package config

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const smallConfig = `model = "gpt-5.4"
model_reasoning_effort = "high"
approval_policy = "on-request"
sandbox_mode = "workspace-write"
notify = ["notify-send", "codex"]

[sandbox_workspace_write]
network_access = true

[features]
memories = true

[mcp_servers.docs]
command = "docs-server"
args = ["--stdio"]

[projects."/home/me/src/a"]
trust_level = "trusted"

[projects."/home/me/src/b"]
trust_level = "trusted"
`

func BenchmarkLoad(b *testing.B) {
	env := testEnv(b, nil)
	write(b, filepath.Join(env.home(), "config.toml"), smallConfig)
	b.ReportAllocs()
	for b.Loop() {
		load(b, Options{Env: env, Overrides: []string{"model=o3", "web_search=live"}})
	}
}

func FuzzOverride(f *testing.F) {
	for _, s := range []string{"model=o3", `a.b=["x"]`, "a={b=1}", "=", "a='", "a=1\nb=2", "x=2026-01-01T00:00:00Z"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		ov, err := parseOverride(s)
		if err != nil {
			if AsError(err).Kind != KindOverride {
				t.Fatal(err)
			}
			return
		}
		if len(ov.key) == 0 || ov.value == nil {
			t.Fatalf("%q: %#v", s, ov)
		}
		tree := map[string]any{}
		put(tree, ov.key, ov.value)
		var c checker
		c.root(tree)
	})
}

func FuzzLoad(f *testing.F) {
	f.Add(smallConfig, "model=x")
	f.Add("model = 5\n[tui]\nanimations = 3", "tui.x=1")
	f.Add("[[hooks.Stop]]\n[[hooks.Stop.hooks]]\ntype='x'", "a=b")
	f.Add("a = [1, {b = 2}, \"\"\"x", "c")
	f.Add("model_providers = { x = { name = 'x', auth = {} } }", "profile=p")
	env := testEnv(f, nil)
	path := filepath.Join(env.home(), "config.toml")
	f.Fuzz(func(t *testing.T, text, override string) {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		c, err := Load(context.Background(), Options{Env: env, Overrides: []string{override}, Strict: len(text)%2 == 0})
		if err == nil {
			if c.ApprovalPolicy == "" || c.SandboxMode == "" || c.WebSearch == "" || c.Provider.Name == "" {
				t.Fatalf("%+v", c)
			}
			return
		}
		e := AsError(err)
		if e == nil || e.Text == "" {
			t.Fatalf("%v", err)
		}
		if !strings.HasSuffix(e.Message(), "\n") || !strings.HasPrefix(Report("x", err), "Error: x\n") {
			t.Fatal(e.Message())
		}
	})
}

// FuzzPermissions holds that no profile panics, and that one that is taken can be used.
func FuzzPermissions(f *testing.F) {
	for _, s := range []string{
		"[permissions.p.filesystem]\n':root'='read'\n'~/x/**'='write'\n'/a/*.{b,c}'='deny'\n",
		"[permissions.p]\nextends='q'\nworkspace_roots={'a'=true}\n[permissions.q]\nextends=':workspace'\n[permissions.q.filesystem.':workspace_roots']\n'.'='write'\n'**/x'='none'\n",
		"[permissions.p]\nextends='p'\n", "[permissions.p.network]\nenabled=true\nmode='limited'\ndomains={'*.x'='allow'}\n",
		"[permissions.p.filesystem]\nglob_scan_max_depth=1\n':tmpdir'={'.'='write'}\n':moon'={'a/b'='read'}\n",
	} {
		f.Add(s)
	}
	env := testEnv(f, nil)
	f.Fuzz(func(t *testing.T, s string) {
		write(t, filepath.Join(env.home(), "config.toml"), "default_permissions='p'\n"+s)
		c, err := Load(t.Context(), Options{Env: env})
		if err != nil {
			if AsError(err) == nil {
				t.Fatal(err)
			}
			return
		}
		p := c.Permissions.In()
		if p.Dynamic() {
			t.Errorf("%+v", p)
		}
		p.Legacy(c.PolicyEnv())
		if _, err := p.Resolve(c.PolicyEnv()); err != nil && !strings.Contains(err.Error(), "alternatives") {
			t.Error(err)
		}
	})
}
