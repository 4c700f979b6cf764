package config

import (
	"fmt"
	"math"
	"slices"
	"strings"
)

// reservedProviders may not be redefined; in the order that messages use.
func reservedProvider(id string) bool {
	return id == "lmstudio" || id == "ollama" || id == "openai"
}

// providers checks what the types of [model_providers] cannot say.
func (c *checker) providers(m map[string]any, a *at) {
	// An entry of the wrong type has its own fault.
	if slices.ContainsFunc(c.faults, func(f fault) bool { return len(f.loc) > 0 && f.loc[0] == "model_providers" }) {
		return
	}
	ids := sortedKeys(m)
	var reserved []string
	for _, id := range ids {
		if reservedProvider(id) {
			reserved = append(reserved, "`"+id+"`")
		}
	}
	if len(reserved) > 0 {
		c.late(a, "model_providers contains reserved built-in provider IDs: %s. Built-in providers cannot be overridden. Rename your custom provider (for example, `openai-custom`).", strings.Join(reserved, ", "))
		return
	}
	for _, id := range ids {
		p, ok := m[id].(map[string]any)
		if !ok {
			continue
		}
		if why := providerFault(id, p); why != "" {
			c.late(a, "model_providers.%s: %s", id, why)
			return
		}
	}
}

func providerFault(id string, p map[string]any) string {
	if id == Bedrock {
		return ""
	}
	_, command := p["command"]
	name, _ := p["name"].(string)
	// A command of our own needs no name: its id is enough.
	if strings.TrimSpace(name) == "" && !command {
		return "provider name must not be empty"
	}
	if _, ok := p["aws"]; ok {
		return "provider aws is only supported for `amazon-bedrock`"
	}
	auth, ok := p["auth"].(map[string]any)
	if !ok {
		return ""
	}
	if s, _ := auth["command"].(string); strings.TrimSpace(s) == "" {
		return "provider auth.command must not be empty"
	}
	var with []string
	for _, k := range []string{"env_key", "experimental_bearer_token"} {
		if _, ok := p[k]; ok {
			with = append(with, k)
		}
	}
	if b, _ := p["requires_openai_auth"].(bool); b {
		with = append(with, "requires_openai_auth")
	}
	if len(with) > 0 {
		return "provider auth cannot be combined with " + strings.Join(with, ", ")
	}
	return ""
}

// mcpServer checks which keys go together in one [mcp_servers.NAME].
func (c *checker) mcpServer(m map[string]any, a *at) {
	if len(c.faults) > 0 {
		own := a.loc()
		for _, f := range c.faults {
			if len(f.loc) > len(own) && slices.Equal(f.loc[:len(own)], own) {
				return
			}
		}
	}
	_, stdio := m["command"]
	_, url := m["url"]
	kind, foreign := "", []string(nil)
	switch {
	case stdio:
		kind, foreign = "stdio", []string{"url", "bearer_token_env_var", "bearer_token", "http_headers", "env_http_headers", "oauth", "oauth_resource"}
	case url:
		kind, foreign = "streamable_http", []string{"args", "env", "env_vars", "cwd", "bearer_token"}
	}
	if f, ok := seconds(m["tool_timeout_sec"]); ok && f != "" {
		place := a.key("tool_timeout_sec")
		c.fail(&place, "%s", f)
		return
	}
	if f, ok := seconds(m["startup_timeout_sec"]); ok && f != "" {
		c.late(a, "%s", f)
		return
	}
	for _, k := range foreign {
		if _, ok := m[k]; ok {
			c.late(a, "%s is not supported for %s", k, kind)
			return
		}
	}
	if kind == "" {
		c.late(a, "invalid transport")
		return
	}
	for _, k := range []string{"env", "http_headers"} {
		all, _ := m[k].(map[string]any)
		for name, v := range all {
			if t, ok := v.(map[string]any); ok && len(t) != 1 {
				c.late(a, "%s.%s: a table has either env or cmd", k, name)
				return
			}
		}
	}
	vars, _ := m["env_vars"].([]any)
	for _, v := range vars {
		t, _ := v.(map[string]any)
		if s, ok := t["source"].(string); ok && s != "local" && s != "remote" {
			c.late(a, "unsupported env_vars source `%s`; expected `local` or `remote`", s)
			return
		}
	}
}

// seconds says what is wrong with a number of seconds.
func seconds(v any) (fault string, ok bool) {
	f, ok := v.(float64)
	if n, isInt := v.(int64); isInt {
		f, ok = float64(n), true
	}
	switch {
	case !ok:
	case f < 0:
		fault = "value is negative"
	case math.IsNaN(f) || f >= 1<<64:
		fault = "value is either too big or NaN"
	}
	if fault != "" {
		fault = fmt.Sprintf("cannot convert float seconds to Duration: %s", fault)
	}
	return fault, ok
}
