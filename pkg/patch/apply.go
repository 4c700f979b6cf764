package patch

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"codex/pkg/ostext"
)

// Change is what a patch does to one file.
type Change struct {
	Path    string // absolute
	Kind    Kind
	Content string // add: the new content; delete: the old one
	// UnifiedDiff of an update has hunks only, with one line of context. Verify makes it.
	UnifiedDiff string
	MovePath    string // update: the new name, absolute; "" when the file stays

	// Old and New are the contents before and after, nil where there is no
	// file. From Verify, Old of an add is always nil.
	Old, New []byte
	// MoveOld is what a move wrote over at MovePath, nil for nothing. Verify
	// leaves it nil.
	MoveOld []byte
}

// Result tells what Apply has done.
type Result struct {
	// Paths as the patch spells them, in its order; a moved file is in
	// Modified under its new name.
	Added, Modified, Deleted []string
	Applied                  []Change // committed, in order
	// Inexact says that the disk may differ from what Applied tells: a write
	// or a removal failed halfway, or a link or a file that is not text was
	// involved. A net diff can't be kept up after that.
	Inexact bool
}

// Summary is what the program and the tool print after success.
func (r Result) Summary() string {
	var b strings.Builder
	b.WriteString("Success. Updated the following files:\n")
	for _, g := range []struct {
		letter string
		paths  []string
	}{{"A", r.Added}, {"M", r.Modified}, {"D", r.Deleted}} {
		for _, p := range g.paths {
			b.WriteString(g.letter + " " + p + "\n")
		}
	}
	return b.String()
}

// ErrEmpty is the error of Apply for a patch without sections.
var ErrEmpty error = &Error{Text: "No files were modified."}

// Error is a failure to carry out one section. Its text is complete: the
// program prints it as it is.
type Error struct {
	Path string // absolute, "" in ErrEmpty
	Text string
	Err  error // the cause, nil when a chunk was not found
}

func (e *Error) Error() string { return e.Text }
func (e *Error) Unwrap() error { return e.Err }

// Apply carries out a patch file by file, in its order. When a section fails
// nothing of that file is written, and what came before stays: the Result
// holds that committed part. The error is ErrEmpty, an *Error or the
// context's.
func Apply(ctx context.Context, fsys FS, cwd string, p *Patch) (Result, error) {
	return apply(ctx, applier{fs: fsys, cwd: cwd, keep: true}, p)
}

func apply(ctx context.Context, a applier, p *Patch) (Result, error) {
	if len(p.Hunks) == 0 {
		return a.res, ErrEmpty
	}
	for i := range p.Hunks {
		if err := ctx.Err(); err != nil {
			return a.res, fmt.Errorf("apply patch: %w", err)
		}
		if err := a.hunk(ctx, &p.Hunks[i]); err != nil {
			return a.res, err
		}
	}
	return a.res, nil
}

type applier struct {
	fs   FS
	cwd  string
	keep bool // the contents in Result.Applied
	res  Result
}

func (a *applier) hunk(ctx context.Context, h *Hunk) error {
	name := resolve(ctx, a.fs, a.cwd, h.Path)
	switch h.Kind {
	case Add:
		return a.add(ctx, h, name)
	case Delete:
		return a.delete(ctx, h, name)
	default:
		return a.update(ctx, h, name)
	}
}

func (a *applier) add(ctx context.Context, h *Hunk, name string) error {
	old := a.before(ctx, name)
	if err := a.write(ctx, name, true, []byte(h.Content)); err != nil {
		return err
	}
	a.res.Added = append(a.res.Added, h.Path)
	a.commit(Change{Path: name, Kind: Add, Content: h.Content, Old: old, New: []byte(h.Content)})
	return nil
}

func (a *applier) delete(ctx context.Context, h *Hunk, name string) error {
	failed := func(err error) error { return because("delete file", name, err) }
	info, err := a.fs.Stat(ctx, name)
	if err != nil {
		return failed(err)
	}
	if info.IsDir {
		return failed(errors.New("is a directory"))
	}
	old := a.before(ctx, name)
	if err := a.fs.Remove(ctx, name); err != nil {
		return failed(err)
	}
	a.res.Deleted = append(a.res.Deleted, h.Path)
	a.commit(Change{Path: name, Kind: Delete, Content: string(old), Old: old})
	return nil
}

func (a *applier) update(ctx context.Context, h *Hunk, name string) error {
	c, pieces, err := updated(ctx, a.fs, a.cwd, name, h)
	if err != nil {
		return err
	}
	if a.keep {
		c.New = slices.Concat(pieces...)
		pieces = [][]byte{c.New}
	} else {
		c.Old = nil
	}
	if info, err := a.fs.Stat(ctx, name); err != nil || info.IsSymlink {
		a.res.Inexact = true
	}
	shown := h.Path
	switch c.MovePath {
	case "":
		err = a.write(ctx, name, false, pieces...)
	case name:
		// The original writes the file, then removes it as the source of
		// the move. A move to where the file is already is an update.
		c.MovePath = ""
		err = a.write(ctx, name, false, pieces...)
	default:
		shown = h.MovePath
		err = a.move(ctx, &c, pieces)
	}
	if err != nil {
		return err
	}
	a.res.Modified = append(a.res.Modified, shown)
	a.commit(c)
	return nil
}

func (a *applier) move(ctx context.Context, c *Change, pieces [][]byte) error {
	c.MoveOld = a.before(ctx, c.MovePath)
	if err := a.write(ctx, c.MovePath, true, pieces...); err != nil {
		return err
	}
	if err := a.fs.Remove(ctx, c.Path); err != nil {
		a.res.Inexact = true
		return because("remove original", c.Path, err)
	}
	// Both names may have meant one file: a link to the source, or another
	// spelling where case doesn't count. Then its content has just gone with
	// the source, which the original lets happen.
	if _, err := a.fs.Stat(ctx, c.MovePath); errors.Is(err, fs.ErrNotExist) {
		return a.write(ctx, c.MovePath, false, pieces...)
	}
	return nil
}

// before reads what is about to be overwritten or deleted, nil for nothing.
// A failure here stops nothing, but the net diff isn't known any more.
func (a *applier) before(ctx context.Context, name string) []byte {
	info, err := a.fs.Stat(ctx, name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil || !info.IsFile || info.IsSymlink {
		a.res.Inexact = true
		return nil
	}
	if !a.keep {
		return nil
	}
	data, err := readText(ctx, a.fs, name)
	if err != nil {
		a.res.Inexact = true
		return nil
	}
	return data
}

func (a *applier) write(ctx context.Context, name string, parents bool, pieces ...[]byte) error {
	var err error
	if parents {
		err = a.fs.MkdirAll(ctx, parent(name))
	}
	if err == nil {
		err = a.fs.WriteFile(ctx, name, pieces...)
	}
	if err != nil {
		a.res.Inexact = true
		return because("write file", name, err)
	}
	return nil
}

// because is the error of something that could not be done to a file, and why.
func because(what, name string, err error) error {
	return &Error{Path: name, Text: "Failed to " + what + " " + name + ": " + ostext.Reason(err), Err: err}
}

func (a *applier) commit(c Change) { a.res.Applied = append(a.res.Applied, c) }

// updated works out an update without writing anything, and gives the new content in
// pieces.
func updated(ctx context.Context, fsys FS, cwd, name string, h *Hunk) (Change, [][]byte, error) {
	old, err := readText(ctx, fsys, name)
	if err != nil {
		return Change{}, nil, &Error{Path: name, Text: fmt.Sprintf("Failed to read file to update %s: %s", name, err), Err: err}
	}
	pieces, err := rewrite(name, old, h.Chunks)
	if err != nil {
		return Change{}, nil, err
	}
	c := Change{Path: name, Kind: Update, Old: old}
	if h.MovePath != "" {
		c.MovePath = resolve(ctx, fsys, cwd, h.MovePath)
	}
	return c, pieces, nil
}
