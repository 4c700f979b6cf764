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

	"codex/pkg/cli/exit"
	"codex/pkg/config"
	"codex/pkg/daemon"
	"codex/pkg/homedir"
	"codex/pkg/termtext"
)

func main() {
	cwd, err := os.Getwd()
	if err != nil {
		os.Exit(exit.Report(os.Stderr, "codex-daemon", err))
	}
	self, err := os.Executable()
	if err != nil {
		os.Exit(exit.Report(os.Stderr, "codex-daemon", err))
	}
	home := homedir.Of(os.Getenv, os.Getuid()) // "" means unknown
	os.Exit(exit.Report(os.Stderr, "codex-daemon", daemon.Run(context.Background(), daemon.Process{
		Args: os.Args[1:], Env: os.Environ(), Self: self,
		Config: config.Env{Get: os.Getenv, Home: home, Cwd: cwd, UID: os.Getuid()},
		Stdout: os.Stdout, Stderr: termtext.Stream(os.Stderr),
	})))
}
