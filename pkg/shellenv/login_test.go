package shellenv

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
)

// TestKeep: what the policy sets holds after a login shell's profile.
func TestKeep(t *testing.T) {
	home := t.TempDir()
	for _, name := range []string{".profile", ".bash_profile", ".zprofile"} {
		if err := os.WriteFile(filepath.Join(home, name), []byte("export A=profile B=profile\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	p := Policy{Inherit: "core", Set: map[string]string{"A": "it's\nset $HOME", "not a name": "x"}}
	env := p.Apply(map[string]string{"PATH": os.Getenv("PATH"), "HOME": home})
	for _, shell := range []string{"sh", "bash", "zsh"} {
		path, err := exec.LookPath(shell)
		if err != nil {
			t.Logf("no %s here", shell)
			continue
		}
		argv := p.Keep([]string{path, "-lc", `printf '%s|%s' "$A" "$B"`}, env)
		cmd := exec.Command(argv[0], argv[1:]...)
		for k, v := range env {
			cmd.Env = append(cmd.Env, k+"="+v)
		}
		if out, err := cmd.Output(); err != nil || string(out) != "it's\nset $HOME|profile" {
			t.Errorf("%s: %q, %v", shell, out, err)
		}
	}
	plain := []string{"/bin/bash", "-c", "x"}
	if got := p.Keep(plain, env); !slices.Equal(got, plain) {
		t.Errorf("%q", got)
	}
}
