package config

// Env is what the package may know about the process that uses it.
type Env struct {
	// Get returns an environment variable, "" when unset. A nil Get is an
	// empty environment.
	Get func(name string) string
	// Home is the user's home folder (where ~ points), "" when unknown.
	Home string
	// Cwd is the folder that relative names start from: absolute.
	Cwd string
	// UID is the numeric user id, -1 where there is none.
	UID int
	// SystemDir holds the machine-wide files config.toml, requirements.toml
	// and managed_config.toml. "" means the platform's own (/etc/codex, on
	// Windows %ProgramData%\OpenAI\Codex).
	SystemDir string
	// Hostname is asked only when requirements name hosts. May be nil.
	Hostname func() string
}

func (e Env) get(name string) string {
	if e.Get == nil {
		return ""
	}
	return e.Get(name)
}
