package models

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
)

// ParseCatalogue reads {"models":[…]}: the format of model_catalog_json and of GET /models.
// Unknown fields are ignored, missing ones are the fallback's.
func ParseCatalogue(b []byte) ([]Model, error) {
	var f struct{ Models json.RawMessage }
	if err := json.Unmarshal(b, &f); err != nil {
		return nil, err
	}
	return ParseEntries(f.Models)
}

// ParseEntries reads the array of a catalogue; null is an array that is missing.
func ParseEntries(b json.RawMessage) ([]Model, error) {
	if len(b) == 0 || string(b) == "null" {
		return nil, errors.New("missing field `models`")
	}
	var entries []wireModel
	if err := json.Unmarshal(b, &entries); err != nil {
		return nil, err
	}
	all := make([]Model, 0, len(entries))
	for _, w := range entries {
		if w.Slug == "" {
			return nil, errors.New("missing field `slug`")
		}
		if t := w.Truncation; t != nil && (t.Mode != "tokens" && t.Mode != "bytes" || t.Limit < 0) {
			return nil, fmt.Errorf("truncation_policy of %s: mode must be tokens or bytes, and limit not negative", w.Slug)
		}
		all = append(all, w.model())
	}
	return all, nil
}

// maxTokens bounds numbers of tokens, so that percentages of them can be taken.
const maxTokens = 1 << 50

type wireModel struct {
	Slug               string          `json:"slug"`
	DisplayName        string          `json:"display_name"`
	Description        *string         `json:"description"`
	DefaultLevel       *string         `json:"default_reasoning_level"`
	Levels             []wireLevel     `json:"supported_reasoning_levels"`
	ShellType          string          `json:"shell_type"`
	Visibility         string          `json:"visibility"`
	SupportedInAPI     *bool           `json:"supported_in_api"`
	Priority           int             `json:"priority"`
	SpeedTiers         []string        `json:"additional_speed_tiers"`
	ServiceTiers       []wireTier      `json:"service_tiers"`
	Announced          json.RawMessage `json:"availability_nux"` // written as null
	Upgrade            *wireUpgrade    `json:"upgrade"`
	BaseInstructions   string          `json:"base_instructions"`
	Messages           *wireMessages   `json:"model_messages,omitempty"`
	ReasoningSummaries bool            `json:"supports_reasoning_summaries"`
	DefaultSummary     string          `json:"default_reasoning_summary"`
	SupportVerbosity   bool            `json:"support_verbosity"`
	DefaultVerbosity   *string         `json:"default_verbosity"`
	PatchTool          *string         `json:"apply_patch_tool_type"`
	WebSearch          string          `json:"web_search_tool_type"`
	Truncation         *wireLimit      `json:"truncation_policy"`
	Parallel           bool            `json:"supports_parallel_tool_calls"`
	ImageOriginal      bool            `json:"supports_image_detail_original"`
	ContextWindow      *int64          `json:"context_window"`
	MaxContextWindow   *int64          `json:"max_context_window"`
	AutoCompact        *int64          `json:"auto_compact_token_limit,omitempty"`
	EffectivePercent   *int64          `json:"effective_context_window_percent"`
	Experimental       []string        `json:"experimental_supported_tools"`
	Modalities         []string        `json:"input_modalities"`
	SearchTool         bool            `json:"supports_search_tool"`
}

type wireMessages struct {
	Template  string     `json:"instructions_template"`
	Variables wireManner `json:"instructions_variables"`
}

type wireManner struct {
	Default   string `json:"personality_default"`
	Friendly  string `json:"personality_friendly"`
	Pragmatic string `json:"personality_pragmatic"`
}

type wireLevel struct {
	Effort      string `json:"effort"`
	Description string `json:"description"`
}

type wireTier struct {
	ID          string `json:"id"`
	Name        string `json:"name"`
	Description string `json:"description"`
}

type wireUpgrade struct {
	Model    string `json:"model"`
	Markdown string `json:"migration_markdown"`
}

type wireLimit struct {
	Mode  string `json:"mode"`
	Limit int64  `json:"limit"`
}

func (w wireModel) model() Model {
	m := Fallback(w.Slug)
	m.Known = true
	set := func(to *string, v string) {
		*to = cmp.Or(v, *to)
	}
	num := func(to *int64, v *int64) {
		if v != nil && *v > 0 {
			*to = min(*v, maxTokens)
		}
	}
	text := func(v *string) string {
		if v == nil {
			return ""
		}
		return *v
	}
	set(&m.DisplayName, w.DisplayName)
	m.Description, m.DefaultEffort = text(w.Description), text(w.DefaultLevel)
	for _, l := range w.Levels {
		m.Efforts, m.EffortNotes = append(m.Efforts, l.Effort), append(m.EffortNotes, l.Description)
	}
	set(&m.ShellType, w.ShellType)
	set(&m.Visibility, w.Visibility)
	if w.SupportedInAPI != nil {
		m.SupportedInAPI = *w.SupportedInAPI
	}
	m.Priority, m.SpeedTiers = w.Priority, w.SpeedTiers
	for _, t := range w.ServiceTiers {
		m.ServiceTiers = append(m.ServiceTiers, Tier(t))
	}
	if w.Upgrade != nil {
		m.Upgrade = w.Upgrade.Model
	}
	m.BaseInstructions = w.BaseInstructions
	if w.Messages != nil {
		m.Template, m.Manners = w.Messages.Template, Manners(w.Messages.Variables)
	}
	m.ReasoningSummaries = w.ReasoningSummaries
	set(&m.DefaultSummary, w.DefaultSummary)
	m.Verbosity, m.DefaultVerbosity = w.SupportVerbosity, text(w.DefaultVerbosity)
	m.FreeformPatch = text(w.PatchTool) == "freeform"
	set(&m.WebSearchType, w.WebSearch)
	if w.Truncation != nil {
		m.TruncationMode, m.TruncationLimit = w.Truncation.Mode, w.Truncation.Limit
	}
	m.ParallelToolCalls, m.ImageDetailOriginal, m.SearchTool = w.Parallel, w.ImageOriginal, w.SearchTool
	num(&m.ContextWindow, w.ContextWindow)
	m.MaxContextWindow = m.ContextWindow
	num(&m.MaxContextWindow, w.MaxContextWindow)
	num(&m.AutoCompact, w.AutoCompact)
	num(&m.EffectivePercent, w.EffectivePercent)
	m.EffectivePercent = min(m.EffectivePercent, 100)
	if w.Modalities != nil {
		m.InputImages = slices.Contains(w.Modalities, "image")
	}
	return m
}
