// Package login is the program codex-login: it stores the credential of a home folder,
// says which one there is, and removes it. It is the only one that knows all the stores
// and the service that gives tokens.
//
// A program of its own: it imports the ground and pkg/cli.
package login

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"codex/pkg/auth"
	"codex/pkg/cli"
	"codex/pkg/cli/exit"
	"codex/pkg/config"
	"codex/pkg/rustlog"
)

// Process is what the program takes from its process.
type Process struct {
	Args           []string // without the program's name
	Env            config.Env
	Stdin          io.Reader
	Stdout, Stderr io.Writer
	StdinTTY       bool
	StdoutTTY      bool
	Now            func() time.Time
	// Open shows an address in a browser.
	Open func(address string)
}

// Grammar is the command line.
type Grammar struct {
	cli.Overrides
	loginFlags

	Login  loginCmd  `cmd:"" default:"1" hidden:"" help:"store a credential"`
	Status statusCmd `cmd:"" help:"say which credential is stored"`
	Logout logoutCmd `cmd:"" help:"remove the stored credential"`
	Token  tokenCmd  `cmd:"" help:"print the credential for requests, renewed if need be, as one JSON object"`
}

// Main runs the program and gives its exit status.
func Main(ctx context.Context, p Process) int {
	return exit.Report(p.Stderr, "codex-login", p.run(ctx))
}

func (p Process) run(ctx context.Context) error {
	// The original had it; what is in the arguments, every process of the machine can read.
	for _, a := range p.Args {
		if a == "--api-key" || strings.HasPrefix(a, "--api-key=") {
			return p.say("The --api-key flag is no longer supported. Pipe the key instead, e.g. `printenv OPENAI_API_KEY | codex login --with-api-key`.")
		}
	}
	var g Grammar
	k, err := cli.Parse(cli.Program{Name: "codex-login", Summary: "Store, show and remove credentials.", Stdout: p.Stdout, Stderr: p.Stderr}, &g, p.Args)
	if err != nil {
		return err
	}
	if word := k.Command(); word != "login" && g.loginFlags != (loginFlags{}) {
		return exit.Usagef("'%s' does not go with the options of a login", word)
	}
	s, err := p.session(ctx, &g)
	if err != nil {
		return err
	}
	return k.Run(s)
}

// session is one run: the settings that count, and the store that they name.
type session struct {
	Process
	loginFlags
	ctx   context.Context
	cfg   *config.Config
	store store
	log   *rustlog.Log // of this login
}

func (p Process) session(ctx context.Context, g *Grammar) (*session, error) {
	cfg, err := config.Load(ctx, config.Options{Env: p.Env, Overrides: g.Config, Enable: g.Enable, Disable: g.Disable})
	var bad *config.Error
	switch {
	case errors.As(err, &bad) && bad.Kind == config.KindOverride:
		return nil, p.say("Error parsing -c overrides: %s", bad.Short())
	case errors.As(err, &bad):
		return nil, p.say("Error loading configuration: %s", bad.Short())
	case err != nil:
		return nil, p.say("Error loading configuration: %v", err)
	}
	return &session{Process: p, loginFlags: g.loginFlags, ctx: ctx, cfg: cfg, store: p.openStore(cfg.AuthStore, cfg.Home)}, nil
}

// say writes a line as the original does, without the program's name, and gives the
// status for having failed.
func (p Process) say(format string, args ...any) error {
	p.tell(format, args...)
	return exit.Silent(exit.Failed)
}

// line writes an object for a program.
func (p Process) line(v any) error {
	b, err := json.Marshal(v)
	if err == nil {
		_, err = p.Stdout.Write(append(b, '\n'))
	}
	if err != nil {
		return fmt.Errorf("write to standard output: %w", err)
	}
	return nil
}

func (p Process) tell(format string, args ...any) { fmt.Fprintf(p.Stderr, format+"\n", args...) }

type statusCmd struct{}

// Run says which credential is stored, whatever the environment holds.
func (c *statusCmd) Run(s *session) error {
	text, err := s.store.Read()
	if err != nil {
		return s.say("Error checking login status: %v", err)
	}
	if text == "" {
		return s.say("Not logged in")
	}
	a, err := auth.Parse([]byte(text))
	if err != nil {
		return s.say("Error checking login status: %v; codex logout removes what is stored", err)
	}
	switch a.Mode {
	case auth.APIKey:
		s.tell("Logged in using an API key - %s", auth.Mask(a.APIKey))
	case auth.Personal:
		s.tell("Logged in using personal access token")
	case auth.Agent:
		s.tell("Logged in using access token")
	default:
		s.tell("Logged in using ChatGPT")
	}
	return nil
}

type logoutCmd struct{}

// Run removes what is stored, and lets the service forget it.
func (c *logoutCmd) Run(s *session) error {
	if a, err := s.stored(); err == nil {
		s.revoke(a)
	}
	removed, err := s.store.Remove()
	switch {
	case err != nil:
		return s.say("Error logging out: %v", err)
	case removed:
		s.tell("Successfully logged out")
	default:
		s.tell("Not logged in")
	}
	return nil
}
