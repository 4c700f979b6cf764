// Codex-execpolicy judges commands by rules files.
//
// Synopsis:
//
//	codex-execpolicy check -r FILE... [--pretty] [--resolve-host-executables] COMMAND...
//	codex-execpolicy explain [-r FILE]... [-a POLICY] [-s MODE] [--json] COMMAND... | SCRIPT
//	codex-execpolicy compile FILE...
//
// check prints the rules that a command falls under, as one JSON object. explain says
// what a session would do with it, part by part, with the rules and the settings of that
// session. compile prints rules files as lines, which the engine reads.
//
// Files: CODEX_HOME/rules/*.rules, .codex/rules/*.rules of trusted projects.
//
// Exit status: 0 whatever the verdict; 1 a rules file can't be read or is broken; 2 wrong
// usage.
//
// Example:
//
//	codex-execpolicy explain 'git add . && git push'
package main

import (
	"context"
	"fmt"
	"os"

	"codex/pkg/config"
	"codex/pkg/execpolicy/argv"
	"codex/pkg/homedir"
	"codex/pkg/termtext"
)

func main() {
	cwd, err := os.Getwd()
	if err != nil {
		fmt.Fprintf(os.Stderr, "codex-execpolicy: find working folder: %v\n", err)
		os.Exit(1)
	}
	home := homedir.Of(os.Getenv, os.Getuid()) // "" means unknown
	self, err := os.Executable()
	if err != nil {
		fmt.Fprintf(os.Stderr, "codex-execpolicy: find itself: %v\n", err)
		os.Exit(1)
	}
	os.Exit(argv.Main(context.Background(), os.Args[1:], argv.Process{
		Self: self, Stdin: os.Stdin, Stdout: termtext.Stream(os.Stdout), Stderr: termtext.Stream(os.Stderr),
		Env: config.Env{Get: os.Getenv, Home: home, Cwd: cwd, UID: os.Getuid()},
	}))
}
