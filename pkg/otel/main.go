// Package otel is the whole of codex-otel: it makes logs, spans and metrics of OpenTelemetry
// of the lines that an engine tells, with the names that the original gives them.
package otel

import (
	"context"
	"fmt"
	"io"
	"time"

	"codex/pkg/cli/exit"
	"codex/pkg/cli/options"
	"codex/pkg/cli/version"
)

const program = "codex-otel"

// leaveTime is how long what is left may take to be sent.
const leaveTime = 2 * time.Second

// Process is what the program may see and touch.
type Process struct {
	Stdin          io.Reader
	Stdout, Stderr io.Writer
	Getenv         func(string) string
}

// Options lists what the command line understands.
func Options() options.Set {
	return options.Set{Options: []options.Option{
		{Short: "-h", Long: "--help", Help: "print help"},
		{Short: "-V", Long: "--version", Help: "print the version"},
		{Long: options.ListFlag, Hidden: true, Help: "print the options as data"},
	}}
}

// Main is codex-otel.
func Main(ctx context.Context, args []string, p Process) error {
	if len(args) > 0 {
		return answer(p.Stdout, args)
	}
	return run(ctx, p)
}

func answer(w io.Writer, args []string) (err error) {
	switch args[0] {
	case "-h", "--help":
		_, err = io.WriteString(w, "Export what happens in a session with OpenTelemetry.\n\nUsage: codex-otel [OPTIONS] <lines\n\nOptions:\n"+
			"  -h, --help     print help\n  -V, --version  print the version\n\nIts input is described in codex-otel(1).\n")
	case "-V", "--version":
		_, err = fmt.Fprintln(w, version.Line(program))
	case options.ListFlag:
		err = options.Write(w, Options())
	default:
		err = exit.Usagef("unexpected argument '%s' found", args[0])
	}
	return err
}

// run reads lines to their end, or until it is stopped, and sends what came of them.
func run(ctx context.Context, p Process) error {
	f := &faults{stderr: p.Stderr}
	s := &session{getenv: p.Getenv, faults: f}
	if err := s.read(ctx, p.Stdin); err != nil {
		f.say(err.Error())
	}
	leave, stop := context.WithTimeout(context.WithoutCancel(ctx), leaveTime)
	defer stop()
	if err := s.close(leave); err != nil {
		f.say("what was left could not be sent: " + err.Error())
	}
	if f.any() {
		return exit.Silent(1)
	}
	return nil
}
