package jsonrpc

import (
	"bytes"
	"encoding/json"
	"strings"
)

// value is one value inside a document that has passed Check, which lets all of this
// trust its shape. It points into the document.
type value []byte

// null stands for what is not there, too.
func (v value) null() bool   { return len(v) == 0 || v[0] == 'n' }
func (v value) object() bool { return len(v) > 0 && v[0] == '{' }
func (v value) array() bool  { return len(v) > 0 && v[0] == '[' }
func (v value) bool() bool   { return len(v) > 0 && (v[0] == 't' || v[0] == 'f') }
func (v value) string() bool { return len(v) > 0 && v[0] == '"' }
func (v value) number() bool { return len(v) > 0 && (v[0] == '-' || '0' <= v[0] && v[0] <= '9') }
func (v value) whole() bool  { return v.number() && !bytes.ContainsAny(v, ".eE") }

// text gives the bytes of a string, without a copy when nothing in it is escaped.
func (v value) text() []byte {
	in := v[1 : len(v)-1]
	if bytes.IndexByte(in, '\\') < 0 {
		return in
	}
	var s string
	_ = json.Unmarshal(v, &s) // Check has seen it
	return []byte(s)
}

// members calls f with every member of an object until it says false. The key is valid
// until then only.
func (v value) members(f func(key []byte, v value) bool) {
	for i := skipSpace(v, 1); v[i] == '"'; {
		end := text(v, i+1)
		name := v[i:end].text()
		i = skipSpace(v, skipSpace(v, end)+1) // the colon
		end = endOf(v, i)
		if !f(name, v[i:end]) {
			return
		}
		if i = skipSpace(v, end); v[i] == ',' {
			i = skipSpace(v, i+1)
		}
	}
}

// items calls f with every item of an array until it says false.
func (v value) items(f func(v value) bool) {
	for i := skipSpace(v, 1); v[i] != ']'; {
		end := endOf(v, i)
		if !f(v[i:end]) {
			return
		}
		if i = skipSpace(v, end); v[i] == ',' {
			i = skipSpace(v, i+1)
		}
	}
}

// at gives what a path of names with dots between leads to.
func (v value) at(path string) (found value) {
	name, rest, more := strings.Cut(path, ".")
	if !v.object() {
		return nil
	}
	v.members(func(key []byte, m value) bool {
		if string(key) == name {
			found = m
		}
		return found == nil
	})
	if more {
		return found.at(rest)
	}
	return found
}

// endOf gives the place after the value that begins at i.
func endOf(b []byte, i int) int {
	if b[i] != '{' && b[i] != '[' {
		return scalar(b, i)
	}
	for depth := 0; ; {
		switch b[i] {
		case '"':
			i = text(b, i+1)
			continue
		case '{', '[':
			depth++
		case '}', ']':
			depth--
		}
		i++
		if depth == 0 {
			return i
		}
	}
}
