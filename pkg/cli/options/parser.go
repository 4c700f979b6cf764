package options

import (
	"fmt"
	"slices"
	"strings"

	"codex/pkg/cli/exit"
)

// Parser reads a command line. By hand: scripts match the texts of wrong usage, images take
// words as no library lets them, and kong is half of a small program. Options may stand
// before and after words; when one is given twice the later wins.
type Parser struct {
	Options []Row
	// Word takes a word that is no option; literal says that it stands behind "--". With nil
	// there are none.
	Word func(word string, literal bool) error
	// Verb is the subcommand so far, Usage what usage lines say of it. Both may be nil.
	Verb  func() string
	Usage func() string
	// Command says that words are a command, which comes after --.
	Command bool
	// Enough says that nothing more has to be read: help is wanted, say. It may be nil.
	Enough func() bool

	argv  []string
	at    int
	given []given
}

// given is one option as it was read.
type given struct {
	opt   *Row
	value string
}

// Parse reads argv, without the program's name. It gives the options that the engine
// understands as well, as a command line. Errors are *[exit.UsageError].
func (p *Parser) Parse(argv []string) (engine []string, err error) {
	p.argv = argv
	literal := false
	for p.at < len(p.argv) {
		arg := p.argv[p.at]
		p.at++
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
		if err != nil {
			return nil, err
		}
		if p.enough() {
			break
		}
	}
	return p.engine(), nil
}

func (p *Parser) word(arg string, literal bool) error {
	if p.Word == nil {
		return p.Wrong("unexpected argument '%s' found", arg)
	}
	return p.Word(arg, literal)
}

func (p *Parser) enough() bool { return p.Enough != nil && p.Enough() }

// Rest gives the words that have not been read.
func (p *Parser) Rest() []string { return p.argv[p.at:] }

func (p *Parser) long(arg string) error {
	name, value, attached := strings.Cut(arg, "=")
	o := p.find(name)
	if o == nil {
		return p.unexpected(name)
	}
	return p.option(o, value, attached)
}

func (p *Parser) short(arg string) error {
	for rest := arg[1:]; rest != ""; {
		o := p.find("-" + rest[:1])
		if o == nil {
			return p.unexpected("-" + string([]rune(rest)[0]))
		}
		rest = rest[1:]
		if o.Value != "" {
			return p.option(o, strings.TrimPrefix(rest, "="), rest != "")
		}
		if err := p.option(o, "", false); err != nil || p.enough() {
			return err
		}
	}
	return nil
}

func (p *Parser) find(name string) *Row {
	for i := range p.Options {
		o := &p.Options[i]
		if p.here(o) && (name == o.Long || name == o.Short || slices.Contains(o.aliases, name)) {
			return o
		}
	}
	return nil
}

// names are the long options that may be given now, aliases too.
func (p *Parser) names() (all []string) {
	for i := range p.Options {
		if o := &p.Options[i]; p.here(o) {
			all = append(append(all, o.Long), o.aliases...)
		}
	}
	return all
}

// here says whether an option is one of the verb.
func (p *Parser) here(o *Row) bool {
	return o.Command == "" || p.Verb != nil && o.Command == p.Verb()
}

func (p *Parser) option(o *Row, value string, attached bool) error {
	switch {
	case o.Value == "" && attached:
		return p.Wrong("unexpected value '%s' for '%s' found; no more were expected", value, o.Long)
	case o.Value == "":
		return p.set(o, "")
	case attached:
		return p.set(o, value)
	case p.at == len(p.argv) || dashed(p.argv[p.at]):
		return needs(o)
	}
	for n := 0; p.at < len(p.argv) && !dashed(p.argv[p.at]); n++ {
		if n > 0 && (o.greedy == nil || !o.greedy()) {
			break
		}
		p.at++
		if err := p.set(o, p.argv[p.at-1]); err != nil {
			return err
		}
	}
	return nil
}

func dashed(arg string) bool { return len(arg) > 1 && arg[0] == '-' }

func (p *Parser) set(o *Row, value string) error {
	if o.Value != "" && strings.TrimSpace(value) == "" && !o.empty { // an unset variable, most likely
		return needs(o)
	}
	if len(o.Choices) > 0 && !slices.Contains(o.Choices, value) {
		return &exit.UsageError{Text: fmt.Sprintf("invalid value '%s' for '%s'", value, o.Spelled()) + possible(o)}
	}
	if err := o.set(value); err != nil {
		return &exit.UsageError{Text: fmt.Sprintf("invalid value '%s' for '%s': %v", value, o.Spelled(), err)}
	}
	p.given = append(p.given, given{o, value})
	return nil
}

func needs(o *Row) error {
	return &exit.UsageError{Text: fmt.Sprintf("a value is required for '%s' but none was supplied", o.Spelled()) + possible(o)}
}

func possible(o *Row) string {
	if len(o.Choices) == 0 {
		return ""
	}
	return "\n  [possible values: " + strings.Join(o.Choices, ", ") + "]"
}

func (p *Parser) unexpected(arg string) error {
	text := fmt.Sprintf("unexpected argument '%s' found", arg)
	near := ""
	if strings.HasPrefix(arg, "--") { // a letter is like any name that has it
		near = Similar(arg, p.names())
	}
	switch {
	case p.Command:
		text += "; a command comes after --"
	case near != "":
		text += "\n\n  tip: a similar argument exists: '" + near + "'"
	case p.Word != nil:
		text += "\n\n  tip: to pass '" + arg + "' as a value, use '-- " + arg + "'"
	}
	return p.Wrong("%s", text)
}

// Wrong makes an error of wrong usage.
func (p *Parser) Wrong(format string, args ...any) error {
	e := &exit.UsageError{Text: fmt.Sprintf(format, args...)}
	if p.Usage != nil {
		e.Usage = p.Usage()
	}
	return e
}

// engine gives the options that the engine understands as well: of one that replaces only
// the last.
func (p *Parser) engine() []string {
	var argv []string
	for i, g := range p.given {
		again := func(later given) bool { return later.opt == g.opt }
		switch {
		case !g.opt.engine || !g.opt.many && slices.ContainsFunc(p.given[i+1:], again):
		case g.opt.Value == "":
			argv = append(argv, g.opt.Long)
		default:
			argv = append(argv, g.opt.Long+"="+g.value)
		}
	}
	return argv
}
