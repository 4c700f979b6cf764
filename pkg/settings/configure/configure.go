// Package configure is the program codex-config: it shows and changes settings.
//
// Program layer: it imports cli, config and settings.
package configure

import (
	"context"
	"io"

	"codex/pkg/cli"
	"codex/pkg/cli/exit"
	"codex/pkg/config/keys"
	"codex/pkg/settings"
)

// Grammar is the command line of codex-config(1).
type Grammar struct {
	settings.Flags

	Show     showCmd     `cmd:"" default:"withargs" help:"print the settings that hold, and where they come from"`
	Schema   schemaCmd   `cmd:"" help:"print a JSON Schema of config.toml, for editors"`
	Features featuresCmd `cmd:"" help:"list and set feature switches"`
}

type schemaCmd struct{}

// Run prints the schema.
func (schemaCmd) Run(p settings.Process) error {
	b, err := keys.JSONSchema()
	if err == nil {
		_, err = p.Stdout.Write(append(b, '\n'))
	}
	return err
}

// Main runs the program and gives its exit status.
func Main(ctx context.Context, args []string, p settings.Process) int {
	prog := cli.Program{Name: "codex-config", Summary: "Show and change the settings of sessions.", Stdout: p.Stdout, Stderr: p.Stderr}
	var g Grammar
	k, err := cli.Parse(prog, &g, args)
	if err == nil {
		k.BindTo(ctx, (*context.Context)(nil))
		k.BindTo(p.Stdout, (*io.Writer)(nil))
		err = k.Run(g.Flags, p)
	}
	return exit.Report(p.Stderr, prog.Name, err)
}
