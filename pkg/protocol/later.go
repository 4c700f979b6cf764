package protocol

import (
	"cmp"

	"codex/pkg/jsonrpc"
)

// Methods of later releases of the original, which the schema of 0.133.0 does not have.
// Those of threads are experimental there.
const (
	MethodThreadBackgroundTerminalsList      = "thread/backgroundTerminals/list"
	MethodThreadBackgroundTerminalsTerminate = "thread/backgroundTerminals/terminate"
	MethodSkillsExtraRootsSet                = "skills/extraRoots/set"
	MethodThreadDelete                       = "thread/delete"
	MethodThreadItemsList                    = "thread/items/list"
	MethodThreadItemsRead                    = "thread/items/read"
	MethodThreadRevert                       = "thread/revert"
)

// Notifications of later releases.
const (
	NoteThreadDeleted  = "thread/deleted"
	NoteThreadReverted = "thread/reverted"
)

// Later lists these methods, as Methods does those of the schema.
func Later() []Method {
	return []Method{
		{Name: MethodThreadBackgroundTerminalsList, Params: typeOf[ThreadBackgroundTerminalsListParams](),
			Result: typeOf[ThreadBackgroundTerminalsListResponse](), Experimental: true},
		{Name: MethodThreadBackgroundTerminalsTerminate, Params: typeOf[ThreadBackgroundTerminalsTerminateParams](),
			Result: typeOf[ThreadBackgroundTerminalsTerminateResponse](), Experimental: true},
		{Name: MethodThreadDelete, Params: typeOf[ThreadDeleteParams](), Result: typeOf[ThreadDeleteResponse]()},
		{Name: MethodThreadItemsList, Params: typeOf[ThreadItemsListParams](), Result: typeOf[ThreadItemsListResponse]()},
		{Name: MethodThreadItemsRead, Params: typeOf[ThreadItemsReadParams](), Result: typeOf[ThreadItemsReadResponse](), Experimental: true},
		{Name: MethodThreadRevert, Params: typeOf[ThreadRevertParams](), Result: typeOf[ThreadRevertResponse]()},
		{Name: NoteThreadDeleted, Params: typeOf[ThreadDeletedNotification](), Kind: ServerNotification},
		{Name: NoteThreadReverted, Params: typeOf[ThreadRevertedNotification](), Kind: ServerNotification},
		{Name: MethodSkillsExtraRootsSet, Params: typeOf[SkillsExtraRootsSetParams](), Result: typeOf[SkillsExtraRootsSetResponse]()},
	}
}

// SkillsExtraRootsSetParams holds the params of skills/extraRoots/set: folders that hold
// skills, in the place of those that were set before.
type SkillsExtraRootsSetParams struct {
	ExtraRoots []string `json:"extraRoots"`
}

// ThreadBackgroundTerminalsListParams holds the params of thread/backgroundTerminals/list.
type ThreadBackgroundTerminalsListParams struct {
	ThreadID string  `json:"threadId"`
	Cursor   *string `json:"cursor,omitempty"`
	Limit    *uint32 `json:"limit,omitempty"`
}

// ThreadBackgroundTerminalsListResponse is the result of thread/backgroundTerminals/list.
type ThreadBackgroundTerminalsListResponse struct {
	Data       List[ThreadBackgroundTerminal] `json:"data"`
	NextCursor *string                        `json:"nextCursor"`
}

// ThreadBackgroundTerminal is a command that runs in the background. The executor may be
// on another machine: nothing is known of its process there.
type ThreadBackgroundTerminal struct {
	ItemID     string   `json:"itemId"`
	ProcessID  string   `json:"processId"`
	Command    string   `json:"command"`
	Cwd        string   `json:"cwd"`
	OSPid      *uint32  `json:"osPid"`
	CPUPercent *float64 `json:"cpuPercent"`
	RSSKb      *uint64  `json:"rssKb"`
}

// ThreadBackgroundTerminalsTerminateParams holds the params of
// thread/backgroundTerminals/terminate.
type ThreadBackgroundTerminalsTerminateParams struct {
	ThreadID  string `json:"threadId"`
	ProcessID string `json:"processId"`
}

// ThreadBackgroundTerminalsTerminateResponse is the result of
// thread/backgroundTerminals/terminate.
type ThreadBackgroundTerminalsTerminateResponse struct {
	Terminated bool `json:"terminated"`
}

// ThreadHistoryMode says how the session file of a thread is written.
type ThreadHistoryMode string

// Words of ThreadHistoryMode: legacy is what 0.133.0 writes, and this suite.
const (
	ThreadHistoryModeLegacy ThreadHistoryMode = "legacy"
)

// MarshalJSON writes legacy for one that says nothing.
func (m ThreadHistoryMode) MarshalJSON() ([]byte, error) {
	return jsonrpc.Marshal(string(cmp.Or(m, ThreadHistoryModeLegacy)))
}

// MultiAgentMode says when the model may use agents: there is one answer here.
type MultiAgentMode struct{}

// MarshalJSON writes that agents are used where somebody asks for them.
func (MultiAgentMode) MarshalJSON() ([]byte, error) { return []byte(`"explicitRequestOnly"`), nil }

// UnmarshalJSON takes what another server says.
func (*MultiAgentMode) UnmarshalJSON([]byte) error { return nil }

// CommandApprovalKind says what about a command is asked: here, that it may run.
type CommandApprovalKind struct{}

// MarshalJSON writes the one kind.
func (CommandApprovalKind) MarshalJSON() ([]byte, error) { return []byte(`"command"`), nil }

// UnmarshalJSON takes what another server says.
func (*CommandApprovalKind) UnmarshalJSON([]byte) error { return nil }
