package config

import (
	"maps"
	"runtime"
	"slices"
	"strings"
)

// Feature is one switch of the [features] table.
type Feature struct {
	Name string
	// Stage is stable, experimental, under development, deprecated or removed.
	Stage   string
	Default bool
}

// Unfinished tells that the feature is under development.
func (f Feature) Unfinished() bool { return f.Stage == stageUnstable }

// Experimental tells that the feature is there to be tried out.
func (f Feature) Experimental() bool { return f.Stage == stageExperimental }

const (
	stageStable       = "stable"
	stageExperimental = "experimental"
	stageUnstable     = "under development"
	stageDeprecated   = "deprecated"
	stageRemoved      = "removed"
)

// AllFeatures lists the switches, sorted by name, with stages and defaults of 0.133. Callers
// must not change it.
func AllFeatures() []Feature { return allFeatures[:] }

var allFeatures = [...]Feature{
	{"apply_patch_freeform", stageRemoved, false},
	{"apply_patch_streaming_events", stageUnstable, false},
	{"apps", stageStable, true},
	{"apps_mcp_path_override", stageUnstable, false},
	{"artifact", stageUnstable, false},
	{"auth_elicitation", stageUnstable, false},
	{"browser_use", stageStable, true},
	{"browser_use_external", stageStable, true},
	{"child_agents_md", stageUnstable, false},
	{"chronicle", stageUnstable, false},
	{"code_mode", stageUnstable, false},
	{"code_mode_only", stageUnstable, false},
	{"codex_git_commit", stageRemoved, false},
	{"collaboration_modes", stageRemoved, true},
	{"computer_use", stageStable, true},
	{"default_mode_request_user_input", stageUnstable, false},
	{"elevated_windows_sandbox", stageRemoved, false},
	{"enable_fanout", stageUnstable, false},
	{"enable_mcp_apps", stageUnstable, false},
	{"enable_request_compression", stageStable, true},
	{"exec_permission_approvals", stageUnstable, false},
	{"experimental_windows_sandbox", stageRemoved, false},
	{"external_migration", stageExperimental, false},
	{"fast_mode", stageStable, true},
	{"goals", stageStable, true},
	{"guardian_approval", stageStable, true},
	{"hooks", stageStable, true},
	{"image_detail_original", stageRemoved, false},
	{"image_generation", stageStable, true},
	{"in_app_browser", stageStable, true},
	{"js_repl", stageRemoved, false},
	{"js_repl_tools_only", stageRemoved, false},
	{"memories", stageExperimental, false},
	{"mentions_v2", stageExperimental, false},
	{"multi_agent", stageStable, true},
	{"multi_agent_v2", stageUnstable, false},
	{"network_proxy", stageExperimental, false},
	{"personality", stageStable, true},
	{"plugin_hooks", stageStable, true},
	{"plugin_sharing", stageStable, true},
	{"plugins", stageStable, true},
	{"prevent_idle_sleep", stageExperimental, false},
	{"realtime_conversation", stageUnstable, false},
	{"remote_compaction_v2", stageUnstable, false},
	{"remote_control", stageRemoved, false},
	{"remote_models", stageRemoved, false},
	{"remote_plugin", stageUnstable, false},
	{"request_permissions_tool", stageUnstable, false},
	{"request_rule", stageRemoved, false},
	{"responses_websocket_response_processed", stageUnstable, false},
	{"responses_websockets", stageRemoved, false},
	{"responses_websockets_v2", stageRemoved, false},
	{"runtime_metrics", stageUnstable, false},
	{"search_tool", stageRemoved, false},
	{"shell_snapshot", stageStable, true},
	{"shell_tool", stageStable, true},
	{"shell_zsh_fork", stageUnstable, false},
	{"skill_env_var_dependency_prompt", stageRemoved, false},
	{"skill_mcp_dependency_install", stageStable, true},
	{"sqlite", stageRemoved, true},
	{"steer", stageRemoved, true},
	{"terminal_resize_reflow", stageExperimental, true},
	{"tool_call_mcp_elicitation", stageStable, true},
	{"tool_search", stageRemoved, false},
	{"tool_search_always_defer_mcp_tools", stageUnstable, false},
	{"tool_suggest", stageStable, true},
	{"tui_app_server", stageRemoved, true},
	{"unavailable_dummy_tools", stageRemoved, false},
	{"undo", stageRemoved, false},
	{"unified_exec", stageStable, runtime.GOOS != "windows"},
	{"use_legacy_landlock", stageDeprecated, false},
	{"use_linux_sandbox_bwrap", stageRemoved, false},
	{"web_search_cached", stageDeprecated, false},
	{"web_search_request", stageDeprecated, false},
	{"workspace_dependencies", stageStable, true},
	{"workspace_owner_usage_nudge", stageRemoved, false},
}

// Features are the switches of the [features] table with their defaults.
type Features struct {
	// set holds what files, flags and requirements say, by canonical name.
	set map[string]bool
}

// Enabled tells whether a feature is on. An unknown name is off.
func (f Features) Enabled(name string) bool {
	if v, ok := f.set[name]; ok {
		return v
	}
	d, _ := featureNamed(name)
	return d.Default
}

func featureNamed(name string) (Feature, bool) {
	i, ok := slices.BinarySearchFunc(allFeatures[:], name, func(f Feature, n string) int { return strings.Compare(f.Name, n) })
	if !ok {
		return Feature{}, false
	}
	return allFeatures[i], true
}

// KnownFeature returns the canonical form of a feature's name, which may be a
// legacy alias, and its entry. ok is false for an unknown name.
func KnownFeature(name string) (f Feature, ok bool) {
	return featureNamed(canonicalFeature(name))
}

// canonicalFeature resolves legacy aliases; "" for an unknown name.
func canonicalFeature(name string) string {
	switch name {
	case "connectors":
		return "apps"
	case "collab":
		return "multi_agent"
	case "memory_tool":
		return "memories"
	case "codex_hooks":
		return "hooks"
	case "telepathy":
		return "chronicle"
	case "web_search":
		return "web_search_request"
	case "request_permissions":
		return "exec_permission_approvals"
	case "include_apply_patch_tool", "experimental_use_freeform_apply_patch":
		return "apply_patch_freeform"
	case "experimental_use_unified_exec_tool":
		return "unified_exec"
	case "enable_experimental_windows_sandbox":
		return "experimental_windows_sandbox"
	}
	if _, ok := featureNamed(name); ok {
		return name
	}
	return ""
}

// Deprecation is a notice about an old setting: a line, and a line of help.
type Deprecation struct{ Summary, Details string }

// features reads the [features] table and older switches.
func (c *Config) readFeatures(t map[string]any) {
	set := map[string]bool{}
	table, _ := t["features"].(map[string]any)
	if v, ok := t["experimental_use_unified_exec_tool"].(bool); ok {
		set["unified_exec"] = v
		c.deprecateFeature("experimental_use_unified_exec_tool", v)
	}
	for _, n := range slices.Sorted(maps.Keys(table)) {
		on, ok := table[n].(bool)
		if m, isTable := table[n].(map[string]any); isTable {
			on, ok = m["enabled"].(bool)
		}
		name := canonicalFeature(n)
		if !ok || name == "" {
			continue
		}
		// A name beats its alias.
		if _, both := table[name]; both && name != n {
			continue
		}
		set[name] = on
		c.deprecateFeature(n, on)
	}
	c.Features = Features{set}
	c.implyFeatures()
}

func (c *Config) implyFeatures() {
	if c.Features.Enabled("enable_fanout") {
		c.Features.set["multi_agent"] = true
	}
	if c.Features.Enabled("code_mode_only") {
		c.Features.set["code_mode"] = true
	}
}

func (c *Config) deprecateFeature(n string, on bool) {
	say := func(summary, details string) {
		c.Deprecations = append(c.Deprecations, Deprecation{"`[features]." + n + "` " + summary, details})
	}
	switch name := canonicalFeature(n); {
	case name == "web_search_request" || name == "web_search_cached":
		say("is deprecated because web search is enabled by default.",
			"Set `web_search` to `\"live\"`, `\"cached\"`, or `\"disabled\"` at the top level (or under a profile) in config.toml if you want to override it.")
	case name == "use_legacy_landlock":
		if on {
			say("is deprecated and will be removed soon.", "Remove this setting to stop opting into the legacy Linux sandbox behavior.")
		}
	case name != n:
		say("is deprecated. Use `[features]."+name+"` instead.",
			"Enable it with `--enable "+name+"` or `[features]."+name+"` in config.toml. See https://developers.openai.com/codex/config-basic#feature-flags for details.")
	}
}
