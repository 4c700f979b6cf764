package memories

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/gofrs/flock"

	"codex/pkg/cli"
	"codex/pkg/cli/exit"
	"codex/pkg/cli/pipeline"
	"codex/pkg/config"
	"codex/pkg/foreign"
	"codex/pkg/jsonrpc"
	store "codex/pkg/memories"
)

// Process is what the program knows of its surroundings.
type Process struct {
	Stdin          io.Reader
	Stdout, Stderr io.Writer
	Env            config.Env
	Environ        []string
	Engine         func() (path string, err error) // finds codex-turn
	Program        func(name string) string        // path of a program of the suite
	Now            func() time.Time
	Die            func(sig os.Signal, status int) // ends the process by the signal that has ended what it did
}

// Grammar is the command line of codex-memories(1).
type Grammar struct {
	cli.Overrides
	Profile   string `short:"p" placeholder:"PROFILE" help:"profile of config.toml"`
	ProfileV2 string `name:"profile-v2" placeholder:"PROFILE_V2" help:"read PROFILE_V2.config.toml on top of config.toml"`
	Model     string `short:"m" placeholder:"MODEL" help:"model of sessions, asked where the settings name none for memories"`

	Update updateCmd `cmd:"" help:"read sessions that rest, and bring together what they left"`
	List   listCmd   `cmd:"" help:"list the sessions that were read"`
	Status statusCmd `cmd:"" help:"tell how far memories are made"`
	Reset  resetCmd  `cmd:"" help:"forget everything"`
}

// options are the settings that hold: no project's, since memories are the user's.
func (g *Grammar) options(env config.Env, home string) config.Options {
	env.Cwd = home
	return config.Options{Env: env, Overrides: g.Config, Enable: g.Enable, Disable: g.Disable, Profile: g.Profile, ProfileV2: g.ProfileV2, Model: g.Model}
}

// Main runs the program and gives its exit status.
func Main(ctx context.Context, args []string, p Process) int {
	prog := cli.Program{Name: "codex-memories", Summary: "Make the memories that later sessions read.", Stdout: p.Stdout, Stderr: p.Stderr}
	var g Grammar
	k, err := cli.Parse(prog, &g, args)
	if err == nil {
		k.BindTo(ctx, (*context.Context)(nil))
		var home string
		if home, err = config.Home(p.Env); err == nil {
			err = k.Run(p, &g, home)
		}
	}
	status := exit.ReportAs(p.Stderr, prog.Name, err, config.Words)
	if c, ok := errors.AsType[pipeline.Caught](err); ok {
		p.Die(c.Signal, status)
	}
	return status
}

type listCmd struct {
	JSON bool `name:"json" help:"one object a line"`
}

// Run lists what is known.
func (c listCmd) Run(p Process, home string) error {
	all, err := store.Store{Home: home}.All()
	json := jsonrpc.NewWriter(p.Stdout)
	for _, r := range all {
		var e error
		if c.JSON {
			e = json.Write(r)
		} else {
			_, e = fmt.Fprintf(p.Stdout, "%s  %s  %s\n", r.ThreadID, time.Unix(r.Seen(), 0).Format(time.DateOnly), state(r))
		}
		if e != nil {
			return e
		}
	}
	return err
}

// state is what became of a session, in words.
func state(r *store.Record) string {
	switch a := r.Attempt; {
	case a != nil && a.Error != "":
		return "failed: " + a.Error
	case a != nil:
		return "broken off"
	case !r.Kept():
		return "nothing to keep"
	}
	return r.File()
}

type statusCmd struct {
	JSON bool `name:"json" help:"as an object"`
}

// status is how far memories are made.
type status struct {
	Sessions int  `json:"sessions"` // that were read
	Kept     int  `json:"kept"`     // of which there is something
	Failed   int  `json:"failed"`   // that could not be read, or not to the end
	Working  bool `json:"working"`  // somebody makes memories
	progress
}

// Run tells it.
func (c statusCmd) Run(p Process, home string) error {
	all, err := store.Store{Home: home}.All()
	s := status{Sessions: len(all)}
	for _, r := range all {
		switch {
		case r.Attempt != nil:
			s.Failed++
		case r.Kept():
			s.Kept++
		}
	}
	var e, e2 error
	s.Working, e = working(home)
	s.progress, e2 = readProgress(home)
	if c.JSON {
		err = errors.Join(err, jsonrpc.NewWriter(p.Stdout).Write(s))
	} else {
		_, e := fmt.Fprint(p.Stdout, s)
		err = errors.Join(err, e)
	}
	return errors.Join(err, e, e2)
}

// String is the status for people.
func (s status) String() string {
	text := fmt.Sprintf("sessions: %d read, %d kept, %d failed\nbrought together: %s\n", s.Sessions, s.Kept, s.Failed, when(s.At))
	if s.Retry > 0 {
		text += "tried again: " + when(s.Retry) + why(s.Error) + "\n"
	}
	if s.Working {
		text += "at work\n"
	}
	return text
}

func why(err string) string {
	if err == "" {
		return ""
	}
	return " (" + err + ")"
}

func when(unix int64) string {
	if unix == 0 {
		return "never"
	}
	return time.Unix(unix, 0).Format(time.DateTime)
}

type resetCmd struct{}

// Run forgets.
func (resetCmd) Run(p Process, home string) error {
	lock, err := lock(home)
	if err != nil {
		return err
	}
	if lock == nil {
		return errors.New("memories are being made; try again when that is done")
	}
	defer lock.Close()
	return store.Reset(home)
}

// working tells whether somebody makes memories. It makes no lock: a home may be read-only.
func working(home string) (bool, error) {
	if _, err := os.Stat(filepath.Join(store.StateDir(home), store.LockName)); errors.Is(err, os.ErrNotExist) {
		return false, nil
	}
	held, err := lock(home)
	if held == nil {
		return err == nil, err
	}
	return false, held.Close()
}

// lock takes the lock of who makes memories, nil when somebody else does.
func lock(home string) (*flock.Flock, error) {
	dir := store.StateDir(home)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("make the folder for what is known of memories: %w", err)
	}
	l := flock.New(filepath.Join(dir, store.LockName), flock.SetFlag(os.O_CREATE|os.O_RDONLY|foreign.NonBlocking), flock.SetPermissions(0o600))
	ok, err := l.TryLock()
	if err != nil {
		return nil, fmt.Errorf("lock memories: %w", err)
	}
	if !ok {
		return nil, nil
	}
	return l, nil
}
