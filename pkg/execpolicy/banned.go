package execpolicy

import "slices"

// Banned says that a prefix must not be proposed as a rule: it would allow anything, by
// way of an interpreter or a wrapper. The list is the original's.
func Banned(prefix []string) bool {
	if len(prefix) == 0 {
		return true
	}
	var flags []string // that make a banned prefix of two words
	switch prefix[0] {
	case "python", "python3":
		flags = []string{"-", "-c"}
	case "py":
		flags = []string{"-3"}
	case "sh":
		flags = []string{"-c", "-lc"}
	case "bash", "zsh", "/bin/bash", "/bin/zsh":
		flags = []string{"-lc"}
	case "pwsh", "powershell", "powershell.exe":
		flags = []string{"-Command", "-c"}
	case "node", "perl", "ruby", "lua":
		flags = []string{"-e"}
	case "php":
		flags = []string{"-r"}
	case "pypy", "pypy3", "pyw", "pythonw", "git", "env", "sudo", "osascript":
	default:
		return false
	}
	return len(prefix) == 1 || len(prefix) == 2 && slices.Contains(flags, prefix[1])
}
