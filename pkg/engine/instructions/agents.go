package instructions

import (
	"context"
	"path/filepath"
	"strings"
	"unicode/utf8"
)

// Files is where AGENTS.md files are read from: this machine, or an executor's.
type Files interface {
	// ReadFile fails for what is missing or no regular file.
	ReadFile(ctx context.Context, path string) ([]byte, error)
}

// AgentsOptions say where to look.
type AgentsOptions struct {
	Home     string   // CODEX_HOME
	Root     string   // project root; equal to Cwd when there is none
	Cwd      string   // canonical
	MaxBytes int      // over all project files; 0 reads none
	Fallback []string // further names after AGENTS.override.md and AGENTS.md
}

// Agents is what was found.
type Agents struct {
	Text    string   // "" when there is nothing
	Sources []string // absolute paths, in order
}

// LoadAgents reads the global file with home and the project's with project.
func LoadAgents(ctx context.Context, home, project Files, o AgentsOptions) Agents {
	var out Agents
	global := ""
	for _, name := range []string{"AGENTS.override.md", "AGENTS.md"} {
		p := filepath.Join(o.Home, name)
		b, err := home.ReadFile(ctx, p)
		if t := strings.TrimSpace(lossy(b)); err == nil && t != "" {
			global = t
			out.Sources = append(out.Sources, p)
			break
		}
	}
	var docs []string
	left := o.MaxBytes
	names := append([]string{"AGENTS.override.md", "AGENTS.md"}, o.Fallback...)
	for _, dir := range between(o.Root, o.Cwd) {
		if left <= 0 {
			break
		}
		for _, name := range names {
			p := filepath.Join(dir, name)
			b, err := project.ReadFile(ctx, p)
			if err != nil {
				continue
			}
			if len(b) > left {
				b = b[:left]
			}
			left -= len(b)
			if t := lossy(b); strings.TrimSpace(t) != "" {
				docs = append(docs, t)
				out.Sources = append(out.Sources, p)
			}
			break // an empty override hides the rest of its folder
		}
	}
	parts := []string{}
	if global != "" {
		parts = append(parts, global)
	}
	if len(docs) > 0 {
		parts = append(parts, strings.Join(docs, "\n\n"))
	}
	out.Text = strings.Join(parts, "\n\n--- project-doc ---\n\n")
	return out
}

// between lists the folders from root down to cwd.
func between(root, cwd string) []string {
	rel, err := filepath.Rel(root, cwd)
	if err != nil || rel == ".." || strings.HasPrefix(rel, ".."+string(filepath.Separator)) {
		return []string{cwd}
	}
	dirs := []string{root}
	if rel == "." {
		return dirs
	}
	dir := root
	for _, part := range strings.Split(rel, string(filepath.Separator)) {
		dir = filepath.Join(dir, part)
		dirs = append(dirs, dir)
	}
	return dirs
}

func lossy(b []byte) string {
	if utf8.Valid(b) {
		return string(b)
	}
	return strings.ToValidUTF8(string(b), "\uFFFD")
}

// AgentsPart is the user message part that carries the text.
func AgentsPart(cwd, text string) string {
	return "# AGENTS.md instructions for " + cwd + "\n\n<INSTRUCTIONS>\n" + text + "\n</INSTRUCTIONS>"
}
