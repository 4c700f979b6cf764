package auth

import (
	"slices"
	"strings"
)

// Secrets names the variables that hold credentials of the suite's own programs.
func Secrets() []string {
	return []string{KeyVariable, TokenVariable, "CODEX_REMOTE_CONTROL_TOKEN"}
}

// WithoutSecrets gives the variables (NAME=value) that do not hold one of those: what
// whoever runs commands needs of an environment.
func WithoutSecrets(environ []string) []string {
	names := Secrets()
	return slices.DeleteFunc(slices.Clone(environ), func(kv string) bool {
		name, _, _ := strings.Cut(kv, "=")
		return slices.Contains(names, name)
	})
}
