package loop

import (
	"context"
	"sync"

	"codex/pkg/frontend/appserver/search"
	"codex/pkg/frontend/tui/overlay"
)

// finder finds files below a folder. It reads the folder once, and is made anew when a
// popup opens.
type finder struct {
	dir  string
	once sync.Once
	tree *search.Tree
}

// maxFound is how many files are offered.
const maxFound = 50

func (f *finder) find(ctx context.Context, word string) ([]overlay.Choice, error) {
	f.once.Do(func() { f.tree = search.Walk(ctx, []string{f.dir}) })
	var out []overlay.Choice
	for _, m := range f.tree.Match(ctx, word, maxFound) {
		out = append(out, overlay.Choice{Name: m.Path, Value: m.Path})
	}
	return out, ctx.Err()
}
