package turn

import (
	"cmp"

	enginehooks "codex/pkg/engine/hooks"
	"codex/pkg/hooks"
	"codex/pkg/protocol"
	"codex/pkg/thread"
)

// An agent of another session has hooks of its own in the place of those of a session: they
// are told whose it is, and what kind of agent.

// agentType is the role of an agent.
func agentType(a *protocol.ThreadSpawnSource) string {
	if a.AgentRole == nil {
		return "default"
	}
	return cmp.Or(*a.AgentRole, "default")
}

// agentHooks runs those of an agent that begins; false ends the turn.
func (t *turn) agentHooks(a *protocol.ThreadSpawnSource) bool {
	if !t.th.hooks.Has(hooks.SubagentStart) {
		return true
	}
	c := t.hookCommon(hooks.SubagentStart)
	c.SessionID = a.ParentThreadID
	o := t.hook(t.ctx, hooks.SubagentStart, "", enginehooks.SubagentStart{Common: c, AgentID: t.th.id, AgentType: agentType(a)}, agentType(a))
	t.tellModel(o.Contexts)
	return !o.Stopped
}

// agentStop is what those are told that an agent runs before its turn ends.
func (t *turn) agentStop(a *protocol.ThreadSpawnSource) enginehooks.SubagentStop {
	c := t.hookCommon(hooks.SubagentStop)
	in := enginehooks.SubagentStop{SessionID: a.ParentThreadID, TurnID: c.TurnID, Agent: c.Transcript, Cwd: c.Cwd, Event: c.Event, Model: c.Model,
		Permission: c.Permission, AgentID: t.th.id, AgentType: agentType(a)}
	if path, err := thread.Find(t.th.cfg.Home, a.ParentThreadID); err == nil { // an ephemeral session has none
		in.Transcript = &path
	}
	return in
}
