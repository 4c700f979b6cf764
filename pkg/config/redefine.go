package config

import (
	"slices"
	"strconv"
	"strings"
)

// mayRedefine tells quickly whether a document may have what redefined refuses, all of which
// takes a dotted key outside of headers, or a header that goes on below an inline table. In
// doubt it does: it takes texts of several lines for lines of settings.
func mayRedefine(src string) bool {
	var inline []string // keys of inline tables
	for line := range strings.Lines(src) {
		line = strings.TrimLeft(line, " \t")
		key, value, pair := strings.Cut(line, "=")
		switch {
		case !pair || line[0] == '#' || line[0] == '[' && !strings.Contains(line, "{"):
		case strings.ContainsAny(key, ".\\") || line[0] == '[':
			return true
		case line[0] == '{' || strings.Contains(value, "{"):
			key = strings.TrimSpace(key)
			name := strings.Trim(key, `"'`)
			if n := len(key) - len(name); n != 0 && n != 2 || strings.ContainsAny(name, `"'`) || dotOutside(value) {
				return true
			}
			if !slices.Contains(inline, name) {
				inline = append(inline, name)
			}
		}
	}
	return len(inline) > 0 && goesBelow(src, inline)
}

// dotOutside tells whether there is a dot outside of texts.
func dotOutside(value string) bool {
	for i := 0; i < len(value); i++ {
		switch value[i] {
		case '.':
			return true
		case '"', '\'':
			i = stringEnd(value, i)
		}
	}
	return false
}

// goesBelow tells whether a header names one of the keys as the table of another.
func goesBelow(src string, keys []string) bool {
	for line := range strings.Lines(src) {
		line = strings.TrimLeft(line, " \t")
		if line == "" || line[0] != '[' {
			continue
		}
		if strings.Contains(line, `\`) {
			return true
		}
		for name, rest, more := strings.Cut(strings.TrimLeft(line, "["), "."); more; name, rest, more = strings.Cut(rest, ".") {
			if slices.Contains(keys, strings.Trim(name, " \t\"'")) {
				return true
			}
		}
	}
	return false
}

// kind is what defined a key.
type kind byte

const (
	implied kind = iota + 1 // stands only in longer headers
	headed                  // has a header
	dotted                  // made by dotted keys
	arrayed                 // [[..]]
	valued                  // has a value
)

// defined are the keys of a document so far, by their path; elements of lists of tables are
// counted in it.
type defined struct {
	kinds map[string]kind
	count map[string]int
}

// redefined refuses a key that is defined twice in the ways that the decoder lets pass, of which
// some would lose a value.
func (d *doc) redefined() error {
	s := defined{map[string]kind{}, map[string]int{}}
	for it := range d.all() {
		define := s.pair
		if it.header {
			define = s.header
		}
		if again := define(it); again >= 0 {
			at := it.keys[again]
			path := slices.Clone(it.path[:len(it.path)-len(it.keys)+again+1])
			name := DottedKey(slices.DeleteFunc(path, isIndex))
			return newSyntaxError(d.text, int(at.Offset), int(at.Length), "Key '"+name+"' has already been defined.")
		}
	}
	return nil
}

func (s defined) id(above, key string) string {
	id := above + "\x00" + key
	if n := s.count[id]; n > 0 {
		return id + "\x00" + strconv.Itoa(n)
	}
	return id
}

// header notes a header; again is the part of its key that is there already, -1 for none.
func (s defined) header(it item) (again int) {
	id, last := "", len(it.path)-1
	for i, key := range it.path[:last] {
		id = s.id(id, key)
		switch s.kinds[id] {
		case valued:
			return i
		case 0:
			s.kinds[id] = implied
		}
	}
	id += "\x00" + it.path[last]
	k := s.kinds[id]
	switch {
	case it.array && (k == 0 || k == arrayed):
		s.kinds[id] = arrayed
		s.count[id]++
	case !it.array && (k == 0 || k == implied):
		s.kinds[id] = headed
	default:
		return last
	}
	return -1
}

// pair is the same for a key with a value.
func (s defined) pair(it item) (again int) {
	id, own, last := "", len(it.table), len(it.path)-1
	for i, key := range it.path {
		if i < own {
			id = s.id(id, key)
			continue
		}
		id += "\x00" + key
		switch k := s.kinds[id]; {
		case i == last && k != 0, k == headed, k == arrayed, k == valued:
			return i - own
		case i == last:
			s.kinds[id] = valued
		case k == 0:
			s.kinds[id] = dotted
		}
	}
	return -1
}
