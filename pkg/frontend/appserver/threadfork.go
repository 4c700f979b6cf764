package appserver

import (
	"encoding/json"
	"maps"
	"os"
	"slices"

	"github.com/tidwall/sjson"

	"codex/pkg/cli/version"
	"codex/pkg/protocol"
	"codex/pkg/thread"
)

func (s *Server) threadFork(r *request, p *protocol.ThreadForkParams) (any, error) {
	t, turns, err := s.fork(r, p)
	if err != nil {
		return nil, err
	}
	t.opened(r, turns, p.ExcludeTurns)
	s.broadcast(protocol.NoteThreadStarted, protocol.ThreadStartedNotification{Thread: t.told.Thread})
	return nil, errLater
}

// fork makes and registers a copy of a thread under a new id.
func (s *Server) fork(r *request, p *protocol.ThreadForkParams) (*loadedThread, []protocol.Turn, error) {
	id, path, err := s.locate(p.ThreadID, p.Path)
	if err != nil {
		return nil, nil, err
	}
	if path == "" {
		return nil, nil, invalid("no rollout found for thread id %s", id)
	}
	params := without(r.params, "threadId", "path", "excludeTurns")
	copyOf := s.forkFile
	if p.Ephemeral {
		copyOf = s.forkMemory
	}
	t, turns, err := copyOf(path, thread.AskedByFork(p), params)
	if err != nil {
		return nil, nil, err
	}
	t.told.Thread.ThreadSource = p.ThreadSource
	s.adopt(t, r.c)
	return t, turns, nil
}

// forkFile writes the copy to a session file of its own.
func (s *Server) forkFile(from string, a *thread.Asked, params json.RawMessage) (*loadedThread, []protocol.Turn, error) {
	path, err := thread.Fork(s.home, from, s.origin(), a.ThreadSource)
	if err != nil {
		return nil, nil, internal(err)
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
		return nil, nil, internal(err)
	}
	id, at, err := thread.NewID()
	if err != nil {
		return nil, nil, internal(err)
	}
	t := &loadedThread{id: id, eph: true, told: old.told, seed: items}
	th := &t.told.Thread
	th.ID, th.SessionID, th.ForkedFromID, th.Ephemeral, th.Path = t.id, t.id, &old.id, true, nil
	th.CreatedAt, th.UpdatedAt, th.CliVersion, th.Name, th.GitInfo = at.Unix(), at.Unix(), version.Compat, nil, nil
	if old.usage != nil {
		if t.usage, err = sjson.SetBytes(old.usage, "params.threadId", t.id); err != nil {
			return nil, nil, internal(err)
		}
	}
	// The engine starts it as a new thread: what the old one ran with has to be said.
	t.start = old.start
	say := map[string]any{"ephemeral": true, "cwd": t.told.Cwd, "model": t.told.Model, "modelProvider": t.told.ModelProvider}
	if e := t.told.ReasoningEffort; e != nil {
		say["config.model_reasoning_effort"] = *e
	}
	for _, k := range slices.Sorted(maps.Keys(say)) {
		if t.start, err = sjson.SetBytes(t.start, k, say[k]); err != nil {
			return nil, nil, internal(err)
		}
	}
	return t, turns, nil
}
