package tools

import (
	"encoding/json"
	"slices"

	"codex/pkg/policy"
	"codex/pkg/protocol"
)

// grant is what a command, a turn or a session may do beyond its profile. What a profile
// denies stays denied.
type grant struct {
	network *bool
	entries []policy.Entry
	depth   int // for patterns
}

func (g grant) empty() bool { return g.network == nil && len(g.entries) == 0 }

// granting is a grant in JSON; the names are the model's.
type granting struct {
	Network    *protocol.AdditionalNetworkPermissions `json:"network"`
	FileSystem *grantedFiles                          `json:"file_system"`
}

type grantedFiles struct {
	Read    []string       `json:"read,omitempty" about:"Paths to read."`
	Write   []string       `json:"write,omitempty" about:"Paths to write."`
	Entries []policy.Entry `json:"entries,omitempty" about:"-"`
	Depth   int            `json:"glob_scan_max_depth,omitempty" about:"-"`
}

// grant reads what was asked for or given; resolve makes paths absolute.
func (w granting) grant(resolve func(string) string) grant {
	var g grant
	if w.Network != nil {
		g.network = w.Network.Enabled
	}
	if w.FileSystem == nil {
		return g
	}
	g.depth = w.FileSystem.Depth
	add := func(e policy.Entry) {
		if e.Path.Type != policy.PathSpecial {
			e.Path.Value = resolve(e.Path.Value)
		}
		if !slices.Contains(g.entries, e) {
			g.entries = append(g.entries, e)
		}
	}
	for _, p := range w.FileSystem.Read {
		add(policy.Entry{Path: policy.Path{Type: policy.PathLiteral, Value: p}, Access: policy.AccessRead})
	}
	for _, p := range w.FileSystem.Write {
		add(policy.Entry{Path: policy.Path{Type: policy.PathLiteral, Value: p}, Access: policy.AccessWrite})
	}
	for _, e := range w.FileSystem.Entries {
		add(e)
	}
	return g
}

// files are the lists of paths to read and write, and whether they say all of g.
func (g grant) files() (f grantedFiles, all bool) {
	all = true
	for _, e := range g.entries {
		switch {
		case e.Path.Type == policy.PathLiteral && e.Access == policy.AccessRead:
			f.Read = append(f.Read, e.Path.Value)
		case e.Path.Type == policy.PathLiteral && e.Access == policy.AccessWrite:
			f.Write = append(f.Write, e.Path.Value)
		default:
			all = false
		}
	}
	return f, all
}

// forModel is g in the words of the model.
func (g grant) forModel() granting {
	var w granting
	if g.network != nil {
		w.Network = &protocol.AdditionalNetworkPermissions{Enabled: g.network}
	}
	if len(g.entries) > 0 {
		f, all := g.files()
		if !all {
			f = grantedFiles{Entries: g.entries, Depth: g.depth}
		}
		w.FileSystem = &f
	}
	return w
}

// forUser is g as a frontend is asked about it, nil for nothing.
func (g grant) forUser() (*protocol.AdditionalNetworkPermissions, *protocol.AdditionalFileSystemPermissions) {
	var net *protocol.AdditionalNetworkPermissions
	if g.network != nil {
		net = &protocol.AdditionalNetworkPermissions{Enabled: g.network}
	}
	if len(g.entries) == 0 {
		return net, nil
	}
	f, _ := g.files()
	fs := &protocol.AdditionalFileSystemPermissions{Read: f.Read, Write: f.Write}
	if g.depth > 0 {
		fs.GlobScanMaxDepth = new(uint64(g.depth))
	}
	if b, err := json.Marshal(g.entries); err != nil || json.Unmarshal(b, &fs.Entries) != nil {
		fs.Entries = nil // the lists say it
	}
	return net, fs
}

// granted reads what the user gave.
func granted(p protocol.GrantedPermissionProfile, resolve func(string) string) grant {
	w := granting{Network: p.Network}
	if fs := p.FileSystem; fs != nil {
		w.FileSystem = &grantedFiles{Read: fs.Read, Write: fs.Write}
		if fs.GlobScanMaxDepth != nil {
			w.FileSystem.Depth = int(min(*fs.GlobScanMaxDepth, 1<<20))
		}
		if b, err := json.Marshal(fs.Entries); err != nil || json.Unmarshal(b, &w.FileSystem.Entries) != nil {
			w.FileSystem.Entries = nil // what we cannot read is not given
		}
	}
	return w.grant(resolve)
}

// union is what both give.
func (g grant) union(o grant) grant {
	if g.network == nil || o.network != nil && *o.network {
		g.network = o.network
	}
	g.entries = slices.Clone(g.entries)
	for _, e := range o.entries {
		if !slices.Contains(g.entries, e) {
			g.entries = append(g.entries, e)
		}
	}
	g.depth = max(g.depth, o.depth)
	return g
}

// covers says whether g gives all of o.
func (g grant) covers(o grant) bool {
	if o.network != nil && *o.network && (g.network == nil || !*g.network) {
		return false
	}
	return !slices.ContainsFunc(o.entries, func(e policy.Entry) bool { return !g.gives(e) })
}

// gives says whether e is part of g: the same, or less of a path.
func (g grant) gives(e policy.Entry) bool {
	return slices.ContainsFunc(g.entries, func(have policy.Entry) bool {
		if have == e {
			return true
		}
		return have.Path.Type == policy.PathLiteral && e.Path.Type == policy.PathLiteral && policy.Below(e.Path.Value, have.Path.Value) &&
			(e.Access == policy.AccessRead && have.Access != policy.AccessNone || e.Access == policy.AccessWrite && have.Access == policy.AccessWrite)
	})
}

// within leaves of g what was asked for.
func (g grant) within(asked grant) grant {
	out := grant{depth: asked.depth}
	if g.network != nil && *g.network && asked.network != nil && *asked.network {
		out.network = g.network
	}
	for _, e := range g.entries {
		if asked.gives(e) {
			out.entries = append(out.entries, e)
		}
	}
	return out
}

// widen adds g to a profile.
func (g grant) widen(p policy.Profile) policy.Profile {
	if p.Type != policy.Managed {
		return p
	}
	if g.network != nil && *g.network {
		p.Network = true
	}
	if !p.FileSystem.Unrestricted && len(g.entries) > 0 {
		p.FileSystem.Entries = append(slices.Clip(p.FileSystem.Entries), g.entries...)
		p.FileSystem.GlobDepth = max(p.FileSystem.GlobDepth, g.depth)
	}
	return p
}

// bounds are what a command runs under.
type bounds struct {
	profile policy.Profile
	pol     policy.Policy
}

// bounds are those of the turn, widened by what the turn and the session were granted,
// and extra.
func (s *Set) bounds(t *Turn, extra grant) bounds {
	g := s.standing(t).union(extra)
	if g.empty() || t.Resolve == nil {
		return bounds{t.Profile, t.Policy}
	}
	p := g.widen(t.Profile)
	pol, err := t.Resolve(p)
	if err != nil {
		if s.Log != nil {
			s.Log.Printf("grant more permissions: %v", err)
		}
		return bounds{t.Profile, t.Policy}
	}
	return bounds{p, pol}
}

// standing is what the session and the turn were granted.
func (s *Set) standing(t *Turn) grant {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.granted.union(t.granted)
}

// open are the bounds of a command that shall run outside the sandbox: what the profile
// denies stays closed to it.
func (b bounds) open() policy.Profile { return policy.FullAccess().KeepDenied(b.profile) }
