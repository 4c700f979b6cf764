// Codex-sessions lists, shows, names, archives and deletes stored sessions.
//
// Synopsis:
//
//	codex-sessions list [--here] [--archived] [--json]
//	codex-sessions show | path SESSION
//	codex-sessions name SESSION NAME
//	codex-sessions archive | unarchive SESSION
//	codex-sessions delete [--force] SESSION
//
// Files: sessions and archived_sessions in CODEX_HOME.
//
// Exit status: 0 done; 1 it failed, or there is no such session; 2 wrong usage.
package main

import (
	"fmt"
	"os"

	"github.com/mattn/go-isatty"

	"codex/pkg/clock"
	"codex/pkg/config"
	"codex/pkg/homedir"
	"codex/pkg/sessions"
	"codex/pkg/termtext"
)

func main() {
	cwd, err := os.Getwd()
	if err != nil {
		fmt.Fprintf(os.Stderr, "codex-sessions: find working folder: %v\n", err)
		os.Exit(1)
	}
	now, err := clock.New(os.Getenv(clock.Variable))
	if err != nil {
		fmt.Fprintf(os.Stderr, "codex-sessions: %v\n", err)
		os.Exit(1)
	}
	env := config.Env{Get: os.Getenv, Home: homedir.Of(os.Getenv, os.Getuid()), Cwd: cwd, UID: os.Getuid()}
	os.Exit(sessions.Main(os.Args[1:], sessions.Process{Stdin: os.Stdin, Stdout: termtext.Stream(os.Stdout), Stderr: termtext.Stream(os.Stderr),
		StdinTTY: isatty.IsTerminal(os.Stdin.Fd()), Env: env, Now: now}))
}
