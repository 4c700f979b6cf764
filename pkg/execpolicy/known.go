package execpolicy

import (
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// Safe says that a plain command only reads, or that it is a shell
// with a script of such commands.
func Safe(argv []string) bool {
	return reads(argv) || within1(argv, reads, true)
}

// within1 says that the script of a shell call can be taken apart, and that all of its
// commands are so, or some are.
func within1(argv []string, so func([]string) bool, all bool) bool {
	script, ok := Script(argv)
	if !ok {
		return false
	}
	cmds, ok := splitScript(script)
	if !ok {
		return false
	}
	for _, cmd := range cmds {
		if so(cmd) != all {
			return !all
		}
	}
	return all
}

// reads knows programs by their base names.
func reads(argv []string) bool {
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
		if leads(args[i]) {
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

// leads says that an option before git's subcommand makes it use another repository or
// configuration, or start a pager.
func leads(option string) bool {
	if strings.HasPrefix(option, "-C") || strings.HasPrefix(option, "-c") || option == "-p" || option == "--paginate" {
		return true
	}
	name, _, _ := strings.Cut(option, "=")
	return slices.Contains([]string{"--config-env", "--exec-path", "--git-dir", "--namespace", "--super-prefix", "--work-tree"}, name)
}

// Dangerous says that a plain command destroys files without asking, or that it is
// a shell with a script in which one does. The list is the original's: a longer one would
// change which commands are asked about.
func Dangerous(argv []string) bool {
	return destroys(argv) || within1(argv, destroys, false)
}

func destroys(argv []string) bool {
	if len(argv) > 1 && argv[0] == "sudo" {
		return destroys(argv[1:])
	}
	return len(argv) > 1 && argv[0] == "rm" && (argv[1] == "-f" || argv[1] == "-rf")
}
