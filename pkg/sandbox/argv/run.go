package argv

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"time"

	"github.com/mattn/go-isatty"

	"codex/pkg/cli/exit"
	"codex/pkg/cli/options"
	"codex/pkg/cli/version"
	"codex/pkg/netproxy/keeper"
	"codex/pkg/netproxy/proto"
	"codex/pkg/policy"
	"codex/pkg/sandbox"
	"codex/pkg/termtext"
)

// Process is what we are run in. The command gets the streams as they are.
type Process struct {
	In, Out, Err *os.File
	Env          []string // the whole environment
	Dir          string   // the working directory
	SystemDir    string   // the machine's configuration; "" is the system's own place

	// NetProxy finds codex-netproxy, which a policy with a proxy needs.
	NetProxy func() (string, error)

	// SignalsAfter is how long signals end us, and so the command, before they
	// are passed on to it. To be ready for them costs threads, which a command
	// that is over sooner does not need. 0 is ready from the start.
	SignalsAfter time.Duration
}

// words is where people read messages: names of files in them do nothing on a terminal.
func (p *Process) words() io.Writer { return termtext.Stream(p.Err) }

// Run does what the words after the program's name say and gives the exit
// status: the command's own, 128+n when a signal ended it, 101 when it could
// not be run, 2 for wrong usage, else 1.
func Run(ctx context.Context, args []string, p Process) int {
	err := run(ctx, args, p)
	var refused *sandbox.RefusedError
	switch {
	case errors.Is(err, errUsage):
		writeHelp(p.Err)
		return exit.Usage
	case errors.As(err, &refused):
		fmt.Fprintf(p.words(), "codex-sandbox: %v\n", err)
		for _, h := range refused.Hints {
			fmt.Fprintf(p.words(), "hint: %s\n", h)
		}
		return exit.Failed
	}
	return exit.Report(p.Err, "codex-sandbox", err)
}

func run(ctx context.Context, args []string, p Process) error {
	f, err := parse(args)
	if err != nil {
		return err
	}
	switch {
	case f.help:
		return writeHelp(p.Out)
	case f.version:
		_, err := fmt.Fprintln(p.Out, version.Line("codex-sandbox"))
		return err
	case f.list:
		return options.Write(p.Out, Options())
	case f.system == "":
		return probe(p.Out)
	}
	switch {
	case f.system == runtime.GOOS:
	case f.system == "darwin":
		return elsewhere(p.Err, "Seatbelt", "macOS")
	case f.system == "windows":
		return elsewhere(p.Err, "Windows", "Windows")
	default:
		return elsewhere(p.Err, "Linux", "Linux")
	}
	spec, err := f.spec(ctx, p)
	if err != nil {
		return err
	}
	if f.explain {
		return explain(termtext.Stream(p.Out), spec)
	}
	if !spec.Policy.Restricted() {
		return sandbox.Exec(spec)
	}
	if f.denials {
		return withDenials(ctx, spec, p)
	}
	return runConfined(ctx, spec, p, func(int) {})
}

// elsewhere says, in the original's words, that a sandbox belongs to another
// system.
func elsewhere(w io.Writer, sandbox, system string) error {
	fmt.Fprintf(w, "Error: %s sandbox is only available on %s\n", sandbox, system)
	return exit.Silent(exit.Failed)
}

// spec turns the command line into a command under a resolved policy.
func (f *flags) spec(ctx context.Context, p Process) (sandbox.Spec, error) {
	cwd := f.dir
	if f.state != nil {
		cwd = f.state.Cwd
	}
	if !filepath.IsAbs(cwd) {
		cwd = filepath.Join(p.Dir, cwd)
	}
	f.dir = cwd
	cfg, err := f.load(ctx, settingsEnv(p.Env, p.Dir, p.SystemDir))
	if err != nil {
		return sandbox.Spec{}, err
	}
	profile := f.permissions(cfg)
	legacy := cfg.Features.Enabled("use_legacy_landlock")
	if f.state != nil {
		legacy = f.state.Legacy
		if profile, err = f.ofState(cfg.PolicyEnv(), p.Dir); err != nil {
			return sandbox.Spec{}, err
		}
	}
	if profile.Writes() && !f.explain {
		makeMemories(cfg.Home)
	}
	pol, err := profile.Resolve(cfg.PolicyEnv())
	if err != nil {
		return sandbox.Spec{}, err
	}
	if why := cfg.Uncovered(pol); why != "" {
		return sandbox.Spec{}, errors.New(why)
	}
	if cfg.Permissions.ID != "" && cfg.SandboxModeExplicit {
		for _, w := range cfg.Warnings {
			fmt.Fprintf(p.words(), "codex-sandbox: warning: %s\n", w)
		}
	}
	spec := sandbox.Spec{Policy: pol, Argv: f.command, Dir: cwd, Env: environment(cfg.ShellEnv, p.Env, cwd),
		LandlockAlone: legacy, Windows: sandbox.Windows{Level: cfg.WindowsSandbox(), Home: cfg.Home}}
	for _, at := range f.sockets {
		if !filepath.IsAbs(at) {
			at = filepath.Join(cwd, at)
		}
		spec.UnixSockets = append(spec.UnixSockets, at)
	}
	return spec, nil
}

// runConfined takes for granted that the kernel gives everything, which saves
// a probe, and probes only when it does not. started hears the command's number.
func runConfined(ctx context.Context, spec sandbox.Spec, p Process, started func(pid int)) error {
	signals := listen(isatty.IsTerminal(p.In.Fd()) || isatty.IsTerminal(p.Err.Fd()), p.SignalsAfter)
	defer keepTerminal(p.In, p.Out, p.Err)()
	spec.Support = sandbox.Assumed()
	if spec.Policy.Proxy != nil {
		defer behindProxy(&spec, p)()
	}
	c, err := start(ctx, spec, p)
	if refused, ok := errors.AsType[*sandbox.RefusedError](err); ok {
		s := sandbox.Probe()
		if s.Spaces && s.UserNS && s.Seccomp { // they are there, but not for this
			s.Spaces, s.Reason = false, refused.Reason
		}
		spec.Support = &s
		c, err = start(ctx, spec, p)
		if err == nil {
			if lines := s.Explain(spec); len(lines) > 0 {
				fmt.Fprintf(p.words(), "codex-sandbox: warning: %s\nhint: --explain tells what that leaves open\n", lines[0])
			}
		}
	}
	if err != nil {
		return err
	}
	started(c.Process.Pid)
	signals.to(c)
	err = c.Wait()
	if err != nil && c.ProcessState == nil {
		return err
	}
	return exit.Silent(c.Exit().Code)
}

// behindProxy leads the command to a proxy of its own, if there is one to be had, and
// gives what ends that.
func behindProxy(spec *sandbox.Spec, p Process) (end func()) {
	k := &keeper.Keeper{Program: p.NetProxy, Env: p.Env, Errors: p.Err}
	lease, err := k.Prepare(spec, keeper.Events{Blocked: func(a proto.Attempt) {
		fmt.Fprintf(p.words(), "codex-sandbox: %s\n", a.Message)
	}})
	if err != nil {
		fmt.Fprintf(p.words(), "codex-sandbox: warning: %v\nhint: the command runs without a network\n", err)
	}
	return func() {
		lease.Close()
		k.Close()
	}
}

// withDenials runs the command and tells what the kernel denied to it.
func withDenials(ctx context.Context, spec sandbox.Spec, p Process) error {
	log, err := listenForDenials(ctx)
	if err != nil {
		return err
	}
	began := false
	err = runConfined(ctx, spec, p, func(pid int) {
		began = true
		log.Follow(pid)
	})
	if !began {
		log.Close()
		return err
	}
	if e := log.Report(p.Err); e != nil {
		return e
	}
	return err
}

// denials is a log of what was denied, while a command runs.
type denials interface {
	Follow(pid int)           // account for the command and its descendants
	Report(w io.Writer) error // ends the log
	Close()                   // ends it without a word
}

func start(ctx context.Context, spec sandbox.Spec, p Process) (*sandbox.Cmd, error) {
	c, err := sandbox.Command(ctx, spec)
	if err != nil {
		return nil, err
	}
	c.Inherit(p.In, p.Out, p.Err)
	return c, c.Start()
}

func probe(w io.Writer) error {
	b, err := json.MarshalIndent(sandbox.Probe(), "", "  ")
	if err == nil {
		_, err = fmt.Fprintf(w, "%s\n", b)
	}
	return err
}

// explain prints a policy for people, and what of it is not enforced here.
func explain(w io.Writer, spec sandbox.Spec) error {
	p := spec.Policy
	say := func(format string, args ...any) { fmt.Fprintf(w, format+"\n", args...) }
	if !p.Restricted() {
		say("no sandbox: the command may do everything")
		return nil
	}
	if p.FullDiskRead {
		say("read     everything")
	}
	for _, r := range p.Readable {
		say("read     %s", policy.HostPath(r))
	}
	if p.FullDiskWrite {
		say("write    everything")
	}
	for _, r := range p.Writable {
		say("write    %s", policy.HostPath(r.Path))
		for _, ro := range r.ReadOnly {
			say("  but not %s", policy.HostPath(ro))
		}
	}
	for _, at := range p.Skipped {
		say("  but not %s, over a link that a command could turn", policy.HostPath(at))
	}
	for _, d := range append(p.Denied, p.DeniedGlobs...) {
		say("hidden   %s", policy.HostPath(d))
	}
	if p.Network {
		say("network  on")
	} else if p.Proxy != nil {
		say("network  through a proxy")
		for _, host := range slices.Sorted(maps.Keys(p.Proxy.Domains)) {
			say("  %-6s %s", p.Proxy.Domains[host], host)
		}
	} else {
		say("network  off")
	}
	for _, line := range sandbox.Probe().Explain(spec) {
		say("warning  %s", line)
	}
	return nil
}

func writeHelp(w io.Writer) error {
	_, err := fmt.Fprint(w, `Run one command under a policy.

Usage: codex-sandbox [-c KEY=VALUE]... linux|macos|windows [OPTIONS] [--] COMMAND [ARGS]...
       codex-sandbox [OPTIONS] -- COMMAND [ARGS]...
       codex-sandbox serve
       codex-sandbox --probe

Commands:
`)
	set := Options()
	for _, c := range set.Commands {
		fmt.Fprintf(w, "  %-10s %s\n", c.Path, c.Help)
	}
	for _, part := range []struct {
		title, system string
		options       []options.Option
	}{
		{"Options:", "", set.Options},
		{"Options of linux, macos and windows:", "linux", set.Options},
		{"Options of macos alone:", "macos", seatbeltOptions()},
	} {
		fmt.Fprintf(w, "\n%s\n", part.title)
		for _, o := range part.options {
			if o.Command == part.system && !o.Hidden {
				fmt.Fprintf(w, "  %-32s %s\n", o.Usage(), o.Help)
			}
		}
	}
	return err
}
