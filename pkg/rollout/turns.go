package rollout

import (
	"encoding/json"
	"fmt"
	"os"

	"github.com/tidwall/gjson"

	"codex/pkg/protocol"
)

// Turns rebuilds the turns that clients see from a session file. Item ids are numbered
// per thread (appserver spec §4). A last turn without an end shows as interrupted: who
// knows that it runs has to say so.
func Turns(path string) ([]protocol.Turn, error) {
	b := turnsBuilder{turns: []protocol.Turn{}}
	err := Each(path, func(typ string, payload gjson.Result) bool {
		if typ == TypeEvent {
			b.event(payload)
		}
		return true
	})
	if err != nil {
		return nil, err
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
		var r Review
		if o := p.Get("review_output"); o.IsObject() {
			_ = json.Unmarshal([]byte(o.Raw), &r) // what is missing is empty
		}
		b.add(&protocol.ExitedReviewModeItem{Type: protocol.ItemExitedReviewMode, ID: b.id(), Review: r.String()})
	case "item_completed":
		if item := p.Get("item"); item.Get("type").Str == "Plan" {
			b.add(&protocol.PlanItem{Type: protocol.ItemPlan, ID: item.Get("id").Str, Text: item.Get("text").Str})
		}
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

// Backward gives the lines of the session file at path from the last to the first until
// fn returns false. Only lines of the types turn_context and event_msg are looked at:
// the others can be megabytes.
func Backward(path string, fn func(typ string, payload json.RawMessage) bool) error {
	f, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("open session file: %w", err)
	}
	defer f.Close()
	return backward(f, func(line []byte, _ int64) bool {
		typ := gjson.GetBytes(line, "type").Str
		if typ != TypeTurnContext && typ != TypeEvent || !gjson.ValidBytes(line) {
			return true
		}
		return fn(typ, json.RawMessage(gjson.GetBytes(line, "payload").Raw))
	})
}
