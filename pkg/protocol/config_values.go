package protocol

// AnalyticsConfig is the analytics table of config.toml.
type AnalyticsConfig struct {
	Enabled *bool `json:"enabled"`
}

// AppsDefaultConfig is what holds for apps without a table of their own.
type AppsDefaultConfig struct {
	Enabled            bool `json:"enabled" schema:"opt,default=true"`
	DestructiveEnabled bool `json:"destructive_enabled" schema:"opt,default=true"`
	OpenWorldEnabled   bool `json:"open_world_enabled" schema:"opt,default=true"`
}

// AppConfig is the table of one app.
type AppConfig struct {
	DefaultToolsApprovalMode *AppToolApproval `json:"default_tools_approval_mode"`
	DefaultToolsEnabled      *bool            `json:"default_tools_enabled"`
	DestructiveEnabled       *bool            `json:"destructive_enabled"`
	Enabled                  bool             `json:"enabled" schema:"opt,default=true"`
	OpenWorldEnabled         *bool            `json:"open_world_enabled"`
	Tools                    *AppToolsConfig  `json:"tools"`
}

// AppToolApproval says when a tool of an app needs approval.
type AppToolApproval string

func (AppToolApproval) Values() []string { return []string{"auto", "prompt", "approve"} }

// AppToolsConfig is the tools table of an app.
type AppToolsConfig struct {

	// Extra holds the keys that have no field above, flattened beside them.
	Extra map[string]AppToolConfig `json:"-"`
}

func (c AppToolsConfig) MarshalJSON() ([]byte, error) {
	type plain AppToolsConfig
	return marshalExtra(plain(c), c.Extra)
}

func (c *AppToolsConfig) UnmarshalJSON(raw []byte) error {
	type plain AppToolsConfig
	return unmarshalExtra(raw, (*plain)(c), &c.Extra)
}

// AppToolConfig is the table of one tool of an app.
type AppToolConfig struct {
	ApprovalMode *AppToolApproval `json:"approval_mode"`
	Enabled      *bool            `json:"enabled"`
}

// AutoCompactTokenLimitScope says which tokens count towards compaction.
type AutoCompactTokenLimitScope string

func (AutoCompactTokenLimitScope) Values() []string { return []string{"total", "body_after_prefix"} }

// ForcedLoginMethod is the only way to log in.
type ForcedLoginMethod string

func (ForcedLoginMethod) Values() []string { return []string{"chatgpt", "api"} }

// SandboxWorkspaceWrite is the sandbox_workspace_write table of config.toml.
type SandboxWorkspaceWrite struct {
	WritableRoots       List[string] `json:"writable_roots" schema:"opt"`
	NetworkAccess       bool         `json:"network_access" schema:"opt"`
	ExcludeTmpdirEnvVar bool         `json:"exclude_tmpdir_env_var" schema:"opt"`
	ExcludeSlashTmp     bool         `json:"exclude_slash_tmp" schema:"opt"`
}

// ToolsV2 is the tools table of config.toml.
type ToolsV2 struct {
	WebSearch *WebSearchToolConfig `json:"web_search"`
}

// WebSearchToolConfig is the table of the search tool.
type WebSearchToolConfig struct {
	ContextSize    *WebSearchContextSize `json:"context_size"`
	AllowedDomains []string              `json:"allowed_domains"`
	Location       *WebSearchLocation    `json:"location"`
}

// WebSearchContextSize says how much of the pages the model sees.
type WebSearchContextSize string

func (WebSearchContextSize) Values() []string { return []string{"low", "medium", "high"} }

// WebSearchLocation is where a search pretends to come from.
type WebSearchLocation struct {
	Country  *string `json:"country"`
	Region   *string `json:"region"`
	City     *string `json:"city"`
	Timezone *string `json:"timezone"`
}
