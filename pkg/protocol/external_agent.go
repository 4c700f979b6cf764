package protocol

// ExternalAgentConfigDetectParams holds the params of externalAgentConfig/detect.
type ExternalAgentConfigDetectParams struct {
	IncludeHome bool     `json:"includeHome,omitempty"`
	Cwds        []string `json:"cwds,omitempty"`
}

// ExternalAgentConfigDetectResponse is the result of externalAgentConfig/detect.
type ExternalAgentConfigDetectResponse struct {
	Items List[ExternalAgentConfigMigrationItem] `json:"items"`
}

// ExternalAgentConfigMigrationItem is one thing that could be taken over from another
// agent.
type ExternalAgentConfigMigrationItem struct {
	ItemType    ExternalAgentConfigMigrationItemType `json:"itemType"`
	Description string                               `json:"description"`
	Cwd         *string                              `json:"cwd"`
	Details     *MigrationDetails                    `json:"details"`
}

// ExternalAgentConfigMigrationItemType is a kind of thing to take over.
type ExternalAgentConfigMigrationItemType string

func (ExternalAgentConfigMigrationItemType) Values() []string {
	return []string{"AGENTS_MD", "CONFIG", "SKILLS", "PLUGINS", "MCP_SERVER_CONFIG", "SUBAGENTS", "HOOKS", "COMMANDS", "SESSIONS"}
}

// MigrationDetails names what would be taken over.
type MigrationDetails struct {
	Plugins    List[PluginsMigration]   `json:"plugins" schema:"opt"`
	Sessions   List[SessionMigration]   `json:"sessions" schema:"opt"`
	McpServers List[McpServerMigration] `json:"mcpServers" schema:"opt"`
	Hooks      List[HookMigration]      `json:"hooks" schema:"opt"`
	Subagents  List[SubagentMigration]  `json:"subagents" schema:"opt"`
	Commands   List[CommandMigration]   `json:"commands" schema:"opt"`
}

// PluginsMigration names plugins to take over.
type PluginsMigration struct {
	MarketplaceName string       `json:"marketplaceName"`
	PluginNames     List[string] `json:"pluginNames"`
}

// SessionMigration is a session to take over.
type SessionMigration struct {
	Path  string  `json:"path"`
	Cwd   string  `json:"cwd"`
	Title *string `json:"title"`
}

// McpServerMigration names an MCP server to take over.
type McpServerMigration nameOnly

// HookMigration names a hook to take over.
type HookMigration nameOnly

// SubagentMigration names an agent to take over.
type SubagentMigration nameOnly

// CommandMigration names a command to take over.
type CommandMigration nameOnly

// ExternalAgentConfigImportParams holds the params of externalAgentConfig/import.
type ExternalAgentConfigImportParams struct {
	MigrationItems List[ExternalAgentConfigMigrationItem] `json:"migrationItems"`
}

type nameOnly struct {
	Name string `json:"name"`
}
