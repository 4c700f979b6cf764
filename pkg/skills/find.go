package skills

import (
	"cmp"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"codex/pkg/config"
	"codex/pkg/foreign"
)

// Root is a folder to search.
type Root struct {
	Dir, Scope string
	// Plugin is the name of the plugin whose skills these are, which goes before theirs.
	Plugin string
}

// Roots lists where a configuration has skills, those of the folder first. home is the
// user's home folder, "" when unknown; extra are more folders, as clients name them.
func Roots(cfg *config.Config, home string, extra []string) []Root {
	var out []Root
	add := func(scope string, elem ...string) {
		out = append(out, Root{Dir: filepath.Join(elem...), Scope: scope})
	}
	for _, l := range slices.Backward(cfg.Layers) {
		if l.Name == "project" {
			add(Repo, l.Dir, "skills")
		}
	}
	for _, dir := range slices.Backward(config.Between(cfg.ProjectRoot, cfg.Cwd)) {
		add(Repo, dir, ".agents", "skills")
	}
	add(User, cfg.Home, "skills")
	if home != "" {
		add(User, home, ".agents", "skills")
	}
	for _, dir := range extra {
		add(User, dir)
	}
	if bundled, ok := cfg.Get("skills", "bundled", "enabled").(bool); !ok || bundled {
		add(System, cfg.Home, "skills", ".system")
	}
	for _, l := range cfg.Layers {
		if l.Name == "system" {
			add(Admin, l.Dir, "skills")
		}
	}
	return out
}

// Bounds of a search.
const (
	maxLevel = 6
	maxDirs  = 2000
	maxFile  = 1 << 20 // of what is read of a SKILL.md
	maxHead  = 8 << 10 // is read of it at first
)

// Set is what was found.
type Set struct {
	Skills   []Skill // ordered for people: by scope, then by name
	Problems []Problem
}

// Find searches the folders. One skill under two names is found once.
func Find(roots []Root) Set {
	f := finder{seen: map[string]bool{}}
	for _, r := range roots {
		f.search(r)
	}
	slices.SortStableFunc(f.set.Skills, func(a, b Skill) int {
		return cmp.Or(cmp.Compare(rank(a.Scope), rank(b.Scope)), cmp.Compare(a.Name, b.Name), cmp.Compare(a.Path, b.Path))
	})
	return f.set
}

// rank orders scopes as clients see them.
func rank(scope string) int { return slices.Index([]string{Repo, User, System, Admin}, scope) }

type finder struct {
	set  Set
	seen map[string]bool // folders, without links
	dirs int             // of this root
}

// search goes through a folder, level by level.
func (f *finder) search(r Root) {
	dir, err := filepath.EvalSymlinks(r.Dir)
	if err != nil {
		return // there is none
	}
	f.dirs = 0
	level := []string{dir}
	for depth := 0; depth <= maxLevel && len(level) > 0; depth++ {
		var below []string
		for _, d := range level {
			below = append(below, f.folder(d, dir, r)...)
		}
		level = below
	}
}

// folder takes the skill of a folder, and gives the folders below.
func (f *finder) folder(dir, root string, r Root) (below []string) {
	if f.dirs++; f.dirs > maxDirs || f.seen[dir] {
		return nil
	}
	f.seen[dir] = true
	entries, err := readDir(dir)
	if err != nil {
		if os.IsPermission(err) {
			f.set.Problems = append(f.set.Problems, Problem{dir, "the folder can't be read"})
		}
		return nil
	}
	skill, agents := false, false
	for _, e := range entries {
		name := e.Name()
		path := filepath.Join(dir, name)
		switch {
		case strings.HasPrefix(name, "."):
		case name == "SKILL.md":
			skill = !e.IsDir()
		case e.IsDir():
			agents = agents || name == "agents"
			below = append(below, path)
		case e.Type()&fs.ModeSymlink != 0 && r.Scope != System:
			if real, err := filepath.EvalSymlinks(path); err == nil && isDir(real) {
				agents = agents || name == "agents"
				below = append(below, real)
			}
		}
	}
	if skill {
		f.skill(dir, root, r, agents)
	}
	slices.Sort(below)
	return below
}

func isDir(path string) bool {
	st, err := os.Stat(path)
	return err == nil && st.IsDir()
}

// maxEntries bounds what is read of one folder.
const maxEntries = 20000

func readDir(dir string) ([]fs.DirEntry, error) {
	f, err := os.Open(dir)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	entries, err := f.ReadDir(maxEntries)
	if len(entries) > 0 {
		err = nil
	}
	return entries, err
}

func (f *finder) skill(dir, root string, r Root, agents bool) {
	s := Skill{Path: filepath.Join(dir, "SKILL.md"), Scope: r.Scope, Enabled: true, root: root}
	text, err := Text(s.Path, maxHead)
	if _, whole := Front(text); err == nil && !whole && len(text) >= maxHead/2 {
		text, err = Text(s.Path, maxFile)
	}
	if err == nil {
		err = s.head(text)
	}
	if err != nil {
		f.set.Problems = append(f.set.Problems, Problem{s.Path, err.Error()})
		return
	}
	if agents {
		if text, err := Text(filepath.Join(dir, "agents", "openai.yaml"), maxFile); err == nil {
			s.manifest(text)
		}
	}
	if r.Plugin != "" {
		s.Name = r.Plugin + ":" + s.Name
	}
	f.set.Skills = append(f.set.Skills, s)
}

// Text reads at most max bytes of a file as text.
func Text(path string, max int64) (string, error) {
	b, _, err := foreign.ReadHead(path, max)
	return foreign.Text(b), err
}
