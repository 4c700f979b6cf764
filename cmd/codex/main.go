// Codex is the one name for all programs of the suite: it finds the program for its
// subcommand and becomes it.
//
// Synopsis:
//
//	codex [OPTIONS] COMMAND [ARGS]
//	codex [OPTIONS] [PROMPT]
//
// codex NAME runs codex-NAME, looked for beside itself, then in libexec, then on PATH;
// called through a link named codex-NAME, it acts as that. Options before the command are
// passed on to it. Exit status: that of the command; 1 when it cannot be done, 2 for
// wrong usage, 126 or 127 when its program cannot be started or found.
//
//	codex exec 'say hello' | tee answer
package main

import (
	"os"

	"github.com/mattn/go-isatty"

	"codex/pkg/cli/dispatch"
	"codex/pkg/cli/exit"
	"codex/pkg/cli/install"
	"codex/pkg/cli/limits"
)

func main() {
	if err := limits.Check(os.Getuid()); err != nil {
		os.Exit(exit.Report(os.Stderr, "codex", err))
	}
	exe, err := os.Executable()
	if err != nil {
		exe = os.Args[0]
	}
	os.Exit(dispatch.Run(dispatch.Call{
		Args:      os.Args,
		Env:       os.Environ(),
		Self:      install.Self(os.Args[0], exe, os.Getenv("PATH")),
		Stdout:    os.Stdout,
		Stderr:    os.Stderr,
		StdoutTTY: isatty.IsTerminal(os.Stdout.Fd()),
	}))
}
