// Codex-exec runs one turn for scripts and CI: prompt text in, answer out.
//
// Synopsis:
//
//	codex-exec [OPTIONS] [PROMPT]
//	codex-exec [OPTIONS] resume [SESSION_ID | --last] [PROMPT]
//	codex-exec [OPTIONS] review [--uncommitted | --base BRANCH | --commit SHA | PROMPT]
//
// The prompt is the argument; without one, or as -, it is read from standard input, and
// with one, what a standard input that is no terminal has is put behind it. The answer
// goes to standard output, with --json thread events instead, one JSON object a line;
// words for people go to standard error. The engine, codex-turn, is a child process.
//
// Exit status: 0 the turn completed; 1 it failed or was interrupted; 2 wrong usage; 3
// something in it failed (with --fail-on-tool-error); 124 the time limit was reached;
// 141 standard output was closed by its reader; 128+n ended by signal n.
//
// Example:
//
//	git diff | codex-exec 'write a commit message for this' >message
package main

import (
	"context"
	"os"
	"runtime/debug"

	"github.com/mattn/go-isatty"

	"codex/pkg/cli/exit"
	"codex/pkg/cli/install"
	"codex/pkg/cli/pipeline"
	"codex/pkg/frontend/exec"
	"codex/pkg/homedir"
	"codex/pkg/termtext"
)

func main() {
	cwd, err := os.Getwd()
	if err != nil {
		os.Exit(exit.Report(os.Stderr, "codex-exec", err))
	}
	exe, _ := os.Executable()                  // "" is looked for on PATH
	home := homedir.Of(os.Getenv, os.Getuid()) // "" means unknown
	host := func() string { name, _ := os.Hostname(); return name }
	os.Exit(exit.Report(os.Stderr, "codex-exec", exec.Run(context.Background(), exec.Process{
		Args: os.Args[1:], Env: os.Environ(), Getenv: os.Getenv,
		Self: install.Self(os.Args[0], exe, os.Getenv("PATH")),
		Cwd:  cwd, Home: home, UID: os.Getuid(), Hostname: host,
		Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr,
		StdinTTY:  isatty.IsTerminal(os.Stdin.Fd()),
		StdoutTTY: isatty.IsTerminal(os.Stdout.Fd()), StderrTTY: isatty.IsTerminal(os.Stderr.Fd()),
		Columns: func() int { return termtext.Width(os.Stderr) },
		Signals: pipeline.Signals, Die: pipeline.Die,
		Large: func() { debug.SetGCPercent(20) },
		Watch: func() (<-chan struct{}, func()) { return pipeline.WatchReader(os.Stdout) },
	})))
}
