package config

import (
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"codex/pkg/policy"
)

func TestRequirements(t *testing.T) {
	for _, c := range []struct {
		name, req, managed, file string
		o                        Options
		want, warn, err          string
	}{
		{name: "approval", req: `allowed_approval_policies=["untrusted"]`, o: Options{ForceApproval: "never"}, want: "untrusted read-only cached",
			warn: "Configured value for `approval_policy` is disallowed by requirements; falling back to required value UnlessTrusted. Details: invalid value for `approval_policy`: `Never` is not in the allowed set [UnlessTrusted] (set by ETC/requirements.toml)"},
		{name: "allowed approval", req: `allowed_approval_policies=["on-request","untrusted","never"]`, o: Options{ForceApproval: "never"}, want: "never read-only cached"},
		{name: "no approvals", req: `allowed_approval_policies=[]`, err: "Error loading config.toml: field `allowed_approval_policies` cannot be empty\n"},
		{name: "bad word", req: `allowed_approval_policies=["zz"]`, err: "Error loading config.toml: Error parsing requirements file ETC/requirements.toml: TOML parse error at line 1, column 28\n  |\n1 | allowed_approval_policies=[\"zz\"]\n  |                            ^^^^\nunknown variant `zz`, expected one of `untrusted`, `on-failure`, `on-request`, `granular`, `never`\n\n"},
		{name: "bad type", req: `allowed_approval_policies=3`, err: "TOML parse error at line 1, column 27\n  |\n1 | allowed_approval_policies=3\n  |                           ^\ninvalid type: integer `3`, expected a sequence\n\n"},
		{name: "bad TOML", req: `x = `, err: "Error loading config.toml: Error parsing requirements file ETC/requirements.toml:1:5: expected value but found '\\n' instead\n"},
		{name: "sandbox", req: `allowed_sandbox_modes=["read-only"]`, file: "sandbox_mode='workspace-write'", want: "on-request read-only cached",
			warn: "Configured value for `sandbox_mode` is disallowed by requirements; falling back to required value ReadOnly. Details: invalid value for `sandbox_mode`: `WorkspaceWrite` is not in the allowed set [ReadOnly] (set by ETC/requirements.toml)"},
		{name: "full access and never", req: `allowed_sandbox_modes=["read-only"]`, o: Options{Sandbox: "danger-full-access", ForceApproval: "never"},
			err: "Error: `approval_policy = \"never\"` cannot be used because requirements do not allow `sandbox_mode = \"danger-full-access\"`; Codex would fall back to read-only permissions with approvals disabled. Choose an `approval_policy` based on what you need, such as `on-request`, or choose an allowed sandbox mode.\n"},
		{name: "sandbox without read-only", req: `allowed_sandbox_modes=["workspace-write"]`, err: "Error loading config.toml: invalid value for `allowed_sandbox_modes`: `[WorkspaceWrite]` is not in the allowed set must include 'read-only' to allow any PermissionProfile (set by ETC/requirements.toml)\n"},
		{name: "search", req: `allowed_web_search_modes=["disabled"]`, file: "web_search='live'", want: "on-request read-only disabled",
			warn: "Configured value for `web_search_mode` is disallowed by requirements; falling back to required value Disabled. Details: invalid value for `web_search_mode`: `Live` is not in the allowed set [Disabled] (set by ETC/requirements.toml)"},
		{name: "search falls to what is listed", req: `allowed_web_search_modes=["cached"]`, file: "web_search='live'", want: "on-request read-only cached",
			warn: "Configured value for `web_search_mode` is disallowed by requirements; falling back to required value Cached. Details: invalid value for `web_search_mode`: `Live` is not in the allowed set [Disabled, Cached] (set by ETC/requirements.toml)"},
		{name: "search by default under full access", req: `allowed_web_search_modes=["cached"]`, o: Options{Sandbox: "danger-full-access"}, want: "on-request danger-full-access cached"},
		{name: "features", req: "[features]\nzz=true\napps=false", o: Options{Enable: []string{"apps"}}, want: "on-request read-only cached",
			warn: "Ignoring unknown `features` requirement `zz` from ETC/requirements.toml"},
		{name: "host", req: "[[remote_sandbox_config]]\nhostname_patterns=['box-*']\nallowed_sandbox_modes=['read-only']", o: Options{Sandbox: "workspace-write"}, want: "on-request read-only cached",
			warn: "Configured value for `sandbox_mode` is disallowed by requirements; falling back to required value ReadOnly. Details: invalid value for `sandbox_mode`: `WorkspaceWrite` is not in the allowed set [ReadOnly] (set by ETC/requirements.toml)"},
		{name: "other host", req: "[[remote_sandbox_config]]\nhostname_patterns=['no?']\nallowed_sandbox_modes=['read-only']", o: Options{Sandbox: "workspace-write"}, want: "on-request workspace-write cached"},
		{name: "sandbox and a profile", req: `allowed_sandbox_modes=["read-only"]`, file: "default_permissions='p'\n[permissions.p.filesystem]\n':root'='write'\n", want: "on-request read-only cached",
			warn: "Configured value for `sandbox_mode` is disallowed by requirements; falling back to required value ReadOnly. Details: invalid value for `sandbox_mode`: `DangerFullAccess` is not in the allowed set [ReadOnly] (set by ETC/requirements.toml)"},
		{name: "profiles", req: "allowed_permissions=['mine']\n[permissions.mine]\nextends=':read-only'", o: Options{Sandbox: "danger-full-access"}, want: "on-request read-only cached",
			warn: "Configured value for `permission_profile` is disallowed by requirements; falling back to required value `mine`. Details: invalid value for `permission_profile`: `:danger-full-access` is not in the allowed set [mine] (set by ETC/requirements.toml)"},
		{name: "an allowed profile", req: "allowed_permissions=[':read-only', 'p']", file: "default_permissions='p'\n[permissions.p]\nextends=':workspace'\n", want: "on-request workspace-write cached"},
		{name: "a mode that an allowed profile is like", req: "allowed_permissions=[':workspace']", o: Options{Sandbox: "workspace-write"}, want: "on-request workspace-write cached"},
		{name: "no profiles", req: "allowed_permissions=[]", err: "Error: requirements.toml allowed_permissions must include at least one profile\n"},
		{name: "an unknown profile", req: "allowed_permissions=['zz']", err: "Error: requirements.toml allowed_permissions refers to undefined profile `zz`\n"},
		{name: "a profile that is there twice", req: "[permissions.p]", file: "default_permissions='p'\n[permissions.p]\n", err: "Error: requirements.toml permissions profile `p` conflicts with a config-defined profile of the same name\n"},
		{name: "hidden files and no sandbox", req: "[permissions.filesystem]\ndeny_read=['/x']", o: Options{Bypass: true},
			err: "Error: `approval_policy = \"never\"` cannot be used because requirements do not allow `sandbox_mode = \"danger-full-access\"`; Codex would fall back to read-only permissions with approvals disabled. Choose an `approval_policy` based on what you need, such as `on-request`, or choose an allowed sandbox mode.\n"},
		{name: "rules", req: "[rules]\nprefix_rules=[]", err: "Error loading config.toml: invalid rules in requirements (set by ETC/requirements.toml): rules prefix_rules cannot be empty\n"},
		{name: "a rule without a decision", req: "[rules]\nprefix_rules=[{pattern=[{token='rm'}]}]", err: "Error loading config.toml: invalid rules in requirements (set by ETC/requirements.toml): rules prefix_rule at index 0 is missing a decision\n"},
		{name: "a rule without a pattern", req: "[rules]\nprefix_rules=[{pattern=[],decision='prompt'}]", err: "Error loading config.toml: invalid rules in requirements (set by ETC/requirements.toml): rules prefix_rule at index 0 has an empty pattern\n"},
		{name: "a rule with two words in one", req: "[rules]\nprefix_rules=[{pattern=[{token='a',any_of=['b']}],decision='prompt'}]", err: "Error loading config.toml: invalid rules in requirements (set by ETC/requirements.toml): rules prefix_rule at index 0 has an invalid pattern token at index 0: set either token or any_of, not both\n"},
		{name: "a rule that allows", req: "[rules]\nprefix_rules=[{pattern=[{token='a'}],decision='allow'}]", err: "Error loading config.toml: invalid rules in requirements (set by ETC/requirements.toml): rules prefix_rule at index 0 has decision 'allow', which is not permitted in requirements.toml: Codex merges these rules with other config and uses the most restrictive result (use 'prompt' or 'forbidden')\n"},
		{name: "managed approval", managed: "approval_policy='untrusted'", o: Options{ForceApproval: "never"}, want: "untrusted read-only cached",
			warn: "Configured value for `approval_policy` is disallowed by requirements; falling back to required value UnlessTrusted. Details: invalid value for `approval_policy`: `Never` is not in the allowed set [UnlessTrusted] (set by ETC/managed_config.toml)"},
		{name: "managed sandbox beats the user's", managed: "sandbox_mode='workspace-write'", file: "sandbox_mode='danger-full-access'", want: "on-request workspace-write cached"},
		{name: "requirements beat managed", req: `allowed_approval_policies=["untrusted","on-request"]`, managed: "approval_policy='never'", o: Options{ForceApproval: "never"}, want: "untrusted read-only cached",
			warn: "Configured value for `approval_policy` is disallowed by requirements; falling back to required value UnlessTrusted. Details: invalid value for `approval_policy`: `Never` is not in the allowed set [UnlessTrusted, OnRequest] (set by ETC/requirements.toml)"},
		{name: "managed word", managed: "sandbox_mode='zz'", err: "Error loading config.toml: Failed to parse config requirements as TOML: unknown variant `zz`, expected one of `read-only`, `workspace-write`, `danger-full-access`\nin `sandbox_mode`\n"},
		{name: "managed syntax", managed: "model=", err: "Error loading config.toml:\nETC/managed_config.toml:1:7: expected value but found '\\n' instead\n"},
		{name: "managed beats -c", managed: "web_search='disabled'", o: Options{Overrides: []string{"web_search=live"}}, want: "on-request read-only disabled"},
	} {
		t.Run(c.name, func(t *testing.T) {
			env := testEnv(t, nil)
			env.Hostname = func() string { return "BOX-7" }
			for f, text := range map[string]string{"requirements.toml": c.req, "managed_config.toml": c.managed} {
				if text != "" {
					write(t, filepath.Join(env.SystemDir, f), text)
				}
			}
			write(t, filepath.Join(env.home(), "config.toml"), c.file)
			c.o.Env = env
			if c.err != "" {
				fails(t, c.o, strings.ReplaceAll(c.err, "ETC", env.SystemDir))
				return
			}
			got := load(t, c.o)
			if s := got.ApprovalPolicy + " " + got.SandboxMode + " " + got.WebSearch; s != c.want {
				t.Errorf("got %s, want %s", s, c.want)
			}
			if w := strings.ReplaceAll(strings.Join(got.Warnings, "\n"), env.SystemDir, "ETC"); w != c.warn {
				t.Errorf("warnings\n%s\nwant\n%s", w, c.warn)
			}
			if c.name == "features" && got.Features.Enabled("apps") {
				t.Error("a pinned feature was switched on")
			}
		})
	}
}

// TestRequiredPermissions: what an administrator denies is denied under every profile,
// and what leaves the machine is bounded.
func TestRequiredPermissions(t *testing.T) {
	env := testEnv(t, nil)
	write(t, filepath.Join(env.SystemDir, "requirements.toml"), `[permissions.filesystem]
deny_read = ["/x", "~/y", "*.pem"]
[rules]
prefix_rules = [{ pattern = [{ token = "git" }, { any_of = ["push", "fetch"] }], decision = "prompt", justification = "why" }]
[experimental_network]
enabled = true
allow_local_binding = false
managed_allowed_domains_only = true
allowed_domains = ["a.com"]
[experimental_network.domains]
"b.com" = "deny"
`)
	write(t, filepath.Join(env.home(), "config.toml"), `default_permissions = "p"
[permissions.p.filesystem]
":workspace_roots" = "write"
[permissions.p.network]
enabled = true
allow_local_binding = true
domains = { "a.com" = "allow", "c.com" = "allow", "d.com" = "deny" }
`)
	c := load(t, Options{Env: env})
	var denied []string
	for _, e := range c.Permissions.In().FileSystem.Entries {
		if e.Access == policy.AccessNone {
			denied = append(denied, e.Path.Type+" "+e.Path.Value)
		}
	}
	if want := []string{"path /x", "path " + env.Home + "/y", "glob_pattern " + env.SystemDir + "/*.pem"}; !slices.Equal(denied, want) {
		t.Errorf("%q", denied)
	}
	n := c.Permissions.Profile.Proxy
	if n == nil || n.LocalBinding || !maps.Equal(n.Domains, map[string]string{"a.com": "allow", "b.com": "deny", "d.com": "deny"}) {
		t.Errorf("%+v", n)
	}
	if r := c.RequiredRules; len(r) != 1 || len(r[0].Pattern) != 2 || !slices.Equal(r[0].Pattern[1], []string{"push", "fetch"}) || r[0].Decision != "prompt" || r[0].Justification != "why" {
		t.Errorf("%+v", r)
	}
	if err := c.AllowSandbox(policy.ModeWorkspaceWrite); err != nil {
		t.Error(err)
	}
	if err := c.AllowSandbox(policy.ModeFullAccess); err == nil || !strings.Contains(err.Error(), "`DangerFullAccess` is not in the allowed set [read-only, workspace-write]") {
		t.Error(err)
	}
}

// TestByHand: a command that somebody runs by hand only reads until the command line
// says otherwise, and what an administrator denies is denied.
func TestByHand(t *testing.T) {
	for _, c := range []struct {
		file, want string
		o          Options
	}{
		{"sandbox_mode='workspace-write'", "read-only", Options{}},
		{"[projects.'WORK']\ntrust_level='trusted'", "read-only", Options{}},
		{"profile='p'\n[profiles.p]\nsandbox_mode='workspace-write'", "read-only", Options{}},
		{"sandbox_mode='read-only'", "workspace-write", Options{Overrides: []string{"sandbox_mode=workspace-write"}}},
		{"sandbox_mode='read-only'", "workspace-write", Options{Sandbox: "workspace-write"}},
		{"default_permissions=':workspace'", "workspace-write", Options{}},
	} {
		env := testEnv(t, nil)
		write(t, filepath.Join(env.SystemDir, "requirements.toml"), "[permissions.filesystem]\ndeny_read=['/x']\n")
		write(t, filepath.Join(env.home(), "config.toml"), strings.ReplaceAll(c.file, "WORK", env.Cwd))
		c.o.Env, c.o.ByHand = env, true
		cfg, err := LoadSandbox(t.Context(), c.o)
		if err != nil || cfg.SandboxMode != c.want || !cfg.Permissions.Profile.Denies() {
			t.Errorf("%s: %v %v", c.file, cfg, err)
		}
	}
}

// An administrator's list of MCP servers switches off all that it does not name as what they
// are; an empty one all.
func TestRequiredServers(t *testing.T) {
	const servers = "[mcp_servers.a]\ncommand='prog'\n[mcp_servers.b]\ncommand='other'\n[mcp_servers.c]\nurl='http://h/mcp'\n[mcp_servers.d]\ncommand='prog'\n"
	for req, want := range map[string]string{
		"": "a b c d",
		"[mcp_servers.a.identity]\ncommand='prog'\n[mcp_servers.b.identity]\ncommand='prog'\n[mcp_servers.c.identity]\nurl='http://h/mcp'\n": "a c",
		"[mcp_servers.c.identity]\ncommand='prog'\n": "",
		"[mcp_servers]\n": "",
	} {
		home, etc := t.TempDir(), t.TempDir()
		write(t, filepath.Join(home, "config.toml"), servers)
		write(t, filepath.Join(etc, "requirements.toml"), req)
		c, err := Load(t.Context(), Options{Env: Env{Get: func(k string) string { return map[string]string{"CODEX_HOME": home}[k] }, Home: home, Cwd: home, SystemDir: etc}})
		if err != nil {
			t.Fatal(err)
		}
		var on []string
		for _, s := range c.MCPServers() {
			if s.Enabled {
				on = append(on, s.Name)
			} else if s.Disabled != "requirements ("+filepath.Join(etc, "requirements.toml")+")" {
				t.Errorf("%s: %q", s.Name, s.Disabled)
			}
		}
		if got := strings.Join(on, " "); got != want {
			t.Errorf("%q: %s, not %s", req, got, want)
		}
	}
}
