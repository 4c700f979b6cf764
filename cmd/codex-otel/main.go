// Codex-otel exports what happens in a session with OpenTelemetry.
//
// Synopsis:
//
//	codex-otel <lines
//
// It reads what an engine tells, a line of JSON each (codex-otel(1)), and sends logs, spans
// and metrics to the collectors that the first line names, over HTTP or gRPC. Engines start
// it where [otel] in config.toml has an exporter. At the end of its input it sends what is
// left, for two seconds at most; after a SIGTERM too, which is a failure.
//
// Exit status: 0 all was sent; 1 something could not be sent or read, which standard error
// says once; 2 wrong usage.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"codex/pkg/cli/exit"
	"codex/pkg/otel"
	"codex/pkg/termtext"
)

func main() {
	// An interrupt at the terminal is the engine's; its last lines must get through.
	signal.Notify(make(chan os.Signal, 1), os.Interrupt)
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	stderr := termtext.Stream(os.Stderr)
	os.Exit(exit.Report(stderr, "codex-otel", otel.Main(ctx, os.Args[1:], otel.Process{Stdin: os.Stdin, Stdout: os.Stdout, Stderr: stderr, Getenv: os.Getenv})))
}
