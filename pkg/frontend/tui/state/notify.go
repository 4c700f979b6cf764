package state

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/tidwall/gjson"

	"codex/pkg/frontend/tui/cells"
	"codex/pkg/protocol"
)

// handler takes the params of a notification.
type handler func(s *State, p gjson.Result, now time.Time)

// handlerOf is the table of notifications that matter. Those of other threads have been
// left out before.
func handlerOf(method string) handler {
	switch method {
	case protocol.NoteItemAgentMessageDelta:
		return (*State).agentDelta
	case protocol.NoteItemCommandExecutionOutputDelta:
		return (*State).outputDelta
	case protocol.NoteItemReasoningSummaryTextDelta, protocol.NoteItemReasoningTextDelta:
		return (*State).reasoningDelta
	case protocol.NoteItemReasoningSummaryPartAdded:
		return func(s *State, _ gjson.Result, _ time.Time) { s.Turn.thought = "" }
	case protocol.NoteItemStarted:
		return (*State).itemStarted
	case protocol.NoteItemCompleted:
		return (*State).itemCompleted
	case protocol.NoteTurnStarted:
		return (*State).turnStarted
	case protocol.NoteTurnCompleted:
		return (*State).turnCompleted
	case protocol.NoteTurnPlanUpdated:
		return (*State).planUpdated
	case protocol.NoteThreadTokenUsageUpdated:
		return (*State).answered
	case protocol.NoteThreadNameUpdated:
		return func(s *State, p gjson.Result, _ time.Time) { s.Thread.Name = p.Get("threadName").Str }
	case protocol.NoteThreadSettingsUpdated:
		return (*State).settingsUpdated
	case protocol.NoteError:
		return (*State).failed
	case protocol.NoteServerRequestResolved:
		return (*State).resolved
	}
	return noticeOf(method)
}

// noticeOf are those that only tell a person something.
func noticeOf(method string) handler {
	switch method {
	case protocol.NoteWarning, protocol.NoteGuardianWarning:
		return func(s *State, p gjson.Result, _ time.Time) { s.Notice(cells.Warning, p.Get("message").Str, "") }
	case protocol.NoteConfigWarning:
		return func(s *State, p gjson.Result, _ time.Time) {
			s.Notice(cells.Warning, p.Get("summary").Str, p.Get("details").Str)
		}
	case protocol.NoteDeprecationNotice:
		return func(s *State, p gjson.Result, _ time.Time) {
			s.Notice(cells.Deprecation, p.Get("summary").Str, p.Get("details").Str)
		}
	case protocol.NoteModelRerouted:
		return func(s *State, p gjson.Result, _ time.Time) {
			s.Notice(cells.Warning, fmt.Sprintf("%s answered instead of %s", p.Get("toModel").Str, p.Get("fromModel").Str), "")
		}
	case protocol.NoteToolCallFailed:
		return func(s *State, p gjson.Result, _ time.Time) {
			s.Notice(cells.Error, "Call of "+p.Get("tool").Str+" failed: "+p.Get("message").Str, "")
		}
	case protocol.NoteMcpServerStartupStatusUpdated:
		return (*State).serverStarting
	case protocol.NoteHookCompleted:
		return (*State).hookCompleted
	case protocol.NoteAccountRateLimitsUpdated:
		return func(s *State, p gjson.Result, _ time.Time) {
			var r protocol.RateLimitSnapshot
			if into(p.Get("rateLimits"), &r) {
				s.Limits = &r
			}
		}
	}
	return nil
}

// Notify takes a notification. It keeps nothing of params.
func (s *State) Notify(method string, params []byte, now time.Time) {
	h := handlerOf(method)
	if h == nil {
		return
	}
	p := gjson.ParseBytes(params)
	if id := p.Get("threadId"); id.Type == gjson.String && s.Thread.ID != "" && id.Str != s.Thread.ID {
		return
	}
	h(s, p, now)
}

// Request takes a request of the engine to a person.
func (s *State) Request(id json.RawMessage, method string, params json.RawMessage, now time.Time) {
	a := &Ask{ID: bytes.Clone(id), Method: method, Params: bytes.Clone(params)}
	item := gjson.GetBytes(params, "itemId").Str
	for _, x := range s.Active {
		if x.ID == item {
			a.Item = x.Entry.Item
		}
	}
	if f, ok := a.Item.(*protocol.FileChangeItem); ok && !s.printed[f.ID] {
		s.flushExploring() // what is asked about has to be seen
		s.drop(f.ID)
		shown := *f
		shown.Status = protocol.PatchApplyStatusCompleted
		s.print(f.ID, cells.Entry{Item: &shown})
	}
	s.Asks = append(s.Asks, a)
	s.wait(now)
}

// Answered takes a question away: a person has answered it, or somebody else.
func (s *State) Answered(id json.RawMessage, now time.Time) {
	s.Asks = slices.DeleteFunc(s.Asks, func(a *Ask) bool { return bytes.Equal(a.ID, id) })
	s.wait(now)
}

// wait stops the clock of the turn while a person is asked.
func (s *State) wait(now time.Time) {
	switch t := &s.Turn; {
	case len(s.Asks) > 0 && t.waiting.IsZero():
		t.waiting = now
	case len(s.Asks) == 0 && !t.waiting.IsZero():
		t.waited += now.Sub(t.waiting)
		t.waiting = time.Time{}
	}
}

// answered is the end of an answer of the model's: a command that still runs does so in the
// background.
func (s *State) answered(p gjson.Result, _ time.Time) {
	into(p.Get("tokenUsage"), &s.Usage)
	for _, a := range s.Active {
		if _, ok := a.Entry.Item.(*protocol.CommandExecutionItem); ok {
			s.counted = true
			s.do(Commands{})
			return
		}
	}
}

func (s *State) resolved(p gjson.Result, now time.Time) {
	s.Answered(json.RawMessage(p.Get("requestId").Raw), now)
}

func (s *State) turnStarted(p gjson.Result, now time.Time) {
	s.Turn = Turn{ID: p.Get("turn.id").Str, Running: true, Began: now}
	s.failure, s.toolsUsed = "", false
	s.printed = nil
	s.do(TurnBegan{})
}

func (s *State) turnCompleted(p gjson.Result, now time.Time) {
	s.flushExploring()
	if s.message != "" {
		s.do(Cut{s.message})
		s.message = ""
	}
	for _, a := range s.Active { // what the turn leaves behind
		if x, ok := a.Entry.Item.(*cells.Explored); ok {
			x.End()
		}
		s.do(Show{a.Entry})
	}
	s.Active = nil
	status := protocol.TurnStatus(p.Get("turn.status").Str)
	switch message := p.Get("turn.error.message").Str; {
	case status == protocol.TurnStatusInterrupted:
		s.Notice(cells.Error, "Interrupted. Say what to do instead.", "")
	case status == protocol.TurnStatusFailed && message != s.failure:
		s.Notice(cells.Error, message, "")
	case status == protocol.TurnStatusCompleted && s.toolsUsed:
		s.Show(&cells.Separator{Worked: s.Turn.Elapsed(now)})
	}
	last := s.Turn.Last
	s.Turn, s.Asks = Turn{}, nil
	s.do(TurnEnded{status, last})
}

// failed is an error: one that is tried again is part of what goes on.
func (s *State) failed(p gjson.Result, _ time.Time) {
	message := p.Get("error.message").Str
	if p.Get("willRetry").Bool() {
		s.Turn.Header, s.Turn.Details, s.Turn.retry = message, p.Get("error.additionalDetails").Str, true
		return
	}
	s.failure = message
	s.Notice(cells.Error, message, "")
}

func (s *State) planUpdated(p gjson.Result, _ time.Time) {
	var n protocol.TurnPlanUpdatedNotification
	if into(p, &n) {
		s.flushExploring()
		s.Tasks, s.Done = len(n.Plan), 0
		for _, step := range n.Plan {
			if step.Status == protocol.TurnPlanStepStatusCompleted {
				s.Done++
			}
		}
		s.Show(&cells.Plan{Explanation: protocol.Value(n.Explanation), Steps: n.Plan})
	}
}

func (s *State) settingsUpdated(p gjson.Result, _ time.Time) {
	var t protocol.ThreadSettings
	if !into(p.Get("threadSettings"), &t) {
		return
	}
	s.Thread.Model, s.Thread.Provider, s.Thread.Cwd = t.Model, t.ModelProvider, t.Cwd
	s.Thread.Approval, s.Thread.Sandbox, s.Thread.Effort = PolicyWord(t.ApprovalPolicy), t.SandboxPolicy, string(protocol.Value(t.Effort))
	s.Thread.Mode = t.CollaborationMode.Mode
	s.Thread.Tier = protocol.Value(t.ServiceTier)
	if t.Personality != nil {
		s.Thread.Personality = string(*t.Personality)
	}
}

func (s *State) serverStarting(p gjson.Result, _ time.Time) {
	name := p.Get("name").Str
	s.Starting = slices.DeleteFunc(s.Starting, func(n string) bool { return n == name })
	delete(s.Unstarted, name)
	switch p.Get("status").Str {
	case "starting":
		s.Starting = append(s.Starting, name)
	case "failed":
		if s.Unstarted == nil {
			s.Unstarted = map[string]string{}
		}
		s.Unstarted[name] = firstLine(p.Get("error").Str)
		s.Notice(cells.Warning, fmt.Sprintf("MCP server %s did not start: %s", name, p.Get("error").Str), "")
	}
}

func firstLine(s string) string {
	s, _, _ = strings.Cut(s, "\n")
	return s
}

// hookCompleted tells of hooks that failed or have something to say.
func (s *State) hookCompleted(p gjson.Result, _ time.Time) {
	var said []string
	for _, e := range p.Get("run.entries").Array() {
		if t := strings.TrimSpace(e.Get("text").Str); t != "" {
			said = append(said, t)
		}
	}
	status := p.Get("run.status").Str
	if len(said) == 0 && status == "completed" {
		return
	}
	level := cells.Info
	if status != "completed" {
		level = cells.Warning
	}
	s.Notice(level, fmt.Sprintf("Hook %s: %s", p.Get("run.eventName").Str, status), strings.Join(said, "\n"))
}

// into decodes a part of a message. What is not as it should be is as if it were not there.
func into(p gjson.Result, v any) bool { return json.Unmarshal([]byte(p.Raw), v) == nil }
