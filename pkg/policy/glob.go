package policy

import (
	"path"
	"strings"
)

// GlobMatch reports whether name, or a directory above it, matches pattern.
// In a pattern ** stands for any number of components, also none; *, ? and
// [..] stay within one. Both are absolute. A malformed pattern matches by its
// fixed beginning: a denial that cannot be read denies more, not less.
func GlobMatch(pattern, name string) bool {
	pat := strings.Split(strings.Trim(pattern, "/"), "/")
	return globMatch(pat, strings.Split(strings.Trim(path.Clean(name), "/"), "/"))
}

func globMatch(pat, name []string) bool {
	for len(pat) > 0 {
		if pat[0] == "**" {
			for len(pat) > 0 && pat[0] == "**" {
				pat = pat[1:]
			}
			if len(pat) == 0 {
				return len(name) > 0
			}
			for i := range name {
				if globMatch(pat, name[i:]) {
					return true
				}
			}
			return false
		}
		if len(name) == 0 {
			return false
		}
		ok, err := path.Match(pat[0], name[0])
		if err != nil {
			return true
		}
		if !ok {
			return false
		}
		pat, name = pat[1:], name[1:]
	}
	return true
}
