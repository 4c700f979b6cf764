//go:build linux

package linux

import (
	"context"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"

	"codex/pkg/policy"
)

// A pattern that is denied is looked up when a command starts, and what it
// matches then is hidden. Bounds of that (the first is the original's):
const (
	maxMatches = 8192    // what patterns may match, each a mount
	maxLooked  = 4 << 20 // names that are looked at
)

// deniedNow gives what the patterns of pol match, links followed. Too much to
// hide or to look through is a *Refusal: nothing is left open silently.
func deniedNow(ctx context.Context, pol policy.Policy) ([]string, error) {
	if len(pol.DeniedGlobs) == 0 {
		return nil, nil
	}
	roots := map[string][][]string{}
	for _, g := range pol.DeniedGlobs {
		base, rest := policy.GlobBase(g)
		roots[base] = append(roots[base], strings.Split(rest, "/"))
	}
	s := search{ctx: ctx, depth: pol.GlobDepth, found: map[string]struct{}{}, more: make(chan struct{}, runtime.GOMAXPROCS(0)-1)}
	for base, patterns := range roots {
		real, err := filepath.EvalSymlinks(base)
		if err != nil {
			continue // nothing there, or nothing that the command could reach
		}
		var at []rest
		for _, p := range patterns {
			at = rest(p).also(at)
		}
		s.dir(real, at, 1)
	}
	s.all.Wait()
	if s.err != nil {
		return nil, s.err
	}
	return slices.Sorted(maps.Keys(s.found)), nil
}

// rest is what of a pattern is still to be matched, by component.
type rest []string

// also adds r to list, and what it is when its leading ** stand for nothing.
func (r rest) also(list []rest) []rest {
	if !slices.ContainsFunc(list, func(have rest) bool { return slices.Equal(have, r) }) {
		list = append(list, r)
	}
	if len(r) > 1 && r[0] == "**" {
		return r[1:].also(list)
	}
	return list
}

// search looks for what patterns match.
type search struct {
	ctx   context.Context
	depth int           // how deep below the fixed part, 0 is no limit
	more  chan struct{} // one for each goroutine beside the first
	all   sync.WaitGroup

	mu     sync.Mutex
	found  map[string]struct{}
	looked int
	err    error
}

// dir looks at the names in a directory, which is depth below the fixed part
// of the patterns less what they have still to match.
func (s *search) dir(name string, at []rest, depth int) {
	if s.depth > 0 && depth > s.depth {
		return
	}
	if names, ok := plain(at); ok {
		for _, n := range names {
			if fi, err := os.Lstat(path.Join(name, n)); err == nil {
				s.entry(name, fs.FileInfoToDirEntry(fi), at, depth)
			}
		}
		return
	}
	d, err := os.Open(name)
	if err != nil {
		return // gone, or as closed to the command
	}
	defer d.Close()
	for {
		entries, err := d.ReadDir(4096)
		if !s.look(len(entries)) {
			return
		}
		for _, e := range entries {
			s.entry(name, e, at, depth)
		}
		if err != nil {
			return
		}
	}
}

// plain gives the names that can match, when no pattern has a wildcard next.
func plain(at []rest) ([]string, bool) {
	var names []string
	for _, r := range at {
		if r[0] == "**" || strings.ContainsAny(r[0], `*?[\`) {
			return nil, false
		}
		if !slices.Contains(names, r[0]) {
			names = append(names, r[0])
		}
	}
	return names, true
}

// entry matches one name in dir, and goes on below it.
func (s *search) entry(dir string, e fs.DirEntry, at []rest, depth int) {
	var below []rest
	for _, r := range at {
		switch {
		case r[0] == "**" && len(r) == 1, r[0] != "**" && len(r) == 1 && policy.Component(r[0], e.Name()):
			s.match(path.Join(dir, e.Name()), e.Type())
			return
		case r[0] == "**":
			below = r.also(below)
		case policy.Component(r[0], e.Name()):
			below = r[1:].also(below)
		}
	}
	if len(below) == 0 || !e.IsDir() || unreal(path.Join(dir, e.Name())) {
		return
	}
	select {
	case s.more <- struct{}{}:
		s.all.Add(1)
		go func() {
			defer func() { <-s.more; s.all.Done() }()
			s.dir(path.Join(dir, e.Name()), below, depth+1)
		}()
	default:
		s.dir(path.Join(dir, e.Name()), below, depth+1)
	}
}

// unreal names the kernel's own trees, which have no files of anybody's.
func unreal(name string) bool { return name == "/proc" || name == "/sys" || name == "/dev" }

// look counts names; false says that there was enough of them.
func (s *search) look(n int) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.looked += n
	if s.err == nil {
		s.err = s.ctx.Err()
	}
	if s.err == nil && s.looked > maxLooked {
		s.err = &Refusal{Reason: fmt.Sprintf("the patterns that the permission profile denies have more than %d files to look at", maxLooked),
			Hints: []string{"let them begin with a deeper directory, or set glob_scan_max_depth"}}
	}
	return s.err == nil
}

// match keeps a name, or where a link leads that has it.
func (s *search) match(name string, t fs.FileMode) {
	if t&fs.ModeSymlink != 0 {
		to, err := filepath.EvalSymlinks(name)
		if err != nil {
			return // it leads nowhere
		}
		name = to
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.found[name] = struct{}{}
	if s.err == nil && len(s.found) > maxMatches {
		s.err = &Refusal{Reason: fmt.Sprintf("the patterns that the permission profile denies match more than %d files", maxMatches),
			Hints: []string{"deny the directories instead of the files in them"}}
	}
}
