package protocol

// Methods of later releases of the original, which the schema of 0.133.0 does not have.
// Those of threads are experimental there.
const (
	MethodThreadBackgroundTerminalsList      = "thread/backgroundTerminals/list"
	MethodThreadBackgroundTerminalsTerminate = "thread/backgroundTerminals/terminate"
	MethodSkillsExtraRootsSet                = "skills/extraRoots/set"
)

// Later lists these methods, as Methods does those of the schema.
func Later() []Method {
	return []Method{
		{Name: MethodThreadBackgroundTerminalsList, Params: typeOf[ThreadBackgroundTerminalsListParams](),
			Result: typeOf[ThreadBackgroundTerminalsListResponse](), Experimental: true},
		{Name: MethodThreadBackgroundTerminalsTerminate, Params: typeOf[ThreadBackgroundTerminalsTerminateParams](),
			Result: typeOf[ThreadBackgroundTerminalsTerminateResponse](), Experimental: true},
		{Name: MethodSkillsExtraRootsSet, Params: typeOf[SkillsExtraRootsSetParams](), Result: typeOf[SkillsExtraRootsSetResponse]()},
	}
}

// SkillsExtraRootsSetParams holds the params of skills/extraRoots/set: folders that hold
// skills, in the place of those that were set before.
type SkillsExtraRootsSetParams struct {
	ExtraRoots []string `json:"extraRoots"`
}

// SkillsExtraRootsSetResponse is the result of skills/extraRoots/set.
type SkillsExtraRootsSetResponse struct{}

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
