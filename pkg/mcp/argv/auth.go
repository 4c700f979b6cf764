package argv

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"

	"codex/pkg/cli/exit"
	"codex/pkg/cli/pipeline"
	"codex/pkg/cli/version"
	"codex/pkg/config"
	"codex/pkg/jsonrpc"
	"codex/pkg/keyring"
	"codex/pkg/mcp"
	"codex/pkg/mcp/oauth"
)

// title is a status for people.
func title(s oauth.Status) string {
	switch s {
	case oauth.NotLoggedIn:
		return "Not logged in"
	case oauth.BearerToken:
		return "Bearer token"
	case oauth.LoggedIn:
		return "OAuth"
	}
	return "Unsupported"
}

// statuses finds out about all servers at once: some are asked.
func statuses(ctx context.Context, cfg *config.Config, store oauth.Store) (map[string]oauth.Status, error) {
	all := cfg.MCPServers()
	found, errs := make([]oauth.Status, len(all)), make([]error, len(all))
	var asking sync.WaitGroup
	for i, s := range all {
		asking.Go(func() { found[i], errs[i] = oauth.StatusOf(ctx, s, store) })
	}
	asking.Wait()
	out := map[string]oauth.Status{}
	for i, s := range all {
		out[s.Name] = found[i]
	}
	return out, errors.Join(errs...)
}

// store is where logins are kept; tell takes what is wrong with a keyring where the file does.
func (p Process) store(home string, tell func(line string)) oauth.Store {
	var once sync.Once
	return oauth.Store{Home: home, NoRing: keyring.Absent(p.Env.Get, p.Env.UID), Warn: func(err error) {
		once.Do(func() { tell("warning: " + err.Error() + "; using .credentials.json") })
	}}
}

// logins is the store of a command that people have called.
func (p Process) logins(cfg *config.Config) oauth.Store {
	return p.store(cfg.Home, func(line string) { fmt.Fprintln(p.Stderr, "codex-mcp: "+line) })
}

// serverOf gives the settings of a server.
func serverOf(cfg *config.Config, name string) (config.MCPServer, bool) {
	for _, s := range cfg.MCPServers() {
		if s.Name == name {
			return s, true
		}
	}
	return config.MCPServer{}, false
}

// remote gives the settings of a server that is reached by its address; missing, with the name,
// and local are the words about one that is not there, or is a program.
func (g *Grammar) remote(ctx context.Context, p Process, name, missing, local string) (*config.Config, config.MCPServer, error) {
	cfg, err := g.load(ctx, p)
	if err != nil {
		return nil, config.MCPServer{}, err
	}
	s, ok := serverOf(cfg, name)
	switch {
	case !ok:
		return nil, s, fmt.Errorf(missing, name)
	case s.Command != "":
		return nil, s, errors.New(local)
	case s.Disabled != "":
		return nil, s, fmt.Errorf("MCP server '%s' is disabled: %s", name, s.Disabled)
	}
	return cfg, s, nil
}

type loginCmd struct {
	Name   string   `arg:"" help:"the server's name"`
	Scopes []string `placeholder:"SCOPE,..." help:"scopes to ask for, instead of those that the server names"`
	Device bool     `name:"device-auth" help:"log in with a code, from the browser of any machine"`
	Secret string   `name:"client-secret-env-var" placeholder:"VAR" help:"variable that holds the secret of the client that [mcp_servers.NAME.oauth] client_id names"`
	registration
	NoBrowser bool `name:"no-browser" help:"only print the address"`
	JSON      bool `name:"json" help:"for programs: print how the login goes on as JSON objects, one a line; it is called off when standard input ends"`
}

// registration says how a login makes its client known.
type registration struct {
	How string `name:"oauth-client-registration" enum:",auto,cimd,dcr" default:"" placeholder:"HOW" help:"how the client of this login is made known: auto, dcr (registered by the login), cimd (by the document that its id names)"`
}

// check refuses documents where there is none: this suite publishes none of its own.
func (r registration) check(client string) error {
	switch {
	case r.How == "cimd" && !oauth.Document(client):
		return exit.Usagef("--oauth-client-registration cimd needs a client whose id is the https address of its document: client_id in [mcp_servers.NAME.oauth]")
	case r.How == "dcr" && client != "":
		return exit.Usagef("--oauth-client-registration dcr registers a client, and there is one: client_id in [mcp_servers.NAME.oauth]")
	}
	return nil
}

// Run logs in at a server.
func (c *loginCmd) Run(ctx context.Context, g *Grammar, p Process) error {
	cfg, s, err := g.remote(ctx, p, c.Name, "No MCP server named '%s' found.", "OAuth login is only supported for streamable HTTP servers.")
	if err != nil {
		return err
	}
	if err := c.check(s.ClientID); err != nil {
		return err
	}
	ctx, stop := pipeline.Interruptible(ctx)
	defer stop()
	if c.JSON {
		return pipeline.ByWhat(ctx, c.tell(ctx, cfg, s, p))
	}
	if err := c.login(ctx, cfg, s, p); err != nil {
		return pipeline.ByWhat(ctx, err)
	}
	_, err = fmt.Fprintf(p.Stdout, "Successfully logged in to MCP server '%s'.\n", c.Name)
	return err
}

// progress is a line of login --json.
type progress struct {
	AuthURL         string `json:"authUrl,omitempty"`
	VerificationURL string `json:"verificationUrl,omitempty"`
	UserCode        string `json:"userCode,omitempty"`
	Success         *bool  `json:"success,omitempty"`
	Error           string `json:"error,omitempty"`
}

func (v progress) write(p Process) error {
	line, err := jsonrpc.Marshal(v)
	if err != nil {
		return err
	}
	_, err = p.Stdout.Write(append(line, '\n'))
	return err
}

// tell logs in for a program, which calls it off by closing its end.
func (c *loginCmd) tell(ctx context.Context, cfg *config.Config, s config.MCPServer, p Process) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	go func() { // it ends with the process at the latest
		_, _ = io.Copy(io.Discard, p.In)
		cancel(errors.New("Login was not completed"))
	}()
	err := c.login(ctx, cfg, s, p)
	ok := err == nil
	last := progress{Success: &ok}
	if err != nil {
		last.Error = err.Error()
	}
	if werr := last.write(p); werr != nil || err == nil {
		return werr
	}
	return exit.Silent(exit.Failed)
}

// login gets the tokens and keeps them.
func (c *loginCmd) login(ctx context.Context, cfg *config.Config, s config.MCPServer, p Process) error {
	l := &oauth.Login{Server: s, Store: p.logins(cfg), Scopes: c.Scopes, Secret: s.ClientSecret, Options: mcp.Options{Environ: p.Environ, Version: version.Compat}}
	if c.Secret != "" {
		if l.Secret = p.Env.Get(c.Secret); l.Secret == "" {
			return fmt.Errorf("%s is not set", c.Secret)
		}
	}
	switch port := cfg.Get("mcp_oauth_callback_port").(type) {
	case int64:
		if port == 0 {
			return errors.New("invalid MCP OAuth callback port `0`: port must be between 1 and 65535")
		}
		l.Port = uint16(port) // the settings have been checked
	}
	l.URL, _ = cfg.Get("mcp_oauth_callback_url").(string)
	l.Show = func(address string) {
		if c.JSON {
			_ = progress{AuthURL: address}.write(p) // who does not read it calls the login off
			return
		}
		fmt.Fprintf(p.Stdout, "Authorize `%s` by opening this URL in your browser:\n%s\n\n", s.Name, address)
		if !c.NoBrowser {
			p.Browser(address)
		}
	}
	l.ShowCode = func(address, code string) {
		if c.JSON {
			_ = progress{VerificationURL: address, UserCode: code}.write(p)
			return
		}
		fmt.Fprintf(p.Stdout, "Authorize `%s` by opening this URL in the browser of any machine:\n%s\nand typing the code %s there.\n\n", s.Name, address, code)
	}
	if c.Device {
		return l.Device(ctx)
	}
	return l.Browser(ctx)
}

type logoutCmd struct {
	Name string `arg:"" help:"the server's name"`
}

// Run forgets the login at a server.
func (c *logoutCmd) Run(ctx context.Context, g *Grammar, p Process) error {
	cfg, s, err := g.remote(ctx, p, c.Name, "No MCP server named '%s' found in configuration.", "OAuth logout is only supported for streamable_http transports.")
	if err != nil {
		return err
	}
	removed, err := p.logins(cfg).Remove(ctx, s)
	switch {
	case err != nil:
		return fmt.Errorf("failed to delete OAuth credentials: %w", err)
	case removed:
		_, err = fmt.Fprintf(p.Stdout, "Removed OAuth credentials for '%s'.\n", c.Name)
	default:
		_, err = fmt.Fprintf(p.Stdout, "No OAuth credentials stored for '%s'.\n", c.Name)
	}
	return err
}

// offer logs in at a server that has just been added, if it wants that.
func (c *addCmd) offer(ctx context.Context, g *Grammar, p Process) error {
	cfg, err := g.load(ctx, p)
	if err != nil {
		return err
	}
	s, ok := serverOf(cfg, c.Name)
	if !ok {
		return nil
	}
	status, err := oauth.Ask(ctx, s, p.logins(cfg))
	if errors.Is(err, oauth.ErrNoAnswer) {
		_, err = fmt.Fprintf(p.Stderr, "codex-mcp: the server did not say whether it wants a login; if it does: codex mcp login %s\n", c.Name)
		return err
	}
	if err != nil || status != oauth.NotLoggedIn {
		return err
	}
	if _, err := fmt.Fprintln(p.Stdout, "Detected OAuth support. Starting OAuth flow…"); err != nil {
		return err
	}
	ctx, stop := pipeline.Interruptible(ctx)
	defer stop()
	if err := (&loginCmd{Name: c.Name}).login(ctx, cfg, s, p); err != nil {
		return pipeline.ByWhat(ctx, err)
	}
	_, err = fmt.Fprintln(p.Stdout, "Successfully logged in.")
	return err
}
