package loop

import (
	"strings"

	"codex/pkg/frontend/tui/cells"
	"codex/pkg/frontend/tui/overlay"
	"codex/pkg/frontend/tui/text"
	"codex/pkg/protocol"
)

// agent is a thread that works for this one.
type agent struct {
	id, prompt string
	status     protocol.CollabAgentStatus // as the thread has heard last
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
				out[i].prompt = strings.Join(strings.Fields(protocol.Value(call.Prompt)), " ")
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

// pickAgent lists the thread and its agents. One at work comes to the screen; of one that is
// not, what it has done is shown.
func (l *Loop) pickAgent() {
	told := l.told()
	if len(told) == 0 && l.team.main() == nil {
		switch {
		case !l.shared() && !l.Config.Features.Enabled("multi_agent"):
			l.say("No agent works for this thread: multi_agent is switched off. /side asks something aside.")
		default:
			l.say("No agent works for this thread yet. The model starts them, when it is asked to; /side asks something aside.")
		}
		return
	}
	list := &overlay.List{Title: "Agents", Subtitle: "Enter shows the thread of one, live; of one that is closed, what it has done.", Hint: "enter to see it, esc to finish"}
	for _, m := range l.team.all {
		if m.closed || !m.known {
			continue
		}
		about := ""
		for _, a := range told {
			if a.id == m.id {
				about = a.prompt
			}
		}
		if m == l.team.shown {
			list.At = len(list.Items)
		}
		list.Items = append(list.Items, overlay.Item{Label: m.name, Do: func() { l.showThread(m) }, Live: func() string {
			if m == l.team.shown {
				return aboutAgent("on the screen", about, m.id)
			}
			return aboutAgent(m.doing("asks", "works", "rests"), about, m.id)
		}})
	}
	for _, a := range told {
		if m := l.team.find(a.id); m == nil || m.closed || !m.known {
			name := agentName(a.id)
			if m != nil {
				name = m.name
			}
			list.Items = append(list.Items, overlay.Item{Label: name, Detail: aboutAgent(cells.AgentStatus(a.status), a.prompt, a.id), Do: func() { l.preview(a.id) }})
		}
	}
	l.over(list)
}

// aboutAgent says how an agent does, what it was asked for, and under what id it is stored.
func aboutAgent(word, prompt, id string) string {
	if prompt != "" {
		word += ": " + text.Clip(text.CleanLine(prompt), 100)
	}
	return word + " · " + id
}

// told are the agents that the transcript of the session's own thread tells of.
func (l *Loop) told() (all []agent) {
	if !l.team.agentShown() {
		return l.agents()
	}
	l.in(l.team.main(), func() { all = l.agents() })
	return all
}
