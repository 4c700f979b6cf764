package mcp

import (
	"cmp"
	"crypto/sha1"
	"encoding/hex"
	"slices"
	"strings"
)

const (
	maxName = 64 // of a namespace and a name together
	hashLen = 12
)

// identity is a tool by the names that its server and its settings give it.
type identity struct{ server, tool string }

// named is what the model calls a tool.
type named struct {
	identity
	namespace, name string
}

// nameTools gives names that the model can use: letters, digits and _ only, no two alike,
// none too long. Which name a tool gets depends on no order.
func nameTools(ids []identity) []named {
	ids = slices.Clone(ids)
	slices.SortFunc(ids, func(a, b identity) int { return cmp.Or(cmp.Compare(a.server, b.server), cmp.Compare(a.tool, b.tool)) })
	ids = slices.Compact(ids)
	spaces := namespaces(ids)
	alike := map[[2]string]int{}
	for _, id := range ids {
		alike[[2]string{spaces[id.server], sanitize(id.tool)}]++
	}
	used := map[string]bool{}
	all := make([]named, 0, len(ids))
	for _, id := range ids {
		n := named{id, spaces[id.server], sanitize(id.tool)}
		if alike[[2]string{n.namespace, n.name}] > 1 {
			n.name += "_" + hash(id, "")
		}
		if len(n.namespace)+len(n.name) > maxName || used[n.namespace+n.name] {
			n = n.fit(used)
		}
		used[n.namespace+n.name] = true
		all = append(all, n)
	}
	return all
}

// fit shortens names until they are short enough and nobody else's.
func (n named) fit(used map[string]bool) named {
	suffix := "_" + hash(n.identity, "")
	space, name := n.namespace, sanitize(n.tool)
	for attempt := 1; ; attempt++ {
		if room := maxName - len(space) - len(suffix); room >= 0 {
			name = name[:min(len(name), room)] + suffix
		} else {
			space, name = space[:maxName-len(suffix)], suffix
		}
		if !used[space+name] {
			return named{n.identity, space, name}
		}
		suffix = "_" + hash(n.identity, string(rune('0'+attempt)))
		space, name = n.namespace, sanitize(n.tool)
	}
}

// namespaces gives each server one. Servers that would have the same get a hash.
func namespaces(ids []identity) map[string]string {
	servers := map[string]string{}
	alike := map[string]int{}
	for _, id := range ids {
		if _, ok := servers[id.server]; !ok {
			space := sanitize(rawNamespace(id.server))
			servers[id.server] = space
			alike[space]++
		}
	}
	for server, space := range servers {
		if alike[space] > 1 {
			servers[server] = strings.TrimSuffix(space, "__") + "_" + sum(server+"\x00"+rawNamespace(server)+"\x00") + "__"
		}
	}
	return servers
}

func rawNamespace(server string) string { return "mcp__" + server + "__" }

// hash tells tools apart whose names are alike; more tells attempts apart.
func hash(id identity, more string) string {
	text := id.server + "\x00" + rawNamespace(id.server) + "\x00\x00" + id.tool + "\x00" + id.tool
	if more != "" {
		text += "\x00" + more
	}
	return sum(text)
}

func sum(text string) string {
	s := sha1.Sum([]byte(text))
	return hex.EncodeToString(s[:])[:hashLen]
}

// sanitize replaces every character that names may not have.
func sanitize(s string) string {
	if s == "" {
		return "_"
	}
	return strings.Map(func(r rune) rune {
		if r == '_' || r >= '0' && r <= '9' || r >= 'A' && r <= 'Z' || r >= 'a' && r <= 'z' {
			return r
		}
		return '_'
	}, s)
}
