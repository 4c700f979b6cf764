package policy

import (
	"fmt"
	"path"
	"slices"
	"sort"
)

// ProtectedNames are the entries directly below a writable root that stay
// read-only, also while they are missing.
func ProtectedNames() []string { return []string{".git", ".agents", ".codex"} }

// protect adds the protected names of one root, and where its .git points.
func (r *resolver) protect(w *Root) error {
	if r.env.FS != nil {
		if st, err := r.env.FS.Lstat(w.Path); err == nil && !st.IsDir() {
			return nil // a single file has no names below it
		}
	}
	names := ProtectedNames()
	if r.env.FS != nil {
		if part := unborn(r.env.FS, w.Path); part != "" {
			names = append(names, part)
		}
	}
	for _, name := range names {
		at := path.Join(w.Path, name)
		if g := r.grants[at]; g != nil && g.access == AccessWrite || slices.Contains(r.opened, at) {
			continue // opened by name
		}
		w.ReadOnly = appendNew(w.ReadOnly, at)
	}
	if r.env.FS == nil {
		return nil
	}
	places, err := gitPlaces(r.env.FS, path.Join(w.Path, ".git"))
	if err != nil {
		return fmt.Errorf("resolve permission profile: %w", err)
	}
	for _, at := range places {
		if g := r.grants[at]; g == nil || g.access != AccessWrite {
			w.ReadOnly = appendNew(w.ReadOnly, at)
		}
	}
	return nil
}

// protectAround adds the protected names of the repository that a project root
// lies in, when that can be written because it lies in a wider root, such as
// /tmp: it is this project's .git as well.
func (r *resolver) protectAround(p *Policy) error {
	if r.env.FS == nil {
		return nil
	}
	for _, dir := range r.places(Path{Type: PathSpecial, Kind: KindProjectRoots}) {
		dir, _ = r.follow(dir)
		for dir = path.Dir(dir); dir != "/"; dir = path.Dir(dir) {
			if _, err := r.env.FS.Lstat(path.Join(dir, ".git")); err != nil {
				continue
			}
			i := rootOf(p.Writable, path.Join(dir, ".git"))
			if i < 0 {
				break
			}
			around := Root{Path: dir}
			if err := r.protect(&around); err != nil {
				return err
			}
			for _, at := range around.ReadOnly { // spread puts them where they belong
				p.Writable[i].ReadOnly = appendNew(p.Writable[i].ReadOnly, at)
			}
			break
		}
	}
	return nil
}

// protectHome keeps CODEX_HOME out of the wider root that it lies in, such as /tmp, and so a
// link there that leads to it: its settings name programs that run outside of the sandbox.
// Where everything may be written there are other such files.
func (r *resolver) protectHome(p *Policy) {
	if r.env.CodexHome == "" {
		return
	}
	name := r.abs(r.env.CodexHome)
	at, _ := r.follow(name)
	if g := r.grants[at]; g != nil && g.access == AccessWrite {
		return // opened by name
	}
	if rootOf(p.Writable, at) < 0 && r.env.FS != nil {
		links := slices.DeleteFunc(r.links(name), func(l string) bool { return rootOf(p.Writable, l) < 0 })
		if len(links) != 1 { // one that leads to another cannot be held
			return
		}
		at = links[0]
	}
	if i := rootOf(p.Writable, at); i >= 0 && p.Writable[i].Path != "/" {
		p.Writable[i].ReadOnly = appendNew(p.Writable[i].ReadOnly, at)
	}
}

// rootOf finds the deepest root above at, or -1.
func rootOf(roots []Root, at string) int {
	for i := len(roots) - 1; i >= 0; i-- { // sorted: deeper ones come later
		if at != roots[i].Path && Below(at, roots[i].Path) {
			return i
		}
	}
	return -1
}

// spread moves protected places that a .git pointer put outside its own root
// to the root that contains them, and drops those that no root does: they
// are read-only anyway.
func (r *resolver) spread(p *Policy) {
	var strays []string
	for i := range p.Writable {
		w := &p.Writable[i]
		kept := w.ReadOnly[:0]
		for _, at := range w.ReadOnly {
			if Below(at, w.Path) {
				kept = append(kept, at)
			} else {
				strays = append(strays, at)
			}
		}
		w.ReadOnly = kept
	}
	for _, at := range strays {
		if i := rootOf(p.Writable, at); i >= 0 {
			p.Writable[i].ReadOnly = appendNew(p.Writable[i].ReadOnly, at)
		}
	}
	for i := range p.Writable {
		sort.Strings(p.Writable[i].ReadOnly)
	}
}
