package argv

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
)

type getCmd struct {
	Name string `arg:"" help:"the server's name"`
	JSON bool   `name:"json" help:"print JSON"`
}

// Run shows one server.
func (c *getCmd) Run(ctx context.Context, g *Grammar, p Process) error {
	cfg, err := g.load(ctx, p)
	if err != nil {
		return err
	}
	s, ok := find(cfg, c.Name)
	if !ok {
		return fmt.Errorf("No MCP server named '%s' found.", c.Name)
	}
	if c.JSON {
		out := s.shape()
		out.toolLists = &toolLists{s.enabledOnly, s.disabled}
		return writeJSON(p.Stdout, out)
	}
	_, err = p.Stdout.Write(s.describe())
	return err
}

// describe is a server as lines for people.
func (s server) describe() []byte {
	var b bytes.Buffer
	if !s.enabled {
		fmt.Fprintf(&b, "%s (%s)\n", s.name, s.status())
		return b.Bytes()
	}
	b.WriteString(s.name + "\n")
	line := func(key, value string) { fmt.Fprintf(&b, "  %s: %s\n", key, value) }
	line("enabled", "true")
	tools := func(key string, names []string) {
		switch {
		case names == nil:
		case len(names) == 0:
			line(key, "[]")
		default:
			line(key, strings.Join(names, ", "))
		}
	}
	tools("enabled_tools", s.enabledOnly)
	tools("disabled_tools", s.disabled)
	if s.command != nil {
		line("transport", "stdio")
		line("command", *s.command)
		line("args", dash(strings.Join(s.args, " ")))
		line("cwd", cell(s.cwd))
		line("env", dash(s.masked()))
	} else {
		line("transport", "streamable_http")
		line("url", cell(s.url))
		line("bearer_token_env_var", cell(s.bearerVar))
		line("http_headers", dash(pairs(s.headers, func(string) string { return "*****" })))
		line("env_http_headers", dash(pairs(s.envHeaders, func(v string) string { return v })))
	}
	if s.startup != nil {
		line("startup_timeout_sec", s.startup.String())
	}
	if s.call != nil {
		line("tool_timeout_sec", s.call.String())
	}
	if s.approval != nil {
		line("default_tools_approval_mode", *s.approval)
	}
	line("remove", "codex mcp remove "+s.name)
	return b.Bytes()
}

// pairs joins a map in the order of its keys, showing the values by show.
func pairs(m map[string]string, show func(string) string) string {
	var l []string
	for _, k := range slices.Sorted(maps.Keys(m)) {
		l = append(l, k+"="+show(m[k]))
	}
	return strings.Join(l, ", ")
}
