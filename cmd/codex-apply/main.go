// Codex-apply applies the change of a task that ran elsewhere to the work tree here.
//
// Synopsis:
//
//	codex-apply [OPTIONS] TASK
//
// The change comes from the service behind the ChatGPT account; git applies it, at the root
// of the work tree and to the index as well. With --print it goes to standard output.
//
// Exit status: 0 done, 1 failed, 2 wrong usage; a signal ends it as it ends other programs.
//
//	codex-apply --print task_e_0123 | git apply --stat
package main

import (
	"context"
	"os"

	"codex/pkg/apply"
	"codex/pkg/cli/here"
	"codex/pkg/cli/install"
	"codex/pkg/cli/pipeline"
)

func main() {
	p := here.Of("codex-apply")
	ctx, _ := pipeline.Interruptible(context.Background())
	exe, _ := os.Executable() // "" is looked for on PATH
	os.Exit(pipeline.End(ctx, p.Report(apply.Run(ctx, apply.Process{
		Args: os.Args[1:], Env: p.Env, Environ: os.Environ(), Stdout: p.Stdout, Stderr: p.Stderr, Program: install.Own(exe), Now: p.Clock(),
	}))))
}
