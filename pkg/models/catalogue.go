package models

// All is the bundled catalogue in its own order: that of 0.133. Callers must not change it.
func All() []Model { return bundled[:] }

// Bedrock are the models at Amazon Bedrock. Callers must not change it.
func Bedrock() []Model { return bedrock[:] }

// The rows are written out so that the table is data of the program: nothing is made at a start.
var bundled = [...]Model{
	{
		Slug: "gpt-5.5", DisplayName: "GPT-5.5", Description: "The strongest model, for hard coding and research.", Priority: 0,
		ShellType: "shell_command", Visibility: "list", SupportedInAPI: true, Known: true,
		ContextWindow: 272_000, MaxContextWindow: 272_000, EffectivePercent: 95, TruncationMode: "tokens", TruncationLimit: 10_000,
		ParallelToolCalls: true, ReasoningSummaries: true, Verbosity: true, DefaultEffort: "medium", DefaultSummary: "none", DefaultVerbosity: "low",
		FreeformPatch: true, SearchTool: true, ImageDetailOriginal: true, WebSearchType: "text_and_image", InputImages: true,
		Efforts: efforts, EffortNotes: effortNotes, SpeedTiers: speedTiers, ServiceTiers: serviceTiers,
	},
	{
		Slug: "gpt-5.4", DisplayName: "gpt-5.4", Description: "A strong model for daily coding, with a long context.", Priority: 2,
		ShellType: "shell_command", Visibility: "list", SupportedInAPI: true, Known: true,
		ContextWindow: 272_000, MaxContextWindow: 1_000_000, EffectivePercent: 95, TruncationMode: "tokens", TruncationLimit: 10_000,
		ParallelToolCalls: true, ReasoningSummaries: true, Verbosity: true, DefaultEffort: "medium", DefaultSummary: "none", DefaultVerbosity: "low",
		FreeformPatch: true, SearchTool: true, ImageDetailOriginal: true, WebSearchType: "text_and_image", InputImages: true,
		Efforts: efforts, EffortNotes: effortNotes, SpeedTiers: speedTiers, ServiceTiers: serviceTiers,
	},
	{
		Slug: "gpt-5.4-mini", DisplayName: "GPT-5.4-Mini", Description: "Small, quick and cheap, for simple coding.", Priority: 4,
		ShellType: "shell_command", Visibility: "list", SupportedInAPI: true, Known: true,
		ContextWindow: 272_000, MaxContextWindow: 272_000, EffectivePercent: 95, TruncationMode: "tokens", TruncationLimit: 10_000,
		ParallelToolCalls: true, ReasoningSummaries: true, Verbosity: true, DefaultEffort: "medium", DefaultSummary: "none", DefaultVerbosity: "medium",
		FreeformPatch: true, SearchTool: true, ImageDetailOriginal: true, WebSearchType: "text_and_image", InputImages: true,
		Efforts: efforts, EffortNotes: effortNotes,
	},
	{
		Slug: "gpt-5.3-codex", DisplayName: "gpt-5.3-codex", Description: "A model made for coding.", Priority: 6, Upgrade: "gpt-5.4",
		ShellType: "shell_command", Visibility: "list", SupportedInAPI: true, Known: true,
		ContextWindow: 272_000, MaxContextWindow: 272_000, EffectivePercent: 95, TruncationMode: "tokens", TruncationLimit: 10_000,
		ParallelToolCalls: true, ReasoningSummaries: true, Verbosity: true, DefaultEffort: "medium", DefaultSummary: "none", DefaultVerbosity: "low",
		FreeformPatch: true, SearchTool: true, ImageDetailOriginal: true, WebSearchType: "text", InputImages: true,
		Efforts: efforts, EffortNotes: effortNotes,
	},
	{
		Slug: "gpt-5.2", DisplayName: "gpt-5.2", Description: "A model for professional work and long tasks.", Priority: 10, Upgrade: "gpt-5.4",
		ShellType: "shell_command", Visibility: "list", SupportedInAPI: true, Known: true,
		ContextWindow: 272_000, MaxContextWindow: 272_000, EffectivePercent: 95, TruncationMode: "bytes", TruncationLimit: 10_000,
		ParallelToolCalls: true, ReasoningSummaries: true, Verbosity: true, DefaultEffort: "medium", DefaultSummary: "auto", DefaultVerbosity: "low",
		FreeformPatch: true, SearchTool: true, WebSearchType: "text", InputImages: true,
		Efforts: efforts, EffortNotes: effortNotes,
	},
	{
		Slug: "codex-auto-review", DisplayName: "Codex Auto Review", Description: "Reviews requests for approval.", Priority: 29,
		ShellType: "shell_command", Visibility: "hide", SupportedInAPI: true, Known: true,
		ContextWindow: 272_000, MaxContextWindow: 1_000_000, EffectivePercent: 95, TruncationMode: "tokens", TruncationLimit: 10_000,
		ParallelToolCalls: true, ReasoningSummaries: true, Verbosity: true, DefaultEffort: "medium", DefaultSummary: "none", DefaultVerbosity: "low",
		FreeformPatch: true, SearchTool: true, ImageDetailOriginal: true, WebSearchType: "text_and_image", InputImages: true,
		Efforts: efforts, EffortNotes: effortNotes,
	},
}

var bedrock = [...]Model{
	{
		Slug: "openai.gpt-5.4", DisplayName: "gpt-5.4", Description: "A strong model for daily coding, with a long context.", Priority: 0,
		ShellType: "shell_command", Visibility: "list", SupportedInAPI: true, Known: true,
		ContextWindow: 272_000, MaxContextWindow: 1_000_000, EffectivePercent: 95, TruncationMode: "tokens", TruncationLimit: 10_000,
		ParallelToolCalls: true, ReasoningSummaries: true, Verbosity: true, DefaultEffort: "medium", DefaultSummary: "none", DefaultVerbosity: "medium",
		FreeformPatch: true, SearchTool: true, ImageDetailOriginal: true, WebSearchType: "text_and_image", InputImages: true,
		Efforts: []string{"minimal", "low", "medium", "high"}, EffortNotes: []string{"Hardly any reasoning", "Quick answers, little reasoning", "A balance for daily work", "Deeper reasoning for hard problems"},
		SpeedTiers: speedTiers,
	},
	{
		Slug: "openai.gpt-oss-120b", DisplayName: "GPT OSS 120B on Bedrock", Description: "An open model, of the larger kind.", Priority: 1,
		ShellType: "shell_command", Visibility: "list", SupportedInAPI: true, Known: true,
		ContextWindow: 128_000, MaxContextWindow: 128_000, EffectivePercent: 95, TruncationMode: "tokens", TruncationLimit: 10_000,
		ParallelToolCalls: true, ReasoningSummaries: true, DefaultEffort: "medium", DefaultSummary: "none", WebSearchType: "text",
		Efforts: efforts[:3], EffortNotes: effortNotes[:3],
	},
	{
		Slug: "openai.gpt-oss-20b", DisplayName: "GPT OSS 20B on Bedrock", Description: "An open model, of the smaller kind.", Priority: 2,
		ShellType: "shell_command", Visibility: "list", SupportedInAPI: true, Known: true,
		ContextWindow: 128_000, MaxContextWindow: 128_000, EffectivePercent: 95, TruncationMode: "tokens", TruncationLimit: 10_000,
		ParallelToolCalls: true, ReasoningSummaries: true, DefaultEffort: "medium", DefaultSummary: "none", WebSearchType: "text",
		Efforts: efforts[:3], EffortNotes: effortNotes[:3],
	},
}

var (
	efforts     = []string{"low", "medium", "high", "xhigh"}
	effortNotes = []string{
		"Quick answers, little reasoning",
		"A balance for daily work",
		"Deeper reasoning for hard problems",
		"The deepest reasoning, for the hardest problems",
	}
	speedTiers   = []string{"fast"}
	serviceTiers = []Tier{{"priority", "Fast", "1.5 times the speed, more usage"}}
)
