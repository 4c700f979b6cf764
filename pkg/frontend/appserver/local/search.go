package local

import (
	"context"
	"fmt"

	"github.com/tidwall/gjson"

	"codex/pkg/frontend/appserver/search"
	"codex/pkg/jsonrpc"
	"codex/pkg/protocol"
)

// matches is how many files a search gives.
const matches = 50

func fuzzy(r *Request, p *protocol.FuzzyFileSearchParams) (any, error) {
	ctx, cancel := context.WithCancel(r.Client.ctx)
	defer cancel()
	if token := p.CancellationToken; token != nil && *token != "" {
		defer r.Client.newest(*token, cancel)()
	}
	return protocol.FuzzyFileSearchResponse{Files: results(search.Files(ctx, p.Roots, p.Query, matches))}, nil
}

// newest ends the search with the same token, for this is a newer one, and gives what
// forgets this one.
func (c *Client) newest(token string, cancel context.CancelFunc) func() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if old := c.tokens[token]; old != nil {
		(*old)()
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

// bySearch keeps requests about one search session of one client in their order.
func bySearch(r *Request) string {
	return fmt.Sprintf("search:%p:%s", r.Client, gjson.GetBytes(r.Params, "sessionId").Str)
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

func fuzzyStart(r *Request, p *protocol.FuzzyFileSearchSessionStartParams) (any, error) {
	if p.SessionID == "" {
		return nil, jsonrpc.Invalidf("sessionId must not be empty")
	}
	c := r.Client
	c.mu.Lock()
	defer c.mu.Unlock()
	if old := c.searches[p.SessionID]; old != nil {
		old.cancel()
	} else if len(c.searches) >= maxSearches {
		return nil, jsonrpc.Invalidf("too many fuzzy file search sessions: at most %d", maxSearches)
	}
	ctx, cancel := context.WithCancel(c.ctx)
	c.searches[p.SessionID] = &searchSession{ctx: ctx, cancel: cancel, roots: p.Roots}
	return protocol.FuzzyFileSearchSessionStartResponse{}, nil
}

func fuzzyUpdate(r *Request, p *protocol.FuzzyFileSearchSessionUpdateParams) (any, error) {
	r.Client.mu.Lock()
	ss := r.Client.searches[p.SessionID]
	r.Client.mu.Unlock()
	if ss == nil {
		return nil, jsonrpc.Invalidf("fuzzy file search session not found: %s", jsonrpc.Shorten(p.SessionID))
	}
	r.After(func() { ss.update(r.Client, p) })
	return protocol.FuzzyFileSearchSessionUpdateResponse{}, nil
}

// update tells what fits now; it runs in the order of the requests.
func (ss *searchSession) update(c *Client, p *protocol.FuzzyFileSearchSessionUpdateParams) {
	if ss.tree == nil {
		ss.tree = search.Walk(ss.ctx, ss.roots)
	}
	found := results(ss.tree.Match(ss.ctx, p.Query, matches))
	if ss.ctx.Err() != nil {
		return
	}
	c.Notify(protocol.NoteFuzzyFileSearchSessionUpdated, protocol.FuzzyFileSearchSessionUpdatedNotification{SessionID: p.SessionID, Query: p.Query, Files: found})
	c.Notify(protocol.NoteFuzzyFileSearchSessionCompleted, protocol.FuzzyFileSearchSessionCompletedNotification{SessionID: p.SessionID})
}

func fuzzyStop(r *Request, p *protocol.FuzzyFileSearchSessionStopParams) (any, error) {
	r.Client.mu.Lock()
	defer r.Client.mu.Unlock()
	if ss := r.Client.searches[p.SessionID]; ss != nil {
		ss.cancel()
		delete(r.Client.searches, p.SessionID)
	}
	return protocol.FuzzyFileSearchSessionStopResponse{}, nil
}
