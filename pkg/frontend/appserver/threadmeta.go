package appserver

import (
	"fmt"
	"strings"

	"codex/pkg/jsonrpc"
	"codex/pkg/protocol"
	"codex/pkg/thread"
)

func (s *Server) threadNameSet(r *request, p *protocol.ThreadSetNameParams) (any, error) {
	id, err := threadID(p.ThreadID)
	if err != nil {
		return nil, err
	}
	name := strings.TrimSpace(p.Name)
	if name == "" {
		return nil, jsonrpc.Invalidf("thread name must not be empty")
	}
	switch t, path := s.thread(id), s.find(id); {
	case t != nil && t.eph:
		return nil, jsonrpc.Invalidf("ephemeral thread does not support metadata updates: %s", id)
	case t == nil && path == "":
		return nil, jsonrpc.Invalidf("thread not found: %s", id)
	case path != "" && thread.Archived(s.home, path):
		return nil, jsonrpc.Invalidf("no rollout found for thread id %s", id)
	}
	if err := thread.SetName(s.home, id, name, s.opts.Now()); err != nil {
		return nil, err
	}
	if t := s.thread(id); t != nil {
		t.mu.Lock()
		t.begun.Thread.Name = &name
		t.mu.Unlock()
	}
	r.After(func() {
		s.broadcast(protocol.NoteThreadNameUpdated, protocol.ThreadNameUpdatedNotification{ThreadID: id, ThreadName: &name})
	})
	return protocol.ThreadSetNameResponse{}, nil
}

func (s *Server) threadMetadataUpdate(r *request, p *protocol.ThreadMetadataUpdateParams) (any, error) {
	id, err := threadID(p.ThreadID)
	if err != nil {
		return nil, err
	}
	if t := s.thread(id); t != nil && t.eph {
		return nil, jsonrpc.Invalidf("ephemeral thread does not support metadata updates: %s", id)
	}
	g := p.GitInfo
	if g == nil || !g.Sha.Set && !g.Branch.Set && !g.OriginURL.Set {
		return nil, jsonrpc.Invalidf("gitInfo must include at least one field")
	}
	path := s.find(id)
	if path == "" {
		return nil, jsonrpc.Invalidf("thread not found: %s", id)
	}
	if err := thread.SetGit(path, g, s.opts.Now); err != nil {
		return nil, fmt.Errorf("change facts of thread %s: %w", id, err)
	}
	got, err := s.threadRead(r, &protocol.ThreadReadParams{ThreadID: id})
	if err != nil {
		return nil, err
	}
	return protocol.ThreadMetadataUpdateResponse{Thread: got.(protocol.ThreadReadResponse).Thread}, nil
}

// threadMemoryModeSet notes whether the thread may feed memories, for whoever makes them.
func (s *Server) threadMemoryModeSet(r *request, p *protocol.ThreadMemoryModeSetParams) (any, error) {
	id, err := threadID(p.ThreadID)
	if err != nil {
		return nil, err
	}
	t := s.thread(id)
	path := s.find(id)
	switch {
	case t != nil && t.eph:
		return nil, jsonrpc.Invalidf("ephemeral thread does not support metadata updates: %s", id)
	case path == "" && t != nil: // its first turn makes the file
		t.mu.Lock()
		t.memory = p.Mode
		t.mu.Unlock()
		return protocol.ThreadMemoryModeSetResponse{}, nil
	case path == "" || thread.Archived(s.home, path):
		return nil, jsonrpc.Invalidf("no rollout found for thread id %s", id)
	}
	if err := thread.SetMemoryMode(path, p.Mode, s.opts.Now); err != nil {
		return nil, fmt.Errorf("set memory mode of thread %s: %w", id, err)
	}
	return protocol.ThreadMemoryModeSetResponse{}, nil
}

// settleMemory writes down what was set before there was a file. It runs in the queue.
func (t *loadedThread) settleMemory() {
	t.mu.Lock()
	mode := t.memory
	t.mu.Unlock()
	if mode == "" || !t.materialized() {
		return
	}
	if err := thread.SetMemoryMode(t.path, mode, t.s.opts.Now); err != nil {
		t.s.opts.Log.Printf("thread %s: set memory mode: %v", t.id, err)
	}
	t.mu.Lock()
	t.memory = ""
	t.mu.Unlock()
}

// threadIncrement and threadDecrement count what a helper of the client asks the user
// beside the protocol: as long as it does, the engine is not let go.
func (s *Server) threadIncrement(r *request, p *protocol.ThreadIncrementElicitationParams) (any, error) {
	t, err := s.mine(p.ThreadID)
	if err != nil {
		return nil, err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.paused++
	return protocol.ThreadIncrementElicitationResponse{Count: t.paused, Paused: true}, nil
}

func (s *Server) threadDecrement(r *request, p *protocol.ThreadDecrementElicitationParams) (any, error) {
	t, err := s.mine(p.ThreadID)
	if err != nil {
		return nil, err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.paused == 0 {
		return nil, jsonrpc.Invalidf("out-of-band elicitation count is already zero")
	}
	t.paused--
	t.rest()
	return protocol.ThreadDecrementElicitationResponse{Count: t.paused, Paused: t.paused > 0}, nil
}
