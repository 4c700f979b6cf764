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
	at := make([]bool, len(pat)+1) // how many components may be matched by now
	reach(pat, at, 0)
	for _, n := range strings.Split(strings.Trim(path.Clean(name), "/"), "/") {
		next := make([]bool, len(pat)+1)
		for i, here := range at[:len(pat)] {
			switch {
			case !here:
			case pat[i] == "**":
				reach(pat, next, i)
				next[len(pat)] = next[len(pat)] || i == len(pat)-1
			case Component(pat[i], n):
				reach(pat, next, i+1)
			}
		}
		if next[len(pat)] {
			return true
		}
		at = next
	}
	return false
}

// reach marks i, and what follows the ** there, which can stand for nothing. A ** at
// the end stands for something.
func reach(pat []string, at []bool, i int) {
	for ; i < len(pat) && !at[i]; i++ {
		at[i] = true
		if pat[i] != "**" || i == len(pat)-1 {
			return
		}
	}
	if i == len(pat) {
		at[i] = true
	}
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
