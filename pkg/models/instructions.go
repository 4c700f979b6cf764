package models

import (
	_ "embed"
	"strings"
)

// The texts are our own; the original's are not used.
var (
	//go:embed instructions.md
	fullText string
	//go:embed fallback.md
	shortText string
	//go:embed patch_tool.md
	patchTool string
	//go:embed patch_shell.md
	patchShell string
	//go:embed pragmatic.md
	pragmaticText string
	//go:embed friendly.md
	friendlyText string
)

// Instructions are the base instructions of a model. personality is pragmatic,
// friendly, none, or "" for the default (pragmatic); models that nobody
// described get a shorter text without one. A catalogue's own text wins.
func Instructions(m Model, personality string) string {
	switch {
	case m.Template != "":
		return strings.Replace(m.Template, "{{ personality }}", m.Manners.of(personality), 1)
	case m.BaseInstructions != "":
		return m.BaseInstructions
	}
	patch := patchTool
	if !m.FreeformPatch {
		patch = patchShell
	}
	if !m.Known {
		return fill(shortText, "", patch)
	}
	return fill(fullText, Personality(personality), patch)
}

// Personality is the paragraph about manner alone, "" for none. It is sent by
// itself when the manner changes inside a thread.
func Personality(name string) string {
	switch name {
	case "none":
		return ""
	case "friendly":
		return strings.TrimSpace(friendlyText)
	}
	return strings.TrimSpace(pragmaticText)
}

// of is the text for a personality.
func (t Manners) of(personality string) string {
	switch personality {
	case "none":
		return ""
	case "friendly":
		return t.Friendly
	case "pragmatic":
		return t.Pragmatic
	}
	return t.Default
}

func fill(text, personality, patch string) string {
	if personality != "" {
		personality += "\n\n"
	}
	text = strings.Replace(text, "{{personality}}\n\n", personality, 1)
	text = strings.Replace(text, "{{patch}}", strings.TrimSpace(patch), 1)
	return strings.TrimSpace(text)
}
