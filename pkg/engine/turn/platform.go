package turn

import (
	"os"
	"runtime"
	"strings"

	"codex/pkg/cli/version"
)

// Platform is version.Platform.
func Platform() [2]string { return version.Platform() }

// SandboxName is what enforces the sandbox on this system, in the word of the request's
// metadata (turn spec §1.2).
func SandboxName() string {
	switch runtime.GOOS {
	case "darwin":
		return "seatbelt"
	case "windows":
		return "windows_sandbox"
	}
	return "seccomp"
}

// Timezone is the IANA name of the local time zone, from TZ or /etc/localtime.
func Timezone(tz string) string {
	if tz = strings.TrimPrefix(tz, ":"); tz != "" && !strings.HasPrefix(tz, "/") {
		return tz
	}
	link, err := os.Readlink("/etc/localtime")
	if err == nil {
		if _, name, ok := strings.Cut(link, "zoneinfo/"); ok {
			return name
		}
	}
	if b, err := os.ReadFile("/etc/timezone"); err == nil {
		if name := strings.TrimSpace(string(b)); name != "" {
			return name
		}
	}
	return "Etc/UTC"
}
