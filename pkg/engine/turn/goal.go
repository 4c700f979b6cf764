package turn

import (
	"context"
	"errors"
	"strings"
	"time"
	"unicode/utf8"

	"codex/pkg/engine/instructions"
	"codex/pkg/protocol"
	"codex/pkg/rollout"
)

const (
	// maxObjective bounds the text of a goal.
	maxObjective = 4000
	// maxIdleGoal is how many turns in a row a goal goes on in which no tool was called.
	maxIdleGoal = 3
)

// goalState is the goal of a thread, and how far its turns have counted.
type goalState struct {
	goal  *protocol.ThreadGoal // nil for none
	known bool                 // some client has asked for goals
	turn  string               // whose time counts since mark
	mark  time.Time
	idle  int // turns in a row without a call
}

// goalEvent is a goal in the session file.
type goalEvent struct {
	Type     string               `json:"type"`
	ThreadID string               `json:"threadId"`
	TurnID   *string              `json:"turnId,omitempty"`
	Goal     *protocol.ThreadGoal `json:"goal,omitempty"`
}

// onGoal makes a method of a handler that is called with the lock of the thread, if that can
// have a goal.
func onGoal[P any](s *Server, f func(th *liveThread, r *req, p *P) (any, error)) method {
	return ofThread(s, func(th *liveThread, r *req, p *P) (any, error) {
		switch {
		case !th.cfg.Features.Enabled("goals"):
			return nil, invalid("goals feature is disabled")
		case th.eph:
			return nil, invalid("ephemeral thread does not support goals: %s", th.id)
		}
		th.mu.Lock()
		defer th.mu.Unlock()
		th.goals.known = true
		return f(th, r, p)
	})
}

func (s *Server) goalGet(th *liveThread, _ *req, _ *protocol.ThreadGoalGetParams) (any, error) {
	return protocol.ThreadGoalGetResponse{Goal: th.goals.copy()}, nil
}

func (s *Server) goalSet(th *liveThread, r *req, p *protocol.ThreadGoalSetParams) (any, error) {
	g, err := th.changedGoal(th.goals.copy(), p)
	if err != nil {
		return nil, err
	}
	th.goals.idle = 0
	th.putGoal(g, nil)
	r.After(func() {
		th.tellGoal(g, nil)
		s.pursue()
	})
	return protocol.ThreadGoalSetResponse{Goal: *g}, nil
}

func (s *Server) goalClear(th *liveThread, r *req, _ *protocol.ThreadGoalClearParams) (any, error) {
	had := th.goals.goal != nil
	if had {
		th.goals.goal = nil
		th.record(event(goalEvent{Type: rollout.GoalCleared, ThreadID: th.id}))
		r.After(func() {
			th.out.notify(protocol.NoteThreadGoalCleared, protocol.ThreadGoalClearedNotification{ThreadID: th.id})
		})
	}
	return protocol.ThreadGoalClearResponse{Cleared: had}, nil
}

// changedGoal is the goal that a request makes of g, which is nil for none.
func (t *liveThread) changedGoal(g *protocol.ThreadGoal, p *protocol.ThreadGoalSetParams) (*protocol.ThreadGoal, error) {
	now := t.now().Unix()
	if p.Objective != nil {
		text := strings.TrimSpace(*p.Objective)
		switch {
		case text == "":
			return nil, invalid("goal objective must not be empty")
		case utf8.RuneCountInString(text) > maxObjective:
			return nil, invalid("goal objective must be at most %d characters", maxObjective)
		case g == nil || g.Objective != text:
			g = &protocol.ThreadGoal{ThreadID: t.id, Objective: text, Status: "active", CreatedAt: now}
		}
	}
	switch {
	case g == nil:
		return nil, invalid("cannot update goal for thread %s: no goal exists", t.id)
	case p.TokenBudget != nil && *p.TokenBudget <= 0:
		return nil, invalid("goal budgets must be positive when provided")
	case p.TokenBudget != nil:
		g.TokenBudget = p.TokenBudget
	}
	if p.Status != nil {
		g.Status = *p.Status
	} else if p.Objective != nil {
		g.Status = "active"
	}
	if g.Status == "active" && g.Spent() {
		g.Status = "budgetLimited"
	}
	g.UpdatedAt = now
	return g, nil
}

// copy is the goal as it is now. The thread's mu is held.
func (g *goalState) copy() *protocol.ThreadGoal {
	if g.goal == nil {
		return nil
	}
	return new(*g.goal)
}

// putGoal makes g the thread's goal, in the session file too. th.mu is held.
func (t *liveThread) putGoal(g *protocol.ThreadGoal, turn *string) {
	c := *g
	t.goals.goal = &c
	t.record(event(goalEvent{rollout.GoalUpdated, t.id, turn, &c}))
}

func (t *liveThread) tellGoal(g *protocol.ThreadGoal, turn *string) {
	t.out.notify(protocol.NoteThreadGoalUpdated, protocol.ThreadGoalUpdatedNotification{ThreadID: t.id, TurnID: turn, Goal: *g})
}

// countGoal adds what a response of the turn has used to the goal.
func (t *turn) countGoal(tokens int64) {
	th := t.th
	if t.outer != nil {
		return
	}
	th.mu.Lock()
	g := th.goals.copy()
	ended := g != nil && g.Status != "active" && g.Status != "paused" && th.goals.turn == t.id // by this very answer
	if g == nil || g.Status != "active" && !ended {
		th.mu.Unlock()
		return
	}
	if th.goals.turn != t.id || th.goals.mark.IsZero() {
		th.goals.turn, th.goals.mark = t.id, time.Unix(max(t.start, g.CreatedAt), 0)
	}
	seconds := max(int64(th.now().Sub(th.goals.mark)/time.Second), 0)
	th.goals.mark = th.goals.mark.Add(time.Duration(seconds) * time.Second)
	g.TokensUsed, g.TimeUsedSeconds, g.UpdatedAt = g.TokensUsed+tokens, g.TimeUsedSeconds+seconds, th.now().Unix()
	if g.Status == "active" && g.Spent() {
		g.Status = "budgetLimited"
	}
	if ended {
		th.goals.turn = ""
	}
	th.putGoal(g, &t.id)
	th.mu.Unlock()
	th.tellGoal(g, &t.id)
}

// pursue begins the next turn for a goal that is active, when no turn runs, no prompt waits for
// one, and a client listens that knows of goals.
func (s *Server) pursue() {
	th := s.thread()
	if th == nil || !s.out.wants(protocol.NoteThreadGoalUpdated) || s.waiting.Load() > 0 {
		return
	}
	th.mu.Lock()
	g := th.goals.copy()
	rests := th.running == nil && th.next.collab.kind() != protocol.ModeKindPlan
	th.mu.Unlock()
	if g == nil || g.Status != "active" || !rests {
		return
	}
	t, busy, err := s.begin(protocol.TurnStartParams{}, s.asked(), job{goal: instructions.Goal(g)})
	switch {
	case err != nil && !errors.Is(err, errLeaving):
		s.out.warn(th.id, "No turn can begin for the goal: "+err.Error())
		return
	case err != nil || busy != nil: // it leaves, or the user was faster
		return
	}
	if !s.join() {
		t.drop()
		return
	}
	s.launch(t, nil)
}

// goalAfter is what the end of a turn means for the goal: one that the user stopped, or that
// failed, is paused, and so is one whose turns only talk.
func (t *turn) goalAfter() {
	th := t.th
	th.mu.Lock()
	g := th.goals.copy()
	if g == nil || g.Status != "active" {
		th.mu.Unlock()
		return
	}
	th.goals.idle++
	if t.called || t.job.goal == "" {
		th.goals.idle = 0
	}
	why := ""
	switch {
	case t.status == protocol.TurnStatusFailed:
		why = "The goal is paused: its turn failed."
	case t.status == protocol.TurnStatusInterrupted && errors.Is(context.Cause(t.ctx), errInterrupted): // not for want of a frontend
		why = "The goal is paused."
	case th.goals.idle >= maxIdleGoal:
		why = "The goal is paused: in three turns nothing was done for it."
	}
	if why == "" {
		th.mu.Unlock()
		return
	}
	g.Status, g.UpdatedAt = "paused", th.now().Unix()
	th.putGoal(g, &t.id)
	th.mu.Unlock()
	th.tellGoal(g, &t.id)
	t.out.warn(th.id, why)
}
