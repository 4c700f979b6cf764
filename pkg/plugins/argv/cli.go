// Package argv is the program codex-plugin: it lists, installs and removes plugins, and the
// marketplaces that they come from.
//
// Ground layer; it imports cli, config and plugins.
package argv

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"text/tabwriter"
	"time"

	"codex/pkg/cli"
	"codex/pkg/cli/exit"
	"codex/pkg/config"
	"codex/pkg/plugins"
)

// Grammar is the command line of codex-plugin(1).
type Grammar struct {
	cli.Overrides

	Add         addCmd         `cmd:"" help:"install a plugin of a marketplace"`
	List        listCmd        `cmd:"" help:"list the plugins of the marketplaces"`
	Remove      removeCmd      `cmd:"" help:"remove an installed plugin"`
	Marketplace marketplaceCmd `cmd:"" help:"add, list and remove marketplaces"`
}

type marketplaceCmd struct {
	Add     marketAddCmd     `cmd:"" help:"add the marketplace of a folder"`
	List    marketListCmd    `cmd:"" help:"list the marketplaces and their folders"`
	Remove  marketRemoveCmd  `cmd:"" help:"remove a marketplace"`
	Upgrade marketUpgradeCmd `cmd:"" help:"fetch marketplaces anew, which are folders here"`
}

// Process is what the program knows of its surroundings.
type Process struct {
	Stdout, Stderr io.Writer
	Env            config.Env
	Now            func() time.Time
}

// Main runs the program and gives its exit status.
func Main(ctx context.Context, args []string, p Process) int {
	prog := cli.Program{Name: "codex-plugin", Summary: "Manage plugins: skills, hooks and MCP servers that come together.", Stdout: p.Stdout, Stderr: p.Stderr}
	var g Grammar
	k, err := cli.Parse(prog, &g, args)
	if err == nil {
		k.BindTo(ctx, (*context.Context)(nil))
		err = k.Run(&g, p)
	}
	return exit.ReportAs(p.Stderr, prog.Name, err, config.Words)
}

func (g *Grammar) load(ctx context.Context, p Process) (*config.Config, error) {
	return config.Load(ctx, config.Options{Env: p.Env, Overrides: g.Config, Enable: g.Enable, Disable: g.Disable})
}

// print writes an answer.
func (p Process) print(format string, a ...any) error {
	_, err := fmt.Fprintf(p.Stdout, format, a...)
	return err
}

type pluginArg struct {
	Plugin      string `arg:"" help:"NAME or NAME@MARKETPLACE"`
	Marketplace string `short:"m" placeholder:"NAME" help:"marketplace of the plugin"`
}

// read gives the plugin's name and its marketplace's, and the settings.
func (a pluginArg) read(ctx context.Context, g *Grammar, p Process) (name, marketplace string, cfg *config.Config, err error) {
	id := a.Plugin
	if a.Marketplace != "" {
		id += "@" + a.Marketplace
	}
	if name, marketplace, err = plugins.Split(id); err == nil {
		cfg, err = g.load(ctx, p)
	}
	return name, marketplace, cfg, err
}

type addCmd struct{ pluginArg }

// Run installs a plugin.
func (c addCmd) Run(ctx context.Context, g *Grammar, p Process) error {
	name, market, cfg, err := c.read(ctx, g, p)
	if err != nil {
		return err
	}
	all, problems := plugins.Marketplaces(cfg)
	if i := slices.IndexFunc(problems, func(bad plugins.Problem) bool { return bad.Name == market }); i >= 0 {
		return problems[i]
	}
	i := slices.IndexFunc(all, func(m plugins.Marketplace) bool { return m.Name == market })
	if i < 0 {
		return fmt.Errorf("marketplace `%s` is not configured", market)
	}
	dir, err := plugins.Install(ctx, cfg.Home, &all[i], name)
	if err != nil {
		return err
	}
	return p.print("Added plugin `%s` from marketplace `%s`.\nInstalled plugin root: %s\n", name, market, dir)
}

type removeCmd struct{ pluginArg }

// Run removes a plugin.
func (c removeCmd) Run(ctx context.Context, g *Grammar, p Process) error {
	name, market, cfg, err := c.read(ctx, g, p)
	if err != nil {
		return err
	}
	was, err := plugins.Uninstall(ctx, cfg, name, market)
	switch {
	case err != nil:
		return err
	case !was:
		return p.print("No plugin `%s` from marketplace `%s` is installed.\n", name, market)
	}
	return p.print("Removed plugin `%s` from marketplace `%s`.\n", name, market)
}

type listCmd struct {
	Marketplace string `short:"m" placeholder:"NAME" help:"only of this marketplace"`
}

// Run lists the plugins of all marketplaces. One that can't be read is a failure, after
// the others were listed.
func (c listCmd) Run(ctx context.Context, g *Grammar, p Process) error {
	cfg, err := g.load(ctx, p)
	if err != nil {
		return err
	}
	all, problems := plugins.Marketplaces(cfg)
	installed, broken := plugins.Installed(cfg)
	shown := 0
	for _, m := range all {
		if c.Marketplace != "" && m.Name != c.Marketplace || len(m.List) == 0 {
			continue
		}
		if shown++; shown > 1 {
			if err := p.print("\n"); err != nil {
				return err
			}
		}
		if err := p.table(&m, installed); err != nil {
			return err
		}
	}
	if shown == 0 {
		if err := p.print("No marketplace plugins found.\n"); err != nil {
			return err
		}
	}
	for _, bad := range problems {
		broken = append(broken, bad)
	}
	return errors.Join(broken...)
}

// table writes the plugins of a marketplace.
func (p Process) table(m *plugins.Marketplace, installed []plugins.Plugin) error {
	if err := p.print("Marketplace `%s`\n%s\n\n", m.Name, m.File); err != nil {
		return err
	}
	w := tabwriter.NewWriter(p.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "PLUGIN\tSTATUS\tVERSION\tPATH") // the writer keeps its error for Flush
	for _, e := range m.List {
		id, state, version := e.Name+"@"+m.Name, "not installed", ""
		for _, have := range installed {
			if have.ID == id {
				state, version = "installed, enabled", have.Version
				if !have.Enabled {
					state = "installed, disabled"
				}
			}
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", id, state, version, e.Dir)
	}
	return w.Flush()
}

type marketAddCmd struct {
	Source string `arg:"" help:"folder of the marketplace"`
}

// Run adds a marketplace. What would have to be fetched is refused.
func (c marketAddCmd) Run(ctx context.Context, g *Grammar, p Process) error {
	dir, err := plugins.Local(c.Source, p.Env.Cwd)
	if err != nil {
		return err
	}
	cfg, err := g.load(ctx, p)
	if err != nil {
		return err
	}
	m, already, err := plugins.Add(ctx, cfg, dir, p.Now())
	switch {
	case err != nil:
		return err
	case already:
		return p.print("Marketplace `%s` is already added from %s.\nInstalled marketplace root: %s\n", m.Name, m.Root, m.Root)
	}
	return p.print("Added marketplace `%s` from %s.\nInstalled marketplace root: %s\n", m.Name, m.Root, m.Root)
}

type marketListCmd struct{}

// Run lists marketplaces.
func (marketListCmd) Run(ctx context.Context, g *Grammar, p Process) error {
	cfg, err := g.load(ctx, p)
	if err != nil {
		return err
	}
	all, problems := plugins.Marketplaces(cfg)
	if len(all)+len(problems) == 0 {
		return p.print("No plugin marketplaces in scope.\n")
	}
	w := tabwriter.NewWriter(p.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "MARKETPLACE\tROOT") // the writer keeps its error for Flush
	for _, m := range all {
		fmt.Fprintf(w, "%s\t%s\n", m.Name, m.Root)
	}
	err = w.Flush()
	for _, bad := range problems {
		err = errors.Join(err, bad)
	}
	return err
}

type marketRemoveCmd struct {
	Name string `arg:"" help:"name of the marketplace"`
}

// Run removes a marketplace. Its plugins stay installed.
func (c marketRemoveCmd) Run(ctx context.Context, g *Grammar, p Process) error {
	cfg, err := g.load(ctx, p)
	if err == nil {
		err = plugins.Remove(ctx, cfg, c.Name)
	}
	if err != nil {
		return err
	}
	return p.print("Removed marketplace `%s`.\n", c.Name)
}

type marketUpgradeCmd struct {
	Name string `arg:"" optional:"" help:"name of the marketplace"`
}

// Run has nothing to fetch: marketplaces are folders.
func (c marketUpgradeCmd) Run(p Process) error {
	if c.Name != "" {
		return fmt.Errorf("marketplace `%s` is a folder on this machine: pull there, then add its plugins again", c.Name)
	}
	return p.print("No configured Git marketplaces to upgrade.\n")
}
