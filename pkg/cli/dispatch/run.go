// Package dispatch is the program codex: it picks the program for a subcommand, beside
// itself, in libexec or on PATH, and becomes it (same process id, no wrapper left). It
// knows names and root options, and nothing of what the programs do. It also serves the
// manual: help from the embedded pages, completion from the programs' own option lists.
//
// It imports the ground packages cli/exit, install, options, completion, manpage, version,
// and man; never kong, net/http or anything of the engine: codex must start in a millisecond.
package dispatch

import (
	"cmp"
	"fmt"
	"io"
	"path/filepath"
	"runtime"
	"strings"

	"codex/pkg/cli/exit"
	"codex/pkg/cli/install"
	"codex/pkg/cli/options"
	"codex/pkg/cli/version"
)

// Call is one start of codex: everything that it may look at.
type Call struct {
	Args           []string // with the name by which it was called first
	Env            []string
	Self           string // path of the executable, see install.Self
	Stdout, Stderr io.Writer
	StdoutTTY      bool

	// exec replaces the process; tests put a recorder here.
	exec func(path string, argv, env []string) (int, error)
}

// Run does what the command line says and gives the exit status. When that is another
// program's job it does not return, except on systems without exec, where it waits for
// the program and gives its status.
func Run(c Call) int {
	if c.exec == nil {
		c.exec = replace
	}
	return exit.Report(c.Stderr, "codex", c.run())
}

func (c Call) run() error {
	if len(c.Args) == 0 {
		c.Args = []string{"codex"}
	}
	args := c.Args[1:]
	if cmd, ok := byLink(filepath.Base(c.Args[0])); ok {
		return c.start(cmd, nil, args, c.Args[0])
	}
	// The original starts itself under this option to be apply_patch; further arguments
	// are not looked at.
	if len(args) > 0 && args[0] == "--codex-run-as-apply-patch" {
		cmd, _ := byLink("apply_patch")
		return c.start(cmd, nil, args[1:min(2, len(args))], "")
	}
	if len(args) == 1 && args[0] == options.ListFlag {
		return options.Write(c.Stdout, rootSet())
	}
	r, err := parseRoot(args)
	switch {
	case err != nil:
		return err
	case r.version:
		_, err := fmt.Fprintln(c.Stdout, version.Line("codex-cli"))
		return err
	case r.help:
		return overview(c.Stdout)
	case r.literal || len(r.words) == 0 || !commandLike(r.words[0]):
		return c.terminal(r)
	}
	cmd, n, ok := lookup(r.words)
	if !ok {
		return c.foreign(r)
	}
	rest := r.words[n:]
	switch {
	case cmd.Instead != "" && n == 1:
		return c.foreign(r) // somebody may have one
	case cmd.Instead != "":
		return cmd.refused()
	case cmd.Program == "":
		return c.own(cmd, rest)
	}
	return c.start(cmd, r.options, rest, "")
}

// own does a command that is codex's own.
func (c Call) own(cmd Command, args []string) error {
	for _, a := range args {
		switch a {
		case "-h", "--help":
			_, err := fmt.Fprintf(c.Stdout, "codex %s: %s\n\nUsage: codex %s\n", cmd.Name, cmd.Help, cmd.Usage)
			return err
		case "-V", "--version":
			_, err := fmt.Fprintln(c.Stdout, version.Line("codex-cli"))
			return err
		}
	}
	if cmd.Name == "help" {
		return c.help(args)
	}
	return c.completion(args)
}

// start becomes the program of cmd. argv0 is its name for itself; "" means the program's.
func (c Call) start(cmd Command, opts []given, args []string, argv0 string) error {
	path, err := install.Find(c.Self, cmd.Program, c.getenv("PATH"))
	if err != nil {
		if cmd.Planned {
			return fmt.Errorf("'%s' is not built yet in this version (no %s here or on PATH)", cmd.Name, cmd.Program)
		}
		return err
	}
	for _, g := range opts {
		if g.group == groupScreen && g.Value != "" && cmd.takes&groupScreen == 0 {
			fmt.Fprintf(c.Stderr, "Error: `%s %s` is only supported for interactive TUI commands, not `codex %s`\n", g.Long, g.value, cmd.Name)
			return exit.Silent(exit.Failed)
		}
	}
	argv, ignored := forward(opts, cmd)
	if len(ignored) > 0 {
		fmt.Fprintf(c.Stderr, "codex: warning: %s before '%s' has no effect on it\n", strings.Join(ignored, ", "), cmd.Name)
	}
	argv0 = cmp.Or(argv0, cmd.Program)
	argv = append(append(append([]string{argv0}, argv...), cmd.Args...), args...)
	return c.become(path, argv)
}

func (c Call) become(path string, argv []string) error {
	status, err := c.exec(path, argv, c.Env)
	if err != nil {
		return exit.With(126, fmt.Errorf("start %s: %w", path, err))
	}
	return exit.Silent(status)
}

// foreign handles a word that is no command of ours: anybody's codex-WORD, or a slip.
func (c Call) foreign(r root) error {
	word := r.words[0]
	if path, err := install.Find(c.Self, "codex-"+word, c.getenv("PATH")); err == nil {
		if _, ignored := forward(r.options, Command{}); len(ignored) > 0 {
			fmt.Fprintf(c.Stderr, "codex: warning: %s before '%s' has no effect on it\n", strings.Join(ignored, ", "), word)
		}
		return c.become(path, append([]string{"codex-" + word}, r.words[1:]...))
	}
	if cmd, _, ok := lookup(r.words); ok {
		return cmd.refused()
	}
	msg := fmt.Sprintf("unrecognized subcommand '%s'", word)
	var known []string
	for _, cmd := range Commands() {
		if !cmd.Hidden {
			known = append(known, cmd.Name) // its aliases are like each word that has their letter
		}
	}
	if tip := options.Similar(word, known); tip != "" {
		msg += fmt.Sprintf("\n\n  tip: a similar subcommand exists: '%s'", tip)
	}
	if len(r.words) == 1 {
		msg += fmt.Sprintf("\n\n  tip: for a prompt of one word: codex -- %s", word)
	}
	return usageError(msg)
}

// refused says what serves in the place of a command that is none here.
func (c Command) refused() error {
	return usageError(fmt.Sprintf("'%s' is not part of this version: %s", c.Name, c.Instead))
}

// terminal starts the terminal frontend with an optional prompt. Options behind that are the
// frontend's.
func (c Call) terminal(r root) error {
	more := len(r.words) > 1
	if more && (r.literal || !strings.HasPrefix(r.words[1], "-")) {
		return usageError(fmt.Sprintf("unexpected argument '%s' found", r.words[1]))
	}
	cmd, _, _ := lookup([]string{"tui"})
	words := r.words
	if len(words) > 0 && !more {
		words = append([]string{"--"}, words...)
	}
	return c.start(cmd, r.options, words, "")
}

// commandLike says whether a word can be meant as a subcommand rather than a prompt.
func commandLike(word string) bool {
	for i := 0; i < len(word); i++ {
		b := word[i]
		if (b < 'a' || b > 'z') && (b < 'A' || b > 'Z') && (b < '0' || b > '9') && b != '-' && b != '_' {
			return false
		}
	}
	return word != ""
}

func (c Call) getenv(key string) string {
	for i := len(c.Env) - 1; i >= 0; i-- {
		k, v, ok := strings.Cut(c.Env[i], "=")
		if ok && (k == key || runtime.GOOS == "windows" && strings.EqualFold(k, key)) {
			return v
		}
	}
	return ""
}
