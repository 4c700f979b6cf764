package appserver

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// TestSkillsChanged: a client that has asked for skills is told when one changes, comes, or
// goes, where there was no folder for them too.
func TestSkillsChanged(t *testing.T) {
	d := empty(t)
	file := func(dir, name string) string { return filepath.Join(dir, "skills", name, "SKILL.md") }
	put := func(path, description string) {
		t.Helper()
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		write(t, path, "---\nname: "+filepath.Base(filepath.Dir(path))+"\ndescription: "+description+"\n---\nText.\n")
	}
	put(file(d.home, "one"), "old")
	c := d.stdio()
	c.initialize()
	expect := func(want ...string) {
		t.Helper()
		var got []string
		for _, s := range c.result("skills/list", `{}`).Get("data.0.skills").Array() {
			got = append(got, s.Get("name").Str+" "+s.Get("description").Str)
		}
		slices.Sort(got)
		if !slices.Equal(got, want) {
			t.Errorf("%q, want %q", got, want)
		}
	}
	expect("one old")
	put(file(d.home, "one"), "new")
	c.note("skills/changed")
	expect("one new")
	put(file(d.home, "two"), "more")
	c.note("skills/changed")
	expect("one new", "two more")
	put(file(filepath.Join(d.work, ".agents"), "three"), "of the project")
	c.note("skills/changed")
	expect("one new", "three of the project", "two more")
	if err := os.RemoveAll(filepath.Join(d.home, "skills", "one")); err != nil {
		t.Fatal(err)
	}
	c.note("skills/changed")
	expect("three of the project", "two more")
}
