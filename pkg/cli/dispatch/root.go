package dispatch

import (
	"fmt"
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
	options.Option
	group  takes
	greedy bool   // takes further words up to the next option, and lists with commas
	config string // key of config.toml that says the same, with groupsAsConfig
	value  string // of that key for a switch
}

// rootOptions lists what may stand before the subcommand, as the original's help does,
// with their groups. -h and -V are codex's own.
func rootOptions() []rootOption {
	opt := func(short, long, value, help string, group takes) rootOption {
		return rootOption{Option: options.Option{Short: short, Long: long, Value: value, Help: help}, group: group}
	}
	hidden := func(o rootOption) rootOption { o.Hidden = true; return o }
	image := opt("-i", "--image", "FILE", "attach an image to the prompt", groupImage)
	image.greedy = true
	ask := opt("-a", "--ask-for-approval", "POLICY", "when to ask a person", groupAsk)
	ask.Choices, ask.config = []string{"untrusted", "on-failure", "on-request", "never"}, "approval_policy"
	search := opt("", "--search", "", "let the model search the web", groupSearch)
	search.config, search.value = "web_search", "live"
	sandbox := opt("-s", "--sandbox", "MODE", "what commands may do", groupSandbox)
	sandbox.Choices = []string{"read-only", "workspace-write", "danger-full-access"}
	local := opt("", "--local-provider", "NAME", "which local provider --oss means", groupModel)
	local.Choices = []string{"lmstudio", "ollama"}
	return []rootOption{
		opt("-c", "--config", "KEY=VALUE", "set a key of config.toml for this run", groupConfig),
		opt("", "--enable", "FEATURE", "switch a feature on", groupConfig),
		opt("", "--disable", "FEATURE", "switch a feature off", groupConfig),
		opt("", "--strict-config", "", "refuse unknown keys in config.toml", groupConfig),
		opt("-m", "--model", "MODEL", "model to use", groupModel),
		opt("-p", "--profile", "PROFILE", "profile from config.toml", groupModel),
		opt("", "--profile-v2", "PROFILE_V2", "read NAME.config.toml on top of config.toml", groupModel),
		opt("", "--oss", "", "use a local provider", groupModel),
		local,
		sandbox,
		hidden(opt("", "--full-auto", "", "old name of -s workspace-write", groupSandbox)),
		opt("", "--dangerously-bypass-approvals-and-sandbox", "", "no questions, no sandbox", groupSandbox),
		hidden(opt("", "--yolo", "", "short for the former", groupSandbox)),
		opt("", "--dangerously-bypass-hook-trust", "", "run hooks that nobody has trusted", groupSandbox),
		ask,
		opt("-C", "--cd", "DIR", "work in DIR", groupDir),
		opt("", "--add-dir", "DIR", "further folder that may be written", groupDir),
		image,
		search,
		opt("", "--worktree", "", "work in a new git worktree", groupLater),
		opt("", "--approve-for-me", "", "-s workspace-write; no reviewer answers in this version", groupLater),
		hidden(opt("", "--no-daemon", "", "what always holds", groupScreen)),
		opt("", "--turn", "COMMAND", "engine behind the terminal frontend", groupScreen),
		opt("", "--remote", "ADDR", "app-server for the terminal frontend to connect to", groupScreen),
		opt("", "--remote-auth-token-env", "VAR", "variable that holds its bearer token", groupScreen),
		opt("", "--no-alt-screen", "", "keep the terminal's own scrollback", groupScreen),
		opt("", "--plain", "", "print and read lines, for screen readers and simple terminals", groupScreen),
		opt("-h", "--help", "", "print help", 0),
		opt("-V", "--version", "", "print the version", 0),
	}
}

// given is one root option from the command line.
type given struct {
	rootOption
	spelled string // as the user wrote it, without the value
	value   string
}

// root is a command line taken apart.
type root struct {
	options []given
	words   []string // from the subcommand on
	literal bool     // a "--" came before the words: they are a prompt
	help    bool
	version bool
}

// usageError makes an error of wrong usage.
func usageError(text string) error {
	return &exit.UsageError{Text: text, Usage: "codex [OPTIONS] [PROMPT]\n       codex [OPTIONS] <COMMAND> [ARGS]"}
}

// parseRoot takes the options up to the first word that is none. By hand: codex starts with
// every command, and kong takes longer than all of it.
func parseRoot(args []string) (root, error) {
	var r root
	table := rootOptions()
	for i := 0; i < len(args); i++ {
		arg := args[i]
		if arg == "--" {
			r.words, r.literal = args[i+1:], true
			return r, nil
		}
		if len(arg) < 2 || arg[0] != '-' {
			r.words = args[i:]
			return r, nil
		}
		o, value, attached, ok := match(table, arg)
		switch {
		case !ok:
			msg := fmt.Sprintf("unexpected argument '%s' found", arg)
			if tip := suggest(arg, names(table)); tip != "" {
				msg += fmt.Sprintf("\n\n  tip: a similar argument exists: '%s'", tip)
			}
			return r, usageError(msg)
		case o.Long == "--help":
			r.help = true
			return r, nil
		case o.Long == "--version":
			r.version = true
			return r, nil
		case o.Value == "" && attached:
			return r, usageError(fmt.Sprintf("unexpected value '%s' for '%s' found; no more were expected", value, o.Long))
		case o.Value != "" && !attached:
			if i+1 == len(args) || len(args[i+1]) > 1 && args[i+1][0] == '-' {
				return r, usageError(fmt.Sprintf("a value is required for '%s <%s>' but none was supplied", o.Long, o.Value))
			}
			i++
			value = args[i]
		}
		spelled, _, _ := strings.Cut(arg, "=")
		r.options = append(r.options, split(o, spelled, value)...)
		// -i a.png b.png: more files follow, until an option or a command does.
		for o.greedy && !attached && i+1 < len(args) && !strings.HasPrefix(args[i+1], "-") {
			if _, _, known := lookup(args[i+1:]); known {
				break
			}
			i++
			r.options = append(r.options, split(o, spelled, args[i])...)
		}
	}
	return r, nil
}

func split(o rootOption, spelled, value string) []given {
	if !o.greedy {
		return []given{{o, spelled, value}}
	}
	var out []given
	for _, v := range strings.Split(value, ",") {
		out = append(out, given{o, spelled, v})
	}
	return out
}

// match finds the option that arg spells: --long, --long=V, -s, -sV, -s=V.
func match(table []rootOption, arg string) (o rootOption, value string, attached, ok bool) {
	name, value, attached := strings.Cut(arg, "=")
	for _, o := range table {
		if name == o.Long || name == o.Short && o.Short != "" {
			return o, value, attached, true
		}
	}
	if strings.HasPrefix(arg, "--") {
		return o, "", false, false
	}
	for _, o := range table {
		if o.Short != "" && o.Value != "" && strings.HasPrefix(arg, o.Short) {
			return o, arg[2:], true, true
		}
	}
	return o, "", false, false
}

func names(table []rootOption) []string {
	var out []string
	for _, o := range table {
		if o.Long != "" && !o.Hidden {
			out = append(out, o.Long)
		}
	}
	return out
}

// forward gives the options in the form that c takes them, and the spellings of those
// that it does not take.
func forward(given []given, c Command) (argv, ignored []string) {
	for _, g := range given {
		switch {
		case c.takes&g.group == 0:
			ignored = append(ignored, g.spelled)
		case g.config != "" && c.takes&groupsAsConfig != 0:
			value := g.value
			if g.Value == "" {
				value = g.rootOption.value
			}
			argv = append(argv, "--config", g.config+"="+value)
		case g.Value == "":
			argv = append(argv, g.Long)
		case g.greedy || strings.HasPrefix(g.value, "-"):
			argv = append(argv, g.Long+"="+g.value)
		default:
			argv = append(argv, g.Long, g.value)
		}
	}
	return argv, ignored
}
