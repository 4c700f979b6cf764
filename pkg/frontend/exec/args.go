package exec

import (
	"fmt"
	"strconv"
	"time"

	"codex/pkg/cli/options"
	"codex/pkg/frontend/launch"
)

// Verbs of the program. The empty one runs a new turn.
const (
	verbResume = "resume"
	verbFork   = "fork"
	verbReview = "review"
	verbHelp   = "help"
)

func isVerb(word string) bool {
	return word == verbResume || word == verbFork || word == verbReview || word == verbHelp
}

// Args is the command line, taken apart.
type Args struct {
	Verb   string
	Prompt *string // nil when none was given; "-" means stdin

	launch.Settings
	Approval        string // accepted and without effect: nobody could be asked
	SkipGitCheck    bool
	Ephemeral       bool
	NoUserConfig    bool
	NoRules         bool
	WithMCP         string // names with commas between them
	SchemaFile      string
	Color           string // always, never or auto
	JSON            bool
	LastMessageFile string
	ApproveForMe    bool
	Worktree        bool
	TrustFolder     bool
	ThreadSource    string
	CyberProgram    string

	// resume and fork
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
	Schema        bool
	Help, Version bool
	List          bool
	ListWords     string

	engine []string // the options that the engine gets
}

func usageLines(verb string) string {
	switch verb {
	case verbResume:
		return "codex exec resume [OPTIONS] [SESSION_ID] [PROMPT]"
	case verbFork:
		return "codex exec fork [OPTIONS] <SESSION_ID> [PROMPT]"
	case verbReview:
		return "codex exec review [OPTIONS] [PROMPT]"
	}
	return "codex exec [OPTIONS] [PROMPT]\n       codex exec [OPTIONS] <COMMAND> [ARGS]"
}

// ParseArgs reads the command line (without the program's name). Options of codex itself
// come first. Errors are *[exit.UsageError].
func ParseArgs(argv []string) (*Args, error) {
	a := &Args{Color: "auto"}
	p := &parser{args: a}
	p.Parser = options.Parser{
		Options: a.table(), Word: p.word,
		Verb:   func() string { return a.Verb },
		Usage:  func() string { return usageLines(a.Verb) },
		Enough: func() bool { return a.Help || a.Version || a.List || a.Schema },
	}
	var err error
	if a.engine, err = p.Parse(argv); err == nil && !p.Enough() {
		err = p.finish()
	}
	if err != nil {
		return nil, err
	}
	return a, nil
}

type parser struct {
	options.Parser
	args  *Args
	words []string // positional, since the verb
}

func (p *parser) word(arg string, literal bool) error {
	a := p.args
	if !literal && a.Verb == "" && isVerb(arg) {
		if a.Verb = arg; len(p.words) == 1 {
			a.Prompt = &p.words[0]
			p.words = nil
		}
		return nil
	}
	if a.Verb == verbHelp {
		if len(p.words) > 0 || !isVerb(arg) {
			return p.Wrong("unrecognized subcommand '%s'", arg)
		}
	}
	most := 1
	if a.Verb == verbResume || a.Verb == verbFork {
		most = 2
	}
	if p.words = append(p.words, arg); len(p.words) > most {
		return p.Wrong("unexpected argument '%s' found", arg)
	}
	return nil
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
	case verbFork:
		if len(p.words) == 0 {
			return p.Wrong("the following required arguments were not provided:\n  <SESSION_ID>")
		}
		fallthrough
	case verbResume:
		if len(p.words) > 0 && !(a.Last && len(p.words) == 1) {
			if a.Session, p.words = p.words[0], p.words[1:]; a.Session == "" {
				return p.Wrong("a value is required for '[SESSION_ID]' but none was supplied")
			}
		}
	}
	if len(p.words) > 0 {
		a.Prompt = &p.words[0]
	}
	if err := p.together(); err != nil {
		return err
	}
	if a.FullAuto && a.Bypass {
		return p.Wrong("the argument '--full-auto' cannot be used with '--dangerously-bypass-approvals-and-sandbox'")
	}
	if a.Verb == verbReview {
		return p.review()
	}
	return nil
}

// together looks for options that do not go with --approve-for-me, --worktree and
// --cyber-access-program.
func (p *parser) together() error {
	a := p.args
	for _, o := range []struct {
		given bool
		name  string
	}{{a.Sandbox != "", "--sandbox <SANDBOX_MODE>"}, {a.FullAuto, "--full-auto"}, {a.Bypass, "--dangerously-bypass-approvals-and-sandbox"}} {
		if a.ApproveForMe && o.given {
			return p.Wrong("the argument '%s' cannot be used with '--approve-for-me'", o.name)
		}
	}
	switch {
	case a.Worktree && a.Verb == verbResume:
		return p.Wrong("'--worktree' does not go with a session that is resumed; use 'codex exec fork --worktree'")
	case a.CyberProgram != "" && a.Verb == verbReview:
		return p.Wrong("'--cyber-access-program' does not go with a review")
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
		return p.Wrong("the argument '%s' cannot be used with '%s'", targets[0], targets[1])
	case a.Title != "" && a.Commit == "":
		return p.Wrong("the following required arguments were not provided:\n  --commit <SHA>")
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
