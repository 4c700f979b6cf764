// Package keys makes things of the table of all settings that the loader has: a list of every
// key with its type, default and effect, the manual page codex-config(5), and a JSON Schema for
// editors.
//
// Ground layer: it imports config.
package keys

import (
	"strings"

	"codex/pkg/config"
)

// kind tells the types of the table apart.
type kind byte

const (
	table kind = '@'
	words kind = '='
	tags  kind = '%'
	union kind = '|'
)

// typ is one type of the table.
type typ struct {
	kind   kind
	head   []string // words, tags or kinds; for a table deny and flat=KIND
	effect string   // of keys that have none of their own
	fields []field
}

type field struct {
	name, kind, def, effect string
	required                bool
}

// types reads the table.
func types() map[string]typ {
	all := map[string]typ{}
	name, current := "", typ{}
	for line := range strings.Lines(config.Types()) {
		line = strings.TrimSuffix(line, "\n")
		switch {
		case strings.HasPrefix(line, "#"):
		case line == "":
			if name != "" {
				all[name] = current
			}
			name = ""
		case name == "":
			text, effect, _ := strings.Cut(line, " ; ")
			head := strings.Fields(text[1:])
			name, current = head[0], typ{kind: kind(line[0]), head: head[1:], effect: effect}
		default:
			current.fields = append(current.fields, readField(line, current.effect))
		}
	}
	if name != "" {
		all[name] = current
	}
	return all
}

func readField(line, effect string) field {
	rest, own, has := strings.Cut(line, " ; ")
	if has {
		effect = own
	}
	rest, def, _ := strings.Cut(rest, " = ")
	name, kind, _ := strings.Cut(rest, " ")
	f := field{name: strings.TrimRight(name, "!~"), kind: kind, def: def, effect: effect}
	f.required = strings.Contains(name, "!")
	return f
}

// flat is the kind of keys that a table does not name, "" when there are none.
func (t typ) flat() string {
	for _, w := range t.head {
		if k, ok := strings.CutPrefix(w, "flat="); ok {
			return k
		}
	}
	return ""
}

// closed tells that other keys are errors.
func (t typ) closed() bool { return len(t.head) > 0 && t.head[0] == "deny" }

// inner is the kind within a list or a table of names.
func inner(kind string) string { return kind[1 : len(kind)-1] }
