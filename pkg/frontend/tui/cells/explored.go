package cells

import (
	"slices"
	"strings"

	"codex/pkg/frontend/tui/text"
	"codex/pkg/protocol"
)

const kindExplored = "explored"

// Explored is a run of commands that only read, list and search: one cell for all of them.
type Explored struct {
	Commands []*protocol.CommandExecutionItem
}

// ItemType is the kind of entry.
func (*Explored) ItemType() string { return kindExplored }

// ItemID is the id of the last command.
func (x *Explored) ItemID() string {
	if n := len(x.Commands); n > 0 {
		return x.Commands[n-1].ID
	}
	return ""
}

// Has says whether a command is one of them.
func (x *Explored) Has(id string) bool { return x.index(id) >= 0 }

// Running says whether one of them runs.
func (x *Explored) Running() bool {
	return slices.ContainsFunc(x.Commands, func(c *protocol.CommandExecutionItem) bool {
		return c.Status == protocol.CommandExecutionStatusInProgress
	})
}

func (x *Explored) index(id string) int {
	return slices.IndexFunc(x.Commands, func(c *protocol.CommandExecutionItem) bool { return c.ID == id })
}

// Put adds a command, or what is newer of it.
func (x *Explored) Put(item *protocol.CommandExecutionItem) {
	if i := x.index(item.ID); i >= 0 {
		x.Commands[i] = item
		return
	}
	x.Commands = append(x.Commands, item)
}

// Take takes a command out.
func (x *Explored) Take(id string) {
	x.Commands = slices.DeleteFunc(x.Commands, func(c *protocol.CommandExecutionItem) bool { return c.ID == id })
}

// End says of those that run that they have ended.
func (x *Explored) End() {
	for i, c := range x.Commands {
		if c.Status == protocol.CommandExecutionStatusInProgress {
			ended := *c
			ended.Status = protocol.CommandExecutionStatusCompleted
			x.Commands[i] = &ended
		}
	}
}

// Exploring says whether a command of the model only reads, lists and searches.
func Exploring(item *protocol.CommandExecutionItem) bool {
	if len(item.CommandActions) == 0 || item.Source == protocol.CommandExecutionSourceUserShell {
		return false
	}
	return !slices.ContainsFunc(item.CommandActions, func(a protocol.CommandAction) bool {
		return a.Type != protocol.CommandActionRead && a.Type != protocol.CommandActionListFiles && a.Type != protocol.CommandActionSearch
	})
}

// explored draws what was read, listed and searched; files read one after the other stand
// in one row.
func explored(e Entry, width int, t *text.Theme) []text.Line {
	x, ok := e.Item.(*Explored)
	if !ok {
		return nil
	}
	title, running := "Explored", x.Running()
	var rows []text.Line
	var names []string
	flush := func() {
		if len(names) > 0 {
			rows = append(rows, text.Line{span("Read", t.Accent), span(" "+strings.Join(names, ", "), text.Style{})})
			names = nil
		}
	}
	for _, c := range x.Commands {
		for _, a := range c.CommandActions {
			if a.Type == protocol.CommandActionRead {
				if name := text.CleanLine(a.Name); !slices.Contains(names, name) {
					names = append(names, name)
				}
				continue
			}
			flush()
			rows = append(rows, explore(a, t))
		}
	}
	flush()
	if running {
		title = "Exploring"
	}
	mark := bullet(running, false, e.Beat, t)
	if !running {
		mark = t.Dim
	}
	out := bulleted([]text.Line{text.Of(title, t.Bold)}, width, mark)
	return append(out, below(rows, width, t)...)
}

// explore draws one action that reads no file.
func explore(a protocol.CommandAction, t *text.Theme) text.Line {
	verb, what := "Run", a.Command
	switch a.Type {
	case protocol.CommandActionListFiles:
		if verb = "List"; a.Path != nil {
			what = *a.Path
		}
	case protocol.CommandActionSearch:
		verb, what = "Search", protocol.Value(a.Query)
		if a.Query == nil {
			what = a.Command
		} else if p := protocol.Value(a.Path); p != "" {
			what += " in " + p
		}
	}
	return text.Line{span(verb, t.Accent), span(" "+text.CleanLine(what), text.Style{})}
}
