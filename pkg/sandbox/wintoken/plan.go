package wintoken

import (
	"errors"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"codex/pkg/policy"
)

// Level is how far the machine may be changed for a sandbox: the value of
// sandbox in [windows].
type Level string

// The levels. Disabled still runs what needs no change.
const (
	Disabled   Level = ""
	Unelevated Level = "unelevated" // entries in access lists of one's own files
	Elevated   Level = "elevated"   // accounts and a firewall, set up by an administrator
)

// ParseLevel reads a level, in the words of config.toml or in those of the
// exec-server protocol.
func ParseLevel(word string) (Level, error) {
	switch word {
	case "", "disabled":
		return Disabled, nil
	case "unelevated", "restricted-token":
		return Unelevated, nil
	case "elevated":
		return Elevated, nil
	case "mxc": // of later releases
		return Disabled, errors.New("`sandbox = \"mxc\"` in [windows] is not part of this program: \"unelevated\" needs no administrator")
	}
	return Disabled, fmt.Errorf("unknown variant `%s`, expected `elevated` or `unelevated`\nin `windows.sandbox`", word)
}

// Refusal says why a policy cannot be enforced, and how to go on.
type Refusal struct {
	Reason string
	Hints  []string
}

func (r *Refusal) Error() string { return r.Reason }

// Refuse says why pol cannot be held to at a level, or nil.
func Refuse(pol policy.Policy, level Level) *Refusal {
	full := "danger-full-access runs commands without a sandbox"
	because := func(reason string, hints ...string) *Refusal { return &Refusal{reason, append(hints, full)} }
	switch {
	case level == Elevated:
		return because("the elevated sandbox of Windows is not part of this program", `sandbox = "unelevated" in [windows] needs no administrator`)
	case !pol.FullDiskRead || len(pol.Denied)+len(pol.DeniedGlobs) > 0:
		return because("a restricted token cannot keep a command from reading", "read-only and workspace-write let it read everything")
	case pol.Proxy != nil:
		return because("a restricted token cannot hold the network to a proxy", "switch the network on or off")
	case pol.FullDiskWrite:
		return because("a restricted token cannot switch off the network alone", "switch the network on")
	case level == Disabled && len(pol.Writable) > 0:
		return because("writable roots need entries in their access lists, which nobody has allowed",
			`allow them with sandbox = "unelevated" in [windows] of config.toml`, "read-only needs none")
	}
	return nil
}

// Rights on files, as access lists have them.
const (
	// rightsModify is everything but to change the list itself, its owner, and
	// to remove children against their own lists.
	rightsModify = 0x1301BF
	rightsDelete = 0x010000
	// rightsChange is all that changes a file or a directory. It has no part in
	// common with reading.
	rightsChange = 0x0D0156
)

// Inheritance of an entry.
const (
	inheritAll  = 0x3 // to files and directories below
	inheritOnly = 0x8 // and not on the path itself
)

// Entry is one entry of an access list.
type Entry struct {
	Path  string // as Windows writes it
	SID   string
	Deny  bool
	Mask  uint32
	Flags uint8
}

// SDDL is the entry in the language that Windows has for them.
func (e Entry) SDDL() string {
	kind, flags := "A", ""
	if e.Deny {
		kind = "D"
	}
	if e.Flags&inheritAll != 0 {
		flags = "OICI"
	}
	if e.Flags&inheritOnly != 0 {
		flags += "IO"
	}
	return fmt.Sprintf("(%s;%s;0x%x;;;%s)", kind, flags, e.Mask, e.SID)
}

// Plan is what it takes to hold a command to a policy.
type Plan struct {
	SIDs    []string // identities that the token may write as
	Entries []Entry  // what they need, deny before allow, parents before children
	Missing []string // paths that would be protected if they were there
}

// NewPlan decides. cwd is the policy's working directory, in the policy's
// spelling; kind tells whether a path exists and is a directory.
func NewPlan(pol policy.Policy, cwd string, caps *Caps, kind func(native string) (there, dir bool)) (Plan, error) {
	var p Plan
	roots := map[string]string{} // path to SID
	var allow []Entry
	for _, r := range pol.Writable {
		native, ok := policy.ToWindows(r.Path)
		if !ok {
			return Plan{}, &Refusal{fmt.Sprintf("%s is no place on this system that can be opened for writing", r.Path), nil}
		}
		there, dir := kind(native)
		if !there {
			continue // gone since the policy was resolved
		}
		sid := caps.forRoot(rootKey(native, r), r.Path == cwd)
		roots[r.Path] = sid
		p.SIDs = append(p.SIDs, sid)
		// Not to be removed itself: on Linux a root cannot be either.
		allow = append(allow, Entry{Path: native, SID: sid, Mask: rightsModify &^ rightsDelete})
		if dir {
			allow = append(allow, Entry{Path: native, SID: sid, Mask: rightsModify, Flags: inheritAll | inheritOnly})
		}
	}
	for _, r := range pol.Writable {
		for _, at := range r.ReadOnly {
			native, ok := policy.ToWindows(at)
			if !ok {
				continue
			}
			there, dir := kind(native)
			if !there {
				p.Missing = append(p.Missing, native)
				continue
			}
			for _, outer := range slices.Sorted(maps.Keys(roots)) {
				if !policy.Below(at, outer) {
					continue
				}
				e := Entry{Path: native, SID: roots[outer], Deny: true, Mask: rightsChange}
				if dir {
					e.Flags = inheritAll
				}
				p.Entries = append(p.Entries, e)
			}
		}
	}
	p.Entries = append(p.Entries, allow...)
	if len(p.SIDs) == 0 {
		p.SIDs = []string{caps.ReadOnly}
	}
	return p, nil
}

// Key is the one spelling of a path among its many: the file system does not
// tell capitals, and the original turns slashes.
func Key(native string) string {
	return strings.ToLower(strings.TrimPrefix(policy.FromWindows(native), "/"))
}

// rootKey names the identity of a root. Entries stay on the disk, also those
// that deny: a root with other protected paths than the usual needs an
// identity of its own, for which nothing is on the disk yet.
func rootKey(native string, r policy.Root) string {
	key := Key(native)
	usual := len(r.ReadOnly) == len(policy.ProtectedNames())
	var inside []string
	for _, at := range r.ReadOnly {
		usual = usual && path.Dir(at) == r.Path && slices.Contains(policy.ProtectedNames(), path.Base(at))
		inside = append(inside, strings.ToLower(strings.TrimPrefix(at, r.Path+"/")))
	}
	if usual {
		return key
	}
	slices.Sort(inside)
	return key + "|" + strings.Join(inside, "|")
}

// DefaultDACL is the access list of what the command makes that has no other:
// it must be able to write to its own pipes and processes, which its user
// alone could not.
func DefaultDACL(user string, sids []string) string {
	s := "D:(A;;GA;;;SY)(A;;GA;;;" + user + ")"
	for _, sid := range sids {
		s += "(A;;GA;;;" + sid + ")"
	}
	return s
}

// Explain lists what of pol is not enforced at a level, or why it is refused.
func Explain(pol policy.Policy, level Level, missing []string) []string {
	if !pol.Restricted() {
		return nil
	}
	if r := Refuse(pol, level); r != nil {
		return append([]string{"commands are refused: " + r.Reason}, r.Hints...)
	}
	var out []string
	if !pol.Network {
		out = append(out, "the network is not switched off: programs are asked not to use it, by variables and by stubs of ssh and scp")
	}
	out = append(out, "what everyone may write, the command may write",
		"the memory of other programs of this user can be read",
		"the desktop and its windows are shared")
	if len(missing) > 0 {
		out = append(out, "these can be made, because they are not there to be protected: "+strings.Join(missing, ", "))
	}
	return out
}
