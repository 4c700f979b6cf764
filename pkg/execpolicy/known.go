package execpolicy

import (
	"slices"
	"strings"
)

// Safe says that a plain command only reads, or that it is a shell with a script of such
// commands. Git is one only where that is said: what it reads can name programs to run.
func Safe(argv []string, git bool) bool {
	inner := func(argv []string) bool { return reads(argv, false) }
	return reads(argv, git) || len(argv) > 0 && !strings.Contains(argv[0], "/") && within1(argv, inner, true)
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
	if slices.ContainsFunc(cmds, func(cmd []string) bool { return so(cmd) != all }) {
		return !all
	}
	return all
}

// reads knows programs by their names: a path may lead to any program.
func reads(argv []string, git bool) bool {
	if len(argv) == 0 {
		return false
	}
	args := argv[1:]
	switch argv[0] {
	case "cat", "cd", "cut", "echo", "expr", "false", "grep", "head", "id", "ls", "nl", "paste", "pwd", "rev", "seq",
		"stat", "tail", "tr", "true", "uname", "wc", "which", "whoami", "numfmt", "tac":
		return true
	case "uniq": // its second operand is a file to write, and a pattern may become two
		return operands(args) <= 1 && !slices.ContainsFunc(args, func(a string) bool { return strings.ContainsAny(a, "*?[") })
	case "base64":
		return !slices.ContainsFunc(args, func(a string) bool { return isShortWith(a, 'o') || abbreviates(a, "--output") })
	case "find":
		return !slices.ContainsFunc(args, func(a string) bool {
			return slices.Contains([]string{"-exec", "-execdir", "-ok", "-okdir", "-delete", "-fls", "-fprint", "-fprint0", "-fprintf"}, a)
		})
	case "rg":
		return !slices.ContainsFunc(args, func(a string) bool {
			return isShortWith(a, 'z') || abbreviates(a, "--pre") || abbreviates(a, "--hostname-bin") || abbreviates(a, "--search-zip")
		})
	case "sed":
		return len(args) >= 2 && len(args) <= 3 && args[0] == "-n" && linesToPrint(args[1]) && (len(args) == 2 || !strings.HasPrefix(args[2], "-"))
	case "git":
		return git && safeGit(args)
	}
	return false
}

// operands counts the words that are no options.
func operands(args []string) int {
	n := 0
	for i, a := range args {
		if a == "--" {
			return n + len(args) - i - 1
		}
		if a == "-" || !strings.HasPrefix(a, "-") {
			n++
		}
	}
	return n
}

// abbreviates says that an argument is a long option, or a beginning of it that many
// programs take for it.
func abbreviates(arg, option string) bool {
	name, _, _ := strings.Cut(arg, "=")
	return len(name) > len("--") && strings.HasPrefix(option, name)
}

// linesToPrint says that a script of sed is a line number or two, and p.
func linesToPrint(script string) bool {
	lines, ok := strings.CutSuffix(script, "p")
	from, to, two := strings.Cut(lines, ",")
	return ok && digits(from) && (!two || digits(to))
}

func digits(s string) bool { return s != "" && strings.Trim(s, "0123456789") == "" }

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
		for _, bad := range []string{"--output", "--ext-diff", "--textconv", "--exec", "--help"} { // help starts a viewer
			if a != "--text" && abbreviates(a, bad) {
				return false
			}
		}
	}
	return sub != "branch" || !slices.ContainsFunc(rest, func(a string) bool { return !listsBranches(a) })
}

func listsBranches(a string) bool {
	return slices.Contains([]string{"--list", "-l", "--show-current", "-a", "--all", "-r", "--remotes", "-v", "-vv", "--verbose"}, a) || strings.HasPrefix(a, "--format=")
}

// leads says that an option before git's subcommand makes it use another repository or
// configuration, or start a pager.
func leads(option string) bool {
	if strings.HasPrefix(option, "-C") || strings.HasPrefix(option, "-c") || option == "-p" || option == "--paginate" {
		return true
	}
	name, _, _ := strings.Cut(option, "=")
	return slices.Contains([]string{"--bare", "--config-env", "--exec-path", "--git-dir", "--namespace", "--super-prefix", "--work-tree"}, name)
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
