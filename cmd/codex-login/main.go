// Codex-login stores the credential of a home folder, shows which one there is, and
// removes it.
//
// Synopsis:
//
//	codex-login [--device-auth]
//	codex-login --with-api-key | --with-access-token
//	codex-login status | logout | token
//
// Without an option the browser logs in. A key or a token comes from standard input, never
// from the command line. What it says goes to standard error, tokens and --json to
// standard output.
//
// Exit status: 0 done (status: logged in), 1 failed (status: not logged in), 2 wrong usage.
//
//	printenv OPENAI_API_KEY | codex-login --with-api-key
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"github.com/mattn/go-isatty"

	"codex/pkg/browser"
	"codex/pkg/cli/exit"
	"codex/pkg/clock"
	"codex/pkg/config"
	"codex/pkg/homedir"
	"codex/pkg/login"
	"codex/pkg/termtext"
)

func main() {
	cwd, err := os.Getwd()
	if err != nil {
		os.Exit(exit.Report(os.Stderr, "codex-login", err))
	}
	now, err := clock.New(os.Getenv(clock.Variable))
	if err != nil {
		os.Exit(exit.Report(os.Stderr, "codex-login", err))
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	home := homedir.Of(os.Getenv, os.Getuid()) // "" means unknown
	os.Exit(login.Main(ctx, login.Process{
		Args: os.Args[1:], Env: config.Env{Get: os.Getenv, Home: home, Cwd: cwd, UID: os.Getuid()},
		Stdin: os.Stdin, Stdout: termtext.Stream(os.Stdout), Stderr: termtext.Stream(os.Stderr),
		StdinTTY: isatty.IsTerminal(os.Stdin.Fd()), StdoutTTY: isatty.IsTerminal(os.Stdout.Fd()),
		Now: now, Open: browser.Opener(os.Getenv),
	}))
}
