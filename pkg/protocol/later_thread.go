package protocol

import "encoding/json"

// ThreadItemsListParams holds the params of thread/items/list.
type ThreadItemsListParams struct {
	ThreadID string `json:"threadId"`
	// TurnID is the turn whose items are asked for, nil for all.
	TurnID *string `json:"turnId,omitempty"`
	// Cursor is one of an earlier list, as a string, or the item that the list begins
	// behind: {"type":"item","itemId":...}.
	Cursor        json.RawMessage `json:"cursor,omitempty"`
	Limit         *uint32         `json:"limit,omitempty"`
	SortDirection *SortDirection  `json:"sortDirection,omitempty"`
}

// ThreadItemsListResponse is the result of thread/items/list.
type ThreadItemsListResponse struct {
	Data            List[ThreadItemEntry] `json:"data"`
	NextCursor      *string               `json:"nextCursor"`
	BackwardsCursor *string               `json:"backwardsCursor"`
}

// ThreadItemEntry is an item and its turn. When it began and ended is in no session file.
type ThreadItemEntry struct {
	TurnID        string     `json:"turnId"`
	Item          ThreadItem `json:"item"`
	StartedAtMs   *int64     `json:"startedAtMs"`
	CompletedAtMs *int64     `json:"completedAtMs"`
}

// ThreadItemsReadParams holds the params of thread/items/read, which is experimental.
type ThreadItemsReadParams struct {
	ThreadID string       `json:"threadId"`
	TurnID   string       `json:"turnId"`
	ItemIDs  List[string] `json:"itemIds"`
}

// ThreadItemsReadResponse is the result of thread/items/read, which is experimental.
type ThreadItemsReadResponse struct {
	Data List[ThreadItemEntry] `json:"data"`
}

// ThreadRevertParams holds the params of thread/revert: the first turn that goes.
type ThreadRevertParams struct {
	ThreadID     string `json:"threadId"`
	BeforeTurnID string `json:"beforeTurnId"`
}

// ThreadRevertResponse is the result of thread/revert.
type ThreadRevertResponse struct {
	Thread               Thread  `json:"thread"`
	TurnsBackwardsCursor *string `json:"turnsBackwardsCursor"`
	ItemsBackwardsCursor *string `json:"itemsBackwardsCursor"`
}

// InitialTurnsPage asks thread/resume for a page of turns, as thread/turns/list gives it.
type InitialTurnsPage struct {
	Limit         *uint32        `json:"limit,omitempty"`
	SortDirection *SortDirection `json:"sortDirection,omitempty"`
	ItemsView     *TurnItemsView `json:"itemsView,omitempty"`
}
