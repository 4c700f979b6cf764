package config

// place puts the paths of the suite's own programs where settings name them, so that they
// need not be on PATH.
func (c *Config) place(program func(name string) string) {
	if program == nil {
		return
	}
	for _, command := range append([][]string{c.Provider.Command, c.Executor, c.Notify}, c.Pipeline.Filters...) {
		if len(command) > 0 {
			command[0] = program(command[0])
		}
	}
	if a := c.Provider.Auth; a != nil {
		a.Command = program(a.Command)
	}
}
