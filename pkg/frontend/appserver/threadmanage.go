package appserver

import (
	"encoding/json"
	"fmt"
	"unicode/utf8"

	"github.com/tidwall/gjson"
	"github.com/tidwall/sjson"

	"codex/pkg/jsonrpc"
	"codex/pkg/protocol"
	"codex/pkg/thread"
)

// mine gives the loaded thread that a request is about.
func (s *Server) mine(id string) (*loadedThread, error) {
	norm, err := threadID(id)
	if err != nil {
		return nil, err
	}
	if t := s.thread(norm); t != nil {
		return t, nil
	}
	return nil, jsonrpc.Invalidf("thread not found: %s", id)
}

// toEngine hands on what belongs to a thread, once its params P have been read strictly. Where
// they may name none, and do not, an engine is started for the request.
func toEngine[P any](s *Server) func(*request) (any, error) {
	return with(func(r *request, _ *P) (any, error) {
		id := gjson.GetBytes(r.Params, "threadId")
		if id.Type == gjson.Null {
			return s.askEngine(r)
		}
		t, err := s.mine(id.Str)
		if err != nil {
			return nil, err
		}
		return t.forward(r)
	})
}

// ofEngine is toEngine for what only an engine has, such as commands in the background: a
// thread at rest has none, which R says.
func ofEngine[P, R any](s *Server) func(*request) (any, error) {
	return with(func(r *request, _ *P) (any, error) {
		t, err := s.mine(gjson.GetBytes(r.Params, "threadId").Str)
		if err != nil || !t.hasEngine() {
			return *new(R), err
		}
		return t.forward(r)
	})
}

// noteGoal tells the goal of a stored thread, or that it has none, to all who follow it.
func (t *loadedThread) noteGoal() {
	t.tell(t.goal())
}

// goal is the note of the goal that the session file has.
func (t *loadedThread) goal() (method string, line []byte) {
	if g, err := thread.ReadGoal(t.path, t.id); err == nil && g != nil {
		return protocol.NoteThreadGoalUpdated, noteLine(protocol.NoteThreadGoalUpdated, protocol.ThreadGoalUpdatedNotification{ThreadID: t.id, Goal: *g})
	}
	return protocol.NoteThreadGoalCleared, noteLine(protocol.NoteThreadGoalCleared, protocol.ThreadGoalClearedNotification{ThreadID: t.id})
}

// turnStart holds the params against the rules of this side before an engine is started
// for them.
func (s *Server) turnStart(r *request, p *protocol.TurnStartParams) (any, error) {
	t, err := s.mine(p.ThreadID)
	if err == nil {
		err = short(p.Input)
	}
	if err != nil {
		return nil, err
	}
	return t.forward(r)
}

// maxInput bounds the text of a turn's input in characters.
const maxInput = 1 << 20

func short(input []protocol.UserInput) error {
	n := 0
	for _, u := range input {
		n += utf8.RuneCountInString(u.Text)
	}
	if n <= maxInput {
		return nil
	}
	return &jsonrpc.Error{Code: jsonrpc.CodeInvalidParams, Message: fmt.Sprintf("Input exceeds the maximum length of %d characters.", maxInput), Data: struct {
		Code   string `json:"input_error_code"`
		Max    int    `json:"max_chars"`
		Actual int    `json:"actual_chars"`
	}{"input_too_large", maxInput, n}}
}

// reviewStart lets the engine review, a copy of the thread when the client wants the
// review apart from it.
func (s *Server) reviewStart(r *request, p *protocol.ReviewStartParams) (any, error) {
	t, err := s.mine(p.ThreadID)
	if err != nil {
		return nil, err
	}
	if p.Delivery == nil || *p.Delivery != protocol.ReviewDeliveryDetached {
		return t.forward(r)
	}
	t, _, err = s.fork(r.c, json.RawMessage("{}"), &protocol.ThreadForkParams{ThreadID: t.id})
	if err != nil {
		return nil, err
	}
	if r.Params, err = sjson.SetBytes(without(r.Params, "delivery"), "threadId", t.id); err != nil {
		return nil, err
	}
	s.broadcast(protocol.NoteThreadStarted, protocol.ThreadStartedNotification{Thread: t.begun.Thread})
	t.do(func() { _ = r.Reply(t.forward(r)) })
	return nil, jsonrpc.ErrLater
}

func (s *Server) turnSteer(r *request, p *protocol.TurnSteerParams) (any, error) {
	t, err := s.mine(p.ThreadID)
	switch {
	case err != nil:
		return nil, err
	case p.ExpectedTurnID == "":
		return nil, jsonrpc.Invalidf("expectedTurnId must not be empty")
	case !t.hasEngine():
		return nil, jsonrpc.Invalidf("no active turn to steer")
	}
	if err := short(p.Input); err != nil {
		return nil, err
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
		return nil, jsonrpc.Invalidf("no active turn to interrupt")
	}
	return t.forward(r)
}

func (t *loadedThread) hasEngine() bool {
	if t.parent != nil {
		return t.parent.hasEngine()
	}
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
				return nil, jsonrpc.Invalidf("ephemeral threads do not support includeTurns")
			case !t.materialized():
				return nil, jsonrpc.Invalidf("thread %s is not materialized yet; includeTurns is unavailable before first user message", id)
			}
			t.mu.Lock()
			d.Turns, err = t.turns()
			t.mu.Unlock()
			if err != nil {
				return nil, err
			}
		}
		return protocol.ThreadReadResponse{Thread: d}, nil
	}
	path := s.find(id)
	if path == "" {
		return nil, jsonrpc.Invalidf("thread not loaded: %s", id)
	}
	h, err := thread.Read(path)
	if err != nil {
		return nil, err
	}
	d := h.Thread(s.names.Of(s.home))
	if p.IncludeTurns {
		if d.Turns, err = s.stored.read(path, ""); err != nil {
			return nil, err
		}
	}
	return protocol.ThreadReadResponse{Thread: d}, nil
}

func (s *Server) threadArchive(r *request, p *protocol.ThreadArchiveParams) (any, error) {
	id, err := threadID(p.ThreadID)
	if err != nil {
		return nil, err
	}
	path := s.find(id)
	if path == "" || thread.Archived(s.home, path) {
		return nil, jsonrpc.Invalidf("no rollout found for thread id %s", p.ThreadID)
	}
	if t := s.thread(id); t != nil {
		if err := t.apart(); err != nil {
			return nil, err
		}
		t.retire()
	}
	if err := thread.Archive(s.home, path); err != nil {
		return nil, fmt.Errorf("archive thread %s: %w", id, err)
	}
	r.After(func() {
		s.broadcast(protocol.NoteThreadArchived, protocol.ThreadArchivedNotification{ThreadID: id})
	})
	return protocol.ThreadArchiveResponse{}, nil
}

// threadDelete removes a thread for good, archived or not.
func (s *Server) threadDelete(r *request, p *protocol.ThreadDeleteParams) (any, error) {
	id, err := threadID(p.ThreadID)
	if err != nil {
		return nil, err
	}
	path, t := s.find(id), s.thread(id)
	if path == "" && t == nil {
		return nil, jsonrpc.Invalidf("no rollout found for thread id %s", p.ThreadID)
	}
	if t != nil {
		if err := t.apart(); err != nil {
			return nil, err
		}
		t.retire()
	}
	if path != "" {
		if err := thread.Delete(s.home, id, path, s.opts.Now); err != nil {
			return nil, fmt.Errorf("delete thread %s: %w", id, err)
		}
	}
	r.After(func() {
		s.broadcast(protocol.NoteThreadDeleted, protocol.ThreadDeletedNotification{ThreadID: id})
	})
	return protocol.ThreadDeleteResponse{}, nil
}

func (s *Server) threadUnarchive(r *request, p *protocol.ThreadUnarchiveParams) (any, error) {
	id, err := threadID(p.ThreadID)
	if err != nil {
		return nil, err
	}
	path := s.find(id)
	if path == "" || !thread.Archived(s.home, path) {
		return nil, jsonrpc.Invalidf("no archived rollout found for thread id %s", p.ThreadID)
	}
	to, err := thread.Unarchive(s.home, path)
	if err != nil {
		return nil, fmt.Errorf("unarchive thread %s: %w", id, err)
	}
	h, err := thread.Read(to)
	if err != nil {
		return nil, err
	}
	r.After(func() {
		s.broadcast(protocol.NoteThreadUnarchived, protocol.ThreadUnarchivedNotification{ThreadID: id})
	})
	return protocol.ThreadUnarchiveResponse{Thread: h.Thread(s.names.Of(s.home))}, nil
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

// threadRevert takes back a turn and all behind it.
func (s *Server) threadRevert(r *request, p *protocol.ThreadRevertParams) (any, error) {
	turns, err := s.turnsOf(r, p.ThreadID)
	if err != nil {
		return nil, err
	}
	i := turnIndex(turns, p.BeforeTurnID)
	if i < 0 {
		return nil, jsonrpc.Invalidf("turn not found: %s", p.BeforeTurnID)
	}
	got, err := s.threadRollback(r, &protocol.ThreadRollbackParams{ThreadID: p.ThreadID, NumTurns: uint32(len(turns) - i)})
	if err != nil {
		return nil, err
	}
	res := protocol.ThreadRevertResponse{Thread: got.(protocol.ThreadRollbackResponse).Thread}
	res.TurnsBackwardsCursor, res.ItemsBackwardsCursor = backwards(turns[:i])
	res.Thread.Turns = nil
	r.After(func() {
		s.broadcast(protocol.NoteThreadReverted, protocol.ThreadRevertedNotification{ThreadID: res.Thread.ID})
	})
	return res, nil
}

// threadRollback takes turns back in the file: the thread is brought to rest for it, and
// its next engine reads what is left.
func (s *Server) threadRollback(r *request, p *protocol.ThreadRollbackParams) (any, error) {
	t, err := s.mine(p.ThreadID)
	if err == nil {
		err = t.apart()
	}
	switch {
	case err != nil:
		return nil, err
	case p.NumTurns == 0:
		return nil, jsonrpc.Invalidf("numTurns must be >= 1")
	case t.eph || !t.materialized():
		return nil, jsonrpc.Invalidf("thread rollback requires persisted thread history")
	}
	t.mu.Lock()
	running, c := t.turn != nil || len(t.commands) > 0, t.child
	t.mu.Unlock()
	if running {
		return nil, jsonrpc.Invalidf("cannot roll back while a turn or a command is running")
	}
	if c != nil {
		c.release(s.opts.Grace)
	}
	if err := thread.Rollback(t.path, p.NumTurns, s.opts.Now); err != nil {
		return nil, jsonrpc.Invalidf("cannot roll back: %v", err)
	}
	d := t.describe()
	t.mu.Lock()
	d.Turns, err = t.turns()
	usage, limits := t.usage, t.limits
	t.mu.Unlock()
	if err != nil {
		return nil, err
	}
	if usage != nil {
		t.tell(protocol.NoteThreadTokenUsageUpdated, usage)
	}
	if limits != nil {
		t.tell(protocol.NoteAccountRateLimitsUpdated, limits)
	}
	return protocol.ThreadRollbackResponse{Thread: d}, nil
}
