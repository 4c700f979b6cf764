package memories

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"unicode/utf8"

	"codex/pkg/atomicfile"
	"codex/pkg/foreign"
	store "codex/pkg/memories"
	"codex/pkg/patch"
)

// tree is what is in a folder: regular files by their names below it, with slashes.
type tree map[string][]byte

const (
	maxFile  = 32 << 20
	maxTree  = 128 << 20
	maxFiles = 20_000
	// maxDiff bounds the text of changes; a file of more than maxShownFile is only named in it.
	maxDiff      = 4 << 20
	maxShownFile = 512 << 10
)

// readTree reads a folder. Links, devices and what begins with a dot do not count. What cannot
// be read is passed over; without somebody to tell that to, it is an error.
func readTree(dir string, pass func(name string, err error)) (tree, error) {
	f, err := store.OpenFolder(dir)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", dir, err)
	}
	defer f.Close()
	t, total := tree{}, 0
	err = fs.WalkDir(f.FS(), ".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil && name != "." && pass != nil:
			pass(name, err)
			return nil
		case err != nil:
			return err
		case name != "." && strings.HasPrefix(d.Name(), ".") && d.IsDir():
			return fs.SkipDir
		case name != "." && strings.HasPrefix(d.Name(), ".") || !d.Type().IsRegular():
			return nil
		}
		b, err := f.Read(name, maxFile)
		if err == nil && !utf8.ValidString(name) {
			err = fmt.Errorf("the name of %q is no UTF-8", name) // it could not be kept as one
		}
		switch {
		case errors.Is(err, fs.ErrNotExist): // gone meanwhile
			return nil
		case err != nil && pass != nil:
			pass(name, err)
			return nil
		case err != nil:
			return err
		}
		total += len(b)
		t[name] = b
		if total > maxTree || len(t) > maxFiles {
			return fmt.Errorf("there is more than %d files or %d bytes", maxFiles, maxTree)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", dir, err)
	}
	return t, nil
}

// write makes a folder with these files; it must not be there.
func (t tree) write(dir string) error {
	if err := os.Mkdir(dir, 0o700); err != nil {
		return err
	}
	for name, b := range t {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			return err
		}
		if err := os.WriteFile(path, b, 0o600); err != nil {
			return err
		}
	}
	return nil
}

// change is a file that is in only one of two trees, or not the same in both.
type change struct {
	kind byte // A, M or D
	name string
}

// changes are those from one tree to another, by name.
func (t tree) changes(to tree) (out []change) {
	for name, b := range to {
		if old, ok := t[name]; !ok {
			out = append(out, change{'A', name})
		} else if !bytes.Equal(old, b) {
			out = append(out, change{'M', name})
		}
	}
	for name := range t {
		if _, ok := to[name]; !ok {
			out = append(out, change{'D', name})
		}
	}
	slices.SortFunc(out, func(a, b change) int { return strings.Compare(a.name, b.name) })
	return out
}

// diff tells the changes from one tree to another, as text of bounded size.
func (t tree) diff(to tree) string {
	var head, body strings.Builder
	head.WriteString("# Changes since memories were brought together\n\n")
	for _, c := range t.changes(to) {
		fmt.Fprintf(&head, "- %c %s\n", c.kind, c.name)
		if body.Len() < maxDiff {
			body.WriteString(t.fileDiff(to, c))
		}
	}
	return head.String() + "\n```diff\n" + middle(body.String(), maxDiff) + "\n```\n"
}

func (t tree) fileDiff(to tree, c change) string {
	before, after := t[c.name], to[c.name]
	from, into := "a/"+c.name, "b/"+c.name
	switch c.kind {
	case 'A':
		from = "/dev/null"
	case 'D':
		into = "/dev/null"
	}
	head := "--- " + from + "\n+++ " + into + "\n"
	if len(before)+len(after) > maxShownFile || !utf8.Valid(before) || !utf8.Valid(after) {
		return head + "(not shown)\n"
	}
	return head + patch.UnifiedDiff(before, after, 3)
}

// without is the tree without the files below some folder or of some name.
func (t tree) without(name string) tree {
	t = maps.Clone(t)
	maps.DeleteFunc(t, func(n string, _ []byte) bool { return within(n, name) })
	return t
}

// within says whether a name is another one, or below it.
func within(name, dir string) bool { return name == dir || strings.HasPrefix(name, dir+"/") }

// save keeps the tree in one file.
func (t tree) save(path string) error {
	b, err := json.Marshal(t)
	if err != nil {
		return err
	}
	return atomicfile.Replace(path, 0o600, b, []byte{'\n'})
}

// loadTree reads what save has kept, an empty tree where there is nothing.
func loadTree(path string) (tree, error) {
	t := tree{}
	b, err := foreign.ReadFile(path, 2*maxTree)
	if errors.Is(err, fs.ErrNotExist) {
		return t, nil
	}
	if err != nil {
		return nil, err
	}
	err = json.Unmarshal(b, &t)
	return t, err
}
