package argv

import (
	"fmt"
	"io"
	"strings"

	"codex/pkg/cli/exit"
	"codex/pkg/cli/options"
)

const program = "codex-aws"

// flags is a parsed command line.
type flags struct {
	profile, region     string
	help, version, list bool
}

// commandLine describes the options for help, completion and the check of the man page.
func commandLine() options.Set {
	return options.Set{Options: []options.Option{
		{Long: "--profile", Value: "NAME", Help: "profile of the files of AWS"},
		{Long: "--region", Value: "REGION", Help: "region, whatever those and the environment say"},
		{Short: "-h", Long: "--help", Help: "show this help"},
		{Short: "-V", Long: "--version", Help: "show the version"},
		{Long: options.ListFlag, Hidden: true, Help: "print the options as data"},
	}}
}

// parse reads the words by hand: a parser that works by reflection would have the linker keep
// all of AWS's SDK.
func parse(args []string) (f flags, err error) {
	for len(args) > 0 {
		name, value, glued := strings.Cut(args[0], "=")
		args = args[1:]
		if name == "--profile" || name == "--region" {
			if !glued && len(args) > 0 {
				value, args = args[0], args[1:]
			}
			if value == "" {
				return f, exit.Usagef("a value is required for '%s' but none was supplied", name)
			}
			glued = false
		}
		switch {
		case glued:
			return f, exit.Usagef("unexpected argument '%s' found", name+"="+value)
		case name == "--profile":
			f.profile = value
		case name == "--region":
			f.region = value
		case name == "-h", name == "--help":
			f.help = true
		case name == "-V", name == "--version":
			f.version = true
		case name == options.ListFlag:
			f.list = true
		default:
			return f, exit.Usagef("unexpected argument '%s' found", name)
		}
	}
	return f, nil
}

func writeHelp(w io.Writer) error {
	s := "Print credentials of AWS, as its own SDK finds them.\n\nUsage: " + program + " [OPTIONS]\n\nOptions:\n"
	for _, o := range commandLine().Options {
		if !o.Hidden {
			s += fmt.Sprintf("  %-24s %s\n", o.Usage(), o.Help)
		}
	}
	_, err := io.WriteString(w, s)
	return err
}
