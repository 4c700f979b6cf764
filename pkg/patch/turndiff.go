package patch

import (
	"bytes"
	"crypto/sha1"
	"encoding/hex"
	"maps"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// TurnDiff adds up the patches of a turn to their net diff, in the form of
// git diff. It knows committed patches only: what a shell command does to a
// file shows when a later patch touches the same file, else not at all.
//
// It holds the first and the latest content of each file touched. A TurnDiff
// is not safe for use from several goroutines at once.
type TurnDiff struct {
	root    string
	before  map[string][]byte // when first touched; nil is no file
	now     map[string][]byte // after the last patch; nil is no file
	from    map[string]string // for a file that was moved here: where it was in the beginning
	invalid bool
	shown   bool // Text has given something other than ""
	text    string
	stale   bool // text is not that of now
}

// NewTurnDiff starts a turn. Paths are shown relative to root, an absolute
// directory: the repository's, or the working directory outside of one.
func NewTurnDiff(root string) *TurnDiff {
	return &TurnDiff{
		root:   root,
		before: map[string][]byte{},
		now:    map[string][]byte{},
		from:   map[string]string{},
	}
}

// Add takes in what Apply has committed, in its order. After a Result that is
// Inexact call Invalidate as well.
func (t *TurnDiff) Add(changes []Change) {
	if t.invalid {
		return
	}
	for _, c := range changes {
		t.stale = true
		t.first(c.Path, c.Old)
		switch {
		case c.Kind == Update && c.MovePath != "" && c.MovePath != c.Path:
			t.first(c.MovePath, c.MoveOld)
			origin := c.Path
			if o, ok := t.from[c.Path]; ok {
				origin = o
			}
			t.set(c.Path, nil)
			t.set(c.MovePath, c.New)
			t.from[c.MovePath] = origin
		case c.Kind == Update:
			t.now[c.Path] = c.New
		case c.Kind == Delete:
			t.set(c.Path, nil)
		default:
			t.set(c.Path, c.New)
		}
	}
}

// first notes the content that a file had before the turn.
func (t *TurnDiff) first(path string, old []byte) {
	if _, known := t.before[path]; !known {
		t.before[path] = old
	}
}

// set replaces a file: what is there now did not come from elsewhere.
func (t *TurnDiff) set(path string, content []byte) {
	t.now[path] = content
	delete(t.from, path)
}

// Invalidate gives the diff up for the rest of the turn, because the files
// are no longer known for sure.
func (t *TurnDiff) Invalidate() {
	*t = TurnDiff{root: t.root, invalid: true}
}

// Text is the net diff, sorted by path. It is "" with ok when earlier changes
// have been undone; ok is false after Invalidate and while nothing has ever
// differed.
func (t *TurnDiff) Text() (diff string, ok bool) {
	if t.invalid {
		return "", false
	}
	if t.stale {
		t.text, t.stale = t.render(), false
		t.shown = t.shown || t.text != ""
	}
	return t.text, t.shown
}

func (t *TurnDiff) render() string {
	paths := slices.SortedFunc(maps.Keys(t.now), func(a, b string) int { return strings.Compare(t.name(a), t.name(b)) })
	moved := t.moves(paths)
	gone := make(map[string]bool, len(moved)) // shown under the old name
	for _, to := range moved {
		gone[to] = true
	}
	var b strings.Builder
	for _, p := range paths {
		if to, ok := moved[p]; ok {
			t.entry(&b, p, to)
		} else if !gone[p] {
			t.entry(&b, p, p)
		}
	}
	return b.String()
}

// moves maps old to new names where a file is to be shown as moved: the old
// name is free now, and the new one was free before the turn.
func (t *TurnDiff) moves(paths []string) map[string]string {
	moved := map[string]string{}
	for _, p := range paths {
		origin, ok := t.from[p]
		if !ok || t.before[p] != nil || t.now[p] == nil || t.before[origin] == nil || t.now[origin] != nil {
			continue
		}
		if _, taken := moved[origin]; !taken {
			moved[origin] = p
		}
	}
	return moved
}

// entry writes the diff of one file, nothing when it is as it was. A move
// without any change is nothing too, as in the original.
func (t *TurnDiff) entry(b *strings.Builder, from, to string) {
	old, new := t.before[from], t.now[to]
	if (old == nil) == (new == nil) && bytes.Equal(old, new) {
		return
	}
	a, z := "a/"+t.name(from), "b/"+t.name(to)
	b.WriteString("diff --git " + a + " " + z + "\n")
	switch {
	case old == nil:
		b.WriteString("new file mode 100644\n")
		a = "/dev/null"
	case new == nil:
		b.WriteString("deleted file mode 100644\n")
		z = "/dev/null"
	}
	b.WriteString("index " + blobID(old) + ".." + blobID(new) + "\n")
	if hunks := UnifiedDiff(old, new, 3); hunks != "" {
		b.WriteString("--- " + a + "\n+++ " + z + "\n" + hunks)
	}
}

// name is how a path is shown; one outside of root stays absolute.
func (t *TurnDiff) name(path string) string {
	p, root := filepath.ToSlash(path), strings.TrimSuffix(filepath.ToSlash(t.root), "/")
	if rest, ok := strings.CutPrefix(p, root+"/"); ok {
		return rest
	}
	return p
}

// blobID is git's name for a content, zeros for no file.
func blobID(content []byte) string {
	if content == nil {
		return strings.Repeat("0", 2*sha1.Size)
	}
	h := sha1.New()
	h.Write([]byte("blob " + strconv.Itoa(len(content)) + "\x00"))
	h.Write(content)
	return hex.EncodeToString(h.Sum(nil))
}
