package skills

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"codex/pkg/config"
)

// write makes the skill of a folder.
func write(t testing.TB, dir, text string) string {
	t.Helper()
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "SKILL.md")
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

func temp(t testing.TB) string {
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestHead(t *testing.T) {
	long := strings.Repeat("x", 1100)
	for text, want := range map[string]string{
		"hello\n": "missing YAML frontmatter delimited by ---",
		"\n---\nname: lead\ndescription: d\n---\n":       "missing YAML frontmatter delimited by ---",
		"---\nname: open\ndescription: x\n":              "missing YAML frontmatter delimited by ---",
		"---\nname: a\n---\n":                            "missing field `description`",
		"---\nname: a\ndescription: \"\"\n---\n":         "missing field `description`",
		"---\nname: [\n---\n":                            "invalid YAML: not closed at line 1 column 7",
		"---\nname: a\ndescription:\n  a: b\n---\n":      "invalid YAML: description: expected a string",
		"---\nname: a\nname: b\n---\n":                   "invalid YAML: duplicate field `name` at line 2 column 1",
		"---\nname: " + long + "\ndescription: d\n---\n": "invalid name: exceeds maximum length of 64 characters",
		"---\ndescription: " + long + "\n---\n":          "invalid description: exceeds maximum length of 1024 characters",
	} {
		s := Skill{Path: "/x/folder/SKILL.md"}
		if err := s.head(text); err == nil || err.Error() != want {
			t.Errorf("%.60q: %v, want %s", text, err, want)
		}
	}
	s := Skill{Path: filepath.Join("x", "folder", "SKILL.md")}
	text := "--- \r\ndescription: |\r\n  multi\r\n  line   text\r\nlicense: MIT\r\ncompatibility: needs git\r\nallowed-tools: Bash(git add:*), Read\r\nmetadata:\r\n  short-description: sd\r\n  version: 1.0\r\n---\r\nbody"
	if err := s.head(text); err != nil {
		t.Fatal(err)
	}
	want := Skill{Path: s.Path, Name: "folder", Description: "multi line text", Short: "sd", License: "MIT", Compatibility: "needs git",
		AllowedTools: []string{"Bash(git add:*)", "Read"}, Metadata: map[string]string{"short-description": "sd", "version": "1.0"}}
	if !reflect.DeepEqual(s, want) {
		t.Errorf("%+v", s)
	}
	if got := words([]any{"a b", 3, "c"}); !reflect.DeepEqual(got, []string{"a b", "c"}) {
		t.Error(got)
	}
}

func TestManifest(t *testing.T) {
	s := Skill{Path: filepath.Join("x", "y", "SKILL.md")}
	s.manifest("interface:\n  display_name: \"U Sk\"\n  icon_small: assets/a.png\n  icon_large: ../b.png\n  brand_color: \"#aabbcc\"\npolicy:\n  allow_implicit_invocation: false\n" +
		"dependencies:\n  tools:\n    - type: mcp\n      value: docs\n      url: http://x\n    - type: only\n")
	if !s.Named || *s.Interface != (Interface{DisplayName: "U Sk", IconSmall: filepath.Join("x", "y", "assets", "a.png"), BrandColor: "#aabbcc"}) {
		t.Errorf("%+v %+v", s, s.Interface)
	}
	if !reflect.DeepEqual(s.Tools, []Tool{{Type: "mcp", Value: "docs", URL: "http://x"}}) {
		t.Errorf("%+v", s.Tools)
	}
}

func paths(set Set) (names []string) {
	for _, s := range set.Skills {
		names = append(names, s.Scope+" "+s.Name)
	}
	return names
}

func TestFind(t *testing.T) {
	dir := temp(t)
	head := func(name string) string { return "---\nname: " + name + "\ndescription: d\n---\n" }
	repo, user := filepath.Join(dir, "repo"), filepath.Join(dir, "user")
	write(t, filepath.Join(repo, "b"), head("b"))
	write(t, filepath.Join(repo, "a", "1", "2"), head("nested"))
	write(t, filepath.Join(repo, "1", "2", "3", "4", "5", "6"), head("deep"))
	write(t, filepath.Join(repo, "1", "2", "3", "4", "5", "6", "7"), head("too-deep"))
	write(t, filepath.Join(repo, ".hidden"), head("hidden"))
	broken := write(t, filepath.Join(repo, "broken"), "x")
	write(t, filepath.Join(user, "u"), head("u"))
	write(t, filepath.Join(user, "big"), "---\n#"+strings.Repeat("x", 20000)+"\nname: big\ndescription: d\n---\n")
	if err := os.Symlink(filepath.Join(repo, "b"), filepath.Join(user, "link")); err != nil {
		t.Skip(err)
	}
	if err := os.Symlink(dir, filepath.Join(user, "circle")); err != nil {
		t.Fatal(err)
	}
	set := Find([]Root{{Dir: repo, Scope: Repo}, {Dir: user, Scope: User, Plugin: "p"}, {Dir: filepath.Join(dir, "none"), Scope: Admin}}, nil)
	if got := paths(set); !reflect.DeepEqual(got, []string{"repo b", "repo deep", "repo nested", "user p:big", "user p:u"}) {
		t.Error(got)
	}
	if want := []Problem{{broken, "missing YAML frontmatter delimited by ---"}}; !reflect.DeepEqual(set.Problems, want) {
		t.Error(set.Problems)
	}
}

func TestSwitch(t *testing.T) {
	set := Set{Skills: []Skill{{Name: "a", Path: filepath.Join("/s", "a", "SKILL.md"), Enabled: true}, {Name: "b", Path: filepath.Join("/s", "b", "SKILL.md"), Enabled: true}}}
	table := func(entries ...any) map[string]any {
		return map[string]any{"skills": map[string]any{"config": entries}}
	}
	off := func(key, value string, on bool) any { return map[string]any{key: value, "enabled": on} }
	set.Switch(&config.Config{Layers: []config.Layer{
		{Name: "project", Tree: table(off("name", "b", false))}, // a project's does not count
		{Name: "user", Tree: table(off("path", filepath.Join("/s", "a"), false), off("name", "a", true), off("path", filepath.Join("/s", "a", "SKILL.md"), false))},
		{Name: "sessionFlags", Tree: table(map[string]any{"name": "b", "path": "x", "enabled": false})},
	}})
	if set.Skills[0].Enabled || !set.Skills[1].Enabled {
		t.Errorf("%+v", set.Skills)
	}
}

func TestMentions(t *testing.T) {
	set := Set{Skills: []Skill{{Name: "one", Path: "/1", Enabled: true}, {Name: "p:two", Path: "/2", Enabled: true}, {Name: "same", Path: "/3", Enabled: true},
		{Name: "same", Path: "/4", Enabled: true}, {Name: "off", Path: "/5"}, {Name: "PATH", Path: "/6", Enabled: true}}}
	for text, want := range map[string]string{
		"use $one, $one and $PATH": "/1", "$p:two.": "/2", "$same $off $o": "", "[$x](skill:///3) [$x](/4)": "/3 /4", "$ $$one": "/1", "cost $100 [$one]()": "/1",
		"[$PATH](/6)": "/6",
	} {
		var got []string
		for _, s := range set.Select(Mentions(text)) {
			got = append(got, s.Path)
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

func TestEdit(t *testing.T) {
	const one = "[[skills.config]]\nname = \"a\"\nenabled = false\n"
	for _, c := range []struct {
		text string
		on   bool
		want string
	}{
		{"", false, one},
		{"", true, ""},
		{"# c\nmodel = 'x'", false, "# c\nmodel = 'x'\n\n" + one},
		{"model = 'x'\r\n", false, "model = 'x'\r\n\r\n" + strings.ReplaceAll(one, "\n", "\r\n")},
		{"model = 'x'\n\n" + one + "[a]\nb = 1 # c\n", true, "model = 'x'\n\n[a]\nb = 1 # c\n"},
		{"[[skills.config]]\nname = 'b'\nenabled = false\n\n" + one, false, "[[skills.config]]\nname = 'b'\nenabled = false\n\n" + one},
	} {
		path := filepath.Join(t.TempDir(), "config.toml")
		if err := os.WriteFile(path, []byte(c.text), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := Write(t.Context(), path, "name", "a", c.on); err != nil {
			t.Errorf("%q: %v", c.text, err)
		}
		if got, err := os.ReadFile(path); string(got) != c.want || err != nil && c.text+c.want != "" {
			t.Errorf("%q, %v: %q, want %q", c.text, c.on, got, c.want)
		}
	}
	for _, text := range []string{"skills.config = [{name='a', enabled=false}]\n", "x = '''\n" + one + "[b]\n'''\n", "model = \n"} {
		path := filepath.Join(t.TempDir(), "config.toml")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := Write(t.Context(), path, "name", "a", true); err == nil {
			t.Errorf("%q was edited", text)
		}
		if got, _ := os.ReadFile(path); string(got) != text {
			t.Errorf("%q became %q", text, got)
		}
	}
}

func many(n int) (out []Skill) {
	for i := range n {
		out = append(out, Skill{Name: fmt.Sprintf("skill-%d", i), Description: strings.Repeat("word ", 30) + "end", root: "/some/folder/of/skills",
			Path: fmt.Sprintf("/some/folder/of/skills/skill-%d/SKILL.md", i)})
	}
	return out
}

func TestList(t *testing.T) {
	if text, _ := List(nil, 100); text != "" {
		t.Error(text)
	}
	text, warning := List(many(2), 1000)
	if !strings.Contains(text, "\n### Available skills\n- skill-0: word word ") || !strings.Contains(text, "end (file: /some/folder/of/skills/skill-1/SKILL.md)\n### How to use skills\n") || warning != "" {
		t.Error(text, warning)
	}
	lines := func(text string) string {
		_, rest, _ := strings.Cut(text, "### Skill roots\n- `r0` = `/some/folder/of/skills`\n### Available skills\n")
		rest, _, _ = strings.Cut(rest, "### How")
		return rest
	}
	text, warning = List(many(100), 5400)
	if got := lines(text); strings.Count(got, "\n") != 100 || !strings.Contains(got, "end (file: r0/skill-99/SKILL.md)") || warning != "" {
		t.Error(text, warning)
	}
	text, warning = List(many(200), 5400)
	if got := lines(text); strings.Count(got, "\n") != 200 || !strings.Contains(got, "- skill-199: word word") || len(got) > 5400*4 || warning == "" {
		t.Error(text, warning)
	}
	text, warning = List(many(600), 5400)
	if got := lines(text); strings.Count(got, "\n") < 400 || !strings.HasPrefix(got, "- skill-0: (file: r0/") || len(got) > 5400*4 || !strings.Contains(warning, "of 600 are left out") {
		t.Error(text, warning)
	}
}

// A cache changes nothing but the time: what is added, changed or removed is seen.
func TestCache(t *testing.T) {
	dir := temp(t)
	file, now := filepath.Join(t.TempDir(), "c", "skills"), time.Now().Add(time.Hour)
	head := func(name string) string { return "---\nname: " + name + "\ndescription: d\n---\n" }
	write(t, filepath.Join(dir, "a"), head("a"))
	write(t, filepath.Join(dir, "b", "c"), head("c"))
	broken := write(t, filepath.Join(dir, "x"), "no head")
	step := 0
	check := func(want ...string) {
		t.Helper()
		roots := []Root{{Dir: dir, Scope: User}}
		for range 2 { // what is remembered is what is read
			cached, whole := Find(roots, &Cache{Path: file, Now: now}), Find(roots, nil)
			if got := paths(cached); !reflect.DeepEqual(got, want) || !reflect.DeepEqual(got, paths(whole)) || !reflect.DeepEqual(cached.Problems, whole.Problems) {
				t.Errorf("step %d: %v %v, want %v", step, got, cached.Problems, want)
			}
		}
		if b, err := os.ReadFile(file); err != nil || !strings.Contains(string(b), broken[:len(broken)-len("/SKILL.md")]) {
			t.Errorf("step %d: the cache has %q, %v", step, b, err)
		}
		step++
	}
	check("user a", "user c")
	// Each change has a time of its own.
	touch := func(path string) {
		t.Helper()
		at := time.Now().Add(time.Duration(step) * time.Minute)
		if err := os.Chtimes(path, at, at); err != nil {
			t.Fatal(err)
		}
	}
	touch(write(t, filepath.Join(dir, "a"), head("changed")))
	check("user c", "user changed")
	write(t, filepath.Join(dir, "b", "d"), head("d"))
	touch(filepath.Join(dir, "b"))
	check("user c", "user changed", "user d")
	if err := os.RemoveAll(filepath.Join(dir, "a")); err != nil {
		t.Fatal(err)
	}
	touch(dir)
	check("user c", "user d")
	if err := os.WriteFile(file, []byte("skills 1\nnonsense\n"+strings.Repeat("\x1f", 12)+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	check("user c", "user d")
	// What has just changed is not remembered: it may change again within the same moment.
	// Nor is what could not be read: that may become possible without a new time.
	unread := filepath.Join(dir, "unread")
	if err := errors.Join(os.Mkdir(unread, 0o755), os.Symlink(dir, filepath.Join(unread, "SKILL.md"))); err != nil {
		t.Fatal(err)
	}
	touch(dir)
	for range 2 {
		Find([]Root{{Dir: dir, Scope: User}}, &Cache{Path: file, Now: now})
	}
	if b, err := os.ReadFile(file); err != nil || strings.Contains(string(b), "\n"+unread+fieldSep) {
		t.Errorf("%q, %v", b, err)
	}
	fresh := filepath.Join(t.TempDir(), "skills")
	Find([]Root{{Dir: dir, Scope: User}}, &Cache{Path: fresh, Now: time.Now().Add(-time.Hour)})
	if _, err := os.Stat(fresh); err == nil {
		t.Error("it is")
	}
}

// A cache that has no room for everything stays within its bounds, and is not written anew each
// time.
func TestCacheFull(t *testing.T) {
	file := filepath.Join(t.TempDir(), "skills")
	begin := func() *Cache {
		c := &Cache{Path: file, Now: time.Now()}
		c.load()
		c.changed = true
		for i := range 3000 {
			c.seen[fmt.Sprintf("/skills/%04d", i)] = &entry{mtime: 1, skill: true, agents: true, description: strings.Repeat("d", 3<<10)}
		}
		return c
	}
	begin().save()
	first, err := os.Stat(file)
	if err != nil || first.Size() > maxCache {
		t.Fatal(first, err)
	}
	c := begin()
	if len(c.old) < 2000 {
		t.Errorf("%d entries are there", len(c.old))
	}
	c.save()
	if second, err := os.Stat(file); err != nil || !os.SameFile(first, second) {
		t.Errorf("written anew: %v", err)
	}
}

// The head of any file is read or refused, and what is read is within the bounds.
func FuzzHead(f *testing.F) {
	f.Add("---\nname: a\ndescription: d\nallowed-tools: [x]\n---\n", "interface:\n  icon_small: assets/a.png\n")
	f.Add("---\ndescription: >\n  a\n---\n", "policy: {allow_implicit_invocation: false}\n")
	f.Fuzz(func(t *testing.T, head, manifest string) {
		s := Skill{Path: filepath.Join("x", "y", "SKILL.md")}
		if err := s.head(head); err == nil && (s.Name == "" || s.Description == "" || len([]rune(s.Name)) > maxName || len([]rune(s.Description)) > maxDescription || strings.Contains(s.Description, "\n")) {
			t.Errorf("%+v", s)
		}
		s.manifest(manifest)
		if s.Interface != nil && s.Interface.IconSmall != "" && !strings.HasPrefix(s.Interface.IconSmall, filepath.Join("x", "y", "assets")) {
			t.Errorf("%+v", s.Interface)
		}
	})
}

// BenchmarkStart is what an engine does with 200 skills before its first request.
func BenchmarkStart(b *testing.B) {
	dir := temp(b)
	for i := range 200 {
		write(b, filepath.Join(dir, fmt.Sprintf("skill-%d", i)), fmt.Sprintf("---\nname: skill-%d\ndescription: Skill number %d %send\nlicense: MIT\n---\n%s", i, i, strings.Repeat("word ", 30), strings.Repeat("body\n", 500)))
	}
	old := time.Now().Add(-time.Hour)
	if err := filepath.WalkDir(dir, func(path string, _ fs.DirEntry, err error) error { return errors.Join(err, os.Chtimes(path, old, old)) }); err != nil {
		b.Fatal(err)
	}
	file := filepath.Join(b.TempDir(), "skills")
	for b.Loop() {
		cache := &Cache{Path: file, Now: time.Now()}
		set := Find([]Root{{Dir: dir, Scope: User}}, cache)
		if text, _ := List(set.Listed(), 5400); text == "" || len(set.Skills) != 200 {
			b.Fatal(len(set.Skills))
		}
	}
}
