package skills

import (
	"cmp"
	"errors"
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
		if l.Name == config.LayerProject {
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
		if l.Name == config.LayerSystem {
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

// Find searches the folders. One skill under two names is found once. With a cache, which
// may be nil, skills are known by what a prompt needs of them only.
func Find(roots []Root, cache *Cache) Set {
	f := finder{seen: map[string]bool{}, cache: cache}
	if cache != nil {
		cache.load()
		defer cache.save()
		f.set.Skills = make([]Skill, 0, len(cache.old))
	}
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
	set   Set
	seen  map[string]bool // folders, without links
	dirs  int             // of this root
	cache *Cache
}

// search goes through a folder, level by level.
func (f *finder) search(r Root) {
	if !isDir(r.Dir) {
		return // most often there is none
	}
	dir, err := filepath.EvalSymlinks(r.Dir)
	if err != nil {
		return
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
	e, full := f.look(dir)
	if e == nil {
		return nil
	}
	for _, name := range e.below {
		below = append(below, filepath.Join(dir, name))
	}
	for _, name := range e.links {
		if r.Scope == System {
			break
		}
		if real, err := filepath.EvalSymlinks(filepath.Join(dir, name)); err == nil && isDir(real) {
			below = append(below, real)
		}
	}
	if e.skill {
		f.skill(dir, root, r, e, full)
	}
	slices.Sort(below)
	return below
}

// look gives what a folder holds, from the cache or by reading it; full is its skill when
// that was read.
func (f *finder) look(dir string) (e *entry, full *Skill) {
	var mtime int64
	if f.cache != nil {
		st, err := os.Lstat(dir)
		if err != nil {
			return nil, nil
		}
		if e := f.cache.fresh(dir, st); e != nil {
			f.cache.seen[dir] = e
			return e, nil
		}
		mtime = st.ModTime().UnixNano()
	}
	entries, err := readDir(dir)
	if err != nil {
		if os.IsPermission(err) {
			f.set.Problems = append(f.set.Problems, Problem{dir, "the folder can't be read"})
		}
		return nil, nil
	}
	e = &entry{mtime: mtime}
	for _, x := range entries {
		e.take(x)
	}
	if e.skill {
		full = f.read(dir, e)
	}
	if f.cache != nil && f.cache.settled(e) {
		f.cache.seen[dir], f.cache.changed = e, true
	}
	return e, full
}

// take notes one name of a folder.
func (e *entry) take(x fs.DirEntry) {
	name := x.Name()
	switch {
	case strings.HasPrefix(name, "."):
	case name == "SKILL.md":
		e.skill = !x.IsDir()
	case x.IsDir():
		e.below = append(e.below, name)
	case x.Type()&fs.ModeSymlink != 0:
		e.links = append(e.links, name)
	}
	e.agents = e.agents || name == "agents"
}

// read reads the skill of a folder, nil when it is none.
func (f *finder) read(dir string, e *entry) *Skill {
	s := &Skill{Path: filepath.Join(dir, "SKILL.md")}
	if st, err := os.Stat(s.Path); err == nil && f.cache != nil {
		e.file, e.size = st.ModTime().UnixNano(), st.Size()
	}
	text, err := Text(s.Path, maxHead)
	if _, whole := Front(text); err == nil && !whole && len(text) >= maxHead/2 {
		text, err = Text(s.Path, maxFile)
	}
	e.unread = err != nil
	if err == nil {
		err = s.head(text)
	}
	if err != nil {
		e.problem = err.Error()
		return nil
	}
	if path := filepath.Join(dir, "agents", "openai.yaml"); e.agents {
		if f.cache != nil {
			e.manifest = modified(path)
		}
		text, err := Text(path, maxFile)
		if err == nil {
			s.manifest(text)
		}
		e.unread = err != nil && !errors.Is(err, fs.ErrNotExist)
	}
	e.name, e.short, e.description, e.named = s.Name, s.Short, s.Description, s.Named
	return s
}

// skill adds the skill of a folder.
func (f *finder) skill(dir, root string, r Root, e *entry, full *Skill) {
	path := filepath.Join(dir, "SKILL.md")
	if e.problem != "" {
		f.set.Problems = append(f.set.Problems, Problem{path, e.problem})
		return
	}
	s := Skill{Name: e.name, Short: e.short, Description: e.description, Path: path, Named: e.named}
	if full != nil {
		s = *full
	}
	s.Scope, s.Enabled, s.root = r.Scope, true, root
	if r.Plugin != "" {
		s.Name = r.Plugin + ":" + s.Name
	}
	f.set.Skills = append(f.set.Skills, s)
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

// Text reads at most max bytes of a file as text.
func Text(path string, max int64) (string, error) {
	b, _, err := foreign.ReadHead(path, max)
	return foreign.Text(b), err
}
