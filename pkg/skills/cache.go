package skills

import (
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"codex/pkg/atomicfile"
	"codex/pkg/foreign"
)

// Cache remembers what folders of skills hold, by the times of folders and files, so that a
// thread that starts needs not read hundreds of them. A file that cannot be read or
// written costs time and nothing else: the folders are the truth.
type Cache struct {
	Path string
	Now  time.Time

	old, seen map[string]*entry
	changed   bool
	text      string // of the file
}

// entry is a folder.
type entry struct {
	mtime         int64
	skill, agents bool
	below, links  []string // names of folders, and of links
	// of its SKILL.md and of agents/openai.yaml
	file, manifest int64
	size           int64
	problem        string
	unread         bool // a file could not be read, which may be otherwise with the same times
	name, short    string
	description    string
	named          bool
}

// Bounds of the file.
const (
	maxKept  = 8000
	maxCache = 8 << 20
)

// racy is how long ago a change must be to be told from the next by its time: file systems
// count in whole or two seconds, or finer than the clock of the kernel ticks.
func racy(change int64) time.Duration {
	if change%int64(10*time.Millisecond) == 0 {
		return 2 * time.Second
	}
	return 100 * time.Millisecond
}

// Separators of the file: fields, lists and lines.
const (
	fieldSep = "\x1f"
	listSep  = "\x1e"
	version  = "skills 1"
)

// load reads the file.
func (c *Cache) load() {
	c.old = map[string]*entry{}
	defer func() { c.seen = make(map[string]*entry, len(c.old)) }()
	text, err := foreign.ReadText(c.Path, maxCache)
	if err != nil {
		return
	}
	c.text = text
	head, text, _ := strings.Cut(c.text, "\n")
	if head != version {
		return
	}
	for text != "" {
		var line string
		line, text, _ = strings.Cut(text, "\n")
		if dir, e := parseEntry(line); e != nil {
			c.old[dir] = e
		}
	}
}

// parseEntry reads a line, nil for one that is none.
func parseEntry(line string) (dir string, e *entry) {
	var f [13]string
	for i := range f {
		var more bool
		if f[i], line, more = strings.Cut(line, fieldSep); more != (i < len(f)-1) {
			return "", nil
		}
	}
	e = &entry{skill: strings.Contains(f[2], "s"), agents: strings.Contains(f[2], "a"), named: strings.Contains(f[2], "n"),
		problem: f[8], name: f[9], short: f[10], description: f[11]}
	for _, n := range []struct {
		to   *int64
		text string
	}{{&e.mtime, f[1]}, {&e.file, f[5]}, {&e.manifest, f[6]}, {&e.size, f[7]}} {
		var err error
		if *n.to, err = strconv.ParseInt(n.text, 10, 64); err != nil {
			return "", nil
		}
	}
	if f[3] != "" {
		e.below = strings.Split(f[3], listSep)
	}
	if f[4] != "" {
		e.links = strings.Split(f[4], listSep)
	}
	return f[0], e
}

// line writes an entry, "" when a name has something in it that would be misread.
func (e *entry) line(dir string) string {
	flags := ""
	for i, on := range []bool{e.skill, e.agents, e.named} {
		if on {
			flags += "san"[i : i+1]
		}
	}
	number := func(n int64) string { return strconv.FormatInt(n, 10) }
	f := []string{dir, number(e.mtime), flags, strings.Join(e.below, listSep), strings.Join(e.links, listSep), number(e.file), number(e.manifest), number(e.size),
		e.problem, e.name, e.short, e.description, ""}
	for i, s := range f {
		if strings.ContainsAny(s, fieldSep+"\n") || i != 3 && i != 4 && strings.Contains(s, listSep) {
			return ""
		}
	}
	for _, name := range slices.Concat(e.below, e.links) {
		if name == "" || strings.Contains(name, listSep) {
			return ""
		}
	}
	return strings.Join(f, fieldSep)
}

// save writes the file if there is something new: what was seen now, and of the rest what
// there is room for. What has no room is read each time, and the file stays as it is.
func (c *Cache) save() {
	if !c.changed {
		return
	}
	var b strings.Builder
	b.WriteString(version + "\n")
	put := func(all map[string]*entry, room int, wanted func(dir string) bool) {
		for _, dir := range slices.Sorted(maps.Keys(all)) {
			if line := all[dir].line(dir); line != "" && wanted(dir) && b.Len()+len(line) < room {
				b.WriteString(line + "\n")
			}
		}
	}
	put(c.seen, maxCache, func(string) bool { return true })
	if len(c.seen)+len(c.old) <= maxKept {
		put(c.old, maxCache/2, func(dir string) bool { return c.seen[dir] == nil })
	}
	// A home that is read-only does without.
	if b.String() != c.text && os.MkdirAll(filepath.Dir(c.Path), 0o700) == nil {
		_ = atomicfile.Replace(c.Path, 0o600, []byte(b.String()))
	}
}

// fresh gives what is known of a folder, nil when that may have changed.
func (c *Cache) fresh(dir string, st fs.FileInfo) *entry {
	e := c.old[dir]
	if e == nil || e.mtime != st.ModTime().UnixNano() {
		return nil
	}
	if !e.skill {
		return e
	}
	file, err := os.Stat(filepath.Join(dir, "SKILL.md"))
	if err != nil || file.ModTime().UnixNano() != e.file || file.Size() != e.size {
		return nil
	}
	if e.agents && e.manifest != modified(filepath.Join(dir, "agents", "openai.yaml")) {
		return nil
	}
	return e
}

// modified is when a file was changed last, 0 for none.
func modified(path string) int64 {
	st, err := os.Stat(path)
	if err != nil {
		return 0
	}
	return st.ModTime().UnixNano()
}

// settled says whether all times are so old that a later change has another.
func (c *Cache) settled(e *entry) bool {
	for _, change := range []int64{e.mtime, e.file, e.manifest} {
		if change != 0 && change >= c.Now.Add(-racy(change)).UnixNano() {
			return false
		}
	}
	return !e.unread
}
