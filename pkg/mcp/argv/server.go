package argv

import (
	"cmp"
	"maps"
	"slices"
	"strconv"
	"strings"

	"codex/pkg/config"
)

// server is one table of [mcp_servers] as people are shown it. Nil is what a table does not
// say.
type server struct {
	name    string
	enabled bool
	refused string // why the administrator has switched it off

	command, cwd *string
	args         []string
	env          map[string]string
	envVars      []envVar

	url, bearerVar        *string
	headers, envHeaders   map[string]string
	enabledOnly, disabled []string
	startup, call         *seconds
	approval              *string
}

// envVar is a variable of ours that a server gets: by its name alone, or as a table.
type envVar struct {
	name   string
	source *string
	table  bool
}

// seconds is a time in JSON as the original writes it: always with a point.
type seconds float64

// MarshalJSON writes 7 as 7.0.
func (s seconds) MarshalJSON() ([]byte, error) {
	text := s.String()
	if !strings.ContainsAny(text, ".e") {
		text += ".0"
	}
	return []byte(text), nil
}

func (s seconds) String() string { return strconv.FormatFloat(float64(s), 'f', -1, 64) }

// servers lists the servers of a configuration by name.
func servers(cfg *config.Config) []server {
	tables, _ := cfg.Get("mcp_servers").(map[string]any)
	refused := map[string]string{}
	for _, s := range cfg.MCPServers() {
		refused[s.Name] = s.Disabled
	}
	var all []server
	for _, name := range slices.Sorted(maps.Keys(tables)) {
		t, _ := tables[name].(map[string]any)
		s := readServer(name, t)
		if s.refused = refused[name]; s.refused != "" {
			s.enabled = false
		}
		all = append(all, s)
	}
	return all
}

// find gives the server with a name.
func find(cfg *config.Config, name string) (server, bool) {
	all := servers(cfg)
	i := slices.IndexFunc(all, func(s server) bool { return s.name == name })
	if i < 0 {
		return server{}, false
	}
	return all[i], true
}

func readServer(name string, t map[string]any) server {
	s := server{
		name: name, enabled: t["enabled"] != false,
		command: text(t["command"]), cwd: text(t["cwd"]), args: list(t["args"]), env: words(t["env"]),
		url: text(t["url"]), bearerVar: text(t["bearer_token_env_var"]),
		headers: words(t["http_headers"]), envHeaders: words(t["env_http_headers"]),
		enabledOnly: list(t["enabled_tools"]), disabled: list(t["disabled_tools"]),
		startup: number(t["startup_timeout_sec"], 1), call: number(t["tool_timeout_sec"], 1),
		approval: text(t["default_tools_approval_mode"]),
	}
	s.startup = cmp.Or(s.startup, number(t["startup_timeout_ms"], 1000))
	vars, _ := t["env_vars"].([]any)
	for _, v := range vars {
		if m, ok := v.(map[string]any); ok {
			name, _ := m["name"].(string)
			s.envVars = append(s.envVars, envVar{name, text(m["source"]), true})
		} else if name, ok := v.(string); ok {
			s.envVars = append(s.envVars, envVar{name: name})
		}
	}
	return s
}

func text(v any) *string {
	if s, ok := v.(string); ok {
		return &s
	}
	return nil
}

func number(v any, unit float64) *seconds {
	var s seconds
	switch v := v.(type) {
	case int64:
		s = seconds(float64(v) / unit)
	case float64:
		s = seconds(v / unit)
	default:
		return nil
	}
	return &s
}

func list(v any) []string {
	l, ok := v.([]any)
	if !ok {
		return nil
	}
	out := make([]string, 0, len(l))
	for _, e := range l {
		s, _ := e.(string)
		out = append(out, s)
	}
	return out
}

func words(v any) map[string]string {
	m, ok := v.(map[string]any)
	if !ok {
		return nil
	}
	out := make(map[string]string, len(m))
	for k, e := range m {
		out[k], _ = e.(string)
	}
	return out
}

// status says whether the server is used, and who has switched it off.
func (s server) status() string {
	switch {
	case s.enabled:
		return "enabled"
	case s.refused != "":
		return "disabled: " + s.refused
	}
	return "disabled"
}

// masked lists what a server gets by its environment, without the values.
func (s server) masked() string {
	var l []string
	for _, k := range slices.Sorted(maps.Keys(s.env)) {
		l = append(l, k+"=*****")
	}
	for _, v := range s.envVars {
		l = append(l, v.name+"=*****")
	}
	return strings.Join(l, ", ")
}
