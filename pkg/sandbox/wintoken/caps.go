package wintoken

import (
	"crypto/rand"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"codex/pkg/atomicfile"
	"codex/pkg/foreign"
)

// capsName is the file below CODEX_HOME that keeps the identities. It is the
// original's, in its format: what one of us has opened to an identity, the
// other opens to the same.
const capsName = "cap_sid"

// Caps are the identities that stand for being allowed to write somewhere. No
// account has them. The keys of the maps are those of Key, behind which ours
// has the paths that are not writable when they are not the usual ones.
type Caps struct {
	Workspace string            `json:"workspace"`             // not used here
	ReadOnly  string            `json:"readonly"`              // may write nowhere
	ByCwd     map[string]string `json:"workspace_by_cwd"`      // working directories
	ByRoot    map[string]string `json:"writable_root_by_path"` // other writable roots
	dirty     bool
}

// ParseCaps reads the file. What is missing or is no identity is left empty,
// to be made anew: entries for it that are on the disk then allow nothing.
func ParseCaps(b []byte) *Caps {
	c := &Caps{}
	if json.Unmarshal(b, c) != nil {
		c = &Caps{}
	}
	if !ValidSID(c.Workspace) {
		c.Workspace = ""
	}
	if !ValidSID(c.ReadOnly) {
		c.ReadOnly = ""
	}
	for _, m := range []*map[string]string{&c.ByCwd, &c.ByRoot} {
		if *m == nil {
			*m = map[string]string{}
		}
		for k, sid := range *m {
			if !ValidSID(sid) {
				delete(*m, k)
			}
		}
	}
	return c
}

// fill makes the two identities that are always there.
func (c *Caps) fill() {
	for _, sid := range []*string{&c.Workspace, &c.ReadOnly} {
		if *sid == "" {
			*sid, c.dirty = newSID(), true
		}
	}
}

// forRoot gives the identity of a writable root.
func (c *Caps) forRoot(key string, cwd bool) string {
	m := c.ByRoot
	if cwd {
		m = c.ByCwd
	}
	sid, ok := m[key]
	if !ok {
		sid = newSID()
		m[key], c.dirty = sid, true
	}
	return sid
}

// newSID makes an identity: S-1-5-21 and four random numbers, which is that of
// a domain that does not exist.
func newSID() string {
	var b [16]byte
	rand.Read(b[:])
	sid := "S-1-5-21"
	for i := 0; i < len(b); i += 4 {
		sid += "-" + strconv.FormatUint(uint64(binary.LittleEndian.Uint32(b[i:])), 10)
	}
	return sid
}

// ValidSID says whether s is an identity of the kind that newSID makes. Others
// in the file could be an account's.
func ValidSID(s string) bool {
	rest, ok := strings.CutPrefix(s, "S-1-5-21-")
	parts := strings.Split(rest, "-")
	if !ok || len(parts) != 4 {
		return false
	}
	for _, p := range parts {
		n, err := strconv.ParseUint(p, 10, 32)
		if err != nil || strconv.FormatUint(n, 10) != p {
			return false
		}
	}
	return true
}

// WithCaps lets use see, and add to, the identities that are kept in home, and
// keeps what was added. The caller has taken a lock, where there can be others.
func WithCaps(home string, use func(*Caps) error) error {
	name := filepath.Join(home, capsName)
	b, err := foreign.ReadFile(name, 1<<20)
	if err != nil && !os.IsNotExist(err) {
		return fmt.Errorf("read identities: %w", err)
	}
	c := ParseCaps(b)
	c.fill()
	if err := use(c); err != nil || !c.dirty {
		return err
	}
	if b, err = json.Marshal(c); err != nil {
		return fmt.Errorf("write identities: %w", err)
	}
	if err := atomicfile.Replace(name, 0o600, b); err != nil {
		return fmt.Errorf("write identities: %w", err)
	}
	return nil
}
