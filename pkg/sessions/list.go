package sessions

import (
	"errors"
	"fmt"
	"strings"
	"text/tabwriter"
	"time"

	"codex/pkg/jsonrpc"
	"codex/pkg/thread"
)

type listCmd struct {
	Archived bool `help:"those that were put away instead"`
	Here     bool `help:"those whose last turn ran in this folder only"`
	Agents   bool `help:"with the work of agents and reviews"`
	Limit    int  `short:"n" placeholder:"N" help:"at most so many"`
	JSON     bool `name:"json" help:"one object a line, as thread/list has them"`
}

// Run lists the sessions.
func (c listCmd) Run(p Process, home string) error {
	var unread []error
	o := thread.Options{Archived: c.Archived, Unread: func(err error) {
		if !errors.Is(err, thread.ErrEmpty) {
			unread = append(unread, err)
		}
	}}
	if c.Here {
		o.Cwd = p.Env.Cwd
	}
	names := new(thread.Names).Of(home)
	table := tabwriter.NewWriter(p.Stdout, 0, 8, 2, ' ', 0)
	json := jsonrpc.NewWriter(p.Stdout)
	n := 0
	for h, err := range thread.List(home, o) {
		if err != nil {
			_ = table.Flush() // what there is, before what is wrong
			return err
		}
		if h.Agent() && !c.Agents {
			continue
		}
		if c.JSON {
			err = json.Write(h.Thread(names))
		} else {
			_, err = fmt.Fprintf(table, "%s\t%s\t%s\t%s\n", h.ID, h.Modified.Local().Format(time.DateTime), h.Cwd, short(title(h, names), 60))
		}
		if err != nil {
			return err
		}
		if n++; n == c.Limit {
			break
		}
	}
	return errors.Join(append(unread, table.Flush())...)
}

// title is the name of a session, or how it began.
func title(h *thread.Head, names map[string]string) string {
	if name := names[h.ID]; name != "" {
		return name
	}
	return h.Preview
}

// short is a text in one line of at most so many characters.
func short(s string, most int) string {
	r := []rune(strings.Join(strings.Fields(s), " "))
	if len(r) > most {
		r = append(r[:most-1:most-1], '…')
	}
	return string(r)
}
