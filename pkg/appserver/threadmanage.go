package appserver

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/tidwall/gjson"

	"codex/pkg/protocol"
	"codex/pkg/rollout"
)

// inLane is the lane of the thread that a request names.
func (s *Server) inLane(r *request) string {
	id := gjson.GetBytes(r.params, "threadId").Str
	if norm, ok := parseID(id); ok {
		id = norm
	}
	return "thread:" + id
}

// mine gives the loaded thread that a request is about.
func (s *Server) mine(id string) (*thread, error) {
	norm, err := threadID(id)
	if err != nil {
		return nil, err
	}
	if t := s.thread(norm); t != nil {
		return t, nil
	}
	return nil, invalid("thread not found: %s", id)
}

// toEngine forwards what belongs to a thread.
func (s *Server) toEngine(r *request) (any, error) {
	if r.params == nil {
		return nil, invalid("Invalid request: missing field `params`")
	}
	id := gjson.GetBytes(r.params, "threadId")
	switch {
	case !id.Exists():
		return nil, invalid("Invalid request: missing field `threadId`")
	case id.Type != gjson.String:
		return nil, invalid("Invalid request: invalid type: %s, expected a string", kindOf(id))
	}
	t, err := s.mine(id.Str)
	if err != nil {
		return nil, err
	}
	return t.forward(r)
}

// turnStart holds the params against the rules of this side before an engine is started
// for them.
func (s *Server) turnStart(r *request, p *protocol.TurnStartParams) (any, error) {
	return s.toEngine(r)
}

func (s *Server) turnSteer(r *request, p *protocol.TurnSteerParams) (any, error) {
	t, err := s.mine(p.ThreadID)
	switch {
	case err != nil:
		return nil, err
	case p.ExpectedTurnID == "":
		return nil, invalid("expectedTurnId must not be empty")
	case !t.hasEngine():
		return nil, invalid("no active turn to steer")
	}
	return t.forward(r)
}

func (s *Server) turnInterrupt(r *request, p *protocol.TurnInterruptParams) (any, error) {
	t, err := s.mine(p.ThreadID)
	switch {
	case err != nil:
		return nil, err
	case !t.hasEngine() && p.TurnID == "":
		return protocol.TurnInterruptResponse{}, nil
	case !t.hasEngine():
		return nil, invalid("no active turn to interrupt")
	}
	return t.forward(r)
}

func (t *thread) hasEngine() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.child != nil
}

func (s *Server) threadRead(r *request, p *protocol.ThreadReadParams) (any, error) {
	id, err := threadID(p.ThreadID)
	if err != nil {
		return nil, err
	}
	if t := s.thread(id); t != nil {
		d := t.describe()
		if p.IncludeTurns {
			switch {
			case t.eph:
				return nil, invalid("ephemeral threads do not support includeTurns")
			case !t.materialized():
				return nil, invalid("thread %s is not materialized yet; includeTurns is unavailable before first user message", id)
			}
			t.mu.Lock()
			d.Turns, err = t.turns()
			t.mu.Unlock()
			if err != nil {
				return nil, internal(err)
			}
		}
		return protocol.ThreadReadResponse{Thread: d}, nil
	}
	path := s.find(id)
	if path == "" {
		return nil, invalid("thread not loaded: %s", id)
	}
	h, err := s.readHead(path)
	if err != nil {
		return nil, internal(err)
	}
	d := s.stored(h)
	if p.IncludeTurns {
		if d.Turns, err = rollout.Turns(path); err != nil {
			return nil, internal(err)
		}
	}
	return protocol.ThreadReadResponse{Thread: d}, nil
}

// turnsCursor is a place in a list of turns; clients do not look into it.
type turnsCursor struct {
	TurnID        string `json:"turnId"`
	IncludeAnchor bool   `json:"includeAnchor"`
}

func (c turnsCursor) String() string { return string(encode(c)) }

func (s *Server) threadTurnsList(r *request, p *protocol.ThreadTurnsListParams) (any, error) {
	got, err := s.threadRead(r, &protocol.ThreadReadParams{ThreadID: p.ThreadID, IncludeTurns: true})
	if err != nil {
		return nil, err
	}
	turns := got.(protocol.ThreadReadResponse).Thread.Turns
	if p.SortDirection == nil || *p.SortDirection == protocol.SortDirectionDesc {
		slices.Reverse(turns)
	}
	if p.Cursor != nil {
		var c turnsCursor
		if json.Unmarshal([]byte(*p.Cursor), &c) != nil {
			return nil, invalid("invalid cursor: %s", *p.Cursor)
		}
		i := slices.IndexFunc(turns, func(t protocol.Turn) bool { return t.ID == c.TurnID })
		if i < 0 {
			return nil, invalid("invalid cursor: %s", *p.Cursor)
		}
		if !c.IncludeAnchor {
			i++
		}
		turns = turns[i:]
	}
	limit := 25
	if p.Limit != nil {
		limit = min(max(int(*p.Limit), 1), 100)
	}
	res := protocol.ThreadTurnsListResponse{Data: turns}
	if len(turns) > limit {
		next := turnsCursor{turns[limit-1].ID, false}.String()
		res.Data, res.NextCursor = turns[:limit], &next
	}
	if len(turns) > 0 {
		back := turnsCursor{turns[0].ID, true}.String()
		res.BackwardsCursor = &back
	}
	view := protocol.TurnItemsViewSummary
	if p.ItemsView != nil {
		view = *p.ItemsView
	}
	for i := range res.Data {
		res.Data[i].ItemsView = view
		res.Data[i].Items = itemsIn(view, res.Data[i].Items)
	}
	return res, nil
}

// itemsIn keeps what a view shows: all, nothing, or the messages of the user and the last
// one of the agent.
func itemsIn(view protocol.TurnItemsView, items protocol.ThreadItems) protocol.ThreadItems {
	switch view {
	case protocol.TurnItemsViewFull:
		return items
	case protocol.TurnItemsViewNotLoaded:
		return nil
	}
	var out protocol.ThreadItems
	var final *protocol.AgentMessageItem
	for _, item := range items {
		switch v := item.(type) {
		case *protocol.UserMessageItem:
			out = append(out, v)
		case *protocol.AgentMessageItem:
			final = v
		}
	}
	if final != nil {
		out = append(out, final)
	}
	return out
}

func (s *Server) threadNameSet(r *request, p *protocol.ThreadSetNameParams) (any, error) {
	id, err := threadID(p.ThreadID)
	if err != nil {
		return nil, err
	}
	name := strings.TrimSpace(p.Name)
	if name == "" {
		return nil, invalid("thread name must not be empty")
	}
	if t := s.thread(id); t != nil && t.eph {
		return nil, invalid("ephemeral thread does not support metadata updates: %s", id)
	} else if t == nil && s.find(id) == "" {
		return nil, invalid("thread not found: %s", id)
	}
	line := append(encode(struct {
		ID      string `json:"id"`
		Name    string `json:"thread_name"`
		Updated string `json:"updated_at"`
	}{id, name, s.opts.Now().UTC().Format(time.RFC3339Nano)}), '\n')
	if err := appendLine(filepath.Join(s.home, "session_index.jsonl"), line); err != nil {
		return nil, internal(err)
	}
	if t := s.thread(id); t != nil {
		t.mu.Lock()
		t.told.Thread.Name = &name
		t.mu.Unlock()
	}
	r.reply(protocol.ThreadSetNameResponse{})
	s.broadcast(protocol.NoteThreadNameUpdated, protocol.ThreadNameUpdatedNotification{ThreadID: id, ThreadName: &name})
	return nil, errLater
}

func appendLine(path string, line []byte) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(line)
	return errors.Join(err, f.Close())
}

func (s *Server) threadMetadataUpdate(r *request, p *protocol.ThreadMetadataUpdateParams) (any, error) {
	id, err := threadID(p.ThreadID)
	if err != nil {
		return nil, err
	}
	t := s.thread(id)
	if t != nil && t.eph {
		return nil, invalid("ephemeral thread does not support metadata updates: %s", id)
	}
	g := p.GitInfo
	if g == nil || !g.Sha.Set && !g.Branch.Set && !g.OriginURL.Set {
		return nil, invalid("gitInfo must include at least one field")
	}
	path := s.find(id)
	if path == "" {
		return nil, invalid("thread not found: %s", id)
	}
	h, err := s.readHead(path)
	if err != nil {
		return nil, internal(err)
	}
	var meta rollout.Meta
	if err := json.Unmarshal([]byte(h.meta.Raw), &meta); err != nil {
		return nil, internal(err)
	}
	git := rollout.Git{CommitHash: h.git.Get("commit_hash").Str, Branch: h.git.Get("branch").Str, RepositoryURL: h.git.Get("repository_url").Str}
	for _, c := range []struct {
		to    *string
		patch protocol.Patch[string]
	}{{&git.CommitHash, g.Sha}, {&git.Branch, g.Branch}, {&git.RepositoryURL, g.OriginURL}} {
		if c.patch.Set {
			*c.to = ""
			if c.patch.Value != nil {
				*c.to = *c.patch.Value
			}
		}
	}
	meta.Git = &git
	w := rollout.Continue(path, s.opts.Now)
	err = w.Append(rollout.Entry{Type: rollout.TypeSessionMeta, Payload: meta})
	if err = errors.Join(err, w.Close()); err != nil {
		return nil, internal(err)
	}
	got, err := s.threadRead(r, &protocol.ThreadReadParams{ThreadID: id})
	if err != nil {
		return nil, err
	}
	return protocol.ThreadMetadataUpdateResponse{Thread: got.(protocol.ThreadReadResponse).Thread}, nil
}

func (s *Server) threadArchive(r *request, p *protocol.ThreadArchiveParams) (any, error) {
	id, err := threadID(p.ThreadID)
	if err != nil {
		return nil, err
	}
	path := s.find(id)
	if path == "" || s.archived(path) {
		return nil, invalid("no rollout found for thread id %s", p.ThreadID)
	}
	if t := s.thread(id); t != nil {
		t.end(s.opts.Leave)
		s.mu.Lock()
		delete(s.threads, id)
		s.mu.Unlock()
		t.setStatus(protocol.ThreadStatus{Type: protocol.ThreadStatusNotLoaded})
	}
	dir := filepath.Join(s.home, "archived_sessions")
	if err := move(path, filepath.Join(dir, filepath.Base(path))); err != nil {
		return nil, internal(fmt.Errorf("archive thread %s: %w", id, err))
	}
	r.reply(protocol.ThreadArchiveResponse{})
	s.broadcast(protocol.NoteThreadArchived, protocol.ThreadArchivedNotification{ThreadID: id})
	return nil, errLater
}

func move(from, to string) error {
	if err := os.MkdirAll(filepath.Dir(to), 0o700); err != nil {
		return err
	}
	if _, err := os.Lstat(to); err == nil {
		return &os.PathError{Op: "rename", Path: to, Err: fs.ErrExist}
	}
	return os.Rename(from, to)
}

func (s *Server) threadUnarchive(r *request, p *protocol.ThreadUnarchiveParams) (any, error) {
	id, err := threadID(p.ThreadID)
	if err != nil {
		return nil, err
	}
	path := s.find(id)
	name := filepath.Base(path)
	if path == "" || !s.archived(path) || len(name) < len("rollout-2006-01-02") {
		return nil, invalid("no archived rollout found for thread id %s", p.ThreadID)
	}
	day := strings.Split(name[len("rollout-"):][:len("2006-01-02")], "-")
	to := filepath.Join(append([]string{s.home, "sessions"}, append(day, name)...)...)
	if err := move(path, to); err != nil {
		return nil, internal(fmt.Errorf("unarchive thread %s: %w", id, err))
	}
	h, err := s.readHead(to)
	if err != nil {
		return nil, internal(err)
	}
	r.reply(protocol.ThreadUnarchiveResponse{Thread: s.stored(h)})
	s.broadcast(protocol.NoteThreadUnarchived, protocol.ThreadUnarchivedNotification{ThreadID: id})
	return nil, errLater
}

func (s *Server) threadUnsubscribe(r *request, p *protocol.ThreadUnsubscribeParams) (any, error) {
	id, err := threadID(p.ThreadID)
	if err != nil {
		return nil, err
	}
	status := protocol.ThreadUnsubscribeStatusNotLoaded
	if t := s.thread(id); t != nil {
		status = protocol.ThreadUnsubscribeStatusNotSubscribed
		if t.unsubscribe(r.c) {
			status = protocol.ThreadUnsubscribeStatusUnsubscribed
		}
	}
	return protocol.ThreadUnsubscribeResponse{Status: status}, nil
}

// threadRollback takes turns back in the file: the thread is brought to rest for it, and
// its next engine reads what is left.
func (s *Server) threadRollback(r *request, p *protocol.ThreadRollbackParams) (any, error) {
	t, err := s.mine(p.ThreadID)
	switch {
	case err != nil:
		return nil, err
	case p.NumTurns == 0:
		return nil, invalid("numTurns must be >= 1")
	case t.eph || !t.materialized():
		return nil, invalid("no rollout found for thread id %s", t.id)
	}
	t.mu.Lock()
	running, c := t.turn != nil || len(t.commands) > 0, t.child
	t.mu.Unlock()
	if running {
		return nil, invalid("cannot roll back while a turn or a command is running")
	}
	if c != nil {
		c.release(s.opts.Leave)
	}
	w := rollout.Continue(t.path, s.opts.Now)
	err = w.Append(rollout.Entry{Type: rollout.TypeEvent, Payload: struct {
		Type string `json:"type"`
		N    uint32 `json:"num_turns"`
	}{"thread_rolled_back", p.NumTurns}})
	if err = errors.Join(err, w.Close()); err != nil {
		return nil, internal(err)
	}
	d := t.describe()
	t.mu.Lock()
	d.Turns, err = t.turns()
	usage, limits := t.usage, t.limits
	t.mu.Unlock()
	if err != nil {
		return nil, internal(err)
	}
	if usage != nil {
		t.tell(protocol.NoteThreadTokenUsageUpdated, usage)
	}
	if limits != nil {
		t.tell(protocol.NoteAccountRateLimitsUpdated, limits)
	}
	return protocol.ThreadRollbackResponse{Thread: d}, nil
}
