// Package search finds files by a few letters of their paths, as people type them: a walk
// of the roots that leaves out what git ignores, and fzf's matcher over what is found.
//
// Frontend layer: it imports go-git's ignore patterns and fzf's algorithm, and reads folders.
package search

import (
	"bytes"
	"cmp"
	"context"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/go-git/go-git/v5/plumbing/format/gitignore"
	"github.com/junegunn/fzf/src/algo"
	"github.com/junegunn/fzf/src/util"

	"codex/pkg/foreign"
	"codex/pkg/policy"
)

// Match is one file found.
type Match struct {
	Root, Path, Name string // Path is relative to Root, with slashes
	Dir              bool
	Score            uint32
	Indices          []uint32 // of the characters of Path that matched
}

// maxFiles bounds a walk.
const maxFiles = 2_000_000

// Tree is what a walk found: one buffer a folder, so that many files take little memory.
type Tree struct {
	mu   sync.Mutex
	dirs []folder
	n    atomic.Int64
}

type folder struct {
	root  string
	path  string // relative, with a slash at the end unless it is the root
	names []string
	kinds []bool // folders
}

// prepare fills fzf's tables, which belong to its package.
var prepare = sync.OnceFunc(func() { algo.Init("path") })

// Files walks and matches.
func Files(ctx context.Context, roots []string, query string, most int) []Match {
	return Walk(ctx, roots).Match(ctx, query, most)
}

// Walk reads the folders below the roots, several at a time.
func Walk(ctx context.Context, roots []string) *Tree {
	t := &Tree{}
	q := newQueue()
	for _, root := range roots {
		q.put(job{root: root, ignore: rules(root)})
	}
	var wg sync.WaitGroup
	for range max(2, runtime.GOMAXPROCS(0)) {
		wg.Go(func() {
			for j, ok := q.take(); ok; j, ok = q.take() {
				if ctx.Err() == nil && t.n.Load() < maxFiles {
					t.read(j, q)
				}
				q.finished()
			}
		})
	}
	wg.Wait()
	return t
}

// job is a folder to read.
type job struct {
	root, path string
	ignore     *ignore
	links      []link // that lead here
}

// link is a link to a folder, by true names.
type link struct{ in, to string }

// maxFollowed bounds how many links lead to a folder.
const maxFollowed = 8

// follow gives the links that lead to a folder that the link name in j leads to; false when
// that is no folder of the root, or one that the way there has come through.
func (j *job) follow(name string) ([]link, bool) {
	root, err := filepath.EvalSymlinks(j.root)
	if err != nil || len(j.links) == maxFollowed {
		return nil, false
	}
	in, err := filepath.EvalSymlinks(filepath.Join(j.root, filepath.FromSlash(j.path)))
	if err != nil {
		return nil, false
	}
	to, err := filepath.EvalSymlinks(filepath.Join(in, name))
	if err != nil || !policy.Below(to, root) {
		return nil, false
	}
	if fi, err := os.Stat(to); err != nil || !fi.IsDir() {
		return nil, false
	}
	from := root
	for _, l := range j.links {
		if policy.Below(l.in, to) && policy.Below(to, from) {
			return nil, false
		}
		from = l.to
	}
	if policy.Below(in, to) && policy.Below(to, from) {
		return nil, false
	}
	return append(slices.Clip(j.links), link{in, to}), true
}

// ignore holds the patterns of a folder and those above it.
type ignore struct {
	up       *ignore
	patterns []pattern
}

// pattern is one line of a .gitignore. Nearly every line is a name or an ending, and what
// has neither needs no matching: folders above have been judged before.
type pattern struct {
	gitignore.Pattern
	name, suffix string
}

func newPattern(line string, dir []string) pattern {
	p := pattern{Pattern: gitignore.ParsePattern(line, dir)}
	last := strings.TrimSuffix(strings.TrimRight(strings.TrimPrefix(line, "!"), " "), "/")
	last = last[strings.LastIndexByte(last, '/')+1:]
	const special = `*?[\`
	if rest, ok := strings.CutPrefix(last, "*"); !strings.ContainsAny(last, special) {
		p.name = last
	} else if ok && !strings.ContainsAny(rest, special) {
		p.suffix = rest
	}
	return p
}

func (p *pattern) may(name string) bool {
	return (p.name == "" || p.name == name) && (p.suffix == "" || strings.HasSuffix(name, p.suffix))
}

// excluded asks the nearest rules first: the last pattern that matches decides.
func (g *ignore) excluded(parts []string, dir bool) bool {
	name := parts[len(parts)-1]
	for ; g != nil; g = g.up {
		for i := len(g.patterns) - 1; i >= 0; i-- {
			p := &g.patterns[i]
			if !p.may(name) {
				continue
			}
			switch p.Match(parts, dir) {
			case gitignore.Exclude:
				return true
			case gitignore.Include:
				return false
			}
		}
	}
	return false
}

// maxIgnore bounds a file of patterns.
const maxIgnore = 4 << 20

// rules are those that hold in a root: its repository's, from above as well.
func rules(root string) *ignore {
	var g *ignore
	if b, err := foreign.ReadFile(filepath.Join(root, ".git", "info", "exclude"), maxIgnore); err == nil {
		g = g.with(nil, b)
	}
	return g
}

func (g *ignore) with(dir []string, text []byte) *ignore {
	var ps []pattern
	for line := range bytes.Lines(text) {
		s := strings.TrimRight(string(line), "\r\n")
		if s == "" || s[0] == '#' {
			continue
		}
		ps = append(ps, newPattern(s, dir))
	}
	if ps == nil {
		return g
	}
	return &ignore{up: g, patterns: ps}
}

func (t *Tree) read(j job, q *queue) {
	full := filepath.Join(j.root, filepath.FromSlash(j.path))
	entries, err := os.ReadDir(full)
	if err != nil {
		return
	}
	var parts []string
	if j.path != "" {
		parts = strings.Split(strings.TrimSuffix(j.path, "/"), "/")
	}
	g := j.ignore
	for _, name := range []string{".gitignore", ".ignore"} {
		if i, ok := slices.BinarySearchFunc(entries, name, func(e os.DirEntry, n string) int { return strings.Compare(e.Name(), n) }); ok && entries[i].Type().IsRegular() {
			if b, err := foreign.ReadFile(filepath.Join(full, name), maxIgnore); err == nil {
				g = g.with(parts, b)
			}
		}
	}
	f := folder{root: j.root, path: j.path, names: make([]string, 0, len(entries)), kinds: make([]bool, 0, len(entries))}
	whole := append(slices.Clip(parts), "")
	for _, e := range entries {
		name, dir := e.Name(), e.IsDir()
		links := j.links
		if e.Type()&os.ModeSymlink != 0 {
			if to, ok := j.follow(name); ok {
				links, dir = to, true
			}
		}
		if g != nil {
			whole[len(whole)-1] = name
			if g.excluded(whole, dir) {
				continue
			}
		}
		if dir && name == ".git" {
			continue
		}
		f.names = append(f.names, name)
		f.kinds = append(f.kinds, dir)
		if dir {
			q.put(job{j.root, j.path + name + "/", g, links})
		}
	}
	if len(f.names) == 0 {
		return
	}
	t.n.Add(int64(len(f.names)))
	t.mu.Lock()
	t.dirs = append(t.dirs, f)
	t.mu.Unlock()
}

// Match gives the best files for the query, at most so many. Without a query there are
// none.
func (t *Tree) Match(ctx context.Context, query string, most int) []Match {
	if query == "" {
		return nil
	}
	prepare()
	pattern := []rune(strings.ToLower(query)) // the case never matters
	workers := max(1, runtime.GOMAXPROCS(0))
	best := make([][]Match, workers)
	var next atomic.Int64
	var wg sync.WaitGroup
	for w := range workers {
		wg.Go(func() {
			slab := util.MakeSlab(100*1024, 2048)
			var buf []byte
			for ctx.Err() == nil {
				i := int(next.Add(1)) - 1
				if i >= len(t.dirs) {
					break
				}
				best[w], buf = t.dirs[i].match(pattern, slab, best[w], buf)
				if len(best[w]) > 8*most {
					best[w] = top(best[w], most)
				}
			}
		})
	}
	wg.Wait()
	return top(slices.Concat(best...), most).indices(pattern)
}

// match adds the matches of one folder. The path is put together in one buffer.
func (f *folder) match(pattern []rune, slab *util.Slab, out []Match, buf []byte) ([]Match, []byte) {
	buf = append(buf[:0], f.path...)
	for i, name := range f.names {
		buf = append(buf[:len(f.path)], name...)
		if !may(buf, pattern) {
			continue
		}
		chars := util.ToChars(buf)
		res, _ := algo.FuzzyMatchV2(false, false, true, &chars, pattern, false, slab)
		if res.Start < 0 {
			continue
		}
		out = append(out, Match{Root: f.root, Path: string(buf), Name: name, Dir: f.kinds[i], Score: uint32(res.Score)})
	}
	return out, buf
}

// may tells in one pass whether the letters are there in their order; most paths go here.
func may(path []byte, pattern []rune) bool {
	i := 0
	for _, c := range path {
		if c >= 0x80 {
			return true // the matcher knows
		}
		if 'A' <= c && c <= 'Z' {
			c += 'a' - 'A'
		}
		if rune(c) == pattern[i] {
			if i++; i == len(pattern) {
				return true
			}
		}
	}
	return pattern[i] >= 0x80
}

type list []Match

// top sorts by score, then the shorter path, then by name.
func top(all []Match, most int) list {
	slices.SortFunc(all, func(a, b Match) int {
		return cmp.Or(cmp.Compare(b.Score, a.Score), cmp.Compare(len(a.Path), len(b.Path)), strings.Compare(a.Path, b.Path), strings.Compare(a.Root, b.Root))
	})
	return all[:min(len(all), most)]
}

// indices finds where the letters are, for the few that are shown.
func (l list) indices(pattern []rune) []Match {
	slab := util.MakeSlab(100*1024, 2048)
	for i := range l {
		chars := util.ToChars([]byte(l[i].Path))
		_, pos := algo.FuzzyMatchV2(false, false, true, &chars, pattern, true, slab)
		if pos == nil {
			continue
		}
		for _, p := range *pos {
			l[i].Indices = append(l[i].Indices, uint32(p))
		}
		slices.Sort(l[i].Indices)
	}
	return l
}
