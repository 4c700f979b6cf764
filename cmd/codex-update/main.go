// Codex-update tells how this copy of codex was installed, and prints the command that gets
// a newer one.
//
// Synopsis:
//
//	codex-update
//
// The command goes to standard output, what is said about it to standard error; nothing is
// run.
//
// Exit status: 0 there is a command, 1 there is none, 2 wrong usage.
//
//	codex-update | sh
package main

import (
	"os"

	"codex/pkg/cli/exit"
	"codex/pkg/config"
	"codex/pkg/daemon/update"
	"codex/pkg/homedir"
	"codex/pkg/termtext"
)

func main() { os.Exit(exit.Report(os.Stderr, "codex-update", run())) }

func run() error {
	cwd, err := os.Getwd()
	if err != nil {
		return err
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	home := homedir.Of(os.Getenv, os.Getuid()) // "" means unknown
	return update.Run(update.Process{
		Args: os.Args[1:], Env: config.Env{Get: os.Getenv, Home: home, Cwd: cwd, UID: os.Getuid()}, Self: self,
		Stdout: termtext.Stream(os.Stdout), Stderr: termtext.Stream(os.Stderr),
	})
}
