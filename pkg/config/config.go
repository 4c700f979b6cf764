package config

import (
	"encoding/json"
	"time"

	"codex/pkg/models"
	"codex/pkg/shellenv"
)

// Options are the inputs of [Load] beside the files.
type Options struct {
	Env Env
	// Cwd is the thread's working folder (-C); "" means Env.Cwd. A relative
	// name starts at Env.Cwd.
	Cwd string
	// Overrides are the -c arguments, key=value, in order, the root ones first.
	Overrides []string
	// JSON are the settings of a request, which come after Overrides: dotted keys, as those of
	// -c, and JSON values. null leaves a setting as it is.
	JSON map[string]json.RawMessage
	// Enable and Disable are --enable and --disable. They come after every
	// override, Disable last.
	Enable, Disable []string
	// Profile is -p; "" means the `profile` key.
	Profile string
	// ProfileV2 is --profile-v2: CODEX_HOME/NAME.config.toml lies over the user's file. A
	// missing one changes nothing. See PlainName.
	ProfileV2 string
	// IgnoreUserConfig leaves CODEX_HOME/config.toml out.
	IgnoreUserConfig bool
	// Strict makes an unknown key an error.
	Strict bool
	// Dedicated flags, "" when unset: they beat profiles and overrides.
	Model, Sandbox, Approval, Provider string
	// Permissions is the permission profile to use, nil for the configured one. A
	// sandbox mode beside it wins: callers refuse both.
	Permissions *string
	// IgnoreRequirements leaves the administrator's requirements out.
	IgnoreRequirements bool
	// ByHand is for a command that a person runs: it only reads, whatever sandbox mode
	// a file names, until the command line names one or a permission profile is in force.
	ByHand bool
	// OSS selects a local provider, LocalProvider names which.
	OSS           bool
	LocalProvider string
	// AddDirs are more writable roots (--add-dir).
	AddDirs []string
	// FullAuto is --full-auto, Bypass is
	// --dangerously-bypass-approvals-and-sandbox.
	FullAuto, Bypass bool
	// Program gives the path of one of the suite's programs for its name, other names as
	// they are; it is asked about the first word of every command that settings name. nil
	// leaves them all.
	Program func(name string) string
	// Documents are files that have been decoded before, and that Load decodes; may be nil.
	Documents *Documents
	// WebSearch is --search: "live".
	WebSearch string
	// ForceApproval is the frontend's own policy (exec: "never"); it beats
	// the flag, profiles and files, but not requirements.
	ForceApproval string
}

// Args are those of the options that all programs which read config.toml take, for another one.
func (o *Options) Args() (args []string) {
	for flag, values := range map[string][]string{"--config=": o.Overrides, "--enable=": o.Enable, "--disable=": o.Disable} {
		for _, v := range values {
			args = append(args, flag+v)
		}
	}
	return args
}

// ProfileArgs are Args and those that choose a profile, for programs that take it.
func (o *Options) ProfileArgs() []string {
	args := o.Args()
	for flag, value := range map[string]string{"--profile=": o.Profile, "--profile-v2=": o.ProfileV2} {
		if value != "" {
			args = append(args, flag+value)
		}
	}
	return args
}

// Config is the folded configuration of one thread.
type Config struct {
	// Home is CODEX_HOME, Cwd the thread's folder (absolute, not resolved).
	Home, Cwd string
	// ProjectRoot is the nearest folder upwards with a project root marker,
	// else Cwd. GitRoot is the nearest one holding .git, "" outside a
	// repository. Trust is "trusted", "untrusted" or "" (no decision).
	ProjectRoot, GitRoot, Trust string
	// TrustKey is the folder a trust decision for Cwd should be stored under.
	TrustKey string
	// Profile is the active profile, "" without one.
	Profile string

	// Model is the slug to ask for; ModelExplicit tells whether anybody chose it.
	Model         string
	ModelExplicit bool
	ReviewModel   string
	ProviderID    string
	Provider      Provider
	Providers     map[string]Provider

	// "" means the model's own default.
	ReasoningEffort, ReasoningSummary, Verbosity, PlanReasoningEffort string
	// 0 means the model's own.
	ContextWindow, AutoCompactLimit, ToolOutputTokenLimit int64
	// ServiceTier is as it goes on the wire (`fast` is already `priority`).
	ServiceTier                string
	SupportsReasoningSummaries bool
	// ModelCatalog is the file that replaces the bundled catalogue, "" if none,
	// and Models what it holds (nil: the bundled one).
	ModelCatalog string
	Models       []models.Model

	// ApprovalPolicy is untrusted, on-failure, on-request, never or granular.
	ApprovalPolicy    string
	Granular          *Granular
	ApprovalsReviewer string
	// Permissions say what may be touched. SandboxMode is the nearest of read-only,
	// workspace-write and danger-full-access.
	Permissions         Permissions
	SandboxMode         string
	SandboxModeExplicit bool
	Workspace           WorkspaceWrite

	ShellEnv shellenv.Policy
	Notify   []string
	History  History

	// Instructions replaces the base instructions ("" keeps them); it already
	// holds the text of ModelInstructionsFile when that is set.
	Instructions, DeveloperInstructions, ModelInstructionsFile, CompactPrompt string

	// ProjectDocMaxBytes bounds all project AGENTS.md files together, 0 means
	// none of them. ProjectDocFallback are more names to look for.
	ProjectDocMaxBytes int
	ProjectDocFallback []string

	HideReasoning, ShowRawReasoning bool
	// WebSearch is disabled, cached or live.
	WebSearch     string
	WebSearchTool WebSearchTool
	ViewImage     bool
	// Personality is none, friendly, pragmatic or "" (the default one).
	Personality                  string
	AllowLoginShell              bool
	BackgroundTerminalMaxTimeout time.Duration

	IncludeEnvironmentContext, IncludePermissions bool

	Features Features
	Pipeline Pipeline
	// Executor is the command whose stdio is the executor's, nil for the local one.
	Executor []string

	AuthStore          string // file, keyring, auto or ephemeral
	ForcedLoginMethod  string // chatgpt, api or ""
	ForcedWorkspaceIDs []string
	ChatGPTBaseURL     string
	LogDir, SQLiteHome string

	// Deprecations are notices about old settings in use.
	Deprecations []Deprecation
	// Warnings are for people, in order, without a prefix.
	Warnings []string
	// Unknown are warnings about keys of the command line that nobody knows.
	Unknown []string
	// Layers are the files and flags this came from, lowest first.
	Layers []Layer
	// RequiredRules are the administrator's rules for commands, over all others.
	RequiredRules []RequiredRule
	// Requirements are what an administrator allows, nil for everything.
	Requirements *Requirements

	tmpdir    string // $TMPDIR
	namedHome string // Home, not resolved
	req       requirements
	// merged is all layers, tree the same with the profile on top.
	merged, tree map[string]any
}

// Granular is the table form of approval_policy.
type Granular struct {
	SandboxApproval, Rules, MCPElicitations, SkillApproval, RequestPermissions bool
}

// WorkspaceWrite are the settings of sandbox mode workspace-write.
type WorkspaceWrite struct {
	// WritableRoots are absolute and clean; the working folder is not among them. The
	// first Added come from the command line.
	WritableRoots                                 []string
	Added                                         int
	NetworkAccess, ExcludeTmpdir, ExcludeSlashTmp bool
}

// History says whether prompts are remembered, and how much.
type History struct {
	Persistence string // save-all or none
	MaxBytes    int64  // 0 means no limit
}

// WebSearchTool are the details sent with the web search tool.
type WebSearchTool struct {
	ContextSize    string // low, medium, high or ""
	AllowedDomains []string
	Location       *Location
}

// Location is an approximate place for web search.
type Location struct{ Country, Region, City, Timezone string }

// Pipeline are the stages a user put between engine and frontend.
type Pipeline struct{ Filters [][]string }

// The names of layers, which are the app-server's own, lowest first.
const (
	LayerSystem  = "system"
	LayerUser    = "user"
	LayerProject = "project"
	LayerFlags   = "sessionFlags"
	LayerManaged = "legacyManagedConfigTomlFromFile"
)

// Layer is one source of settings.
type Layer struct {
	// Name is one of the above.
	Name string
	// Path is the file, "" for flags. Dir is the folder relative paths start at.
	Path, Dir string
	// Found tells whether the file exists.
	Found bool
	// Disabled says why a layer does not count ("" when it does).
	Disabled string
	// Tree holds the layer's own settings.
	Tree map[string]any

	text  string
	sound bool // it has no faults by itself
}

// Merged is all layers over each other, without the profile. Callers must not
// change it.
func (c *Config) Merged() map[string]any { return c.merged }

// Get returns the value at a path of keys, the active profile's first, nil when
// there is none.
// Tables are map[string]any, arrays []any, numbers int64 or float64.
// Callers must not change what they get.
func (c *Config) Get(path ...string) any { return lookup(c.tree, path...) }

// WindowsSandbox is [windows] sandbox: unelevated, elevated, or "" when it is not set.
func (c *Config) WindowsSandbox() string {
	word, _ := c.Get("windows", "sandbox").(string)
	return word
}

func lookup(t map[string]any, path ...string) any {
	var v any = t
	for _, p := range path {
		m, ok := v.(map[string]any)
		if !ok {
			return nil
		}
		if v, ok = m[p]; !ok {
			return nil
		}
	}
	return v
}
