package sessions

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"codex/pkg/cli"
	"codex/pkg/cli/exit"
	"codex/pkg/config"
	"codex/pkg/thread"
)

// Grammar is the command line of codex-sessions(1).
type Grammar struct {
	cli.Overrides

	List      listCmd      `cmd:"" help:"list sessions, the last used first"`
	Show      showCmd      `cmd:"" help:"print what was said in a session"`
	Path      pathCmd      `cmd:"" help:"print where the file of a session is"`
	Name      nameCmd      `cmd:"" help:"give a session a name"`
	Archive   archiveCmd   `cmd:"" help:"put a session away: lists and --last pass it over"`
	Unarchive unarchiveCmd `cmd:"" help:"take a session back from the archive"`
	Delete    deleteCmd    `cmd:"" help:"delete a session for good"`
}

// Process is what the program knows of its surroundings.
type Process struct {
	Stdin          io.Reader
	Stdout, Stderr io.Writer
	StdinTTY       bool
	Env            config.Env
	Now            func() time.Time
}

// Main runs the program and gives its exit status.
func Main(args []string, p Process) int {
	prog := cli.Program{Name: "codex-sessions", Summary: "List, show, name, archive and delete stored sessions.", Stdout: p.Stdout, Stderr: p.Stderr}
	var g Grammar
	k, err := cli.Parse(prog, &g, args)
	if err == nil {
		var home string
		if home, err = config.Home(p.Env); err == nil {
			err = k.Run(p, home)
		}
	}
	return exit.ReportAs(p.Stderr, prog.Name, err, config.Words)
}

// sessionArg names a session.
type sessionArg struct {
	Session string `arg:"" help:"id or name of the session"`
}

// find gives the session, of those that are in use first.
func (a sessionArg) find(home string) (*thread.Head, error) {
	h, err := a.among(home, false)
	if errors.Is(err, thread.ErrNone) {
		h, err = a.among(home, true)
	}
	if errors.Is(err, thread.ErrNone) {
		return nil, fmt.Errorf("no session is called '%s'", a.Session)
	}
	return h, err
}

// among looks through the archived sessions, or the others.
func (a sessionArg) among(home string, archived bool) (*thread.Head, error) {
	if _, ok := thread.ParseID(a.Session); ok {
		path, err := thread.Find(home, a.Session)
		if err != nil {
			return nil, err
		}
		if thread.Archived(home, path) != archived {
			return nil, thread.ErrNone
		}
		return thread.Read(path)
	}
	if !archived {
		return thread.ByName(home, a.Session, "", true)
	}
	names := new(thread.Names).Of(home)
	for h, err := range thread.List(home, thread.Options{Archived: true}) {
		if err != nil {
			return nil, err
		}
		if names[h.ID] == a.Session || names[h.ID] == "" && strings.TrimSpace(h.Preview) == strings.TrimSpace(a.Session) {
			return h, nil
		}
	}
	return nil, thread.ErrNone
}

type pathCmd struct{ sessionArg }

// Run prints the path.
func (c pathCmd) Run(p Process, home string) error {
	h, err := c.find(home)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(p.Stdout, h.Path)
	return err
}

type nameCmd struct {
	sessionArg
	To string `arg:"" name:"name" help:"what it is called from now on"`
}

// Run gives the name.
func (c nameCmd) Run(p Process, home string) error {
	if strings.TrimSpace(c.To) == "" {
		return exit.Usagef("a name must not be empty")
	}
	h, err := c.find(home)
	if err != nil {
		return err
	}
	return thread.SetName(home, h.ID, strings.TrimSpace(c.To), p.Now())
}

type archiveCmd struct{ sessionArg }

// Run moves the file away.
func (c archiveCmd) Run(p Process, home string) error {
	h, err := c.among(home, false)
	if errors.Is(err, thread.ErrNone) {
		return fmt.Errorf("no active session is called '%s'", c.Session)
	}
	if err == nil {
		err = thread.Archive(home, h.Path)
	}
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(p.Stdout, "Archived session %s.\n", h.ID)
	return err
}

type unarchiveCmd struct{ sessionArg }

// Run moves the file back.
func (c unarchiveCmd) Run(p Process, home string) error {
	h, err := c.among(home, true)
	if errors.Is(err, thread.ErrNone) {
		return fmt.Errorf("no archived session is called '%s'", c.Session)
	}
	if err == nil {
		_, err = thread.Unarchive(home, h.Path)
	}
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(p.Stdout, "Unarchived session %s.\n", h.ID)
	return err
}

type deleteCmd struct {
	sessionArg
	Force bool `help:"do not ask; the session must be named by its id"`
}

// Run removes the file, once somebody has said so.
func (c deleteCmd) Run(p Process, home string) error {
	_, isID := thread.ParseID(c.Session)
	switch {
	case c.Force && !isID:
		return exit.Usagef("--force needs the id of a session, not a name: '%s'", c.Session)
	case !c.Force && !p.StdinTTY:
		return errors.New("cannot ask whether to delete without a terminal: give --force and the id of the session")
	}
	h, err := c.find(home)
	if err != nil {
		return err
	}
	if !c.Force {
		fmt.Fprintf(p.Stderr, "Delete session %s (%s) for good? [y/N] ", h.ID, short(title(h, new(thread.Names).Of(home)), 60))
		said, err := bufio.NewReader(p.Stdin).ReadString('\n')
		if err != nil && err != io.EOF {
			return err
		}
		if said = strings.ToLower(strings.TrimSpace(said)); said != "y" && said != "yes" {
			return errors.New("nothing was deleted")
		}
	}
	if err := thread.Delete(home, h.ID, h.Path, p.Now); err != nil {
		return err
	}
	_, err = fmt.Fprintf(p.Stdout, "Deleted session %s.\n", h.ID)
	return err
}
