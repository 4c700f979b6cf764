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

	"codex/pkg/cli/here"
	"codex/pkg/cli/pipeline"
	"codex/pkg/frontend/appserver"
	"codex/pkg/frontend/appserver/generate"
	"codex/pkg/thread"
)

func main() {
	p := here.Of("codex-app-server")
	p.Env.Cwd = thread.RealDir(p.Env.Cwd) // $PWD may name it by a link
	signals := make(chan os.Signal, 4)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGPIPE)
	debug.SetGCPercent(50) // a router mostly waits: memory before CPU
	p.Exit(appserver.Run(context.Background(), appserver.Process{
		Args: os.Args[1:], Env: os.Environ(), Self: p.Self(), Config: p.Env,
		Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr,
		Signals: signals, Die: pipeline.Die, Exec: syscall.Exec, Generate: generate.Write,
	}))
}
