//go:build unix

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
	listed := func(want ...string) bool {
		t.Helper()
		var got []string
		for _, s := range c.result("skills/list", `{}`).Get("data.0.skills").Array() {
			got = append(got, s.Get("name").Str+" "+s.Get("description").Str)
		}
		slices.Sort(got)
		return slices.Equal(got, want)
	}
	// told waits until the list is what it should be; a change of two steps may be told of twice.
	told := func(want ...string) {
		t.Helper()
		for c.note("skills/changed"); !listed(want...); {
			c.note("skills/changed")
		}
	}
	if !listed("one old") {
		t.Fatal("the skill is not listed")
	}
	put(file(d.home, "one"), "new")
	told("one new")
	put(file(d.home, "two"), "more")
	told("one new", "two more")
	put(file(filepath.Join(d.work, ".agents"), "three"), "of the project")
	told("one new", "three of the project", "two more")
	if err := os.RemoveAll(filepath.Join(d.home, "skills", "one")); err != nil {
		t.Fatal(err)
	}
	told("three of the project", "two more")
}
