package keys

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Bindings are the keys of all actions. Programs ask for the default keys of an action;
// Translate gives what was pressed as these.
type Bindings struct {
	to    map[place]key    // from a key that is pressed to one that the program knows
	owner map[place]string // the action that has it
	off   map[place]bool   // keys of the table that are no action's any more
	names map[string][]string
	own   map[string]bool // actions that have other keys than those of the table
}

// place is a key in a context.
type place struct {
	context string
	key
}

// key is a press.
type key struct {
	code Code
	mod  Mod
}

// Problem is something wrong with the keys of a configuration. The path is that of the
// setting.
type Problem struct {
	Path []string
	Text string
}

// NewBindings reads tui.keymap, which may be nil. What is wrong is not used: an action whose
// keys cannot be read has those of the table, and a key belongs to the first that has it.
func NewBindings(keymap map[string]any) (*Bindings, []Problem) {
	b := &Bindings{to: map[place]key{}, owner: map[place]string{}, off: map[place]bool{}, names: map[string][]string{}, own: map[string]bool{}}
	var problems []Problem
	paths := map[string][]string{}
	for _, a := range actions {
		names, path, err := a.configured(keymap)
		if err != nil {
			problems = append(problems, Problem{path, err.Error()})
			names = a.defaults()
		}
		b.names[a.id()], paths[a.id()] = names, path
		b.own[a.id()] = !slices.Equal(names, a.defaults())
		for _, n := range names {
			k, _ := parse(n) // it was parsed before
			if other, free := b.taken(a, k); other != "" {
				switch {
				case b.own[a.id()]:
					problems = append(problems, Problem{path, fmt.Sprintf("%s is the key of %s", n, other)})
				case b.own[other]:
					problems = append(problems, Problem{paths[other], fmt.Sprintf("%s is the key of %s", n, a.id())})
				}
				if !free {
					continue
				}
			}
			b.bind(a, k)
		}
	}
	for _, a := range actions {
		for _, n := range a.defaults() {
			k, _ := parse(n)
			at := place{a.Context, k}
			_, bound := b.to[at]
			b.off[at] = !bound
		}
	}
	return b, problems
}

func (a Action) defaults() []string { return strings.Fields(a.Keys) }

// id is its name for people.
func (a Action) id() string { return strings.TrimPrefix(a.Context+"."+a.Name, ".") }

// configured gives the keys of an action, and where they are set. Those of the composer
// may stand under global.
func (a Action) configured(keymap map[string]any) (names []string, path []string, err error) {
	names, path = a.defaults(), a.Path()
	contexts := []string{a.Context}
	if a.Context == Compose {
		contexts = append(contexts, Global)
	}
	for _, c := range contexts {
		table, _ := keymap[c].(map[string]any)
		if v, ok := table[a.Name]; ok && a.Context != "" {
			path[2] = c
			names, err = namesOf(v)
			break
		}
	}
	return names, path, err
}

// namesOf reads the value of an action: a key, or a list of them.
func namesOf(v any) ([]string, error) {
	list, ok := v.([]any)
	if s, one := v.(string); one {
		list, ok = []any{s}, true
	}
	if !ok {
		return nil, fmt.Errorf("a key or a list of keys is wanted")
	}
	names := []string{}
	for _, x := range list {
		s, _ := x.(string)
		k, err := parse(strings.ToLower(s))
		if err != nil {
			return nil, err
		}
		names = append(names, k.String())
	}
	return names, nil
}

// taken gives the action that has a key already, where a would have it. Free says that a
// has it all the same, in another context that is asked later.
func (b *Bindings) taken(a Action, k key) (other string, free bool) {
	main := []string{"", Global, Chat, Compose}
	switch {
	case slices.Contains(main, a.Context):
		for _, c := range main {
			if o := b.owner[place{c, k}]; o != "" && o != a.id() {
				return o, false
			}
		}
		return "", false
	case a.Context == Editor && k != (key{Enter, 0}): // enter is written to be both
		for _, c := range main {
			if o := b.owner[place{c, k}]; o != "" {
				return o, true
			}
		}
	case a.Context == Approval && b.own[a.id()]:
		if o := b.owner[place{List, k}]; o != "" {
			return o, true
		}
	}
	if o := b.owner[place{a.Context, k}]; o != a.id() {
		return o, false
	}
	return "", false
}

// bind makes a key the action's: one of the table's stays itself, another one stands for
// the first of the table's.
func (b *Bindings) bind(a Action, k key) {
	at, own := place{a.Context, k}, a.defaults()
	b.owner[at] = a.id()
	switch {
	case a.code != 0:
		b.to[at] = key{a.code, 0}
	case slices.Contains(own, k.String()):
		b.to[at] = k
	default:
		b.to[at], _ = parse(own[0]) // of the table
	}
}

// Translate gives a press as the program knows it. Of the contexts the first that has the
// key counts. Where text is typed, a character is typed, and no key of a list.
func (b *Bindings) Translate(e Event, typing bool, contexts ...string) Event {
	if e.Kind != Press {
		return e
	}
	_, char := e.Char()
	off := false
	for _, c := range contexts {
		at := place{c, key{e.Code, e.Mod}}
		if typing && char && c == List {
			continue
		}
		if to, ok := b.to[at]; ok {
			e.Code, e.Mod = to.code, to.mod
			return e
		}
		off = off || b.off[at]
	}
	if off && (!typing || !char) {
		e.Code, e.Mod = None, 0
	}
	return e
}

// Names are the keys of an action, as people write them.
func (b *Bindings) Names(context, name string) []string { return b.names[context+"."+name] }

// Own says whether an action has other keys than those of the table.
func (b *Bindings) Own(context, name string) bool { return b.own[context+"."+name] }

// Name is the key that does what press does in a context, as people write it; "" when none
// does.
func (b *Bindings) Name(context string, press Event) string {
	for _, a := range actions {
		if a.Context == context && slices.Contains(a.defaults(), press.String()) {
			if names := b.Names(context, a.Name); len(names) > 0 {
				return names[0]
			}
			return ""
		}
	}
	return press.String()
}

func (k key) String() string { return Event{Code: k.code, Mod: k.mod}.String() }

// names of keys beside those that String writes.
func alias(name string) string {
	switch name {
	case "escape":
		return "esc"
	case "return":
		return "enter"
	case "spacebar":
		return "space"
	case "pgup", "pageup":
		return "page-up"
	case "pgdn", "pagedown":
		return "page-down"
	case "del":
		return "delete"
	case "minus":
		return "-"
	}
	return name
}

// parse reads the name of a key: modifiers, and the key, with a hyphen between each.
func parse(s string) (key, error) {
	bad := fmt.Errorf("there is no key %s; keys are called ctrl-a, shift-enter, page-down, f1, ?", strconv.Quote(s))
	var k key
	rest := strings.TrimSpace(s)
	for {
		word, more, ok := strings.Cut(rest, "-")
		mod := modifierNamed(word)
		if !ok || mod == 0 || more == "" {
			break
		}
		if k.mod&mod != 0 {
			return key{}, bad
		}
		k.mod |= mod
		rest = more
	}
	if r := []rune(rest); len(r) == 1 && r[0] > ' ' && r[0] < 0x7f {
		k.code = Code(r[0])
	} else if k.code = named(alias(strings.ToLower(rest))); k.code == 0 {
		return key{}, bad
	}
	letter := k.code >= 'a' && k.code <= 'z' || k.code >= 'A' && k.code <= 'Z'
	switch upper := k.code &^ 0x20; {
	case letter && k.mod == Shift: // as terminals send it
		k = key{upper, 0}
	case letter && k.mod != 0:
		k.code = k.code | 0x20
	}
	return k, nil
}

func modifierNamed(word string) Mod {
	switch strings.ToLower(word) {
	case "ctrl", "control":
		return Ctrl
	case "alt", "option":
		return Alt
	case "shift":
		return Shift
	}
	return 0
}

// named is the key with a name that is not a character, 0 for none.
func named(name string) Code {
	switch name {
	case "space":
		return ' '
	case "-":
		return '-'
	}
	if i := slices.Index(keyNames[:], name); i >= 0 {
		return Enter + Code(i)
	}
	return 0
}
