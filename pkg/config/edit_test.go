package config

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestPeerEdits compares edits with what `codex features enable|disable` and
// the trust decision of `codex exec -s workspace-write` made of the same files.
func TestPeerEdits(t *testing.T) {
	// Ours on purpose: inline tables stay inline, line ends stay, comments at
	// the end of the file stay with the table above them.
	ours := map[string]string{
		"inline/unified_exec=true":       "features = { apps = true, memories = true, unified_exec = true }\nmodel = \"x\"\n",
		"inline/apps=true":               "features = { apps = true, memories = true }\nmodel = \"x\"\n",
		"inline/apps=false":              "features = { apps = false, memories = true }\nmodel = \"x\"\n",
		"inline/memories=":               "features = { apps = true }\nmodel = \"x\"\n",
		"inline-empty/unified_exec=true": "features = { unified_exec = true }\n",
		"inline-empty/apps=true":         "features = { apps = true }\n",
		"inline-empty/apps=false":        "features = { apps = false }\n",
		"other/unified_exec=true":        "[tui]\nanimations = true\n# last\n\n[features]\nunified_exec = true\n",
		"other/apps=true":                "[tui]\nanimations = true\n# last\n\n[features]\napps = true\n",
		"other/apps=false":               "[tui]\nanimations = true\n# last\n\n[features]\napps = false\n",
		"other/trust":                    "[tui]\nanimations = true\n# last\n\n[projects.\"/src/repo\"]\ntrust_level = \"trusted\"\n",
		"tail-comment/trust":             "[features]\napps = true\n# end of file\n\n[projects.\"/src/repo\"]\ntrust_level = \"trusted\"\n",
		"only-comment/unified_exec=true": "# hello\n\n[features]\nunified_exec = true\n",
		"only-comment/apps=true":         "# hello\n\n[features]\napps = true\n",
		"only-comment/apps=false":        "# hello\n\n[features]\napps = false\n",
		"only-comment/trust":             "# hello\n\n[projects.\"/src/repo\"]\ntrust_level = \"trusted\"\n",
	}
	b, err := os.ReadFile("testdata/edits.0.133.0.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(b)) {
		var c struct{ Doc, Before, Op, Arg, After string }
		if err := json.Unmarshal([]byte(line), &c); err != nil {
			t.Fatal(err)
		}
		ch := Change{Path: []string{"features", c.Arg}}
		name := c.Doc + "/" + c.Arg + "="
		switch {
		case c.Op == "trust":
			ch = Change{[]string{"projects", "/src/repo", "trust_level"}, "trusted"}
			name = c.Doc + "/trust"
		case c.Op == "enable":
			ch.Value = true
			name += "true"
		case c.Arg == "apps":
			ch.Value = false
			name += "false"
		}
		want := c.After
		if w, ok := ours[name]; ok {
			want = w
		}
		switch c.Doc {
		case "crlf":
			want = strings.ReplaceAll(strings.ReplaceAll(want, "\r\n", "\n"), "\n", "\r\n")
		case "blank-lines":
			want = strings.TrimRight(want, "\n") + "\n"
			if c.Before == c.After {
				want = c.Before
			}
		case "sub":
			if rest, ok := strings.CutSuffix(want, c.Before); ok && rest != "" {
				want = c.Before + "\n" + rest
			}
		case "projects-inline":
			if c.Op == "trust" {
				want = "model = \"x\"\n\n[tui]\nanimations = true\n\n[projects.\"/a\"]\ntrust_level = \"trusted\"\n\n[projects.\"/src/repo\"]\ntrust_level = \"trusted\"\n"
			}
		}
		got, err := Apply(c.Before, ch)
		if err != nil {
			t.Errorf("%s: %v", name, err)
		} else if got != want {
			t.Errorf("%s: %q\n got %q\nwant %q", name, c.Before, got, want)
		}
	}
}

func TestApply(t *testing.T) {
	for _, c := range []struct {
		name, before string
		path         []string
		value        any
		after        string
	}{
		{"root key before tables", "[a]\nb = 1\n", []string{"model"}, "x", "model = \"x\"\n\n[a]\nb = 1\n"},
		{"root key after root keys", "m = 1 # one\n# two\n[a]\n", []string{"n"}, 2, "m = 1 # one\nn = 2\n# two\n[a]\n"},
		{"replace keeps spacing and comment", "a   =   'x'   # c\n", []string{"a"}, "y", "a   =   \"y\"   # c\n"},
		{"replace a list over lines", "a = [\n 1, # x\n 2,\n] # y\nb = 1\n", []string{"a"}, []string{"p", "q"}, "a = [\"p\", \"q\"] # y\nb = 1\n"},
		{"replace an inline table", "a = { b = 1 }\n", []string{"a"}, true, "a = true\n"},
		{"multi-line string", "a = \"\"\"\nx\n\"\"\"\nb = 1\n", []string{"a"}, "z", "a = \"z\"\nb = 1\n"},
		{"quotes", "", []string{"a b", `c"d`}, "x\"y\\\n\x01", "[\"a b\"]\n'c\"d' = \"x\\\"y\\\\\\n\\u0001\"\n"},
		{"windows path", "", []string{"projects", `c:\x`, "trust_level"}, "trusted", "[projects.'c:\\x']\ntrust_level = \"trusted\"\n"},
		{"deep inline", "a = { b = { c = 1 } }\n", []string{"a", "b", "d"}, "x", "a = { b = { c = 1, d = \"x\" } }\n"},
		{"map", "", []string{"mcp_servers", "x", "env"}, map[string]string{"B": "2", "A": "1"}, "[mcp_servers.x]\nenv = { A = \"1\", B = \"2\" }\n"},
		{"remove a table and its children", "a = 1\n\n# about x\n[m.x]\nb = 1\n\n[m.x.env]\nc = 1\n\n# about y\n[m.y]\nd = 1\n", []string{"m", "x"}, nil, "a = 1\n\n# about y\n[m.y]\nd = 1\n"},
		{"remove the last table", "a = 1\n\n[m]\nb = 1\n", []string{"m"}, nil, "a = 1\n"},
		{"remove a key over lines", "a = [\n1,\n]\nb = 1\n", []string{"a"}, nil, "b = 1\n"},
		{"remove what is not there", "a = 1\n", []string{"b", "c"}, nil, "a = 1\n"},
		{"remove from inline", "a = { b = 1, c = 2, d = 3 }\n", []string{"a", "c"}, nil, "a = { b = 1, d = 3 }\n"},
		{"remove the last of inline", "a = { b = 1, c = 2 }\n", []string{"a", "c"}, nil, "a = { b = 1 }\n"},
		{"remove dotted", "a.b.c = 1\na.d = 2\n", []string{"a", "b"}, nil, "a.d = 2\n"},
		{"scalar in the way", "a = 1\n", []string{"a", "b"}, "x", "a = { b = \"x\" }\n"},
	} {
		got, err := Apply(c.before, Change{c.path, c.value})
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
		} else if got != c.after {
			t.Errorf("%s:\n got %q\nwant %q", c.name, got, c.after)
		}
	}
	for _, c := range []struct {
		before string
		path   []string
	}{
		{"a = ", []string{"b"}}, {"[a]\nb = 1\n", []string{"a"}}, {"[[a]]\nb = 1\n", []string{"a", "b"}}, {"", nil},
	} {
		if got, err := Apply(c.before, Change{c.path, "x"}); err == nil {
			t.Errorf("%q: no error, %q", c.before, got)
		}
	}
}

func TestEditFile(t *testing.T) {
	dir := t.TempDir()
	home := filepath.Join(dir, "new", "home")
	if _, err := SetTrust(t.Context(), home, "/a/b.c", "trusted"); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(home, "config.toml")
	check := func(want string) {
		t.Helper()
		b, err := os.ReadFile(path)
		if err != nil || string(b) != want {
			t.Fatalf("got %q, %v\nwant %q", b, err, want)
		}
		if fi, _ := os.Stat(path); os.PathSeparator == '/' && fi.Mode().Perm() != 0o600 {
			t.Fatalf("mode %v", fi.Mode())
		}
		if es, _ := os.ReadDir(home); len(es) != 2 || es[1].Name() != "config.toml.lock" {
			t.Fatalf("left over: %v", es)
		}
		if fi, _ := os.Stat(path + ".lock"); os.PathSeparator == '/' && fi.Mode().Perm() != 0o600 {
			t.Fatalf("mode of the lock %v", fi.Mode())
		}
	}
	check("[projects.\"/a/b.c\"]\ntrust_level = \"trusted\"\n")
	// What a writer left that has died.
	dead := filepath.Join(home, ".codex-0123abcd.tmp")
	write(t, dead, "x")
	if err := os.Chtimes(dead, time.Time{}, time.Now().Add(-2*time.Hour)); err != nil {
		t.Fatal(err)
	}
	if _, err := SetTrust(t.Context(), home, "/a/b.c", "untrusted"); err != nil {
		t.Fatal(err)
	}
	check("[projects.\"/a/b.c\"]\ntrust_level = \"untrusted\"\n")
	if os.PathSeparator != '/' {
		return
	}
	// A link stays a link; its target loses an open mode.
	target := filepath.Join(dir, "dotfiles.toml")
	if err := os.WriteFile(target, []byte("a = 1\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	os.Remove(path)
	if err := os.Symlink("../../dotfiles.toml", path); err != nil {
		t.Fatal(err)
	}
	if err := Edit(t.Context(), home, Change{[]string{"a"}, 2}, Change{[]string{"b"}, nil}); err != nil {
		t.Fatal(err)
	}
	check("a = 2\n")
	if fi, _ := os.Lstat(path); fi.Mode()&os.ModeSymlink == 0 {
		t.Fatal("the link was replaced")
	}
	// A circle of links is replaced.
	os.Remove(path)
	if err := os.Symlink("config.toml", path); err != nil {
		t.Fatal(err)
	}
	if err := writeFile(path, []byte("x = 1\n")); err != nil {
		t.Fatal(err)
	}
	check("x = 1\n")
}

// TestApplyKeepsForm: a byte order mark and the ends of lines stay, in every kind of edit.
func TestApplyKeepsForm(t *testing.T) {
	const doc = "model = 'x'\n\n[features]\napps = true # why\n\n[projects]\n'/a' = { trust_level = 'trusted' }\n"
	for _, mark := range []string{"", byteOrderMark} {
		for _, nl := range []string{"\n", "\r\n"} {
			for _, c := range []Change{
				{[]string{"model"}, "y"}, {[]string{"new"}, true}, {[]string{"model"}, nil}, {[]string{"features", "apps"}, false}, {[]string{"features", "x"}, false},
				{[]string{"features"}, nil}, {[]string{"projects", "/b", "trust_level"}, "trusted"}, {[]string{"tui", "theme"}, "dark"},
			} {
				want, err := Apply(doc, c)
				if err != nil {
					t.Fatal(err)
				}
				got, err := Apply(mark+strings.ReplaceAll(doc, "\n", nl), c)
				if want = mark + strings.ReplaceAll(want, "\n", nl); err != nil || got != want {
					t.Errorf("%q %v: %v\n got %q\nwant %q", mark, c, err, got, want)
				}
			}
		}
	}
}

// TestEditsAtOnce: processes that edit one file at the same time lose nothing.
func TestEditsAtOnce(t *testing.T) {
	const variable, n = "CONFIG_TEST_EDIT", 16
	if home := os.Getenv(variable); home != "" {
		if _, err := SetTrust(t.Context(), home, "/p/"+os.Getenv("CONFIG_TEST_NAME"), "trusted"); err != nil {
			t.Fatal(err)
		}
		return
	}
	home := t.TempDir()
	if err := os.WriteFile(filepath.Join(home, "config.toml"), []byte("# mine\nmodel = 'x'\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	var all []*exec.Cmd
	for i := range n {
		c := exec.Command(os.Args[0], "-test.run=^TestEditsAtOnce$")
		c.Env = append(os.Environ(), variable+"="+home, fmt.Sprint("CONFIG_TEST_NAME=", i))
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		all = append(all, c)
	}
	for _, c := range all {
		if err := c.Wait(); err != nil {
			t.Error(err)
		}
	}
	b, err := os.ReadFile(filepath.Join(home, "config.toml"))
	if err != nil {
		t.Fatal(err)
	}
	tree, err := decode(string(b))
	if got, _ := tree["projects"].(map[string]any); err != nil || len(got) != n || !strings.HasPrefix(string(b), "# mine\n") {
		t.Fatalf("%d of %d, %v:\n%s", len(got), n, err, b)
	}
}

func FuzzApply(f *testing.F) {
	f.Add("a = 1\n[b]\nc = { d = 2 }\n", "b.c.d", "x")
	f.Add("a.b = 1\n[[c]]\nd = 1\n", "a.e", "")
	f.Add("projects = { \"/a\" = { trust_level = \"x\" } }", "projects./a.trust_level", "trusted")
	f.Fuzz(func(t *testing.T, text, key, value string) {
		path := strings.Split(key, ".")
		c := Change{Path: path}
		if value != "" {
			c.Value = value
		}
		out, err := Apply(text, c)
		if err != nil {
			return
		}
		before, _ := decode(text)
		after, err := decode(out)
		if err != nil {
			t.Fatalf("%q: %v", out, err)
		}
		// Nothing else changed.
		if c.Value != nil {
			if lookup(after, path...) != value {
				t.Fatalf("%q: value lost", out)
			}
			clear := func(m map[string]any) string {
				delete(walkTo(m, path[:len(path)-1]), path[len(path)-1])
				b, _ := json.Marshal(prune(m))
				return string(b)
			}
			if b, a := clear(before), clear(after); b != a && lookupTables(before, path) {
				t.Fatalf("%q -> %q: %s became %s", text, out, b, a)
			}
		}
	})
}

func walkTo(m map[string]any, path []string) map[string]any {
	for _, k := range path {
		m, _ = m[k].(map[string]any)
	}
	return m
}

// lookupTables tells whether everything on the way is a table or missing.
func lookupTables(m map[string]any, path []string) bool {
	for _, k := range path[:len(path)-1] {
		v, ok := m[k]
		if !ok {
			return true
		}
		if m, ok = v.(map[string]any); !ok {
			return false
		}
	}
	return true
}

// prune drops empty tables: setting a key may make some.
func prune(v any) any {
	m, ok := v.(map[string]any)
	if !ok {
		return v
	}
	for k, x := range m {
		x = prune(x)
		if t, ok := x.(map[string]any); ok && len(t) == 0 {
			delete(m, k)
		} else {
			m[k] = x
		}
	}
	return m
}

// What must be remembered goes to state.toml where config.toml cannot be written, and counts
// beneath it.
func TestRemember(t *testing.T) {
	home, dir := t.TempDir(), t.TempDir()
	for name, text := range map[string]string{
		"config.toml": "model = 'm'\n", // a link into a folder of another program
		"state.toml":  "model = 'no'\n[projects.\"/a\"]\ntrust_level = 'trusted'\n[projects.\"/b\"]\ntrust_level = 'trusted'\n[hooks]\nPreToolUse = []\n",
	} {
		if err := os.WriteFile(filepath.Join(home, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	env := Env{Home: dir, Cwd: dir, SystemDir: dir, Get: func(k string) string {
		return map[string]string{"CODEX_HOME": home}[k]
	}}
	load := func() *Config {
		t.Helper()
		c, err := Load(t.Context(), Options{Env: env, Overrides: []string{`projects."/b".trust_level="untrusted"`}})
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	c := load()
	if c.Model != "m" || c.Get("projects", "/a", "trust_level") != "trusted" || c.Get("projects", "/b", "trust_level") != "untrusted" || c.Get("hooks") != nil {
		t.Errorf("%s %v", c.Model, c.Settings())
	}
	if os.Getuid() == 0 {
		t.Skip("nothing is forbidden to root")
	}
	store := t.TempDir()
	if err := os.Rename(filepath.Join(home, "config.toml"), filepath.Join(store, "config.toml")); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(filepath.Join(store, "config.toml"), filepath.Join(home, "config.toml")); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(store, 0o500); err != nil {
		t.Fatal(err)
	}
	defer os.Chmod(store, 0o700)
	path, err := SetTrust(t.Context(), home, "/c", "trusted")
	if err != nil || path != filepath.Join(home, "state.toml") {
		t.Errorf("%s, %v", path, err)
	}
	if got := load().Get("projects", "/c", "trust_level"); got != "trusted" {
		t.Error(got)
	}
	if path, err := Remember(t.Context(), home, Change{Path: []string{"hooks", "state", "k", "trusted_hash"}, Value: "h"}); err != nil || filepath.Base(path) != "state.toml" {
		t.Errorf("%s, %v", path, err)
	}
	if path, err := Remember(t.Context(), home, Change{Path: []string{"model"}, Value: "x"}); err == nil {
		t.Errorf("a setting that does not count there is in %s", path)
	}
}

// A decision about a folder and all below it is weaker than one about the folder itself, and
// than one about a nearer parent.
func TestTrustBelow(t *testing.T) {
	root := t.TempDir()
	for _, d := range []string{"src/a/.git", "src/b/.git", "src/deep/c/.git", "other/.git"} {
		if err := os.MkdirAll(filepath.Join(root, d), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	text := fmt.Sprintf("[projects.'%[1]s/src/*']\ntrust_level='trusted'\n[projects.'%[1]s/src/b']\ntrust_level='untrusted'\n[projects.'%[1]s/src/deep/*']\ntrust_level='untrusted'\n", root)
	if err := os.WriteFile(filepath.Join(root, "config.toml"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	for dir, want := range map[string]string{"src/a": "trusted", "src/b": "untrusted", "src/deep/c": "untrusted", "other": "", "src": "", "": ""} {
		env := Env{Home: root, Cwd: filepath.Join(root, dir), SystemDir: t.TempDir(), Get: func(k string) string {
			return map[string]string{"CODEX_HOME": root}[k]
		}}
		c, err := Load(t.Context(), Options{Env: env})
		if err != nil || c.Trust != want {
			t.Errorf("%s: %q, want %q (%v)", dir, c.Trust, want, err)
		}
	}
}
