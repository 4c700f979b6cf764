// Codex-app-server serves many threads to many clients: editors, desktop programs, SDKs.
//
// Synopsis:
//
//	codex-app-server [OPTIONS]
//	codex-app-server proxy | generate-json-schema --out DIR | generate-ts --out DIR
//
// It speaks the app-server protocol, codex-protocol(5), on standard input and output, or
// with --listen over websockets on a unix socket or a TCP address. Each running thread
// is a codex-turn child process. Words for people go to standard error.
//
// Exit status: 0 the input ended, or the server was told to stop; 1 it failed; 2 wrong
// usage; 128+n ended by signal n.
//
// Example:
//
//	codex-app-server --listen unix:// &
package main

import (
	"context"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"

	"codex/pkg/cli/exit"
	"codex/pkg/cli/install"
	"codex/pkg/cli/pipeline"
	"codex/pkg/config"
	"codex/pkg/frontend/appserver"
	"codex/pkg/frontend/appserver/generate"
	"codex/pkg/homedir"
	"codex/pkg/thread"
)

func main() {
	cwd, err := os.Getwd()
	if err != nil {
		os.Exit(exit.Report(os.Stderr, "codex-app-server", err))
	}
	cwd = thread.RealDir(cwd)                  // $PWD may name it by a link
	exe, _ := os.Executable()                  // "" is looked for on PATH
	home := homedir.Of(os.Getenv, os.Getuid()) // "" means unknown
	host := func() string { name, _ := os.Hostname(); return name }
	signals := make(chan os.Signal, 4)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGPIPE)
	debug.SetGCPercent(50) // a router mostly waits: memory before CPU
	os.Exit(exit.Report(os.Stderr, "codex-app-server", appserver.Run(context.Background(), appserver.Process{
		Args: os.Args[1:], Env: os.Environ(), Self: install.Self(os.Args[0], exe, os.Getenv("PATH")),
		Config: config.Env{Get: os.Getenv, Home: home, Cwd: cwd, UID: os.Getuid(), Hostname: host},
		Stdin:  os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr,
		Signals: signals, Die: pipeline.Die, Exec: syscall.Exec, Generate: generate.Write,
	})))
}
