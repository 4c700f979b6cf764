package tools

import (
	"cmp"
	"context"
	"encoding/json"

	"codex/pkg/execpolicy"
	"codex/pkg/models"
	"codex/pkg/patch"
	"codex/pkg/policy"
	"codex/pkg/protocol"
)

// Out is where a turn's events go. The methods may be called from any goroutine.
type Out interface {
	ItemStarted(item protocol.ThreadItem)
	ItemCompleted(item protocol.ThreadItem)
	// WantsOutput is false when no frontend asked for output deltas.
	WantsOutput() bool
	OutputDelta(itemID, text string)
	TerminalInteraction(itemID, processID, stdin string)
	PlanUpdated(explanation *string, plan []protocol.TurnPlanStep)
	DiffUpdated(diff string)
	PatchEnd(end PatchEnd)
	// Allowed tells that a call may run as it is, by the settings.
	Allowed(callID string)
	// AskCommand and AskPatch ask the user; ctx ends with the turn.
	// AskCommand announces the item as well, unless it is nil.
	AskCommand(ctx context.Context, item *protocol.CommandExecutionItem, p protocol.CommandExecutionRequestApprovalParams) (Answer, error)
	AskPatch(ctx context.Context, p protocol.FileChangeRequestApprovalParams) (Answer, error)
	// AskPermissions asks for more permissions; an error grants nothing.
	AskPermissions(ctx context.Context, p protocol.PermissionsRequestApprovalParams) (protocol.PermissionsRequestApprovalResponse, error)
	AskUser(ctx context.Context, p protocol.ToolRequestUserInputParams) (protocol.ToolRequestUserInputResponse, error)
	// CallTool lets the frontend run a dynamic tool; the result is that of item/tool/call.
	CallTool(ctx context.Context, p protocol.DynamicToolCallParams) (json.RawMessage, error)
	// Elicit asks what a server of the Model Context Protocol wants to know, or whether a
	// tool of it may run.
	Elicit(ctx context.Context, p protocol.McpServerElicitationRequestParams) (protocol.McpServerElicitationRequestResponse, error)
	McpProgress(itemID, message string)
	McpEnd(end McpEnd)
	// Cancel interrupts the turn: the user answered cancel.
	Cancel()
}

// PatchEnd is the patch_apply_end event of session files.
type PatchEnd struct {
	Type    string                     `json:"type"`
	CallID  string                     `json:"call_id"`
	TurnID  string                     `json:"turn_id"`
	Stdout  string                     `json:"stdout"`
	Stderr  string                     `json:"stderr"`
	Success bool                       `json:"success"`
	Changes map[string]json.RawMessage `json:"changes"`
	Status  string                     `json:"status"`
}

// Answer is what the user said to an approval request.
type Answer struct {
	Accept     bool
	ForSession bool
	Cancel     bool
	Failed     bool     // the frontend could not ask
	Amendment  []string // with Accept: allow commands that begin with these words
	// Network is a rule for the host of a question about the network, instead of the rest.
	Network *protocol.NetworkPolicyAmendment
}

// Turn is what one turn's calls run under.
type Turn struct {
	ThreadID, TurnID string
	Cwd              string
	Mode             string // read-only, workspace-write, danger-full-access
	Profile          policy.Profile
	Policy           policy.Policy // Profile resolved
	// Resolve resolves another profile in the same place; nil leaves grants without effect.
	Resolve   func(policy.Profile) (policy.Policy, error)
	Approval  string // execpolicy's words
	Granular  execpolicy.Flags
	Model     models.Model
	Limit     Limit
	Diff      *patch.TurnDiff
	PlanMode  bool
	Questions Questions
	Dynamic   []protocol.DynamicToolSpec // tools that the frontend runs
	Defer     Deferral
	Out       Out
	// Metadata says which turn this is, as servers are told; SandboxState what it may touch.
	Metadata     json.RawMessage
	SandboxState any
	Hooks        Hooks // nil without

	granted grant // to the turn; guarded by the Set's mu
}

// Questions say when request_user_input may ask.
type Questions int

// The cases of Questions.
const (
	QuestionsInPlanMode Questions = iota
	QuestionsAlways               // feature default_mode_request_user_input
	QuestionsNever                // the work of a review
)

// Call is a tool call of a response.
type Call struct {
	Item      string // function_call, custom_tool_call, local_shell_call, tool_search_call
	Namespace string
	Name      string
	ID        string // call_id
	Arguments string // or the input of a custom call
	// History is what the thread knew before the call, where the tool wants it.
	History []json.RawMessage
}

// Tool is the name of what was called, for people.
func (c Call) Tool() string { return c.Namespace + cmp.Or(c.Name, c.Item) }

// Output is what goes back to the model.
type Output struct {
	Text    string
	Content json.RawMessage // content items instead of Text
	Missing bool            // nothing is recorded: the next request repairs it to "aborted"
	// Failed says that the call failed and that no item says why: Why does, or Text where
	// that is empty.
	Failed bool
	Why    string
	// Response is what hooks see instead of Content, Raw instead of Text; Running says
	// that there is more to come.
	Response json.RawMessage
	Raw      *string
	Running  bool
	// Contexts are what hooks tell the model besides, before the output.
	Contexts []string
}
