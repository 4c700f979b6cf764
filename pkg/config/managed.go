package config

import (
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"codex/pkg/policy"
)

// RequiredRule is a rule for commands that an administrator sets in
// [rules] of requirements.toml. It can only make things stricter.
type RequiredRule struct {
	Pattern       [][]string // for each word, the words that may stand there
	Decision      string     // prompt or forbidden
	Justification string
}

// NetworkRequirements are [experimental_network]: bounds of the network proxy.
// A nil field says nothing.
type NetworkRequirements struct {
	Enabled, UpstreamProxy, NonLoopback, AllUnixSockets, ManagedDomainsOnly, LocalBinding *bool
	HTTPPort, SocksPort                                                                   *uint16
	Domains, UnixSockets                                                                  map[string]string // allow or deny; allow or none
}

// readPermissions takes what requirements.toml says of permission profiles,
// rules for commands and the network.
func (r *requirements) readPermissions(s *stack, path string, t view) error {
	dir := filepath.Dir(path)
	for _, name := range t.list("permissions", "filesystem", "deny_read") {
		r.denyRead = append(r.denyRead, s.env.absolute(name, dir))
	}
	own := maps.Clone(t.table("permissions"))
	delete(own, "filesystem")
	r.profiles = own
	if list := t["allowed_permissions"]; list != nil {
		r.permissions = allowed{set: true, values: t.list("allowed_permissions"), source: path}
	}
	if len(r.denyRead) > 0 {
		r.denySource = path
	}
	if n := t.table("experimental_network"); n != nil {
		r.network = networkRequirements(n)
	}
	if why := r.readRules(t); why != "" {
		return loadError("invalid rules in requirements (set by %s): rules %s", path, why)
	}
	return nil
}

// readRules reads [rules]; why is what is wrong with them.
func (r *requirements) readRules(t view) (why string) {
	if t["rules"] == nil {
		return ""
	}
	list := listOf(t.table("rules")["prefix_rules"])
	if len(list) == 0 {
		return "prefix_rules cannot be empty"
	}
	for i, x := range list {
		m, _ := x.(map[string]any)
		rule, why := requiredRule(m)
		if why != "" {
			return fmt.Sprintf("prefix_rule at index %d %s", i, why)
		}
		r.rules = append(r.rules, rule)
	}
	return ""
}

func requiredRule(m view) (rule RequiredRule, why string) {
	for j, x := range listOf(m["pattern"]) {
		p, _ := x.(map[string]any)
		token, one := p["token"].(string)
		any, more := stringList(p["any_of"])
		bad := ""
		switch more = more && p["any_of"] != nil; {
		case one && more:
			bad = "set either token or any_of, not both"
		case one && strings.TrimSpace(token) == "":
			bad = "token cannot be empty"
		case one:
			any = []string{token}
		case !more:
			bad = "set either token or any_of"
		case len(any) == 0:
			bad = "any_of cannot be empty"
		}
		if bad != "" {
			return rule, fmt.Sprintf("has an invalid pattern token at index %d: %s", j, bad)
		}
		rule.Pattern = append(rule.Pattern, any)
	}
	rule.Decision, rule.Justification = m.word("decision"), m.str("justification")
	switch {
	case len(rule.Pattern) == 0:
		return rule, "has an empty pattern"
	case m["justification"] != nil && strings.TrimSpace(rule.Justification) == "":
		return rule, "has an empty justification"
	case rule.Decision == "":
		return rule, "is missing a decision"
	case rule.Decision == "allow":
		return rule, "has decision 'allow', which is not permitted in requirements.toml: Codex merges these rules with other config and uses the most restrictive result (use 'prompt' or 'forbidden')"
	}
	return rule, ""
}

func networkRequirements(t view) *NetworkRequirements {
	flag := func(key string) *bool {
		if b, ok := t[key].(bool); ok {
			return &b
		}
		return nil
	}
	port := func(key string) *uint16 {
		if n, ok := t[key].(int64); ok {
			p := uint16(n)
			return &p
		}
		return nil
	}
	n := &NetworkRequirements{Enabled: flag("enabled"), UpstreamProxy: flag("allow_upstream_proxy"), NonLoopback: flag("dangerously_allow_non_loopback_proxy"),
		AllUnixSockets: flag("dangerously_allow_all_unix_sockets"), ManagedDomainsOnly: flag("managed_allowed_domains_only"), LocalBinding: flag("allow_local_binding"),
		HTTPPort: port("http_port"), SocksPort: port("socks_port"), Domains: words(t.table("domains")), UnixSockets: words(t.table("unix_sockets"))}
	// The older lists say the same as the tables.
	old := func(to *map[string]string, key, word string) {
		for _, name := range t.list(key) {
			if *to == nil {
				*to = map[string]string{}
			}
			(*to)[name] = word
		}
	}
	old(&n.Domains, "allowed_domains", policy.DomainAllow)
	old(&n.Domains, "denied_domains", policy.DomainDeny)
	old(&n.UnixSockets, "allow_unix_sockets", policy.SocketAllow)
	return n
}

// bound narrows a profile's network to what n lets through. One that is off
// stays off.
func (n *NetworkRequirements) bound(p *policy.Profile) {
	if n == nil || p.Type != policy.Managed || !p.Network || n.Enabled == nil || !*n.Enabled {
		return
	}
	s := policy.DefaultProxy()
	if p.Proxy != nil {
		s = *p.Proxy
	}
	narrow := func(have *bool, most *bool) { *have = *have && (most == nil || *most) }
	narrow(&s.UpstreamProxy, n.UpstreamProxy)
	narrow(&s.LocalBinding, n.LocalBinding)
	narrow(&s.AllowNonLoopback, n.NonLoopback)
	narrow(&s.AllUnixSockets, n.AllUnixSockets)
	if n.HTTPPort != nil {
		s.ProxyURL = fmt.Sprintf("http://127.0.0.1:%d", *n.HTTPPort)
	}
	if n.SocksPort != nil {
		s.SocksURL = fmt.Sprintf("http://127.0.0.1:%d", *n.SocksPort)
	}
	domains := map[string]string{}
	for host, word := range s.Domains {
		if word == policy.DomainDeny || n.ManagedDomainsOnly == nil || !*n.ManagedDomainsOnly {
			domains[host] = word
		}
	}
	for host, word := range n.Domains {
		if word == policy.DomainDeny || domains[host] == "" {
			domains[host] = word
		}
	}
	s.Domains = domains
	if n.UnixSockets != nil {
		s.UnixSockets = maps.Clone(n.UnixSockets)
	}
	p.Proxy = &s
}

// tables lays the administrator's profiles beside those of the configuration.
func (r *requirements) tables(own view) (view, error) {
	if len(r.profiles) == 0 {
		return own, nil
	}
	all := maps.Clone(own)
	if all == nil {
		all = view{}
	}
	for _, name := range slices.Sorted(maps.Keys(r.profiles)) {
		if all[name] != nil {
			return nil, plain("requirements.toml permissions profile `%s` conflicts with a config-defined profile of the same name", name)
		}
		all[name] = r.profiles[name]
	}
	return all, nil
}

// choose holds a permission profile, or the one that a sandbox mode is like,
// against those that are allowed: it gives the one to use, and why that is
// another one.
func (r *requirements) choose(p *profiles, id string) (use, why string, err error) {
	list := r.permissions.values
	if len(list) == 0 {
		return "", "", plain("requirements.toml allowed_permissions must include at least one profile")
	}
	for _, name := range list {
		if _, ok := builtin(name); !ok && p.tables.table(name) == nil {
			return "", "", plain("requirements.toml allowed_permissions refers to undefined profile `%s`", name)
		}
	}
	if slices.Contains(list, id) {
		return id, "", nil
	}
	return list[0], fmt.Sprintf("invalid value for `permission_profile`: `%s` is not in the allowed set [%s] (set by %s)", id, strings.Join(list, ", "), r.permissions.source), nil
}

// AllowSandbox says why requirements forbid a sandbox mode, nil when they don't.
func (c *Config) AllowSandbox(mode string) error {
	if mode == policy.ModeExternal {
		mode = policy.ModeFullAccess
	}
	if why := c.req.forbids(mode); why != "" {
		return plain("%s", why)
	}
	return nil
}

// AllowApproval is AllowSandbox for an approval policy.
func (c *Config) AllowApproval(word string) error {
	if a := c.req.approval; !a.permits(word) {
		return plain("%s", a.refusal("approval_policy", word))
	}
	return nil
}

// AllowsPermissions says whether a permission profile may be used.
func (c *Config) AllowsPermissions(id string) bool { return c.req.permissions.permits(id) }

// forbids says why a sandbox mode is not allowed, "" when it is. What may not
// be read cannot be held without a sandbox.
func (r *requirements) forbids(mode string) string {
	if !r.sandbox.permits(mode) {
		return r.sandbox.refusal("sandbox_mode", mode)
	}
	if mode == policy.ModeFullAccess && len(r.denyRead) > 0 {
		return fmt.Sprintf("invalid value for `sandbox_mode`: `%s` is not in the allowed set [read-only, workspace-write] (set by %s)", variant(mode), r.denySource)
	}
	return ""
}

// refusal words that have is not among the values of a.
func (a allowed) refusal(key, have string) string {
	return fmt.Sprintf("invalid value for `%s`: `%s` is not in the allowed set %s (set by %s)", key, variant(have), variants(a.values), a.source)
}

// fallBack notes that something else is used than what was asked for.
func (c *Config) fallBack(key, use, why string) {
	c.Warnings = append(c.Warnings, fmt.Sprintf("Configured value for `%s` is disallowed by requirements; falling back to required value %s. Details: %s", key, use, why))
}

// holdPermissions applies requirements to the permissions: when their nearest
// mode is not allowed, only reading is left; what may not be read is denied.
func (c *Config) holdPermissions() {
	if why := c.req.forbids(c.SandboxMode); why != "" {
		c.fallBack("sandbox_mode", variant(policy.ModeReadOnly), why)
		c.SandboxMode = policy.ModeReadOnly
		c.Permissions.ID, c.Permissions.Extends, c.Permissions.Profile, c.Permissions.Refused = "", "", policy.ReadOnly(), why
	}
	p := &c.Permissions.Profile
	c.req.network.bound(p)
	for _, name := range c.req.denyRead {
		e := policy.Entry{Path: policy.Path{Type: policy.PathLiteral, Value: name}, Access: policy.AccessNone}
		if isGlob(name) {
			e.Path.Type = policy.PathGlob
		}
		if p.Type == policy.Managed {
			p.FileSystem.Entries = append(slices.Clip(p.FileSystem.Entries), e)
		}
	}
}
