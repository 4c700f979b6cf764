package instructions

import (
	"bufio"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"codex/pkg/foreign"
)

// GitFacts are read from a repository's files; git itself is never started.
type GitFacts struct {
	Root   string // folder that holds .git
	Commit string // 40 hex digits, "" in a repository without commits
	Branch string // "" when detached
	Origin string // remote.origin.url
}

// Bounds on the files of git that are read whole, and on what lists all refs.
const (
	maxGitFile = 1 << 20
	maxPacked  = 256 << 20
)

// ReadGit looks from dir upwards; ok is false outside a repository.
func ReadGit(dir string) (facts GitFacts, ok bool) {
	for {
		p := filepath.Join(dir, ".git")
		if st, err := os.Stat(p); err == nil {
			facts.Root = dir
			if gitdir := gitFolder(dir, st); gitdir != "" {
				facts.read(gitdir)
			}
			return facts, true
		}
		up := filepath.Dir(dir)
		if up == dir {
			return facts, false
		}
		dir = up
	}
}

// gitFolder is the folder that dir's .git is or names, "" when it does not say.
func gitFolder(dir string, st fs.FileInfo) string {
	p := filepath.Join(dir, ".git")
	if st.IsDir() {
		return p
	}
	rest, found := strings.CutPrefix(gitLine(p), "gitdir:")
	if !found {
		return ""
	}
	return under(dir, strings.TrimSpace(rest))
}

// gitLine is the text of a small file of git, "" when it can't be read.
func gitLine(path string) string {
	b, err := foreign.ReadFile(path, maxGitFile)
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(b))
}

// under makes a path of git's absolute.
func under(dir, path string) string {
	if filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(dir, path)
}

func (g *GitFacts) read(gitdir string) {
	common := gitdir
	if c := gitLine(filepath.Join(gitdir, "commondir")); c != "" {
		common = under(gitdir, c)
	}
	h := gitLine(filepath.Join(gitdir, "HEAD"))
	if ref, ok := strings.CutPrefix(h, "ref: "); ok {
		g.Branch = strings.TrimPrefix(ref, "refs/heads/")
		g.Commit = resolveRef(gitdir, common, ref)
	} else if isHash(h) {
		g.Commit = h
	}
	g.Origin = originURL(gitLine(filepath.Join(common, "config")))
}

func resolveRef(gitdir, common, ref string) string {
	if strings.Contains(ref, "..") {
		return ""
	}
	for _, d := range []string{gitdir, common} {
		if h := gitLine(filepath.Join(d, filepath.FromSlash(ref))); isHash(h) {
			return h
		}
	}
	f, err := foreign.Open(filepath.Join(common, "packed-refs"))
	if err != nil {
		return ""
	}
	defer f.Close()
	lines := bufio.NewScanner(io.LimitReader(f, maxPacked))
	for lines.Scan() {
		if hash, name, ok := strings.Cut(lines.Text(), " "); ok && name == ref && isHash(hash) {
			return hash
		}
	}
	return "" // not there, or no such file
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
