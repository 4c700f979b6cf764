// Package tui is the whole of codex-tui: a frontend at a terminal. It reads the command
// line and the settings, opens the terminal, starts an engine behind two pipes (or takes
// the pipes it was given, or a recording), and lets the loop run.
//
//	screen    finished lines into the terminal's scrollback, a viewport below them
//	keys      what a terminal sends, as events
//	tty       the terminal: raw mode and back, size, reading
//	text      styled text: markdown, code, diffs, wrapping
//	cells     entries of a transcript as lines
//	composer  the text that is being written, and what was written before
//	overlay   lists, questions, pages
//	state     notifications of the engine, as a state
//	loop      the one goroutine that changes the state and draws
//
// It speaks the app-server protocol to whatever is on the other side.
package tui

import (
	"errors"
	"slices"
	"strconv"

	"codex/pkg/cli/options"
	"codex/pkg/frontend/launch"
)

// Verbs of the program. The empty one begins a new thread.
const (
	verbResume = "resume"
	verbFork   = "fork"
)

// Args is the command line, taken apart.
type Args struct {
	Verb    string
	Session string // of resume and fork, "" when none was given
	Prompt  string

	launch.Settings
	Ask       string // approval policy
	Last, All bool
	// Worktree makes a work tree to work in, Approve lets commands write there and a person
	// decide on the rest.
	Worktree, Approve bool
	Noninteractive    bool // sessions of other frontends too
	NoAlt             bool
	Plain             bool
	Remote            string  // address of an app-server
	TokenEnv          string  // variable with its bearer token
	Speed             float64 // of a recording

	Help, Version, List bool
	engine              []string // the options that the engine gets
}

// table gives every option.
func (a *Args) table() []options.Row {
	opt, text, flag := options.New, options.Text, options.Flag
	return slices.Concat([]options.Row{a.Image(nil)}, a.Settings.Options(), []options.Row{
		opt("-a --ask-for-approval", "APPROVAL_POLICY", "when to ask a person", text(&a.Ask)).Passed().
			Pick("untrusted", "on-failure", "on-request", "never"),
		opt("--worktree", "", "work in a new git worktree below CODEX_HOME/worktrees", flag(&a.Worktree)),
		opt("--approve-for-me", "", "-s workspace-write -a on-request; no reviewer answers, you do", flag(&a.Approve)),
		opt("--no-daemon", "", "what always holds: no server in the background is used", flag(new(bool))),
		opt("--no-alt-screen", "", "keep the terminal's own scrollback for overlays, too", flag(&a.NoAlt)),
		opt("--plain", "", "print lines and read lines, for screen readers and simple terminals", flag(&a.Plain)),
		a.Engine(),
		opt("--remote", "ADDR", "app-server to connect to: unix://, unix://PATH, ws://HOST:PORT", text(&a.Remote)),
		opt("--remote-auth-token-env", "VAR", "variable that holds its bearer token", text(&a.TokenEnv)),
		opt("--speed", "N", "play a recording N times as fast as it was; 0: at once", a.speed),
		opt("--last", "", "the session that was used last", flag(&a.Last)),
		opt("--all", "", "sessions of other folders too", flag(&a.All)),
		opt("--include-non-interactive", "", "sessions of codex exec and of programs too", flag(&a.Noninteractive)),
		opt("-h --help", "", "print help", flag(&a.Help)),
		opt("-V --version", "", "print the version", flag(&a.Version)),
		opt(options.ListFlag, "", "print the options as lines", flag(&a.List)).Hide(),
	})
}

func (a *Args) speed(v string) (err error) {
	if a.Speed, err = strconv.ParseFloat(v, 64); err != nil || !(a.Speed >= 0) {
		return errors.New("a number is wanted")
	}
	return nil
}

// Options lists the command line for help, completion and the check of the man page.
func Options() options.Set {
	set := options.Set{Commands: []options.Command{
		{Path: verbResume, Argument: "SESSION", Help: "go on with a stored session"},
		{Path: verbFork, Argument: "SESSION", Help: "go on with a copy of a stored session"},
	}}
	for _, o := range options.Listed(new(Args).table()) {
		if slices.Contains([]string{"--last", "--all", "--include-non-interactive"}, o.Long) { // understood before the verb too
			for _, o.Command = range []string{verbResume, verbFork} {
				set.Options = append(set.Options, o)
			}
			continue
		}
		set.Options = append(set.Options, o)
	}
	return set
}

// ParseArgs reads the command line, without the program's name. Errors are
// *[exit.UsageError].
func ParseArgs(argv []string) (*Args, error) {
	a := &Args{Speed: 1}
	var words []string
	p := &options.Parser{
		Options: a.table(),
		Word: func(word string, literal bool) error {
			if !literal && a.Verb == "" && len(words) == 0 && (word == verbResume || word == verbFork) {
				a.Verb = word
			} else {
				words = append(words, word)
			}
			return nil
		},
		Verb: func() string { return a.Verb },
		Usage: func() string {
			return "codex [OPTIONS] [PROMPT]\n       codex resume|fork [OPTIONS] [SESSION_ID] [PROMPT]"
		},
		Enough: func() bool { return a.Help || a.Version || a.List },
	}
	var err error
	if a.engine, err = p.Parse(argv); err == nil && !p.Enough() {
		err = a.finish(p, words)
	}
	return a, err
}

// finish gives the words their places.
func (a *Args) finish(p *options.Parser, words []string) error {
	if a.Verb != "" && !a.Last && len(words) > 0 {
		a.Session, words = words[0], words[1:]
	}
	if len(words) > 1 {
		return p.Wrong("unexpected argument '%s' found", words[1])
	}
	if len(words) == 1 {
		a.Prompt = words[0]
	}
	if err := a.together(p); err != nil {
		return err
	}
	if a.Approve {
		a.Sandbox, a.Ask = "workspace-write", "on-request"
		a.engine = append(a.engine, "--sandbox="+a.Sandbox, "--ask-for-approval="+a.Ask)
	}
	return nil
}

// together looks for options that contradict each other.
func (a *Args) together(p *options.Parser) error {
	for _, o := range []struct {
		first, second bool
		name, with    string
	}{
		{a.Bypass, a.Ask != "", "--dangerously-bypass-approvals-and-sandbox", "--ask-for-approval <APPROVAL_POLICY>"},
		{a.Bypass, a.Approve, "--dangerously-bypass-approvals-and-sandbox", "--approve-for-me"},
		{a.Sandbox != "", a.Approve, "--sandbox <SANDBOX_MODE>", "--approve-for-me"},
		{a.Ask != "", a.Approve, "--ask-for-approval <APPROVAL_POLICY>", "--approve-for-me"},
		{a.Remote != "", a.Worktree, "--remote <ADDR>", "--worktree"},
	} {
		if o.first && o.second {
			return p.Wrong("the argument '%s' cannot be used with '%s'", o.name, o.with)
		}
	}
	if a.Worktree && a.Verb == verbResume {
		return p.Wrong("'--worktree' does not go with a session that is resumed; use 'codex fork --worktree'")
	}
	return nil
}
