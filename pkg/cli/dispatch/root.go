package dispatch

import (
	"strings"

	"codex/pkg/cli/exit"
	"codex/pkg/cli/options"
)

// takes is the set of groups of root options that a command understands.
type takes uint

const (
	groupConfig  takes = 1 << iota // -c, --enable, --disable, --strict-config
	groupModel                     // model, provider and profile
	groupSandbox                   // sandbox mode and its bypasses
	groupDir                       // working folder and further writable ones
	groupImage
	groupAsk    // approvals
	groupSearch // web search
	groupLater  // of frontends, since 0.133.0
	groupScreen // the terminal frontend and its server

	// groupsAsConfig marks a command that has no option of its own for approvals and
	// search: it gets them as -c.
	groupsAsConfig

	takesConfig   = groupConfig
	takesSettings = groupConfig | groupModel
	takesTurn     = groupConfig | groupModel | groupSandbox | groupDir | groupAsk | groupSearch
	takesExec     = groupConfig | groupModel | groupSandbox | groupDir | groupImage | groupAsk | groupSearch | groupLater | groupsAsConfig
	takesAll      = takesTurn | groupImage | groupLater | groupScreen
)

type rootOption struct {
	options.Row
	group  takes
	list   bool   // has commas between its values, and takes further words up to the next option
	config string // key of config.toml that says the same, with groupsAsConfig
	value  string // of that key for a switch
}

// rootOptions lists what may stand before the subcommand, as the original's help does,
// with their groups. -h and -V are codex's own.
func rootOptions() []rootOption {
	opt := func(names, value, help string, group takes) rootOption {
		return rootOption{Row: options.New(names, value, help, nil), group: group}
	}
	hidden := func(o rootOption) rootOption { o.Hidden = true; return o }
	image := opt("-i --image", "FILE", "attach an image to the prompt", groupImage)
	image.list = true
	ask := opt("-a --ask-for-approval", "POLICY", "when to ask a person", groupAsk)
	ask.Choices, ask.config = []string{"untrusted", "on-failure", "on-request", "never"}, "approval_policy"
	search := opt("--search", "", "let the model search the web", groupSearch)
	search.config, search.value = "web_search", "live"
	sandbox := opt("-s --sandbox", "MODE", "what commands may do", groupSandbox)
	sandbox.Choices = []string{"read-only", "workspace-write", "danger-full-access"}
	local := opt("--local-provider", "NAME", "which local provider --oss means", groupModel)
	local.Choices = []string{"lmstudio", "ollama"}
	return []rootOption{
		opt("-c --config", "KEY=VALUE", "set a key of config.toml for this run", groupConfig),
		opt("--enable", "FEATURE", "switch a feature on", groupConfig),
		opt("--disable", "FEATURE", "switch a feature off", groupConfig),
		opt("--strict-config", "", "refuse unknown keys in config.toml", groupConfig),
		opt("-m --model", "MODEL", "model to use", groupModel),
		opt("-p --profile", "PROFILE", "profile from config.toml", groupModel),
		opt("--profile-v2", "PROFILE_V2", "read NAME.config.toml on top of config.toml", groupModel),
		opt("--oss", "", "use a local provider", groupModel),
		local,
		sandbox,
		hidden(opt("--full-auto", "", "old name of -s workspace-write", groupSandbox)),
		opt("--dangerously-bypass-approvals-and-sandbox", "", "no questions, no sandbox", groupSandbox),
		hidden(opt("--yolo", "", "short for the former", groupSandbox)),
		opt("--dangerously-bypass-hook-trust", "", "run hooks that nobody has trusted", groupSandbox),
		ask,
		opt("-C --cd", "DIR", "work in DIR", groupDir),
		opt("--add-dir", "DIR", "further folder that may be written", groupDir),
		image,
		search,
		opt("--worktree", "", "work in a new git worktree", groupLater),
		opt("--approve-for-me", "", "-s workspace-write; no reviewer answers in this version", groupLater),
		hidden(opt("--no-daemon", "", "what always holds", groupScreen)),
		opt("--turn", "COMMAND", "engine behind the terminal frontend", groupScreen),
		opt("--remote", "ADDR", "app-server for the terminal frontend to connect to", groupScreen),
		opt("--remote-auth-token-env", "VAR", "variable that holds its bearer token", groupScreen),
		opt("--no-alt-screen", "", "keep the terminal's own scrollback", groupScreen),
		opt("--plain", "", "print and read lines, for screen readers and simple terminals", groupScreen),
		opt("-h --help", "", "print help", 0),
		opt("-V --version", "", "print the version", 0),
	}
}

// given is one root option from the command line.
type given struct {
	rootOption
	value string
}

// root is a command line taken apart.
type root struct {
	options []given
	words   []string // from the subcommand on
	literal bool     // a "--" came before the words: they are a prompt
	help    bool
	version bool
}

const rootUsage = "codex [OPTIONS] [PROMPT]\n       codex [OPTIONS] <COMMAND> [ARGS]"

// usageError makes an error of wrong usage.
func usageError(text string) error {
	return &exit.UsageError{Text: text, Usage: rootUsage}
}

// parseRoot takes the options up to the first word that is none. What a value may be is for
// the program to say.
func parseRoot(args []string) (r root, err error) {
	p := &options.Parser{
		Usage:  func() string { return rootUsage },
		Enough: func() bool { return r.words != nil || r.help || r.version },
	}
	p.Word = func(word string, literal bool) error {
		r.words, r.literal = append([]string{word}, p.Rest()...), literal
		return nil
	}
	// -i a.png b.png: more files follow, until an option or a command does.
	file := func() bool { _, _, known := lookup(p.Rest()); return !known }
	for _, o := range rootOptions() {
		row := o.Set(func(value string) error { r.take(o, value); return nil }).Lenient()
		if row.Choices = nil; o.list {
			row = row.Greedy(file)
		}
		p.Options = append(p.Options, row)
	}
	_, err = p.Parse(args)
	return r, err
}

func (r *root) take(o rootOption, value string) {
	switch {
	case o.Long == "--help":
		r.help = true
	case o.Long == "--version":
		r.version = true
	case o.list:
		for v := range strings.SplitSeq(value, ",") {
			r.options = append(r.options, given{o, v})
		}
	default:
		r.options = append(r.options, given{o, value})
	}
}

// forward gives the options in the form that c takes them, and the names of those that it
// does not take.
func forward(given []given, c Command) (argv, ignored []string) {
	for _, g := range given {
		switch {
		case c.takes&g.group == 0:
			ignored = append(ignored, g.Long)
		case g.config != "" && c.takes&groupsAsConfig != 0:
			value := g.value
			if g.Value == "" {
				value = g.rootOption.value
			}
			argv = append(argv, "--config", g.config+"="+value)
		case g.Value == "":
			argv = append(argv, g.Long)
		case g.list || strings.HasPrefix(g.value, "-"):
			argv = append(argv, g.Long+"="+g.value)
		default:
			argv = append(argv, g.Long, g.value)
		}
	}
	return argv, ignored
}
