package local

import (
	"os"
	"path/filepath"
	"sync"

	"github.com/fsnotify/fsnotify"

	"codex/pkg/protocol"
	"codex/pkg/skills"
)

// maxSkillDirs bounds the folders that are looked at for one client.
const maxSkillDirs = 2000

// skillWatcher tells a client that has asked for skills when there are others. The zero value
// is ready.
type skillWatcher struct {
	mu    sync.Mutex
	fs    *fsnotify.Watcher // nil before the first list
	dirs  map[string]bool   // folders that fs looks at, for what is in them
	roots map[string]bool   // those that skills are searched in, there or not
}

// watchSkills looks at where skills were found, and where some might be. What the system does
// not let it look at changes without a word.
func (c *Client) watchSkills(roots []skills.Root, set skills.Set) {
	w := &c.skills
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.fs == nil {
		fs, err := fsnotify.NewWatcher()
		if err != nil {
			return
		}
		w.fs, w.dirs, w.roots = fs, map[string]bool{}, map[string]bool{}
		go follow(c.ctx, fs, w.changed, func() { c.Notify(protocol.NoteSkillsChanged, protocol.SkillsChangedNotification{}) })
	}
	for _, r := range roots {
		dir := r.Dir
		if real, err := filepath.EvalSymlinks(dir); err == nil {
			dir = real
		}
		w.roots[dir] = true
		w.aim(dir)
	}
	for i := range set.Skills {
		w.look(filepath.Dir(set.Skills[i].Path))
	}
	for _, p := range set.Problems {
		w.look(filepath.Dir(p.Path))
	}
}

// aim looks at a root and at what tells that it comes or goes: the folder that it is in, or as
// long as that is not there the nearest one above; w.mu is held.
func (w *skillWatcher) aim(root string) {
	for _, dir := range aims(root) {
		w.look(dir)
	}
}

// look has fs look at a folder; w.mu is held.
func (w *skillWatcher) look(dir string) {
	if !w.dirs[dir] && len(w.dirs) < maxSkillDirs && w.fs.Add(dir) == nil {
		w.dirs[dir] = true
	}
}

// changed says whether paths have to do with skills. Folders that are new are looked at.
func (w *skillWatcher) changed(names map[string]bool, lost bool) (found bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for name := range names {
		st, err := os.Stat(name)
		gone, dir := err != nil, err == nil && st.IsDir()
		if gone {
			delete(w.dirs, name)
		}
		switch base := filepath.Base(name); {
		case w.above(name):
			found = true
		case !w.inside(name):
			continue
		case base == "SKILL.md" || base == "openai.yaml" || gone && filepath.Ext(base) == "":
			found = true
		}
		if dir {
			found = true
			w.look(name)
		}
	}
	return found || lost
}

// above tells that a path is a folder that is searched, or one above it, and looks at it anew;
// w.mu is held.
func (w *skillWatcher) above(name string) (found bool) {
	for root := range w.roots {
		if below(root, name) {
			w.aim(root)
			found = true
		}
	}
	return found
}

// inside tells that a path is below a folder that is searched; w.mu is held.
func (w *skillWatcher) inside(name string) bool {
	for root := range w.roots {
		if name != root && below(name, root) {
			return true
		}
	}
	return false
}
