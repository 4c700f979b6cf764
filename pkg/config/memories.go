package config

// UseMemories says whether a model is told what earlier sessions have left in the folder
// memories.
func (c *Config) UseMemories() bool {
	return c.Features.Enabled("memories") && view(c.tree).flag(true, "memories", "use_memories")
}
