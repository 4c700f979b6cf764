package hosts

import (
	"errors"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"
)

// Reason is why something is refused; "" is not at all. The words are those of
// the original's proxy.
type Reason string

// What Judge and JudgeAddr answer.
const (
	Allowed         Reason = ""
	Denied          Reason = "denied"            // a deny entry
	NotAllowed      Reason = "not_allowed"       // no allow entry
	NotAllowedLocal Reason = "not_allowed_local" // local, and not listed by that very name
)

// Words of a list.
const (
	Allow = "allow"
	Deny  = "deny"
)

// Rules are an allow list and a deny list. They do not change: With makes new
// ones. The nil Rules allow nothing.
type Rules struct {
	allow, deny []pattern
	local       bool
}

// pattern is one entry. Exact ones have a host; the others match a name's end,
// or, with a star inside, all of it.
type pattern struct {
	kind kind
	host Host   // exact
	text string // the part after *. or **., or the whole glob
	port uint16 // 0 is any
}

type kind uint8

const (
	exact    kind = iota
	below         // *.x
	apex          // **.x: x too
	glob          // a star elsewhere
	anything      // *
)

// New makes rules of patterns and what they say, Allow or Deny: a host,
// "*.x" for the names below x, "**.x" for x too, a name with a star in a part
// before its last two ("region*.v2.example.com"), or "*", every host, which
// can only be allowed. A port after a colon narrows the entry to it. With local
// set, local addresses need no more than the others; else only an entry that
// names them exactly lets them be reached.
func New(domains map[string]string, local bool) (*Rules, error) {
	r := &Rules{local: local}
	for _, name := range slices.Sorted(maps.Keys(domains)) {
		if err := r.add(name, domains[name]); err != nil {
			return nil, err
		}
	}
	return r, nil
}

// With is r and one entry more.
func (r *Rules) With(name, word string) (*Rules, error) {
	n := &Rules{local: r.local}
	n.allow = append(n.allow, r.allow...)
	n.deny = append(n.deny, r.deny...)
	return n, n.add(name, word)
}

func (r *Rules) add(name, word string) error {
	p, err := parsePattern(name)
	if err != nil {
		return fmt.Errorf("host pattern %q: %w", name, err)
	}
	switch {
	case word == Allow:
		r.allow = append(r.allow, p)
	case word != Deny:
		return fmt.Errorf("host pattern %q: unknown word %q, expected allow or deny", name, word)
	case p.kind == anything:
		return fmt.Errorf("host pattern %q: everything cannot be denied, only hosts and *.example.com or **.example.com", name)
	default:
		r.deny = append(r.deny, p)
	}
	return nil
}

func parsePattern(s string) (pattern, error) {
	s = strings.TrimSpace(s)
	var p pattern
	switch rest, wide := strings.CutPrefix(s, "**."); {
	case s == "*":
		return pattern{kind: anything}, nil
	case wide:
		p.kind, s = apex, rest
	case strings.HasPrefix(s, "*."):
		p.kind, s = below, s[2:]
	case strings.Contains(s, "*"):
		p.kind = glob
	}
	if p.kind != exact && p.kind != glob && strings.Contains(s, "*") {
		return p, errors.New("no more stars can follow the first part")
	}
	s, port, err := cutPort(s)
	if err != nil {
		return p, err
	}
	p.port = port
	// In a glob, stars stand for parts of a name, so the rest must be one.
	host, err := Parse(strings.ReplaceAll(s, "*", "x"))
	if err != nil {
		return p, err
	}
	switch {
	case p.kind == exact:
		p.host = host
		return p, nil
	case host.addr.IsValid():
		return p, errors.New("an address has no names below it")
	case p.kind != glob:
		p.text = host.name
		return p, nil
	}
	p.text = strings.TrimSuffix(strings.ToLower(s), ".")
	labels := strings.Split(p.text, ".")
	if !ascii(s) || len(labels) < 3 || strings.Contains(labels[len(labels)-1]+labels[len(labels)-2], "*") {
		return p, errors.New("a star must stand before the last two parts of a name")
	}
	return p, nil
}

func (p pattern) match(h Host, port uint16) bool {
	if p.port != 0 && p.port != port {
		return false
	}
	if p.kind == exact {
		return p.host == h
	}
	if p.kind == anything {
		return true
	}
	if h.addr.IsValid() {
		return false
	}
	switch p.kind {
	case below:
		return strings.HasSuffix(h.name, "."+p.text)
	case apex:
		return h.name == p.text || strings.HasSuffix(h.name, "."+p.text)
	}
	return globMatch(p.text, h.name)
}

// globMatch lets a star stand for any run of characters.
func globMatch(pattern, name string) bool {
	parts := strings.Split(pattern, "*")
	first, last := parts[0], parts[len(parts)-1]
	if len(name) < len(first)+len(last) || !strings.HasPrefix(name, first) || !strings.HasSuffix(name, last) {
		return false
	}
	name = name[len(first) : len(name)-len(last)]
	for _, part := range parts[1 : len(parts)-1] {
		_, rest, ok := strings.Cut(name, part)
		if !ok {
			return false
		}
		name = rest
	}
	return true
}

func anyMatch(list []pattern, h Host, port uint16) bool {
	return slices.ContainsFunc(list, func(p pattern) bool { return p.match(h, port) })
}

// listed says whether an allow entry names exactly h.
func (r *Rules) listed(h Host, port uint16) bool {
	return slices.ContainsFunc(r.allow, func(p pattern) bool { return p.kind == exact && p.match(h, port) })
}

// Judge says whether h may be connected to on port, before anything is looked
// up: a name that is not allowed is not even asked for.
func (r *Rules) Judge(h Host, port uint16) Reason {
	switch {
	case r == nil:
		return NotAllowed
	case anyMatch(r.deny, h, port):
		return Denied
	case r.local || !h.local():
	case r.listed(h, port):
		return Allowed
	default:
		return NotAllowedLocal
	}
	if anyMatch(r.allow, h, port) {
		return Allowed
	}
	return NotAllowed
}

// JudgeAddr says whether a may be dialled for h, which Judge has allowed and
// which a was looked up for. Names of the internet must not lead inside, however
// they are listed; own says that a belongs to this machine.
func (r *Rules) JudgeAddr(h Host, a netip.Addr, own bool, port uint16) Reason {
	a = a.Unmap()
	switch {
	case r == nil:
		return NotAllowed
	case anyMatch(r.deny, OfAddr(a), port):
		return Denied
	case r.local || !own && !Local(a):
		return Allowed
	case h.addr == a && r.listed(h, port), h.Loopback() && a.IsLoopback():
		return Allowed
	}
	return NotAllowedLocal
}
