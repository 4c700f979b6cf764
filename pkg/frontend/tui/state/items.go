package state

import (
	"slices"
	"strings"
	"time"

	"github.com/tidwall/gjson"

	"codex/pkg/frontend/tui/cells"
	"codex/pkg/protocol"
)

func (s *State) itemStarted(p gjson.Result, _ time.Time) {
	item, err := protocol.DecodeThreadItem([]byte(p.Get("item").Raw))
	if err != nil {
		return
	}
	s.working()
	s.relate(item)
	switch item := item.(type) {
	case *protocol.AgentMessageItem, *protocol.UserMessageItem, *protocol.PlanItem:
		s.flushExploring()
	case *protocol.ReasoningItem:
		s.Turn.thought = ""
	case *protocol.CommandExecutionItem:
		if cells.Exploring(item) {
			s.explore(item)
			return
		}
		s.start(item)
	case *protocol.ContextCompactionItem:
		s.Turn.Header = "Compacting context"
	default:
		s.start(item)
	}
}

// start adds an item to what runs.
func (s *State) start(item protocol.ThreadItem) {
	s.flushExploring()
	e := cells.Entry{Item: item}
	if _, ok := item.(*protocol.CommandExecutionItem); ok {
		e.Live = &cells.Output{}
	}
	s.Active = append(s.Active, &Active{item.ItemID(), e})
}

// explore adds a command that only looks around to the cell of such commands, or tells the
// cell that has it how it does.
func (s *State) explore(item *protocol.CommandExecutionItem) {
	a := s.exploredIn(item.ID)
	if a == nil {
		if s.exploring == nil {
			s.exploring = &Active{"", cells.Entry{Item: &cells.Explored{}}}
			s.Active = append(s.Active, s.exploring)
		}
		a = s.exploring
	}
	a.Entry.Item.(*cells.Explored).Put(item)
	s.settle(a)
}

// exploredIn is the cell of commands that look around which has a command.
func (s *State) exploredIn(id string) *Active {
	for _, a := range s.Active {
		if x, ok := a.Entry.Item.(*cells.Explored); ok && x.Has(id) {
			return a
		}
	}
	return nil
}

// flushExploring ends the cell of commands that look around: something else comes. While one
// of them runs it is not finished, but has no more of them.
func (s *State) flushExploring() {
	if a := s.exploring; a != nil {
		s.exploring = nil
		s.settle(a)
	}
}

// settle shows a cell of commands that look around once nothing can come to it.
func (s *State) settle(a *Active) {
	x := a.Entry.Item.(*cells.Explored)
	if a == s.exploring && len(x.Commands) > 0 || x.Running() {
		return
	}
	if a == s.exploring {
		s.exploring = nil
	}
	s.Active = slices.DeleteFunc(s.Active, func(b *Active) bool { return a == b })
	if len(x.Commands) > 0 {
		s.do(Show{a.Entry})
	}
}

func (s *State) itemCompleted(p gjson.Result, _ time.Time) {
	item, err := protocol.DecodeThreadItem([]byte(p.Get("item").Raw))
	if err != nil {
		return
	}
	s.working()
	s.complete(item)
}

// complete takes an item that has ended.
func (s *State) complete(item protocol.ThreadItem) {
	active := s.drop(item.ItemID())
	s.relate(item)
	switch item := item.(type) {
	case *protocol.AgentMessageItem:
		s.completeMessage(item)
		return
	case *protocol.ReasoningItem:
		if !s.Thread.HideReasoning {
			s.show(cells.Entry{Item: s.shownReasoning(item)})
		}
		return
	case *protocol.UserMessageItem:
		s.do(UserMessage{messageText(item)})
	case *protocol.CommandExecutionItem:
		s.toolsUsed = s.toolsUsed || item.Source != protocol.CommandExecutionSourceUserShell
		if cells.Exploring(item) && item.Status == protocol.CommandExecutionStatusCompleted && (active == nil || s.exploredIn(item.ID) != nil) {
			s.explore(item)
			return
		}
		s.forget(item.ID)
		if s.counted {
			s.do(Commands{})
		}
	case *protocol.FileChangeItem:
		s.toolsUsed = true
		if s.printed[item.ID] && item.Status != protocol.PatchApplyStatusFailed {
			return
		}
	default:
		s.toolsUsed = true
	}
	e := cells.Entry{Item: item}
	if c, ok := item.(*protocol.CommandExecutionItem); active != nil && (!ok || c.AggregatedOutput == nil) {
		e.Live = active.Entry.Live // the item has none of what it wrote
	}
	s.show(e)
}

// relate names the files of a patch from the thread's folder, as people do.
func (s *State) relate(item protocol.ThreadItem) {
	f, ok := item.(*protocol.FileChangeItem)
	if !ok {
		return
	}
	short := func(p string) string {
		if rest, ok := strings.CutPrefix(p, s.Thread.Cwd+"/"); ok && s.Thread.Cwd != "" {
			return rest
		}
		return p
	}
	for i := range f.Changes {
		c := &f.Changes[i]
		c.Path = short(c.Path)
		if m := c.Kind.MovePath; m != nil {
			to := short(*m)
			c.Kind.MovePath = &to
		}
	}
}

// forget takes a command that failed out of the cell of those that look around: it gets a
// cell of its own.
func (s *State) forget(id string) {
	if a := s.exploredIn(id); a != nil {
		a.Entry.Item.(*cells.Explored).Take(id)
		s.settle(a)
	}
}

// show shows an entry after the commands that looked around before it.
func (s *State) show(e cells.Entry) {
	s.flushExploring()
	s.do(Show{e})
}

// print shows an entry and remembers that.
func (s *State) print(id string, e cells.Entry) {
	if s.printed == nil {
		s.printed = map[string]bool{}
	}
	s.printed[id] = true
	s.show(e)
}

// drop takes an item out of what runs.
func (s *State) drop(id string) *Active {
	for i, a := range s.Active {
		if a.ID == id && id != "" {
			s.Active = slices.Delete(s.Active, i, i+1)
			return a
		}
	}
	return nil
}

// working ends what was said about an attempt to reach the model.
func (s *State) working() {
	if t := &s.Turn; t.retry {
		t.retry, t.Header, t.Details = false, "", ""
	}
}

// shownReasoning is what of a reasoning item is shown.
func (s *State) shownReasoning(item *protocol.ReasoningItem) *protocol.ReasoningItem {
	if s.Thread.RawReasoning {
		return item
	}
	shown := *item
	shown.Content = nil
	return &shown
}

func (s *State) completeMessage(item *protocol.AgentMessageItem) {
	s.flushExploring()
	s.Turn.Last = item.Text
	s.message = ""
	s.do(Complete{item})
}

func messageText(item *protocol.UserMessageItem) string {
	var parts []string
	for _, c := range item.Content {
		if c.Type == protocol.UserInputText {
			parts = append(parts, c.Text)
		}
	}
	return strings.Join(parts, "\n")
}

func (s *State) agentDelta(p gjson.Result, _ time.Time) {
	id, text := p.Get("itemId").Str, p.Get("delta").Str
	s.working()
	if s.message != id {
		s.flushExploring()
		if s.message != "" {
			s.do(Cut{s.message})
		}
		s.message = id
	}
	if n := len(s.effects); n > 0 { // a flood makes one effect
		if d, ok := s.effects[n-1].(*Delta); ok && d.ID == id {
			d.Text = append(d.Text, text...)
			return
		}
	}
	s.do(&Delta{id, []byte(text)})
}

func (s *State) outputDelta(p gjson.Result, _ time.Time) {
	id := p.Get("itemId").Str
	for _, a := range s.Active {
		if a.ID == id && a.Entry.Live != nil {
			a.Entry.Live.Append(p.Get("delta").Str)
		}
	}
}

// reasoningDelta finds the title of what the model thinks about: **this**.
func (s *State) reasoningDelta(p gjson.Result, _ time.Time) {
	s.working()
	t := &s.Turn
	const most = 4096 // a title comes first
	if len(t.thought) > most {
		return
	}
	t.thought += p.Get("delta").Str
	if _, rest, ok := strings.Cut(t.thought, "**"); ok {
		if title, _, ok := strings.Cut(rest, "**"); ok && strings.TrimSpace(title) != "" {
			t.Header = strings.TrimSpace(title)
		}
	}
}
