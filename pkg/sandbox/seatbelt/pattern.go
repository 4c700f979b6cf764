package seatbelt

import (
	"path"
	"strings"
)

// The expressions here are for a matcher that compares bytes and knows
// alternatives, groups, classes, repetition and anchors. They hold printable
// ASCII only and no double quote, whatever they were made from: what cannot be
// written so becomes something that matches more. All of them take things away
// from a command: more is the safe side.

const (
	below   = "(/.*)?$"         // the path itself and all below it
	foreign = "[^ -~]+"         // what is no printable ASCII
	anyChar = "([^/]|[^ -~]+)"  // one character, also of several bytes
	name    = "[^/]*"           // a part of one name
	parents = "([^/]+/)*"       // directories, or none
	letterS = "([sS]|[^ -~]+)"  // s has a third form, which folds to it
	rest    = "[^/]*(/.*)?$"    // any name and all below it
	signs   = `*?[\`            // characters with a meaning in a pattern
	special = `\.+*?()|[]{}^$-` // those with one in an expression
)

// quote writes text that stands for itself, and for others that differ from it
// only in bytes that are no printable ASCII.
func quote(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		c := s[i]
		switch {
		case c < ' ' || c > '~':
			for i+1 < len(s) && (s[i+1] < ' ' || s[i+1] > '~') {
				i++
			}
			b.WriteString(foreign)
		case c == '"':
			b.WriteString("[!-#]")
		case strings.IndexByte(special, c) >= 0:
			b.WriteByte('\\')
			b.WriteByte(c)
		default:
			b.WriteByte(c)
		}
	}
	return b.String()
}

// foldedRegex matches p and all below it, with the last name in any mixture of
// capitals: on most Macs .GIT is .git, and while it is missing the kernel
// compares the name that a command asks for.
func foldedRegex(p string) string {
	dir, base := path.Split(p)
	var b strings.Builder
	for _, c := range []byte(base) {
		switch {
		case c == 's' || c == 'S':
			b.WriteString(letterS)
		case 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z':
			b.WriteString("[" + string(c|0x20) + string(c&^0x20) + "]")
		default:
			b.WriteString(quote(string(c)))
		}
	}
	return "^" + quote(dir) + b.String() + below
}

// fixedPart is the directory that everything that a pattern matches lies
// below: its components before the first with a sign in it.
func fixedPart(glob string) string {
	at := "/"
	parts := strings.Split(strings.Trim(glob, "/"), "/")
	for _, p := range parts[:len(parts)-1] {
		if strings.ContainsAny(p, signs) {
			break
		}
		at = path.Join(at, p)
	}
	return at
}

// globRegex says what policy.GlobMatch says: the paths that a pattern matches
// and everything below them.
func globRegex(glob string) string {
	out := "^/"
	parts := strings.Split(strings.Trim(glob, "/"), "/")
	for i := 0; i < len(parts); i++ {
		last := i == len(parts)-1
		if parts[i] == "**" {
			for !last && parts[i+1] == "**" {
				i++
				last = i == len(parts)-1
			}
			if last {
				return out + rest
			}
			out += parents
			continue
		}
		if _, err := path.Match(parts[i], ""); err != nil {
			return out + rest
		}
		out += nameRegex(parts[i])
		if !last {
			out += "/"
		}
	}
	return out + below
}

// nameRegex writes the pattern of one name. It is well formed.
func nameRegex(p string) string {
	var b strings.Builder
	for i := 0; i < len(p); i++ {
		switch c := p[i]; c {
		case '*':
			b.WriteString(name)
		case '?':
			b.WriteString(anyChar)
		case '\\':
			i++
			b.WriteString(quote(p[i : i+1]))
		case '[':
			class, n := classRegex(p[i:])
			b.WriteString(class)
			i += n - 1
		default:
			end := i + 1
			for end < len(p) && strings.IndexByte(signs, p[end]) < 0 {
				end++
			}
			b.WriteString(quote(p[i:end]))
			i = end - 1
		}
	}
	return b.String()
}

// classRegex writes a class in brackets and tells how long it was. One that is
// more than letters, digits and their ranges matches any character.
func classRegex(p string) (string, int) {
	start := 1
	if p[1] == '^' {
		start = 2
	}
	end, plain := start, true
	for end == start || p[end] != ']' {
		c := p[end]
		if c == '\\' {
			end++
		}
		plain = plain && (wordChar(c) || c == '-' && end > start && wordChar(p[end-1]) && wordChar(p[end+1]) && p[end-1] <= p[end+1])
		end++
	}
	switch set := p[start:end]; {
	case !plain:
		return anyChar, end + 1
	case start == 2:
		return "([^/" + set + "]|[^ -~]+)", end + 1
	default:
		return "[" + set + "]", end + 1
	}
}

func wordChar(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '_' || c == '.'
}
