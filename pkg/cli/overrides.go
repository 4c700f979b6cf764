package cli

// Overrides are the options of every program that reads config.toml.
type Overrides struct {
	Config  []string `short:"c" name:"config" sep:"none" placeholder:"KEY=VALUE" help:"override a value of config.toml"`
	Enable  []string `sep:"none" placeholder:"FEATURE" help:"switch a feature on"`
	Disable []string `sep:"none" placeholder:"FEATURE" help:"switch a feature off"`
}
