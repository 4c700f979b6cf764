// Codex-notify is a tee for turn protocol lines that tells a person when a turn ends.
//
// Synopsis:
//
//	codex-notify [OPTIONS] [--exec CMD [ARGS]]
//
// Lines from stdin go to stdout untouched. When one of them says that a turn ended
// normally, CMD (or else the program that notify in config.toml names) is started with a
// JSON object as its last argument; --bell, --osc9, --desktop and --auto reach for a
// person, for approvals as well. Exit status: 0 at the end of stdin, 1 when something failed, 2 for
// wrong usage.
//
//	echo fix the tests | codex-turn | codex-notify --bell >events.jsonl
package main

import (
	"context"
	"io"
	"os"
	"os/signal"

	"codex/pkg/cli/exit"
	"codex/pkg/cli/here"
	"codex/pkg/cli/install"
	"codex/pkg/frontend/notify"
)

func main() {
	// Ctrl-C interrupts the engine in front of us; the lines about that must get through.
	// (Ignoring it would make the notify program ignore it as well.)
	signal.Notify(make(chan os.Signal, 1), os.Interrupt)
	os.Exit(exit.Report(os.Stderr, "codex-notify", run(context.Background(), os.Args[1:])))
}

func run(ctx context.Context, args []string) error {
	f, err := notify.Parse(args)
	if err != nil {
		return err
	}
	if done, err := notify.Answer(os.Stdout, f); done {
		return err
	}
	exe, _ := os.Executable()
	p := here.Of("codex-notify")
	return notify.Run(ctx, f, notify.Process{
		Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr,
		Env:     p.Env,
		Program: install.Own(exe), TTY: func() (io.Writer, error) { return notify.OpenTerminal() },
		Kernel: func() string { b, _ := os.ReadFile("/proc/version"); return string(b) },
	})
}
