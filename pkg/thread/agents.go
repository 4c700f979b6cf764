package thread

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"unicode/utf8"

	"codex/pkg/config"
	"codex/pkg/foreign"
)

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
	Cut     []string // those of which Text has the beginning only
	Damaged []string // those with bytes that are no text
	Unread  []string // files that are there and cannot be read
}

// maxGlobal bounds the user's own file, which has no budget.
const maxGlobal = 1 << 20

// LoadAgents reads the user's file and the project's. What is missing does not count; what is
// there and cannot be read is in Unread.
func LoadAgents(o AgentsOptions) Agents {
	var out Agents
	names := []string{"AGENTS.override.md", "AGENTS.md"}
	for _, name := range names {
		if text, _ := out.take(filepath.Join(o.Home, name), maxGlobal); text != "" {
			out.Text = strings.TrimSpace(text)
			break
		}
	}
	var docs []string
	left := o.MaxBytes
	names = append(names, o.Fallback...)
	for _, dir := range config.Between(o.Root, o.Cwd) {
		for _, name := range names {
			if left <= 0 {
				break
			}
			text, ok := out.take(filepath.Join(dir, name), left)
			if !ok {
				continue
			}
			if left -= len(text); text != "" {
				docs = append(docs, text)
			}
			break // an empty override hides the rest of its folder
		}
	}
	if len(docs) > 0 {
		if out.Text != "" {
			out.Text += "\n\n--- project-doc ---\n\n"
		}
		out.Text += strings.Join(docs, "\n\n")
	}
	return out
}

// meant says whether a file that cannot be read was meant to be: it is there, and neither a
// folder nor a device such as /dev/null. A link to nothing is there.
func meant(path string, err error) bool {
	switch {
	case errors.Is(err, syscall.EISDIR), errors.Is(err, syscall.ENOTDIR):
		return false
	case errors.Is(err, fs.ErrNotExist):
		_, err := os.Lstat(path)
		return err == nil
	case errors.Is(err, foreign.ErrNotRegular):
		st, err := os.Stat(path)
		return err == nil && st.Mode()&fs.ModeDevice == 0
	}
	return true
}

// take reads a file, of which it gives at most max bytes, and notes that it did; blank
// text is "". ok is false where there is no file.
func (a *Agents) take(path string, max int) (text string, ok bool) {
	b, more, err := foreign.ReadHead(path, 2*int64(max)+2) // UTF-16 can be twice as long
	if err != nil && meant(path, err) {
		a.Unread = append(a.Unread, path)
	}
	if err != nil {
		return "", false
	}
	text = foreign.Text(b)
	if len(text) > max {
		for max > 0 && !utf8.RuneStart(text[max]) {
			max--
		}
		text, more = text[:max], true
	}
	if strings.TrimSpace(text) == "" {
		return "", true
	}
	a.Sources = append(a.Sources, path)
	if seen := strings.TrimRight(text, "\uFFFD"); strings.Contains(seen, "\uFFFD") && !bytes.Contains(b, []byte("\uFFFD")) {
		a.Damaged = append(a.Damaged, path)
	}
	if more {
		a.Cut = append(a.Cut, path)
	}
	return text, true
}
