package argv

import (
	"path"
	"sort"
	"strings"

	"codex/pkg/config"
)

// environment is what a command sees of the variables env. The order is the
// original's: inherit, default excludes, exclude, set, include_only. dir
// becomes PWD.
func environment(e config.ShellEnvPolicy, env []string, dir string) []string {
	if e.Inherit == "all" && e.IgnoreDefaultExcludes && len(e.Exclude)+len(e.Set)+len(e.IncludeOnly) == 0 {
		return env
	}
	core := []string{"PATH", "SHELL", "TMPDIR", "TEMP", "TMP", "HOME", "LANG", "LC_ALL", "LC_CTYPE", "LOGNAME", "USER"}
	secret := []string{"*KEY*", "*SECRET*", "*TOKEN*"}
	vars := map[string]string{}
	for _, kv := range env {
		name, value, _ := strings.Cut(kv, "=")
		switch {
		case e.Inherit == "none",
			e.Inherit == "core" && !matches(core, name),
			!e.IgnoreDefaultExcludes && matches(secret, name),
			matches(e.Exclude, name):
			continue
		}
		vars[name] = value
	}
	for name, value := range e.Set {
		vars[name] = value
	}
	if len(e.IncludeOnly) > 0 {
		for name := range vars {
			if !matches(e.IncludeOnly, name) {
				delete(vars, name)
			}
		}
	}
	vars["PWD"] = dir
	out := make([]string, 0, len(vars))
	for name, value := range vars {
		out = append(out, name+"="+value)
	}
	sort.Strings(out)
	return out
}

// matches compares name with globs, ignoring case.
func matches(globs []string, name string) bool {
	for _, g := range globs {
		if ok, err := path.Match(strings.ToUpper(g), strings.ToUpper(name)); ok && err == nil {
			return true
		}
	}
	return false
}
