package argv

import (
	"io"

	"codex/pkg/cli/options"
)

const program = "codex-aws"

// flags is a parsed command line.
type flags struct {
	profile, region     string
	help, version, list bool
}

func (f *flags) table() []options.Row {
	opt, text, flag := options.New, options.Text, options.Flag
	return []options.Row{
		opt("--profile", "NAME", "profile of the files of AWS", text(&f.profile)),
		opt("--region", "REGION", "region, whatever those and the environment say", text(&f.region)),
		opt("-h --help", "", "show this help", flag(&f.help)),
		opt("-V --version", "", "show the version", flag(&f.version)),
		opt(options.ListFlag, "", "print the options as data", flag(&f.list)).Hide(),
	}
}

// commandLine describes the options for help, completion and the check of the man page.
func commandLine() options.Set {
	return options.Set{Options: options.Listed(new(flags).table())}
}

// parse reads the words without kong: a parser that works by reflection would have the linker
// keep all of AWS's SDK.
func parse(args []string) (f flags, err error) {
	p := options.Parser{Options: f.table(), Enough: func() bool { return f.help || f.version || f.list }}
	_, err = p.Parse(args)
	return f, err
}

func writeHelp(w io.Writer) error {
	if _, err := io.WriteString(w, "Print credentials of AWS, as its own SDK finds them.\n\nUsage: "+program+" [OPTIONS]\n\nOptions:\n"); err != nil {
		return err
	}
	return options.Help(w, commandLine().Options)
}
