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
	for name, text := range map[string]string{"config.toml": "model = 'a'\nreview_model = 'r'\n[profiles.table]\nmodel = 't'\n[profiles.both]\nmodel = 'over'\n", "work.config.toml": "model = 'b'\n",
		"both.config.toml": "model = 'under'\n"} {
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
	// -p means the table of config.toml, the file, or both; the command line stands over them.
	for name, c := range map[string]struct {
		o     Options
		model string
	}{
		"file":        {Options{Profile: "work"}, "b"},
		"table":       {Options{Profile: "table"}, "t"},
		"both":        {Options{Profile: "both"}, "over"},
		"by key":      {Options{Overrides: []string{"profile=work"}}, "b"},
		"-c over it":  {Options{Profile: "work", Overrides: []string{"model=z"}}, "z"},
		"nobody's":    {Options{Profile: "none"}, ""},
		"not a name":  {Options{Profile: "../work"}, ""},
		"not loaded":  {Options{Profile: "work", IgnoreUserConfig: true}, ""},
		"given twice": {Options{Profile: "work", ProfileV2: "work"}, "b"},
	} {
		c.o.Env = env
		got, err := Load(context.Background(), c.o)
		switch {
		case c.model == "" && (err == nil || err.Error() != "config profile `"+c.o.Profile+"` not found"):
			t.Errorf("%s: %v", name, err)
		case c.model != "" && (err != nil || got.Model != c.model):
			t.Errorf("%s: %v, %+v", name, err, got)
		}
	}
	for name, want := range map[string]bool{"work": true, "a-b_1": true, "": false, "../x": false, "a.b": false, "a/b": false} {
		if PlainName(name) != want {
			t.Errorf("PlainName(%q) = %t", name, !want)
		}
	}
}
