package cells

import (
	"maps"
	"slices"

	"codex/pkg/frontend/tui/text"
	"codex/pkg/protocol"
)

// agents draws work with other agents: that they were started, written to, waited for.
func agents(e Entry, width int, t *text.Theme) []text.Line {
	item, ok := e.Item.(*protocol.CollabAgentToolCallItem)
	if !ok {
		return nil
	}
	running := item.Status == protocol.CollabAgentToolCallStatusInProgress
	mark := bullet(running, item.Status == protocol.CollabAgentToolCallStatusFailed, e.Beat, t)
	title := text.Line{span(agentVerb(item.Tool, running), t.Bold)}
	if item.Model != nil && *item.Model != "" {
		title = append(title, span(" ("+text.CleanLine(*item.Model)+")", t.Dim))
	}
	out := bulleted([]text.Line{title}, width, mark)
	var rows []text.Line
	if item.Prompt != nil {
		rows = block(*item.Prompt, e.Full, width, t)
	}
	ids := item.ReceiverThreadIDs
	for _, id := range slices.Sorted(maps.Keys(item.AgentsStates)) {
		if !slices.Contains(ids, id) {
			ids = append(ids[:len(ids):len(ids)], id)
		}
	}
	for _, id := range ids {
		rows = append(rows, agentState(e.agent(id), item.AgentsStates[id], e.Full, width, t)...)
	}
	return append(out, below(rows, width, t)...)
}

// agent is what an agent is called.
func (e *Entry) agent(id string) string {
	if e.Names != nil {
		if name := e.Names(id); name != "" {
			return name
		}
	}
	return id
}

func agentState(name string, s protocol.CollabAgentState, full bool, width int, t *text.Theme) []text.Line {
	line := text.Line{span(text.CleanLine(name), t.Accent)}
	if s.Status != "" {
		style := t.Dim
		switch s.Status {
		case protocol.CollabAgentStatusCompleted:
			style = t.OK
		case protocol.CollabAgentStatusErrored, protocol.CollabAgentStatusNotFound:
			style = t.Error
		}
		line = append(line, span(" ", text.Style{}), span(AgentStatus(s.Status), style))
	}
	rows := []text.Line{line}
	if s.Message != nil {
		rows = append(rows, block(*s.Message, full, width, t)...)
	}
	return rows
}

// AgentStatus is a status for people. An agent that has begun may have ended since.
func AgentStatus(s protocol.CollabAgentStatus) string {
	switch s {
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
	case protocol.CollabAgentStatusPendingInit, protocol.CollabAgentStatusRunning, "":
		return "begun"
	}
	return text.CleanLine(string(s))
}

func agentVerb(tool protocol.CollabAgentTool, running bool) string {
	verbs := map[protocol.CollabAgentTool][2]string{
		protocol.CollabAgentToolSpawnAgent:  {"Starting an agent", "Started an agent"},
		protocol.CollabAgentToolSendInput:   {"Writing to an agent", "Wrote to an agent"},
		protocol.CollabAgentToolResumeAgent: {"Resuming an agent", "Resumed an agent"},
		protocol.CollabAgentToolWait:        {"Waiting for agents", "Waited for agents"},
		protocol.CollabAgentToolCloseAgent:  {"Closing an agent", "Closed an agent"},
	}
	v, ok := verbs[tool]
	switch {
	case !ok:
		return text.CleanLine(string(tool))
	case running:
		return v[0]
	}
	return v[1]
}
