// Package skills finds skills: folders with a SKILL.md that a model reads when a task calls
// for it. It knows where they lie, reads the head of each file, says which are switched
// off, writes the list that a prompt has, and finds those that a user names.
//
// Ground layer; it imports atomicfile, config, foreign and yaml.
package skills

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"unicode/utf8"

	"codex/pkg/yaml"
)

// Scopes say where a skill comes from.
const (
	Repo   = "repo"
	User   = "user"
	System = "system"
	Admin  = "admin"
)

// Skill is one skill.
type Skill struct {
	Name, Description, Short string
	// Path is the SKILL.md, without links.
	Path  string
	Scope string
	// Enabled is false when the configuration switches it off; Named is true for one that is
	// not listed, and used only when the user names it.
	Enabled, Named bool

	License, Compatibility string
	AllowedTools           []string
	Metadata               map[string]string

	Interface *Interface
	Tools     []Tool // that it needs

	root string // the folder that was searched
}

// Interface says how to show a skill; "" where nothing is said.
type Interface struct {
	DisplayName, ShortDescription, IconSmall, IconLarge, BrandColor, DefaultPrompt string
}

// Tool is one that a skill needs.
type Tool struct {
	Type, Value, Description, Transport, Command, URL string
}

// Problem is a skill that can't be used.
type Problem struct{ Path, Message string }

// Bounds of the standard, in characters.
const (
	maxName        = 64
	maxDescription = 1024
)

// head reads the head of a SKILL.md.
func (s *Skill) head(text string) error {
	front, ok := Front(text)
	if !ok {
		return errors.New("missing YAML frontmatter delimited by ---")
	}
	v, err := yaml.Parse(front)
	if err != nil {
		return fmt.Errorf("invalid YAML: %w", err)
	}
	m, ok := v.(yaml.Map)
	if !ok && v != nil {
		return errors.New("invalid YAML: expected a mapping")
	}
	meta, _ := m["metadata"].(yaml.Map)
	for _, f := range []struct {
		to   *string
		from any
		name string
		max  int
	}{
		{&s.Name, m["name"], "name", maxName},
		{&s.Description, m["description"], "description", maxDescription},
		{&s.Short, meta["short-description"], "metadata.short-description", maxDescription},
		{&s.License, m["license"], "license", maxDescription},
		{&s.Compatibility, m["compatibility"], "compatibility", maxDescription},
	} {
		text, ok := f.from.(string)
		if f.from != nil && !ok {
			return fmt.Errorf("invalid YAML: %s: expected a string", f.name)
		}
		*f.to = strings.Join(strings.Fields(text), " ")
		if utf8.RuneCountInString(*f.to) > f.max {
			return fmt.Errorf("invalid %s: exceeds maximum length of %d characters", f.name, f.max)
		}
	}
	if s.Name == "" {
		s.Name = filepath.Base(filepath.Dir(s.Path))
	}
	if s.Description == "" {
		return errors.New("missing field `description`")
	}
	s.AllowedTools = words(m["allowed-tools"])
	for k, v := range meta {
		if text, ok := v.(string); ok {
			if s.Metadata == nil {
				s.Metadata = map[string]string{}
			}
			s.Metadata[k] = text
		}
	}
	return nil
}

// words reads a list, or a text with spaces or commas between its words: both are in use.
// What stands in parentheses is part of a word.
func words(v any) (out []string) {
	switch v := v.(type) {
	case []any:
		for _, x := range v {
			if s, ok := x.(string); ok {
				out = append(out, s)
			}
		}
	case string:
		depth := 0
		out = strings.FieldsFunc(v, func(r rune) bool {
			switch r {
			case '(':
				depth++
			case ')':
				depth = max(depth-1, 0)
			}
			return depth == 0 && (r == ',' || r == ' ' || r == '\t' || r == '\n')
		})
	}
	return out
}

// Front is what stands between the two `---` at the head of a file.
func Front(text string) (front string, ok bool) {
	first, rest, _ := strings.Cut(text, "\n")
	if strings.TrimSpace(first) != "---" {
		return "", false
	}
	at := 0
	for l := range strings.Lines(rest) {
		if strings.TrimSpace(l) == "---" {
			return rest[:at], true
		}
		at += len(l)
	}
	return "", false
}

// manifest reads agents/openai.yaml, which says how to show a skill, what it needs, and
// whether it is listed. What is wrong in there costs nothing but itself.
func (s *Skill) manifest(text string) {
	v, err := yaml.Parse(text)
	m, ok := v.(yaml.Map)
	if err != nil || !ok {
		return
	}
	if policy, ok := m["policy"].(yaml.Map); ok {
		s.Named = policy["allow_implicit_invocation"] == "false"
	}
	if i, ok := m["interface"].(yaml.Map); ok {
		shown := Interface{DisplayName: short(i["display_name"], maxName), ShortDescription: short(i["short_description"], maxDescription),
			IconSmall: s.icon(i["icon_small"]), IconLarge: s.icon(i["icon_large"]), BrandColor: color(i["brand_color"]),
			DefaultPrompt: short(i["default_prompt"], maxDescription)}
		if shown != (Interface{}) {
			s.Interface = &shown
		}
	}
	deps, _ := m["dependencies"].(yaml.Map)
	tools, _ := deps["tools"].([]any)
	for _, x := range tools {
		t, _ := x.(yaml.Map)
		tool := Tool{Type: short(t["type"], maxName), Value: short(t["value"], maxDescription), Description: short(t["description"], maxDescription),
			Transport: short(t["transport"], maxName), Command: short(t["command"], maxDescription), URL: short(t["url"], maxDescription)}
		if tool.Type != "" && tool.Value != "" {
			s.Tools = append(s.Tools, tool)
		}
	}
}

// short is a text of at most so many characters, "" for a longer one.
func short(v any, most int) string {
	text, _ := v.(string)
	if text = strings.Join(strings.Fields(text), " "); utf8.RuneCountInString(text) > most {
		return ""
	}
	return text
}

// icon is the full name of a picture below the skill's assets.
func (s *Skill) icon(v any) string {
	name := filepath.FromSlash(short(v, maxDescription))
	if name = filepath.Clean(name); !filepath.IsLocal(name) || !strings.HasPrefix(name, "assets"+string(filepath.Separator)) {
		return ""
	}
	return filepath.Join(filepath.Dir(s.Path), name)
}

// color is a colour like #a0b1c2.
func color(v any) string {
	text, _ := v.(string)
	if len(text) != 7 || text[0] != '#' || strings.Trim(text[1:], "0123456789abcdefABCDEF") != "" {
		return ""
	}
	return text
}
