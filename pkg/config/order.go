package config

import (
	"slices"
	"strings"
)

// order ranks keys by where they first stand in the layers, lowest layer first.
// It is only wanted when there is something to complain about, so it reads the
// texts again rather than have every Load remember positions.
func order(layers []Layer, flags [][]string) func(path []string) int {
	rank := map[string]int{}
	add := func(path []string) {
		for i := range path {
			k := strings.Join(path[:i+1], "\x00")
			if _, ok := rank[k]; !ok {
				rank[k] = len(rank) + 1
			}
		}
	}
	for _, l := range layers {
		if l.Disabled != "" {
			continue
		}
		if l.Path == "" {
			for _, k := range flags {
				add(k)
			}
			continue
		}
		for it := range newDoc(l.text).all() {
			if len(it.keys) > 0 {
				add(it.path)
			}
		}
	}
	return func(path []string) int {
		// Keys inside lists are recorded without the index.
		p := slices.DeleteFunc(slices.Clone(path), isIndex)
		if r, ok := rank[strings.Join(p, "\x00")]; ok {
			return r
		}
		// What only a flag's value holds comes last.
		return len(rank) + 1
	}
}

// isIndex tells an element of a list in a path.
func isIndex(key string) bool { return strings.HasPrefix(key, "#") }
