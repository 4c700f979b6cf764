package appserver

import (
	"encoding/json"
	"errors"
	"maps"
	"os"
	"slices"

	"github.com/tidwall/sjson"

	"codex/pkg/cli/version"
	"codex/pkg/jsonrpc"
	"codex/pkg/protocol"
	"codex/pkg/thread"
)

func (s *Server) threadFork(r *request, p *protocol.ThreadForkParams) (any, error) {
	t, turns, err := s.fork(r.c, r.Params, p)
	if err != nil {
		return nil, err
	}
	begun := t.begun
	if !p.ExcludeTurns {
		begun.Thread.Turns = turns
	}
	t.opened(r, begun, p.ExcludeTurns)
	s.broadcast(protocol.NoteThreadStarted, protocol.ThreadStartedNotification{Thread: t.begun.Thread})
	return nil, jsonrpc.ErrLater
}

// fork makes and registers a copy of a thread under a new id.
func (s *Server) fork(c *conn, params json.RawMessage, p *protocol.ThreadForkParams) (*loadedThread, []protocol.Turn, error) {
	id, path, err := s.locate(p.ThreadID, p.Path)
	if err != nil {
		return nil, nil, err
	}
	if path == "" {
		return nil, nil, jsonrpc.Invalidf("no rollout found for thread id %s", id)
	}
	params = without(params, "threadId", "path", "excludeTurns", "lastTurnId", "beforeTurnId")
	copyOf := func(path string, a *thread.Asked, params json.RawMessage) (*loadedThread, []protocol.Turn, error) {
		return s.forkFile(path, a, params, p)
	}
	switch {
	case p.Ephemeral && (p.LastTurnID != nil || p.BeforeTurnID != nil):
		return nil, nil, jsonrpc.Invalidf("an ephemeral copy of a part of a thread is not supported yet")
	case p.Ephemeral:
		copyOf = s.forkMemory
	}
	t, turns, err := copyOf(path, thread.AskedByFork(p), params)
	if err != nil {
		return nil, nil, err
	}
	if p.ThreadSource != nil {
		t.begun.Thread.ThreadSource = p.ThreadSource.Known()
	}
	s.adopt(t, c)
	return t, turns, nil
}

// forkFile writes the copy to a session file of its own.
func (s *Server) forkFile(from string, a *thread.Asked, params json.RawMessage, p *protocol.ThreadForkParams) (*loadedThread, []protocol.Turn, error) {
	path, err := thread.Fork(s.home, from, s.origin(), protocol.SourceVscode, a.ThreadSource)
	if err != nil {
		return nil, nil, err
	}
	if err := s.cut(path, p); err != nil {
		return nil, nil, errors.Join(err, os.Remove(path))
	}
	t, turns, err := s.reopen(path, a, params)
	if err != nil {
		_ = os.Remove(path) // nobody was told of it
	}
	return t, turns, err
}

// cut takes back the turns of a copy that were not asked for.
func (s *Server) cut(path string, p *protocol.ThreadForkParams) error {
	var from string
	switch {
	case p.LastTurnID != nil && p.BeforeTurnID != nil:
		return jsonrpc.Invalidf("`lastTurnId` cannot be combined with `beforeTurnId`")
	case p.LastTurnID != nil:
		from = *p.LastTurnID
	case p.BeforeTurnID != nil:
		from = *p.BeforeTurnID
	default:
		return nil
	}
	turns, err := thread.Turns(path, "")
	if err != nil {
		return err
	}
	i := turnIndex(turns, from)
	if i < 0 {
		return jsonrpc.Invalidf("turn not found: %s", from)
	}
	if p.LastTurnID != nil {
		i++
	}
	if i == len(turns) {
		return nil
	}
	return thread.Rollback(path, uint32(len(turns)-i), s.opts.Now)
}

func turnIndex(turns []protocol.Turn, id string) int {
	return slices.IndexFunc(turns, func(t protocol.Turn) bool { return t.ID == id })
}

// forkMemory makes an ephemeral copy: its engine is given the history, and no file is
// written.
func (s *Server) forkMemory(from string, a *thread.Asked, params json.RawMessage) (*loadedThread, []protocol.Turn, error) {
	old, turns, err := s.reopen(from, a, params)
	if err != nil {
		return nil, nil, err
	}
	items, err := thread.Items(from)
	if err != nil {
		return nil, nil, err
	}
	id, at := thread.NewID()
	t := &loadedThread{id: id, eph: true, begun: old.begun, seed: items, warnings: old.warnings}
	th := &t.begun.Thread
	th.ID, th.SessionID, th.ForkedFromID, th.Ephemeral, th.Path = t.id, t.id, &old.id, true, nil
	th.CreatedAt, th.UpdatedAt, th.CliVersion, th.Name, th.GitInfo = at.Unix(), at.Unix(), version.Compat, nil, nil
	if old.usage != nil {
		if t.usage, err = sjson.SetBytes(old.usage, "params.threadId", t.id); err != nil {
			return nil, nil, err
		}
	}
	// The engine starts it as a new thread: what the old one ran with has to be said.
	t.start = old.start
	say := map[string]any{"ephemeral": true, "cwd": t.begun.Cwd, "model": t.begun.Model, "modelProvider": t.begun.ModelProvider}
	if e := t.begun.ReasoningEffort; e != nil {
		say["config.model_reasoning_effort"] = *e
	}
	for _, k := range slices.Sorted(maps.Keys(say)) {
		if t.start, err = sjson.SetBytes(t.start, k, say[k]); err != nil {
			return nil, nil, err
		}
	}
	return t, turns, nil
}
