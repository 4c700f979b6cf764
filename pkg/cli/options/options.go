// Package options describes the command line of a program as data: one line an option,
// one line a subcommand. Help, shell completion and the check of the man pages read it.
//
// Every program of the suite prints its own with the hidden option --list-options, so
// that a reader needs no library of ours:
//
//	option  SUBCOMMAND  -s  --sandbox  MODE  read-only,workspace-write  what it does
//	command SUBCOMMAND  aliases  ARGUMENT  what it does
//
// with tabs between the fields, "-" for an empty one, and the path of the subcommand
// ("-" at the top, "sandbox linux" below it).
//
// [Parser] reads a command line by such a table, for programs in which kong would be too much.
//
// Ground layer: it imports the standard library and cli/exit only.
package options

import (
	"bufio"
	"cmp"
	"fmt"
	"io"
	"strings"
)

// ListFlag is the hidden option that makes a program print its command line.
const ListFlag = "--list-options"

// Option is one option of a program or of one of its subcommands.
type Option struct {
	Command string   // path of the subcommand, words joined by a space; "" at the top
	Short   string   // with its hyphen, "-m"; "" when there is none
	Long    string   // with its hyphens, "--model"; "" when there is none
	Value   string   // what the value is called in usage lines, "MODEL"; "" for a switch
	Choices []string // the only values accepted; nil for any
	Help    string   // one line, lower case, no full stop
	Hidden  bool     // understood, but not shown or documented; not part of the listing
}

// Names gives the spellings of the option, short first.
func (o Option) Names() []string {
	var names []string
	for _, n := range []string{o.Short, o.Long} {
		if n != "" {
			names = append(names, n)
		}
	}
	return names
}

// Usage gives the option as help shows it: "-m, --model MODEL".
func (o Option) Usage() string {
	s := strings.Join(o.Names(), ", ")
	if o.Short == "" {
		s = "    " + s
	}
	if o.Value != "" {
		s += " " + o.Value
	}
	return s
}

// Help prints what --help says of options, the hidden ones left out.
func Help(w io.Writer, all []Option) error {
	b := bufio.NewWriter(w)
	for _, o := range all {
		if o.Hidden {
			continue
		}
		usage, help := o.Usage(), o.Help
		if len(usage) > helpColumn {
			usage += "\n" + strings.Repeat(" ", helpColumn+2)
		}
		if len(o.Choices) > 0 {
			help += " (" + strings.Join(o.Choices, ", ") + ")"
		}
		fmt.Fprintf(b, "  %-*s %s\n", helpColumn, usage, help)
	}
	return b.Flush()
}

const helpColumn = 30 // of what --help says of an option

// Command is one subcommand of a program.
type Command struct {
	Path     string   // words joined by a space
	Aliases  []string // other names of the last word
	Argument string   // what may follow: words joined by a space, or what it is called, "SESSION"; "" says nothing
	Help     string   // one line, lower case, no full stop
}

// Set is the whole command line of a program.
type Set struct {
	Options  []Option
	Commands []Command
}

// Write prints the set, one line an entry, without the hidden options.
func Write(w io.Writer, s Set) error {
	b := bufio.NewWriter(w)
	for _, c := range s.Commands {
		fmt.Fprintf(b, "command\t%s\t%s\t%s\t%s\n", dash(c.Path), dash(strings.Join(c.Aliases, ",")), dash(c.Argument), flat(c.Help))
	}
	for _, o := range s.Options {
		if o.Hidden {
			continue
		}
		fmt.Fprintf(b, "option\t%s\t%s\t%s\t%s\t%s\t%s\n", dash(o.Command), dash(o.Short), dash(o.Long),
			dash(o.Value), dash(strings.Join(o.Choices, ",")), flat(o.Help))
	}
	return b.Flush()
}

// Read is the inverse of Write. Lines of another kind are skipped; a line with too few
// fields is an error that names it.
func Read(r io.Reader) (Set, error) {
	var s Set
	sc := bufio.NewScanner(r)
	for n := 1; sc.Scan(); n++ {
		f := strings.Split(sc.Text(), "\t")
		for i := range f {
			if f[i] == "-" {
				f[i] = ""
			}
		}
		switch {
		case f[0] == "command" && len(f) == 5:
			s.Commands = append(s.Commands, Command{f[1], list(f[2]), f[3], f[4]})
		case f[0] == "option" && len(f) == 7:
			s.Options = append(s.Options, Option{Command: f[1], Short: f[2], Long: f[3], Value: f[4], Choices: list(f[5]), Help: f[6]})
		case f[0] == "command" || f[0] == "option":
			return Set{}, fmt.Errorf("option list line %d: %d fields", n, len(f))
		}
	}
	return s, sc.Err()
}

func list(s string) []string {
	if s == "" {
		return nil
	}
	return strings.Split(s, ",")
}

func dash(s string) string {
	return cmp.Or(s, "-")
}

func flat(s string) string { return dash(strings.Join(strings.Fields(s), " ")) }
