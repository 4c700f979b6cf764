// Codex-memories makes the memories that later sessions read.
//
// Synopsis:
//
//	codex-memories [OPTIONS] update [--json] [--log FILE] [--until-eof]
//	codex-memories list | status [--json]
//	codex-memories reset
//
// update reads sessions that have rested for some time, each with a model, and brings together
// what they left. Engines start it when features.memories is on.
//
// Files: CODEX_HOME/memories, CODEX_HOME/memories-state.
//
// Exit status: 0 done, or somebody else is at it; 1 something failed; 2 wrong usage.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"codex/pkg/cli/install"
	"codex/pkg/clock"
	"codex/pkg/config"
	"codex/pkg/frontend/memories"
	"codex/pkg/homedir"
	"codex/pkg/termtext"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	cwd, err := os.Getwd()
	if err != nil {
		fmt.Fprintf(os.Stderr, "codex-memories: find working folder: %v\n", err)
		os.Exit(1)
	}
	now, err := clock.New(os.Getenv(clock.Variable))
	if err != nil {
		fmt.Fprintf(os.Stderr, "codex-memories: %v\n", err)
		os.Exit(1)
	}
	self, _ := os.Executable() // "" is looked for on PATH
	env := config.Env{Get: os.Getenv, Home: homedir.Of(os.Getenv, os.Getuid()), Cwd: cwd, UID: os.Getuid()}
	os.Exit(memories.Main(ctx, os.Args[1:], memories.Process{Stdin: os.Stdin, Stdout: termtext.Stream(os.Stdout), Stderr: termtext.Stream(os.Stderr),
		Env: env, Environ: os.Environ(), Now: now, Program: install.Own(self),
		Engine: func() (string, error) { return install.Find(self, "turn", os.Getenv("PATH")) }}))
}
