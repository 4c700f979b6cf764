// Package models knows the models: what each can do, which one is the default,
// and the base instructions it gets.
//
// It is a ground package: it imports the standard library and jsonrpc only, reads no files
// and no environment, and keeps no state. The catalogue has the facts of the
// bundled one of the original; the instructions are our own.
package models

import (
	"slices"
	"strings"
)

// Model is one entry of the catalogue.
type Model struct {
	// Slug is what is sent: the name that was asked for.
	Slug, DisplayName, Description string
	// ShellType is shell_command, default, local, unified_exec or disabled.
	ShellType string
	// Visibility in pickers is list, hide or none. Lower Priority comes first.
	Visibility     string
	Priority       int
	SupportedInAPI bool
	// ContextWindow and MaxContextWindow are in tokens. EffectivePercent of the
	// window is usable. AutoCompact is the model's own limit in tokens, 0 if it
	// has none (then 90 % of the window).
	ContextWindow, MaxContextWindow, EffectivePercent, AutoCompact int64
	// TruncationMode is tokens or bytes, the unit of TruncationLimit.
	TruncationMode  string
	TruncationLimit int64
	// ParallelToolCalls, ReasoningSummaries and Verbosity tell whether the
	// request may have these fields.
	ParallelToolCalls, ReasoningSummaries, Verbosity bool
	DefaultEffort, DefaultSummary, DefaultVerbosity  string
	// FreeformPatch and SearchTool tell whether these tools are offered.
	FreeformPatch, SearchTool bool
	// ImageDetailOriginal allows images in full resolution.
	ImageDetailOriginal bool
	WebSearchType       string // text or text_and_image
	InputImages         bool
	// Known is false for the fallback.
	Known bool
	// Efforts are the reasoning levels, EffortNotes what pickers say of each.
	Efforts, EffortNotes []string
	ServiceTiers         []Tier
	SpeedTiers           []string
	// Upgrade is the slug of the model that replaces this one, "" if none.
	Upgrade string
	// BaseInstructions replace ours: the text of a catalogue of one's own.
	BaseInstructions string
	// Template are such instructions with a gap for a text about manner, "" for none.
	Template string
	Manners  Manners
}

// Manners are a catalogue's texts for the gap of a template.
type Manners struct{ Default, Friendly, Pragmatic string }

// Tier is one service tier.
type Tier struct{ ID, Name, Description string }

// HasTier tells whether a service tier may be sent.
func (m Model) HasTier(id string) bool {
	return slices.ContainsFunc(m.ServiceTiers, func(t Tier) bool { return t.ID == id })
}

// AutoCompactLimit is the number of tokens at which the history is compacted:
// 90 % of the window, or less when the model or the user (0: no wish) says so. 0 is never.
func (m Model) AutoCompactLimit(wish int64) int64 {
	limit := m.ContextWindow * 9 / 10
	for _, l := range []int64{m.AutoCompact, wish} {
		if l > 0 && (l < limit || limit == 0) {
			limit = l
		}
	}
	return limit
}

// In finds the entry whose slug is the longest prefix of the name, then the
// same for the rest of a name with one slash (ns/rest), else the fallback.
// The slug stays as it was asked for. nil is the bundled catalogue.
func In(all []Model, slug string) Model {
	if len(all) == 0 {
		all = All()
	}
	m, ok := longest(all, slug)
	if !ok {
		if ns, rest, cut := strings.Cut(slug, "/"); cut && namespace(ns) && !strings.Contains(rest, "/") {
			m, ok = longest(all, rest)
		}
	}
	if !ok {
		return Fallback(slug)
	}
	m.Slug = slug
	return m
}

func longest(all []Model, slug string) (best Model, ok bool) {
	for _, m := range all {
		if strings.HasPrefix(slug, m.Slug) && (!ok || len(m.Slug) > len(best.Slug)) {
			best, ok = m, true
		}
	}
	return best, ok
}

func namespace(s string) bool {
	for i := 0; i < len(s); i++ {
		c := s[i]
		if !(c|0x20 >= 'a' && c|0x20 <= 'z' || c >= '0' && c <= '9' || c == '_' || c == '-') {
			return false
		}
	}
	return s != ""
}

// Fallback is what is assumed of a model that nobody described.
func Fallback(slug string) Model {
	return Model{
		Slug: slug, DisplayName: slug, ShellType: "default", Visibility: "none", Priority: 99, SupportedInAPI: true,
		ContextWindow: 272_000, MaxContextWindow: 272_000, EffectivePercent: 95,
		TruncationMode: "bytes", TruncationLimit: 10_000, DefaultSummary: "auto",
		WebSearchType: "text", InputImages: true,
	}
}

// Default is the model used when nobody chose one: the first that pickers show.
func Default() string { return "gpt-5.5" }

// DefaultIn is Default for a catalogue of one's own; nil means the bundled one.
func DefaultIn(all []Model) string {
	if len(all) == 0 {
		return Default()
	}
	best := -1
	for i, m := range all {
		if m.Visibility == "list" && (best < 0 || m.Priority < all[best].Priority) {
			best = i
		}
	}
	return all[max(best, 0)].Slug
}
