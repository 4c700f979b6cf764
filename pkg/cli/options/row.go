package options

import "strings"

// Row is one option of a command line that a [Parser] reads: what it is called, and what it does.
type Row struct {
	Option
	aliases []string
	engine  bool        // is passed on to the engine
	many    bool        // adds up instead of replacing
	empty   bool        // says itself what is wrong with an empty value
	greedy  func() bool // takes further words now, up to the next option; nil: it never does
	set     func(value string) error
}

// New makes an option of its names ("-m --model", further long ones are aliases), what its
// value is called ("" for a switch), and what is to be done with it.
func New(names, value, help string, set func(string) error) Row {
	o := Row{Option: Option{Value: value, Help: help}, set: set}
	for n := range strings.FieldsSeq(names) {
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

// Text stores a value.
func Text(p *string) func(string) error { return func(v string) error { *p = v; return nil } }

// List adds a value.
func List(p *[]string) func(string) error {
	return func(v string) error { *p = append(*p, v); return nil }
}

// Flag switches on.
func Flag(p *bool) func(string) error { return func(string) error { *p = true; return nil } }

// Set makes this what is to be done with a value.
func (o Row) Set(do func(string) error) Row { o.set = do; return o }

// Passed makes an option one that the engine gets too.
func (o Row) Passed() Row { o.engine = true; return o }

// Many makes it one of which all values count, not the last alone.
func (o Row) Many() Row { o.many = true; return o }

// Hide keeps it out of the help.
func (o Row) Hide() Row { o.Hidden = true; return o }

// Of makes it one of a subcommand.
func (o Row) Of(verb string) Row { o.Command = verb; return o }

// Lenient lets it have an empty value.
func (o Row) Lenient() Row { o.empty = true; return o }

// Greedy lets it take further words up to the next option, while more says so.
func (o Row) Greedy(more func() bool) Row { o.greedy = more; return o }

// Pick makes these its only values.
func (o Row) Pick(choices ...string) Row { o.Choices, o.empty = choices, true; return o }

// Spelled is the option as error texts show it: "--sandbox <MODE>".
func (o *Row) Spelled() string {
	if o.Value == "" {
		return o.Long
	}
	s := o.Long + " <" + o.Value + ">"
	if o.greedy != nil {
		s += "..."
	}
	return s
}

// Listed gives the rows as data, aliases as hidden options.
func Listed(table []Row) []Option {
	var out []Option
	for _, o := range table {
		out = append(out, o.Option)
		for _, a := range o.aliases {
			alias := o.Option
			alias.Short, alias.Long, alias.Hidden = "", a, true
			out = append(out, alias)
		}
	}
	return out
}
