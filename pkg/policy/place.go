package policy

import (
	"cmp"
	"path"
	"slices"
)

// In puts roots, which are absolute, in the place of the project roots: an
// entry about them becomes one for each root, in the entry's place. Patterns
// that are not absolute are below the project roots, too.
func (p Profile) In(roots []string) Profile {
	var out []Entry
	for _, e := range p.FileSystem.Entries {
		if !e.Path.dynamic() {
			out = append(out, e)
			continue
		}
		for _, r := range roots {
			at := e
			if e.Path.Type == PathGlob {
				at.Path.Value = path.Join(r, e.Path.Value)
			} else {
				at.Path = Path{Type: PathLiteral, Value: path.Join(r, e.Path.Subpath)}
			}
			out = append(out, at)
		}
	}
	p.FileSystem.Entries = out
	return p
}

// dynamic reports whether p is another place for each set of project roots.
func (p Path) dynamic() bool {
	return p.Type == PathSpecial && p.Kind == KindProjectRoots || p.Type == PathGlob && !path.IsAbs(fromHost(p.Value))
}

// Dynamic reports whether p means other places in other directories.
func (p Profile) Dynamic() bool {
	return slices.ContainsFunc(p.FileSystem.Entries, func(e Entry) bool {
		return e.Path.dynamic() || e.Path.Type == PathLiteral && !path.IsAbs(fromHost(e.Path.Value))
	})
}

// KeepDenied gives p with what old denies denied as well: who may change the
// profile of a running session does not so open what was closed when it began.
// A profile without a sandbox becomes one that grants everything else; what
// somebody else enforces is left to them.
func (p Profile) KeepDenied(old Profile) Profile {
	if p.Type == External || old.Type == Disabled || old.Type == External {
		return p
	}
	for _, e := range old.FileSystem.Entries {
		if e.Access != AccessNone || slices.Contains(p.FileSystem.Entries, e) {
			continue
		}
		if p.Type == Disabled || p.FileSystem.Unrestricted {
			p = Profile{Type: Managed, Network: p.Type == Disabled || p.Network, Proxy: p.Proxy,
				FileSystem: FileSystem{Entries: []Entry{special(KindRoot, AccessWrite)}}}
		}
		p.FileSystem.Entries = append(slices.Clip(p.FileSystem.Entries), e)
		p.FileSystem.GlobDepth = cmp.Or(p.FileSystem.GlobDepth, old.FileSystem.GlobDepth)
	}
	return p
}

// Confines reports whether p asks for any confinement. Whatever is not known to
// ask for none does.
func (p Profile) Confines() bool {
	return p.Type != Disabled && p.Type != External && !(p.Type == Managed && p.FileSystem.Unrestricted && p.Network && p.Proxy == nil)
}

// Denies reports whether p keeps anything from being read that it would grant
// otherwise.
func (p Profile) Denies() bool {
	return slices.ContainsFunc(p.FileSystem.Entries, func(e Entry) bool { return e.Access == AccessNone })
}

// Writes reports whether p lets something be written, but not everything.
func (p Profile) Writes() bool {
	return !p.fullWrite() && slices.ContainsFunc(p.FileSystem.Entries, func(e Entry) bool {
		return e.Access == AccessWrite && e.Path.known()
	})
}

// known is false for special places of other versions: they grant nothing.
func (p Path) known() bool {
	return p.Type != PathSpecial || slices.Contains([]string{KindRoot, KindMinimal, KindProjectRoots, KindTmpdir, KindSlashTmp}, p.Kind)
}

// fullWrite reports whether p lets everything be written: it grants the root
// and narrows that nowhere.
func (p Profile) fullWrite() bool {
	if p.Type == Disabled || p.Type == External || p.FileSystem.Unrestricted {
		return true
	}
	root := false
	for _, e := range p.FileSystem.Entries {
		switch {
		case !e.Path.known():
		case e.Access != AccessWrite:
			return false
		case e.Path.Type == PathSpecial && e.Path.Kind == KindRoot:
			root = true
		}
	}
	return root
}

// ReadsAll reports whether p lets everything be read that it does not deny.
func (p Profile) ReadsAll() bool {
	if p.fullWrite() {
		return true
	}
	all := false
	for _, e := range p.FileSystem.Entries {
		if e.Path.Type == PathSpecial && e.Path.Kind == KindRoot || e.Path.Type == PathLiteral && path.Clean(e.Path.Value) == "/" {
			if e.Access == AccessNone {
				return false
			}
			all = true
		}
	}
	return all
}
