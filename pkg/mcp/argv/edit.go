package argv

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"codex/pkg/cli/exit"
	"codex/pkg/config"
	"codex/pkg/mcp/oauth"
)

// usageOfAdd is how add is used, in the original's words.
const usageOfAdd = "codex mcp add [OPTIONS] <NAME> (--url <URL> | -- <COMMAND>...)"

type addCmd struct {
	Env       []string `sep:"none" placeholder:"KEY=VALUE" help:"variable for the program, kept in config.toml; may be given more than once"`
	EnvVar    []string `name:"env-var" sep:"none" placeholder:"NAME" help:"variable that the program gets from the environment of the engine, so that its value stands in no file"`
	URL       string   `name:"url" placeholder:"URL" help:"address of a server that speaks streamable HTTP"`
	BearerVar string   `name:"bearer-token-env-var" placeholder:"VAR" help:"variable that holds a bearer token for --url"`
	ClientID  string   `name:"oauth-client-id" placeholder:"ID" help:"the client that logs in at --url, which somebody has registered there"`
	Secret    string   `name:"oauth-client-secret" placeholder:"SECRET" help:"its secret, kept in config.toml; codex mcp login --client-secret-env-var keeps it out of there"`
	Resource  string   `name:"oauth-resource" placeholder:"RESOURCE" help:"what a login is for, instead of --url"`
	registration
	Name    string   `arg:"" help:"name of the server: letters, digits, - and _"`
	Command []string `arg:"" optional:"" passthrough:"" help:"the program and its arguments, after --"`
}

// Run writes the server into the user's config.toml.
func (c *addCmd) Run(ctx context.Context, g *Grammar, p Process) error {
	if len(c.Command) > 0 && c.Command[0] == "--" {
		c.Command = c.Command[1:]
	}
	changes, err := c.changes()
	if err != nil {
		return err
	}
	if err := c.check(c.ClientID); err != nil {
		return err
	}
	if _, err := g.load(ctx, p); err != nil { // the options are held against it as well
		return err
	}
	err = edit(ctx, p, func(text string) (string, error) {
		return config.ReplaceTable(text, []string{"mcp_servers", c.Name}, changes)
	})
	if err != nil {
		return err
	}
	if _, err = fmt.Fprintf(p.Stdout, "Added global MCP server '%s'.\n", c.Name); err != nil || c.URL == "" || c.BearerVar != "" {
		return err
	}
	if c.ClientID != "" {
		if _, err := fmt.Fprintf(p.Stdout, "OAuth callback URL: %s\n", oauth.KnownCallback); err != nil {
			return err
		}
	}
	return c.offer(ctx, g, p)
}

// changes makes the keys of the server's table of the command line, in the order in which
// they are written.
func (c *addCmd) changes() ([]config.Change, error) {
	env, err := c.environment()
	if err != nil {
		return nil, err
	}
	switch {
	case c.URL != "" && len(c.Command) > 0:
		return nil, &exit.UsageError{Text: "the argument '--url <URL>' cannot be used with '[COMMAND]...'", Usage: usageOfAdd}
	case c.Secret != "" && c.ClientID == "":
		return nil, &exit.UsageError{Text: "the following required arguments were not provided:\n  --oauth-client-id <ID>", Usage: usageOfAdd}
	case c.URL == "" && c.BearerVar+c.ClientID+c.Resource != "":
		return nil, &exit.UsageError{Text: "the following required argument was not provided: url",
			Usage: "codex [OPTIONS] [PROMPT]\n       codex [OPTIONS] <COMMAND> [ARGS]"}
	case c.URL == "" && len(c.Command) == 0:
		return nil, &exit.UsageError{Text: "the following required arguments were not provided:\n  <COMMAND|--url <URL>>", Usage: usageOfAdd}
	}
	if err := checkName(c.Name); err != nil {
		return nil, err
	}
	key := func(v any, path ...string) config.Change { return config.Change{Path: path, Value: v} }
	if c.URL != "" {
		if len(env)+len(c.EnvVar) > 0 {
			return nil, errors.New("command is required")
		}
		l := []config.Change{key(c.URL, "url")}
		if c.BearerVar != "" {
			l = append(l, key(c.BearerVar, "bearer_token_env_var"))
		}
		if c.Resource != "" {
			l = append(l, key(c.Resource, "oauth_resource"))
		}
		if c.ClientID != "" {
			l = append(l, key(c.ClientID, "oauth", "client_id"))
		}
		if c.Secret != "" {
			l = append(l, key(c.Secret, "oauth", "client_secret"))
		}
		return l, nil
	}
	l := []config.Change{key(c.Command[0], "command")}
	if len(c.Command) > 1 {
		l = append(l, key(c.Command[1:], "args"))
	}
	if len(c.EnvVar) > 0 {
		l = append(l, key(c.EnvVar, "env_vars"))
	}
	for _, k := range slices.Sorted(maps.Keys(env)) {
		l = append(l, key(env[k], "env", k))
	}
	return l, nil
}

// environment takes the values of --env apart.
func (c *addCmd) environment() (map[string]string, error) {
	env := map[string]string{}
	for _, s := range c.Env {
		k, v, ok := strings.Cut(s, "=")
		if k = strings.TrimSpace(k); !ok || k == "" {
			return nil, exit.Usagef("invalid value '%s' for '--env <KEY=VALUE>': environment entries must be in KEY=VALUE form", s)
		}
		env[k] = v
	}
	for _, k := range c.EnvVar {
		if k == "" || strings.ContainsAny(k, "=\x00") {
			return nil, exit.Usagef("invalid value '%s' for '--env-var <NAME>': it is no name of a variable", k)
		}
	}
	return env, nil
}

// checkName says whether a server may have the name.
func checkName(name string) error {
	bad := func(r rune) bool {
		return !(r|0x20 >= 'a' && r|0x20 <= 'z' || r >= '0' && r <= '9' || r == '-' || r == '_')
	}
	if name == "" || strings.ContainsFunc(name, bad) {
		return fmt.Errorf("invalid server name '%s' (use letters, numbers, '-', '_')", name)
	}
	return nil
}

type removeCmd struct {
	Name string `arg:"" help:"the server's name"`
}

// Run takes the server out of the user's config.toml.
func (c *removeCmd) Run(ctx context.Context, g *Grammar, p Process) error {
	if _, err := g.load(ctx, p); err != nil {
		return err
	}
	if err := checkName(c.Name); err != nil {
		return err
	}
	found := false
	err := edit(ctx, p, func(text string) (string, error) {
		out, err := config.Apply(text, config.Change{Path: []string{"mcp_servers", c.Name}})
		found = out != text
		return out, err
	})
	switch {
	case err != nil:
		return err
	case found:
		_, err = fmt.Fprintf(p.Stdout, "Removed global MCP server '%s'.\n", c.Name)
	default:
		_, err = fmt.Fprintf(p.Stdout, "No MCP server named '%s' found.\n", c.Name)
	}
	return err
}

// edit changes the user's config.toml.
func edit(ctx context.Context, p Process, change func(text string) (string, error)) error {
	home, err := config.Home(p.Env)
	if err != nil {
		return err
	}
	return config.Update(ctx, filepath.Join(home, "config.toml"), change)
}
