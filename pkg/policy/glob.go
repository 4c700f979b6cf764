package policy

import (
	"path"
	"strings"
)

// GlobMatch reports whether name, or a directory above it, matches pattern.
// In a pattern ** stands for any number of components, also none; *, ? and
// [..] stay within one. Both are absolute. A malformed component matches
// anything: a denial that cannot be read denies more, not less.
func GlobMatch(pattern, name string) bool {
	pat := strings.Split(strings.Trim(pattern, "/"), "/")
	return globMatch(pat, strings.Split(strings.Trim(path.Clean(name), "/"), "/"))
}

// GlobBase splits a pattern into its beginning without wildcards, which is a
// whole path, and the rest.
func GlobBase(pattern string) (fixed, rest string) {
	parts := strings.Split(pattern, "/")
	for i, p := range parts {
		if strings.ContainsAny(p, "*?[]\\") {
			return "/" + strings.Join(parts[1:i], "/"), strings.Join(parts[i:], "/")
		}
	}
	return pattern, ""
}

// alternatives writes the braces of a pattern out: {a,b} is a or b. Beyond max
// patterns it gives up with nil. A brace that is not closed stands for itself.
func alternatives(pattern string, max int) []string {
	open := strings.IndexByte(pattern, '{')
	if open < 0 {
		return []string{pattern}
	}
	var out []string
	depth, from := 0, open+1
	var parts []string
	for i := open; i < len(pattern); i++ {
		switch c := pattern[i]; {
		case c == '{':
			depth++
		case c == ',' && depth == 1:
			parts = append(parts, pattern[from:i])
			from = i + 1
		case c == '}':
			if depth--; depth > 0 {
				continue
			}
			for _, p := range append(parts, pattern[from:i]) {
				more := alternatives(pattern[:open]+p+pattern[i+1:], max-len(out))
				if more == nil || len(out)+len(more) > max {
					return nil
				}
				out = append(out, more...)
			}
			return out
		}
	}
	return []string{pattern}
}

// Component reports whether one component of a pattern matches a name. A
// malformed one matches.
func Component(pattern, name string) bool {
	ok, err := path.Match(pattern, name)
	return ok || err != nil
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
		if !Component(pat[0], name[0]) {
			return false
		}
		pat, name = pat[1:], name[1:]
	}
	return true
}
