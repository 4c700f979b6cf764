package keys

import (
	"cmp"
	"slices"
	"strings"

	"github.com/BurntSushi/toml"
)

// Key is one key of a file.
type Key struct {
	// Path is dotted; <name> stands for any name, [] for the elements of a list.
	Path string
	// Type is in words.
	Type string
	// Default is TOML, "" when there is none.
	Default string
	// Effect says what the key does; when it is not Used, why it does nothing.
	Effect string
	Used   bool
	// Table tells that other keys are below it.
	Table bool
	// same tells that it is one of many with nothing to tell apart but the names.
	same bool
}

// The files that there are keys of.
const (
	Config       = "ConfigToml"
	Requirements = "RequirementsToml"
)

// All lists the keys of a file, sorted as the table is.
func All(file string) []Key {
	w := &walker{types: types()}
	w.table("", w.types[file], "", "", true)
	return w.keys
}

type walker struct {
	types map[string]typ
	keys  []Key
}

// table lists the keys of a table. about is what the key does that holds it, above what holds for
// keys without an effect of their own.
func (w *walker) table(path string, t typ, about, above string, used bool) {
	for _, f := range t.fields {
		w.field(join(path, f.name), f, cmp.Or(t.effect, above), used)
	}
	if flat := t.flat(); flat != "" {
		w.field(join(path, "<name>"), field{kind: flat, effect: cmp.Or(t.effect, about)}, above, used)
	}
}

func (w *walker) field(path string, f field, above string, used bool) {
	effect, own := f.effect, f.effect != ""
	if !own {
		effect = above
	}
	if !own && strings.HasPrefix(path, "profiles.<name>.") {
		w.keys = append(w.keys, Key{Path: path, Type: w.inWords(f.kind), Effect: "as the key of the same name", Used: true, same: true})
		return
	}
	why, unused := strings.CutPrefix(effect, "-")
	used = used && !unused
	below := w.below(f.kind)
	k := Key{Path: path, Type: w.inWords(f.kind), Default: f.def, Effect: why, Used: used, Table: len(below) > 0}
	if f.name != "" || !k.Table {
		k.same = k.Default == "" && !used
		w.keys = append(w.keys, k)
	}
	above = ""
	if !used {
		above = "-" + why
	}
	for _, b := range below {
		t := w.types[b.name]
		if b.key {
			w.keys = append(w.keys, Key{Path: path + b.suffix, Type: "table", Effect: why, Used: used, Table: true, same: k.same})
		}
		if t.kind == tags {
			w.keys = append(w.keys, Key{Path: path + b.suffix + "." + t.head[0], Type: w.inWords(b.name), Effect: cmp.Or(strings.TrimPrefix(above, "-"), "which of them it is"), Used: used})
			for _, h := range t.head[1:] {
				if _, name, ok := strings.Cut(h, ":"); ok {
					w.table(path+b.suffix, w.types[name], why, above, used)
				}
			}
			continue
		}
		w.table(path+b.suffix, t, why, above, used)
	}
}

// place is a table below a key.
type place struct {
	suffix, name string
	key          bool // the suffix is a key by itself
}

// below lists the tables that a value of this kind can hold.
func (w *walker) below(kind string) []place {
	switch kind[0] {
	case '[', '{':
		suffix := map[byte]string{'[': "[]", '{': ".<name>"}[kind[0]]
		out := w.below(inner(kind))
		for i := range out {
			out[i].suffix = suffix + out[i].suffix
		}
		return out
	}
	t, ok := w.types[kind]
	var out []place
	switch {
	case !ok:
	case t.kind == table, t.kind == tags:
		out = []place{{name: kind}}
	case t.kind == union:
		for _, k := range t.head[1:] {
			out = append(out, w.below(k)...)
		}
	case t.kind == words:
		for _, h := range t.head {
			if word, name, ok := strings.Cut(h, ":"); ok {
				out = append(out, place{"." + word, name, true})
			}
		}
	}
	return out
}

// inWords names a kind for people.
func (w *walker) inWords(kind string) string {
	switch kind[0] {
	case '[':
		return "list of " + w.inWords(inner(kind))
	case '{':
		return "table of " + w.inWords(inner(kind))
	}
	if word, _, ok := scalar(kind); ok {
		return word
	}
	t := w.types[kind]
	switch t.kind {
	case words:
		return strings.Join(bare(t.head), " | ")
	case tags:
		return strings.Join(bare(t.head[1:]), " | ")
	case union:
		var all []string
		for _, k := range t.head[1:] {
			if s := w.inWords(k); !slices.Contains(all, s) {
				all = append(all, s)
			}
		}
		return strings.Join(all, " or ")
	}
	return "table"
}

// bare are the words without the kinds behind them.
func bare(list []string) []string {
	out := make([]string, len(list))
	for i, w := range list {
		out[i], _, _ = strings.Cut(w, ":")
	}
	return out
}

func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}

// Default is the default of a key of config.toml, nil when there is none.
func Default(path string) any {
	all := All(Config)
	i := slices.IndexFunc(all, func(k Key) bool { return k.Path == path })
	if i < 0 {
		return nil
	}
	return all[i].Value()
}

// Value is the default of a key, nil when there is none.
func (k Key) Value() any {
	var v map[string]any
	if _, err := toml.Decode("v = "+k.Default, &v); err != nil {
		return nil // there is none: the tests hold that the others are TOML
	}
	return v["v"]
}
