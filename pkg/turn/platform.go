package turn

import (
	"os"
	"runtime"
	"strings"
)

// platform names the system as "Debian 12.0.0; x86_64".
func platform() string {
	arch := map[string]string{"amd64": "x86_64", "arm64": "arm64"}[runtime.GOARCH]
	if arch == "" {
		arch = runtime.GOARCH
	}
	name, ver := runtime.GOOS, "0.0.0"
	switch runtime.GOOS {
	case "linux":
		name = "Linux"
		if runtime.GOARCH == "arm64" {
			arch = "aarch64"
		}
		b, _ := os.ReadFile("/etc/os-release") // missing: a Linux without a name
		for line := range strings.Lines(string(b)) {
			k, v, _ := strings.Cut(strings.TrimSpace(line), "=")
			v = strings.Trim(v, `"`)
			switch k {
			case "NAME":
				name, _, _ = strings.Cut(v, " ")
			case "VERSION_ID":
				ver = v + strings.Repeat(".0", max(0, 2-strings.Count(v, ".")))
			}
		}
	case "darwin":
		name = "Mac OS"
	case "windows":
		name = "Windows"
	}
	return name + " " + ver + "; " + arch
}

// Platform is the family and the system of initialize's result.
func Platform() [2]string {
	switch runtime.GOOS {
	case "windows":
		return [2]string{"windows", "windows"}
	case "darwin":
		return [2]string{"unix", "macos"}
	}
	return [2]string{"unix", runtime.GOOS}
}

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
