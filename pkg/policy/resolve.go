package policy

import (
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"
)

// FS is what resolving may look at. It never writes.
type FS interface {
	Lstat(name string) (fs.FileInfo, error)   // of the name itself, links not followed
	EvalSymlinks(name string) (string, error) // the true path; an error when something is missing
	Readlink(name string) (string, error)     // what a link says; an error when it is none
	ReadFile(name string) ([]byte, error)     // small files only: pointers of git worktrees
}

// Env is what resolving needs to know about the machine and the session.
type Env struct {
	Cwd          string   // absolute; the working directory that the policy is about
	ProjectRoots []string // what project_roots stands for; empty is Cwd alone
	Tmpdir       string   // $TMPDIR of the outer environment; "" is none
	CodexHome    string   // as it is called; never writable because a root is above it, or Tmpdir is it; "" is none
	FS           FS       // nil resolves by text alone: nothing is followed or skipped
}

// fromHost writes the paths as policies do.
func (e Env) fromHost() Env {
	e.Cwd, e.Tmpdir, e.CodexHome = fromHost(e.Cwd), fromHost(e.Tmpdir), fromHost(e.CodexHome)
	roots := make([]string, len(e.ProjectRoots))
	for i, r := range e.ProjectRoots {
		roots[i] = fromHost(r)
	}
	e.ProjectRoots = roots
	return e
}

// minimalRoots is what ":minimal" stands for on Linux.
func minimalRoots() []string {
	return []string{"/bin", "/sbin", "/usr", "/etc", "/lib", "/lib32", "/lib64", "/libx32", "/nix/store", "/run/current-system/sw"}
}

// Resolve turns p into paths: special places named, symbolic links followed,
// roots that do not exist left out, protected names added below each root.
func (p Profile) Resolve(env Env) (Policy, error) {
	switch p.Type {
	case Disabled:
		return Policy{FullDiskRead: true, FullDiskWrite: true, Network: true}, nil
	case External:
		return Policy{External: true, FullDiskRead: true, FullDiskWrite: true, Network: p.Network}, nil
	case Managed, "":
	default:
		return Policy{}, fmt.Errorf("resolve permission profile: unknown type %q", p.Type)
	}
	if p.FileSystem.Unrestricted {
		out := Policy{FullDiskRead: true, FullDiskWrite: true}
		out.Network, out.Proxy = p.network()
		return out, nil
	}
	env = env.fromHost()
	if !path.IsAbs(env.Cwd) {
		return Policy{}, fmt.Errorf("resolve permission profile: working directory %q is not absolute", env.Cwd)
	}
	r := resolver{env: env, grants: map[string]*grant{}, names: map[string]string{}}
	var linked []string // roots that lead over links
	for _, e := range p.FileSystem.Entries {
		for _, at := range r.places(e.Path) {
			switch {
			case e.Path.Type == PathGlob:
				if err := r.deny(at); err != nil {
					return Policy{}, err
				}
			case e.Access == AccessWrite && r.linked(at):
				linked = append(linked, at)
			default:
				r.add(at, e)
			}
		}
	}
	skipped := r.addLinked(linked)
	out, err := r.policy()
	out.names, out.Skipped = r.names, skipped
	out.Network, out.Proxy = p.network()
	out.GlobDepth = p.FileSystem.GlobDepth
	return out, err
}

// network is what a policy says of the profile's network. Behind a proxy it
// counts as off: who knows of no proxy then lets nothing out.
func (p Profile) network() (open bool, proxy *ProxySettings) {
	if !p.Network {
		return false, nil
	}
	return p.Proxy == nil, p.Proxy
}

// grant is what the entries say about one true path.
type grant struct {
	access  Access
	aliases []string
	missing bool
}

type resolver struct {
	env    Env
	grants map[string]*grant
	globs  []string
	names  map[string]string // as written, and what they led to
	opened []string          // missing places that could be written if they were there
}

// deny records a pattern, also with the true name of its fixed beginning. One
// for all that is below a directory is for the directory, which has then no
// names to tell either.
func (r *resolver) deny(pattern string) error {
	all := alternatives(pattern, maxAlternatives)
	if all == nil {
		return fmt.Errorf("resolve permission profile: pattern %s has more than %d alternatives", pattern, maxAlternatives)
	}
	for _, p := range all {
		r.denyOne(strings.ReplaceAll(p, "[!", "[^"))
	}
	return nil
}

// maxAlternatives bounds what the braces of one pattern stand for.
const maxAlternatives = 256

func (r *resolver) denyOne(pattern string) {
	if dir, ok := strings.CutSuffix(pattern, "/**"); ok && dir != "" {
		pattern = dir
	}
	fixed, rest := GlobBase(pattern)
	if rest == "" {
		r.add(pattern, Entry{Access: AccessNone})
		return
	}
	at, _ := r.follow(fixed)
	r.names[fixed] = at
	if at != fixed {
		r.globs = appendNew(r.globs, path.Join(at, rest))
	}
	r.globs = appendNew(r.globs, pattern)
}

// places lists the absolute paths, or patterns, that one entry's path stands
// for.
func (r *resolver) places(p Path) []string {
	switch {
	case p.Type == PathLiteral:
		return []string{r.abs(p.Value)}
	case p.dynamic():
		p.Kind = KindProjectRoots
	case p.Type == PathGlob:
		return []string{path.Clean(fromHost(p.Value))}
	}
	var base []string
	switch p.Kind {
	case KindRoot:
		base = []string{"/"}
	case KindMinimal:
		base = minimalRoots()
	case KindProjectRoots:
		base = r.env.ProjectRoots
		if len(base) == 0 {
			base = []string{r.env.Cwd}
		}
		if p.Type == PathGlob {
			p.Subpath = p.Value
		}
	case KindTmpdir:
		if path.IsAbs(r.env.Tmpdir) && !r.tooWide(r.env.Tmpdir) {
			base = []string{r.env.Tmpdir}
		}
	case KindSlashTmp:
		base = []string{"/tmp"}
	}
	out := make([]string, 0, len(base))
	for _, b := range base {
		b = r.abs(b)
		if p.Subpath != "" {
			sub := path.Join(b, p.Subpath)
			if !Below(sub, b) {
				continue // a subpath that climbs out grants nothing
			}
			b = sub
		}
		out = append(out, b)
	}
	return out
}

// tooWide reports whether a folder for temporary files is more than that: the root, one
// that a project lies in, or CODEX_HOME and what is above it.
func (r *resolver) tooWide(tmp string) bool {
	tmp, _ = r.follow(path.Clean(tmp))
	above := func(name string) bool {
		at, _ := r.follow(r.abs(name))
		return at != tmp && Below(at, tmp)
	}
	if tmp == "/" || above(r.env.Cwd) || slices.ContainsFunc(r.env.ProjectRoots, above) {
		return true
	}
	home := r.env.CodexHome
	if home == "" {
		return false
	}
	at, _ := r.follow(r.abs(home))
	return Below(at, tmp)
}

func (r *resolver) abs(name string) string {
	name = fromHost(name)
	if !path.IsAbs(name) {
		name = path.Join(r.env.Cwd, name)
	}
	return path.Clean(name)
}

// add records an entry under the true path of at. Of two entries on one path
// the stricter word wins when it is "none", else the wider (none > write >
// read).
func (r *resolver) add(at string, e Entry) {
	true_, exists := r.follow(at)
	r.names[at] = true_
	if !exists && (e.Access == AccessWrite || e.SkipMissing) {
		r.opened = append(r.opened, true_)
		return
	}
	g := r.grants[true_]
	if g == nil {
		g = &grant{access: e.Access, missing: !exists}
		r.grants[true_] = g
	}
	if at != true_ {
		g.aliases = append(g.aliases, at)
	}
	if rank(e.Access) > rank(g.access) {
		g.access = e.Access
	}
}

func rank(a Access) int {
	switch a {
	case AccessRead:
		return 0
	case AccessWrite:
		return 1
	}
	return 2
}

func (r *resolver) policy() (Policy, error) {
	out := Policy{DeniedGlobs: r.globs}
	paths := slices.Sorted(maps.Keys(r.grants))
	root := r.grants["/"]
	out.FullDiskRead = root != nil && root.access != AccessNone
	if root != nil && root.access == AccessWrite && len(r.globs) == 0 {
		narrower := false
		for at, g := range r.grants {
			narrower = narrower || at != "/" && g.access != AccessWrite
		}
		if !narrower {
			out.FullDiskWrite = true
			return out, nil
		}
	}
	for _, at := range paths {
		g := r.grants[at]
		switch g.access {
		case AccessWrite:
			w := Root{Path: at, Aliases: g.aliases}
			if r.env.FS != nil {
				w.ID = identity(r.env.FS, at)
			}
			out.Writable = append(out.Writable, w)
		case AccessNone:
			if at != "/" { // then what is not listed is not there
				out.Denied = append(out.Denied, at)
			}
		case AccessRead:
			if !g.missing && (!out.FullDiskRead || r.above(at) == AccessNone) {
				out.Readable = append(out.Readable, at)
			}
		}
		if !out.FullDiskRead && g.access != AccessNone {
			for _, name := range g.aliases {
				out.Links = append(out.Links, Link{Path: name, Target: at})
			}
		}
	}
	for i := range out.Writable {
		if err := r.protect(&out.Writable[i]); err != nil {
			return Policy{}, err
		}
	}
	// An explicit read entry narrows the deepest root that contains it. What is
	// denied and missing is kept missing in the same way.
	for _, at := range paths {
		g := r.grants[at]
		if g.access == AccessWrite || g.access == AccessNone && !g.missing || r.above(at) == AccessNone {
			continue
		}
		if i := rootOf(out.Writable, at); i >= 0 {
			out.Writable[i].ReadOnly = appendNew(out.Writable[i].ReadOnly, at)
		}
	}
	if err := r.protectAround(&out); err != nil {
		return Policy{}, err
	}
	r.protectHome(&out)
	r.spread(&out)
	return out, nil
}

// above is what the nearest entry above at that is there grants, "" without
// one.
func (r *resolver) above(at string) Access {
	for at != "/" {
		at = path.Dir(at)
		if g := r.grants[at]; g != nil && !g.missing {
			return g.access
		}
	}
	return ""
}

func appendNew(list []string, s string) []string {
	if slices.Contains(list, s) {
		return list
	}
	return append(list, s)
}
