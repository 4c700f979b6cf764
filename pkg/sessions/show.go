package sessions

import (
	"fmt"
	"io"
	"strings"
	"time"

	"codex/pkg/jsonrpc"
	"codex/pkg/protocol"
	"codex/pkg/thread"
)

type showCmd struct {
	sessionArg
	JSON bool `name:"json" help:"one object, as thread/read has it"`
}

// Run prints the session.
func (c showCmd) Run(p Process, home string) error {
	h, err := c.find(home)
	if err != nil {
		return err
	}
	names := new(thread.Names).Of(home)
	turns, err := thread.Turns(h.Path, "")
	if err != nil {
		return fmt.Errorf("read session %s: %w", h.ID, err)
	}
	if c.JSON {
		th := h.Thread(names)
		th.Turns = turns
		return jsonrpc.NewWriter(p.Stdout).Write(th)
	}
	head := "session " + h.ID
	if name := names[h.ID]; name != "" {
		head += " (" + name + ")"
	}
	if _, err := fmt.Fprintf(p.Stdout, "%s\nbegan %s in %s\n", head, h.Created.Local().Format(time.DateTime), h.Cwd); err != nil {
		return err
	}
	for _, t := range turns {
		for _, item := range t.Items {
			if text := said(item); text != "" {
				if _, err := io.WriteString(p.Stdout, "\n"+strings.TrimRight(text, "\n")+"\n"); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// said is what a person reads of an item, "" for nothing.
func said(item protocol.ThreadItem) string {
	switch i := item.(type) {
	case *protocol.UserMessageItem:
		var parts []string
		for _, in := range i.Content {
			switch in.Type {
			case protocol.UserInputText:
				parts = append(parts, in.Text)
			case protocol.UserInputImage:
				parts = append(parts, "[image]")
			default:
				parts = append(parts, "["+in.Type+" "+in.Name+in.Path+"]")
			}
		}
		return "> " + strings.ReplaceAll(strings.TrimRight(strings.Join(parts, "\n"), "\n"), "\n", "\n> ")
	case *protocol.AgentMessageItem:
		return i.Text
	case *protocol.PlanItem:
		return i.Text
	case *protocol.CommandExecutionItem:
		text := "$ " + i.Command
		if i.AggregatedOutput != nil {
			text += "\n" + *i.AggregatedOutput
		}
		return text
	case *protocol.FileChangeItem:
		var files []string
		for _, c := range i.Changes {
			files = append(files, c.Kind.Type+" "+c.Path)
		}
		return strings.Join(files, "\n")
	case *protocol.McpToolCallItem:
		return "tool " + i.Server + "/" + i.Tool
	case *protocol.ExitedReviewModeItem:
		return i.Review
	}
	return ""
}
