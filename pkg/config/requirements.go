package config

import (
	"cmp"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"codex/pkg/shellenv"
)

// requirements are what an administrator allows. A nil list
// allows everything.
type requirements struct {
	approval, reviewers, sandbox, web allowed
	features                          map[string]bool
	permissions                       allowed        // names of profiles
	profiles                          map[string]any // [permissions]
	denyRead                          []string       // absolute, patterns among them
	denySource                        string
	rules                             []RequiredRule
	network                           *NetworkRequirements
	tree                              map[string]any // the whole file
	warnings                          []string
	servers                           map[string]serverIdentity // nil allows all
	serverSource                      string
}

// serverIdentity is which server may have a name: that program, or that address.
type serverIdentity struct{ command, url string }

// allowed is one list and the file that set it.
type allowed struct {
	set    bool
	values []string
	source string
}

func (a allowed) permits(v string) bool { return !a.set || slices.Contains(a.values, v) }

// readRequirements reads requirements.toml, then takes the legacy managed file
// for the fields that it leaves open.
func readRequirements(s *stack, dir string) (requirements, error) {
	var r requirements
	path := filepath.Join(dir, "requirements.toml")
	text, found, err := readFile(path, maxFile)
	if err != nil {
		return r, err
	}
	if found {
		if err := r.read(s, path, text); err != nil {
			return r, err
		}
	}
	for _, l := range s.layers {
		if l.Name == LayerManaged {
			if err := r.legacy(l); err != nil {
				return r, err
			}
		}
	}
	return r, nil
}

func (r *requirements) read(s *stack, path, text string) error {
	t, err := decode(text)
	if err != nil {
		return loadError("Error parsing requirements file %s", err.(*syntaxError).at(path).Text)
	}
	var c checker
	c.value(t, "RequirementsToml", &at{})
	if len(c.faults) > 0 {
		f := first(c.faults, order([]Layer{{Path: path, text: text}}, nil))
		off, n := locate(text, f.loc)
		return loadError("Error parsing requirements file %s: %s", path, parseErrorText(text, off, n, f.msg))
	}
	take := func(to *allowed, from any) {
		if from == nil {
			return
		}
		to.set, to.source = true, path
		for _, v := range listOf(from) {
			to.values = append(to.values, view{"v": v}.word("v"))
		}
	}
	take(&r.approval, t["allowed_approval_policies"])
	take(&r.reviewers, t["allowed_approvals_reviewers"])
	take(&r.sandbox, t["allowed_sandbox_modes"])
	take(&r.web, t["allowed_web_search_modes"])
	for _, e := range listOf(t["remote_sandbox_config"]) {
		m, _ := e.(map[string]any)
		if host := s.hostname(); host != "" && matchesAny(view(m).list("hostname_patterns"), host) {
			r.sandbox = allowed{}
			take(&r.sandbox, m["allowed_sandbox_modes"])
			break
		}
	}
	for name, on := range view(t).table("features") {
		b, _ := on.(bool)
		f := canonicalFeature(name)
		if f == "" {
			r.warnings = append(r.warnings, "Ignoring unknown `features` requirement `"+name+"` from "+path)
			continue
		}
		if r.features == nil {
			r.features = map[string]bool{}
		}
		r.features[f] = b
	}
	slices.Sort(r.warnings)
	for _, e := range []struct {
		a    allowed
		name string
	}{{r.approval, "allowed_approval_policies"}, {r.reviewers, "allowed_approvals_reviewers"}} {
		if e.a.set && len(e.a.values) == 0 {
			return loadError("field `%s` cannot be empty", e.name)
		}
	}
	if r.sandbox.set && !slices.Contains(r.sandbox.values, "read-only") {
		return loadError("invalid value for `allowed_sandbox_modes`: `%s` is not in the allowed set must include 'read-only' to allow any PermissionProfile (set by %s)", variants(r.sandbox.values), path)
	}
	if r.web.set {
		r.web.values = webModes(r.web.values)
	}
	if servers := view(t).table("mcp_servers"); servers != nil {
		r.servers, r.serverSource = map[string]serverIdentity{}, path
		for name := range servers {
			r.servers[name] = serverIdentity{servers.str(name, "identity", "command"), servers.str(name, "identity", "url")}
		}
	}
	r.tree = t
	return r.readPermissions(s, path, t)
}

// webModes puts a list in the fixed order; switching it off is always allowed.
func webModes(given []string) []string {
	l := []string{"disabled"}
	for _, m := range []string{"cached", "live"} {
		if slices.Contains(given, m) {
			l = append(l, m)
		}
	}
	return l
}

func (r *requirements) legacy(l Layer) error {
	var c checker
	t := map[string]any{}
	for _, k := range []string{"approval_policy", "approvals_reviewer", "sandbox_mode"} {
		if v, ok := l.Tree[k]; ok {
			t[k] = v
		}
	}
	c.root(t)
	if len(c.faults) > 0 {
		f := first(c.faults, order([]Layer{l}, nil))
		return loadError("Failed to parse config requirements as TOML: %s", f.text())
	}
	v := view(t)
	if p := v.word("approval_policy"); p != "" && !r.approval.set {
		r.approval = allowed{true, []string{p}, l.Path}
	}
	if p := v.word("approvals_reviewer"); p != "" && !r.reviewers.set {
		r.reviewers = allowed{true, []string{p}, l.Path}
	}
	if m := v.word("sandbox_mode"); m != "" && !r.sandbox.set {
		r.sandbox = allowed{true, []string{"read-only"}, l.Path}
		if m != "read-only" {
			r.sandbox.values = append(r.sandbox.values, m)
		}
	}
	return nil
}

// constrain applies requirements to what was resolved.
func (c *Config) constrain(r requirements) error {
	c.Warnings = append(c.Warnings, r.warnings...)
	if r.forbids(c.SandboxMode) != "" {
		if c.SandboxMode == "danger-full-access" && c.ApprovalPolicy == "never" {
			return plain("`approval_policy = \"never\"` cannot be used because requirements do not allow `sandbox_mode = \"danger-full-access\"`; Codex would fall back to read-only permissions with approvals disabled. Choose an `approval_policy` based on what you need, such as `on-request`, or choose an allowed sandbox mode.")
		}
	}
	c.holdPermissions()
	if !r.approval.permits(c.ApprovalPolicy) {
		c.disallowed("approval_policy", c.ApprovalPolicy, r.approval.values[0], r.approval)
		c.ApprovalPolicy, c.Granular = r.approval.values[0], nil
		if c.ApprovalPolicy == "granular" {
			c.Granular = &Granular{}
		}
	}
	if !r.reviewers.permits(c.ApprovalsReviewer) {
		c.disallowed("approvals_reviewer", c.ApprovalsReviewer, r.reviewers.values[0], r.reviewers)
		c.ApprovalsReviewer = r.reviewers.values[0]
	}
	if r.web.set {
		if want := cmp.Or(c.WebSearch, "cached"); !r.web.permits(want) {
			// The list starts with disabled; what was really listed is preferred.
			fall := r.web.values[min(1, len(r.web.values)-1)]
			c.disallowed("web_search_mode", want, fall, r.web)
			c.WebSearch = fall
		} else if c.WebSearch == "" && !r.web.permits("live") {
			c.WebSearch = want
		}
	}
	maps.Copy(c.Features.set, r.features)
	return nil
}

func (c *Config) disallowed(key, have, want string, a allowed) {
	c.fallBack(key, variant(want), a.refusal(key, have))
}

// variant writes a word as the original's messages do: on-request is OnRequest.
func variant(word string) string {
	if word == "untrusted" {
		return "UnlessTrusted"
	}
	var b strings.Builder
	for _, p := range strings.FieldsFunc(word, func(r rune) bool { return r == '-' || r == '_' }) {
		b.WriteString(strings.ToUpper(p[:1]) + p[1:])
	}
	return b.String()
}

func variants(words []string) string {
	l := make([]string, len(words))
	for i, w := range words {
		l[i] = variant(w)
	}
	return "[" + strings.Join(l, ", ") + "]"
}

func (s *stack) hostname() string {
	if s.env.Hostname == nil {
		return ""
	}
	return strings.ToLower(s.env.Hostname())
}

func matchesAny(globs []string, s string) bool {
	return slices.ContainsFunc(globs, func(g string) bool { return shellenv.Match(strings.ToLower(g), s) })
}
