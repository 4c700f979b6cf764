package config

import "slices"

// ReplaceTable makes the table at path hold what the changes say, whose paths lead on from it,
// and nothing else. Keys that it has already keep their place and comments; a table that is
// new is put behind its kin.
func ReplaceTable(text string, path []string, changes []Change) (string, error) {
	var err error
	for _, c := range changes {
		if text, err = Apply(text, Change{append(slices.Clone(path), c.Path...), c.Value}); err != nil {
			return "", err
		}
	}
	t, err := decode(text)
	if err != nil {
		return "", err
	}
	for _, key := range unnamed(lookup(t, path...), nil, changes) {
		if text, err = Apply(text, Change{Path: append(slices.Clone(path), key...)}); err != nil {
			return "", err
		}
	}
	return text, nil
}

// unnamed lists the keys below a table that no change is about, a table as a whole where none
// is about anything in it.
func unnamed(v any, at []string, changes []Change) [][]string {
	t, _ := v.(map[string]any)
	var all [][]string
	for _, k := range sortedKeys(t) {
		key := append(slices.Clone(at), k)
		switch {
		case slices.ContainsFunc(changes, func(c Change) bool { return prefix(c.Path, key) }):
		case slices.ContainsFunc(changes, func(c Change) bool { return prefix(key, c.Path) }):
			all = append(all, unnamed(t[k], key, changes)...)
		default:
			all = append(all, key)
		}
	}
	return all
}
