// Package doctor is the program codex-doctor: it looks at what a session here depends on and says
// what is wrong, and which variable or file decided.
//
// Program layer: it imports cli, config, auth, execpolicy, foreign, responses for HTTP, and settings.
package doctor

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"

	"codex/pkg/cli"
	"codex/pkg/cli/exit"
	"codex/pkg/cli/version"
	"codex/pkg/config"
	"codex/pkg/jsonrpc"
	"codex/pkg/settings"
)

// Grammar is the command line of codex-doctor(1).
type Grammar struct {
	settings.Flags

	JSON    bool `name:"json" help:"print one JSON object"`
	Summary bool `help:"one line a check"`
	All     bool `help:"print long lists whole"`
	NoColor bool `name:"no-color" help:"no colours"`
	ASCII   bool `name:"ascii" help:"marks in ASCII"`
	Network bool `name:"network-only" help:"only what decides whether the provider can be reached"`
	Offline bool `help:"reach for nothing on the network"`
}

// Process is what the program knows of its surroundings.
type Process struct {
	settings.Process
	StdinTTY, StdoutTTY, StderrTTY bool
	Columns                        int
}

// Main runs the program and gives its exit status: 1 when something is broken.
func Main(ctx context.Context, args []string, p Process) int {
	prog := cli.Program{Name: "codex-doctor", Summary: "Say what is wrong with this installation, its settings and the network.", Stdout: p.Stdout, Stderr: p.Stderr}
	var g Grammar
	_, err := cli.Parse(prog, &g, args)
	if err == nil {
		err = g.run(ctx, p)
	}
	return exit.Report(p.Stderr, prog.Name, err)
}

func (g *Grammar) run(ctx context.Context, p Process) error {
	if g.ProfileV2 != "" && !config.PlainName(g.ProfileV2) {
		return exit.Usagef("invalid --profile-v2 value `%s`; pass a plain name such as `work`", g.ProfileV2)
	}
	e := &examination{p: p, offline: g.Offline}
	e.cfg, e.broken = config.Load(ctx, g.Options(p.Process))
	if e.broken != nil {
		e.home, _ = config.Home(p.Env)
	} else {
		e.home = e.cfg.Home
	}
	r := report{Schema: 1, At: fmt.Sprintf("%ds since unix epoch", p.Now().Unix()), Version: version.String(), Checks: map[string]check{}}
	for _, c := range checks() {
		if g.Network && c.group != "Connectivity" && c.id != "config.load" {
			continue
		}
		begun := p.Now()
		found := c.look(ctx, e)
		found.ID, found.Category, found.Ms = c.id, c.category, p.Now().Sub(begun).Milliseconds()
		if found.Details == nil {
			found.Details = map[string]any{}
		}
		r.Checks[c.id] = found
	}
	r.Status = r.overall()
	if err := g.write(p, r); err != nil {
		return err
	}
	if r.Status == fail {
		return exit.Silent(exit.Failed)
	}
	return nil
}

func (g *Grammar) write(p Process, r report) error {
	var b bytes.Buffer
	if g.JSON {
		raw, err := jsonrpc.Marshal(r)
		if err == nil {
			err = json.Indent(&b, raw, "", "  ")
		}
		if err != nil {
			return fmt.Errorf("write report: %w", err)
		}
		b.WriteByte('\n')
	} else {
		form := form{ascii: g.ASCII || !utf8Locale(p.Env), brief: g.Summary, all: g.All,
			colour: p.StdoutTTY && !g.NoColor && p.Env.Get("NO_COLOR") == "" && p.Env.Get("TERM") != "dumb"}
		form.print(&b, r)
	}
	_, err := io.Copy(p.Stdout, &b)
	return err
}
