package notify

import "codex/pkg/cli/options"

// Flags are the options of codex-notify.
type Flags struct {
	Config          []string // -c, in order
	Enable, Disable []string
	Profile         string
	Client          string
	Bell, OSC9      bool
	Desktop, Auto   bool
	Exec            []string // the rest of the command line after --exec
	Help, Version   bool
	List            bool // --list-options
}

// table gives every option. What follows --exec is its command, options too.
func (f *Flags) table(p *options.Parser) []options.Row {
	opt, text, list, flag := options.New, options.Text, options.List, options.Flag
	return []options.Row{
		opt("-c --config", "KEY=VALUE", "set a key of config.toml for this run", list(&f.Config)),
		opt("--enable", "FEATURE", "switch a feature on", list(&f.Enable)),
		opt("--disable", "FEATURE", "switch a feature off", list(&f.Disable)),
		opt("-p --profile", "PROFILE", "profile from config.toml", text(&f.Profile)),
		opt("--client", "NAME", "name of the frontend in the notification", text(&f.Client)),
		opt("--bell", "", "ring the terminal's bell", flag(&f.Bell)),
		opt("--osc9", "", "let the terminal show a notification", flag(&f.OSC9)),
		opt("--desktop", "", "show a notification on the desktop", flag(&f.Desktop)),
		opt("--auto", "", "whichever of the three reaches a person at this terminal", flag(&f.Auto)),
		opt("--exec", "CMD...", "run CMD instead of the notify program of config.toml", func(v string) error {
			f.Exec = append([]string{v}, p.Rest()...)
			return nil
		}),
		opt("-h --help", "", "print help", flag(&f.Help)),
		opt("-V --version", "", "print the version", flag(&f.Version)),
		opt(options.ListFlag, "", "print the options as lines", flag(&f.List)).Hide(),
	}
}

// Options lists what Parse understands.
func Options() options.Set {
	return options.Set{Options: options.Listed(new(Flags).table(nil))}
}

// Parse reads the command line (without the program's name). Errors have status 2.
func Parse(args []string) (f Flags, err error) {
	p := &options.Parser{Enough: func() bool { return f.Exec != nil || f.Help || f.Version || f.List }}
	p.Options = f.table(p)
	_, err = p.Parse(args)
	return f, err
}
