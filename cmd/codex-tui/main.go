// Codex-tui is the frontend at a terminal: protocol lines in, requests out, a person in
// between.
//
// Synopsis:
//
//	codex-tui [OPTIONS] [PROMPT]
//	codex-tui resume|fork [OPTIONS] [--last | SESSION_ID] [PROMPT]
//	codex-tui [OPTIONS] <events.jsonl
//
// It starts an engine (codex-turn, or --turn COMMAND) behind two pipes and draws on the
// terminal of the process. With pipes for standard input and output it takes those: the
// engine's lines come in, requests go out. Standard input alone is a recording to play.
//
// Exit status: 0 the person left; 1 it failed; 2 wrong usage or a panic; 128+n ended by
// signal n.
//
// Example:
//
//	codex-tui --turn 'ssh box codex-turn'
package main

import (
	"context"
	"os"
	"runtime/debug"
	"time"

	"github.com/mattn/go-isatty"

	"codex/pkg/cli/exit"
	"codex/pkg/cli/install"
	"codex/pkg/cli/pipeline"
	"codex/pkg/frontend/tui"
	"codex/pkg/homedir"
)

func main() {
	debug.SetGCPercent(50)
	cwd, err := os.Getwd()
	if err != nil {
		os.Exit(exit.Report(os.Stderr, "codex-tui", err))
	}
	exe, _ := os.Executable()                  // "" is looked for on PATH
	home := homedir.Of(os.Getenv, os.Getuid()) // "" means unknown
	os.Exit(exit.Report(os.Stderr, "codex-tui", tui.Run(context.Background(), tui.Process{
		Args: os.Args[1:], Env: os.Environ(), Getenv: os.Getenv, Self: install.Self(os.Args[0], exe, os.Getenv("PATH")),
		Cwd: cwd, Home: home, UID: os.Getuid(), Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr,
		StdinTTY: isatty.IsTerminal(os.Stdin.Fd()), StdoutTTY: isatty.IsTerminal(os.Stdout.Fd()),
		Now: time.Now, Signals: tui.Signals, Die: pipeline.Die,
	})))
}
