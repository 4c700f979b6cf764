package skills

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
)

// Mention is a skill that somebody named in a prompt; Path is "" where only the name is
// known.
type Mention struct{ Name, Path string }

// Mentions finds `$name` and `[$name](path)` in a text.
func Mentions(text string) (out []Mention) {
	for at := 0; ; {
		i := strings.IndexByte(text[at:], '$')
		if i < 0 {
			return out
		}
		i += at
		name := nameAt(text[i+1:])
		at = i + 1 + len(name)
		if name == "" {
			continue
		}
		m := Mention{Name: name}
		if i > 0 && text[i-1] == '[' && strings.HasPrefix(text[at:], "](") {
			if to, _, closed := strings.Cut(text[at+2:], ")"); closed && to != "" {
				m.Path = strings.TrimPrefix(strings.TrimSpace(to), "skill://")
			}
		}
		if m.Path != "" || !isVariable(name) {
			out = append(out, m)
		}
	}
}

// nameAt is the name that a text begins with.
func nameAt(s string) string {
	end := strings.IndexFunc(s, func(r rune) bool {
		return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("_-:", r))
	})
	if end < 0 {
		return s
	}
	return s[:end]
}

// isVariable tells names that are most likely variables of a shell.
func isVariable(name string) bool {
	return slices.Contains([]string{"PATH", "HOME", "USER", "SHELL", "PWD", "TMPDIR", "TEMP", "TMP", "LANG", "TERM", "XDG_CONFIG_HOME"}, strings.ToUpper(name))
}

// Select gives the skills that are named: by a path, or by a name that only one has. Those
// that are switched off don't count.
func (s *Set) Select(named []Mention) []Skill {
	var out []Skill
	for i := range named {
		if named[i].Path != "" {
			named[i].Path = real(named[i].Path)
		}
	}
	for i := range s.Skills {
		k := &s.Skills[i]
		if k.Enabled && slices.ContainsFunc(named, func(m Mention) bool { return s.means(m, k) }) {
			out = append(out, *k)
		}
	}
	return out
}

func (s *Set) means(m Mention, k *Skill) bool {
	if m.Path != "" {
		return k.Path == m.Path || filepath.Dir(k.Path) == m.Path
	}
	if m.Name != k.Name {
		return false
	}
	return !slices.ContainsFunc(s.Skills, func(o Skill) bool { return o.Enabled && o.Name == k.Name && o.Path != k.Path })
}

// Injected is the message that a skill is in a prompt, after the user's.
func (k *Skill) Injected() (string, error) {
	text, err := Text(k.Path, maxFile)
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("<skill>\n<name>%s</name>\n<path>%s</path>\n%s\n</skill>", k.Name, k.Path, text), nil
}
