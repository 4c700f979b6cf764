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
		for _, it := range newDoc(l.text).items {
			it.walk(add)
		}
	}
	return func(path []string) int {
		// Keys inside lists are recorded without the index.
		p := slices.DeleteFunc(slices.Clone(path), func(s string) bool { return strings.HasPrefix(s, "#") })
		if r, ok := rank[strings.Join(p, "\x00")]; ok {
			return r
		}
		// What only a flag's value holds comes last.
		return len(rank) + 1
	}
}

// walk visits the item's key and those of an inline table below it.
func (it item) walk(visit func(path []string)) {
	visit(it.path)
	for _, in := range it.inline {
		in.walk(visit)
	}
}
