package daemon

import (
	"fmt"
	"slices"
	"strings"

	"codex/pkg/cli/exit"
	"codex/pkg/cli/options"
	"codex/pkg/config"
)

// flags are a command line.
type flags struct {
	command string
	set     map[string]bool // switches given, by their long names
}

// command is what codex-daemon can be told to do.
type command struct {
	name   string
	help   string
	hidden bool
	own    []options.Option
}

func commands() []command {
	toggle := func(long, help string) options.Option { return options.Option{Long: long, Help: help} }
	persist := toggle("--systemd", "come back after a restart of the machine: a user unit of systemd, a launch agent on macOS")
	launchd := toggle("--launchd", persist.Help)
	launchd.Hidden = true
	return []command{
		{name: "bootstrap", help: "start the app-server and the updater, anew if they run", own: []options.Option{
			toggle("--remote-control", "start the app-server with remote control"), persist, launchd}},
		{name: "start", help: "start the app-server if none runs", own: []options.Option{toggle("--updater", "start the updater as well")}},
		{name: "restart", help: "start the app-server anew, or if none runs"},
		{name: "enable-remote-control", help: "switch remote control on, from now on and in the app-server that runs"},
		{name: "disable-remote-control", help: "switch remote control off"},
		{name: "stop", help: "let running turns end, and stop the app-server", own: []options.Option{
			toggle("--forget", "stop the updater as well, and undo bootstrap --systemd")}},
		{name: "version", help: "print the versions of this program, of the managed one and of the app-server that runs"},
		{name: "remote-control", help: "start or stop the app-server with remote control", hidden: true, own: []options.Option{
			toggle("--json", "print one JSON object")}},
		{name: "pid-update-loop", hidden: true},
	}
}

// shared are the options that every command takes. What they say has no effect on the
// app-server that is started.
func shared() []options.Option {
	return []options.Option{
		{Short: "-c", Long: "--config", Value: "KEY=VALUE", Help: "accepted and without effect: the app-server reads config.toml"},
		{Long: "--enable", Value: "FEATURE", Help: "accepted and without effect"},
		{Long: "--disable", Value: "FEATURE", Help: "accepted and without effect"},
		{Short: "-h", Long: "--help", Help: "print help"},
		{Short: "-V", Long: "--version", Help: "print the version of this program"},
	}
}

// set describes the command line as data.
func set() options.Set {
	s := options.Set{Options: shared()}
	for _, c := range commands() {
		if c.hidden {
			continue
		}
		s.Commands = append(s.Commands, options.Command{Path: c.name, Help: c.help})
		for _, o := range c.own {
			o.Command = c.name
			s.Options = append(s.Options, o)
		}
	}
	return s
}

// usageError is wrong usage in the shape of the original.
type usageError struct {
	text, usage string
}

func (e *usageError) ExitCode() int { return exit.Usage }
func (e *usageError) Error() string {
	s := "error: " + e.text + "\n\n"
	if e.usage != "" {
		s += "Usage: " + e.usage + "\n\n"
	}
	return s + "For more information, try '--help'."
}

const name = "codex app-server daemon"

// usageOf is the usage line of a command, or of the program.
func usageOf(c *command) string {
	switch {
	case c == nil:
		return name + " [OPTIONS] <COMMAND>"
	case c.name == "remote-control":
		return "codex remote-control [OPTIONS] [COMMAND]"
	}
	return name + " " + c.name + " [OPTIONS]"
}

// parse reads the arguments. Options may stand anywhere; those of a command, behind it.
func parse(args []string) (flags, error) {
	f := flags{set: map[string]bool{}}
	var c *command
	for i := 0; i < len(args); i++ {
		arg := args[i]
		if len(arg) < 2 || arg[0] != '-' {
			if err := f.word(&c, arg); err != nil {
				return f, err
			}
			continue
		}
		known := shared()
		if c != nil {
			known = append(known, c.own...)
		}
		o, value, attached, ok := match(known, arg)
		switch {
		case !ok:
			return f, &usageError{fmt.Sprintf("unexpected argument '%s' found", arg), usageOf(c)}
		case o.Value == "" && attached:
			return f, &usageError{fmt.Sprintf("unexpected value '%s' for '%s' found; no more were expected", value, o.Long), usageOf(c)}
		case o.Value == "":
			f.set[o.Long] = true
			continue
		case !attached && (i+1 == len(args) || strings.HasPrefix(args[i+1], "-")):
			return f, &usageError{fmt.Sprintf("a value is required for '%s <%s>' but none was supplied", o.Long, o.Value), ""}
		case !attached:
			i++
			value = args[i]
		}
		if o.Long == "--enable" || o.Long == "--disable" {
			if _, ok := config.KnownFeature(value); !ok {
				return f, fmt.Errorf("Unknown feature flag: %s", value)
			}
		}
	}
	return f, nil
}

// word takes a word that is no option: the command, or what help is wanted for, or what
// remote-control shall do.
func (f *flags) word(c **command, word string) error {
	all := commands()
	i := slices.IndexFunc(all, func(c command) bool { return c.name == word })
	switch {
	case *c == nil && word == "help" && !f.set["help"]:
		f.set["help"], f.set["--help"] = true, true
		return nil
	case *c == nil && i < 0:
		return &usageError{fmt.Sprintf("unrecognized subcommand '%s'", word), usageOf(nil)}
	case *c == nil:
		*c, f.command = &all[i], word
		return nil
	case (*c).name != "remote-control":
		return &usageError{fmt.Sprintf("unexpected argument '%s' found", word), usageOf(*c)}
	case word != "start" && word != "stop" || f.set["start"] || f.set["stop"]:
		return &usageError{fmt.Sprintf("unrecognized subcommand '%s'", word), usageOf(*c)}
	}
	f.set[word] = true
	return nil
}

// match finds the option that arg spells: --long, --long=V, -s, -sV, -s=V.
func match(known []options.Option, arg string) (o options.Option, value string, attached, ok bool) {
	spelled, value, attached := strings.Cut(arg, "=")
	for _, o := range known {
		switch {
		case spelled == o.Long, spelled == o.Short && o.Short != "":
			return o, value, attached, true
		case o.Short != "" && o.Value != "" && !strings.HasPrefix(arg, "--") && strings.HasPrefix(arg, o.Short):
			return o, arg[2:], true, true
		}
	}
	return o, "", false, false
}
