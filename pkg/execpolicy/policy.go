package execpolicy

import (
	"fmt"
	"path/filepath"
	"slices"
)

// Verdict is what happens to a command. A greater one is stricter.
type Verdict int

const (
	// Allow runs it.
	Allow Verdict = iota
	// Ask shows it to the user first.
	Ask
	// Forbid rejects it; Decision.Reason says why.
	Forbid
)

// verdicts are the words of rules files.
var verdicts = [...]string{Allow: "allow", Ask: "prompt", Forbid: "forbidden"}

// String is the word of rules files; what is no verdict forbids.
func (v Verdict) String() string {
	if v < 0 || int(v) >= len(verdicts) {
		v = Forbid
	}
	return verdicts[v]
}

// MarshalText writes the word of rules files.
func (v Verdict) MarshalText() ([]byte, error) { return []byte(v.String()), nil }

// UnmarshalText reads the word of rules files.
func (v *Verdict) UnmarshalText(b []byte) error {
	i := slices.Index(verdicts[:], string(b))
	if i < 0 {
		return fmt.Errorf("invalid decision: %s", b)
	}
	*v = Verdict(i)
	return nil
}

// Rule is one statement of a rules file: exactly one of the members is set.
type Rule struct {
	Prefix  *PrefixRule     `json:"prefixRule,omitempty"`
	Host    *HostExecutable `json:"hostExecutable,omitempty"`
	Network *NetworkRule    `json:"networkRule,omitempty"`
}

// PrefixRule decides about commands that begin with its words.
type PrefixRule struct {
	// Pattern holds, for each word, the words that may stand there. Neither it nor its
	// members are empty.
	Pattern       [][]string `json:"pattern"`
	Decision      Verdict    `json:"decision"`
	Justification string     `json:"justification,omitempty"`
	Place
}

// Place is where a rule was written; File is "" for one that was made in a session.
type Place struct {
	File string `json:"file,omitempty"`
	Line int    `json:"line,omitempty"`
}

// HostExecutable says which files a program's bare name may stand for.
type HostExecutable struct {
	Name  string   `json:"name"`
	Paths []string `json:"paths"`
	Place
}

// NetworkRule decides about a host.
type NetworkRule struct {
	Host          string  `json:"host"`
	Protocol      string  `json:"protocol"` // http, https, socks5_tcp, socks5_udp
	Decision      Verdict `json:"decision"`
	Justification string  `json:"justification,omitempty"`
	Place
}

// Match is a rule that a command falls under.
type Match struct {
	Prefix   []string `json:"matchedPrefix"` // the command's own words
	Decision Verdict  `json:"decision"`
	// Program is the absolute path that was taken for the name in Prefix, "" when the
	// command says that name.
	Program       string `json:"resolvedProgram,omitempty"`
	Justification string `json:"justification,omitempty"`
	Place         `json:"-"`

	listed bool // Program is in a HostExecutable
}

// Policy is what rules files say, in their order. The nil Policy says nothing. It does
// not change: With and NewPolicy make new ones.
type Policy struct {
	prefix  []PrefixRule
	hosts   map[string][]string
	network []NetworkRule
}

// NewPolicy collects rules; a later HostExecutable replaces an earlier one of its name.
func NewPolicy(rules []Rule) *Policy {
	p := &Policy{hosts: map[string][]string{}}
	for _, r := range rules {
		switch {
		case r.Prefix != nil:
			p.prefix = append(p.prefix, *r.Prefix)
		case r.Host != nil:
			p.hosts[r.Host.Name] = r.Host.Paths
		case r.Network != nil:
			p.network = append(p.network, *r.Network)
		}
	}
	return p
}

// With is p and one more rule, which allows commands that begin with prefix.
func (p *Policy) With(prefix []string) *Policy {
	n, r := p.copy(), PrefixRule{Decision: Allow}
	for _, w := range prefix {
		r.Pattern = append(r.Pattern, []string{w})
	}
	n.prefix = append(slices.Clone(n.prefix), r)
	return n
}

// WithNetwork is p and one more rule about a host.
func (p *Policy) WithNetwork(r NetworkRule) *Policy {
	n := p.copy()
	n.network = append(slices.Clone(n.network), r)
	return n
}

// copy is another policy that says the same.
func (p *Policy) copy() *Policy {
	if p == nil {
		return &Policy{}
	}
	return new(*p)
}

// Network lists the rules about hosts.
func (p *Policy) Network() []NetworkRule {
	if p == nil {
		return nil
	}
	return p.network
}

// Match lists the rules that a command falls under, in their order. With resolve, a
// command that no rule names by its first word, and that begins with an absolute path,
// is looked up by the base name, unless a HostExecutable leaves that path out.
func (p *Policy) Match(argv []string, resolve bool) []Match {
	if p == nil || len(argv) == 0 {
		return nil
	}
	if m := p.exact(argv); len(m) > 0 || !resolve || !filepath.IsAbs(argv[0]) {
		return m
	}
	if !p.standsFor(argv[0]) {
		return nil
	}
	path := filepath.Clean(argv[0])
	name := filepath.Base(path)
	m := p.exact(append([]string{name}, argv[1:]...))
	_, listed := p.hosts[name]
	for i := range m {
		m[i].Program, m[i].listed = path, listed
	}
	return m
}

// standsFor says whether an absolute path may be what its base name means.
func (p *Policy) standsFor(path string) bool {
	path = filepath.Clean(path)
	paths, listed := p.hosts[filepath.Base(path)]
	return !listed || slices.Contains(paths, path)
}

func (p *Policy) exact(argv []string) []Match {
	var out []Match
	for i := range p.prefix {
		r := &p.prefix[i]
		if r.covers(argv) {
			out = append(out, Match{Prefix: argv[:len(r.Pattern):len(r.Pattern)], Decision: r.Decision, Justification: r.Justification, Place: r.Place})
		}
	}
	return out
}

func (r *PrefixRule) covers(argv []string) bool {
	if len(argv) < len(r.Pattern) {
		return false
	}
	for i, words := range r.Pattern {
		if !slices.Contains(words, argv[i]) {
			return false
		}
	}
	return true
}

// Strictest is the verdict of several rules, Allow for none.
func Strictest(matches []Match) Verdict {
	v := Allow
	for _, m := range matches {
		v = max(v, m.Decision)
	}
	return v
}
