package seatbelt

import (
	"maps"
	"path"
	"slices"
	"strings"

	"codex/pkg/policy"
)

// files writes the rules for reading, running and writing.
func (b *builder) files(pol policy.Policy, matches []string) {
	t := b.tree(pol)
	var globs []string // what none of them may match
	for _, g := range pol.DeniedGlobs {
		globs = append(globs, except(regex(globRegex(b.realGlob(g)))))
	}

	const reading = "file-read* file-map-executable process-exec*"
	reads := t.regions(func(a policy.Access) bool { return a != policy.AccessNone })
	for i, r := range reads {
		b.allow(reading, b.region(numbered("READABLE_ROOT", i), r, globs))
	}
	if !pol.FullDiskRead {
		b.surroundings(pol, reads, t)
	}

	writes := t.regions(func(a policy.Access) bool { return a == policy.AccessWrite })
	for i, r := range writes {
		var extra []string
		for _, x := range r.except {
			if slices.Contains(policy.ProtectedNames(), path.Base(x)) {
				extra = append(extra, except(regex(foldedRegex(x))))
			}
		}
		b.allow("file-write*", b.region(numbered("WRITABLE_ROOT", i), r, append(extra, globs...)))
	}
	b.pinned(t, reads, writes, pol.DeniedGlobs, matches)
}

// tree is the paths that a policy names, in their true spelling.
type tree map[string]policy.Access

// tree collects the paths as package policy weighs them: of two words about
// one path the later one in this order counts, of two paths the longer one.
func (b *builder) tree(pol policy.Policy) tree {
	t := tree{"/": policy.AccessNone}
	if pol.FullDiskRead {
		t["/"] = policy.AccessRead
	}
	if pol.FullDiskWrite {
		t["/"] = policy.AccessWrite
	}
	for _, p := range pol.Readable {
		t[b.name(p)] = policy.AccessRead
	}
	for _, r := range pol.Writable {
		t[b.name(r.Path)] = policy.AccessWrite
	}
	for _, r := range pol.Writable {
		for _, p := range r.ReadOnly {
			t[b.name(p)] = policy.AccessRead
		}
	}
	for _, p := range pol.Denied {
		t[b.name(p)] = policy.AccessNone
	}
	return t
}

// name is the spelling of a path that the kernel uses.
func (b *builder) name(p string) string { return private(path.Clean(b.real(p))) }

// private follows the three links that lead from the root of every Mac into
// /private.
func private(p string) string {
	if slices.ContainsFunc([]string{"/tmp", "/var", "/etc"}, func(link string) bool { return policy.Below(p, link) }) {
		return "/private" + p
	}
	return p
}

// region is a path where something is allowed, with those below it where it
// is not. Paths below these where it is again are regions of their own.
type region struct {
	at     string
	except []string
}

// regions divides the tree by a property of its paths. Their union is what
// has the property.
func (t tree) regions(has func(policy.Access) bool) []region {
	paths := slices.Sorted(maps.Keys(t)) // a path comes after those above it
	flips := map[string]bool{}
	index := map[string]int{}
	var out []region
	for _, p := range paths {
		v := has(t[p])
		up, above := above(flips, p)
		if v == above {
			continue
		}
		flips[p] = v
		if v {
			index[p] = len(out)
			out = append(out, region{at: p})
		} else {
			i := index[up]
			out[i].except = append(out[i].except, p)
		}
	}
	return out
}

// above finds the nearest path strictly above p, and its value; false when
// there is none.
func above(flips map[string]bool, p string) (string, bool) {
	for p != "/" {
		p = path.Dir(p)
		if v, ok := flips[p]; ok {
			return p, v
		}
	}
	return "", false
}

// region writes the condition of being in r, and of what else must hold there.
func (b *builder) region(key string, r region, also []string) string {
	filters := []string{subpath(b.param(key, r.at))}
	for i, x := range r.except {
		filters = append(filters, except(subpath(b.param(numbered(key+"_EXCLUDED", i), x))))
	}
	filters = append(filters, also...)
	if policy.Below("/dev", r.at) {
		filters = append(filters, except(terminal()))
	}
	return all(filters)
}

// surroundings lets a command with restricted reading find its way: names and
// kinds of what lies above the paths it may see, the links that lead there,
// the names in the root directory, and what the loader needs if it may run
// anything at all.
func (b *builder) surroundings(pol policy.Policy, reads []region, t tree) {
	b.allow("file-read*", `(literal "/")`)
	names := map[string]bool{"/etc": true, "/tmp": true, "/var": true}
	for _, r := range reads {
		for d := path.Dir(r.at); d != "/"; d = path.Dir(d) {
			names[d] = true
		}
	}
	for _, l := range pol.Links {
		for at := private(l.Path); at != "/"; at = path.Dir(at) {
			names[at] = true
		}
	}
	b.allow("file-read-metadata", b.literals("ON_THE_WAY", names)...)
	if t.access("/usr/lib/dyld") != policy.AccessNone {
		b.platform()
	}
}

// access is what the longest path that contains p says.
func (t tree) access(p string) policy.Access {
	for {
		if a, ok := t[p]; ok {
			return a
		}
		p = path.Dir(p)
	}
}

// pinned keeps directories where they are that rules speak of: a .git that
// goes along with its directory to another name would no longer be known. To
// move something is to unlink it where it was.
func (b *builder) pinned(t tree, reads, writes []region, globs, matches []string) {
	names := map[string]bool{}
	pin := func(p string) {
		for ; p != "/"; p = path.Dir(p) {
			if t.access(p) == policy.AccessWrite {
				names[p] = true
			}
		}
	}
	for _, r := range append(append([]region{}, reads...), writes...) {
		pin(r.at)
		for _, x := range r.except {
			pin(path.Dir(x))
		}
	}
	for _, g := range globs {
		pin(fixedPart(b.realGlob(g)))
	}
	for _, m := range matches {
		pin(path.Dir(b.name(m)))
	}
	if len(names) > 0 {
		b.rule("deny", "file-write-unlink", b.literals("PINNED", names)...)
	}
}

// literals writes filters of paths, each a parameter of its own.
func (b *builder) literals(kind string, paths map[string]bool) (filters []string) {
	for i, p := range slices.Sorted(maps.Keys(paths)) {
		filters = append(filters, literal(b.param(numbered(kind, i), p)))
	}
	return filters
}

// realGlob gives the true spelling of a pattern's fixed beginning.
func (b *builder) realGlob(g string) string {
	g = path.Clean(g)
	if !strings.ContainsAny(g, signs) {
		return b.name(g)
	}
	fixed := fixedPart(g)
	return path.Join(b.name(fixed), strings.TrimPrefix(g, fixed))
}
