package policy

import (
	"path"
	"slices"
)

// The sandbox modes, which are the older, coarser words for a profile.
const (
	ModeReadOnly       = "read-only"
	ModeWorkspaceWrite = "workspace-write"
	ModeFullAccess     = "danger-full-access"
	ModeExternal       = "external-sandbox"
)

// Legacy is the sandbox mode nearest to a profile: what clients and session
// files are told beside it. It can grant more or less than the profile does,
// and is never what is enforced.
type Legacy struct {
	Mode            string
	WritableRoots   []string // ModeWorkspaceWrite: beside the working directory
	Network         bool
	ExcludeTmpdir   bool // ModeWorkspaceWrite
	ExcludeSlashTmp bool // ModeWorkspaceWrite
	// Custom tells that no mode is like the profile: it lets something be
	// written, but not the working directory.
	Custom bool
}

// Legacy gives the mode nearest to p, whose project roots are in their place
// (see In).
func (p Profile) Legacy(env Env) Legacy {
	switch {
	case p.Type == Disabled:
		return Legacy{Mode: ModeFullAccess, Network: true}
	case p.Type == External:
		return Legacy{Mode: ModeExternal, Network: p.Network}
	case p.fullWrite() && p.Network:
		return Legacy{Mode: ModeFullAccess, Network: true}
	case p.fullWrite():
		return Legacy{Mode: ModeExternal}
	}
	out := Legacy{Mode: ModeReadOnly, Network: p.Network, ExcludeTmpdir: true, ExcludeSlashTmp: true}
	if !p.Writes() {
		return out
	}
	out.Mode, out.Custom = ModeWorkspaceWrite, true
	for _, e := range p.FileSystem.Entries {
		switch {
		case e.Access != AccessWrite:
		case e.Path.Type == PathLiteral && path.Clean(e.Path.Value) == env.Cwd:
			out.Custom = false
		case e.Path.Type == PathLiteral:
			out.WritableRoots = appendNew(out.WritableRoots, path.Clean(e.Path.Value))
		case e.Path.Kind == KindTmpdir:
			out.ExcludeTmpdir = false
		case e.Path.Kind == KindSlashTmp:
			out.ExcludeSlashTmp = false
		}
	}
	if !out.Custom {
		return out
	}
	// Without the working directory the roots and exceptions are as they come out.
	out.WritableRoots = slices.DeleteFunc(p.WritableRoots(env), func(r string) bool { return r == env.Cwd })
	pol, err := p.Resolve(env)
	out.ExcludeTmpdir = err != nil || env.Tmpdir == "" || !pol.CanWrite(env.Tmpdir)
	out.ExcludeSlashTmp = err != nil || !pol.CanWrite("/tmp")
	return out
}

// WritableRoots lists what p lets be written, also what does not exist, in
// p's order. Links are followed. For a profile that lets everything be written
// it is empty.
func (p Profile) WritableRoots(env Env) []string {
	if p.fullWrite() {
		return nil
	}
	var out []string
	r := resolver{env: env}
	for _, e := range p.FileSystem.Entries {
		if e.Access == AccessWrite {
			for _, at := range r.places(e.Path) {
				at, _ = r.follow(at)
				out = appendNew(out, at)
			}
		}
	}
	return out
}
