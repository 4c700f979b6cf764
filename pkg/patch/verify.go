package patch

import (
	"context"
	"fmt"
	"slices"
)

// Verify works a patch out against the files as they are now and writes
// nothing: the tool does this before it asks for approval. Each section is
// held against the disk alone, so a section that builds on an earlier one of
// the same patch fails here though Apply would carry it out; the original
// does the same.
//
// The text of the error is what follows "apply_patch verification failed: ".
// A patch without sections gives no changes and no error.
func Verify(ctx context.Context, fsys FS, cwd string, p *Patch) ([]Change, error) {
	changes := make([]Change, 0, len(p.Hunks))
	for i := range p.Hunks {
		if err := ctx.Err(); err != nil {
			return nil, fmt.Errorf("verify patch: %w", err)
		}
		h := &p.Hunks[i]
		name := resolve(ctx, fsys, cwd, h.Path)
		switch h.Kind {
		case Add:
			changes = append(changes, Change{Path: name, Kind: Add, Content: h.Content, New: []byte(h.Content)})
		case Delete:
			old, err := readText(ctx, fsys, name)
			if err != nil {
				return nil, &Error{Path: name, Text: fmt.Sprintf("Failed to read %s: %s", name, err), Err: err}
			}
			changes = append(changes, Change{Path: name, Kind: Delete, Content: string(old), Old: old})
		default:
			c, pieces, err := updated(ctx, fsys, cwd, name, h)
			if err != nil {
				return nil, err
			}
			c.New = slices.Concat(pieces...)
			c.UnifiedDiff = UnifiedDiff(c.Old, c.New, 1)
			changes = append(changes, c)
		}
	}
	return changes, nil
}
