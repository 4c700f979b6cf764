package config

import (
	"path/filepath"
	"strings"
	"testing"
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
		{name: "bad TOML", req: `x = `, err: "Error loading config.toml: Error parsing requirements file ETC/requirements.toml: TOML parse error at line 1, column 5\n"},
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
		{name: "managed approval", managed: "approval_policy='untrusted'", o: Options{ForceApproval: "never"}, want: "untrusted read-only cached",
			warn: "Configured value for `approval_policy` is disallowed by requirements; falling back to required value UnlessTrusted. Details: invalid value for `approval_policy`: `Never` is not in the allowed set [UnlessTrusted] (set by ETC/managed_config.toml)"},
		{name: "managed sandbox beats the user's", managed: "sandbox_mode='workspace-write'", file: "sandbox_mode='danger-full-access'", want: "on-request workspace-write cached"},
		{name: "requirements beat managed", req: `allowed_approval_policies=["untrusted","on-request"]`, managed: "approval_policy='never'", o: Options{ForceApproval: "never"}, want: "untrusted read-only cached",
			warn: "Configured value for `approval_policy` is disallowed by requirements; falling back to required value UnlessTrusted. Details: invalid value for `approval_policy`: `Never` is not in the allowed set [UnlessTrusted, OnRequest] (set by ETC/requirements.toml)"},
		{name: "managed word", managed: "sandbox_mode='zz'", err: "Error loading config.toml: Failed to parse config requirements as TOML: unknown variant `zz`, expected one of `read-only`, `workspace-write`, `danger-full-access`\nin `sandbox_mode`\n"},
		{name: "managed syntax", managed: "model=", err: "Error loading config.toml:\nETC/managed_config.toml:1:7: string values must be quoted, expected literal string\n"},
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
