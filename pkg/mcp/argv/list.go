package argv

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"codex/pkg/mcp/oauth"
)

type listCmd struct {
	JSON bool `name:"json" help:"print JSON"`
}

// Run lists the servers.
func (c *listCmd) Run(ctx context.Context, g *Grammar, p Process) error {
	cfg, err := g.load(ctx, p)
	if err != nil {
		return err
	}
	all := servers(cfg)
	auth, unknown := statuses(ctx, cfg, p.logins(cfg))
	return errors.Join(c.print(p, all, auth), unknown) // one that cannot be found out hides no server
}

func (c *listCmd) print(p Process, all []server, auth map[string]oauth.Status) error {
	if c.JSON {
		shapes := make([]shape, len(all))
		for i, s := range all {
			shapes[i] = s.shape()
			shapes[i].Auth = string(auth[s.name])
		}
		return writeJSON(p.Stdout, shapes)
	}
	if len(all) == 0 {
		_, err := fmt.Fprintln(p.Stdout, "No MCP servers configured yet. Try `codex mcp add my-tool -- my-command`.")
		return err
	}
	return writeTables(p.Stdout, all, auth)
}

// writeTables prints programs first, and what is reached by HTTP below.
func writeTables(w io.Writer, all []server, auth map[string]oauth.Status) error {
	stdio := [][]string{{"Name", "Command", "Args", "Env", "Cwd", "Status", "Auth"}}
	http := [][]string{{"Name", "Url", "Bearer Token Env Var", "Status", "Auth"}}
	for _, s := range all {
		status := s.status()
		if s.command != nil {
			stdio = append(stdio, []string{s.name, *s.command, dash(strings.Join(s.args, " ")), dash(s.masked()), cell(s.cwd), status, title(auth[s.name])})
		} else {
			http = append(http, []string{s.name, cell(s.url), cell(s.bearerVar), status, title(auth[s.name])})
		}
	}
	var b bytes.Buffer
	for _, t := range [][][]string{stdio, http} {
		if len(t) == 1 {
			continue
		}
		if b.Len() > 0 {
			b.WriteByte('\n')
		}
		align(&b, t)
	}
	_, err := w.Write(b.Bytes())
	return err
}

// align writes the rows of a table, every cell as wide in bytes as the widest of its column.
func align(b *bytes.Buffer, rows [][]string) {
	widths := make([]int, len(rows[0]))
	for _, row := range rows {
		for i, c := range row {
			widths[i] = max(widths[i], len(c))
		}
	}
	for _, row := range rows {
		for i, c := range row {
			if i > 0 {
				b.WriteString("  ")
			}
			b.WriteString(c + strings.Repeat(" ", widths[i]-len(c)))
		}
		b.WriteByte('\n')
	}
}

func dash(s string) string {
	return cmp.Or(s, "-")
}

func cell(s *string) string {
	if s == nil {
		return "-"
	}
	return dash(*s)
}
