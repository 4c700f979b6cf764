package version

import (
	"cmp"
	"fmt"
	"os"
	"runtime"
	"strings"
)

// UserAgent is the header and the initialize result. The machine's name
// and version come from files; nothing is started for it.
func UserAgent(originator string, getenv func(string) string, client, clientVersion string) string {
	term := getenv("TERM_PROGRAM")
	if term == "" {
		term = getenv("TERM")
	}
	term = cmp.Or(term, "unknown")
	return clean(fmt.Sprintf("%s/%s (%s) %s (%s; %s)", originator, Compat, platform(), term, client, clientVersion))
}

// clean keeps a header to printable ASCII.
func clean(s string) string {
	b := []byte(s)
	for i, c := range b {
		if c < 0x20 || c > 0x7e {
			b[i] = '_'
		}
	}
	return string(b)
}

// platform names the system as "Debian 12.0.0; x86_64".
func platform() string {
	arch := cmp.Or(map[string]string{"amd64": "x86_64", "arm64": "arm64"}[runtime.GOARCH], runtime.GOARCH)
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
