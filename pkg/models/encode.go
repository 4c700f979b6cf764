package models

import (
	"cmp"
	"encoding/json"
	"fmt"

	"codex/pkg/jsonrpc"
)

// EncodeCatalogue writes models as ParseCatalogue reads them, as one line. Base instructions are
// those that requests have.
func EncodeCatalogue(all []Model) ([]byte, error) {
	list := struct {
		Models []wireModel `json:"models"`
	}{make([]wireModel, len(all))}
	for i, m := range all {
		list.Models[i] = m.wire()
	}
	line, err := jsonrpc.Marshal(list)
	if err != nil {
		return nil, fmt.Errorf("encode models: %w", err)
	}
	return append(line, '\n'), nil
}

func (m Model) wire() wireModel {
	w := wireModel{
		Slug: m.Slug, DisplayName: m.DisplayName, Description: some(m.Description), DefaultLevel: some(m.DefaultEffort),
		Levels: []wireLevel{}, ShellType: m.ShellType, Visibility: m.Visibility, SupportedInAPI: &m.SupportedInAPI, Priority: m.Priority,
		SpeedTiers: append([]string{}, m.SpeedTiers...), ServiceTiers: []wireTier{}, Announced: json.RawMessage("null"),
		BaseInstructions: cmp.Or(m.BaseInstructions, Instructions(m, "")), ReasoningSummaries: m.ReasoningSummaries, DefaultSummary: m.DefaultSummary,
		SupportVerbosity: m.Verbosity, DefaultVerbosity: some(m.DefaultVerbosity), WebSearch: m.WebSearchType,
		Truncation: &wireLimit{m.TruncationMode, m.TruncationLimit}, Parallel: m.ParallelToolCalls, ImageOriginal: m.ImageDetailOriginal,
		ContextWindow: &m.ContextWindow, MaxContextWindow: &m.MaxContextWindow, EffectivePercent: &m.EffectivePercent,
		Experimental: []string{}, Modalities: []string{"text"}, SearchTool: m.SearchTool,
	}
	for i, e := range m.Efforts {
		w.Levels = append(w.Levels, wireLevel{e, m.EffortNotes[i]})
	}
	for _, t := range m.ServiceTiers {
		w.ServiceTiers = append(w.ServiceTiers, wireTier(t))
	}
	if m.Upgrade != "" {
		w.Upgrade = &wireUpgrade{Model: m.Upgrade}
	}
	if m.Template != "" {
		w.Messages = &wireMessages{m.Template, wireManner(m.Manners)}
	}
	if m.FreeformPatch {
		w.PatchTool = some("freeform")
	}
	if m.AutoCompact > 0 {
		w.AutoCompact = &m.AutoCompact
	}
	if m.InputImages {
		w.Modalities = append(w.Modalities, "image")
	}
	return w
}

// some is nil for an empty text.
func some(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}
