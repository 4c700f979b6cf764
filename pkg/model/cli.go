// Package model is the program codex-model: the model as a filter. A Responses
// request comes in, its events go out as lines; they come from a server (call), from a
// script (replay), or from either with a copy into a file (record). The same scripts can
// be served over HTTP (serve). What belongs to a model before the first request is its, too:
// the provider's list of models, and a local server that has the model.
//
// Program layer: it imports pkg/responses, pkg/model/script, pkg/provider, pkg/catalog and
// what they stand on, and pkg/cli.
package model

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"codex/pkg/cli"
	"codex/pkg/cli/exit"
	"codex/pkg/config"
	"codex/pkg/model/script"
	"codex/pkg/shellenv"
)

// maxRequest bounds what is read from standard input.
const maxRequest = 256 << 20

// Grammar is the command line.
type Grammar struct {
	Call   callCmd   `cmd:"" help:"send the request on standard input to a server, print the events"`
	Replay replayCmd `cmd:"" help:"answer the request on standard input from a script"`
	Record recordCmd `cmd:"" help:"pass a request on, print the events, and append both to a script"`
	Serve  serveCmd  `cmd:"" help:"serve a script over HTTP on loopback"`
	Ready  readyCmd  `cmd:"" help:"see to it that a local server answers and has a model"`
	List   listCmd   `cmd:"" help:"print the models of the configured provider, as JSON"`
}

// Streams are what the program reads and writes, and its environment as K=V.
type Streams struct {
	Stdin          io.Reader
	Stdout, Stderr io.Writer
	Env            []string
	// Config is what settings are found with, Now the clock that lists of models go by.
	Config config.Env
	Now    func() time.Time
	// Self is the file of this program, which calls watchdog.Init; "" for none.
	Self string
	// Terminal says that nothing is to be read from Stdin: a person sits there.
	Terminal bool
}

// Main runs the program and gives its exit status.
func Main(args []string, s Streams) int {
	p := program(s)
	var g Grammar
	k, err := cli.Parse(p, &g, args)
	if err == nil {
		err = k.Run(s)
	}
	return exit.Report(s.Stderr, p.Name, err)
}

func program(s Streams) cli.Program {
	return cli.Program{Name: "codex-model", Summary: "The model as a filter: a Responses request in, its events out.", Stdout: s.Stdout, Stderr: s.Stderr}
}

// caught is the signal that ended a context; the program's status is 128 and its number.
type caught struct{ syscall.Signal }

func (c caught) Error() string { return "ended by signal: " + c.Signal.String() }
func (c caught) ExitCode() int { return 128 + int(c.Signal) }

// signals gives a context that SIGINT and SIGTERM end; its cause is a caught.
func signals() (ctx context.Context, stop func()) {
	ctx, cancel := context.WithCancelCause(context.Background())
	got := make(chan os.Signal, 1)
	signal.Notify(got, syscall.SIGINT, syscall.SIGTERM)
	go func() {
		select {
		case s := <-got:
			cancel(caught{s.(syscall.Signal)})
		case <-ctx.Done():
		}
	}()
	return ctx, func() {
		signal.Stop(got)
		cancel(nil)
	}
}

// readRequest reads standard input to its end.
func (s Streams) readRequest() ([]byte, error) {
	if s.Terminal {
		return nil, nil
	}
	b, err := io.ReadAll(io.LimitReader(s.Stdin, maxRequest+1))
	if err != nil {
		return nil, fmt.Errorf("read request: %w", err)
	}
	if len(b) > maxRequest {
		return nil, fmt.Errorf("request over %d bytes", maxRequest)
	}
	return bytes.TrimSpace(b), nil
}

// getenv looks a variable up; the last of several counts.
func (s Streams) getenv(name string) string { return shellenv.Map(s.Env)[name] }

type replayCmd struct {
	File string `arg:"" optional:"" help:"script; without one the demo that is built in"`
}

// Run answers one request.
func (c *replayCmd) Run(s Streams) error {
	play, err := load(c.File)
	if err != nil {
		return err
	}
	body, err := s.readRequest()
	if err != nil {
		return err
	}
	err = script.Replay(context.Background(), play, body, s.Stdout)
	if leave, ok := errors.AsType[*script.ExitError](err); ok {
		if leave.Message != "" {
			fmt.Fprintln(s.Stderr, strings.TrimSuffix(leave.Message, "\n"))
		}
		return exit.Silent(leave.Status)
	}
	return err
}

func load(file string) (*script.Script, error) {
	if file == "" {
		return script.Demo()
	}
	return script.Load(file)
}
