package config

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"codex/pkg/shellenv"
)

func load(t testing.TB, o Options) *Config {
	t.Helper()
	c, err := Load(context.Background(), o)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func fails(t testing.TB, o Options, want string) {
	t.Helper()
	_, err := Load(context.Background(), o)
	if err == nil || !strings.Contains(AsError(err).Message(), want) {
		t.Fatalf("error %v, want %s", err, want)
	}
}

// say prints values with blanks between them.
func say(v ...any) string { return strings.TrimSpace(fmt.Sprintln(v...)) }

// TestValues loads a config.toml with flags and looks at one value each.
func TestValues(t *testing.T) {
	profile := "profile = 'p'\nmodel = 'top'\n[profiles.p]\nmodel = 'p1'\nsandbox_mode = 'workspace-write'\nmodel_reasoning_effort = 'high'\n"
	for _, c := range []struct {
		name, file string
		o          Options
		get        func(*Config) any
		want       any
	}{
		{"default model", "", Options{}, func(c *Config) any { return say(c.Model, c.ModelExplicit) }, "gpt-5.5 false"},
		{"model", "model = 'x'", Options{}, func(c *Config) any { return say(c.Model, c.ModelExplicit) }, "x true"},
		{"-c beats the file", "model = 'x'", Options{Overrides: []string{"model=y", "model=z"}}, func(c *Config) any { return c.Model }, "z"},
		{"-c beats a profile", profile, Options{Overrides: []string{"model=y"}}, func(c *Config) any { return c.Model + " " + c.ReasoningEffort }, "y high"},
		{"a key nobody knows", "", Options{Overrides: []string{"features.nope=true", "modle='x'", "tui.animations=true"}}, func(c *Config) any { return say(len(c.Unknown)) + c.Unknown[0] }, "2Unknown configuration key `features.nope` on the command line has no effect; codex-config(5) lists the keys"},
		{"-c into the profile", profile, Options{Overrides: []string{"profiles.p.model=y"}}, func(c *Config) any { return c.Model }, "y"},
		{"-m beats a profile", profile, Options{Model: "m"}, func(c *Config) any { return c.Model }, "m"},
		{"-p beats profile", profile + "[profiles.q]\n", Options{Profile: "q"}, func(c *Config) any { return c.Profile + c.Model }, "qtop"},
		{"profile effort", profile, Options{}, func(c *Config) any { return c.ReasoningEffort + " " + c.SandboxMode }, "high workspace-write"},
		{"keys that a profile may not hold", "profile='p'\n[profiles.p]\nreview_model='x'\nnotify=['y']\n", Options{}, func(c *Config) any { return c.ReviewModel + say(len(c.Notify)) }, "0"},
		{"user config left out", "model = 'x'", Options{IgnoreUserConfig: true}, func(c *Config) any { return c.Model }, "gpt-5.5"},
		{"a date is a string", "model = 2020-01-01", Options{}, func(c *Config) any { return c.Model }, "2020-01-01"},
		{"an enumeration as a table", "sandbox_mode = {read-only={}}", Options{}, func(c *Config) any { return say(c.SandboxMode, c.SandboxModeExplicit) }, "read-only true"},
		{"sandbox without a decision", "", Options{}, func(c *Config) any { return say(c.SandboxMode, c.SandboxModeExplicit, c.ApprovalPolicy) }, "read-only false on-request"},
		{"sandbox flag", "sandbox_mode='workspace-write'", Options{Sandbox: "danger-full-access"}, func(c *Config) any { return c.SandboxMode + c.WebSearch }, "danger-full-accesslive"},
		{"an explicit search mode stays", "web_search='cached'", Options{Sandbox: "danger-full-access"}, func(c *Config) any { return c.WebSearch }, "cached"},
		{"bypass", "approval_policy='untrusted'", Options{Bypass: true}, func(c *Config) any { return c.SandboxMode + " " + c.ApprovalPolicy }, "danger-full-access never"},
		{"full auto", "", Options{FullAuto: true}, func(c *Config) any { return c.SandboxMode + " " + c.ApprovalPolicy }, "workspace-write on-request"},
		{"exec never asks", "approval_policy='untrusted'", Options{Approval: "on-request", ForceApproval: "never"}, func(c *Config) any { return c.ApprovalPolicy }, "never"},
		{"granular", "approval_policy={granular={sandbox_approval=true,rules=false,mcp_elicitations=true}}", Options{}, func(c *Config) any { return say(c.ApprovalPolicy, *c.Granular) }, "granular {true false true false false}"},
		{"-a over granular", "approval_policy={granular={sandbox_approval=true,rules=false,mcp_elicitations=true}}", Options{Approval: "never"}, func(c *Config) any { return say(c.ApprovalPolicy, c.Granular) }, "never <nil>"},
		{"default_permissions", "default_permissions=':workspace'\nsandbox_mode='read-only'", Options{}, func(c *Config) any { return c.SandboxMode }, "workspace-write"},
		{"tier", "service_tier='fast'", Options{}, func(c *Config) any { return c.ServiceTier }, "priority"},
		{"tier passed through", "service_tier='flex'", Options{}, func(c *Config) any { return c.ServiceTier }, "flex"},
		{"search flag", "web_search='disabled'", Options{WebSearch: "live"}, func(c *Config) any { return c.WebSearch }, "live"},
		{"search by an old feature", "", Options{Enable: []string{"web_search_request"}}, func(c *Config) any { return c.WebSearch }, "live"},
		{"terminal timeout has a floor", "background_terminal_max_timeout=1", Options{}, func(c *Config) any { return c.BackgroundTerminalMaxTimeout }, 5 * time.Second},
		{"terminal timeout", "", Options{}, func(c *Config) any { return c.BackgroundTerminalMaxTimeout }, 300 * time.Second},
		{"docs", "project_doc_max_bytes=0\nproject_doc_fallback_filenames=['A', ' ', 'B']", Options{}, func(c *Config) any { return say(c.ProjectDocMaxBytes, c.ProjectDocFallback) }, "0 [A B]"},
		{"docs by default", "", Options{}, func(c *Config) any { return say(c.ProjectDocMaxBytes, c.ProjectDocFallback) }, "32768 []"},
		{"feature default", "", Options{}, func(c *Config) any {
			return say(c.Features.Enabled("unified_exec"), c.Features.Enabled("memories"), c.Features.Enabled("nope"))
		}, "true false false"},
		{"feature alias", "[features]\ncollab=false", Options{}, func(c *Config) any { return say(c.Features.Enabled("multi_agent"), len(c.Deprecations)) }, "false 1"},
		{"feature implied", "[features]\ncode_mode_only=true", Options{}, func(c *Config) any { return c.Features.Enabled("code_mode") }, true},
		{"feature as a table", "[features.multi_agent_v2]\nenabled=true", Options{}, func(c *Config) any { return c.Features.Enabled("multi_agent_v2") }, true},
		{"--disable beats all", "features.apps=true", Options{Overrides: []string{"features.apps=true"}, Enable: []string{"apps"}, Disable: []string{"apps"}}, func(c *Config) any { return c.Features.Enabled("apps") }, false},
		{"feature in a profile", "profile='p'\n[features]\napps=true\n[profiles.p.features]\napps=false", Options{}, func(c *Config) any { return c.Features.Enabled("apps") }, false},
		{"old landlock override", "", Options{Overrides: []string{"use_legacy_landlock=true"}}, func(c *Config) any { return c.Features.Enabled("use_legacy_landlock") }, true},
		{"shell env by default", "", Options{}, func(c *Config) any { return c.ShellEnv }, shellenv.Policy{Inherit: "all", IgnoreDefaultExcludes: true}},
		{"shell env of 0.171", "[shell_environment_policy]\nexclude=['A']\nfilters={D='include', B='exclude', C='include'}", Options{}, func(c *Config) any { return say(c.ShellEnv.Exclude, c.ShellEnv.IncludeOnly) }, "[A B] [C D]"},
		{"web search of 0.171", "web_search='indexed'", Options{}, func(c *Config) any { return c.WebSearch }, "indexed"},
		{"shell env", "[shell_environment_policy]\ninherit='core'\nignore_default_excludes=false\nexclude=['A*']\nset={B='1'}\ninclude_only=['C']", Options{}, func(c *Config) any { return c.ShellEnv },
			shellenv.Policy{Inherit: "core", Exclude: []string{"A*"}, IncludeOnly: []string{"C"}, Set: map[string]string{"B": "1"}}},
		{"filters", "executor=['ssh','box','codex-sandbox','serve']\n[pipeline]\nfilters=[['redact'],['tee','x']]", Options{}, func(c *Config) any { return say(c.Pipeline.Filters, c.Executor) }, "[[redact] [tee x]] [ssh box codex-sandbox serve]"},
		{"search tool", "[tools.web_search]\ncontext_size='high'\nallowed_domains=['a.b']\nlocation={city='X'}", Options{}, func(c *Config) any {
			return say(c.WebSearchTool.ContextSize, c.WebSearchTool.AllowedDomains, *c.WebSearchTool.Location)
		}, "high [a.b] {  X }"},
		{"workspaces", "forced_chatgpt_workspace_id=['a','b']", Options{}, func(c *Config) any { return say(c.ForcedWorkspaceIDs) }, "[a b]"},
		{"memories alias", "memories.no_memories_if_mcp_or_web_search=true", Options{}, func(c *Config) any { return c.Get("memories", "disable_on_external_context") }, true},
		{"secrets of a server", "mcp_servers.x.env={A='a',B={env='V'},C={cmd=['p','q']}}", Options{Overrides: []string{"mcp_servers.x.command='y'"}}, func(c *Config) any {
			e := c.MCPServers()[0].Env
			return say(e["A"].Text, e["B"].Env, e["C"].Cmd)
		}, "a V [p q]"},
		{"raw tree", "mcp_servers.x.command='y'", Options{Overrides: []string{"mcp_servers.x.args=['z']"}}, func(c *Config) any { return say(c.Get("mcp_servers", "x")) }, "map[args:[z] command:y]"},
		{"no such key", "", Options{}, func(c *Config) any { return c.Get("a", "b") }, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			env := testEnv(t, nil)
			write(t, filepath.Join(env.home(), "config.toml"), c.file)
			c.o.Env = env
			if got := c.get(load(t, c.o)); !reflect.DeepEqual(got, c.want) {
				t.Fatalf("got %#v, want %#v", got, c.want)
			}
		})
	}
}

func TestHome(t *testing.T) {
	dir := t.TempDir()
	dir, _ = filepath.EvalSymlinks(dir)
	write(t, filepath.Join(dir, "file"), "")
	write(t, filepath.Join(dir, "h", "x"), "")
	os.Symlink("h", filepath.Join(dir, "link"))
	for _, c := range []struct{ v, want, err string }{
		{"", filepath.Join(dir, "u", ".codex"), ""},
		{filepath.Join(dir, "h"), filepath.Join(dir, "h"), ""},
		{"h", filepath.Join(dir, "h"), ""},
		{"link", filepath.Join(dir, "h"), ""},
		{"missing", "", `CODEX_HOME points to "missing", but that path does not exist`},
		{"file", "", `CODEX_HOME points to "file", but that path is not a directory`},
	} {
		got, err := Home(Env{Get: func(string) string { return c.v }, Home: filepath.Join(dir, "u"), Cwd: dir})
		if c.err != "" {
			if err == nil || err.Error() != c.err {
				t.Errorf("%q: %v", c.v, err)
			}
		} else if got != c.want || err != nil {
			t.Errorf("%q: %q, %v", c.v, got, err)
		}
	}
}

// project makes a repository with a project config at its root and in sub/.
func project(t *testing.T, env Env) (root, sub string) {
	root = filepath.Join(env.Cwd, "repo")
	sub = filepath.Join(root, "sub", "deep")
	write(t, filepath.Join(root, ".git", "HEAD"), "")
	write(t, filepath.Join(root, ".codex", "config.toml"), "model = 'root'\nnotify = ['x']\nmodel_provider = 'zz'\nmodel_verbosity = 'low'\nmodel_instructions_file = 'inst.md'\n")
	write(t, filepath.Join(root, ".codex", "inst.md"), " project text\n")
	write(t, filepath.Join(root, "sub", ".codex", "config.toml"), "model = 'sub'\nprofile = 'q'\n")
	if err := os.MkdirAll(filepath.Join(sub, ".codex"), 0o755); err != nil {
		t.Fatal(err)
	}
	return root, sub
}

func TestProjectLayers(t *testing.T) {
	env := testEnv(t, nil)
	root, sub := project(t, env)
	o := Options{Env: env, Cwd: sub}

	c := load(t, o)
	if c.Model != "gpt-5.5" || c.Trust != "" || c.ProjectRoot != root || c.GitRoot != root || c.TrustKey != root {
		t.Fatalf("without a decision: %+v", c)
	}
	ignored := "Ignored " + filepath.Join(root, ".codex", "config.toml") + ", " + filepath.Join(root, "sub", ".codex", "config.toml") + ": the project is not trusted. To use it, add to " +
		filepath.Join(env.home(), "config.toml") + ": [projects.\"" + root + "\"] with trust_level = \"trusted\""
	if !slices.Equal(c.Warnings, []string{ignored}) {
		t.Fatalf("%q", c.Warnings)
	}
	if c.SandboxMode != "read-only" || c.ApprovalPolicy != "on-request" {
		t.Fatal(c.SandboxMode, c.ApprovalPolicy)
	}

	if _, err := SetTrust(t.Context(), env.home(), root, "untrusted"); err != nil {
		t.Fatal(err)
	}
	c = load(t, o)
	if c.Model != "gpt-5.5" || c.Trust != "untrusted" || c.SandboxMode != "workspace-write" || c.ApprovalPolicy != "untrusted" || c.SandboxModeExplicit {
		t.Fatalf("untrusted: %+v", c)
	}

	if _, err := SetTrust(t.Context(), env.home(), root, "trusted"); err != nil {
		t.Fatal(err)
	}
	c = load(t, o)
	if c.Model != "sub" || c.Verbosity != "low" || c.Trust != "trusted" || c.SandboxMode != "workspace-write" || c.ApprovalPolicy != "on-request" || c.ProviderID != "openai" || c.Notify != nil {
		t.Fatalf("trusted: %+v", c)
	}
	if c.Instructions != "project text" || c.ModelInstructionsFile != filepath.Join(root, ".codex", "inst.md") {
		t.Fatalf("%q from %s", c.Instructions, c.ModelInstructionsFile)
	}
	want := []string{
		"Ignored unsupported project-local config keys in " + filepath.Join(root, ".codex", "config.toml") + ": model_provider, notify. Those that shall hold belong in your own config.toml.",
		"Ignored unsupported project-local config keys in " + filepath.Join(root, "sub", ".codex", "config.toml") + ": profile. Those that shall hold belong in your own config.toml.",
	}
	if !slices.Equal(c.Warnings, want) {
		t.Fatalf("warnings %q", c.Warnings)
	}
	var names []string
	for _, l := range c.Layers {
		names = append(names, l.Name)
	}
	if got := strings.Join(names, " "); got != "system user project project project sessionFlags legacyManagedConfigTomlFromFile" {
		t.Fatal(got)
	}

	// The user's profile and -c beat the project.
	o.Overrides = []string{"model=flag"}
	if c = load(t, o); c.Model != "flag" {
		t.Fatal(c.Model)
	}

	// Other markers, none at all.
	o.Overrides = []string{`project_root_markers=["inst.md"]`}
	if c = load(t, o); c.ProjectRoot != sub || c.GitRoot != root || c.Model != "gpt-5.5" {
		t.Fatal(c.ProjectRoot, c.GitRoot, c.Model)
	}
	o.Overrides = []string{`project_root_markers=[]`}
	if c = load(t, o); c.ProjectRoot != sub {
		t.Fatal(c.ProjectRoot)
	}
	o.Overrides = nil

	// Broken files matter only when trusted.
	write(t, filepath.Join(root, ".codex", "config.toml"), "model = ")
	fails(t, o, "Error loading config.toml: Error parsing project config file "+filepath.Join(root, ".codex", "config.toml")+":1:9: expected value but found '\\n' instead\n\nAt line 1, column 9:\n\n      1 | model = \n")
	if _, err := SetTrust(t.Context(), env.home(), root, "untrusted"); err != nil {
		t.Fatal(err)
	}
	load(t, o)
}

func TestTrust(t *testing.T) {
	env := testEnv(t, nil)
	root, sub := project(t, env)
	// A linked worktree belongs to the main repository.
	tree := filepath.Join(env.Cwd, "tree")
	write(t, filepath.Join(tree, ".git"), "gitdir: "+filepath.Join(root, ".git", "worktrees", "tree")+"\n")
	write(t, filepath.Join(root, ".git", "worktrees", "tree", "gitdir"), filepath.Join(tree, ".git")+"\n")
	related := filepath.Join(env.Cwd, "related") // as git's worktree.useRelativePaths has it
	write(t, filepath.Join(related, ".git"), "gitdir: ../"+filepath.Base(root)+"/.git/worktrees/related\n")
	write(t, filepath.Join(root, ".git", "worktrees", "related", "gitdir"), "../../../../related/.git\n")
	// Folders that only say so.
	claims, invents := filepath.Join(env.Cwd, "claims"), filepath.Join(env.Cwd, "invents")
	write(t, filepath.Join(claims, ".git"), "gitdir: "+filepath.Join(root, ".git", "worktrees", "tree")+"\n")
	write(t, filepath.Join(invents, ".git"), "gitdir: "+filepath.Join(root, ".git", "worktrees", "none")+"\n")
	// A link to the repository.
	link := filepath.Join(env.Cwd, "link")
	if err := os.Symlink(root, link); err != nil {
		t.Skip(err)
	}
	for _, c := range []struct{ key, cwd, want string }{
		{root, root, "trusted"},
		{root, sub, "trusted"},
		{root, tree, "trusted"},
		{root, related, "trusted"},
		{root, claims, ""},
		{root, invents, ""},
		{root, link, "trusted"},
		{link, link, "trusted"},
		{link, root, "trusted"},
		{link, sub, "trusted"},
		{sub, sub, "trusted"},
		{sub, root, ""},
		{filepath.Dir(root), root, ""},
		{tree, root, ""},
	} {
		os.Remove(filepath.Join(env.home(), "config.toml"))
		if _, err := SetTrust(t.Context(), env.home(), c.key, "trusted"); err != nil {
			t.Fatal(err)
		}
		got := load(t, Options{Env: env, Cwd: c.cwd})
		if got.Trust != c.want {
			t.Errorf("decision for %s, in %s: %q", c.key, c.cwd, got.Trust)
		}
	}
	if c := load(t, Options{Env: env, Cwd: tree}); c.TrustKey != root || c.GitRoot != tree {
		t.Fatal(c.TrustKey, c.GitRoot)
	}
	if findUp(env.Cwd, []string{".git"}) != "" {
		t.Skip("the scratch folder is inside a repository")
	}
	if c := load(t, Options{Env: env, Cwd: env.Cwd}); c.TrustKey != env.Cwd || c.GitRoot != "" {
		t.Fatal(c.TrustKey, c.GitRoot)
	}
}

func TestHomeIsNoProject(t *testing.T) {
	env := testEnv(t, nil)
	// The home is the .codex folder of the working folder.
	home := filepath.Join(env.Cwd, ".codex")
	write(t, filepath.Join(home, "config.toml"), "model = 'x'\nnotify = ['n']\n[projects.\""+env.Cwd+"\"]\ntrust_level = 'trusted'\n")
	env.Get = func(k string) string {
		if k == "CODEX_HOME" {
			return home
		}
		return ""
	}
	if c := load(t, Options{Env: env}); len(c.Warnings) > 0 || len(c.Notify) != 1 {
		t.Fatal(c.Warnings, c.Notify)
	}
}

func TestPaths(t *testing.T) {
	env := testEnv(t, nil)
	write(t, filepath.Join(env.home(), "config.toml"), "log_dir = 'logs/../l'\n[sandbox_workspace_write]\nwritable_roots = ['rel', '~/x', '/abs/../b', '~']\n")
	o := Options{Env: env, AddDirs: []string{"add", "/b"}}
	c := load(t, o)
	h := env.home()
	want := []string{filepath.Join(env.Cwd, "add"), filepath.Join(h, "rel"), filepath.Join(env.Home, "x"), "/b", env.Home}
	if !slices.Equal(c.Workspace.WritableRoots, want) || c.LogDir != filepath.Join(h, "l") {
		t.Fatal(c.Workspace.WritableRoots, c.LogDir)
	}
	o.Overrides = []string{`sandbox_workspace_write.writable_roots=["here"]`}
	o.Cwd = "sub"
	if c = load(t, o); c.Workspace.WritableRoots[c.Workspace.Added] != filepath.Join(env.Cwd, "sub", "here") {
		t.Fatal(c.Workspace.WritableRoots)
	}
}

func TestDeprecations(t *testing.T) {
	env := testEnv(t, nil)
	write(t, filepath.Join(env.home(), "config.toml"), "[features]\ncollab=true\nweb_search=true\nuse_legacy_landlock=true\napps=true\nzzz=true\n")
	got := load(t, Options{Env: env}).Deprecations
	want := []Deprecation{
		{"`[features].collab` is deprecated. Use `[features].multi_agent` instead.", "Enable it with `--enable multi_agent` or `[features].multi_agent` in config.toml. See https://developers.openai.com/codex/config-basic#feature-flags for details."},
		{"`[features].use_legacy_landlock` is deprecated and will be removed soon.", "Remove this setting to stop opting into the legacy Linux sandbox behavior."},
		{"`[features].web_search` is deprecated because web search is enabled by default.", "Set `web_search` to `\"live\"`, `\"cached\"`, or `\"disabled\"` at the top level (or under a profile) in config.toml if you want to override it."},
	}
	if !slices.Equal(got, want) {
		t.Fatalf("%q", got)
	}
}

func TestFeatureTable(t *testing.T) {
	all := AllFeatures()
	if !slices.IsSortedFunc(all, func(a, b Feature) int { return strings.Compare(a.Name, b.Name) }) {
		t.Fatal("not sorted")
	}
	b, err := os.ReadFile("testdata/features.list.0.133.0.txt")
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	for _, f := range all {
		fmt.Fprintf(&out, "%-38s  %-17s  %v\n", f.Name, f.Stage, f.Default)
	}
	if out.String() != string(b) {
		t.Fatalf("got\n%s", out.String())
	}
}

func TestContext(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := Load(ctx, Options{Env: testEnv(t, nil)}); err != context.Canceled {
		t.Fatal(err)
	}
}

func TestTexts(t *testing.T) {
	env := testEnv(t, nil)
	write(t, filepath.Join(env.home(), "config.toml"), "model_instructions_file = 'i.md'\ninstructions = 'other'\nexperimental_compact_prompt_file = '~/c.md'\nmodel_catalog_json = 'm.json'\n")
	o := Options{Env: env}
	i, c, m := filepath.Join(env.home(), "i.md"), filepath.Join(env.Home, "c.md"), filepath.Join(env.home(), "m.json")
	for _, s := range []struct{ path, text, err string }{
		{"", "", "Error: failed to read model_catalog_json path `" + m + "`: No such file or directory (os error 2)\n"},
		{m, `{"models":[]}`, "Error: model_catalog_json path `" + m + "` must contain at least one model\n"},
		{m, "", "Error: failed to parse model_catalog_json path `" + m + "` as JSON: "},
		{m, `{"models":[{"slug":"own","visibility":"list"}]}`, "Error: failed to read model instructions file " + i + ": No such file or directory (os error 2)\n"},
		{i, " \n", "Error: model instructions file is empty: " + i + "\n"},
		{i, " be good\n", "Error: failed to read experimental compact prompt file " + c + ": No such file or directory (os error 2)\n"},
		{c, "", "Error: experimental compact prompt file is empty: " + c + "\n"},
		{c, "sum it up", ""},
	} {
		if s.path != "" {
			write(t, s.path, s.text)
		}
		if s.err != "" {
			fails(t, o, s.err)
			continue
		}
		got := load(t, o)
		if got.Instructions != "be good" || got.CompactPrompt != "sum it up" || got.Model != "own" || len(got.Models) != 1 {
			t.Fatalf("%q %q %q", got.Instructions, got.CompactPrompt, got.Model)
		}
	}
	write(t, filepath.Join(env.home(), "config.toml"), strings.Repeat("# long\n", maxFile/7+1))
	fails(t, o, "file is larger than 16 MiB")
	os.Remove(filepath.Join(env.home(), "config.toml"))
	if err := os.MkdirAll(filepath.Join(env.home(), "config.toml"), 0o755); err != nil {
		t.Fatal(err)
	}
	fails(t, o, "Error loading config.toml: Failed to read config file "+filepath.Join(env.home(), "config.toml")+": ")
}

func TestBadText(t *testing.T) {
	env := testEnv(t, nil)
	path := filepath.Join(env.home(), "config.toml")
	write(t, path, "a = \"\xff\"")
	fails(t, Options{Env: env}, "Error loading config.toml: Failed to read config file "+path+": invalid utf-8 sequence of 1 bytes from index 5\n")
	write(t, path, "\ufeffmodel = 'x'")
	if c := load(t, Options{Env: env}); c.Model != "x" {
		t.Fatal(c.Model)
	}
}
