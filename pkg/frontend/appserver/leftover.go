package appserver

import (
	"path/filepath"

	"codex/pkg/jsonrpc"
	"codex/pkg/protocol"
	"codex/pkg/thread"
)

// methodConversationSummary is of the first version of the protocol, which some clients
// still speak.
const methodConversationSummary = "getConversationSummary"

type conversationSummaryParams struct {
	ConversationID *string `json:"conversationId,omitempty"`
	RolloutPath    *string `json:"rolloutPath,omitempty"`
}

// conversationSummary describes a stored session.
func (s *Server) conversationSummary(r *request, p *conversationSummaryParams) (any, error) {
	path := ""
	switch {
	case p.RolloutPath != nil && *p.RolloutPath != "":
		path = *p.RolloutPath
		if !filepath.IsAbs(path) {
			path = filepath.Join(s.home, path)
		}
	case p.ConversationID != nil:
		id, ok := thread.ParseID(*p.ConversationID)
		if !ok {
			return nil, jsonrpc.Invalidf("Invalid request: `%s` is not a conversation id", jsonrpc.Shorten(*p.ConversationID))
		}
		if path = s.find(id); path == "" {
			return nil, jsonrpc.Invalidf("no rollout found for conversation id %s", id)
		}
	default:
		return nil, jsonrpc.Invalidf("Invalid request: missing field `conversationId`")
	}
	h, err := thread.Read(path)
	if err != nil {
		return nil, jsonrpc.Invalidf("failed to load conversation summary from %s: %v", path, err)
	}
	type gitInfo struct {
		Sha    *string `json:"sha"`
		Branch *string `json:"branch"`
		Origin *string `json:"origin_url"`
	}
	type summary struct {
		ID         string                 `json:"conversationId"`
		Path       string                 `json:"path"`
		Preview    string                 `json:"preview"`
		Timestamp  string                 `json:"timestamp"`
		UpdatedAt  string                 `json:"updatedAt"`
		Provider   string                 `json:"modelProvider"`
		Cwd        string                 `json:"cwd"`
		CliVersion string                 `json:"cliVersion"`
		Source     protocol.SessionSource `json:"source"`
		Git        *gitInfo               `json:"gitInfo"`
	}
	th := h.Thread(nil)
	out := summary{th.ID, path, th.Preview, h.Created.UTC().Format(cursorTime), h.Modified.UTC().Format(cursorTime), th.ModelProvider, th.Cwd, th.CliVersion, th.Source, nil}
	if g := th.GitInfo; g != nil {
		out.Git = &gitInfo{g.Sha, g.Branch, g.OriginURL}
	}
	return struct {
		Summary summary `json:"summary"`
	}{out}, nil
}
