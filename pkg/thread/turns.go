package thread

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/tidwall/gjson"

	"codex/pkg/jsonrpc"
	"codex/pkg/protocol"
	"codex/pkg/rollout"
	"codex/pkg/shellwords"
)

// Turns rebuilds the turns that clients see from a session file. Item ids are numbered
// per thread. A last turn without an end was interrupted, unless it is the one that runs.
func Turns(path, running string) ([]protocol.Turn, error) {
	b := turnsBuilder{turns: []protocol.Turn{}}
	if err := rollout.Events(path, b.event); err != nil {
		return nil, err
	}
	if n := len(b.turns) - 1; running != "" && n >= 0 && b.turns[n].ID == running && b.turns[n].CompletedAt == nil {
		b.turns[n].Status = protocol.TurnStatusInProgress
	}
	return b.turns, nil
}

// turnsBuilder makes turns of events in their order.
type turnsBuilder struct {
	turns []protocol.Turn
	n     int
}

func (b *turnsBuilder) event(p gjson.Result) {
	if n := rollout.TakenBack(p); n > 0 {
		b.turns = b.turns[:len(b.turns)-min(n, len(b.turns))]
	} else if m, ok := markOf(p, b.id); ok {
		m.apply(b.current(m.turn))
	}
}

func (b *turnsBuilder) id() string {
	b.n++
	return fmt.Sprintf("item-%d", b.n)
}

// current is the turn that events belong to.
func (b *turnsBuilder) current(id string) *protocol.Turn {
	if len(b.turns) == 0 || id != "" && b.turns[len(b.turns)-1].ID != id {
		id = cmp.Or(id, beforeTurns)
		b.turns = append(b.turns, newTurn(id))
	}
	return &b.turns[len(b.turns)-1]
}

// beforeTurns is the id of what stands before any turn.
const beforeTurns = "rollout-1"

func newTurn(id string) protocol.Turn {
	t := protocol.NewTurn(id, protocol.TurnStatusInterrupted)
	t.ItemsView = protocol.TurnItemsViewFull
	return t
}

// mark is what an event does to the turn that it belongs to.
type mark struct {
	turn                     string              // its id, "" where the event does not tell
	item                     protocol.ThreadItem // that is added
	started, completed, took *int64
	status                   protocol.TurnStatus
	size                     int // of the event
}

// markOf reads an event; false when it is none of a turn. id makes an id for an item that
// has none of its own.
func markOf(p gjson.Result, id func() string) (mark, bool) {
	switch p.Get("type").Str {
	case "task_started":
		return mark{turn: p.Get("turn_id").Str, started: new(p.Get("started_at").Int())}, true
	case "task_complete":
		return endOf(p, protocol.TurnStatusCompleted), true
	case "turn_aborted":
		return endOf(p, protocol.TurnStatusInterrupted), true
	}
	item := itemOf(p, id)
	return mark{item: item}, item != nil
}

func endOf(p gjson.Result, status protocol.TurnStatus) mark {
	m := mark{turn: p.Get("turn_id").Str, status: status}
	if v := p.Get("completed_at"); v.Exists() {
		m.completed = new(v.Int())
	}
	if v := p.Get("duration_ms"); v.Exists() {
		m.took = new(v.Int())
	}
	return m
}

// apply does to a turn what the event says.
func (m *mark) apply(t *protocol.Turn) {
	if m.item != nil {
		t.Items = append(t.Items, m.item)
	}
	if m.started != nil {
		t.StartedAt = m.started
	}
	t.Status = cmp.Or(m.status, t.Status)
	if m.completed != nil {
		t.CompletedAt = m.completed
	}
	if m.took != nil {
		t.DurationMs = m.took
	}
}

// citation is what an answer rests on, as its event has it.
func citation(v gjson.Result) *protocol.MemoryCitation {
	if !v.IsObject() {
		return nil
	}
	c := &protocol.MemoryCitation{Entries: protocol.List[protocol.MemoryCitationEntry]{}, ThreadIDs: protocol.List[string]{}}
	for _, e := range v.Get("entries").Array() {
		c.Entries = append(c.Entries, protocol.MemoryCitationEntry{Path: e.Get("path").Str, LineStart: uint32(e.Get("lineStart").Uint()), LineEnd: uint32(e.Get("lineEnd").Uint()), Note: e.Get("note").Str})
	}
	for _, id := range v.Get("rolloutIds").Array() {
		c.ThreadIDs = append(c.ThreadIDs, id.Str)
	}
	return c
}

// itemOf is the item that an event adds, nil when it adds none.
func itemOf(p gjson.Result, id func() string) protocol.ThreadItem {
	switch p.Get("type").Str {
	case "user_message":
		m := &protocol.UserMessageItem{Type: protocol.ItemUserMessage, ID: id()}
		for _, u := range p.Get("images").Array() {
			m.Content = append(m.Content, protocol.UserInput{Type: protocol.UserInputImage, URL: u.Str})
		}
		for _, u := range p.Get("local_images").Array() {
			m.Content = append(m.Content, protocol.UserInput{Type: protocol.UserInputLocalImage, Path: u.Str})
		}
		m.Content = append(m.Content, protocol.UserInput{Type: protocol.UserInputText, Text: p.Get("message").Str, TextElements: protocol.List[protocol.TextElement]{}})
		return m
	case "agent_message":
		return &protocol.AgentMessageItem{Type: protocol.ItemAgentMessage, ID: id(), Text: p.Get("message").Str, Phase: phase(p), MemoryCitation: citation(p.Get("memory_citation"))}
	case "agent_reasoning":
		return &protocol.ReasoningItem{Type: protocol.ItemReasoning, ID: id(), Summary: []string{p.Get("text").Str}}
	case "entered_review_mode":
		return &protocol.EnteredReviewModeItem{Type: protocol.ItemEnteredReviewMode, ID: id(), Review: p.Get("user_facing_hint").Str}
	case "exited_review_mode":
		var r rollout.Review
		if o := p.Get("review_output"); o.IsObject() {
			_ = json.Unmarshal([]byte(o.Raw), &r) // what is missing is empty
		}
		return &protocol.ExitedReviewModeItem{Type: protocol.ItemExitedReviewMode, ID: id(), Review: r.String()}
	case "item_completed":
		return completed(p, id)
	case "context_compacted":
		return &protocol.ContextCompactionItem{Type: protocol.ItemContextCompaction, ID: id()}
	case "web_search_end":
		return &protocol.WebSearchItem{Type: protocol.ItemWebSearch, ID: id(), Query: p.Get("query").Str}
	case "patch_apply_end":
		return patched(p, "call_id")
	case "mcp_tool_call_end":
		call, result := p.Get("invocation"), p.Get("result")
		return mcpCalled(p.Get("call_id").Str, call, result.Get("Ok"), result.Get("Err"), p.Get("duration"))
	}
	return nil
}

// mcpCalled is a call of a tool of a server: its result, or why it has none.
func mcpCalled(id string, call, result, failure, duration gjson.Result) protocol.ThreadItem {
	c := &protocol.McpToolCallItem{Type: protocol.ItemMcpToolCall, ID: id, Server: keep(call.Get("server")), Tool: keep(call.Get("tool")),
		Status: protocol.McpToolCallStatusCompleted, Arguments: rawOf(call.Get("arguments")), DurationMs: millis(duration)}
	if result.IsObject() {
		c.Result = &protocol.McpToolCallResult{StructuredContent: rawOf(result.Get("structuredContent")), Meta: rawOf(result.Get("_meta"))}
		for _, block := range result.Get("content").Array() {
			c.Result.Content = append(c.Result.Content, rawOf(block))
		}
	} else {
		c.Error = &protocol.McpToolCallError{Message: keep(failure)}
	}
	if c.Error != nil || result.Get("isError").Bool() {
		c.Status = protocol.McpToolCallStatusFailed
	}
	return c
}

// rawOf is a value as JSON of its own, null for one that is not there.
func rawOf(v gjson.Result) json.RawMessage {
	raw := json.RawMessage(strings.ToValidUTF8(strings.Clone(v.Raw), "\uFFFD"))
	if !jsonrpc.Valid(raw) { // nothing, or what a line that is no JSON has there
		return json.RawMessage("null")
	}
	return raw
}

// millis is a duration of a session file, nil for none.
func millis(v gjson.Result) *int64 {
	if !v.IsObject() {
		return nil
	}
	return new(v.Get("secs").Int()*1000 + v.Get("nanos").Int()/1e6)
}

func patched(p gjson.Result, id string) protocol.ThreadItem {
	f := &protocol.FileChangeItem{Type: protocol.ItemFileChange, ID: p.Get(id).Str, Status: protocol.PatchApplyStatus(p.Get("status").Str)}
	p.Get("changes").ForEach(func(k, c gjson.Result) bool {
		u := protocol.FileUpdateChange{Path: k.Str, Kind: protocol.PatchChangeKind{Type: c.Get("type").Str}, Diff: c.Get("content").Str}
		if u.Kind.Type == protocol.PatchChangeKindUpdate {
			u.Diff = c.Get("unified_diff").Str
			if mv := c.Get("move_path"); mv.Type == gjson.String {
				u.Kind.MovePath = &mv.Str
			}
		}
		f.Changes = append(f.Changes, u)
		return true
	})
	return f
}

// executed is a command, which files of later versions keep.
func executed(item gjson.Result) protocol.ThreadItem {
	c := &protocol.CommandExecutionItem{Type: protocol.ItemCommandExecution, ID: item.Get("id").Str, ProcessID: keepSet(item.Get("process_id")),
		Command: shellwords.Join(strs(item.Get("command"))), Cwd: filePath(keep(item.Get("cwd"))),
		Source: protocol.CommandExecutionSourceAgent, Status: protocol.CommandExecutionStatusCompleted, AggregatedOutput: keepSet(item.Get("aggregated_output")),
		CommandActions: protocol.List[protocol.CommandAction]{}}
	for _, s := range c.Source.Values() {
		if strings.EqualFold(s, strings.ReplaceAll(item.Get("source").Str, "_", "")) {
			c.Source = protocol.CommandExecutionSource(s)
		}
	}
	if s := protocol.CommandExecutionStatus(item.Get("status").Str); slices.Contains(s.Values(), string(s)) {
		c.Status = s
	}
	for _, a := range item.Get("parsed_cmd.#.cmd").Array() {
		c.CommandActions = append(c.CommandActions, protocol.CommandAction{Type: protocol.CommandActionUnknown, Command: keep(a)})
	}
	if v := item.Get("exit_code"); v.Type == gjson.Number {
		c.ExitCode = new(int32(v.Int()))
	}
	c.DurationMs = millis(item.Get("duration"))
	return c
}

// filePath is the path that a file URL, as those files have it, or a path means.
func filePath(s string) string {
	if u, err := url.Parse(s); err == nil && u.Scheme == "file" {
		return u.Path
	}
	return s
}

// completed takes what has no event of its own: plans, and in files of later versions
// messages and reasoning too.
func completed(p gjson.Result, id func() string) protocol.ThreadItem {
	item := p.Get("item")
	switch item.Get("type").Str {
	case "Plan":
		return &protocol.PlanItem{Type: protocol.ItemPlan, ID: item.Get("id").Str, Text: item.Get("text").Str}
	case "UserMessage":
		content, _ := userItem(p)
		return &protocol.UserMessageItem{Type: protocol.ItemUserMessage, ID: id(), Content: content}
	case "AgentMessage":
		return &protocol.AgentMessageItem{Type: protocol.ItemAgentMessage, ID: id(), Text: texts(item.Get("content.#.text")), Phase: phase(item), MemoryCitation: citation(item.Get("memory_citation"))}
	case "FileChange":
		return patched(item, "id")
	case "CommandExecution":
		return executed(item)
	case "McpToolCall":
		return mcpCalled(item.Get("id").Str, item, item.Get("result"), item.Get("error.message"), item.Get("duration"))
	case "Reasoning":
		return &protocol.ReasoningItem{Type: protocol.ItemReasoning, ID: id(), Summary: strs(item.Get("summary_text"))}
	}
	return nil
}

// userItem gives the input of an item_completed event that is a message of the user.
func userItem(p gjson.Result) ([]protocol.UserInput, bool) {
	item := p.Get("item")
	if p.Get("type").Str != "item_completed" || item.Get("type").Str != "UserMessage" {
		return nil, false
	}
	var content []protocol.UserInput
	for _, in := range item.Get("content").Array() {
		switch in.Get("type").Str {
		case "text":
			content = append(content, protocol.UserInput{Type: protocol.UserInputText, Text: keep(in.Get("text")), TextElements: protocol.List[protocol.TextElement]{}})
		case "image":
			content = append(content, protocol.UserInput{Type: protocol.UserInputImage, URL: keep(in.Get("image_url"))})
		case "local_image":
			content = append(content, protocol.UserInput{Type: protocol.UserInputLocalImage, Path: keep(in.Get("path"))})
		}
	}
	return content, true
}

func strs(v gjson.Result) []string {
	var out []string
	for _, one := range v.Array() {
		out = append(out, keep(one))
	}
	return out
}

func texts(v gjson.Result) string { return strings.Join(strs(v), "") }

func phase(p gjson.Result) *protocol.MessagePhase {
	return protocol.Optional(protocol.MessagePhase(p.Get("phase").Str))
}
