// Codex-notify is a tee for turn protocol lines that tells a person when a turn ends.
//
// Synopsis:
//
//	codex-notify [OPTIONS] [--exec CMD [ARGS]]
//
// Lines from stdin go to stdout untouched. When one of them says that a turn ended
// normally, CMD (or else the program that notify in config.toml names) is started with a
// JSON object as its last argument; --bell and --osc9 reach for the terminal, for
// approvals as well. Exit status: 0 at the end of stdin, 1 when something failed, 2 for
// wrong usage.
//
//	echo fix the tests | codex-turn | codex-notify --bell >events.jsonl
package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"

	"codex/pkg/cli/exit"
	"codex/pkg/cli/options"
	"codex/pkg/cli/version"
	"codex/pkg/config"
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
	switch {
	case err != nil:
		return err
	case f.Help:
		return notify.WriteHelp(os.Stdout)
	case f.List:
		return options.Write(os.Stdout, notify.Options())
	case f.Version:
		_, err := fmt.Println(version.Line("codex-notify"))
		return err
	}
	home, _ := os.UserHomeDir() // "" means unknown
	cwd, err := os.Getwd()
	if err != nil {
		return fmt.Errorf("find working folder: %w", err)
	}
	return notify.Run(ctx, f, notify.Process{
		Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr,
		Env: config.Env{Get: os.Getenv, Home: home, Cwd: cwd, UID: os.Getuid()},
		TTY: func() (io.Writer, error) { return notify.OpenTerminal() },
	})
}
