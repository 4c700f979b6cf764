// Codex-apply applies the change of a task that ran elsewhere to the work tree here.
//
// Synopsis:
//
//	codex-apply [OPTIONS] TASK
//
// The change comes from the service behind the ChatGPT account; git applies it, at the root
// of the work tree and to the index as well. With --print it goes to standard output.
//
// Exit status: 0 done, 1 failed, 2 wrong usage.
//
//	codex-apply --print task_e_0123 | git apply --stat
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"codex/pkg/apply"
	"codex/pkg/cli/exit"
	"codex/pkg/cli/install"
	"codex/pkg/clock"
	"codex/pkg/config"
	"codex/pkg/homedir"
	"codex/pkg/termtext"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(exit.Report(os.Stderr, "codex-apply", run(ctx)))
}

func run(ctx context.Context) error {
	cwd, err := os.Getwd()
	if err != nil {
		return err
	}
	now, err := clock.New(os.Getenv(clock.Variable))
	if err != nil {
		return err
	}
	self, _ := os.Executable()                 // "" is looked for on PATH
	home := homedir.Of(os.Getenv, os.Getuid()) // "" means unknown
	return apply.Run(ctx, apply.Process{
		Args: os.Args[1:], Env: config.Env{Get: os.Getenv, Home: home, Cwd: cwd, UID: os.Getuid()}, Environ: os.Environ(),
		Stdout: termtext.Stream(os.Stdout), Stderr: termtext.Stream(os.Stderr), Program: install.Own(self), Now: now,
	})
}
