// Codex-daemon keeps an app-server running, for clients that come over SSH.
//
// Synopsis:
//
//	codex-daemon start | restart | stop | version
//	codex-daemon bootstrap [--remote-control] [--systemd]
//	codex-daemon enable-remote-control | disable-remote-control
//
// A command prints one JSON object on standard output; why one failed goes to standard
// error. The server is the managed installation's, below CODEX_HOME/packages/standalone,
// and so is the updater that bootstrap starts beside it.
//
// Exit status: 0 done, 1 failed, 2 wrong usage.
//
//	codex-daemon start && codex-app-server proxy
package main

import (
	"context"
	"os"

	"codex/pkg/cli/here"
	"codex/pkg/daemon"
)

func main() {
	p := here.Of("codex-daemon")
	p.Exit(daemon.Run(context.Background(), daemon.Process{
		Args: os.Args[1:], Env: os.Environ(), Self: p.File(), Config: p.Env, Stdout: os.Stdout, Stderr: p.Stderr}))
}
