// Package inspect is the program codex-debug: it shows what is inside a session, the list of
// models and what a model would be sent.
//
// Program layer: it imports catalog, cli, jsonrpc, models, protocol and settings.
package inspect

import (
	"context"
	"fmt"

	"codex/pkg/catalog"
	"codex/pkg/cli"
	"codex/pkg/cli/exit"
	"codex/pkg/cli/install"
	"codex/pkg/models"
	"codex/pkg/settings"
)

// Grammar is the command line of codex-debug(1).
type Grammar struct {
	settings.Flags

	Models      modelsCmd      `cmd:"" help:"print the list of models as JSON"`
	PromptInput promptInputCmd `cmd:"" name:"prompt-input" help:"print what a model would be sent, as JSON"`
}

// Main runs the program and gives its exit status.
func Main(ctx context.Context, args []string, p settings.Process) int {
	prog := cli.Program{Name: "codex-debug", Summary: "Look inside a session.", Stdout: p.Stdout, Stderr: p.Stderr}
	var g Grammar
	k, err := cli.Parse(prog, &g, args)
	if err == nil {
		k.BindTo(ctx, (*context.Context)(nil))
		err = k.Run(g.Flags, p)
	}
	return exit.Report(p.Stderr, prog.Name, err)
}

type modelsCmd struct {
	Bundled bool `help:"the list that comes with this program, whatever config.toml says"`
}

// Run prints the models that sessions know.
func (c modelsCmd) Run(ctx context.Context, f settings.Flags, p settings.Process) error {
	all := models.All()
	if !c.Bundled {
		cfg, err := f.Load(ctx, p)
		if err != nil {
			return err
		}
		r := catalog.Refresher{Program: install.Own(p.Self)("codex-model"), Options: f.Options(p), Environ: p.Environ, Now: p.Now}
		if err := r.Use(ctx, cfg); err != nil {
			fmt.Fprintf(p.Stderr, "warning: %v; these are the models known so far\n", err)
		}
		if len(cfg.Models) > 0 {
			all = cfg.Models
		}
	}
	b, err := models.EncodeCatalogue(all)
	if err == nil {
		_, err = p.Stdout.Write(b)
	}
	return err
}
