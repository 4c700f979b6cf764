package argv

import "codex/pkg/shellenv"

// environment is what a command sees of the variables env. dir becomes PWD.
func environment(p shellenv.Policy, env []string, dir string) []string {
	if p.All() {
		return env
	}
	vars := p.Apply(shellenv.Map(env))
	vars["PWD"] = dir
	return shellenv.List(vars)
}
