package config

import (
	"os"
	"path/filepath"
	"slices"
	"strconv"
)

// Origin tells where a setting comes from: the layer, and the profile in it whose table has the
// setting ("" when it is none). found is false for what no layer sets.
func (c *Config) Origin(path ...string) (l Layer, profile string, found bool) {
	count := func(l Layer) bool { return l.Disabled == "" && len(path) > 0 }
	for _, l := range slices.Backward(c.Layers) {
		if count(l) && l.overProfile() && lookup(l.Tree, path...) != nil {
			return l, "", true
		}
	}
	if c.Profile != "" {
		in := append([]string{"profiles", c.Profile}, path...)
		for _, l := range slices.Backward(c.Layers) {
			if count(l) && lookup(l.Tree, in...) != nil {
				return l, c.Profile, true
			}
		}
	}
	for _, l := range slices.Backward(c.Layers) {
		if count(l) && lookup(l.Tree, path...) != nil {
			return l, "", true
		}
	}
	return Layer{}, "", false
}

// Where says where a setting stands, for people: the file and the line, or the layer's name
// when it is no file's, or "" when no layer sets it.
func (c *Config) Where(path ...string) string {
	l, profile, found := c.Origin(path...)
	switch {
	case !found:
		return ""
	case l.Path == "":
		return l.Name
	case profile != "":
		path = append([]string{"profiles", profile}, path...)
	}
	off, _ := locateKey(l.text, path)
	line, _, _ := position(l.text, off)
	return l.Path + ":" + strconv.Itoa(line)
}

// Settings is everything that the layers set, with the active profile: what Get looks into.
// Callers must not change it.
func (c *Config) Settings() map[string]any { return c.tree }

// UserFile is the file that changes of the user's own settings go to.
func UserFile(home string) string { return filepath.Join(home, "config.toml") }

// KnowsProfile says whether there is a profile of that name, in the settings or in a file of its
// own.
func (c *Config) KnowsProfile(name string) bool {
	if view(c.merged).table("profiles", name) != nil {
		return true
	}
	_, err := os.Lstat(filepath.Join(c.Home, ProfileFile(name)))
	return err == nil
}

// ProfilePlace is where a change of the user's own settings goes: the file, and the table in it
// that changes go into. A profile that has only a file of its own is changed there.
func (c *Config) ProfilePlace(profile string) (file string, table []string) {
	switch {
	case profile == "":
		return UserFile(c.Home), nil
	case lookup(c.merged, "profiles", profile) == nil && c.hasProfileFile():
		return filepath.Join(c.Home, ProfileFile(profile)), nil
	}
	return UserFile(c.Home), []string{"profiles", profile}
}
