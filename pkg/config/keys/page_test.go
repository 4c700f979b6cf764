package keys

import (
	_ "embed"
	"fmt"
	"strings"
)

// frame is the page around the lists of keys.
//
//go:embed page.mdoc
var frame string

// page is codex-config(5), in mdoc.
func page() string {
	s := frame
	for mark, file := range map[string]string{"config": Config, "requirements": Requirements} {
		all := All(file)
		s = strings.Replace(s, ".\\\" keys: "+mark+"\n", used(all), 1)
		s = strings.Replace(s, ".\\\" unused: "+mark+"\n", unused(all), 1)
		s = strings.Replace(s, ".\\\" profile: "+mark+"\n", ofProfiles(all), 1)
	}
	return s
}

// used is the list of keys that do something.
func used(all []Key) string {
	var b strings.Builder
	b.WriteString(".Bl -tag -width Ds\n")
	for len(all) > 0 {
		k := all[0]
		n := alike(all)
		if names := all[:n]; n >= 3 && k.Used && !k.same {
			writeAlike(&b, names)
			all = all[n:]
			continue
		}
		all = all[1:]
		if !k.Used || k.same {
			continue
		}
		fmt.Fprintf(&b, ".It Ic %s Pq %s\n%s\n", escape(k.Path), escape(k.Type), wrap(sentence(k.Effect)+"."))
		if k.Default != "" {
			fmt.Fprintf(&b, "Default:\n.Li %s .\n", escape(k.Default))
		}
	}
	b.WriteString(".El\n")
	return b.String()
}

// alike is how many keys at the begin are of one table, type and effect, without a default.
func alike(all []Key) int {
	first := all[0]
	n := 0
	for n < len(all) && all[n].Used && all[n].Default == "" && all[n].Type == first.Type && all[n].Effect == first.Effect && parent(all[n].Path) == parent(first.Path) && all[n].same == first.same {
		n++
	}
	return n
}

func parent(path string) string { return path[:max(0, strings.LastIndexByte(path, '.'))] }

// writeAlike writes keys that differ in their names alone.
func writeAlike(b *strings.Builder, all []Key) {
	fmt.Fprintf(b, ".It Ic %s.* Pq %s\n%s:\n", escape(parent(all[0].Path)), escape(all[0].Type), wrap(sentence(all[0].Effect)))
	var names []string
	for _, k := range all {
		names = append(names, strings.TrimPrefix(k.Path, parent(k.Path)+"."))
	}
	writeList(b, names)
}

// unused lists the keys that do nothing, by the reason.
func unused(all []Key) string {
	var reasons []string
	names := map[string][]string{}
	for _, k := range all {
		if k.Used || k.Table {
			continue
		}
		if names[k.Effect] == nil {
			reasons = append(reasons, k.Effect)
		}
		names[k.Effect] = append(names[k.Effect], k.Path)
	}
	var b strings.Builder
	b.WriteString(".Bl -tag -width Ds\n")
	for _, r := range reasons {
		fmt.Fprintf(&b, ".It %s\n", escape(r))
		writeList(&b, names[r])
	}
	b.WriteString(".El\n")
	return b.String()
}

// ofProfiles lists the keys that a profile may hold.
func ofProfiles(all []Key) string {
	var names []string
	for _, k := range all {
		if name, ok := strings.CutPrefix(k.Path, "profiles.<name>."); ok && k.same && k.Used {
			names = append(names, name)
		}
	}
	var b strings.Builder
	writeList(&b, names)
	return b.String()
}

func writeList(b *strings.Builder, names []string) {
	for i, n := range names {
		end := " ,"
		if i == len(names)-1 {
			end = " ."
		}
		fmt.Fprintf(b, ".Ic %s%s\n", escape(n), end)
	}
}

// wrap breaks a text into lines of less than 80 characters.
func wrap(s string) string {
	var b strings.Builder
	n := 0
	for _, w := range strings.Fields(s) {
		switch {
		case n == 0:
		case n+1+len(w) > 78:
			b.WriteByte('\n')
			n = 0
		default:
			b.WriteByte(' ')
			n++
		}
		b.WriteString(w)
		n += len(w)
	}
	return b.String()
}

// escape makes one word of mdoc arguments harmless: what begins with a dot, quotes, backslashes.
func escape(s string) string {
	s = strings.NewReplacer(`\`, `\e`, `"`, `\(dq`, `|`, `\(ba`, `[]`, `[\&]`, `.`, `.\&`).Replace(s)
	return s
}

// sentence begins with a capital, unless it begins with the name of a key.
func sentence(s string) string {
	if s == "" || strings.Contains(strings.Fields(s)[0], "_") {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:]
}
