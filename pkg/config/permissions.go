package config

import (
	"cmp"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"codex/pkg/policy"
)

// Permissions say what the commands of a thread may touch.
type Permissions struct {
	// ID is the permission profile in force and Extends its parent; both are ""
	// when somebody chose a sandbox mode instead.
	ID, Extends string
	// Profile is what is granted; entries about the project roots are in it as
	// such: see [Permissions.In].
	Profile policy.Profile
	// Roots are the project roots, the working folder first.
	Roots []string
	// Refused is why another profile or mode that was asked for is not in force, "" when
	// nothing was refused.
	Refused string
}

// Uncovered says that a permission profile leaves the working folder out, so that no command can
// start there; "" when it does not.
func (c *Config) Uncovered(pol policy.Policy) string {
	dir := c.Cwd
	if real, err := filepath.EvalSymlinks(dir); err == nil {
		dir = real
	}
	if c.Permissions.ID == "" || pol.CanEnter(dir) {
		return ""
	}
	return "Permissions profile `" + c.Permissions.ID + "` does not cover the working folder " + c.Cwd + ": no command can start there. Name it in [permissions." + quoteKey(c.Permissions.ID) + ".filesystem]."
}

// warnUncovered warns of a profile of the user's own that leaves the working folder out.
func (c *Config) warnUncovered() {
	if c.Permissions.ID == "" || strings.HasPrefix(c.Permissions.ID, ":") {
		return
	}
	// A profile that cannot be resolved is an error where it is used.
	if pol, err := c.Permissions.In().Resolve(c.PolicyEnv()); err == nil {
		if why := c.Uncovered(pol); why != "" {
			c.Warnings = append(c.Warnings, why)
		}
	}
}

// PermissionProfile names a permission profile that could be chosen.
type PermissionProfile struct {
	ID          string
	Description string // "" for none
}

// PermissionProfiles lists the built-in profiles, then those of the
// configuration by name.
func (c *Config) PermissionProfiles() []PermissionProfile {
	out := []PermissionProfile{{ID: profileReadOnly}, {ID: profileWorkspace}, {ID: profileFullAccess}}
	own, err := c.req.tables(view(c.tree).table("permissions"))
	if err != nil {
		own = view(c.tree).table("permissions")
	}
	for _, name := range slices.Sorted(maps.Keys(own)) {
		out = append(out, PermissionProfile{ID: name, Description: own.str(name, "description")})
	}
	return out
}

// The built-in profiles.
const (
	profileReadOnly   = ":read-only"
	profileWorkspace  = ":workspace"
	profileFullAccess = ":danger-full-access"
	profileNoSandbox  = ":danger-no-sandbox" // its older name
)

// profiles compiles [permissions] tables.
type profiles struct {
	tables view
	env    Env
	cwd    string // of the thread
	warn   []string
}

// compiled is a permission profile, and the folders it adds to the project
// roots.
type compiled struct {
	id, extends string
	profile     policy.Profile
	roots       []string
}

// checkNames refuses tables with the names that built-in profiles have.
func (p *profiles) checkNames() error {
	for _, name := range slices.Sorted(maps.Keys(p.tables)) {
		if strings.HasPrefix(name, ":") {
			return plain("permissions profile `%s` uses a reserved built-in profile prefix", name)
		}
	}
	return nil
}

// builtin gives a profile that needs no table.
func builtin(name string) (policy.Profile, bool) {
	switch name {
	case profileReadOnly:
		return policy.ReadOnly(), true
	case profileWorkspace:
		return policy.WorkspaceWrite(policy.WriteOptions{}), true
	case profileFullAccess, profileNoSandbox:
		return policy.FullAccess(), true
	}
	return policy.Profile{}, false
}

// compile makes a profile by name, inheritance and all.
func (p *profiles) compile(name string) (compiled, error) {
	out := compiled{id: name}
	if prof, ok := builtin(name); ok {
		if name == profileNoSandbox {
			out.id = profileFullAccess
		}
		out.profile = prof
		return out, nil
	}
	switch {
	case strings.HasPrefix(name, ":"):
		return out, plain("default_permissions refers to unknown built-in profile `%s`", name)
	case p.tables == nil:
		return out, plain("default_permissions requires a `[permissions]` table")
	case p.tables.table(name) == nil:
		return out, plain("default_permissions refers to undefined profile `%s`", name)
	}
	out.extends = p.tables.str(name, "extends")
	t, base, err := p.inherit(name)
	if err != nil {
		return out, err
	}
	out.profile = base
	out.profile.Type = policy.Managed
	fs := &out.profile.FileSystem
	own := t.table("filesystem")
	if err := p.entries(own, fs); err != nil {
		return out, err
	}
	if len(fs.Entries) == 0 {
		p.warn = append(p.warn, "Permissions profile `"+name+"` does not define any recognized filesystem entries for this version of Codex. Filesystem access will remain restricted. Upgrade Codex if this profile expects filesystem permissions.")
	}
	out.profile.Network, out.profile.Proxy = network(t.table("network"))
	roots := t.table("workspace_roots")
	for _, r := range slices.Sorted(maps.Keys(roots)) {
		if on, _ := roots[r].(bool); on {
			out.roots = append(out.roots, p.env.absolute(r, p.cwd))
		}
	}
	return out, nil
}

// inherit lays a profile's table over those of its ancestors; base is the
// built-in profile at the far end.
func (p *profiles) inherit(name string) (t view, base policy.Profile, err error) {
	var chain []string
	for at := name; ; {
		if i := slices.Index(chain, at); i >= 0 {
			return nil, base, plain("permissions profile inheritance cycle detected: %s", strings.Join(append(chain[i:], at), " -> "))
		}
		chain = append(chain, at)
		parent := p.tables.str(at, "extends")
		if _, ok := p.tables.table(at)["extends"]; !ok {
			break
		}
		if parent == profileReadOnly || parent == profileWorkspace {
			base, _ = builtin(parent)
			break
		}
		if strings.HasPrefix(parent, ":") {
			return nil, base, plain("permissions profile `%s` cannot extend unsupported built-in profile `%s`", at, parent)
		}
		if p.tables.table(parent) == nil {
			return nil, base, plain("permissions profile `%s` extends undefined profile `%s`", at, parent)
		}
		at = parent
	}
	for _, at := range slices.Backward(chain) {
		t = merge(t, p.tables.table(at))
	}
	return t, base, nil
}

// entries reads [permissions.NAME.filesystem].
func (p *profiles) entries(t view, fs *policy.FileSystem) error {
	const depth = "glob_scan_max_depth"
	if _, ok := t[depth]; ok {
		n := t.num(0, depth)
		if n < 1 {
			return plain("glob_scan_max_depth must be at least 1")
		}
		fs.GlobDepth = int(min(n, 1<<20))
	}
	for _, key := range slices.Sorted(maps.Keys(t)) {
		if key == depth {
			continue
		}
		subs, nested := t[key].(map[string]any)
		if !nested {
			subs = map[string]any{"": t[key]}
		}
		for _, sub := range slices.Sorted(maps.Keys(subs)) {
			word, _ := subs[sub].(string)
			e, err := p.entry(key, sub, nested, policy.Access(word))
			if err != nil {
				return err
			}
			fs.Entries = append(fs.Entries, e)
		}
	}
	return nil
}

// entry makes one entry: of a key, or, nested, of a place below it, where "."
// is the key's own place.
func (p *profiles) entry(key, sub string, nested bool, a policy.Access) (policy.Entry, error) {
	if a == "deny" {
		a = policy.AccessNone
	}
	e := policy.Entry{Access: a}
	name, pattern := &key, false
	if nested {
		name = &sub
	}
	if isGlob(*name) {
		var err error
		if *name, pattern, err = subtree(*name, a); err != nil {
			return e, err
		}
	}
	switch {
	case !nested:
	case sub == ".":
		sub = ""
	default:
		clean, ok := descendant(sub)
		if !ok {
			return e, plain("filesystem subpath `%s` must be a descendant path without `.` or `..` components", sub)
		}
		sub = clean
	}
	if !strings.HasPrefix(key, ":") || pattern && !nested {
		if !filepath.IsAbs(key) && key != "~" && !strings.HasPrefix(key, "~/") || strings.HasPrefix(key, "~") && p.env.Home == "" {
			return e, plain("filesystem path `%s` must be absolute, use `~/...`, or start with `:`", key)
		}
		e.Path = policy.Path{Type: policy.PathLiteral, Value: filepath.Join(p.env.absolute(key, p.cwd), sub)}
		if pattern {
			e.Path.Type = policy.PathGlob
		}
		return e, nil
	}
	e.Path = policy.Path{Type: policy.PathSpecial, Kind: specialKind(key), Subpath: sub}
	switch e.Path.Kind {
	case "unknown":
		e.Path.Value = key
		where := ""
		if sub != "" {
			where = " with nested entry `" + sub + "`"
		}
		p.warn = append(p.warn, "Configured filesystem path `"+key+"`"+where+" is not recognized by this version of Codex and will be ignored. Upgrade Codex if this path is required.")
	case policy.KindProjectRoots:
		if pattern {
			e.Path = policy.Path{Type: policy.PathGlob, Value: sub}
		}
	case policy.KindSlashTmp:
		if pattern {
			e.Path = policy.Path{Type: policy.PathGlob, Value: "/tmp/" + sub}
		}
	default:
		if sub != "" {
			return e, plain("filesystem path `%s` does not support nested entries", key)
		}
	}
	return e, nil
}

// subtree looks at a name with wildcards: a denial keeps it as a pattern, a
// grant can only be for everything below a directory, which is the directory.
func subtree(name string, a policy.Access) (at string, pattern bool, err error) {
	if a == policy.AccessNone {
		return name, true, nil
	}
	dir, ok := strings.CutSuffix(name, "/**")
	if !ok || isGlob(dir) {
		return "", false, plain("filesystem glob path `%s` only supports `deny` access; use an exact path or trailing `/**` for `%s` subtree access", name, a)
	}
	return dir, false, nil
}

func isGlob(s string) bool { return strings.ContainsAny(s, "*?[]") }

// descendant cleans a relative name that neither begins with . nor climbs.
func descendant(name string) (string, bool) {
	parts := strings.Split(filepath.ToSlash(name), "/")
	if name == "" || parts[0] == "" || parts[0] == "." || slices.Contains(parts, "..") || filepath.VolumeName(name) != "" {
		return "", false
	}
	return strings.Join(slices.DeleteFunc(parts, func(s string) bool { return s == "" || s == "." }), "/"), true
}

// specialKind names a special path; 0.133 renamed :project_roots.
func specialKind(key string) string {
	switch key {
	case ":root":
		return policy.KindRoot
	case ":minimal":
		return policy.KindMinimal
	case ":workspace_roots", ":project_roots":
		return policy.KindProjectRoots
	case ":tmpdir":
		return policy.KindTmpdir
	case ":slash_tmp":
		return policy.KindSlashTmp
	}
	return "unknown"
}

// network reads [permissions.NAME.network]. Any key beside `enabled` asks for
// the proxy.
func network(t view) (bool, *policy.ProxySettings) {
	on := t.flag(false, "enabled")
	rest := len(t)
	if _, ok := t["enabled"]; ok {
		rest--
	}
	if !on || rest == 0 {
		return on, nil
	}
	s := policy.DefaultProxy()
	s.ProxyURL, s.SocksURL = t.str("proxy_url"), t.str("socks_url")
	s.Socks5, s.Socks5UDP = t.flag(s.Socks5, "enable_socks5"), t.flag(s.Socks5UDP, "enable_socks5_udp")
	s.UpstreamProxy = t.flag(s.UpstreamProxy, "allow_upstream_proxy")
	s.Mode = cmp.Or(t.word("mode"), s.Mode)
	s.Domains, s.UnixSockets = words(t.table("domains")), words(t.table("unix_sockets"))
	s.LocalBinding = t.flag(false, "allow_local_binding")
	s.AllowNonLoopback = t.flag(false, "dangerously_allow_non_loopback_proxy")
	s.AllUnixSockets = t.flag(false, "dangerously_allow_all_unix_sockets")
	return on, &s
}

// words reads a table of enumerations.
func words(t view) map[string]string {
	if t == nil {
		return nil
	}
	m := make(map[string]string, len(t))
	for k := range t {
		m[k] = t.word(k)
	}
	return m
}

// PolicyEnv is where the permissions of a thread are resolved on this machine.
func (c *Config) PolicyEnv() policy.Env {
	return policy.Env{Cwd: c.Cwd, Tmpdir: c.tmpdir, CodexHome: c.namedHome, FS: policy.HostFS{}}
}

// In is the profile with the roots in their place.
func (p Permissions) In() policy.Profile { return p.Profile.In(p.Roots) }

// At gives p for another working folder: it takes the old one's place among
// the project roots.
func (p Permissions) At(old, cwd string) Permissions {
	p.Roots = slices.Clone(p.Roots)
	for i, r := range p.Roots {
		if r == old {
			p.Roots[i] = cwd
		}
	}
	return p
}
