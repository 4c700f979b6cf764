package tools

import (
	"path"
	"strings"

	"codex/pkg/auth"
)

// EnvPolicy is shell_environment_policy.
type EnvPolicy struct {
	Inherit               string // all, core, none
	IgnoreDefaultExcludes bool
	Exclude, IncludeOnly  []string
	Set                   map[string]string
}

// Apply picks what a command gets of base.
func (p EnvPolicy) Apply(base map[string]string) map[string]string {
	out := map[string]string{}
	switch p.Inherit {
	case "none":
	case "core":
		for _, k := range []string{"PATH", "SHELL", "TMPDIR", "TEMP", "TMP", "HOME", "LANG", "LC_ALL", "LC_CTYPE", "LOGNAME", "USER"} {
			if v, ok := base[k]; ok {
				out[k] = v
			}
		}
	default:
		for k, v := range base {
			out[k] = v
		}
	}
	if !p.IgnoreDefaultExcludes {
		drop(out, []string{"*KEY*", "*SECRET*", "*TOKEN*"}, true)
	}
	drop(out, p.Exclude, true)
	for k, v := range p.Set {
		out[k] = v
	}
	if len(p.IncludeOnly) > 0 {
		drop(out, p.IncludeOnly, false)
	}
	return out
}

// drop removes what matches a pattern, or what matches none.
func drop(env map[string]string, globs []string, matching bool) {
	if len(globs) == 0 {
		return
	}
	for k := range env {
		if matchAny(globs, k) == matching {
			delete(env, k)
		}
	}
}

func matchAny(globs []string, name string) bool {
	for _, g := range globs {
		if ok, err := path.Match(strings.ToUpper(g), strings.ToUpper(name)); err == nil && ok {
			return true
		}
	}
	return false
}

// overlay are the variables that exec_command forces.
func overlay() map[string]string {
	return map[string]string{"NO_COLOR": "1", "TERM": "dumb", "LANG": "C.UTF-8", "LC_CTYPE": "C.UTF-8",
		"LC_ALL": "C.UTF-8", "COLORTERM": "", "PAGER": "cat", "GIT_PAGER": "cat", "GH_PAGER": "cat", "CODEX_CI": "1"}
}

// environment builds a command's variables; offline tells it that it has no network.
func (s *Set) environment(t *Turn, offline bool) map[string]string {
	env := s.userEnvironment(t)
	for k, v := range overlay() {
		env[k] = v
	}
	if offline {
		env["CODEX_SANDBOX_NETWORK_DISABLED"] = "1"
	}
	return env
}

// userEnvironment builds the variables of a command that the user typed.
func (s *Set) userEnvironment(t *Turn) map[string]string {
	env := s.Env.Apply(s.BaseEnv)
	for _, k := range auth.Secrets() { // no command needs them
		delete(env, k)
	}
	env["CODEX_THREAD_ID"] = t.ThreadID
	if s.PathDir != "" {
		if p := env["PATH"]; p != "" {
			env["PATH"] = s.PathDir + ":" + p
		} else {
			env["PATH"] = s.PathDir
		}
	}
	return env
}
