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
	"os"

	"codex/pkg/cli/here"
	"codex/pkg/execpolicy/argv"
)

func main() {
	p := here.Of("codex-execpolicy")
	os.Exit(argv.Main(context.Background(), os.Args[1:], argv.Process{Self: p.File(), Stdin: os.Stdin, Stdout: p.Stdout, Stderr: p.Stderr, Env: p.Env}))
}
