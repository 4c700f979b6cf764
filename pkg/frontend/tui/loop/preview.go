package loop

import (
	"context"
	"strings"

	"codex/pkg/frontend/tui/cells"
	"codex/pkg/frontend/tui/keys"
	"codex/pkg/frontend/tui/overlay"
	"codex/pkg/frontend/tui/state"
	"codex/pkg/frontend/tui/text"
	"codex/pkg/protocol"
)

// preview shows the last turns of a stored thread on the whole screen, and goes back to
// what was there: a page, or nothing.
func (l *Loop) preview(id string) {
	before := l.page
	find := l.Sessions.Turns
	show := func(turns []protocol.Turn, err error) {
		if l.page != before { // the person has gone on
			return
		}
		l.openPreview(before, turns, err)
	}
	if l.Plain {
		show(find(l.ctx, id))
		return
	}
	l.beside(func(ctx context.Context) func() {
		turns, err := find(ctx, id)
		return func() { show(turns, err) }
	})
}

func (l *Loop) openPreview(before overlay.Overlay, turns []protocol.Turn, failed error) {
	entries := entriesOf(turns)
	p := overlay.NewPager("P R E V I E W", func(width int, t *text.Theme) []text.Line {
		switch {
		case failed != nil:
			return text.Wrap([]text.Line{text.Of(text.CleanLine(failed.Error()), t.Error)}, width)
		case len(entries) == 0:
			return []text.Line{text.Of("  Nothing was said in it yet.", t.Dim)}
		}
		var out []text.Line
		for _, e := range entries {
			if lines := cells.Render(e, width, t); len(lines) > 0 {
				if len(out) > 0 {
					out = append(out, nil)
				}
				out = append(out, lines...)
			}
		}
		return out
	})
	p.Hint = " q to go back"
	if before == nil {
		l.openPage(p)
		return
	}
	p.Extra = func(e keys.Event) (taken, done bool) {
		if e.Is('q', 0) || e.Is(keys.Escape, 0) || e.Is('c', keys.Ctrl) || e.Is('t', keys.Ctrl) {
			l.page = before
			return true, false
		}
		return false, false
	}
	if !l.pagePlain(p) {
		l.page = p
	}
	l.draw()
}

// entriesOf are turns as they are shown in a transcript.
func entriesOf(turns []protocol.Turn) []cells.Entry {
	var s state.State
	s.Replay(turns)
	var out []cells.Entry
	for {
		effects := s.Effects()
		if len(effects) == 0 {
			return out
		}
		for _, e := range effects {
			switch e := e.(type) {
			case state.Show:
				e.Entry.Full = true
				out = append(out, e.Entry)
			case state.Complete:
				out = append(out, cells.Entry{Item: e.Item, Full: true})
			}
		}
	}
}

// agent is a thread that works for this one.
type agent struct {
	id, prompt string
	status     protocol.CollabAgentStatus // as the thread has heard last
}

// word is the status for people. An agent that has begun may have ended since.
func (a *agent) word() string {
	switch a.status {
	case protocol.CollabAgentStatusCompleted:
		return "done"
	case protocol.CollabAgentStatusErrored:
		return "failed"
	case protocol.CollabAgentStatusShutdown:
		return "closed"
	case protocol.CollabAgentStatusInterrupted:
		return "interrupted"
	case protocol.CollabAgentStatusNotFound:
		return "not there"
	}
	return "begun"
}

// agents are those that the transcript tells of.
func (l *Loop) agents() []agent {
	var out []agent
	take := func(item protocol.ThreadItem) {
		call, ok := item.(*protocol.CollabAgentToolCallItem)
		if !ok {
			return
		}
		ids := call.ReceiverThreadIDs
		for id := range call.AgentsStates {
			ids = append(ids[:len(ids):len(ids)], id)
		}
		for _, id := range ids {
			i := 0
			for i < len(out) && out[i].id != id {
				i++
			}
			if i == len(out) {
				out = append(out, agent{id: id})
			}
			if out[i].prompt == "" {
				out[i].prompt = strings.Join(strings.Fields(deref(call.Prompt)), " ")
			}
			if s := call.AgentsStates[id].Status; s != "" {
				out[i].status = s
			}
		}
	}
	for _, k := range l.transcript.entries {
		if k.turn > l.transcript.begin {
			take(k.Item)
		}
	}
	for _, a := range l.state.Active {
		take(a.Entry.Item)
	}
	return out
}

// pickAgent shows what an agent of the thread has done.
func (l *Loop) pickAgent() {
	all := l.agents()
	if len(all) == 0 {
		switch {
		case !l.shared() && !l.Config.Features.Enabled("multi_agent"):
			l.say("No agent works for this thread: multi_agent is switched off. /side asks something aside.")
		default:
			l.say("No agent works for this thread yet. The model starts them, when it is asked to; /side asks something aside.")
		}
		return
	}
	list := &overlay.List{Title: "Agents", Subtitle: "As this thread heard of them last. Enter shows what one has done so far; /resume ID leaves this thread and goes on with it.", Hint: "enter to see it, esc to finish", Stay: true}
	for _, a := range all {
		list.Items = append(list.Items, overlay.Item{Label: a.word() + ": " + firstOf(a.prompt, a.id), Detail: a.id, Do: func() { l.preview(a.id) }})
	}
	l.over(list)
}
