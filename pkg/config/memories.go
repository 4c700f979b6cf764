package config

import "time"

// UseMemories says whether a model is told what earlier sessions have left in the folder
// memories.
func (c *Config) UseMemories() bool {
	return c.Features.Enabled("memories") && view(c.tree).flag(true, "memories", "use_memories")
}

// Memories is [memories] as far as they are made.
type Memories struct {
	// Generate lets new sessions feed memories; External takes that back from one that has
	// looked at something outside: the web, or a server of the Model Context Protocol.
	Generate, External bool
	// MaxSessions is how many sessions are read each time, the latest first; they are not
	// older than MaxAge, and nobody has worked on them for MinIdle.
	MaxSessions     int
	MaxAge, MinIdle time.Duration
	// MaxRaw memories are brought together, and those that nobody used for MaxUnused dropped.
	MaxRaw    int
	MaxUnused time.Duration
	// MinRemaining percent of the account's limits must be left.
	MinRemaining float64
	// ExtractModel and ConsolidationModel are asked, "" for those that fit the provider.
	ExtractModel, ConsolidationModel string
}

// Memories reads [memories]; numbers out of bounds count as the nearest within.
func (c *Config) Memories() Memories {
	v := view(c.tree).table("memories")
	num := func(key string, def, least, most int64) int64 { return min(max(v.num(def, key), least), most) }
	day := 24 * time.Hour
	return Memories{Generate: v.flag(true, "generate_memories"), External: v.flag(false, "disable_on_external_context"),
		MaxSessions: int(num("max_rollouts_per_startup", 2, 1, 128)), MaxAge: time.Duration(num("max_rollout_age_days", 10, 0, 90)) * day,
		MinIdle: time.Duration(num("min_rollout_idle_hours", 6, 1, 48)) * time.Hour,
		MaxRaw:  int(num("max_raw_memories_for_consolidation", 256, 1, 4096)), MaxUnused: time.Duration(num("max_unused_days", 30, 0, 365)) * day,
		MinRemaining: float64(num("min_rate_limit_remaining_percent", 25, 0, 100)),
		ExtractModel: v.str("extract_model"), ConsolidationModel: v.str("consolidation_model")}
}
