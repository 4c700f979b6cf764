package notify

import (
	"strings"

	"codex/pkg/cli/exit"
	"codex/pkg/cli/options"
)

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

// Options lists what Parse understands.
func Options() options.Set {
	return options.Set{Options: []options.Option{
		{Short: "-c", Long: "--config", Value: "KEY=VALUE", Help: "set a key of config.toml for this run"},
		{Long: "--enable", Value: "FEATURE", Help: "switch a feature on"},
		{Long: "--disable", Value: "FEATURE", Help: "switch a feature off"},
		{Short: "-p", Long: "--profile", Value: "PROFILE", Help: "profile from config.toml"},
		{Long: "--client", Value: "NAME", Help: "name of the frontend in the notification"},
		{Long: "--bell", Help: "ring the terminal's bell"},
		{Long: "--osc9", Help: "let the terminal show a notification"},
		{Long: "--desktop", Help: "show a notification on the desktop"},
		{Long: "--auto", Help: "whichever of the three reaches a person at this terminal"},
		{Long: "--exec", Value: "CMD...", Help: "run CMD instead of the notify program of config.toml"},
		{Short: "-h", Long: "--help", Help: "print help"},
		{Short: "-V", Long: "--version", Help: "print the version"},
	}}
}

// Parse reads the command line (without the program's name). By hand: kong would make half
// of the program. Errors have status 2.
func Parse(args []string) (Flags, error) {
	var f Flags
	for i := 0; i < len(args); i++ {
		name, value, attached := strings.Cut(args[i], "=")
		if len(name) > 2 && name[0] == '-' && name[1] != '-' { // -cKEY=VALUE
			name, value, attached = args[i][:2], strings.TrimPrefix(args[i][2:], "="), true
		}
		take := func() (string, error) {
			if attached {
				return value, nil
			}
			if i++; i == len(args) {
				return "", exit.Usagef("option %s wants a value", name)
			}
			return args[i], nil
		}
		var err error
		switch name {
		case "-c", "--config":
			err = appendTo(&f.Config, take)
		case "--enable":
			err = appendTo(&f.Enable, take)
		case "--disable":
			err = appendTo(&f.Disable, take)
		case "-p", "--profile":
			f.Profile, err = take()
		case "--client":
			f.Client, err = take()
		case "--exec":
			if attached {
				f.Exec = []string{value}
			}
			if f.Exec = append(f.Exec, args[i+1:]...); len(f.Exec) == 0 {
				return f, exit.Usagef("option --exec wants a command")
			}
			return f, nil
		case "--bell", "--osc9", "--desktop", "--auto", "-h", "--help", "-V", "--version", options.ListFlag:
			if attached {
				return f, exit.Usagef("option %s takes no value", name)
			}
			f.set(name)
		default:
			return f, exit.Usagef("unexpected argument '%s' found", args[i])
		}
		if err != nil {
			return f, err
		}
	}
	return f, nil
}

func (f *Flags) set(name string) {
	switch name {
	case "--bell":
		f.Bell = true
	case "--osc9":
		f.OSC9 = true
	case "--desktop":
		f.Desktop = true
	case "--auto":
		f.Auto = true
	case "-h", "--help":
		f.Help = true
	case "-V", "--version":
		f.Version = true
	case options.ListFlag:
		f.List = true
	}
}

func appendTo(list *[]string, take func() (string, error)) error {
	v, err := take()
	*list = append(*list, v)
	return err
}
