package exec

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"codex/pkg/cli/exit"
)

// Verbs of the program. The empty one runs a new turn.
const (
	verbResume = "resume"
	verbReview = "review"
	verbHelp   = "help"
)

// Args is the command line, taken apart.
type Args struct {
	Verb   string
	Prompt *string // nil when none was given; "-" means stdin

	Config          []string
	Enable, Disable []string
	StrictConfig    bool
	Images          []string
	Model           string
	OSS             bool
	LocalProvider   string
	Profile         string
	ProfileV2       string
	Sandbox         string
	FullAuto        bool
	Bypass          bool
	BypassHookTrust bool
	Approval        string // accepted and without effect: nobody could be asked
	Search          bool
	Dir             string
	AddDirs         []string
	SkipGitCheck    bool
	Ephemeral       bool
	NoUserConfig    bool
	NoRules         bool
	WithMCP         string // names with commas between them
	SchemaFile      string
	Color           string // always, never or auto
	JSON            bool
	LastMessageFile string

	// resume
	Session   string // id or name, "" when none was given
	Last, All bool

	// review
	Uncommitted         bool
	Base, Commit, Title string

	// what the original does not have
	Timeout       time.Duration // of the whole run, 0 means no limit
	FailOnTool    bool
	Stream        bool
	Record        string
	Turn          string // engine command
	Schema        bool
	Help, Version bool
	List          bool
	ListWords     string

	given []given // in order, for the engine's command line
}

// given is one option as it was read.
type given struct {
	opt   *option
	value string
}

func usageLines(verb string) string {
	switch verb {
	case verbResume:
		return "codex exec resume [OPTIONS] [SESSION_ID] [PROMPT]"
	case verbReview:
		return "codex exec review [OPTIONS] [PROMPT]"
	}
	return "codex exec [OPTIONS] [PROMPT]\n       codex exec [OPTIONS] <COMMAND> [ARGS]"
}

// ParseArgs reads the command line (without the program's name). By hand: scripts match the
// texts of wrong usage, and images take words as no library lets them. Options are the same
// for every verb and may stand before and after it; when one is given twice the later
// wins, and those of codex itself come first. Errors are *[exit.UsageError].
func ParseArgs(argv []string) (*Args, error) {
	p := &parser{argv: argv, table: table(), args: &Args{Color: "auto"}}
	if err := p.run(); err != nil {
		return nil, err
	}
	return p.args, nil
}

type parser struct {
	argv  []string
	at    int
	table []option
	args  *Args
	words []string // positional, since the verb
}

func (p *parser) run() error {
	literal := false
	for p.at < len(p.argv) {
		arg := p.argv[p.at]
		p.at++
		var err error
		switch {
		case literal || arg == "-" || arg == "" || arg[0] != '-':
			err = p.word(arg, literal)
		case arg == "--":
			literal = true
		case arg[1] == '-':
			err = p.long(arg)
		default:
			err = p.short(arg)
		}
		if err != nil || p.args.Help || p.args.Version || p.args.List || p.args.Schema {
			return err
		}
	}
	return p.finish()
}

func (p *parser) word(arg string, literal bool) error {
	a := p.args
	if !literal && a.Verb == "" && (arg == verbResume || arg == verbReview || arg == verbHelp) {
		if a.Verb = arg; len(p.words) == 1 {
			a.Prompt = &p.words[0]
			p.words = nil
		}
		return nil
	}
	if a.Verb == verbHelp {
		if len(p.words) > 0 || arg != verbResume && arg != verbReview && arg != verbHelp {
			return p.usage("unrecognized subcommand '%s'", arg)
		}
	}
	most := 1
	if a.Verb == verbResume {
		most = 2
	}
	if p.words = append(p.words, arg); len(p.words) > most {
		return p.usage("unexpected argument '%s' found", arg)
	}
	return nil
}

func (p *parser) long(arg string) error {
	name, value, attached := strings.Cut(arg, "=")
	o := p.find(name)
	if o == nil {
		return p.unexpected(name)
	}
	return p.option(o, value, attached)
}

func (p *parser) short(arg string) error {
	for rest := arg[1:]; rest != ""; {
		o := p.find("-" + rest[:1])
		if o == nil {
			return p.unexpected("-" + string([]rune(rest)[0]))
		}
		rest = rest[1:]
		if o.Value != "" {
			return p.option(o, strings.TrimPrefix(rest, "="), rest != "")
		}
		if err := p.option(o, "", false); err != nil || p.args.Help || p.args.Version {
			return err
		}
	}
	return nil
}

func (p *parser) find(name string) *option {
	for i := range p.table {
		o := &p.table[i]
		if o.Command != "" && o.Command != p.args.Verb {
			continue
		}
		if name == o.Long || name == o.Short || slices.Contains(o.aliases, name) {
			return o
		}
	}
	return nil
}

func (p *parser) option(o *option, value string, attached bool) error {
	switch {
	case o.Value == "" && attached:
		return p.usage("unexpected value '%s' for '%s' found; no more were expected", value, o.Long)
	case o.Value == "":
		return p.set(o, "")
	case attached:
		return p.set(o, value)
	case p.at == len(p.argv) || dashed(p.argv[p.at]):
		return p.needs(o)
	}
	// The original takes all words up to the next option as images, but not in resume.
	for n := 0; p.at < len(p.argv) && !dashed(p.argv[p.at]); n++ {
		if n > 0 && (!o.greedy || p.args.Verb == verbResume) {
			break
		}
		if err := p.set(o, p.argv[p.at]); err != nil {
			return err
		}
		p.at++
	}
	return nil
}

func dashed(arg string) bool { return len(arg) > 1 && arg[0] == '-' }

func (p *parser) set(o *option, value string) error {
	if o.Value != "" && value == "" && !o.empty { // an unset variable, most likely
		return p.needs(o)
	}
	if len(o.Choices) > 0 && !slices.Contains(o.Choices, value) {
		return &exit.UsageError{Text: fmt.Sprintf("invalid value '%s' for '%s'\n  [possible values: %s]",
			value, o.spelled(), strings.Join(o.Choices, ", "))}
	}
	if err := o.set(p.args, value); err != nil {
		return &exit.UsageError{Text: fmt.Sprintf("invalid value '%s' for '%s': %v", value, o.spelled(), err)}
	}
	p.args.given = append(p.args.given, given{o, value})
	return nil
}

func (p *parser) needs(o *option) error {
	text := fmt.Sprintf("a value is required for '%s' but none was supplied", o.spelled())
	if len(o.Choices) > 0 {
		text += "\n  [possible values: " + strings.Join(o.Choices, ", ") + "]"
	}
	return &exit.UsageError{Text: text}
}

func (p *parser) unexpected(arg string) error {
	text := fmt.Sprintf("unexpected argument '%s' found\n\n  tip: ", arg)
	if near := p.similar(arg); near != "" {
		return p.usage("%s", text+"a similar argument exists: '"+near+"'")
	}
	return p.usage("%s", text+"to pass '"+arg+"' as a value, use '-- "+arg+"'")
}

func (p *parser) usage(format string, args ...any) error {
	return &exit.UsageError{Text: fmt.Sprintf(format, args...), Usage: usageLines(p.args.Verb)}
}

// finish deals the positional words out and looks for options that exclude each other.
func (p *parser) finish() error {
	a := p.args
	switch a.Verb {
	case verbHelp:
		a.Help, a.Verb = true, ""
		if len(p.words) == 1 && p.words[0] != verbHelp {
			a.Verb = p.words[0]
		}
		return nil
	case verbResume:
		if len(p.words) > 0 && !(a.Last && len(p.words) == 1) {
			if a.Session, p.words = p.words[0], p.words[1:]; a.Session == "" {
				return p.usage("a value is required for '[SESSION_ID]' but none was supplied")
			}
		}
	}
	if len(p.words) > 0 {
		a.Prompt = &p.words[0]
	}
	if a.FullAuto && a.Bypass {
		return p.usage("the argument '--full-auto' cannot be used with '--dangerously-bypass-approvals-and-sandbox'")
	}
	if a.Verb == verbReview {
		return p.review()
	}
	return nil
}

func (p *parser) review() error {
	a := p.args
	var targets []string
	for _, t := range []struct {
		given bool
		name  string
	}{{a.Uncommitted, "--uncommitted"}, {a.Base != "", "--base <BRANCH>"}, {a.Commit != "", "--commit <SHA>"}, {a.Prompt != nil, "[PROMPT]"}} {
		if t.given {
			targets = append(targets, t.name)
		}
	}
	switch {
	case len(targets) > 1:
		return p.usage("the argument '%s' cannot be used with '%s'", targets[0], targets[1])
	case a.Title != "" && a.Commit == "":
		return p.usage("the following required arguments were not provided:\n  --commit <SHA>")
	}
	return nil
}

// duration reads a length of time: 90, 90s, 1m30s.
func duration(s string) (time.Duration, error) {
	if n, err := strconv.ParseFloat(s, 64); err == nil {
		s = strconv.FormatFloat(n, 'f', -1, 64) + "s"
	}
	d, err := time.ParseDuration(s)
	if err != nil || d <= 0 {
		return 0, fmt.Errorf("not a length of time such as 90, 90s or 1h30m")
	}
	return d, nil
}
