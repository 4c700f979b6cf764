package ruledir

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"codex/pkg/config"
)

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestFiles(t *testing.T) {
	root := t.TempDir()
	layer := func(name, disabled string) config.Layer {
		return config.Layer{Name: name, Dir: filepath.Join(root, name), Disabled: disabled}
	}
	for _, f := range []string{"system/rules/s.rules", "user/rules/b.rules", "user/rules/a.rules", "user/rules/notes.txt", "user/rules/default.rules.lock",
		"user/rules/d.rules/x", "project/rules/p.rules", "sessionFlags/rules/no.rules", "shared/team"} {
		write(t, filepath.Join(root, f), "")
	}
	if err := os.Symlink(filepath.Join(root, "shared", "team"), filepath.Join(root, "user", "rules", "c.rules")); err != nil {
		t.Skip(err)
	}
	layers := []config.Layer{layer("system", ""), layer("user", ""), layer("project", ""), layer("sessionFlags", "")}
	for _, c := range []struct {
		what   string
		layers []config.Layer
		system bool
		want   string
	}{
		{"all", layers, false, "system/rules/s.rules user/rules/a.rules user/rules/b.rules user/rules/c.rules project/rules/p.rules"},
		{"ignored", layers, true, "system/rules/s.rules"},
		{"not trusted", []config.Layer{layer("user", ""), layer("project", "project is not trusted")}, false, "user/rules/a.rules user/rules/b.rules user/rules/c.rules"},
		{"no folders", []config.Layer{{Name: "user", Dir: filepath.Join(root, "nowhere")}}, false, ""},
	} {
		got, err := Files(Folders(c.layers, c.system))
		if err != nil {
			t.Errorf("%s: %v", c.what, err)
		}
		for i := range got {
			got[i] = filepath.ToSlash(strings.TrimPrefix(got[i], root+string(filepath.Separator)))
		}
		if s := strings.Join(got, " "); s != c.want {
			t.Errorf("%s: %s, want %s", c.what, s, c.want)
		}
	}
}

// Whoever can't read rules must not go on without them.
func TestUnreadable(t *testing.T) {
	root := t.TempDir()
	write(t, filepath.Join(root, "a", "rules"), "a file")
	write(t, filepath.Join(root, "b", "rules", "x"), "")
	if err := os.Symlink("nowhere", filepath.Join(root, "b", "rules", "x.rules")); err != nil {
		t.Skip(err)
	}
	for _, dir := range []string{"a", "b"} {
		_, err := Files([]string{filepath.Join(root, dir, "rules")})
		if err == nil || !strings.HasPrefix(err.Error(), "failed to read rules file") || !strings.Contains(err.Error(), "(os error ") {
			t.Errorf("%s: %v", dir, err)
		}
	}
}

func TestAppend(t *testing.T) {
	for _, c := range []struct{ before, after string }{
		{"", `prefix_rule(pattern=["sed", "-n"], decision="allow")` + "\n"},
		{"x = 1", "x = 1\n" + `prefix_rule(pattern=["sed", "-n"], decision="allow")` + "\n"},
		{"x = 1\n", "x = 1\n" + `prefix_rule(pattern=["sed", "-n"], decision="allow")` + "\n"},
		{`prefix_rule(pattern=["sed", "-n"], decision="allow")` + "\r\nx = 1", `prefix_rule(pattern=["sed", "-n"], decision="allow")` + "\r\nx = 1"},
	} {
		home := t.TempDir()
		path := filepath.Join(home, "rules", "default.rules")
		if c.before != "" {
			write(t, path, c.before)
		}
		for range 2 {
			if err := Append(t.Context(), home, []string{"sed", "-n"}); err != nil {
				t.Fatal(err)
			}
		}
		if b, err := os.ReadFile(path); err != nil || string(b) != c.after {
			t.Errorf("%q becomes %q, want %q (%v)", c.before, b, c.after, err)
		}
	}
	if err := Append(t.Context(), t.TempDir(), nil); err == nil {
		t.Error("a rule without words is stored")
	}
	home := t.TempDir()
	write(t, filepath.Join(home, "rules"), "")
	if err := Append(t.Context(), home, []string{"a"}); err == nil {
		t.Error("no error where the folder is a file")
	}
}

func TestAppendTogether(t *testing.T) {
	home := t.TempDir()
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for _, w := range []string{"a", "b", "c", "d"} {
				if err := Append(t.Context(), home, []string{w}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	b, err := os.ReadFile(filepath.Join(home, "rules", "default.rules"))
	if err != nil {
		t.Fatal(err)
	}
	lines := slices.Sorted(strings.Lines(string(b)))
	if want := []string{Line([]string{"a"}) + "\n", Line([]string{"b"}) + "\n", Line([]string{"c"}) + "\n", Line([]string{"d"}) + "\n"}; !slices.Equal(lines, want) {
		t.Errorf("%q", lines)
	}
}
