package protocol

// FuzzyFileSearchParams holds the params of fuzzyFileSearch.
type FuzzyFileSearchParams struct {
	Query             string       `json:"query"`
	Roots             List[string] `json:"roots"`
	CancellationToken *string      `json:"cancellationToken,omitempty"`
}

// FuzzyFileSearchResponse is the result of fuzzyFileSearch.
type FuzzyFileSearchResponse struct {
	Files List[FuzzyFileSearchResult] `json:"files"`
}

// FuzzyFileSearchResult is one file found; its JSON names are snake_case.
type FuzzyFileSearchResult struct {
	Root      string                   `json:"root"`
	Path      string                   `json:"path"`
	MatchType FuzzyFileSearchMatchType `json:"match_type"`
	FileName  string                   `json:"file_name"`
	Score     uint32                   `json:"score"`
	Indices   []uint32                 `json:"indices"`
}

// FuzzyFileSearchMatchType tells files from folders.
type FuzzyFileSearchMatchType string

// Words of FuzzyFileSearchMatchType.
const (
	FuzzyFileSearchMatchTypeFile      FuzzyFileSearchMatchType = "file"
	FuzzyFileSearchMatchTypeDirectory FuzzyFileSearchMatchType = "directory"
)

func (FuzzyFileSearchMatchType) Values() []string { return []string{"file", "directory"} }

// FuzzyFileSearchSessionStartParams holds the params of fuzzyFileSearch/sessionStart, which is
// experimental.
type FuzzyFileSearchSessionStartParams struct {
	SessionID string       `json:"sessionId"`
	Roots     List[string] `json:"roots"`
}

// FuzzyFileSearchSessionUpdateParams holds the params of fuzzyFileSearch/sessionUpdate, which is
// experimental.
type FuzzyFileSearchSessionUpdateParams struct {
	SessionID string `json:"sessionId"`
	Query     string `json:"query"`
}

// FuzzyFileSearchSessionStopParams holds the params of fuzzyFileSearch/sessionStop, which is
// experimental.
type FuzzyFileSearchSessionStopParams struct {
	SessionID string `json:"sessionId"`
}

// FuzzyFileSearchSessionUpdatedNotification holds the params of fuzzyFileSearch/sessionUpdated.
type FuzzyFileSearchSessionUpdatedNotification struct {
	SessionID string                      `json:"sessionId"`
	Query     string                      `json:"query"`
	Files     List[FuzzyFileSearchResult] `json:"files"`
}

// FuzzyFileSearchSessionCompletedNotification holds the params of fuzzyFileSearch/sessionCompleted.
type FuzzyFileSearchSessionCompletedNotification struct {
	SessionID string `json:"sessionId"`
}
