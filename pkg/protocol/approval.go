package protocol

// CommandExecutionRequestApprovalParams holds the params of the
// item/commandExecution/requestApproval request to the client.
type CommandExecutionRequestApprovalParams struct {
	ThreadID                        string                             `json:"threadId"`
	TurnID                          string                             `json:"turnId"`
	ItemID                          string                             `json:"itemId"`
	StartedAtMs                     int64                              `json:"startedAtMs"`
	ApprovalID                      *string                            `json:"approvalId,omitempty"`
	Reason                          *string                            `json:"reason,omitempty"`
	NetworkApprovalContext          *NetworkApprovalContext            `json:"networkApprovalContext,omitempty"`
	Command                         *string                            `json:"command,omitempty"`
	Cwd                             *string                            `json:"cwd,omitempty"`
	CommandActions                  []CommandAction                    `json:"commandActions,omitempty"`
	AdditionalPermissions           *AdditionalPermissionProfile       `json:"additionalPermissions,omitempty" schema:"exp"`
	ProposedExecpolicyAmendment     []string                           `json:"proposedExecpolicyAmendment,omitempty"`
	ProposedNetworkPolicyAmendments []NetworkPolicyAmendment           `json:"proposedNetworkPolicyAmendments,omitempty"`
	AvailableDecisions              []CommandExecutionApprovalDecision `json:"availableDecisions,omitempty" schema:"exp"`
	Kind                            CommandApprovalKind                `json:"kind" schema:"later"`
	EnvironmentID                   Null                               `json:"environmentId" schema:"later"`
}

// NetworkApprovalContext is the host that a command wants to reach.
type NetworkApprovalContext struct {
	Host     string                  `json:"host"`
	Protocol NetworkApprovalProtocol `json:"protocol"`
}

// NetworkApprovalProtocol is how a command wants to reach a host.
type NetworkApprovalProtocol string

// Words of NetworkApprovalProtocol.
const (
	NetworkApprovalProtocolHttps     NetworkApprovalProtocol = "https"
	NetworkApprovalProtocolSocks5Tcp NetworkApprovalProtocol = "socks5Tcp"
)

func (NetworkApprovalProtocol) Values() []string {
	return []string{"http", "https", "socks5Tcp", "socks5Udp"}
}

// AdditionalPermissionProfile is what a command asks for beyond its sandbox.
type AdditionalPermissionProfile struct {
	Network    *AdditionalNetworkPermissions    `json:"network"`
	FileSystem *AdditionalFileSystemPermissions `json:"fileSystem"`
}

// AdditionalNetworkPermissions asks for the network.
type AdditionalNetworkPermissions struct {
	Enabled *bool `json:"enabled"`
}

// AdditionalFileSystemPermissions asks for paths.
type AdditionalFileSystemPermissions struct {
	Read             []string                 `json:"read"`
	Write            []string                 `json:"write"`
	GlobScanMaxDepth *uint64                  `json:"globScanMaxDepth,omitempty" schema:"min=1"`
	Entries          []FileSystemSandboxEntry `json:"entries,omitempty"`
}

// FileSystemSandboxEntry gives one kind of access to one path.
type FileSystemSandboxEntry struct {
	Path   FileSystemPath       `json:"path"`
	Access FileSystemAccessMode `json:"access"`
}

// FileSystemPath is a path, a pattern or a special place. It is a tagged union.
type FileSystemPath struct {
	Type    string                `json:"type" schema:"union=path|glob_pattern|special"`
	Path    string                `json:"path" in:"path"`
	Pattern string                `json:"pattern" in:"glob_pattern"`
	Value   FileSystemSpecialPath `json:"value" in:"special"`
}

// FileSystemPathSpecial is the one word that code says.
const FileSystemPathSpecial = "special"

func (v FileSystemPath) MarshalJSON() ([]byte, error) { return marshalUnion(v) }

// FileSystemSpecialPath is a place that each system or thread has somewhere else. It is a tagged
// union.
type FileSystemSpecialPath struct {
	Kind    string  `json:"kind" schema:"union=root|minimal|project_roots|tmpdir|slash_tmp|unknown"`
	Path    string  `json:"path" in:"unknown"`
	Subpath *string `json:"subpath" in:"project_roots?,unknown?"`
}

// MarshalJSON writes the fields of the variant named by Kind.
func (v FileSystemSpecialPath) MarshalJSON() ([]byte, error) { return marshalUnion(v) }

// FileSystemAccessMode is a kind of access.
type FileSystemAccessMode string

func (FileSystemAccessMode) Values() []string { return []string{"read", "write", "deny"} }

// NetworkPolicyAmendment is a rule for a host.
type NetworkPolicyAmendment struct {
	Host   string                  `json:"host"`
	Action NetworkPolicyRuleAction `json:"action"`
}

// NetworkPolicyRuleAction is what a rule does with a host.
type NetworkPolicyRuleAction string

// Words of NetworkPolicyRuleAction.
const (
	NetworkPolicyRuleActionAllow NetworkPolicyRuleAction = "allow"
	NetworkPolicyRuleActionDeny  NetworkPolicyRuleAction = "deny"
)

func (NetworkPolicyRuleAction) Values() []string { return []string{"allow", "deny"} }

// CommandExecutionRequestApprovalResponse is the client's answer to
// item/commandExecution/requestApproval.
type CommandExecutionRequestApprovalResponse struct {
	Decision CommandExecutionApprovalDecision `json:"decision"`
}

// FileChangeRequestApprovalParams holds the params of the
// item/fileChange/requestApproval request to the client.
type FileChangeRequestApprovalParams struct {
	ThreadID    string  `json:"threadId"`
	TurnID      string  `json:"turnId"`
	ItemID      string  `json:"itemId"`
	StartedAtMs int64   `json:"startedAtMs"`
	Reason      *string `json:"reason"`
	GrantRoot   *string `json:"grantRoot"`
}

// FileChangeRequestApprovalResponse is the client's answer to
// item/fileChange/requestApproval.
type FileChangeRequestApprovalResponse struct {
	Decision FileChangeApprovalDecision `json:"decision"`
}

// FileChangeApprovalDecision is the answer to a file change approval.
type FileChangeApprovalDecision string

// Words of FileChangeApprovalDecision.
const (
	FileChangeApprovalDecisionAccept           FileChangeApprovalDecision = "accept"
	FileChangeApprovalDecisionAcceptForSession FileChangeApprovalDecision = "acceptForSession"
	FileChangeApprovalDecisionCancel           FileChangeApprovalDecision = "cancel"
)

func (FileChangeApprovalDecision) Values() []string {
	return []string{"accept", "acceptForSession", "decline", "cancel"}
}

// PermissionsRequestApprovalParams holds the params of the
// item/permissions/requestApproval request to the client.
type PermissionsRequestApprovalParams struct {
	ThreadID      string                   `json:"threadId"`
	TurnID        string                   `json:"turnId"`
	ItemID        string                   `json:"itemId"`
	StartedAtMs   int64                    `json:"startedAtMs"`
	Cwd           string                   `json:"cwd"`
	Reason        *string                  `json:"reason"`
	Permissions   RequestPermissionProfile `json:"permissions"`
	EnvironmentID Null                     `json:"environmentId" schema:"later"`
}

// RequestPermissionProfile is what the model asks for.
type RequestPermissionProfile struct {
	Network    *AdditionalNetworkPermissions    `json:"network"`
	FileSystem *AdditionalFileSystemPermissions `json:"fileSystem"`
}

// PermissionsRequestApprovalResponse is the client's answer to
// item/permissions/requestApproval.
type PermissionsRequestApprovalResponse struct {
	Permissions GrantedPermissionProfile `json:"permissions"`
	// Scope is turn when it is left out.
	Scope            PermissionGrantScope `json:"scope" schema:"opt,default=turn"`
	StrictAutoReview *bool                `json:"strictAutoReview,omitempty"`
}

// GrantedPermissionProfile is the part of a request that the user grants.
type GrantedPermissionProfile struct {
	Network    *AdditionalNetworkPermissions    `json:"network,omitempty"`
	FileSystem *AdditionalFileSystemPermissions `json:"fileSystem,omitempty"`
}

// PermissionGrantScope says how long a grant lasts.
type PermissionGrantScope string

// Words of PermissionGrantScope.
const (
	PermissionGrantScopeTurn    PermissionGrantScope = "turn"
	PermissionGrantScopeSession PermissionGrantScope = "session"
)

func (PermissionGrantScope) Values() []string { return []string{"turn", "session"} }

// ApplyPatchApprovalParams holds the params of the applyPatchApproval request to the
// client.
type ApplyPatchApprovalParams struct {
	ConversationID string          `json:"conversationId"`
	CallID         string          `json:"callId"`
	FileChanges    Map[FileChange] `json:"fileChanges"`
	Reason         *string         `json:"reason"`
	GrantRoot      *string         `json:"grantRoot"`
}

// FileChange is the change of one file in the legacy approval. It is a tagged union.
type FileChange struct {
	Type        string  `json:"type" schema:"union=add|delete|update"`
	Content     string  `json:"content" in:"add,delete"`
	UnifiedDiff string  `json:"unified_diff" in:"update"`
	MovePath    *string `json:"move_path" in:"update?"`
}

// FileChangeUpdate is the one word that code says.
const FileChangeUpdate = "update"

func (v FileChange) MarshalJSON() ([]byte, error) { return marshalUnion(v) }

// ApplyPatchApprovalResponse is the client's answer to applyPatchApproval.
type ApplyPatchApprovalResponse struct {
	Decision ReviewDecision `json:"decision"`
}

// ExecCommandApprovalParams holds the params of the execCommandApproval request to the
// client.
type ExecCommandApprovalParams struct {
	ConversationID string              `json:"conversationId"`
	CallID         string              `json:"callId"`
	ApprovalID     *string             `json:"approvalId"`
	Command        List[string]        `json:"command"`
	Cwd            string              `json:"cwd"`
	Reason         *string             `json:"reason"`
	ParsedCmd      List[ParsedCommand] `json:"parsedCmd"`
}

// ParsedCommand is what a command is understood to do, in the legacy approval. It is a tagged
// union.
type ParsedCommand struct {
	Type  string  `json:"type" schema:"union=read|list_files|search|unknown"`
	Cmd   string  `json:"cmd"`
	Name  string  `json:"name" in:"read"`
	Query *string `json:"query" in:"search?"`
	Path  *string `json:"path" in:"read,list_files?,search?"`
}

func (v ParsedCommand) MarshalJSON() ([]byte, error) { return marshalUnion(v) }

// ExecCommandApprovalResponse is the client's answer to execCommandApproval.
type ExecCommandApprovalResponse struct {
	Decision ReviewDecision `json:"decision"`
}
