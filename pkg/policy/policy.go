package policy

import (
	"path"
	"slices"
	"strings"
)

// Root is a directory (or file) that may be written, with the places below it
// that may not.
type Root struct {
	Path     string   `json:"path"`                // absolute, symbolic links followed
	Aliases  []string `json:"aliases,omitempty"`   // other spellings of Path, as they were given
	ReadOnly []string `json:"read_only,omitempty"` // protected places, existing or not
	ID       FileID   `json:"-"`                   // of what Path was when it was resolved
}

// Link is a symbolic link, one or more on the way, that leads to a place.
type Link struct {
	Path   string `json:"path"`
	Target string `json:"target"`
}

// Policy is a profile resolved on one machine. All paths are absolute and
// clean. The zero value lets nothing be read, written or connected.
type Policy struct {
	External      bool           `json:"external,omitempty"`        // somebody else enforces it
	FullDiskRead  bool           `json:"full_disk_read,omitempty"`  // everything may be read, but Denied
	FullDiskWrite bool           `json:"full_disk_write,omitempty"` // everything may be written
	Network       bool           `json:"network,omitempty"`         // sockets may leave the sandbox
	Proxy         *ProxySettings `json:"proxy,omitempty"`           // without Network: what may leave all the same, through this proxy
	Writable      []Root         `json:"writable,omitempty"`        // parents before children
	Readable      []string       `json:"readable,omitempty"`        // without FullDiskRead
	Links         []Link         `json:"links,omitempty"`           // without FullDiskRead: other names of what may be seen
	Denied        []string       `json:"denied,omitempty"`          // neither read nor written
	DeniedGlobs   []string       `json:"denied_globs,omitempty"`    // patterns of the same
	GlobDepth     int            `json:"glob_depth,omitempty"`      // how deep they are expanded; 0 is no limit

	// Skipped are roots that could be written but for a link on their way, which a command
	// could have made.
	Skipped []string `json:"-"`

	names map[string]string // of the profile: the true path of each, for Session
}

// Restricted reports whether a sandbox is needed to hold a command to p.
func (p Policy) Restricted() bool {
	return !p.External && !(p.FullDiskWrite && p.FullDiskRead && p.Network && len(p.Denied)+len(p.DeniedGlobs) == 0)
}

// CanWrite reports whether p lets name be created, changed or removed. It is
// lexical: name is cleaned, not followed, so callers pass resolved paths. The
// longest matching entry decides; a relative name is refused. Policies write paths
// with slashes; name may be written as this system does.
func (p Policy) CanWrite(name string) bool { return p.access(fromHost(name), true) == AccessWrite }

// CanRead reports whether p lets name be read, by the same rule as CanWrite.
func (p Policy) CanRead(name string) bool { return p.access(fromHost(name), true) != AccessNone }

// CanEnter reports whether dir is there at all for a command: it may be read, or something below
// it may.
func (p Policy) CanEnter(dir string) bool {
	if p.CanRead(dir) {
		return true
	}
	dir = path.Clean(fromHost(dir))
	return slices.ContainsFunc(p.Readable, func(at string) bool { return Below(at, dir) }) ||
		slices.ContainsFunc(p.Writable, func(r Root) bool { return Below(r.Path, dir) })
}

func (p Policy) access(name string, aliases bool) Access {
	if !path.IsAbs(name) {
		return AccessNone
	}
	name = path.Clean(name)
	if p.External {
		return AccessWrite
	}
	best, got := -1, AccessNone
	if p.FullDiskRead {
		best, got = 0, AccessRead
	}
	if p.FullDiskWrite {
		best, got = 0, AccessWrite
	}
	// On equal length the later, stricter kind wins: write < read < none.
	// A protected place that a root names itself was dropped by Resolve.
	consider := func(at string, a Access) {
		if len(at) >= best && Below(name, at) {
			best, got = len(at), a
		}
	}
	for _, r := range p.Readable {
		consider(r, AccessRead)
	}
	for _, r := range p.Writable {
		consider(r.Path, AccessWrite)
	}
	for _, r := range p.Writable {
		for _, ro := range r.ReadOnly {
			consider(ro, AccessRead)
		}
	}
	// An alias is another spelling of a root: judge the true name instead.
	for _, r := range p.Writable {
		for _, a := range r.Aliases {
			if aliases && len(a) > best && Below(name, a) {
				return p.access(path.Clean(r.Path+"/"+name[len(a):]), false)
			}
		}
	}
	for _, l := range p.Links {
		if aliases && len(l.Path) > best && Below(name, l.Path) {
			return p.access(path.Clean(l.Target+"/"+name[len(l.Path):]), false)
		}
	}
	for _, d := range p.Denied {
		consider(d, AccessNone)
	}
	if slices.ContainsFunc(p.DeniedGlobs, func(g string) bool { return GlobMatch(g, name) }) {
		return AccessNone
	}
	return got
}

// Below reports whether name is dir or lies below it; both are clean and
// absolute.
func Below(name, dir string) bool {
	if dir == "/" || name == dir {
		return true
	}
	return strings.HasPrefix(name, dir) && name[len(dir)] == '/'
}
