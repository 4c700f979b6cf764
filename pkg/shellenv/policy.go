// Package shellenv says what part of an environment commands get:
// shell_environment_policy of config.toml, and envPolicy of the exec-server protocol.
//
// Ground layer: it imports the standard library only.
package shellenv

import (
	"maps"
	"slices"
	"strings"
)

// Policy picks variables. Its members are those of the exec-server protocol.
type Policy struct {
	Inherit string `json:"inherit" schema:"words=core|all|none"`
	// IgnoreDefaultExcludes keeps names with KEY, SECRET or TOKEN.
	IgnoreDefaultExcludes bool `json:"ignoreDefaultExcludes"`
	// Exclude and IncludeOnly are names with * and ?, matched without regard to case.
	Exclude     []string          `json:"exclude"`
	Set         map[string]string `json:"set"`
	IncludeOnly []string          `json:"includeOnly"`
}

// All says whether the policy changes nothing.
func (p Policy) All() bool {
	return p.Inherit == "all" && p.IgnoreDefaultExcludes && len(p.Exclude)+len(p.Set)+len(p.IncludeOnly) == 0
}

// Apply gives what a command gets of base, in this order: Inherit, the default excludes,
// Exclude, Set, IncludeOnly.
func (p Policy) Apply(base map[string]string) map[string]string {
	out := map[string]string{}
	for name, value := range base {
		if p.inherits(name) {
			out[name] = value
		}
	}
	maps.Copy(out, p.Set)
	if len(p.IncludeOnly) > 0 {
		maps.DeleteFunc(out, func(name, _ string) bool { return !matchAny(p.IncludeOnly, name) })
	}
	return out
}

func (p Policy) inherits(name string) bool {
	switch {
	case p.Inherit == "none",
		p.Inherit == "core" && !core(name),
		!p.IgnoreDefaultExcludes && secret(name):
		return false
	}
	return !matchAny(p.Exclude, name)
}

func core(name string) bool {
	return slices.Contains([]string{"PATH", "SHELL", "TMPDIR", "TEMP", "TMP", "HOME", "LANG", "LC_ALL", "LC_CTYPE", "LOGNAME", "USER"}, strings.ToUpper(name))
}

func secret(name string) bool {
	name = strings.ToUpper(name)
	return strings.Contains(name, "KEY") || strings.Contains(name, "SECRET") || strings.Contains(name, "TOKEN")
}

func matchAny(globs []string, name string) bool {
	return slices.ContainsFunc(globs, func(g string) bool { return Match(strings.ToUpper(g), strings.ToUpper(name)) })
}

// Match knows * and ? and nothing else, so that no pattern is malformed.
func Match(glob, name string) bool {
	star, back := -1, 0 // where to try again, with one more byte for the last star
	g, n := 0, 0
	for n < len(name) {
		switch {
		case g < len(glob) && glob[g] == '*':
			star, back = g, n
			g++
		case g < len(glob) && (glob[g] == '?' || glob[g] == name[n]):
			g++
			n++
		case star >= 0:
			back++
			g, n = star+1, back
		default:
			return false
		}
	}
	return strings.Trim(glob[g:], "*") == ""
}

// Map gives a list of NAME=VALUE by name.
func Map(list []string) map[string]string {
	m := make(map[string]string, len(list))
	for _, kv := range list {
		if name, value, ok := strings.Cut(kv, "="); ok && name != "" {
			m[name] = value
		}
	}
	return m
}

// List is the other way round, sorted.
func List(env map[string]string) []string {
	list := make([]string, 0, len(env))
	for name, value := range env {
		list = append(list, name+"="+value)
	}
	slices.Sort(list)
	return list
}
