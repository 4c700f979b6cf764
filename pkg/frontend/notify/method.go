package notify

import (
	"strings"
)

// Method is a way to reach a person at a terminal.
type Method string

// The ways.
const (
	Bell  Method = "bel"
	OSC9  Method = "osc9"
	Toast Method = "toast" // of Windows, from inside WSL
)

// Auto chooses the way that the terminal understands: the sequence OSC 9 where that shows
// something, a toast of Windows where the terminal is Windows Terminal and we are in WSL 2,
// since that ignores OSC 9, and else the bell. kernel gives what the kernel says of itself,
// /proc/version; it is called when it matters only.
func Auto(getenv func(string) string, kernel func() string) Method {
	switch {
	case knowsOSC9(getenv):
		return OSC9
	case getenv("WT_SESSION") != "" && WSL2(getenv, kernel):
		return Toast
	}
	return Bell
}

// WSL2 says whether this is Linux inside Windows.
func WSL2(getenv func(string) string, kernel func() string) bool {
	if getenv("WSL_INTEROP") != "" && getenv("WSL_DISTRO_NAME") != "" {
		return true
	}
	k := strings.ToLower(kernel())
	return strings.Contains(k, "wsl2") || strings.Contains(k, "microsoft-standard")
}

func knowsOSC9(getenv func(string) string) bool {
	switch getenv("TERM_PROGRAM") {
	case "ghostty", "iTerm.app", "WarpTerminal", "WezTerm", "kitty":
		return true
	}
	switch getenv("TERM") {
	case "xterm-kitty", "xterm-ghostty", "wezterm":
		return true
	}
	for _, name := range []string{"KITTY_WINDOW_ID", "WEZTERM_PANE", "WEZTERM_VERSION", "ITERM_SESSION_ID"} {
		if getenv(name) != "" {
			return true
		}
	}
	return false
}
