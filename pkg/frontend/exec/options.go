package exec

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"codex/pkg/cli/options"
	"codex/pkg/config"
)

// option is one row of the command line: what it is called, and what it does.
type option struct {
	options.Option
	aliases []string
	greedy  bool // takes further words, up to the next option
	engine  bool // is passed on to the engine
	many    bool // adds up instead of replacing
	empty   bool // says itself what is wrong with an empty value
	set     func(a *Args, value string) error
}

// spelled is the option as the original's error texts show it: "--sandbox <MODE>".
func (o *option) spelled() string {
	if o.Value == "" {
		return o.Long
	}
	s := o.Long + " <" + o.Value + ">"
	if o.greedy {
		s += "..."
	}
	return s
}

func text(f func(*Args) *string) func(*Args, string) error {
	return func(a *Args, v string) error { *f(a) = v; return nil }
}

func list(f func(*Args) *[]string) func(*Args, string) error {
	return func(a *Args, v string) error { l := f(a); *l = append(*l, v); return nil }
}

func flag(f func(*Args) *bool) func(*Args, string) error {
	return func(a *Args, _ string) error { *f(a) = true; return nil }
}

func profileV2(a *Args, v string) error {
	if !config.PlainName(v) {
		return fmt.Errorf("invalid --profile-v2 value `%s`; pass a plain name such as `work`", v)
	}
	a.ProfileV2 = v
	return nil
}

// table gives every option. Names of values are the original's, as they show in its
// error texts.
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
	many := func(o option) option { o.many = true; return o }
	hide := func(o option) option { o.Hidden = true; return o }
	of := func(verb string, o option) option { o.Command = verb; return o }
	own := func(o option) option { o.empty = true; return o }
	pick := func(o option, choices ...string) option { o.Choices, o.empty = choices, true; return o }
	image := opt("-i --image", "FILE", "attach images to the prompt", func(a *Args, v string) error {
		names := strings.Split(v, ",")
		if slices.Contains(names, "") {
			return errors.New("a file without a name")
		}
		a.Images = append(a.Images, names...)
		return nil
	})
	image.greedy = true
	return []option{
		own(many(eng(opt("-c --config", "key=value", "set a key of config.toml for this run", list(func(a *Args) *[]string { return &a.Config }))))),
		own(many(eng(opt("--enable", "FEATURE", "switch a feature on", list(func(a *Args) *[]string { return &a.Enable }))))),
		own(many(eng(opt("--disable", "FEATURE", "switch a feature off", list(func(a *Args) *[]string { return &a.Disable }))))),
		eng(opt("--strict-config", "", "refuse unknown keys in config.toml", flag(func(a *Args) *bool { return &a.StrictConfig }))),
		image,
		eng(opt("-m --model", "MODEL", "model to use", text(func(a *Args) *string { return &a.Model }))),
		eng(opt("--oss", "", "use a local provider", flag(func(a *Args) *bool { return &a.OSS }))),
		eng(opt("--local-provider", "OSS_PROVIDER", "which local provider --oss means", text(func(a *Args) *string { return &a.LocalProvider }))),
		eng(opt("-p --profile", "CONFIG_PROFILE", "profile from config.toml", text(func(a *Args) *string { return &a.Profile }))),
		own(eng(opt("--profile-v2", "CONFIG_PROFILE_V2", "read NAME.config.toml on top of config.toml", profileV2))),
		eng(pick(opt("-s --sandbox", "SANDBOX_MODE", "what commands may do", text(func(a *Args) *string { return &a.Sandbox })),
			"read-only", "workspace-write", "danger-full-access")),
		hide(eng(opt("--full-auto", "", "old name of -s workspace-write", flag(func(a *Args) *bool { return &a.FullAuto })))),
		eng(opt("--dangerously-bypass-approvals-and-sandbox --yolo", "", "no questions, no sandbox", flag(func(a *Args) *bool { return &a.Bypass }))),
		eng(opt("--dangerously-bypass-hook-trust", "", "run hooks that nobody has trusted", flag(func(a *Args) *bool { return &a.BypassHookTrust }))),
		hide(opt("-a --ask-for-approval", "APPROVAL_POLICY", "has no effect: nobody can be asked", text(func(a *Args) *string { return &a.Approval }))),
		eng(opt("--search", "", "let the model search the web", flag(func(a *Args) *bool { return &a.Search }))),
		eng(opt("-C --cd", "DIR", "work in DIR", text(func(a *Args) *string { return &a.Dir }))),
		many(eng(opt("--add-dir", "DIR", "further folder that may be written", list(func(a *Args) *[]string { return &a.AddDirs })))),
		opt("--skip-git-repo-check", "", "run outside a git repository too", flag(func(a *Args) *bool { return &a.SkipGitCheck })),
		eng(opt("--ephemeral", "", "keep no session file", flag(func(a *Args) *bool { return &a.Ephemeral }))),
		eng(opt("--ignore-user-config", "", "do not read CODEX_HOME/config.toml", flag(func(a *Args) *bool { return &a.NoUserConfig }))),
		eng(opt("--ignore-rules", "", "do not read rules files", flag(func(a *Args) *bool { return &a.NoRules }))),
		own(eng(opt("--with-mcp", "NAMES", "use these MCP servers only", text(func(a *Args) *string { return &a.WithMCP })))),
		opt("--output-schema", "FILE", "JSON Schema that the answer must have the shape of", text(func(a *Args) *string { return &a.SchemaFile })),
		pick(opt("--color", "COLOR", "colours on stderr", text(func(a *Args) *string { return &a.Color })), "always", "never", "auto"),
		opt("--json --experimental-json", "", "print events as lines of JSON on stdout", flag(func(a *Args) *bool { return &a.JSON })),
		opt("-o --output-last-message", "FILE", "write the last message to FILE too", text(func(a *Args) *string { return &a.LastMessageFile })),
		opt("--timeout", "TIME", "end the turn after TIME with status 124", func(a *Args, v string) (err error) {
			a.Timeout, err = duration(v)
			return err
		}),
		opt("--fail-on-tool-error", "", "status 3 when a command, patch or tool call failed", flag(func(a *Args) *bool { return &a.FailOnTool })),
		opt("--stream", "", "show messages while they come", flag(func(a *Args) *bool { return &a.Stream })),
		eng(opt("--record", "DIR", "keep what is needed to replay the turn in DIR", text(func(a *Args) *string { return &a.Record }))),
		opt("--turn", "COMMAND", "engine to use instead of codex-turn", text(func(a *Args) *string { return &a.Turn })),
		opt("--schema", "", "print the JSON Schema of the events of --json", flag(func(a *Args) *bool { return &a.Schema })),
		of(verbResume, opt("--last", "", "the session that was used last", flag(func(a *Args) *bool { return &a.Last }))),
		of(verbResume, opt("--all", "", "sessions of other folders too", flag(func(a *Args) *bool { return &a.All }))),
		of(verbReview, opt("--uncommitted", "", "changes that are not committed", flag(func(a *Args) *bool { return &a.Uncommitted }))),
		of(verbReview, opt("--base", "BRANCH", "changes against a branch", text(func(a *Args) *string { return &a.Base }))),
		of(verbReview, opt("--commit", "SHA", "changes of a commit", text(func(a *Args) *string { return &a.Commit }))),
		of(verbReview, opt("--title", "TITLE", "title of the commit", text(func(a *Args) *string { return &a.Title }))),
		opt("-h --help", "", "print help", flag(func(a *Args) *bool { return &a.Help })),
		opt("-V --version", "", "print the version", flag(func(a *Args) *bool { return &a.Version })),
		hide(opt(options.ListFlag, "", "print the options as lines", flag(func(a *Args) *bool { return &a.List }))),
		hide(pick(opt("--list-words", "WHAT", "print what completion offers", text(func(a *Args) *string { return &a.ListWords })),
			wordsSessions, wordsProfiles, wordsProfilesV2)),
	}
}

// Options lists the command line for help, completion and the check of the man page.
func Options() options.Set {
	set := options.Set{Commands: []options.Command{
		{Path: verbResume, Argument: "SESSION", Help: "go on with a stored session"},
		{Path: verbReview, Help: "review changes of the work tree"},
		{Path: verbHelp, Argument: verbResume + " " + verbReview, Help: "print help"},
	}}
	for _, o := range table() {
		set.Options = append(set.Options, o.Option)
		for _, a := range o.aliases {
			alias := o.Option
			alias.Short, alias.Long, alias.Hidden = "", a, true
			set.Options = append(set.Options, alias)
		}
	}
	return set
}

// engineArgs gives the options that the engine understands as well, as a command line:
// of an option that replaces only the last.
func (a *Args) engineArgs() []string {
	var argv []string
	for i, g := range a.given {
		if !g.opt.engine || !g.opt.many && again(a.given[i+1:], g.opt) {
			continue
		}
		if g.opt.Value == "" {
			argv = append(argv, g.opt.Long)
		} else {
			argv = append(argv, g.opt.Long+"="+g.value)
		}
	}
	return argv
}

func again(later []given, o *option) bool {
	for _, g := range later {
		if g.opt == o {
			return true
		}
	}
	return false
}
