// Codex-doctor says what is wrong with an installation, its settings and the network.
//
// Synopsis:
//
//	codex-doctor [--json | --summary] [--offline]
//
// It looks at what a session here depends on, and names the variable or file that decided.
//
// Exit status: 0 nothing is broken; 1 something is; 2 wrong usage.
//
// Example:
//
//	codex-doctor --json | jq -r '.checks[] | select(.status == "fail") | .summary'
package main

import (
	"context"
	"os"

	"github.com/mattn/go-isatty"

	"codex/pkg/cli/here"
	"codex/pkg/settings"
	"codex/pkg/settings/doctor"
	"codex/pkg/termtext"
)

func main() {
	p := here.Of("codex-doctor")
	os.Exit(doctor.Main(context.Background(), os.Args[1:], doctor.Process{
		Process:  settings.Process{Self: p.Self(), Stdout: os.Stdout, Stderr: p.Stderr, Environ: os.Environ(), Now: p.Clock(), Env: p.Env},
		StdinTTY: isatty.IsTerminal(os.Stdin.Fd()), StdoutTTY: isatty.IsTerminal(os.Stdout.Fd()), StderrTTY: isatty.IsTerminal(os.Stderr.Fd()),
		Columns: termtext.Width(os.Stdout),
	}))
}
