package config

import (
	"context"
	"os"
	"path/filepath"
	"testing"
)

// --profile-v2 lays a file of its own over the user's.
func TestProfileV2(t *testing.T) {
	home := t.TempDir()
	for name, text := range map[string]string{"config.toml": "model = 'a'\nreview_model = 'r'\n", "work.config.toml": "model = 'b'\n"} {
		if err := os.WriteFile(filepath.Join(home, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	env := Env{Get: func(k string) string {
		if k == "CODEX_HOME" {
			return home
		}
		return ""
	}, Home: home, Cwd: t.TempDir(), SystemDir: t.TempDir()}
	for name, want := range map[string]string{"": "a", "work": "b", "missing": "a"} {
		c, err := Load(context.Background(), Options{Env: env, ProfileV2: name})
		if err != nil || c.Model != want || c.ReviewModel != "r" {
			t.Errorf("--profile-v2 %q: %v, %+v", name, err, c)
		}
	}
	for name, want := range map[string]bool{"work": true, "a-b_1": true, "": false, "../x": false, "a.b": false, "a/b": false} {
		if PlainName(name) != want {
			t.Errorf("PlainName(%q) = %t", name, !want)
		}
	}
}
