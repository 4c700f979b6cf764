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
	"fmt"
	"strconv"
	"strings"

	"codex/pkg/cli/exit"
	"codex/pkg/cli/options"
	"codex/pkg/config"
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

	Last, All bool
	Images    []string
	NoAlt     bool
	Plain     bool
	Turn      string  // engine command
	Remote    string  // address of an app-server
	TokenEnv  string  // variable with its bearer token
	Speed     float64 // of a recording

	// What the settings and the engine know.
	Config, Enable, Disable, AddDirs                             []string
	Model, LocalProvider, Profile, ProfileV2, Sandbox, Ask, Dir  string
	StrictConfig, OSS, FullAuto, Bypass, BypassHookTrust, Search bool

	Help, Version, List bool
	given               []given
}

// given is one option as it was read.
type given struct {
	opt   *option
	value string
}

// option is one row of the command line: what it is called, and what it does.
type option struct {
	options.Option
	aliases []string
	engine  bool // is passed on to the engine
	set     func(a *Args, value string) error
}

func word(f func(*Args) *string, choices ...string) func(*Args, string) error {
	return func(a *Args, v string) error {
		for _, c := range choices {
			if v == c {
				choices = nil
			}
		}
		if len(choices) > 0 {
			return fmt.Errorf("possible values: %s", strings.Join(choices, ", "))
		}
		*f(a) = v
		return nil
	}
}

func list(f func(*Args) *[]string) func(*Args, string) error {
	return func(a *Args, v string) error { l := f(a); *l = append(*l, v); return nil }
}

func flag(f func(*Args) *bool) func(*Args, string) error {
	return func(a *Args, _ string) error { *f(a) = true; return nil }
}

// table gives every option.
func table() []option {
	opt := func(names, value, help string, set func(*Args, string) error) option {
		o := option{Option: options.Option{Value: value, Help: help}, set: set}
		for _, n := range strings.Fields(names) {
			switch {
			case len(n) == 2:
				o.Short = n
			case o.Long == "":
				o.Long = n
			default:
				o.aliases = append(o.aliases, n)
			}
		}
		return o
	}
	eng := func(o option) option { o.engine = true; return o }
	hide := func(o option) option { o.Hidden = true; return o }
	pick := func(o option, f func(*Args) *string, choices ...string) option {
		o.Choices, o.set = choices, word(f, choices...)
		return o
	}
	sandbox := func(a *Args) *string { return &a.Sandbox }
	ask := func(a *Args) *string { return &a.Ask }
	return []option{
		opt("-i --image", "FILE", "attach images to the prompt", func(a *Args, v string) error {
			a.Images = append(a.Images, strings.Split(v, ",")...)
			return nil
		}),
		eng(opt("-c --config", "KEY=VALUE", "set a key of config.toml for this run", list(func(a *Args) *[]string { return &a.Config }))),
		eng(opt("--enable", "FEATURE", "switch a feature on", list(func(a *Args) *[]string { return &a.Enable }))),
		eng(opt("--disable", "FEATURE", "switch a feature off", list(func(a *Args) *[]string { return &a.Disable }))),
		eng(opt("--strict-config", "", "refuse unknown keys in config.toml", flag(func(a *Args) *bool { return &a.StrictConfig }))),
		eng(opt("-m --model", "MODEL", "model to use", word(func(a *Args) *string { return &a.Model }))),
		eng(opt("--oss", "", "use a local provider", flag(func(a *Args) *bool { return &a.OSS }))),
		eng(opt("--local-provider", "NAME", "which local provider --oss means", word(func(a *Args) *string { return &a.LocalProvider }))),
		eng(opt("-p --profile", "PROFILE", "profile from config.toml", word(func(a *Args) *string { return &a.Profile }))),
		eng(opt("--profile-v2", "PROFILE_V2", "read NAME.config.toml on top of config.toml", profileV2)),
		eng(pick(opt("-s --sandbox", "MODE", "what commands may do", nil), sandbox, "read-only", "workspace-write", "danger-full-access")),
		eng(pick(opt("-a --ask-for-approval", "POLICY", "when to ask a person", nil), ask, "untrusted", "on-failure", "on-request", "never")),
		hide(eng(opt("--full-auto", "", "old name of -s workspace-write", flag(func(a *Args) *bool { return &a.FullAuto })))),
		eng(opt("--dangerously-bypass-approvals-and-sandbox --yolo", "", "no questions, no sandbox", flag(func(a *Args) *bool { return &a.Bypass }))),
		eng(opt("--dangerously-bypass-hook-trust", "", "run hooks that nobody has trusted", flag(func(a *Args) *bool { return &a.BypassHookTrust }))),
		eng(opt("--search", "", "let the model search the web", flag(func(a *Args) *bool { return &a.Search }))),
		eng(opt("-C --cd", "DIR", "work in DIR", word(func(a *Args) *string { return &a.Dir }))),
		eng(opt("--add-dir", "DIR", "further folder that may be written", list(func(a *Args) *[]string { return &a.AddDirs }))),
		opt("--no-alt-screen", "", "keep the terminal's own scrollback for overlays, too", flag(func(a *Args) *bool { return &a.NoAlt })),
		opt("--plain", "", "print lines and read lines, for screen readers and simple terminals", flag(func(a *Args) *bool { return &a.Plain })),
		opt("--turn", "COMMAND", "engine to use instead of codex-turn", word(func(a *Args) *string { return &a.Turn })),
		opt("--remote", "ADDR", "app-server to connect to: unix://, unix://PATH, ws://HOST:PORT", word(func(a *Args) *string { return &a.Remote })),
		opt("--remote-auth-token-env", "VAR", "variable that holds its bearer token", word(func(a *Args) *string { return &a.TokenEnv })),
		opt("--speed", "N", "play a recording N times as fast as it was; 0: at once", speed),
		opt("--last", "", "the session that was used last", flag(func(a *Args) *bool { return &a.Last })),
		opt("--all", "", "sessions of other folders too", flag(func(a *Args) *bool { return &a.All })),
		opt("-h --help", "", "print help", flag(func(a *Args) *bool { return &a.Help })),
		opt("-V --version", "", "print the version", flag(func(a *Args) *bool { return &a.Version })),
		hide(opt(options.ListFlag, "", "print the options as lines", flag(func(a *Args) *bool { return &a.List }))),
	}
}

func profileV2(a *Args, v string) error {
	if !config.PlainName(v) {
		return errors.New("pass a plain name such as `work`")
	}
	a.ProfileV2 = v
	return nil
}

func speed(a *Args, v string) (err error) {
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
	for _, o := range table() {
		if o.Long == "--last" || o.Long == "--all" {
			for _, verb := range []string{verbResume, verbFork} {
				of := o.Option
				of.Command = verb
				set.Options = append(set.Options, of)
			}
			continue
		}
		set.Options = append(set.Options, o.Option)
		for _, a := range o.aliases {
			alias := o.Option
			alias.Short, alias.Long, alias.Hidden = "", a, true
			set.Options = append(set.Options, alias)
		}
	}
	return set
}

// usage makes an error of wrong usage.
func usage(format string, args ...any) error {
	return &exit.UsageError{Text: fmt.Sprintf(format, args...), Usage: "codex [OPTIONS] [PROMPT]\n       codex resume|fork [OPTIONS] [SESSION_ID] [PROMPT]"}
}

// ParseArgs reads the command line, without the program's name. Options may stand before
// and after the verb. Errors are *[exit.UsageError].
func ParseArgs(argv []string) (*Args, error) {
	a := &Args{Speed: 1}
	opts := table()
	var words []string
	for i := 0; i < len(argv); i++ {
		arg := argv[i]
		if arg == "--" {
			words = append(words, argv[i+1:]...)
			break
		}
		if len(arg) < 2 || arg[0] != '-' {
			if a.Verb == "" && len(words) == 0 && (arg == verbResume || arg == verbFork) {
				a.Verb = arg
			} else {
				words = append(words, arg)
			}
			continue
		}
		o, value, attached := match(opts, arg)
		switch {
		case o == nil:
			return nil, usage("unexpected argument '%s' found", arg)
		case o.Value == "" && attached:
			return nil, usage("unexpected value '%s' for '%s' found; no more were expected", value, o.Long)
		case o.Value != "" && !attached:
			if i++; i == len(argv) || len(argv[i]) > 1 && argv[i][0] == '-' {
				return nil, usage("a value is required for '%s <%s>' but none was supplied", o.Long, o.Value)
			}
			value = argv[i]
		}
		if err := o.set(a, value); err != nil {
			return nil, usage("invalid value '%s' for '%s <%s>': %v", value, o.Long, o.Value, err)
		}
		a.given = append(a.given, given{o, value})
	}
	return a, a.finish(words)
}

// match finds the option that arg spells: --long, --long=V, -s, -sV, -s=V.
func match(opts []option, arg string) (o *option, value string, attached bool) {
	name, value, attached := strings.Cut(arg, "=")
	for i := range opts {
		o := &opts[i]
		if name == o.Long || name == o.Short && o.Short != "" {
			return o, value, attached
		}
		for _, a := range o.aliases {
			if name == a {
				return o, value, attached
			}
		}
	}
	for i := range opts {
		if o := &opts[i]; o.Short != "" && o.Value != "" && !strings.HasPrefix(arg, "--") && strings.HasPrefix(arg, o.Short) {
			return o, arg[2:], true
		}
	}
	return nil, "", false
}

// finish gives the words their places.
func (a *Args) finish(words []string) error {
	if a.Verb != "" && !a.Last && len(words) > 0 {
		a.Session, words = words[0], words[1:]
	}
	if len(words) > 1 {
		return usage("unexpected argument '%s' found", words[1])
	}
	if len(words) == 1 {
		a.Prompt = words[0]
	}
	if a.Bypass && a.Ask != "" {
		return usage("the argument '--dangerously-bypass-approvals-and-sandbox' cannot be used with '--ask-for-approval <POLICY>'")
	}
	return nil
}

// engineArgs gives the options that the engine understands as well, as a command line.
func (a *Args) engineArgs() []string {
	var argv []string
	for _, g := range a.given {
		switch {
		case !g.opt.engine:
		case g.opt.Value == "":
			argv = append(argv, g.opt.Long)
		default:
			argv = append(argv, g.opt.Long+"="+g.value)
		}
	}
	return argv
}
