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
// Exit status: 0 done, or somebody else is at it; 1 something failed; 2 wrong usage;
// a signal ends it as it ends other programs.
package main

import (
	"context"
	"os"

	"codex/pkg/cli/here"
	"codex/pkg/cli/install"
	"codex/pkg/cli/pipeline"
	"codex/pkg/frontend/memories"
)

func main() {
	p := here.Of("codex-memories")
	self, _ := os.Executable() // "" is looked for on PATH
	os.Exit(memories.Main(context.Background(), os.Args[1:], memories.Process{Stdin: os.Stdin, Stdout: p.Stdout, Stderr: p.Stderr,
		Env: p.Env, Environ: os.Environ(), Now: p.Clock(), Program: install.Own(self), Die: pipeline.Die,
		Engine: func() (string, error) { return install.Find(self, "turn", p.Env.Get("PATH")) }}))
}
