package thread

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/tidwall/gjson"

	"codex/pkg/protocol"
	"codex/pkg/rollout"
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

type turnsBuilder struct {
	turns []protocol.Turn
	n     int
}

func (b *turnsBuilder) id() string {
	b.n++
	return fmt.Sprintf("item-%d", b.n)
}

// current is the turn that events belong to.
func (b *turnsBuilder) current(id string) *protocol.Turn {
	if len(b.turns) == 0 || id != "" && b.turns[len(b.turns)-1].ID != id {
		if id == "" { // before any turn
			id = "rollout-1"
		}
		b.turns = append(b.turns, protocol.Turn{ID: id, Items: protocol.ThreadItems{}, ItemsView: protocol.TurnItemsViewFull,
			Status: protocol.TurnStatusInterrupted})
	}
	return &b.turns[len(b.turns)-1]
}

func (b *turnsBuilder) event(p gjson.Result) {
	switch p.Get("type").Str {
	case "task_started":
		t := b.current(p.Get("turn_id").Str)
		at := p.Get("started_at").Int()
		t.StartedAt = &at
	case "user_message":
		m := &protocol.UserMessageItem{Type: protocol.ItemUserMessage, ID: b.id()}
		for _, u := range p.Get("images").Array() {
			m.Content = append(m.Content, protocol.UserInput{Type: protocol.UserInputImage, URL: u.Str})
		}
		for _, u := range p.Get("local_images").Array() {
			m.Content = append(m.Content, protocol.UserInput{Type: protocol.UserInputLocalImage, Path: u.Str})
		}
		m.Content = append(m.Content, protocol.UserInput{Type: protocol.UserInputText, Text: p.Get("message").Str, TextElements: protocol.List[protocol.TextElement]{}})
		b.add(m)
	case "agent_message":
		b.add(&protocol.AgentMessageItem{Type: protocol.ItemAgentMessage, ID: b.id(), Text: p.Get("message").Str, Phase: phase(p)})
	case "agent_reasoning":
		b.add(&protocol.ReasoningItem{Type: protocol.ItemReasoning, ID: b.id(), Summary: []string{p.Get("text").Str}})
	case "entered_review_mode":
		b.add(&protocol.EnteredReviewModeItem{Type: protocol.ItemEnteredReviewMode, ID: b.id(), Review: p.Get("user_facing_hint").Str})
	case "exited_review_mode":
		var r rollout.Review
		if o := p.Get("review_output"); o.IsObject() {
			_ = json.Unmarshal([]byte(o.Raw), &r) // what is missing is empty
		}
		b.add(&protocol.ExitedReviewModeItem{Type: protocol.ItemExitedReviewMode, ID: b.id(), Review: r.String()})
	case "item_completed":
		b.completed(p)
	case "context_compacted":
		b.add(&protocol.ContextCompactionItem{Type: protocol.ItemContextCompaction, ID: b.id()})
	case "web_search_end":
		b.add(&protocol.WebSearchItem{Type: protocol.ItemWebSearch, ID: b.id(), Query: p.Get("query").Str})
	case "patch_apply_end":
		f := &protocol.FileChangeItem{Type: protocol.ItemFileChange, ID: p.Get("call_id").Str, Status: protocol.PatchApplyStatus(p.Get("status").Str)}
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
		b.add(f)
	case "task_complete":
		b.end(p, protocol.TurnStatusCompleted)
	case "turn_aborted":
		b.end(p, protocol.TurnStatusInterrupted)
	case "thread_rolled_back":
		n := min(int(p.Get("num_turns").Int()), len(b.turns))
		b.turns = b.turns[:len(b.turns)-max(n, 0)]
	}
}

// completed takes what has no event of its own: plans, and in files of later versions
// messages and reasoning too.
func (b *turnsBuilder) completed(p gjson.Result) {
	item := p.Get("item")
	switch item.Get("type").Str {
	case "Plan":
		b.add(&protocol.PlanItem{Type: protocol.ItemPlan, ID: item.Get("id").Str, Text: item.Get("text").Str})
	case "UserMessage":
		content, _ := userItem(p)
		b.add(&protocol.UserMessageItem{Type: protocol.ItemUserMessage, ID: b.id(), Content: content})
	case "AgentMessage":
		b.add(&protocol.AgentMessageItem{Type: protocol.ItemAgentMessage, ID: b.id(), Text: texts(item.Get("content.#.text")), Phase: phase(item)})
	case "Reasoning":
		b.add(&protocol.ReasoningItem{Type: protocol.ItemReasoning, ID: b.id(), Summary: strs(item.Get("summary_text"))})
	}
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

func (b *turnsBuilder) add(item protocol.ThreadItem) {
	t := b.current("")
	t.Items = append(t.Items, item)
}

func (b *turnsBuilder) end(p gjson.Result, status protocol.TurnStatus) {
	t := b.current(p.Get("turn_id").Str)
	t.Status = status
	if v := p.Get("completed_at"); v.Exists() {
		at := v.Int()
		t.CompletedAt = &at
	}
	if v := p.Get("duration_ms"); v.Exists() {
		ms := v.Int()
		t.DurationMs = &ms
	}
}

func phase(p gjson.Result) *protocol.MessagePhase {
	v := protocol.MessagePhase(p.Get("phase").Str)
	if v == "" {
		return nil
	}
	return &v
}
