package appserver

import (
	"context"
	"sync"

	"codex/pkg/appserver/search"
	"codex/pkg/protocol"
)

// matches is how many files a search gives (appserver spec §7).
const matches = 50

func (s *Server) fuzzy(r *request, p *protocol.FuzzyFileSearchParams) (any, error) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	if p.CancellationToken != nil && *p.CancellationToken != "" {
		// A newer search with the same token ends this one.
		key := "search:" + *p.CancellationToken
		if old := r.c.release(key); old != nil {
			old()
		}
		r.c.hold(key, cancel)
	}
	go func() { // ends with the search
		select {
		case <-r.c.gone:
			cancel()
		case <-ctx.Done():
		}
	}()
	return protocol.FuzzyFileSearchResponse{Files: results(search.Files(ctx, p.Roots, p.Query, matches))}, nil
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
	mu     sync.Mutex
	tree   *search.Tree
	cancel context.CancelFunc
	ctx    context.Context
	roots  []string
}

func (s *Server) fuzzyStart(r *request, p *protocol.FuzzyFileSearchSessionStartParams) (any, error) {
	ctx, cancel := context.WithCancel(context.Background())
	ss := &searchSession{ctx: ctx, cancel: cancel, roots: p.Roots}
	key := "session:" + p.SessionID
	if old := r.c.release(key); old != nil {
		old()
	}
	r.c.hold(key, cancel)
	r.c.mu.Lock()
	if r.c.searches == nil {
		r.c.searches = map[string]*searchSession{}
	}
	r.c.searches[p.SessionID] = ss
	r.c.mu.Unlock()
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
	ss.mu.Lock()
	defer ss.mu.Unlock()
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
	if end := r.c.release("session:" + p.SessionID); end != nil {
		end()
	}
	r.c.mu.Lock()
	delete(r.c.searches, p.SessionID)
	r.c.mu.Unlock()
	return protocol.FuzzyFileSearchSessionStopResponse{}, nil
}
