package config

import (
	"cmp"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"time"
)

// MCPServer is one table of [mcp_servers] that is sound: how a server of the Model Context
// Protocol is reached, and what of it is wanted.
type MCPServer struct {
	Name string `json:"name"`

	// Command is the program of a server on stdio; without one there is a URL.
	Command string            `json:"command,omitempty"`
	Args    []string          `json:"args,omitempty"`
	Env     map[string]Secret `json:"env,omitempty"`
	// EnvVars are variables of ours that it gets, Remote those of another machine.
	EnvVars []string `json:"envVars,omitempty"`
	Remote  []string `json:"remote,omitempty"`
	Cwd     string   `json:"cwd,omitempty"`

	URL            string            `json:"url,omitempty"`
	BearerTokenVar string            `json:"bearerTokenVar,omitempty"`
	Headers        map[string]Secret `json:"headers,omitempty"`
	EnvHeaders     map[string]string `json:"envHeaders,omitempty"`
	// Scopes are nil when nobody said which.
	Scopes   *[]string `json:"scopes,omitempty"`
	Resource string    `json:"resource,omitempty"` // oauth_resource
	ClientID string    `json:"clientId,omitempty"` // of [oauth]
	// ClientSecret is that of ClientID; a login alone has use for it.
	ClientSecret string `json:"-"`
	// Logins is where its logins are kept: LoginsFile, LoginsRing or LoginsAuto; "" for a program.
	Logins string `json:"logins,omitempty"`

	Enabled bool `json:"-"`
	// Disabled is why the administrator has switched it off, "" if nobody has.
	Disabled string `json:"-"`
	Required bool   `json:"-"`
	// Startup bounds the handshake and the list of tools, Call every request after.
	Startup time.Duration `json:"startup"`
	Call    time.Duration `json:"call"`
	// EnabledTools are the only ones wanted, unless nil; DisabledTools are not.
	EnabledTools  []string `json:"-"`
	DisabledTools []string `json:"-"`
	// Approval is auto, prompt or approve, and ToolApproval the same for single tools.
	Approval     string            `json:"-"`
	ToolApproval map[string]string `json:"-"`
	Parallel     bool              `json:"-"`
}

// Values of mcp_oauth_credentials_store.
const (
	LoginsFile = "file"
	LoginsRing = "keyring"
	LoginsAuto = "auto"
)

// Times of a server that says none.
const (
	defaultMCPStartup = 30 * time.Second
	defaultMCPCall    = 120 * time.Second
)

// Secret is a value that need not stand in config.toml: a text, in which ${NAME} is a
// variable of the environment, the name of one, or what a command prints.
type Secret struct {
	Text string   `json:"text,omitempty"`
	Env  string   `json:"env,omitempty"`
	Cmd  []string `json:"cmd,omitempty"`
}

// Wants says whether a tool of the server, by the server's own name of it, is offered.
func (s *MCPServer) Wants(tool string) bool {
	return (s.EnabledTools == nil || slices.Contains(s.EnabledTools, tool)) && !slices.Contains(s.DisabledTools, tool)
}

// Mode is the approval mode of a tool.
func (s *MCPServer) Mode(tool string) string {
	if mode := s.ToolApproval[tool]; mode != "" {
		return mode
	}
	return s.Approval
}

// MCPServers lists the configured servers by name, the disabled ones too.
func (c *Config) MCPServers() []MCPServer {
	tables, _ := c.Get("mcp_servers").(map[string]any)
	return c.GovernServers(MCPServersIn(tables))
}

// GovernServers puts servers under the settings that are for all of them: where logins are
// kept, and the administrator's requirements, which switch off those that they do not name as
// that program or that address.
func (c *Config) GovernServers(all []MCPServer) []MCPServer {
	logins, ok := c.Get("mcp_oauth_credentials_store").(string)
	if !ok {
		logins = LoginsAuto
	}
	for i := range all {
		if all[i].Command == "" {
			all[i].Logins = logins
		}
	}
	if c.req.servers == nil {
		return all
	}
	for i := range all {
		s := &all[i]
		id, named := c.req.servers[s.Name]
		if s.Command != "" {
			named = named && id.command == s.Command
		} else {
			named = named && id.url != "" && id.url == s.URL
		}
		if !named {
			s.Enabled, s.Disabled = false, "requirements ("+c.req.serverSource+")"
		}
	}
	return all
}

// MCPServersIn lists the servers of some tables, as [mcp_servers] has them.
func MCPServersIn(tables map[string]any) []MCPServer {
	if len(tables) == 0 {
		return nil
	}
	all := make([]MCPServer, 0, len(tables))
	for _, name := range slices.Sorted(maps.Keys(tables)) {
		if t, ok := tables[name].(map[string]any); ok {
			all = append(all, mcpServer(name, t))
		}
	}
	return all
}

func mcpServer(name string, t view) MCPServer {
	s := MCPServer{Name: name, Command: t.str("command"), Args: wordList(t["args"]), Env: secrets(t["env"]), Cwd: t.str("cwd"),
		URL: t.str("url"), BearerTokenVar: t.str("bearer_token_env_var"), Headers: secrets(t["http_headers"]), EnvHeaders: t.strings("env_http_headers"),
		Resource: t.str("oauth_resource"), ClientID: t.str("oauth", "client_id"), ClientSecret: t.str("oauth", "client_secret"),
		Enabled: t["enabled"] != false, Required: t["required"] == true,
		Startup: duration(t["startup_timeout_sec"], time.Second, duration(t["startup_timeout_ms"], time.Millisecond, defaultMCPStartup)),
		Call:    duration(t["tool_timeout_sec"], time.Second, defaultMCPCall), EnabledTools: wordList(t["enabled_tools"]),
		DisabledTools: wordList(t["disabled_tools"]), Approval: cmp.Or(t.str("default_tools_approval_mode"), "auto"), ToolApproval: map[string]string{},
		Parallel: t["supports_parallel_tool_calls"] == true}
	if l := wordList(t["scopes"]); l != nil {
		s.Scopes = &l
	}
	for tool := range t.table("tools") {
		s.ToolApproval[tool] = t.str("tools", tool, "approval_mode")
	}
	for _, v := range listOf(t["env_vars"]) {
		switch v := v.(type) {
		case string:
			s.EnvVars = append(s.EnvVars, v)
		case map[string]any:
			to := &s.EnvVars
			if v["source"] == "remote" {
				to = &s.Remote
			}
			*to = append(*to, view(v).str("name"))
		}
	}
	return s
}

// In gives the server with its working folder: cwd is the one of who names none.
func (s MCPServer) In(cwd string) MCPServer {
	switch {
	case s.Command == "":
	case s.Cwd == "":
		s.Cwd = cwd
	case !filepath.IsAbs(s.Cwd):
		s.Cwd = filepath.Join(cwd, s.Cwd)
	}
	return s
}

// wordList is nil for what is not there.
func wordList(v any) []string {
	l, ok := v.([]any)
	if !ok {
		return nil
	}
	words := make([]string, 0, len(l))
	for _, e := range l {
		words = append(words, fmt.Sprint(e))
	}
	return words
}

func secrets(v any) map[string]Secret {
	m, _ := v.(map[string]any)
	if len(m) == 0 {
		return nil
	}
	all := make(map[string]Secret, len(m))
	for k, e := range m {
		switch e := e.(type) {
		case string:
			all[k] = Secret{Text: e}
		case map[string]any:
			all[k] = Secret{Env: view(e).str("env"), Cmd: wordList(e["cmd"])}
		}
	}
	return all
}

func duration(v any, unit, otherwise time.Duration) time.Duration {
	const most = 365 * 24 * time.Hour
	switch v := v.(type) {
	case int64:
		return time.Duration(min(float64(v)*float64(unit), float64(most)))
	case float64:
		return time.Duration(min(v*float64(unit), float64(most)))
	}
	return otherwise
}
