package instructions

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
)

// GitFacts are read from a repository's files; git itself is never started.
type GitFacts struct {
	Root   string // folder that holds .git
	Commit string // 40 hex digits, "" in a repository without commits
	Branch string // "" when detached
	Origin string // remote.origin.url
}

// ReadGit looks from dir upwards; ok is false outside a repository.
func ReadGit(dir string) (facts GitFacts, ok bool) {
	for {
		p := filepath.Join(dir, ".git")
		if st, err := os.Lstat(p); err == nil {
			facts.Root = dir
			gitdir := p
			if !st.IsDir() {
				b, err := os.ReadFile(p)
				rest, found := strings.CutPrefix(strings.TrimSpace(string(b)), "gitdir:")
				if err != nil || !found {
					return facts, true
				}
				gitdir = strings.TrimSpace(rest)
				if !filepath.IsAbs(gitdir) {
					gitdir = filepath.Join(dir, gitdir)
				}
			}
			facts.read(gitdir)
			return facts, true
		}
		up := filepath.Dir(dir)
		if up == dir {
			return facts, false
		}
		dir = up
	}
}

func (g *GitFacts) read(gitdir string) {
	common := gitdir
	if b, err := os.ReadFile(filepath.Join(gitdir, "commondir")); err == nil {
		common = strings.TrimSpace(string(b))
		if !filepath.IsAbs(common) {
			common = filepath.Join(gitdir, common)
		}
	}
	head, _ := os.ReadFile(filepath.Join(gitdir, "HEAD"))
	h := strings.TrimSpace(string(head))
	if ref, ok := strings.CutPrefix(h, "ref: "); ok {
		g.Branch = strings.TrimPrefix(ref, "refs/heads/")
		g.Commit = resolveRef(gitdir, common, ref)
	} else if isHash(h) {
		g.Commit = h
	}
	if cfg, err := os.ReadFile(filepath.Join(common, "config")); err == nil {
		g.Origin = originURL(string(cfg))
	}
}

func resolveRef(gitdir, common, ref string) string {
	if strings.Contains(ref, "..") {
		return ""
	}
	for _, d := range []string{gitdir, common} {
		if b, err := os.ReadFile(filepath.Join(d, filepath.FromSlash(ref))); err == nil {
			if h := strings.TrimSpace(string(b)); isHash(h) {
				return h
			}
		}
	}
	packed, _ := os.ReadFile(filepath.Join(common, "packed-refs"))
	for line := range bytes.Lines(packed) {
		hash, name, ok := strings.Cut(strings.TrimSpace(string(line)), " ")
		if ok && name == ref && isHash(hash) {
			return hash
		}
	}
	return ""
}

func isHash(s string) bool {
	return (len(s) == 40 || len(s) == 64) && strings.Trim(s, "0123456789abcdef") == ""
}

func originURL(cfg string) string {
	in := false
	for line := range strings.Lines(cfg) {
		line = strings.TrimSpace(line)
		if strings.HasPrefix(line, "[") {
			in = line == `[remote "origin"]`
			continue
		}
		if k, v, ok := strings.Cut(line, "="); in && ok && strings.TrimSpace(k) == "url" {
			return strings.TrimSpace(v)
		}
	}
	return ""
}
