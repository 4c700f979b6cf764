// Package policy says what a command may touch: permission profiles as they
// cross the wires, and the decisions that follow from them on one machine.
//
// It is data and pure functions. It imports the standard library and foreign,
// starts nothing, and reads the file system only through the FS its caller passes in.
// A Profile speaks the JSON of the exec-server protocol's "permissions"
// object; a Policy is the same thing resolved against a working directory:
// absolute paths, symbolic links followed, protected names added. Enforcing a
// Policy is package sandbox's work.
package policy

// Access is what an entry of a profile grants on its path.
type Access string

// The three grants. AccessNone is written "deny" and read as "none" as well.
const (
	AccessRead  Access = "read"
	AccessWrite Access = "write"
	AccessNone  Access = "none"
)

// Kinds of profile.
const (
	Managed  = "managed"  // we enforce FileSystem and Network
	Disabled = "disabled" // no sandbox at all
	External = "external" // somebody else confines us; we only know the network rule
)

// Profile is a permission profile as it crosses the wires. The zero value is
// a managed profile that grants nothing.
type Profile struct {
	Type       string     // Managed, Disabled or External
	FileSystem FileSystem // Managed only
	Network    bool       // Managed and External: true is "enabled"
	// Proxy narrows Network to what a proxy lets through; nil is no proxy.
	Proxy *ProxySettings
}

// FileSystem is the file system half of a managed profile.
type FileSystem struct {
	Unrestricted bool    // true: everything may be read and written
	Entries      []Entry // else: what is granted; nothing listed is nothing granted
	GlobDepth    int     // how deep glob patterns are expanded; 0 is no limit
}

// Entry grants Access on Path.
type Entry struct {
	Path        Path
	Access      Access
	SkipMissing bool // a missing path is left alone rather than kept missing
}

// Types of Path.
const (
	PathLiteral = "path"         // Value is an absolute path
	PathGlob    = "glob_pattern" // Value is a pattern, only with AccessNone
	PathSpecial = "special"      // Kind names the place
)

// Kinds of special path.
const (
	KindRoot         = "root"          // /
	KindMinimal      = "minimal"       // the platform's programs and libraries
	KindProjectRoots = "project_roots" // the working directory; also spelt workspace_roots
	KindTmpdir       = "tmpdir"        // $TMPDIR of the outer environment
	KindSlashTmp     = "slash_tmp"     // /tmp
)

// Path names one place or a set of places.
type Path struct {
	Type    string // PathLiteral, PathGlob or PathSpecial
	Value   string // the path or pattern; a relative pattern is below the project roots
	Kind    string // PathSpecial: one of the kinds; unknown ones grant nothing
	Subpath string // PathSpecial: a place below it, "" for itself
}

// ReadOnly grants reading everything and writing nothing, without network.
func ReadOnly() Profile {
	return Profile{Type: Managed, FileSystem: FileSystem{Entries: []Entry{special(KindRoot, AccessRead)}}}
}

// WriteOptions are the knobs of [sandbox_workspace_write].
type WriteOptions struct {
	WritableRoots   []string // beside the working directory; relative ones count from it
	Network         bool     // network_access
	ExcludeTmpdir   bool     // exclude_tmpdir_env_var: $TMPDIR is not writable
	ExcludeSlashTmp bool     // exclude_slash_tmp: /tmp is not writable
}

// WorkspaceWrite grants reading everything and writing below the project
// roots, o.WritableRoots and the temporary directories. It names what is
// protected in the project roots, which a writable root has anyway, as the
// original does in its session files.
func WorkspaceWrite(o WriteOptions) Profile {
	e := []Entry{special(KindRoot, AccessRead), special(KindProjectRoots, AccessWrite)}
	if !o.ExcludeSlashTmp {
		e = append(e, special(KindSlashTmp, AccessWrite))
	}
	if !o.ExcludeTmpdir {
		e = append(e, special(KindTmpdir, AccessWrite))
	}
	for _, r := range o.WritableRoots {
		e = append(e, Entry{Path: Path{Type: PathLiteral, Value: r}, Access: AccessWrite})
	}
	for _, name := range ProtectedNames() {
		e = append(e, Entry{Path: Path{Type: PathSpecial, Kind: KindProjectRoots, Subpath: name}, Access: AccessRead})
	}
	return Profile{Type: Managed, FileSystem: FileSystem{Entries: e}, Network: o.Network}
}

// FullAccess is no sandbox.
func FullAccess() Profile { return Profile{Type: Disabled} }

func special(kind string, a Access) Entry {
	return Entry{Path: Path{Type: PathSpecial, Kind: kind}, Access: a}
}
