// Package argv is the program codex-mcp: it lists, shows, adds and removes the servers of
// the Model Context Protocol in config.toml, logs in at them, and calls their tools.
//
// Program layer: it imports cli, config, jsonrpc and the packages below pkg/mcp.
package argv

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"codex/pkg/cli"
	"codex/pkg/cli/exit"
	"codex/pkg/cli/pipeline"
	"codex/pkg/config"
)

// Grammar is the command line of codex-mcp(1).
type Grammar struct {
	cli.Overrides

	List   listCmd   `cmd:"" help:"list the servers"`
	Get    getCmd    `cmd:"" help:"show one server"`
	Add    addCmd    `cmd:"" help:"add a server, or replace one"`
	Remove removeCmd `cmd:"" help:"remove a server"`
	Login  loginCmd  `cmd:"" help:"log in at a server that wants OAuth"`
	Logout logoutCmd `cmd:"" help:"forget the login at a server"`
	Tools  toolsCmd  `cmd:"" help:"list the tools of a server, one a line"`
	Call   callCmd   `cmd:"" help:"call a tool of a server and print its result"`
	Server serverCmd `cmd:"" help:"be a server on standard input and output, whose tools run Codex"`
	Pool   poolCmd   `cmd:"" help:"keep servers for engines that ask on standard input"`
}

// Process is what the program knows of its surroundings.
type Process struct {
	Self           string // file of the program, which calls watchdog.Init; "" for none
	Stdout, Stderr io.Writer
	Env            config.Env
	Now            func() time.Time
	// Browser shows an address to the user.
	Browser func(address string)
	// Serve is codex mcp-server, with the options of the command line.
	Serve func(ctx context.Context, overrides, enable, disable []string) error
	// In and Out are the streams themselves, for lines of a protocol.
	In      io.Reader
	Out     io.Writer
	Environ []string
	// Die ends the process by the signal that has ended what it did.
	Die func(sig os.Signal, status int)
}

// Main runs the program and gives its exit status.
func Main(ctx context.Context, args []string, p Process) int {
	prog := cli.Program{Name: "codex-mcp", Summary: "Manage servers of the Model Context Protocol.", Stdout: p.Stdout, Stderr: p.Stderr}
	switch {
	case len(args) == 0: // help, but as the usage error that it is
		prog.Stdout = p.Stderr
		return cmp.Or(exit.Status(parseOnly(prog, "--help")), exit.Usage)
	case len(args) == 1 && args[0] == "help":
		args = []string{"--help"}
	}
	var g Grammar
	k, err := cli.Parse(prog, &g, args)
	if err != nil {
		return exit.Report(p.Stderr, prog.Name, err)
	}
	k.BindTo(ctx, (*context.Context)(nil))
	err = k.Run(&g, p)
	if c, ok := errors.AsType[pipeline.Caught](err); ok && p.Die != nil {
		p.Die(c.Signal, c.ExitCode()) // whoever sent it knows
	}
	return p.report(err)
}

// parseOnly parses a command line that runs nothing.
func parseOnly(prog cli.Program, args ...string) error {
	_, err := cli.Parse(prog, &Grammar{}, args)
	return err
}

// report writes an error in the form of the original, and gives the status.
func (p Process) report(err error) int {
	return exit.ReportAs(p.Stderr, "codex-mcp", err, config.Words)
}

type serverCmd struct {
	Strict bool `name:"strict-config" help:"refuse unknown keys in config.toml"`
}

// Run serves one client.
func (c serverCmd) Run(ctx context.Context, g *Grammar, p Process) error {
	if c.Strict {
		_, err := config.Load(ctx, config.Options{Env: p.Env, Overrides: g.Config, Enable: g.Enable, Disable: g.Disable, Strict: true})
		if err != nil {
			return err
		}
	}
	return p.Serve(ctx, g.Config, g.Enable, g.Disable)
}

// load reads the configuration with the options of the command line over it.
func (g *Grammar) load(ctx context.Context, p Process) (*config.Config, error) {
	cfg, err := config.Load(ctx, config.Options{Env: p.Env, Overrides: g.Config, Enable: g.Enable, Disable: g.Disable})
	var fault *config.Error
	switch {
	case errors.As(err, &fault) && fault.Kind == config.KindLoad:
		fmt.Fprint(p.Stderr, config.Report("failed to load configuration", err))
		return nil, exit.Silent(exit.Failed)
	case err != nil:
		return nil, err
	}
	return cfg, nil
}
