package appserver

import (
	"cmp"
	"encoding/json"
	"errors"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"

	"github.com/tidwall/gjson"
	"github.com/tidwall/sjson"

	"codex/pkg/jsonrpc"
	"codex/pkg/ostext"
	"codex/pkg/protocol"
	"codex/pkg/thread"
)

func (s *Server) threadResume(r *request, p *protocol.ThreadResumeParams) (any, error) {
	if p.History != nil {
		return s.resumeHistory(r, p)
	}
	id, path, err := s.locate(p.ThreadID, p.Path)
	if err != nil {
		return nil, err
	}
	if t := s.thread(id); t != nil {
		result, err := t.join(r, p)
		if errors.Is(err, jsonrpc.ErrLater) {
			s.warnOf(r.c, t)
		}
		return result, err
	}
	if path == "" || thread.Archived(s.home, path) && p.Path == nil {
		return nil, jsonrpc.Invalidf("no rollout found for thread id %s", p.ThreadID)
	}
	t, turns, err := s.reopen(path, thread.AskedByResume(p), r.Params)
	if err != nil {
		return nil, err
	}
	if !s.adopt(t, r.c) { // under another name, meanwhile
		return s.thread(id).join(r, p)
	}
	t.setStatus(protocol.ThreadStatus{Type: protocol.ThreadStatusIdle})
	res, err := resumed(t.begun, turns, p)
	if err != nil {
		return nil, err
	}
	t.opened(r, res, p.ExcludeTurns)
	t.noteGoal()
	return nil, jsonrpc.ErrLater
}

// opened answers the request that loaded the thread, and tells what it has used so far.
func (t *loadedThread) opened(r *request, answer any, exclude bool) {
	_ = r.Reply(answer, nil)
	t.mu.Lock()
	usage := t.usage
	t.mu.Unlock()
	if usage != nil && !exclude {
		t.tell(protocol.NoteThreadTokenUsageUpdated, usage)
	}
	t.s.warnOf(r.c, t)
}

// resumeHistory makes a new thread of items of the Responses API. Its engine starts at
// once, to write them down.
func (s *Server) resumeHistory(r *request, p *protocol.ThreadResumeParams) (any, error) {
	if len(p.History) == 0 {
		return nil, jsonrpc.Invalidf("history must not be empty")
	}
	if id, ok := thread.ParseID(p.ThreadID); ok && s.thread(id) != nil {
		return nil, jsonrpc.Invalidf("cannot resume thread %s with history while it is already running", id)
	}
	a := thread.AskedByResume(p)
	cfg, err := s.configure(a)
	if err != nil {
		return nil, err
	}
	t, err := s.fresh(cfg, a, without(r.Params, "history", "threadId", "path", "excludeTurns"), false)
	if err != nil {
		return nil, err
	}
	t.seed = p.History
	t.begun.Thread.Preview = firstWords(p.History)
	s.adopt(t, r.c)
	t.do(func() {
		if _, err := t.engine(); err != nil {
			s.drop(t)
			_ = r.Reply(nil, err)
			return
		}
		t.setStatus(protocol.ThreadStatus{Type: protocol.ThreadStatusIdle})
		res, err := resumed(t.begun, nil, p)
		if err != nil {
			_ = r.Reply(nil, err)
			return
		}
		t.opened(r, res, p.ExcludeTurns)
		t.note(protocol.NoteThreadGoalCleared, protocol.ThreadGoalClearedNotification{ThreadID: t.id})
		t.resting()
	})
	return nil, jsonrpc.ErrLater
}

// without takes members out of params that another method does not have.
func without(params json.RawMessage, names ...string) json.RawMessage {
	for _, name := range names {
		if out, err := sjson.DeleteBytes(params, name); err == nil {
			params = out
		}
	}
	return params
}

// firstWords is the text of the first message of the user.
func firstWords(items []json.RawMessage) string {
	for _, item := range items {
		v := gjson.ParseBytes(item)
		if v.Get("type").Str == "message" && v.Get("role").Str == "user" {
			return strings.Clone(v.Get("content.0.text").Str)
		}
	}
	return ""
}

// locate finds a thread by path or id.
func (s *Server) locate(id string, path *string) (string, string, error) {
	if path != nil && *path != "" {
		p := *path
		if !filepath.IsAbs(p) {
			p = filepath.Join(s.home, p)
		}
		h, err := thread.Read(p)
		if errors.Is(err, fs.ErrNotExist) {
			return "", "", jsonrpc.Invalidf("failed to resolve rollout path `%s`: %v", p, ostext.Of(err))
		}
		if err != nil {
			return "", "", jsonrpc.Invalidf("failed to load rollout `%s`: %v", p, err)
		}
		return h.ID, p, nil
	}
	id, err := threadID(id)
	if err != nil {
		return "", "", err
	}
	return id, s.find(id), nil
}

// find gives the session file of a thread, "" when there is none.
func (s *Server) find(id string) string {
	path, _ := thread.Find(s.home, id)
	return path
}

// reopen makes a thread of a session file. Model and effort are those of its last turn,
// approval and sandbox are not restored.
func (s *Server) reopen(path string, a *thread.Asked, params json.RawMessage) (*loadedThread, []protocol.Turn, error) {
	if err := keepable(params); err != nil {
		return nil, nil, err
	}
	h, err := thread.Read(path)
	if err != nil {
		return nil, nil, err
	}
	last, err := thread.ReadLatest(path)
	if err != nil {
		return nil, nil, err
	}
	if a.Cwd == nil {
		dir := cmp.Or(last.Cwd, h.Cwd)
		a.Cwd = &dir
	}
	if a.ModelProvider == nil && h.Provider != "" {
		a.ModelProvider = &h.Provider
	}
	restored := a.Model == nil && last.Model != ""
	if restored {
		a.Model = &last.Model
	}
	cfg, err := s.configure(a)
	if err != nil {
		return nil, nil, err
	}
	t := &loadedThread{id: h.ID, path: path, start: params, begun: thread.Opened(cfg, a), warnings: slices.Concat(cfg.Warnings, cfg.Unknown)}
	if restored {
		t.begun.ReasoningEffort = nil
		if last.Effort != "" {
			e := protocol.ReasoningEffort(last.Effort)
			t.begun.ReasoningEffort = &e
		}
	}
	t.begun.Thread = h.Thread(s.names.Of(s.home))
	t.begun.Thread.Status = protocol.ThreadStatus{Type: protocol.ThreadStatusIdle}
	if last.Usage != nil {
		t.usage = noteLine(protocol.NoteThreadTokenUsageUpdated, protocol.ThreadTokenUsageUpdatedNotification{ThreadID: t.id, TurnID: last.Turn, TokenUsage: *last.Usage})
	}
	turns, err := thread.Turns(path, "")
	if err != nil {
		return nil, nil, err
	}
	return t, turns, nil
}

// join subscribes a client to a loaded thread. What it asks to change is left as it is:
// others use the thread.
func (t *loadedThread) join(r *request, p *protocol.ThreadResumeParams) (any, error) {
	if p.Model != nil || p.Cwd != nil || p.Sandbox != nil || p.ApprovalPolicy != nil {
		t.s.opts.Log.Printf("thread %s is loaded: what thread/resume asks to change is ignored", t.id)
	}
	d := t.describe()
	if !t.materialized() {
		return nil, jsonrpc.Invalidf("no rollout found for thread id %s", t.id)
	}
	t.mu.Lock()
	defer t.mu.Unlock() // nothing of the engine gets between
	turns, err := t.turns()
	if err != nil {
		return nil, err
	}
	begun := t.nowBegun()
	begun.Thread = t.shown(d)
	res, err := resumed(begun, turns, p)
	if err != nil {
		return nil, err
	}
	_ = r.Reply(res, nil)
	t.subs[r.c] = struct{}{}
	t.s.follow(t, r.c)
	if t.usage != nil && !p.ExcludeTurns {
		r.c.note(protocol.NoteThreadTokenUsageUpdated, t.usage)
	}
	method, goal := t.goal()
	for _, c := range t.subscribers() {
		c.note(method, goal)
	}
	t.repeat(r.c)
	return nil, jsonrpc.ErrLater
}

// turns are those of the file. t.mu is held.
func (t *loadedThread) turns() ([]protocol.Turn, error) {
	running := ""
	if t.turn != nil {
		running = t.turn.ID
	}
	return t.s.stored.read(t.path, running)
}
