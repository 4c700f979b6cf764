package appserver

import (
	"encoding/json"
	"errors"
	"io/fs"
	"path/filepath"
	"strings"

	"github.com/tidwall/gjson"
	"github.com/tidwall/sjson"

	"codex/pkg/protocol"
	"codex/pkg/rollout"
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
		return t.join(r, p)
	}
	if path == "" || s.archived(path) && p.Path == nil {
		return nil, invalid("no rollout found for thread id %s", p.ThreadID)
	}
	h, err := s.readHead(path)
	if err != nil {
		return nil, internal(err)
	}
	w := wishes{p.Cwd, p.Model, p.ModelProvider, p.Sandbox, p.ApprovalPolicy, p.ApprovalsReviewer, p.ServiceTier, p.Config, p.Permissions, p.RuntimeWorkspaceRoots, nil}
	t, turns, err := s.reopen(h, w, r.params)
	if err != nil {
		return nil, err
	}
	if !s.adopt(t, r.c) { // under another name, meanwhile
		return s.thread(id).join(r, p)
	}
	t.setStatus(protocol.ThreadStatus{Type: protocol.ThreadStatusIdle})
	t.opened(r, turns, p.ExcludeTurns)
	t.note(protocol.NoteThreadGoalCleared, protocol.ThreadGoalClearedNotification{ThreadID: t.id})
	return nil, errLater
}

// opened answers the request that loaded the thread, and tells what it has used so far.
func (t *loadedThread) opened(r *request, turns []protocol.Turn, exclude bool) {
	told := t.told
	if !exclude {
		told.Thread.Turns = turns
	}
	r.reply(told)
	t.mu.Lock()
	usage := t.usage
	t.mu.Unlock()
	if usage != nil && !exclude {
		t.tell(protocol.NoteThreadTokenUsageUpdated, usage)
	}
}

// resumeHistory makes a new thread of items of the Responses API. Its engine starts at
// once, to write them down.
func (s *Server) resumeHistory(r *request, p *protocol.ThreadResumeParams) (any, error) {
	if len(p.History) == 0 {
		return nil, invalid("history must not be empty")
	}
	if id, ok := thread.ParseID(p.ThreadID); ok && s.thread(id) != nil {
		return nil, invalid("cannot resume thread %s with history while it is already running", id)
	}
	w := wishes{p.Cwd, p.Model, p.ModelProvider, p.Sandbox, p.ApprovalPolicy, p.ApprovalsReviewer, p.ServiceTier, p.Config, p.Permissions, p.RuntimeWorkspaceRoots, nil}
	cfg, err := s.settle(&w)
	if err != nil {
		return nil, err
	}
	t, err := s.fresh(cfg, w, without(r.params, "history", "threadId", "path", "excludeTurns"), false)
	if err != nil {
		return nil, err
	}
	t.seed = p.History
	t.told.Thread.Preview = firstWords(p.History)
	s.adopt(t, r.c)
	s.lanes.do(t.lane(), func() {
		if _, err := t.engine(); err != nil {
			s.drop(t)
			r.fail(err)
			return
		}
		t.setStatus(protocol.ThreadStatus{Type: protocol.ThreadStatusIdle})
		t.opened(r, nil, p.ExcludeTurns)
		t.note(protocol.NoteThreadGoalCleared, protocol.ThreadGoalClearedNotification{ThreadID: t.id})
		t.mu.Lock()
		t.rest()
		t.mu.Unlock()
	})
	return nil, errLater
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
		h, err := s.readHead(p)
		if errors.Is(err, fs.ErrNotExist) {
			return "", "", invalid("failed to resolve rollout path `%s`: %v", p, ioError(err))
		}
		if err != nil {
			return "", "", invalid("failed to load rollout `%s`: %v", p, err)
		}
		return h.id, p, nil
	}
	id, err := threadID(id)
	if err != nil {
		return "", "", err
	}
	return id, s.find(id), nil
}

// reopen makes a thread of a session file. Model and effort are those of its last turn,
// approval and sandbox are not restored (appserver spec §3).
func (s *Server) reopen(h *head, w wishes, params json.RawMessage) (*loadedThread, []protocol.Turn, error) {
	if err := keepable(params); err != nil {
		return nil, nil, err
	}
	var last last
	if err := last.read(h.path); err != nil {
		return nil, nil, internal(err)
	}
	if w.cwd == nil {
		dir := h.meta.Get("cwd").Str
		if last.cwd != "" {
			dir = last.cwd
		}
		w.cwd = &dir
	}
	if w.provider == nil {
		if id := h.meta.Get("model_provider").Str; id != "" {
			w.provider = &id
		}
	}
	restored := w.model == nil && last.model != ""
	if restored {
		w.model = &last.model
	}
	cfg, err := s.settle(&w)
	if err != nil {
		return nil, nil, err
	}
	t := &loadedThread{id: h.id, path: h.path, start: params, told: describe(cfg, w)}
	if restored {
		t.told.ReasoningEffort = nil
		if last.effort != "" {
			e := protocol.ReasoningEffort(last.effort)
			t.told.ReasoningEffort = &e
		}
	}
	t.told.Thread = s.stored(h)
	t.told.Thread.Status = protocol.ThreadStatus{Type: protocol.ThreadStatusIdle}
	t.usage = last.usageLine(t.id)
	turns, err := rollout.Turns(h.path)
	if err != nil {
		return nil, nil, internal(err)
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
		return nil, invalid("no rollout found for thread id %s", t.id)
	}
	t.mu.Lock()
	defer t.mu.Unlock() // nothing of the engine gets between
	if !p.ExcludeTurns {
		turns, err := t.turns()
		if err != nil {
			return nil, internal(err)
		}
		d.Turns = turns
	}
	told := t.told
	if t.settings != nil {
		var now protocol.ThreadSettings
		if json.Unmarshal(t.settings, &now) == nil {
			told.Model, told.Cwd, told.ApprovalPolicy, told.Sandbox, told.ReasoningEffort = now.Model, now.Cwd, now.ApprovalPolicy, now.SandboxPolicy, now.Effort
			told.ActivePermissionProfile = now.ActivePermissionProfile
		}
	}
	d.Status = t.status
	told.Thread = d
	r.reply(told)
	t.subs[r.c] = struct{}{}
	if t.usage != nil && !p.ExcludeTurns {
		r.c.note(protocol.NoteThreadTokenUsageUpdated, t.usage)
	}
	cleared := noteLine(protocol.NoteThreadGoalCleared, protocol.ThreadGoalClearedNotification{ThreadID: t.id})
	for _, c := range t.subscribers() {
		c.note(protocol.NoteThreadGoalCleared, cleared)
	}
	for _, a := range t.open() {
		r.c.send(a.line)
	}
	return nil, errLater
}

// turns are those of the file; the running one is in progress. t.mu is held.
func (t *loadedThread) turns() ([]protocol.Turn, error) {
	turns, err := rollout.Turns(t.path)
	if n := len(turns) - 1; err == nil && t.turn != nil && n >= 0 && turns[n].ID == t.turn.ID && turns[n].CompletedAt == nil {
		turns[n].Status = protocol.TurnStatusInProgress
	}
	return turns, err
}
