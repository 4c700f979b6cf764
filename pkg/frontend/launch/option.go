// Package launch is how a frontend that runs an engine begins: how its command line is
// read, the options that it and its engine both understand, the settings that these mean,
// and the processes to start.
//
// Frontend layer: it imports cli, config, jsonrpc, ostext and shellwords.
package launch

import (
	"strings"

	"codex/pkg/cli/options"
)

// Option is one row of a command line: what it is called, and what it does.
type Option struct {
	options.Option
	aliases []string
	engine  bool        // is passed on to the engine
	many    bool        // adds up instead of replacing
	empty   bool        // says itself what is wrong with an empty value
	greedy  func() bool // takes further words now, up to the next option; nil: it never does
	set     func(value string) error
}

// New makes an option of its names ("-m --model", further long ones are aliases), what its
// value is called ("" for a switch), and what is to be done with it.
func New(names, value, help string, set func(string) error) Option {
	o := Option{Option: options.Option{Value: value, Help: help}, set: set}
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

// Passed makes an option one that the engine gets too.
func (o Option) Passed() Option { o.engine = true; return o }

// Many makes it one of which all values count, not the last alone.
func (o Option) Many() Option { o.many = true; return o }

// Hide keeps it out of the help.
func (o Option) Hide() Option { o.Hidden = true; return o }

// Of makes it one of a subcommand.
func (o Option) Of(verb string) Option { o.Command = verb; return o }

// Lenient lets it have an empty value.
func (o Option) Lenient() Option { o.empty = true; return o }

// Pick makes these its only values.
func (o Option) Pick(choices ...string) Option { o.Choices, o.empty = choices, true; return o }

// Spelled is the option as error texts show it: "--sandbox <MODE>".
func (o *Option) Spelled() string {
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
func Listed(table []Option) []options.Option {
	var out []options.Option
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
