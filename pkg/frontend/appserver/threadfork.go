package appserver

import (
	"encoding/json"
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
	t.opened(r, turns, p.ExcludeTurns)
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
	params = without(params, "threadId", "path", "excludeTurns")
	copyOf := s.forkFile
	if p.Ephemeral {
		copyOf = s.forkMemory
	}
	t, turns, err := copyOf(path, thread.AskedByFork(p), params)
	if err != nil {
		return nil, nil, err
	}
	t.begun.Thread.ThreadSource = p.ThreadSource
	s.adopt(t, c)
	return t, turns, nil
}

// forkFile writes the copy to a session file of its own.
func (s *Server) forkFile(from string, a *thread.Asked, params json.RawMessage) (*loadedThread, []protocol.Turn, error) {
	path, err := thread.Fork(s.home, from, s.origin(), protocol.SourceVscode, a.ThreadSource)
	if err != nil {
		return nil, nil, err
	}
	t, turns, err := s.reopen(path, a, params)
	if err != nil {
		_ = os.Remove(path) // nobody was told of it
	}
	return t, turns, err
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
	id, at, err := thread.NewID()
	if err != nil {
		return nil, nil, err
	}
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
