package models

// All is the bundled catalogue in its own order: that of 0.133.
func All() []Model {
	return []Model{
		entry("gpt-5.5", "GPT-5.5", "The strongest model, for hard coding and research.", 0, fast),
		entry("gpt-5.4", "gpt-5.4", "A strong model for daily coding, with a long context.", 2, fast, million),
		entry("gpt-5.4-mini", "GPT-5.4-Mini", "Small, quick and cheap, for simple coding.", 4,
			func(m *Model) { m.DefaultVerbosity = "medium" }),
		entry("gpt-5.3-codex", "gpt-5.3-codex", "A model made for coding.", 6, older),
		entry("gpt-5.2", "gpt-5.2", "A model for professional work and long tasks.", 10, older,
			func(m *Model) {
				m.TruncationMode, m.DefaultSummary, m.ImageDetailOriginal = "bytes", "auto", false
			}),
		entry("codex-auto-review", "Codex Auto Review", "Reviews requests for approval.", 29, million,
			func(m *Model) { m.Visibility = "hide" }),
	}
}

func entry(slug, name, about string, priority int, change ...func(*Model)) Model {
	m := Model{
		Slug: slug, DisplayName: name, Description: about, Priority: priority,
		ShellType: "shell_command", Visibility: "list", SupportedInAPI: true,
		ContextWindow: 272_000, MaxContextWindow: 272_000, EffectivePercent: 95,
		TruncationMode: "tokens", TruncationLimit: 10_000,
		ParallelToolCalls: true, ReasoningSummaries: true, Verbosity: true,
		DefaultEffort: "medium", DefaultSummary: "none", DefaultVerbosity: "low",
		FreeformPatch: true, SearchTool: true, ImageDetailOriginal: true,
		WebSearchType: "text_and_image", InputImages: true, Known: true,
		Efforts: []string{"low", "medium", "high", "xhigh"},
		EffortNotes: []string{
			"Quick answers, little reasoning",
			"A balance for daily work",
			"Deeper reasoning for hard problems",
			"The deepest reasoning, for the hardest problems",
		},
	}
	for _, f := range change {
		f(&m)
	}
	return m
}

func fast(m *Model) {
	m.SpeedTiers = []string{"fast"}
	m.ServiceTiers = []Tier{{"priority", "Fast", "1.5 times the speed, more usage"}}
}

func million(m *Model) { m.MaxContextWindow = 1_000_000 }

func older(m *Model) { m.WebSearchType, m.Upgrade = "text", "gpt-5.4" }
