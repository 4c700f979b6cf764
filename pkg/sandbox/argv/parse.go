// Package argv is the command line of codex-sandbox: it parses the words,
// resolves the policy they ask for and runs the command under it.
//
// It imports sandbox, and of the ground config, policy, options, version and
// cli/exit.
package argv

import (
	"cmp"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"

	"codex/pkg/cli/exit"
	"codex/pkg/cli/options"
	"codex/pkg/policy"
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
	enable  []string
	disable []string
	profile *string // --permissions-profile
	layer   string  // --profile
	dir     string
	managed bool
	sockets []string // --allow-unix-socket
	denials bool     // --log-denials
	explain bool
	probe   bool
	help    bool
	version bool
	list    bool
	command []string

	state        *state   // --sandbox-state-json
	stateRoots   []string // --sandbox-state-readable-root
	stateOffline bool     // --sandbox-state-disable-network
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
	common := []options.Option{
		{Long: "--mode", Value: "MODE", Choices: []string{ReadOnly, WorkspaceWrite, FullAccess}, Help: "what the command may do"},
		{Long: "--writable-root", Value: "DIR", Help: "let the command write below DIR as well"},
		{Long: "--network", Help: "let the command use the network"},
		{Short: "-c", Long: "--config", Value: "KEY=VALUE", Help: "override a configuration value"},
		{Short: "-P", Long: "--permissions-profile", Value: "NAME", Help: "use a permission profile instead of a mode"},
		{Short: "-C", Long: "--cd", Value: "DIR", Help: "run in DIR; only with a permission profile"},
		{Long: "--sandbox-state-json", Value: "JSON", Help: "use the policy that codex/sandbox-state told a server"},
		{Long: "--sandbox-state-readable-root", Value: "DIR", Help: "let the command read below DIR as well; only with a state"},
		{Long: "--sandbox-state-disable-network", Help: "no network; only with a state"},
		{Long: "--include-managed-config", Help: "apply managed requirements to the profile"},
		{Long: "--explain", Help: "show the resolved policy and what is not enforced; run nothing"},
		{Long: "--enable", Value: "FEATURE", Hidden: true, Help: "switch a feature on"},
		{Long: "--disable", Value: "FEATURE", Hidden: true, Help: "switch a feature off"},
		{Long: "--permission-profile", Value: "NAME", Hidden: true, Help: "as --permissions-profile"},
		{Short: "-p", Long: "--profile", Value: "NAME", Hidden: true, Help: "profile from config.toml"},
		{Short: "-h", Long: "--help", Help: "show this help"},
	}
	for _, system := range []string{"linux", "macos", "windows"} {
		for _, o := range common {
			o.Command = system
			opts = append(opts, o)
		}
	}
	opts = append(opts, seatbeltOptions()...)
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

// seatbeltOptions are those that only macOS has.
func seatbeltOptions() []options.Option {
	return []options.Option{
		{Command: "macos", Long: "--allow-unix-socket", Value: "PATH", Help: "let the command use this Unix socket, or those below a directory"},
		{Command: "macos", Long: "--log-denials", Help: "tell afterwards what was denied"},
	}
}

var errUsage = errors.New("usage")

// parse reads the words after the program's name. The first word that is not
// an option, or what follows --, begins the command.
func parse(args []string) (*flags, error) {
	f := &flags{}
	w := words{args: args}
	begun := false // with an option of a system's: that is ours
	for len(w.args) > 0 {
		arg := w.next()
		switch {
		case arg == "--":
			f.command = w.args
			return f.done(true)
		case f.option(&w, &begun):
		case f.system == "" && arg == "--probe":
			f.probe = true
		case arg == "-h" || arg == "--help" || f.system == "" && arg == "help":
			f.help = true
			return f, nil
		case arg == "-V" || arg == "--version":
			f.version = true
			return f, nil
		case f.system == "" && arg == options.ListFlag:
			f.list = true
			return f, nil
		case arg == "--transparent-tcp":
			return nil, exit.Usagef("--transparent-tcp is not part of this version: [permissions.NAME.network] leads programs that know proxies through one, codex-sandbox(7)")
		case strings.HasPrefix(arg, "-") && arg != "-":
			return nil, exit.Usagef("unexpected argument '%s' found (to pass it to the command, put -- before the command)", arg)
		case f.system == "" && systemOf(arg) != "":
			f.system = systemOf(arg)
		case f.system == "" && !begun:
			return nil, exit.Usagef("unrecognized subcommand '%s': one of linux, macos, windows, serve, or -- and a command", arg)
		default:
			f.command = append([]string{arg}, w.args...)
			return f.done(true)
		}
		if w.err != nil {
			return nil, w.err
		}
	}
	if f.system == "" && !begun && f.probe {
		return f, nil
	}
	return f.done(begun)
}

// done looks at the whole. begun tells that a command or an option of a
// system's was seen: without a system's name it is this one's.
func (f *flags) done(begun bool) (*flags, error) {
	if f.system == "" && !begun {
		return nil, errUsage
	}
	f.system = cmp.Or(f.system, runtime.GOOS)
	return f, f.check()
}

// systemOf gives the name that Go has for a system, "" when it is none.
func systemOf(word string) string {
	switch word {
	case "linux", "landlock":
		return "linux"
	case "macos", "seatbelt":
		return "darwin"
	case "windows":
		return "windows"
	}
	return ""
}

// option takes what w gave last if it is an option with an effect on the
// command. Those of the configuration have one wherever they are; the others
// begin a command line of this system's when no system was named.
func (f *flags) option(w *words, begun *bool) bool {
	arg := w.last
	name, _, _ := strings.Cut(arg, "=")
	if short := len(arg) > 2 && arg[0] == '-' && arg[1] != '-'; short && strings.Contains("cCPp", arg[1:2]) {
		name = arg[:2]
	}
	texts := map[string]*string{"--mode": &f.mode, "--profile": &f.layer, "-p": &f.layer, "--cd": &f.dir, "-C": &f.dir}
	settings := map[string]*[]string{"--config": &f.config, "-c": &f.config, "--enable": &f.enable, "--disable": &f.disable}
	lists := map[string]*[]string{"--writable-root": &f.roots, "--sandbox-state-readable-root": &f.stateRoots}
	switches := map[string]*bool{"--network": &f.network, "--include-managed-config": &f.managed, "--explain": &f.explain, "--sandbox-state-disable-network": &f.stateOffline}
	if f.system == "darwin" {
		lists["--allow-unix-socket"], switches["--log-denials"] = &f.sockets, &f.denials
	}
	switch {
	case settings[name] != nil:
		*settings[name] = append(*settings[name], w.value())
		return true
	case texts[name] != nil:
		*texts[name] = w.value()
	case lists[name] != nil:
		*lists[name] = append(*lists[name], w.value())
	case switches[name] != nil:
		if _, v, given := strings.Cut(arg, "="); given && w.err == nil {
			w.err = exit.Usagef("unexpected value '%s' for '%s' found; no more were expected", v, name)
		}
		*switches[name] = true
	case slices.Contains([]string{"--permissions-profile", "--permission-profile", "-P"}, name):
		f.profile = new(w.value())
	case name == "--sandbox-state-json":
		var err error
		if f.state, err = readState(w.value()); err != nil && w.err == nil {
			w.err = err
		}
	default:
		return false
	}
	*begun = true
	return true
}

func (f *flags) check() error {
	switch f.mode {
	case "", ReadOnly, WorkspaceWrite, FullAccess:
	default:
		return exit.Usagef("invalid value '%s' for '--mode': one of %s, %s, %s", f.mode, ReadOnly, WorkspaceWrite, FullAccess)
	}
	if err := f.checkState(); err != nil {
		return err
	}
	if f.profile == nil && (f.dir != "" || f.managed) {
		return exit.Usagef("--cd and --include-managed-config need --permissions-profile NAME")
	}
	if f.profile != nil && f.mode != "" {
		return exit.Usagef("--permissions-profile and --mode cannot be used together")
	}
	if len(f.command) == 0 && !f.explain {
		return errUsage
	}
	return nil
}

// checkState looks at what goes with a state.
func (f *flags) checkState() error {
	switch {
	case f.state == nil && (f.stateRoots != nil || f.stateOffline):
		return exit.Usagef("--sandbox-state-readable-root and --sandbox-state-disable-network need --sandbox-state-json JSON")
	case f.state != nil && (f.profile != nil || f.mode != "" || f.roots != nil || f.network):
		return exit.Usagef("--sandbox-state-json is the whole policy: --mode, --permissions-profile, --writable-root and --network do not go with it")
	case f.state != nil && f.state.Profile.Type != policy.Managed && f.stateOffline: // none of ours would hold it
		return exit.Usagef("--sandbox-state-disable-network: the state is without a sandbox, or with somebody else's")
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

// value is the value of the option that next gave. A blank one is that of an unset variable.
func (w *words) value() string {
	option, _, _ := strings.Cut(w.last, "=")
	v := w.word()
	if w.err == nil && strings.TrimSpace(v) == "" {
		w.err = exit.Usagef("a value is required for '%s' but none was supplied", option)
	}
	return v
}

// word is what follows that option: after its = or the next word.
func (w *words) word() string {
	if len(w.last) > 2 && w.last[1] != '-' { // -cKEY=VALUE
		return strings.TrimPrefix(w.last[2:], "=")
	}
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
