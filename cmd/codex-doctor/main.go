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
	"fmt"
	"os"

	"github.com/mattn/go-isatty"

	"codex/pkg/cli/install"
	"codex/pkg/clock"
	"codex/pkg/config"
	"codex/pkg/homedir"
	"codex/pkg/settings"
	"codex/pkg/settings/doctor"
	"codex/pkg/termtext"
)

func main() {
	cwd, err := os.Getwd()
	if err != nil {
		fmt.Fprintf(os.Stderr, "codex-doctor: find working folder: %v\n", err)
		os.Exit(1)
	}
	now, err := clock.New(os.Getenv(clock.Variable))
	if err != nil {
		fmt.Fprintf(os.Stderr, "codex-doctor: %v\n", err)
		os.Exit(1)
	}
	exe, _ := os.Executable()                  // "" is looked for on PATH
	home := homedir.Of(os.Getenv, os.Getuid()) // "" means unknown
	os.Exit(doctor.Main(context.Background(), os.Args[1:], doctor.Process{
		Process: settings.Process{
			Self:   install.Self(os.Args[0], exe, os.Getenv("PATH")),
			Stdout: os.Stdout, Stderr: termtext.Stream(os.Stderr), Environ: os.Environ(), Now: now,
			Env: config.Env{Get: os.Getenv, Home: home, Cwd: cwd, UID: os.Getuid()},
		},
		StdinTTY: isatty.IsTerminal(os.Stdin.Fd()), StdoutTTY: isatty.IsTerminal(os.Stdout.Fd()), StderrTTY: isatty.IsTerminal(os.Stderr.Fd()),
		Columns: termtext.Width(os.Stdout),
	}))
}
