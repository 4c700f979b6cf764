package argv

import (
	"os"
	"runtime"
	"strings"
)

// sandboxName is what enforces the sandbox on this system, in the word of the request's
// metadata.
func sandboxName() string {
	switch runtime.GOOS {
	case "darwin":
		return "seatbelt"
	case "windows":
		return "windows_sandbox"
	}
	return "seccomp"
}

// timezone is the IANA name of the local time zone, from TZ or /etc/localtime.
func timezone(tz string) string {
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
