package config

import (
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"codex/pkg/foreign"
)

// findUp returns the nearest folder from dir upwards that holds one of the
// names, "" if none does.
func findUp(dir string, names []string) string {
	if len(names) == 0 {
		return ""
	}
	for {
		for _, n := range names {
			if _, err := os.Stat(filepath.Join(dir, n)); err == nil {
				return dir
			}
		}
		up := filepath.Dir(dir)
		if up == dir {
			return ""
		}
		dir = up
	}
}

// Between lists the folders from root down to dir, both included; dir alone when it is
// not below root.
func Between(root, dir string) []string {
	l := []string{dir}
	for dir != root {
		up := filepath.Dir(dir)
		if up == dir {
			return l[:1]
		}
		dir = up
		l = append(l, dir)
	}
	slices.Reverse(l)
	return l
}

// trust looks a folder's decision up: its own, the project root's, the
// repository's.
func (s *stack) trust(dir string) string {
	if len(s.projects) == 0 {
		return ""
	}
	if t := s.trustOf(dir); t != "" {
		return t
	}
	if s.root != dir {
		if t := s.trustOf(s.root); t != "" {
			return t
		}
	}
	if main := s.mainRepo(); main != dir && main != s.root {
		if t := s.trustOf(main); t != "" {
			return t
		}
	}
	return s.trustBelow(dir)
}

// trustBelow reads the decision about a parent folder and everything below it, whose key ends
// in /*: that of the nearest one.
func (s *stack) trustBelow(dir string) string {
	real, nearest, found := s.resolved(dir), 0, ""
	for key := range s.projects {
		parent, ok := strings.CutSuffix(filepath.ToSlash(key), "/*")
		t, _ := lookup(s.projects, key, "trust_level").(string)
		if !ok || t == "" || !filepath.IsAbs(parent+"/") {
			continue
		}
		parent = s.resolved(filepath.FromSlash(parent + "/"))
		rel, err := filepath.Rel(parent, real)
		if err != nil || rel == "." || rel == ".." || strings.HasPrefix(rel, ".."+string(filepath.Separator)) {
			continue
		}
		if n := len(parent); n > nearest || n == nearest && t == "untrusted" {
			nearest, found = n, t
		}
	}
	return found
}

// resolved is a folder's name without links, the name itself where there is none.
func (s *stack) resolved(dir string) string {
	if real, ok := s.real[dir]; ok {
		return real
	}
	real, err := filepath.EvalSymlinks(dir)
	if err != nil {
		real = dir
	}
	if s.real == nil {
		s.real = map[string]string{}
	}
	s.real[dir] = real
	return real
}

// trustOf reads the decision stored for exactly this folder: under its resolved name first,
// then as it was written, then under any name that leads to it, where "untrusted" wins.
func (s *stack) trustOf(dir string) string {
	if dir == "" {
		return ""
	}
	for _, name := range []string{s.resolved(dir), dir} {
		if t, ok := lookup(s.projects, projectKey(name), "trust_level").(string); ok {
			return t
		}
	}
	own, err := os.Stat(dir)
	if err != nil {
		return ""
	}
	found := ""
	for key := range s.projects {
		t, _ := lookup(s.projects, key, "trust_level").(string)
		if t == "" || found == "untrusted" || !filepath.IsAbs(key) {
			continue
		}
		if fi, err := os.Stat(key); err == nil && os.SameFile(fi, own) {
			found = t
		}
	}
	return found
}

func projectKey(dir string) string {
	if runtime.GOOS == "windows" {
		return strings.ToLower(dir)
	}
	return dir
}

// mainRepo is the repository's own root: for a linked worktree, that of the
// repository it belongs to.
func (s *stack) mainRepo() string {
	if s.git == "" {
		return ""
	}
	p := filepath.Join(s.git, ".git")
	fi, err := os.Stat(p)
	if err != nil || fi.IsDir() {
		return s.git
	}
	b, err := foreign.ReadFile(p, 64<<10)
	if err != nil {
		return s.git
	}
	dir, ok := strings.CutPrefix(strings.TrimSpace(string(b)), "gitdir:")
	if !ok {
		return s.git
	}
	dir = strings.TrimSpace(dir)
	if !filepath.IsAbs(dir) {
		dir = filepath.Join(s.git, dir)
	}
	// MAIN/.git/worktrees/NAME
	trees := filepath.Dir(filepath.Clean(dir))
	if filepath.Base(trees) != "worktrees" || !isWorktree(dir, fi) {
		return s.git
	}
	return filepath.Dir(filepath.Dir(trees))
}

// isWorktree says whether a repository knows a work tree by its .git file: anybody can
// write one that names a repository which the user trusts.
func isWorktree(dir string, file os.FileInfo) bool {
	b, err := foreign.ReadFile(filepath.Join(dir, "gitdir"), 64<<10)
	if err != nil {
		return false
	}
	back := strings.TrimSpace(string(b))
	if !filepath.IsAbs(back) {
		back = filepath.Join(dir, back)
	}
	known, err := os.Stat(back)
	return err == nil && os.SameFile(known, file)
}
