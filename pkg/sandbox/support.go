package sandbox

import "codex/pkg/sandbox/linux"

// Support is which layers of the system a sandbox can use here.
type Support struct {
	linux.Support

	Seatbelt bool `json:"seatbelt,omitempty"`          // macOS: sandbox-exec works
	Tokens   bool `json:"restricted_tokens,omitempty"` // Windows: a restricted token can be made
}

// Assumed is a Support for who would rather try than probe: it has every layer.
func Assumed() *Support { return &Support{Support: linux.Support{Spaces: true, Seccomp: true}} }
