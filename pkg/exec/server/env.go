package server

import (
	"path"
	"sort"
	"strings"

	"codex/pkg/exec/wire"
)

// environ is an environment by name.
type environ map[string]string

func (e environ) list() []string {
	out := make([]string, 0, len(e))
	for k, v := range e {
		out = append(out, k+"="+v)
	}
	sort.Strings(out)
	return out
}

func environOf(list []string) environ {
	e := make(environ, len(list))
	for _, kv := range list {
		if k, v, ok := strings.Cut(kv, "="); ok && k != "" {
			e[k] = v
		}
	}
	return e
}

// childEnv is exactly env without a policy. With one it begins with the server's own
// environment: inherit, default excludes, exclude, set, includeOnly, then env on top
// (execserver spec §2).
func childEnv(own []string, p *wire.EnvPolicy, env map[string]string) environ {
	if p == nil {
		return env
	}
	out := environ{}
	if p.Inherit != "none" {
		for k, v := range environOf(own) {
			if p.Inherit == "all" || coreVariable(k) {
				out[k] = v
			}
		}
	}
	drop := func(patterns []string) {
		for k := range out {
			if matchAny(patterns, k) {
				delete(out, k)
			}
		}
	}
	if !p.IgnoreDefaultExcludes {
		drop([]string{"*KEY*", "*SECRET*", "*TOKEN*"})
	}
	drop(p.Exclude)
	for k, v := range p.Set {
		out[k] = v
	}
	if len(p.IncludeOnly) > 0 {
		for k := range out {
			if !matchAny(p.IncludeOnly, k) {
				delete(out, k)
			}
		}
	}
	for k, v := range env {
		out[k] = v
	}
	return out
}

func coreVariable(name string) bool {
	switch strings.ToUpper(name) {
	case "PATH", "SHELL", "TMPDIR", "TEMP", "TMP", "HOME", "LANG", "LC_ALL", "LC_CTYPE", "LOGNAME", "USER":
		return true
	}
	return false
}

func matchAny(patterns []string, name string) bool {
	name = strings.ToUpper(name)
	for _, p := range patterns {
		if ok, err := path.Match(strings.ToUpper(p), name); ok && err == nil {
			return true
		}
	}
	return false
}
