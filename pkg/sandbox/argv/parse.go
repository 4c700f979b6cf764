// Package argv is the command line of codex-sandbox: it parses the words,
// resolves the policy they ask for and runs the command under it.
//
// It imports sandbox and policy, the ground packages options, version and
// cli/exit, and a TOML reader for -c values.
package argv

import (
	"errors"
	"fmt"
	"strings"

	"codex/pkg/cli/exit"
	"codex/pkg/options"
)

// The values of --mode and of sandbox_mode.
const (
	ReadOnly       = "read-only"
	WorkspaceWrite = "workspace-write"
	FullAccess     = "danger-full-access"
)

// flags is a parsed command line.
type flags struct {
	system  string // linux, macos, windows or ""
	mode    string // --mode
	roots   []string
	network bool
	config  []string // -c, in order
	profile string
	dir     string
	managed bool
	explain bool
	probe   bool
	help    bool
	version bool
	list    bool
	command []string
}

// Options describes the command line for help, completion and the check of
// the man page.
func Options() options.Set {
	opts := []options.Option{
		{Short: "-c", Long: "--config", Value: "KEY=VALUE", Help: "override a configuration value"},
		{Long: "--probe", Help: "say which layers of the kernel a sandbox can use here, as JSON"},
		{Short: "-h", Long: "--help", Help: "show this help"},
		{Short: "-V", Long: "--version", Help: "show the version"},
		{Long: options.ListFlag, Hidden: true, Help: "print the options as data"},
	}
	for _, o := range []options.Option{
		{Long: "--mode", Value: "MODE", Choices: []string{ReadOnly, WorkspaceWrite, FullAccess}, Help: "what the command may do"},
		{Long: "--writable-root", Value: "DIR", Help: "let the command write below DIR as well"},
		{Long: "--network", Help: "let the command use the network"},
		{Short: "-c", Long: "--config", Value: "KEY=VALUE", Help: "override a configuration value"},
		{Short: "-P", Long: "--permissions-profile", Value: "NAME", Help: "use a permission profile instead of a mode"},
		{Short: "-C", Long: "--cd", Value: "DIR", Help: "run in DIR; only with a permission profile"},
		{Long: "--include-managed-config", Help: "apply managed requirements to the profile"},
		{Long: "--explain", Help: "show the resolved policy and what is not enforced; run nothing"},
		{Long: "--enable", Value: "FEATURE", Hidden: true, Help: "switch a feature on"},
		{Long: "--disable", Value: "FEATURE", Hidden: true, Help: "switch a feature off"},
		{Long: "--permission-profile", Value: "NAME", Hidden: true, Help: "as --permissions-profile"},
		{Short: "-h", Long: "--help", Help: "show this help"},
	} {
		o.Command = "linux"
		opts = append(opts, o)
	}
	return options.Set{
		Commands: []options.Command{
			{Path: "linux", Aliases: []string{"landlock"}, Help: "run a command under the Linux sandbox"},
			{Path: "macos", Aliases: []string{"seatbelt"}, Help: "run a command under Seatbelt, on macOS"},
			{Path: "windows", Help: "run a command under a restricted token, on Windows"},
			{Path: "serve", Help: "serve commands and files to an engine over a pipe"},
		},
		Options: opts,
	}
}

var errUsage = errors.New("usage")

// parse reads the words after the program's name. The first word that is not
// an option, or what follows --, begins the command.
func parse(args []string) (*flags, error) {
	f := &flags{}
	w := words{args: args}
	for len(w.args) > 0 && f.system == "" {
		arg := w.next()
		switch name, _, _ := strings.Cut(arg, "="); {
		case name == "-c" || name == "--config":
			f.config = append(f.config, w.value())
		case strings.HasPrefix(arg, "-c") && !strings.HasPrefix(arg, "--"):
			f.config = append(f.config, strings.TrimPrefix(arg, "-c"))
		case name == "--enable" || name == "--disable":
			w.value()
		case arg == "--probe":
			f.probe = true
		case arg == "-h" || arg == "--help" || arg == "help":
			f.help = true
			return f, nil
		case arg == "-V" || arg == "--version":
			f.version = true
			return f, nil
		case arg == options.ListFlag:
			f.list = true
			return f, nil
		case strings.HasPrefix(arg, "-"):
			return nil, exit.Usagef("unexpected argument '%s' found", arg)
		default:
			system, err := systemOf(arg)
			if err != nil {
				return nil, err
			}
			f.system = system
		}
		if w.err != nil {
			return nil, w.err
		}
	}
	if f.system == "" {
		if f.probe {
			return f, nil
		}
		return nil, errUsage
	}
	return f, f.parseSystem(&w)
}

func systemOf(word string) (string, error) {
	switch word {
	case "linux", "landlock":
		return "linux", nil
	case "macos", "seatbelt":
		return "darwin", nil
	case "windows":
		return "windows", nil
	}
	return "", exit.Usagef("unrecognized subcommand '%s': one of linux, macos, windows, serve", word)
}

// parseSystem reads the options after the system's name.
func (f *flags) parseSystem(w *words) error {
	for len(w.args) > 0 {
		arg := w.next()
		switch name, _, _ := strings.Cut(arg, "="); {
		case arg == "--":
			f.command = w.args
			return f.check()
		case name == "-c" || name == "--config":
			f.config = append(f.config, w.value())
		case name == "--mode":
			f.mode = w.value()
		case name == "--writable-root":
			f.roots = append(f.roots, w.value())
		case arg == "--network":
			f.network = true
		case name == "--permissions-profile" || name == "--permission-profile" || arg == "-P":
			f.profile = w.value()
		case name == "--cd" || arg == "-C":
			f.dir = w.value()
		case arg == "--include-managed-config":
			f.managed = true
		case name == "--enable" || name == "--disable":
			w.value()
		case arg == "--explain":
			f.explain = true
		case arg == "-h" || arg == "--help":
			f.help = true
			return nil
		case strings.HasPrefix(arg, "-c") && !strings.HasPrefix(arg, "--"):
			f.config = append(f.config, strings.TrimPrefix(arg, "-c"))
		case strings.HasPrefix(arg, "-") && arg != "-":
			return exit.Usagef("unexpected argument '%s' found (to pass it to the command, put -- before the command)", arg)
		default:
			f.command = append([]string{arg}, w.args...)
			return f.check()
		}
		if w.err != nil {
			return w.err
		}
	}
	return f.check()
}

func (f *flags) check() error {
	switch f.mode {
	case "", ReadOnly, WorkspaceWrite, FullAccess:
	default:
		return exit.Usagef("invalid value '%s' for '--mode': one of %s, %s, %s", f.mode, ReadOnly, WorkspaceWrite, FullAccess)
	}
	if f.profile == "" && (f.dir != "" || f.managed) {
		return exit.Usagef("--cd and --include-managed-config need --permissions-profile NAME")
	}
	if f.profile != "" && f.mode != "" {
		return exit.Usagef("--permissions-profile and --mode cannot be used together")
	}
	if len(f.command) == 0 && !f.explain {
		return errUsage
	}
	return nil
}

// words hands out the arguments one by one.
type words struct {
	args []string
	last string
	err  error
}

func (w *words) next() string {
	w.last, w.args = w.args[0], w.args[1:]
	return w.last
}

// value is the value of the option that next gave: after its = or the next
// word.
func (w *words) value() string {
	if _, v, ok := strings.Cut(w.last, "="); ok {
		return v
	}
	if len(w.args) == 0 {
		w.err = exit.With(exit.Usage, fmt.Errorf("a value is required for '%s' but none was supplied", w.last))
		return ""
	}
	v := w.args[0]
	w.args = w.args[1:]
	return v
}
