package config

import (
	_ "embed"
	"strings"
)

// The types of all known keys. It is searched as text: a configuration names a
// few dozen keys at most, so an index would cost more than it saves.
//
//go:embed schema.txt
var schema string

// Types is the table of all known keys, as text: its head says how it is written.
func Types() string { return schema }

// section returns a type's first line, without its name, and the lines below.
// sigil is 0 for an unknown name.
func section(name string) (sigil byte, head, body string) {
	for at := 0; ; {
		i := strings.Index(schema[at:], name)
		if i < 0 {
			return 0, "", ""
		}
		i += at
		at = i + len(name)
		if i < 2 || schema[i-2] != '\n' || strings.IndexByte("@=%|", schema[i-1]) < 0 {
			continue
		}
		if c := schema[at]; c != '\n' && c != ' ' {
			continue
		}
		eol := at + strings.IndexByte(schema[at:], '\n')
		head = schema[at:eol]
		head, _, _ = strings.Cut(head, " ;")
		if end := strings.Index(schema[eol:], "\n\n"); end >= 0 {
			body = schema[eol : eol+end+1]
		} else {
			body = schema[eol:]
		}
		return schema[i-1], strings.TrimSpace(head), body
	}
}

// field finds a key in a table's lines.
func field(body, key string) (kind string, shared, ok bool) {
	if key == "" || strings.ContainsAny(key, " \n!~") {
		return "", false, false
	}
	for at := 0; ; {
		i := strings.Index(body[at:], key)
		if i < 0 {
			return "", false, false
		}
		i += at
		at = i + len(key)
		if i == 0 || body[i-1] != '\n' || at >= len(body) {
			continue
		}
		rest := body[at:]
		rest = strings.TrimPrefix(rest, "!")
		if strings.HasPrefix(rest, "~") {
			shared, rest = true, rest[1:]
		}
		if !strings.HasPrefix(rest, " ") {
			shared = false
			continue
		}
		rest = rest[1:]
		return rest[:strings.IndexAny(rest, " \n")], shared, true
	}
}
