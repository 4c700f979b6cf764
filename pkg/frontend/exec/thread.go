package exec

import (
	"errors"
	"fmt"

	"codex/pkg/protocol"
	"codex/pkg/thread"
)

type resumeParams struct {
	ThreadID     string `json:"threadId"`
	Path         string `json:"path,omitempty"`
	ExcludeTurns bool   `json:"excludeTurns,omitempty"`
}

type startParams struct {
	ThreadSource string `json:"threadSource,omitempty"`
}

// forkRequest copies a session, and makes the request that opens the copy. A session that
// is kept nowhere needs none: its engine does not write to the file that it reads.
func (r *run) forkRequest() (method string, params any, err error) {
	a := r.args
	var path string
	id, ok := thread.ParseID(a.Session)
	if ok {
		path, err = thread.Find(r.cfg.Home, id)
	} else {
		var s *thread.Head
		if s, err = thread.ByName(r.cfg.Home, a.Session, r.cfg.Cwd, true); err == nil {
			id, path = s.ID, s.Path
		}
	}
	if errors.Is(err, thread.ErrNone) {
		return "", nil, fmt.Errorf("no session %s found", a.Session)
	}
	if err == nil && !a.Ephemeral {
		id, path, err = r.fork(path)
	}
	if err != nil {
		return "", nil, fmt.Errorf("fork the session: %w", err)
	}
	return protocol.MethodThreadResume, resumeParams{ThreadID: id, Path: path, ExcludeTurns: len(r.cfg.Notify) == 0}, nil
}

// fork copies a session file.
func (r *run) fork(from string) (id, path string, err error) {
	who := protocol.ThreadSourceUser
	if r.args.ThreadSource != "" {
		who = protocol.ThreadSource(r.args.ThreadSource)
	}
	if path, err = thread.Fork(r.cfg.Home, from, "codex_exec", protocol.SourceExec, &who); err != nil {
		return "", "", err
	}
	head, err := thread.Read(path)
	if err != nil {
		return "", "", err
	}
	return head.ID, path, nil
}

// threadRequest makes the request that opens the thread: a new one, or for resume the one
// that was meant. A name that nobody knows, and --last where there is nothing, start a
// new thread; an unknown id is an error.
func (r *run) threadRequest() (method string, params any, err error) {
	a := r.args
	fresh := startParams{a.ThreadSource}
	if a.Verb == verbFork {
		return r.forkRequest()
	}
	if a.Verb != verbResume || a.Session == "" && !a.Last {
		return protocol.MethodThreadStart, fresh, nil
	}
	p := resumeParams{ExcludeTurns: len(r.cfg.Notify) == 0} // the notify program is told earlier prompts
	if id, ok := thread.ParseID(a.Session); ok && !a.Last {
		p.ThreadID = id
		p.Path, err = thread.Find(r.cfg.Home, id)
		if errors.Is(err, thread.ErrNone) {
			return "", nil, fmt.Errorf("no rollout found for thread id %s", id)
		}
		return protocol.MethodThreadResume, p, err
	}
	var s *thread.Head
	if a.Last {
		s, err = thread.Last(r.cfg.Home, r.cfg.ProviderID, r.cfg.Cwd, a.All, func(err error) {
			fmt.Fprintf(r.Stderr, "codex-exec: passed over: %v\n", err)
		})
	} else {
		s, err = thread.ByName(r.cfg.Home, a.Session, r.cfg.Cwd, a.All)
	}
	switch {
	case errors.Is(err, thread.ErrNone):
		fmt.Fprintln(r.Stderr, "codex-exec: there is no such session: a new one begins")
		return protocol.MethodThreadStart, fresh, nil
	case err != nil:
		return "", nil, fmt.Errorf("look for the session: %w", err)
	}
	p.ThreadID, p.Path = s.ID, s.Path
	return protocol.MethodThreadResume, p, nil
}
