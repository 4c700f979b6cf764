package execpolicy

import (
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// Safe says that a plain command only reads (sandbox spec §9.2). The program's base
// name decides.
func Safe(argv []string) bool {
	if len(argv) == 0 {
		return false
	}
	args := argv[1:]
	switch filepath.Base(argv[0]) {
	case "cat", "cd", "cut", "echo", "expr", "false", "grep", "head", "id", "ls", "nl", "paste", "pwd", "rev", "seq",
		"stat", "tail", "tr", "true", "uname", "uniq", "wc", "which", "whoami", "numfmt", "tac":
		return true
	case "base64":
		return !slices.ContainsFunc(args, func(a string) bool {
			return strings.HasPrefix(a, "-o") || a == "--output" || strings.HasPrefix(a, "--output=")
		})
	case "find":
		return !slices.ContainsFunc(args, func(a string) bool {
			return slices.Contains([]string{"-exec", "-execdir", "-ok", "-okdir", "-delete", "-fls", "-fprint", "-fprint0", "-fprintf"}, a)
		})
	case "rg":
		return !slices.ContainsFunc(args, func(a string) bool {
			return a == "--pre" || a == "--hostname-bin" || a == "--search-zip" || isShortWith(a, 'z') ||
				strings.HasPrefix(a, "--pre=") || strings.HasPrefix(a, "--hostname-bin=")
		})
	case "sed":
		return len(argv) <= 4 && len(argv) >= 3 && argv[1] == "-n" && regexp.MustCompile(`^[0-9]+(,[0-9]+)?p$`).MatchString(argv[2]) &&
			(len(argv) == 3 || !strings.HasPrefix(argv[3], "-"))
	case "git":
		return safeGit(args)
	}
	return false
}

func isShortWith(a string, c byte) bool {
	return len(a) > 1 && a[0] == '-' && a[1] != '-' && strings.IndexByte(a, c) > 0
}

func safeGit(args []string) bool {
	i := 0
	for ; i < len(args) && strings.HasPrefix(args[i], "-"); i++ {
		if args[i] != "--no-pager" {
			return false
		}
	}
	if i == len(args) {
		return false
	}
	sub, rest := args[i], args[i+1:]
	if !slices.Contains([]string{"status", "log", "diff", "show", "branch"}, sub) {
		return false
	}
	for _, a := range rest {
		for _, bad := range []string{"--output", "--ext-diff", "--textconv", "--exec"} {
			if a == bad || strings.HasPrefix(a, bad+"=") {
				return false
			}
		}
		if a == "--paginate" || a == "-p" && sub == "branch" {
			return false
		}
	}
	if sub != "branch" {
		return true
	}
	for _, a := range rest {
		switch a {
		case "--list", "-l", "--show-current", "-a", "--all", "-r", "--remotes", "-v", "-vv", "--verbose":
		default:
			if !strings.HasPrefix(a, "--format=") {
				return false
			}
		}
	}
	return true
}

// Dangerous says that a plain command destroys files without asking (§9.3). The list is
// the original's: a longer one would change which commands are asked about.
func Dangerous(argv []string) bool {
	if len(argv) > 1 && argv[0] == "sudo" {
		return Dangerous(argv[1:])
	}
	return len(argv) > 1 && argv[0] == "rm" && (argv[1] == "-f" || argv[1] == "-rf")
}
