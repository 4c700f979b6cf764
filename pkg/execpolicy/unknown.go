package execpolicy

import (
	"slices"
	"strings"

	"mvdan.cc/sh/v3/syntax"
)

// mayRun guesses what a program runs that nobody has heard of: its first operand and what
// follows, the words after -- or exec, a word that is a script. Too much is found rather
// than too little, but for programs whose words are known to be something else.
func (l *looker) mayRun(name string, args []string, depth int) {
	if l.guessing || wordsAreData(name) || Safe(append([]string{name}, args...), false) {
		return
	}
	if name == "git" {
		l.git(args, depth)
		return
	}
	first := hasSubcommands(name)                              // the first operand was met, or is no program
	after := name == "bwrap" || name == "perf" || name == "rr" // a word that a command follows
	for i, a := range args {
		switch option := strings.HasPrefix(a, "-"); {
		case a == "--" || a == "exec" || a == "run":
			after = true
			continue
		case !option && !first || after:
			l.guess(args[i:], depth)
			first = first || !option && (i == 0 || !strings.HasPrefix(args[i-1], "-")) // it may be an option's value
		}
		l.text(a, depth)
	}
}

// wrappersTexts looks at scripts among the words of programs that are known to run others.
func (l *looker) wrappersTexts(args []string, depth int) {
	for i, a := range args {
		if assignment(a) || i > 0 && (args[i-1] == "-c" || args[i-1] == "--command") {
			l.text(a, depth)
		}
	}
}

// assigned looks at the value of a variable. Some are commands for somebody.
func (l *looker) assigned(a *syntax.Assign, depth int) {
	if a.Name == nil || a.Value == nil || l.guessing {
		return
	}
	value := readWord(a.Value)
	if !value.known {
		return
	}
	if words := strings.Fields(value.text); len(words) > 0 && slices.ContainsFunc([]string{"ASKPASS", "BROWSER", "COMMAND", "EDITOR", "PAGER", "SHELL", "SSH", "VISUAL"},
		func(suffix string) bool { return strings.HasSuffix(a.Name.Value, suffix) }) {
		l.guess(words, depth)
	}
	l.text(value.text, depth)
}

// git looks at the words of git that are commands; most others are people's texts.
func (l *looker) git(args []string, depth int) {
	for i, a := range args {
		before := ""
		if i > 0 {
			before = args[i-1]
		}
		switch option, value, _ := strings.Cut(a, "="); {
		case before == "foreach" || before == "run" && i > 1 && args[i-2] == "bisect":
			l.guess(args[i:], depth)
			l.text(a, depth)
		case runsNext(before) || strings.HasSuffix(before, "-filter") || args[0] == "config" || strings.HasPrefix(a, "-O"):
			l.text(strings.TrimPrefix(a, "-O"), depth)
		case runsNext(option):
			l.text(value, depth)
		}
	}
}

// runsNext names options of git whose value it runs, or may run.
func runsNext(option string) bool {
	switch option {
	case "-c", "-x", "-u", "--config", "--exec", "--extcmd", "--open-files-in-pager", "--receive-pack", "--upload-pack":
		return true
	}
	return false
}

// guess looks at words that are a command, perhaps.
func (l *looker) guess(argv []string, depth int) {
	name := baseName(argv[0])
	if _, wraps := wrapper(name); !wraps && !isShell(unversioned(name)) && !isInterpreter(unversioned(name)) {
		l.add(Inner{Argv: argv, Guess: true})
		return
	}
	l.look(func(in *looker) { in.command(Inner{Argv: argv, Guess: true}, depth+1) })
}

// text looks at a word that is a script, perhaps, or an option or setting with one.
func (l *looker) text(word string, depth int) {
	if l.guessing || depth >= maxDepth || !strings.ContainsAny(word, " \t\n") {
		return
	}
	if before := strings.IndexAny(word, " \t\n"); before > 0 {
		word = word[strings.LastIndexByte(word[:before], '=')+1:] // --hook=exec=
	}
	l.look(func(in *looker) { in.script(strings.TrimPrefix(word, "!"), true, depth+1) })
}

// look takes over what is seen in a guess. That something is hidden there is nothing to
// ask about.
func (l *looker) look(guess func(*looker)) {
	if l.guesses > maxGuess {
		return
	}
	sub := looker{guessing: true}
	guess(&sub)
	if l.guesses++; sub.full {
		l.guesses = maxGuess + 1
	}
	if l.guesses > maxGuess { // what is beyond is not seen
		l.add(Inner{Open: true, Hidden: true})
	}
	for _, in := range sub.found {
		if len(in.Argv) > 0 && !in.Hidden {
			in.Guess = true
			l.add(in)
		}
	}
}

// wordsAreData names programs whose words are texts, names and patterns, also when these
// look like commands.
func wordsAreData(name string) bool {
	return slices.Contains([]string{"[", "[[", "apropos", "basename", "break", "c++", "cc", "chgrp", "chmod", "chown", "clang", "clang++", "cmp", "comm", "continue", "curl", "cut",
		"declare", "df", "diff", "dirname", "du", "egrep", "exit", "export", "false", "fgrep", "file", "g++", "gcc", "gh", "grep", "help", "info", "jq", "just",
		"kill", "killall", "let", "local", "logger", "ls", "mkdir", "ninja", "notify-send", "pgrep", "pidof", "pkill", "printf", "pwd", "read", "readlink",
		"readonly", "realpath", "return", "rg", "rm", "rmdir", "say", "set", "shift", "tee", "test", "tldr", "touch", "tr", "true", "type", "umask",
		"unset", "wait", "wget", "whatis", "whereis", "which", "yq"}, name)
}

// hasSubcommands names programs whose first operand says what they do.
func hasSubcommands(name string) bool {
	return slices.Contains([]string{"ansible", "apt", "apt-get", "aws", "az", "brew", "bundle", "cargo", "cmake", "composer", "conda", "dnf", "docker", "dpkg",
		"flatpak", "gcloud", "gem", "gmake", "go", "gradle", "helm", "hg", "ip", "kubectl", "make", "man", "meson", "mvn", "npm", "nix", "pacman",
		"pip", "pip3", "pipx", "pnpm", "podman", "poetry", "rustup", "snap", "svn", "systemctl", "terraform", "uv", "yarn", "yum"}, name)
}
