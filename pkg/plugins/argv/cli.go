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
	"path/filepath"
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

type addCmd struct {
	pluginArg
	asJSON
}

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
	added := addedPlugin{name + "@" + market, name, market, filepath.Base(dir), dir, ""}
	if e, err := all[i].Find(name); err == nil { // it was there a moment ago
		added.Login = e.LoginPolicy()
	}
	return c.answer(p, added, "Added plugin `%s` from marketplace `%s`.\nInstalled plugin root: %s\n", name, market, dir)
}

type removeCmd struct {
	pluginArg
	asJSON
}

// Run removes a plugin.
func (c removeCmd) Run(ctx context.Context, g *Grammar, p Process) error {
	name, market, cfg, err := c.read(ctx, g, p)
	if err != nil {
		return err
	}
	was, err := plugins.Uninstall(ctx, cfg, name, market)
	gone := removedPlugin{name + "@" + market, name, market}
	switch {
	case err != nil:
		return err
	case !was:
		return c.answer(p, gone, "No plugin `%s` from marketplace `%s` is installed.\n", name, market)
	}
	return c.answer(p, gone, "Removed plugin `%s` from marketplace `%s`.\n", name, market)
}

type listCmd struct {
	Marketplace string `short:"m" placeholder:"NAME" help:"only of this marketplace"`
	asJSON
	Available bool `help:"with --json: also those that are not installed"`
}

// Run lists the plugins of all marketplaces. One that can't be read is a failure, after
// the others were listed.
func (c listCmd) Run(ctx context.Context, g *Grammar, p Process) error {
	if c.Available && !c.JSON {
		return exit.Usagef("--available goes with --json")
	}
	cfg, err := g.load(ctx, p)
	if err != nil {
		return err
	}
	all, problems := plugins.Marketplaces(cfg)
	installed, broken := plugins.Installed(cfg)
	for _, bad := range problems {
		broken = append(broken, bad)
	}
	if c.Marketplace != "" {
		all = slices.DeleteFunc(all, func(m plugins.Marketplace) bool { return m.Name != c.Marketplace })
	}
	for _, m := range all {
		if len(m.Elsewhere) > 0 {
			fmt.Fprintf(p.Stderr, "codex-plugin: marketplace `%s`: left out, for they are not in its folder or have no proper name: %q\n", m.Name, m.Elsewhere)
		}
	}
	if c.JSON {
		return errors.Join(append(broken, c.answer(p, listed(all, installed, c.Available), ""))...)
	}
	return errors.Join(append(broken, p.tables(all, installed))...)
}

// tables writes the plugins of marketplaces that have some.
func (p Process) tables(all []plugins.Marketplace, installed []plugins.Plugin) error {
	shown := 0
	for _, m := range all {
		if len(m.List) == 0 {
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
		return p.print("No marketplace plugins found.\n")
	}
	return nil
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
	Source string   `arg:"" help:"folder of the marketplace"`
	Ref    string   `hidden:"" help:"branch or tag of a marketplace that is fetched"`
	Sparse []string `hidden:"" sep:"none" help:"folders of a marketplace that is fetched"`
	asJSON
}

// local says what to do instead of fetching.
func (c marketAddCmd) local() error {
	switch {
	case c.Ref != "":
		return exit.Usagef("--ref is only for marketplaces that are fetched: git clone --branch %s, and add its folder", c.Ref)
	case len(c.Sparse) > 0:
		return exit.Usagef("--sparse is only for marketplaces that are fetched: git clone --sparse, git sparse-checkout set, and add its folder")
	}
	return nil
}

// Run adds a marketplace. What would have to be fetched is refused.
func (c marketAddCmd) Run(ctx context.Context, g *Grammar, p Process) error {
	if err := c.local(); err != nil {
		return err
	}
	dir, err := plugins.Local(c.Source, p.Env.Cwd)
	if err != nil {
		return err
	}
	cfg, err := g.load(ctx, p)
	if err != nil {
		return err
	}
	m, already, err := plugins.Add(ctx, cfg, dir, p.Now())
	added := addedMarket{m.Name, m.Root, already}
	switch {
	case err != nil:
		return err
	case already:
		return c.answer(p, added, "Marketplace `%s` is already added from %s.\nInstalled marketplace root: %s\n", m.Name, m.Root, m.Root)
	}
	return c.answer(p, added, "Added marketplace `%s` from %s.\nInstalled marketplace root: %s\n", m.Name, m.Root, m.Root)
}

type marketListCmd struct{ asJSON }

// Run lists marketplaces.
func (c marketListCmd) Run(ctx context.Context, g *Grammar, p Process) error {
	cfg, err := g.load(ctx, p)
	if err != nil {
		return err
	}
	all, problems := plugins.Marketplaces(cfg)
	for _, bad := range problems {
		err = errors.Join(err, bad)
	}
	switch {
	case c.JSON:
		list := marketList{[]listedMarket{}}
		for _, m := range all {
			list.Marketplaces = append(list.Marketplaces, listedMarket{m.Name, m.Root, source{"local", m.Root}})
		}
		return errors.Join(c.answer(p, list, ""), err)
	case len(all)+len(problems) == 0:
		return p.print("No plugin marketplaces in scope.\n")
	}
	w := tabwriter.NewWriter(p.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "MARKETPLACE\tROOT") // the writer keeps its error for Flush
	for _, m := range all {
		fmt.Fprintf(w, "%s\t%s\n", m.Name, m.Root)
	}
	return errors.Join(w.Flush(), err)
}

type marketRemoveCmd struct {
	Name string `arg:"" help:"name of the marketplace"`
	asJSON
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
	return c.answer(p, removedMarket{Name: c.Name}, "Removed marketplace `%s`.\n", c.Name)
}

type marketUpgradeCmd struct {
	Name string `arg:"" optional:"" help:"name of the marketplace"`
	asJSON
}

// Run has nothing to fetch: marketplaces are folders.
func (c marketUpgradeCmd) Run(p Process) error {
	if c.Name != "" {
		return fmt.Errorf("marketplace `%s` is a folder on this machine: pull there, then add its plugins again", c.Name)
	}
	return c.answer(p, upgradedMarkets{[]string{}, []string{}, []string{}}, "No configured Git marketplaces to upgrade.\n")
}
