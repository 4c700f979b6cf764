package config

import (
	"cmp"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"codex/pkg/models"
	"codex/pkg/ostext"
	"codex/pkg/shellenv"
)

// view reads typed values from checked settings: what has the wrong type is
// absent.
type view map[string]any

func (v view) str(path ...string) string {
	s, _ := lookup(v, path...).(string)
	return s
}

// word reads an enumeration: a string, or a table with the word as its key.
func (v view) word(path ...string) string {
	switch x := lookup(v, path...).(type) {
	case string:
		return x
	case map[string]any:
		for k := range x {
			return k
		}
	}
	return ""
}

func (v view) flag(def bool, path ...string) bool {
	if b, ok := lookup(v, path...).(bool); ok {
		return b
	}
	return def
}

func (v view) num(def int64, path ...string) int64 {
	if n, ok := lookup(v, path...).(int64); ok {
		return n
	}
	return def
}

func (v view) list(path ...string) []string {
	l, _ := stringList(lookup(v, path...))
	return l
}

func (v view) table(path ...string) view {
	m, _ := lookup(v, path...).(map[string]any)
	return m
}

func (v view) strings(path ...string) map[string]string {
	t := v.table(path...)
	if t == nil {
		return nil
	}
	m := make(map[string]string, len(t))
	for k, x := range t {
		if s, ok := x.(string); ok {
			m[k] = s
		}
	}
	return m
}

// resolve fills in everything that does not depend on requirements.
func (c *Config) resolve(o Options, merged map[string]any) error {
	t, err := c.activate(o, merged)
	if err != nil {
		return err
	}
	if t.str("experimental_thread_store_endpoint") != "" {
		return plain("`experimental_thread_store_endpoint` is no longer supported; remove it from config.toml")
	}
	c.readFeatures(t)
	if err := c.readProviders(o, t); err != nil {
		return err
	}
	if err := c.readModel(o, t); err != nil {
		return err
	}
	if err := c.readSandbox(o, t); err != nil {
		return err
	}
	c.readApproval(o, t)
	c.readShellEnv(t)
	c.readTools(o, t)
	if err := c.readTexts(t); err != nil {
		return err
	}
	c.readRest(o, t)
	return agentLimits(t)
}

// activate lays the active profile over the settings, except what the command line or the
// administrator's managed file says.
func (c *Config) activate(o Options, merged map[string]any) (view, error) {
	t := view(merged)
	c.Profile = cmp.Or(o.Profile, t.str("profile"))
	if c.Profile != "" {
		p := t.table("profiles", c.Profile)
		if p == nil && !c.hasProfileFile() {
			return nil, plain("config profile `%s` not found", c.Profile)
		}
		t = merge(t, profileKeys(p))
		for _, l := range c.Layers {
			if l.overProfile() {
				t = merge(t, l.Tree)
			}
		}
	}
	c.tree = t
	return t, nil
}

// hasProfileFile tells whether the active profile has a file of its own.
func (c *Config) hasProfileFile() bool {
	file := filepath.Join(c.Home, ProfileFile(c.Profile))
	return slices.ContainsFunc(c.Layers, func(l Layer) bool { return l.Found && l.Path == file })
}

// overProfile tells that no profile changes what the layer says.
func (l Layer) overProfile() bool {
	return l.Name == LayerFlags || l.Name == LayerManaged
}

// profileKeys are the settings of a profile that count: the rest of its table
// is ignored, as unknown keys are.
func profileKeys(p view) map[string]any {
	_, _, body := section("ConfigProfile")
	m := make(map[string]any, len(p))
	for k, v := range p {
		if _, _, ok := field(body, k); ok {
			m[k] = v
		}
	}
	return m
}

func (c *Config) readModel(o Options, t view) error {
	c.Model = cmp.Or(o.Model, t.str("model"))
	c.ModelExplicit = c.Model != ""
	if o.OSS && !c.ModelExplicit {
		c.Model = ossModel(c.ProviderID)
	}
	c.ReviewModel = t.str("review_model")
	c.ReasoningEffort = t.word("model_reasoning_effort")
	c.PlanReasoningEffort = t.word("plan_mode_reasoning_effort")
	c.ReasoningSummary = t.word("model_reasoning_summary")
	c.Verbosity = t.word("model_verbosity")
	c.ContextWindow = t.num(0, "model_context_window")
	c.AutoCompactLimit = t.num(0, "model_auto_compact_token_limit")
	c.ToolOutputTokenLimit = t.num(0, "tool_output_token_limit")
	c.SupportsReasoningSummaries = t.flag(false, "model_supports_reasoning_summaries")
	c.ModelCatalog = t.str("model_catalog_json")
	if err := c.readCatalog(); err != nil {
		return err
	}
	c.ServiceTier = t.str("service_tier")
	if c.ServiceTier == "fast" {
		c.ServiceTier = "priority"
	}
	if c.Model == "" {
		c.Model = models.DefaultIn(c.Models)
	}
	return nil
}

// readCatalog reads the user's own catalogue.
func (c *Config) readCatalog() error {
	if c.ModelCatalog == "" {
		return nil
	}
	b, err := readBounded(c.ModelCatalog)
	if err != nil {
		return plain("failed to read model_catalog_json path `%s`: %s", c.ModelCatalog, ostext.Of(err))
	}
	if c.Models, err = models.ParseCatalogue(b); err != nil {
		return plain("failed to parse model_catalog_json path `%s` as JSON: %s", c.ModelCatalog, err)
	}
	if len(c.Models) == 0 {
		return plain("model_catalog_json path `%s` must contain at least one model", c.ModelCatalog)
	}
	return nil
}

func (c *Config) readApproval(o Options, t view) {
	switch g := t.table("approval_policy", "granular"); {
	case g != nil:
		c.ApprovalPolicy = "granular"
		c.Granular = &Granular{
			SandboxApproval: g.flag(false, "sandbox_approval"), Rules: g.flag(false, "rules"),
			MCPElicitations: g.flag(false, "mcp_elicitations"), SkillApproval: g.flag(false, "skill_approval"),
			RequestPermissions: g.flag(false, "request_permissions"),
		}
	default:
		c.ApprovalPolicy = t.word("approval_policy")
	}
	set := func(p string) { c.ApprovalPolicy, c.Granular = p, nil }
	switch {
	case o.ForceApproval != "":
		set(o.ForceApproval)
	case o.Bypass:
		set("never")
	case o.Approval != "":
		set(o.Approval)
	case o.FullAuto:
		set("on-request")
	case c.ApprovalPolicy == "" && c.Trust == "untrusted":
		set("untrusted")
	case c.ApprovalPolicy == "":
		set("on-request")
	}
	c.ApprovalsReviewer = cmp.Or(t.word("approvals_reviewer"), "user")
}

func (c *Config) readShellEnv(t view) {
	p := t.table("shell_environment_policy")
	c.ShellEnv = shellenv.Policy{
		Inherit:               cmp.Or(p.word("inherit"), "all"),
		IgnoreDefaultExcludes: p.flag(true, "ignore_default_excludes"),
		Exclude:               p.list("exclude"), IncludeOnly: p.list("include_only"),
		Set: p.strings("set"),
	}
	filters := p.strings("filters")
	for _, glob := range slices.Sorted(maps.Keys(filters)) {
		to := &c.ShellEnv.Exclude
		if filters[glob] == "include" {
			to = &c.ShellEnv.IncludeOnly
		}
		*to = append(*to, glob)
	}
}

func (c *Config) readTools(o Options, t view) {
	c.ViewImage = t.flag(true, "tools", "view_image")
	w := t.table("tools", "web_search")
	c.WebSearchTool = WebSearchTool{ContextSize: w.word("context_size"), AllowedDomains: w.list("allowed_domains")}
	if l := w.table("location"); l != nil {
		c.WebSearchTool.Location = &Location{l.str("country"), l.str("region"), l.str("city"), l.str("timezone")}
	}
	switch {
	case o.WebSearch != "":
		c.WebSearch = o.WebSearch
	case t.word("web_search") != "":
		c.WebSearch = t.word("web_search")
	case c.Features.Enabled("web_search_cached"):
		c.WebSearch = "cached"
	case c.Features.Enabled("web_search_request"):
		c.WebSearch = "live"
	}
}

// readTexts reads the instruction texts and the files that hold them.
func (c *Config) readTexts(t view) error {
	c.Instructions = t.str("instructions")
	c.DeveloperInstructions = t.str("developer_instructions")
	c.CompactPrompt = t.str("compact_prompt")
	c.ModelInstructionsFile = t.str("model_instructions_file")
	for _, f := range []struct {
		path, what string
		to         *string
	}{
		{c.ModelInstructionsFile, "model instructions file", &c.Instructions},
		{t.str("experimental_compact_prompt_file"), "experimental compact prompt file", &c.CompactPrompt},
	} {
		if f.path == "" {
			continue
		}
		b, err := readBounded(f.path)
		if err != nil {
			return plain("failed to read %s %s: %s", f.what, f.path, ostext.Of(err))
		}
		text := strings.TrimSpace(string(b))
		if text == "" {
			return plain("%s is empty: %s", f.what, f.path)
		}
		*f.to = text
	}
	return nil
}

func (c *Config) readRest(o Options, t view) {
	c.Notify = t.list("notify")
	c.History = History{Persistence: cmp.Or(t.word("history", "persistence"), "save-all"), MaxBytes: t.num(0, "history", "max_bytes")}
	c.ProjectDocMaxBytes = int(t.num(32<<10, "project_doc_max_bytes"))
	for _, n := range t.list("project_doc_fallback_filenames") {
		if n = strings.TrimSpace(n); n != "" {
			c.ProjectDocFallback = append(c.ProjectDocFallback, n)
		}
	}
	c.HideReasoning = t.flag(false, "hide_agent_reasoning")
	c.ShowRawReasoning = t.flag(false, "show_raw_agent_reasoning")
	c.Personality = t.word("personality")
	c.AllowLoginShell = t.flag(true, "allow_login_shell")
	c.BackgroundTerminalMaxTimeout = max(time.Duration(min(t.num(300_000, "background_terminal_max_timeout"), 1<<40))*time.Millisecond, 5*time.Second)
	c.IncludeEnvironmentContext = t.flag(true, "include_environment_context")
	c.IncludePermissions = t.flag(true, "include_permissions_instructions")
	for _, f := range listOf(t.table("pipeline")["filters"]) {
		if argv, ok := stringList(f); ok {
			c.Pipeline.Filters = append(c.Pipeline.Filters, argv)
		}
	}
	c.Executor = t.list("executor")
	c.AuthStore = cmp.Or(t.word("cli_auth_credentials_store"), "file")
	c.ForcedLoginMethod = t.word("forced_login_method")
	switch w := t["forced_chatgpt_workspace_id"].(type) {
	case string:
		c.ForcedWorkspaceIDs = []string{w}
	case []any:
		c.ForcedWorkspaceIDs, _ = stringList(w)
	}
	c.ChatGPTBaseURL = cmp.Or(t.str("chatgpt_base_url"), "https://chatgpt.com/backend-api/")
	c.LogDir = cmp.Or(t.str("log_dir"), filepath.Join(c.Home, "log"))
	c.SQLiteHome = c.Home
	if v := o.Env.get("CODEX_SQLITE_HOME"); v != "" {
		c.SQLiteHome = o.Env.absolute(v, c.Cwd)
	}
	c.SQLiteHome = cmp.Or(t.str("sqlite_home"), c.SQLiteHome)
}

// finish sets what depends on the constrained values.
func (c *Config) finish() {
	c.implyFeatures()
	if !c.Features.Enabled("personality") {
		c.Personality = "none"
	}
	// With full access there is nothing that a live search could leak more
	// than a command: it is the default then.
	if c.WebSearch == "" {
		c.WebSearch = "cached"
		if c.SandboxMode == "danger-full-access" {
			c.WebSearch = "live"
		}
	}
}

func agentLimits(t view) error {
	for _, k := range []string{"max_threads", "max_depth"} {
		if t.num(1, "agents", k) < 1 {
			return plain("agents.%s must be at least 1", k)
		}
	}
	return nil
}

func listOf(v any) []any {
	l, _ := v.([]any)
	return l
}
