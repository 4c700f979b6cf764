package argv

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"

	"codex/pkg/jsonrpc"
)

// shape is a server as JSON: what list and get print, in the order of the original.
type shape struct {
	Name           string   `json:"name"`
	Enabled        bool     `json:"enabled"`
	DisabledReason *string  `json:"disabled_reason"`
	Transport      any      `json:"transport"`
	*toolLists              // of get
	Startup        *seconds `json:"startup_timeout_sec"`
	Call           *seconds `json:"tool_timeout_sec"`
	Auth           string   `json:"auth_status,omitempty"` // of list
}

type toolLists struct {
	Enabled  []string `json:"enabled_tools"`
	Disabled []string `json:"disabled_tools"`
}

type stdioShape struct {
	Type    string            `json:"type"`
	Command *string           `json:"command"`
	Args    []string          `json:"args"`
	Env     map[string]string `json:"env"`
	EnvVars []envVar          `json:"env_vars"`
	Cwd     *string           `json:"cwd"`
}

type httpShape struct {
	Type       string            `json:"type"`
	URL        *string           `json:"url"`
	BearerVar  *string           `json:"bearer_token_env_var"`
	Headers    map[string]string `json:"http_headers"`
	EnvHeaders map[string]string `json:"env_http_headers"`
}

// MarshalJSON writes a variable in the form in which it was configured.
func (v envVar) MarshalJSON() ([]byte, error) {
	if !v.table {
		return jsonrpc.Marshal(v.name)
	}
	return jsonrpc.Marshal(struct {
		Name   string  `json:"name"`
		Source *string `json:"source,omitempty"`
	}{v.name, v.source})
}

func (s server) shape() shape {
	out := shape{Name: s.name, Enabled: s.enabled, Startup: s.startup, Call: s.call}
	if s.refused != "" {
		out.DisabledReason = &s.refused
	}
	if s.command == nil {
		out.Transport = httpShape{"streamable_http", s.url, s.bearerVar, s.headers, s.envHeaders}
		return out
	}
	out.Transport = stdioShape{"stdio", s.command, append([]string{}, s.args...), s.env, append([]envVar{}, s.envVars...), s.cwd}
	return out
}

// writeJSON prints v, spread over lines.
func writeJSON(w io.Writer, v any) error {
	line, err := jsonrpc.Marshal(v)
	if err != nil {
		return fmt.Errorf("write result: %w", err)
	}
	var b bytes.Buffer
	if err := json.Indent(&b, line, "", "  "); err != nil {
		return fmt.Errorf("write result: %w", err)
	}
	b.WriteByte('\n')
	_, err = w.Write(b.Bytes())
	return err
}
