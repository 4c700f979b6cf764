// Codex-debug looks inside a session: the list of models, and what a model would be sent.
//
// Synopsis:
//
//	codex-debug models [--bundled]
//	codex-debug prompt-input [-i FILE]... [PROMPT]
//
// models prints the models that sessions know, as one line of JSON. prompt-input prints the
// input of the first request of a session here; no model is asked, and no credential needed.
//
// Exit status: 0 done; 1 the settings are broken, or the engine failed; 2 wrong usage.
//
// Example:
//
//	codex-debug prompt-input | jq -r '.[].content[].text'
package main

import (
	"context"
	"fmt"
	"os"

	"codex/pkg/cli/install"
	"codex/pkg/clock"
	"codex/pkg/config"
	"codex/pkg/homedir"
	"codex/pkg/settings"
	"codex/pkg/settings/inspect"
	"codex/pkg/termtext"
)

func main() {
	cwd, err := os.Getwd()
	if err != nil {
		fmt.Fprintf(os.Stderr, "codex-debug: find working folder: %v\n", err)
		os.Exit(1)
	}
	exe, _ := os.Executable() // "" is looked for on PATH
	now, err := clock.New(os.Getenv(clock.Variable))
	if err != nil {
		fmt.Fprintf(os.Stderr, "codex-debug: %v\n", err)
		os.Exit(1)
	}
	home := homedir.Of(os.Getenv, os.Getuid()) // "" means unknown
	os.Exit(inspect.Main(context.Background(), os.Args[1:], settings.Process{
		Self:   install.Self(os.Args[0], exe, os.Getenv("PATH")),
		Stdout: termtext.Stream(os.Stdout), Stderr: termtext.Stream(os.Stderr), Environ: os.Environ(), Now: now,
		Env: config.Env{Get: os.Getenv, Home: home, Cwd: cwd, UID: os.Getuid()},
	}))
}
