package argv

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"time"

	"github.com/mattn/go-isatty"

	"codex/pkg/cli/exit"
	"codex/pkg/options"
	"codex/pkg/policy"
	"codex/pkg/sandbox"
	"codex/pkg/version"
)

// Process is what we are run in. The command gets the streams as they are.
type Process struct {
	In, Out, Err *os.File
	Env          []string // the whole environment
	Dir          string   // the working directory

	// SignalsAfter is how long signals end us, and so the command, before they
	// are passed on to it. To be ready for them costs threads, which a command
	// that is over sooner does not need. 0 is ready from the start.
	SignalsAfter time.Duration
}

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
		fmt.Fprintf(p.Err, "codex-sandbox: %v\n", err)
		for _, h := range refused.Hints {
			fmt.Fprintf(p.Err, "hint: %s\n", h)
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
		return errors.New("Seatbelt sandbox is only available on macOS")
	case f.system == "windows":
		return errors.New("Windows sandbox is only available on Windows")
	default:
		return errors.New("Linux sandbox is only available on Linux")
	}
	spec, err := f.spec(p)
	if err != nil {
		return err
	}
	if f.explain {
		return explain(p.Out, spec.Policy)
	}
	if !spec.Policy.Restricted() {
		return sandbox.Exec(spec)
	}
	return runConfined(ctx, spec, p)
}

// spec turns the command line into a command under a resolved policy.
func (f *flags) spec(p Process) (sandbox.Spec, error) {
	cwd := f.dir
	if !filepath.IsAbs(cwd) {
		cwd = filepath.Join(p.Dir, cwd)
	}
	w := world{env: p.Env}
	if w.home = w.getenv("CODEX_HOME"); w.home == "" && w.getenv("HOME") != "" {
		w.home = filepath.Join(w.getenv("HOME"), ".codex")
	}
	s, err := load(w.home, f.config)
	if err != nil {
		return sandbox.Spec{}, err
	}
	profile, err := f.permissions(s, w)
	if err != nil {
		return sandbox.Spec{}, err
	}
	pol, err := profile.Resolve(policy.Env{Cwd: cwd, Tmpdir: w.getenv("TMPDIR"), FS: sandbox.HostFS{}})
	if err != nil {
		return sandbox.Spec{}, err
	}
	return sandbox.Spec{Policy: pol, Argv: f.command, Dir: cwd, Env: s.Environment.build(p.Env, cwd)}, nil
}

// runConfined takes for granted that the kernel gives everything, which saves
// a probe, and probes only when it does not.
func runConfined(ctx context.Context, spec sandbox.Spec, p Process) error {
	signals := listen(isatty.IsTerminal(p.In.Fd()) || isatty.IsTerminal(p.Err.Fd()), p.SignalsAfter)
	spec.Support = &sandbox.Support{Spaces: true, Seccomp: true}
	c, err := start(ctx, spec, p)
	var refused *sandbox.RefusedError
	if errors.As(err, &refused) {
		s := sandbox.Probe()
		s.Spaces, s.Reason = false, refused.Reason
		spec.Support = &s
		c, err = start(ctx, spec, p)
		if err == nil {
			if lines := s.Explain(spec.Policy); len(lines) > 0 {
				fmt.Fprintf(p.Err, "codex-sandbox: warning: %s\nhint: --explain tells what that leaves open\n", lines[0])
			}
		}
	}
	if err != nil {
		return err
	}
	signals.to(c)
	err = c.Wait()
	if err != nil && c.ProcessState == nil {
		return err
	}
	return exit.Silent(c.Exit().Code)
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

// explain prints a policy for people.
func explain(w io.Writer, p policy.Policy) error {
	say := func(format string, args ...any) { fmt.Fprintf(w, format+"\n", args...) }
	if !p.Restricted() {
		say("no sandbox: the command may do everything")
		return nil
	}
	if p.FullDiskRead {
		say("read     everything")
	}
	for _, r := range p.Readable {
		say("read     %s", r)
	}
	if p.FullDiskWrite {
		say("write    everything")
	}
	for _, r := range p.Writable {
		say("write    %s", r.Path)
		for _, ro := range r.ReadOnly {
			say("  but not %s", ro)
		}
	}
	for _, d := range append(p.Denied, p.DeniedGlobs...) {
		say("hidden   %s", d)
	}
	if p.Network {
		say("network  on")
	} else {
		say("network  off")
	}
	for _, line := range sandbox.Probe().Explain(p) {
		say("warning  %s", line)
	}
	return nil
}

func writeHelp(w io.Writer) error {
	_, err := fmt.Fprint(w, `Run one command under a policy.

Usage: codex-sandbox [-c KEY=VALUE]... linux [OPTIONS] [--] COMMAND [ARGS]...
       codex-sandbox serve
       codex-sandbox --probe

Commands:
`)
	set := Options()
	for _, c := range set.Commands {
		fmt.Fprintf(w, "  %-10s %s\n", c.Path, c.Help)
	}
	for _, part := range []string{"", "linux"} {
		if part == "" {
			fmt.Fprint(w, "\nOptions:\n")
		} else {
			fmt.Fprintf(w, "\nOptions of %s:\n", part)
		}
		for _, o := range set.Options {
			if o.Command == part && !o.Hidden {
				fmt.Fprintf(w, "  %-32s %s\n", o.Usage(), o.Help)
			}
		}
	}
	return err
}
