package protocol

// ThreadListParams holds the params of thread/list.
type ThreadListParams struct {
	Cursor *string `json:"cursor,omitempty"`
	// Limit is 25 when left out, at most 100.
	Limit         *uint32        `json:"limit,omitempty"`
	SortKey       *ThreadSortKey `json:"sortKey,omitempty"`
	SortDirection *SortDirection `json:"sortDirection,omitempty"`
	// ModelProviders null means the configured one, empty means all.
	ModelProviders []string             `json:"modelProviders,omitzero"`
	SourceKinds    []ThreadSourceKind   `json:"sourceKinds,omitempty"`
	Archived       *bool                `json:"archived,omitempty"`
	Cwd            *ThreadListCwdFilter `json:"cwd,omitempty"`
	UseStateDbOnly bool                 `json:"useStateDbOnly,omitempty"`
	SearchTerm     *string              `json:"searchTerm,omitempty"`

	ParentThreadID     *string  `json:"parentThreadId,omitempty" schema:"later"`
	AncestorThreadID   *string  `json:"ancestorThreadId,omitempty" schema:"later"`
	AttachedToThreadID *string  `json:"attachedToThreadId,omitempty" schema:"later"`
	IncludedThreadIDs  []string `json:"includedThreadIds,omitzero" schema:"later"`
	ExcludedThreadIDs  []string `json:"excludedThreadIds,omitempty" schema:"later"`
	Originators        []string `json:"originators,omitempty" schema:"later"`
	ProjectID          *string  `json:"projectId,omitempty" schema:"later"`
	SectionID          *string  `json:"sectionId,omitempty" schema:"later"`
}

// ThreadSortKey is the time a list is ordered by.
type ThreadSortKey string

// Words of ThreadSortKey.
const (
	ThreadSortKeyCreatedAt ThreadSortKey = "created_at"
	ThreadSortKeyUpdatedAt ThreadSortKey = "updated_at"
)

func (ThreadSortKey) Values() []string { return []string{"created_at", "updated_at"} }

// ThreadSortKeyRecencyAt is that of later releases: here it is updated_at.
const ThreadSortKeyRecencyAt ThreadSortKey = "recency_at"

// ThreadSortKeySectionPosition is that of later releases: without sections it is updated_at.
const ThreadSortKeySectionPosition ThreadSortKey = "section_position"

// MayBeOther says that later releases have other words.
func (ThreadSortKey) MayBeOther() {}

// SortDirection is the direction of a list.
type SortDirection string

// Words of SortDirection.
const (
	SortDirectionAsc  SortDirection = "asc"
	SortDirectionDesc SortDirection = "desc"
)

func (SortDirection) Values() []string { return []string{"asc", "desc"} }

// ThreadSourceKind is a kind of SessionSource, for filtering.
type ThreadSourceKind string

// Words of ThreadSourceKind.
const (
	ThreadSourceKindCli                 ThreadSourceKind = "cli"
	ThreadSourceKindVscode              ThreadSourceKind = "vscode"
	ThreadSourceKindExec                ThreadSourceKind = "exec"
	ThreadSourceKindAppServer           ThreadSourceKind = "appServer"
	ThreadSourceKindSubAgent            ThreadSourceKind = "subAgent"
	ThreadSourceKindSubAgentReview      ThreadSourceKind = "subAgentReview"
	ThreadSourceKindSubAgentCompact     ThreadSourceKind = "subAgentCompact"
	ThreadSourceKindSubAgentThreadSpawn ThreadSourceKind = "subAgentThreadSpawn"
	ThreadSourceKindSubAgentOther       ThreadSourceKind = "subAgentOther"
	ThreadSourceKindUnknown             ThreadSourceKind = "unknown"
)

func (ThreadSourceKind) Values() []string {
	return []string{"cli", "vscode", "exec", "appServer", "subAgent", "subAgentReview", "subAgentCompact", "subAgentThreadSpawn", "subAgentOther", "unknown"}
}

// ThreadListResponse is the result of thread/list.
type ThreadListResponse struct {
	Data            List[Thread] `json:"data"`
	NextCursor      *string      `json:"nextCursor"`
	BackwardsCursor *string      `json:"backwardsCursor"`
	ReadStates      struct{}     `json:"readStates" schema:"later"` // none are kept
}

// ThreadLoadedListParams holds the params of thread/loaded/list.
type ThreadLoadedListParams struct {
	Cursor *string `json:"cursor,omitempty"`
	Limit  *uint32 `json:"limit,omitempty"`
}

// ThreadLoadedListResponse is the result of thread/loaded/list.
type ThreadLoadedListResponse struct {
	Data       List[string] `json:"data"`
	NextCursor *string      `json:"nextCursor"`
}

// ThreadReadParams holds the params of thread/read.
type ThreadReadParams struct {
	ThreadID     string `json:"threadId"`
	IncludeTurns bool   `json:"includeTurns,omitempty" schema:"opt"`
}

// ThreadReadResponse is the result of thread/read.
type ThreadReadResponse struct {
	Thread    Thread `json:"thread"`
	ReadState Null   `json:"readState" schema:"later"`
}

// ThreadTurnsListParams holds the params of thread/turns/list, which is experimental.
type ThreadTurnsListParams struct {
	ThreadID      string         `json:"threadId"`
	Cursor        *string        `json:"cursor,omitempty"`
	Limit         *uint32        `json:"limit,omitempty"`
	SortDirection *SortDirection `json:"sortDirection,omitempty"`
	ItemsView     *TurnItemsView `json:"itemsView,omitempty"`
}

// ThreadTurnsListResponse is the result of thread/turns/list, which is experimental.
type ThreadTurnsListResponse struct {
	Data            List[Turn] `json:"data"`
	NextCursor      *string    `json:"nextCursor"`
	BackwardsCursor *string    `json:"backwardsCursor"`
}

// ThreadTurnsItemsListParams holds the params of thread/turns/items/list, which is experimental.
type ThreadTurnsItemsListParams struct {
	ThreadID      string         `json:"threadId"`
	TurnID        string         `json:"turnId"`
	Cursor        *string        `json:"cursor,omitempty"`
	Limit         *uint32        `json:"limit,omitempty"`
	SortDirection *SortDirection `json:"sortDirection,omitempty"`
}

// ThreadTurnsItemsListResponse is the result of thread/turns/items/list, which is experimental.
type ThreadTurnsItemsListResponse struct {
	Data            ThreadItems `json:"data"`
	NextCursor      *string     `json:"nextCursor"`
	BackwardsCursor *string     `json:"backwardsCursor"`
}
