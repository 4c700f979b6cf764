package policy

import (
	"encoding/json"
	"fmt"
)

// The wire shapes. Optional fields are pointers or raw so that unknown and
// absent ones pass without an error.
type (
	wireProfile struct {
		Type       string   `json:"type"`
		FileSystem *wireFS  `json:"file_system,omitempty"`
		Network    *wireNet `json:"network,omitempty"`
		// Proxy is ours. The network beside it is "restricted": an executor that
		// knows of no proxy lets nothing out.
		Proxy *ProxySettings `json:"network_proxy,omitempty"`
	}
	wireFS struct {
		Type    string  `json:"type"`
		Entries []Entry `json:"entries,omitzero"`
		Depth   int     `json:"glob_scan_max_depth,omitempty"`
	}
	wireEntry struct {
		Path    wirePath `json:"path"`
		Access  string   `json:"access"`
		Missing string   `json:"missing_path_behavior,omitempty"`
	}
	wirePath struct {
		Type    string       `json:"type"`
		Path    string       `json:"path,omitempty"`
		Pattern string       `json:"pattern,omitempty"`
		Value   *wireSpecial `json:"value,omitempty"`
	}
	wireSpecial struct {
		Kind    string `json:"kind"`
		Path    string `json:"path,omitempty"`
		Subpath string `json:"subpath,omitempty"`
	}
	wireNet bool
)

func (n wireNet) MarshalJSON() ([]byte, error) {
	if n {
		return []byte(`"enabled"`), nil
	}
	return []byte(`"restricted"`), nil
}

// UnmarshalJSON takes "enabled" or "restricted", a bool, or {"enabled":bool}.
// A word it does not know is an error: guessing would open or close a network.
func (n *wireNet) UnmarshalJSON(b []byte) error {
	var v any
	if err := json.Unmarshal(b, &v); err != nil {
		return err
	}
	if m, ok := v.(map[string]any); ok {
		v = m["enabled"]
	}
	switch v {
	case "enabled", true:
		*n = true
	case "restricted", "disabled", false, nil:
		*n = false
	default:
		return fmt.Errorf("unknown network rule %s", b)
	}
	return nil
}

// MarshalJSON writes the snake_case shape of the exec-server protocol.
func (p Profile) MarshalJSON() ([]byte, error) {
	open, proxy := p.network()
	net := wireNet(open)
	w := wireProfile{Type: p.Type}
	switch p.Type {
	case Disabled:
	case External:
		w.Network = &net
	default:
		w.Type, w.Network, w.Proxy = Managed, &net, proxy
		if p.FileSystem.Unrestricted {
			w.FileSystem = &wireFS{Type: "unrestricted"}
			break
		}
		w.FileSystem = &wireFS{Type: "restricted", Entries: p.FileSystem.Entries, Depth: p.FileSystem.GlobDepth}
		if w.FileSystem.Entries == nil {
			w.FileSystem.Entries = []Entry{}
		}
	}
	return json.Marshal(w)
}

// MarshalJSON writes an entry as it is in a profile.
func (e Entry) MarshalJSON() ([]byte, error) {
	w := wireEntry{Path: wirePath{Type: e.Path.Type}, Access: e.Access.wire()}
	switch e.Path.Type {
	case PathGlob:
		w.Path.Pattern = e.Path.Value
	case PathSpecial:
		w.Path.Value = &wireSpecial{Kind: e.Path.Kind, Path: e.Path.Value, Subpath: e.Path.Subpath}
	default:
		w.Path.Path = e.Path.Value
	}
	if e.SkipMissing {
		w.Missing = "skip"
	}
	return json.Marshal(w)
}

// UnmarshalJSON reads an entry of a profile.
func (e *Entry) UnmarshalJSON(b []byte) error {
	var w wireEntry
	err := json.Unmarshal(b, &w)
	if err == nil {
		*e, err = w.entry()
	}
	return err
}

// UnmarshalJSON reads the exec-server shape. Unknown fields are ignored; an
// unknown type, access or path type is an error, since leaving out an entry
// could widen what is granted. An unknown special kind is kept and grants
// nothing.
func (p *Profile) UnmarshalJSON(b []byte) error {
	var w wireProfile
	if err := json.Unmarshal(b, &w); err != nil {
		return fmt.Errorf("decode permission profile: %w", err)
	}
	out := Profile{Type: w.Type}
	if w.Network != nil {
		out.Network = bool(*w.Network)
	}
	switch w.Type {
	case Disabled:
		*p = Profile{Type: Disabled}
		return nil
	case External:
		*p = out
		return nil
	case Managed:
		if w.Proxy != nil {
			out.Network, out.Proxy = true, w.Proxy
		}
	default:
		return fmt.Errorf("decode permission profile: unknown type %q", w.Type)
	}
	if w.FileSystem == nil {
		return fmt.Errorf("decode permission profile: file_system is missing")
	}
	switch w.FileSystem.Type {
	case "unrestricted":
		out.FileSystem.Unrestricted = true
		*p = out
		return nil
	case "restricted":
	default:
		return fmt.Errorf("decode permission profile: unknown file_system type %q", w.FileSystem.Type)
	}
	out.FileSystem.GlobDepth, out.FileSystem.Entries = w.FileSystem.Depth, w.FileSystem.Entries
	if out.FileSystem.Entries == nil {
		out.FileSystem.Entries = []Entry{} // as it is written, and read again
	}
	*p = out
	return nil
}

// wire is the word of 0.133 and later; it and the older ones read "none", too.
func (a Access) wire() string {
	if a == AccessNone {
		return "deny"
	}
	return string(a)
}

func (we wireEntry) entry() (Entry, error) {
	e := Entry{SkipMissing: we.Missing == "skip", Path: Path{Type: we.Path.Type}}
	switch we.Access {
	case "read", "write", "none":
		e.Access = Access(we.Access)
	case "deny":
		e.Access = AccessNone
	default:
		return e, fmt.Errorf("unknown access %q", we.Access)
	}
	switch we.Path.Type {
	case PathLiteral:
		e.Path.Value = we.Path.Path
		if e.Path.Value == "" {
			return e, fmt.Errorf("path is empty")
		}
	case PathGlob:
		e.Path.Value = we.Path.Pattern
		if e.Access != AccessNone {
			return e, fmt.Errorf("a glob pattern can only be denied, not given %q", e.Access)
		}
	case PathSpecial:
		if we.Path.Value == nil {
			return e, fmt.Errorf("special path has no value")
		}
		e.Path.Kind, e.Path.Value, e.Path.Subpath = we.Path.Value.Kind, we.Path.Value.Path, we.Path.Value.Subpath
		switch e.Path.Kind {
		case "workspace_roots", "current_working_directory", "cwd":
			e.Path.Kind = KindProjectRoots
		}
	default:
		return e, fmt.Errorf("unknown path type %q", we.Path.Type)
	}
	return e, nil
}
