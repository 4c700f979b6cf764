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
	"os"

	"github.com/mattn/go-isatty"

	"codex/pkg/cli/here"
	"codex/pkg/sessions"
)

func main() {
	p := here.Of("codex-sessions")
	os.Exit(sessions.Main(os.Args[1:], sessions.Process{Stdin: os.Stdin, Stdout: p.Stdout, Stderr: p.Stderr,
		StdinTTY: isatty.IsTerminal(os.Stdin.Fd()), Env: p.Env, Now: p.Clock()}))
}
