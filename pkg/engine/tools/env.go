package tools

import (
	"maps"

	"codex/pkg/auth"
)

// overlay are the variables that exec_command forces.
func overlay() map[string]string {
	return map[string]string{"NO_COLOR": "1", "TERM": "dumb", "LANG": "C.UTF-8", "LC_CTYPE": "C.UTF-8",
		"LC_ALL": "C.UTF-8", "COLORTERM": "", "PAGER": "cat", "GIT_PAGER": "cat", "GH_PAGER": "cat", "CODEX_CI": "1"}
}

// environment builds a command's variables; offline tells it that it has no network.
func (s *Set) environment(t *Turn, offline bool) map[string]string {
	env := s.userEnvironment(t)
	maps.Copy(env, overlay())
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
