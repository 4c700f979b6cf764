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

	"codex/pkg/cli/here"
	"codex/pkg/daemon/update"
)

func main() {
	p := here.Of("codex-update")
	p.Exit(update.Run(update.Process{Args: os.Args[1:], Env: p.Env, Self: p.File(), Stdout: p.Stdout, Stderr: p.Stderr}))
}
