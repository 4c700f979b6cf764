package appserver

import (
	"context"
	"fmt"

	"github.com/tidwall/gjson"

	"codex/pkg/frontend/appserver/search"
	"codex/pkg/protocol"
)

// matches is how many files a search gives (appserver spec §7).
const matches = 50

func (s *Server) fuzzy(r *request, p *protocol.FuzzyFileSearchParams) (any, error) {
	ctx, cancel := context.WithCancel(r.c.ctx)
	defer cancel()
	if token := p.CancellationToken; token != nil && *token != "" {
		defer r.c.newest(*token, cancel)()
	}
	return protocol.FuzzyFileSearchResponse{Files: results(search.Files(ctx, p.Roots, p.Query, matches))}, nil
}

// newest ends the search with the same token, for this is a newer one, and gives what
// forgets this one.
func (c *conn) newest(token string, cancel context.CancelFunc) func() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if old := c.tokens[token]; old != nil {
		(*old)()
	}
	if c.tokens == nil {
		c.tokens = map[string]*context.CancelFunc{}
	}
	mine := &cancel
	c.tokens[token] = mine
	return func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		if c.tokens[token] == mine {
			delete(c.tokens, token)
		}
	}
}

// maxSearches bounds the search sessions of one client: each holds a list of files.
const maxSearches = 16

// inSearch is the lane of one search session of one client.
func inSearch(r *request) string {
	return fmt.Sprintf("search:%p:%s", r.c, gjson.GetBytes(r.params, "sessionId").Str)
}

func results(found []search.Match) []protocol.FuzzyFileSearchResult {
	var out []protocol.FuzzyFileSearchResult
	for _, m := range found {
		v := protocol.FuzzyFileSearchResult{Root: m.Root, Path: m.Path, FileName: m.Name, Score: m.Score, Indices: m.Indices, MatchType: protocol.FuzzyFileSearchMatchTypeFile}
		if m.Dir {
			v.MatchType = protocol.FuzzyFileSearchMatchTypeDirectory
		}
		out = append(out, v)
	}
	return out
}

// searchSession is a search that is refined while its client types: the tree is walked
// once.
type searchSession struct {
	tree   *search.Tree
	cancel context.CancelFunc
	ctx    context.Context
	roots  []string
}

func (s *Server) fuzzyStart(r *request, p *protocol.FuzzyFileSearchSessionStartParams) (any, error) {
	if p.SessionID == "" {
		return nil, invalid("sessionId must not be empty")
	}
	c := r.c
	c.mu.Lock()
	defer c.mu.Unlock()
	if old := c.searches[p.SessionID]; old != nil {
		old.cancel()
	} else if len(c.searches) >= maxSearches {
		return nil, invalid("too many fuzzy file search sessions: at most %d", maxSearches)
	}
	if c.searches == nil {
		c.searches = map[string]*searchSession{}
	}
	ctx, cancel := context.WithCancel(c.ctx)
	c.searches[p.SessionID] = &searchSession{ctx: ctx, cancel: cancel, roots: p.Roots}
	return protocol.FuzzyFileSearchSessionStartResponse{}, nil
}

func (s *Server) fuzzyUpdate(r *request, p *protocol.FuzzyFileSearchSessionUpdateParams) (any, error) {
	r.c.mu.Lock()
	ss := r.c.searches[p.SessionID]
	r.c.mu.Unlock()
	if ss == nil {
		return nil, invalid("fuzzy file search session not found: %s", shorten(p.SessionID))
	}
	r.reply(protocol.FuzzyFileSearchSessionUpdateResponse{})
	if ss.tree == nil {
		ss.tree = search.Walk(ss.ctx, ss.roots)
	}
	found := results(ss.tree.Match(ss.ctx, p.Query, matches))
	if ss.ctx.Err() != nil {
		return nil, errLater
	}
	r.c.note(protocol.NoteFuzzyFileSearchSessionUpdated, noteLine(protocol.NoteFuzzyFileSearchSessionUpdated,
		protocol.FuzzyFileSearchSessionUpdatedNotification{SessionID: p.SessionID, Query: p.Query, Files: found}))
	r.c.note(protocol.NoteFuzzyFileSearchSessionCompleted, noteLine(protocol.NoteFuzzyFileSearchSessionCompleted,
		protocol.FuzzyFileSearchSessionCompletedNotification{SessionID: p.SessionID}))
	return nil, errLater
}

func (s *Server) fuzzyStop(r *request, p *protocol.FuzzyFileSearchSessionStopParams) (any, error) {
	r.c.mu.Lock()
	defer r.c.mu.Unlock()
	if ss := r.c.searches[p.SessionID]; ss != nil {
		ss.cancel()
		delete(r.c.searches, p.SessionID)
	}
	return protocol.FuzzyFileSearchSessionStopResponse{}, nil
}
