package protocol

import "encoding/json"

// ConfigReadParams holds the params of config/read.
type ConfigReadParams struct {
	IncludeLayers bool    `json:"includeLayers,omitempty" schema:"opt"`
	Cwd           *string `json:"cwd,omitempty"`
}

// ConfigReadResponse is the result of config/read.
type ConfigReadResponse struct {
	Config  Config                   `json:"config"`
	Origins Map[ConfigLayerMetadata] `json:"origins"`
	Layers  []ConfigLayer            `json:"layers"`
}

// Config is the configuration in force; its JSON names are those of config.toml.
type Config struct {
	Model                           *string                     `json:"model"`
	ReviewModel                     *string                     `json:"review_model"`
	ModelContextWindow              *int64                      `json:"model_context_window"`
	ModelAutoCompactTokenLimit      *int64                      `json:"model_auto_compact_token_limit"`
	ModelAutoCompactTokenLimitScope *AutoCompactTokenLimitScope `json:"model_auto_compact_token_limit_scope"`
	ModelProvider                   *string                     `json:"model_provider"`
	ApprovalPolicy                  *AskForApproval             `json:"approval_policy"`
	ApprovalsReviewer               *ApprovalsReviewer          `json:"approvals_reviewer"`
	SandboxMode                     *SandboxMode                `json:"sandbox_mode"`
	SandboxWorkspaceWrite           *SandboxWorkspaceWrite      `json:"sandbox_workspace_write"`
	ForcedChatgptWorkspaceID        *ForcedChatgptWorkspaceIds  `json:"forced_chatgpt_workspace_id"`
	ForcedLoginMethod               *ForcedLoginMethod          `json:"forced_login_method"`
	WebSearch                       *WebSearchMode              `json:"web_search"`
	Tools                           *ToolsV2                    `json:"tools"`
	Profile                         *string                     `json:"profile"`
	Profiles                        Map[ProfileV2]              `json:"profiles" schema:"opt"`
	Instructions                    *string                     `json:"instructions"`
	DeveloperInstructions           *string                     `json:"developer_instructions"`
	CompactPrompt                   *string                     `json:"compact_prompt"`
	ModelReasoningEffort            *ReasoningEffort            `json:"model_reasoning_effort"`
	ModelReasoningSummary           *ReasoningSummary           `json:"model_reasoning_summary"`
	ModelVerbosity                  *Verbosity                  `json:"model_verbosity"`
	ServiceTier                     *string                     `json:"service_tier"`
	Analytics                       *AnalyticsConfig            `json:"analytics"`
	Apps                            *AppsConfig                 `json:"apps" schema:"exp"`
	Desktop                         map[string]json.RawMessage  `json:"desktop"`
	// Extra holds the keys that have no field above, flattened beside them.
	Extra map[string]json.RawMessage `json:"-" schema:"extra"`
}

func (c Config) MarshalJSON() ([]byte, error) {
	type plain Config
	return marshalExtra(plain(c), c.Extra)
}

func (c *Config) UnmarshalJSON(raw []byte) error {
	type plain Config
	return unmarshalExtra(raw, (*plain)(c), &c.Extra)
}

// ProfileV2 is a profile of config.toml.
type ProfileV2 struct {
	Model                 *string            `json:"model"`
	ModelProvider         *string            `json:"model_provider"`
	ApprovalPolicy        *AskForApproval    `json:"approval_policy"`
	ApprovalsReviewer     *ApprovalsReviewer `json:"approvals_reviewer"`
	ServiceTier           *string            `json:"service_tier"`
	ModelReasoningEffort  *ReasoningEffort   `json:"model_reasoning_effort"`
	ModelReasoningSummary *ReasoningSummary  `json:"model_reasoning_summary"`
	ModelVerbosity        *Verbosity         `json:"model_verbosity"`
	WebSearch             *WebSearchMode     `json:"web_search"`
	Tools                 *ToolsV2           `json:"tools"`
	ChatgptBaseURL        *string            `json:"chatgpt_base_url"`
	// Extra holds the keys that have no field above, flattened beside them.
	Extra map[string]json.RawMessage `json:"-" schema:"extra"`
}

func (c ProfileV2) MarshalJSON() ([]byte, error) {
	type plain ProfileV2
	return marshalExtra(plain(c), c.Extra)
}

func (c *ProfileV2) UnmarshalJSON(raw []byte) error {
	type plain ProfileV2
	return unmarshalExtra(raw, (*plain)(c), &c.Extra)
}

// AppsConfig is the apps table of config.toml.
type AppsConfig struct {
	Default *AppsDefaultConfig `json:"_default"`
	// Extra holds the keys that have no field above, flattened beside them.
	Extra map[string]AppConfig `json:"-"`
}

func (c AppsConfig) MarshalJSON() ([]byte, error) {
	type plain AppsConfig
	return marshalExtra(plain(c), c.Extra)
}

func (c *AppsConfig) UnmarshalJSON(raw []byte) error {
	type plain AppsConfig
	return unmarshalExtra(raw, (*plain)(c), &c.Extra)
}

// ConfigLayerMetadata names a layer and its version.
type ConfigLayerMetadata struct {
	Name    ConfigLayerSource `json:"name"`
	Version string            `json:"version"`
}

// ConfigLayerSource says where a layer comes from. It is a tagged union.
type ConfigLayerSource struct {
	Type           string  `json:"type" schema:"union=mdm|system|user|project|sessionFlags|legacyManagedConfigTomlFromFile|legacyManagedConfigTomlFromMdm"`
	Domain         string  `json:"domain" in:"mdm"`
	Key            string  `json:"key" in:"mdm"`
	File           string  `json:"file" in:"system,user,legacyManagedConfigTomlFromFile"`
	Profile        *string `json:"profile" in:"user?"`
	DotCodexFolder string  `json:"dotCodexFolder" in:"project"`
}

// Variants of ConfigLayerSource.
const (
	ConfigLayerSourceUser    = "user"
	ConfigLayerSourceProject = "project"
)

func (v ConfigLayerSource) MarshalJSON() ([]byte, error) { return marshalUnion(v) }

// ConfigLayer is one layer of the configuration.
type ConfigLayer struct {
	Name           ConfigLayerSource `json:"name"`
	Version        string            `json:"version"`
	Config         json.RawMessage   `json:"config"`
	DisabledReason *string           `json:"disabledReason"`
}

// ConfigValueWriteParams holds the params of config/value/write.
type ConfigValueWriteParams struct {
	KeyPath         string          `json:"keyPath"`
	Value           json.RawMessage `json:"value"`
	MergeStrategy   MergeStrategy   `json:"mergeStrategy"`
	FilePath        *string         `json:"filePath,omitempty"`
	ExpectedVersion *string         `json:"expectedVersion,omitempty"`
}

// MergeStrategy says whether a written table replaces the old one.
type MergeStrategy string

// MergeStrategyReplace is the one word that code says.
const MergeStrategyReplace MergeStrategy = "replace"

func (MergeStrategy) Values() []string { return []string{"replace", "upsert"} }

// ConfigBatchWriteParams holds the params of config/batchWrite.
type ConfigBatchWriteParams struct {
	Edits            List[ConfigEdit] `json:"edits"`
	FilePath         *string          `json:"filePath,omitempty"`
	ExpectedVersion  *string          `json:"expectedVersion,omitempty"`
	ReloadUserConfig bool             `json:"reloadUserConfig,omitempty"`
}

// ConfigEdit is one change of config.toml.
type ConfigEdit struct {
	KeyPath       string          `json:"keyPath"`
	Value         json.RawMessage `json:"value"`
	MergeStrategy MergeStrategy   `json:"mergeStrategy"`
}

// ConfigWriteResponse is the result of config/value/write.
type ConfigWriteResponse struct {
	Status             WriteStatus         `json:"status"`
	Version            string              `json:"version"`
	FilePath           string              `json:"filePath"`
	OverriddenMetadata *OverriddenMetadata `json:"overriddenMetadata"`
}

// WriteStatus says whether a written value is in force.
type WriteStatus string

// Words of WriteStatus.
const (
	WriteStatusOk           WriteStatus = "ok"
	WriteStatusOkOverridden WriteStatus = "okOverridden"
)

func (WriteStatus) Values() []string { return []string{"ok", "okOverridden"} }

// OverriddenMetadata names the layer that hides a written value.
type OverriddenMetadata struct {
	Message         string              `json:"message"`
	OverridingLayer ConfigLayerMetadata `json:"overridingLayer"`
	EffectiveValue  json.RawMessage     `json:"effectiveValue"`
}

// ConfigRequirementsReadResponse is the result of configRequirements/read.
type ConfigRequirementsReadResponse struct {
	Requirements                  *ConfigRequirements `json:"requirements"`
	SupportsIndependentSpeedModes bool                `json:"supportsIndependentSpeedModes" schema:"later"`
}

// ConfigRequirements is what an administrator allows.
type ConfigRequirements struct {
	AllowedApprovalPolicies   []AskForApproval          `json:"allowedApprovalPolicies"`
	AllowedApprovalsReviewers []ApprovalsReviewer       `json:"allowedApprovalsReviewers" schema:"exp"`
	AllowedSandboxModes       []SandboxMode             `json:"allowedSandboxModes"`
	AllowedPermissions        []string                  `json:"allowedPermissions"`
	AllowedWebSearchModes     []WebSearchMode           `json:"allowedWebSearchModes"`
	AllowManagedHooksOnly     *bool                     `json:"allowManagedHooksOnly"`
	ComputerUse               *ComputerUseRequirements  `json:"computerUse"`
	FeatureRequirements       map[string]bool           `json:"featureRequirements"`
	Hooks                     *ManagedHooksRequirements `json:"hooks" schema:"exp"`
	EnforceResidency          *ResidencyRequirement     `json:"enforceResidency"`
	Network                   *NetworkRequirements      `json:"network" schema:"exp"`
}

// ComputerUseRequirements limits the use of the screen.
type ComputerUseRequirements struct {
	AllowLockedComputerUse *bool `json:"allowLockedComputerUse"`
}

// ManagedHooksRequirements are the hooks an administrator sets, by event.
type ManagedHooksRequirements struct {
	ManagedDir        *string                          `json:"managedDir"`
	WindowsManagedDir *string                          `json:"windowsManagedDir"`
	PreToolUse        List[ConfiguredHookMatcherGroup] `json:"PreToolUse"`
	PermissionRequest List[ConfiguredHookMatcherGroup] `json:"PermissionRequest"`
	PostToolUse       List[ConfiguredHookMatcherGroup] `json:"PostToolUse"`
	PreCompact        List[ConfiguredHookMatcherGroup] `json:"PreCompact"`
	PostCompact       List[ConfiguredHookMatcherGroup] `json:"PostCompact"`
	SessionStart      List[ConfiguredHookMatcherGroup] `json:"SessionStart"`
	UserPromptSubmit  List[ConfiguredHookMatcherGroup] `json:"UserPromptSubmit"`
	SubagentStart     List[ConfiguredHookMatcherGroup] `json:"SubagentStart"`
	SubagentStop      List[ConfiguredHookMatcherGroup] `json:"SubagentStop"`
	Stop              List[ConfiguredHookMatcherGroup] `json:"Stop"`
}

// ConfiguredHookMatcherGroup is a matcher with its hooks.
type ConfiguredHookMatcherGroup struct {
	Matcher *string                     `json:"matcher"`
	Hooks   List[ConfiguredHookHandler] `json:"hooks"`
}

// ConfiguredHookHandler is one hook as configured. It is a tagged union.
type ConfiguredHookHandler struct {
	Type           string  `json:"type" schema:"union=command|prompt|agent"`
	Command        string  `json:"command" in:"command"`
	CommandWindows *string `json:"commandWindows" in:"command?"`
	TimeoutSec     *uint64 `json:"timeoutSec" in:"command?"`
	Async          bool    `json:"async" in:"command"`
	StatusMessage  *string `json:"statusMessage" in:"command?"`
}

func (v ConfiguredHookHandler) MarshalJSON() ([]byte, error) { return marshalUnion(v) }

// ResidencyRequirement is where data must stay.
type ResidencyRequirement string

func (ResidencyRequirement) Values() []string { return []string{"us"} }

// NetworkRequirements limits the network proxy.
type NetworkRequirements struct {
	Enabled                          *bool                                  `json:"enabled"`
	HttpPort                         *uint16                                `json:"httpPort"`
	SocksPort                        *uint16                                `json:"socksPort"`
	AllowUpstreamProxy               *bool                                  `json:"allowUpstreamProxy"`
	DangerouslyAllowNonLoopbackProxy *bool                                  `json:"dangerouslyAllowNonLoopbackProxy"`
	DangerouslyAllowAllUnixSockets   *bool                                  `json:"dangerouslyAllowAllUnixSockets"`
	Domains                          map[string]NetworkDomainPermission     `json:"domains"`
	ManagedAllowedDomainsOnly        *bool                                  `json:"managedAllowedDomainsOnly"`
	AllowedDomains                   []string                               `json:"allowedDomains"`
	DeniedDomains                    []string                               `json:"deniedDomains"`
	UnixSockets                      map[string]NetworkUnixSocketPermission `json:"unixSockets"`
	AllowUnixSockets                 []string                               `json:"allowUnixSockets"`
	AllowLocalBinding                *bool                                  `json:"allowLocalBinding"`
}

// NetworkDomainPermission is what a rule does with a domain.
type NetworkDomainPermission string

func (NetworkDomainPermission) Values() []string { return []string{"allow", "deny"} }

// NetworkUnixSocketPermission is what a rule does with a unix socket.
type NetworkUnixSocketPermission string

func (NetworkUnixSocketPermission) Values() []string { return []string{"allow", "none"} }
