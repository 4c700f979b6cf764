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
// Exit status: 0 done (status: logged in), 1 failed (status: not logged in), 2 wrong usage;
// a signal ends it as it ends other programs.
//
//	printenv OPENAI_API_KEY | codex-login --with-api-key
package main

import (
	"context"
	"os"

	"github.com/mattn/go-isatty"

	"codex/pkg/browser"
	"codex/pkg/cli/here"
	"codex/pkg/cli/pipeline"
	"codex/pkg/login"
)

func main() {
	p := here.Of("codex-login")
	ctx, _ := pipeline.Interruptible(context.Background())
	os.Exit(pipeline.End(ctx, login.Main(ctx, login.Process{
		Args: os.Args[1:], Env: p.Env, Stdin: os.Stdin, Stdout: p.Stdout, Stderr: p.Stderr,
		StdinTTY: isatty.IsTerminal(os.Stdin.Fd()), StdoutTTY: isatty.IsTerminal(os.Stdout.Fd()),
		Now: p.Clock(), Open: browser.Opener(os.Getenv),
	})))
}
