package execpolicy

import (
	"slices"
	"strings"

	"mvdan.cc/sh/v3/syntax"
)

// mayRun guesses what a program runs that nobody has heard of: its first operand and what
// follows, the words after -- or exec, an option's value, a word that is a script. Too much
// is found rather than too little, but for programs whose words are known to be something
// else.
func (l *looker) mayRun(name string, args []string, depth int) {
	if l.guessing || Safe(append([]string{name}, args...), false) {
		return
	}
	if name == "git" {
		l.git(args, depth)
		return
	}
	data := wordsAreData(name)
	first := hasSubcommands(name)                              // the first operand was met, or is no program
	after := name == "bwrap" || name == "perf" || name == "rr" // a word that a command follows
	for i, a := range args {
		l.value(args, i, data, data || first && !after, depth)
		if data {
			continue
		}
		switch option := strings.HasPrefix(a, "-"); {
		case commandFollows(name, a):
			after = true
			continue
		case !option && !first || after:
			l.guess(args[i:], depth)
			first = first || !option && (i == 0 || !strings.HasPrefix(args[i-1], "-")) // it may be an option's value
		}
		l.text(a, depth)
	}
}

// commandFollows names words after which others stand that are a command.
func commandFollows(name, word string) bool {
	switch word {
	case "--", "exec", "run", "dlx", "shell":
		return true
	case "-E":
		return name == "cmake"
	case "-c":
		return hasSubcommands(name)
	}
	return false
}

// value looks at the word at i if it is, or has, the value of an option. Of data only
// options are looked at that speak of a program, and where the next word is likely to be
// something else, only such ones too.
func (l *looker) value(args []string, i int, data, choosy bool, depth int) {
	a := args[i]
	option := len(a) > 1 && a[0] == '-'
	if at := strings.LastIndexByte(a, '='); at >= 0 && (!data || option && takesProgram(a[:at])) {
		l.program([]string{a[at+1:]}, depth)
	}
	if option && a[1] != '-' && len(a) > 2 && !data {
		l.program([]string{a[2:]}, depth)
	}
	if strings.HasPrefix(a, "+!") { // less and vi
		l.program([]string{a}, depth)
	}
	if i == 0 {
		return
	}
	if before := args[i-1]; !option && strings.HasPrefix(before, "-") && !strings.Contains(before, "=") &&
		(!choosy || takesProgram(before) || !data && (before == "-P" || before == "-H")) { // man's
		l.program(args[i:], depth)
	}
}

// takesProgram says that an option's name speaks of a program.
func takesProgram(option string) bool {
	o := strings.ToLower(option)
	return strings.HasPrefix(o, "--pre") || slices.ContainsFunc([]string{"askpass", "browser", "cmd", "command", "editor", "exec", "filter", "hook",
		"hostname-bin", "invoke", "pager", "prog", "rsh", "script", "shell", "tool", "wrapper"}, func(w string) bool { return strings.Contains(o, w) })
}

// program looks at words of which the first may be a program, with marks before it that
// some take for one of a command.
func (l *looker) program(argv []string, depth int) {
	first := strings.TrimLeft(argv[0], "!|@+-")
	if words := strings.Fields(first); len(words) > 0 {
		name, _, _ := strings.Cut(words[0], ",") // gcc -wrapper a,b
		l.guess(append([]string{name}, append(words[1:], argv[1:]...)...), depth)
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
	if value := readWord(a.Value); value.known && value.text != "" {
		l.setting(value.text, depth)
	}
}

// git looks at the words of git that are commands; most others are people's texts.
func (l *looker) git(args []string, depth int) {
	for i, a := range args {
		before := ""
		if i > 0 {
			before = args[i-1]
		}
		_, remote, ext := strings.Cut(a, "ext::") // a URL that is a command
		switch option, value, has := strings.Cut(a, "="); {
		case ext:
			l.program([]string{strings.ReplaceAll(remote, "% ", " ")}, depth)
		case option == "--exec-path" && has || option == "--config-env":
			l.add(Inner{Argv: append([]string{"git"}, args...), Hidden: true})
		case before == "foreach" || before == "run" && i > 1 && args[i-2] == "bisect":
			l.guess(args[i:], depth)
			l.text(a, depth)
		case runsNext(before) || strings.HasSuffix(before, "-filter"):
			l.setting(a, depth)
		case strings.HasPrefix(a, "-O"):
			l.setting(a[2:], depth)
		case isShortWith(a, 'x'): // -ixCOMMAND
			_, value, _ := strings.Cut(a, "x")
			l.setting(value, depth)
		case args[0] == "config":
			l.setting(a, depth)
		case has && runsNext(option):
			l.setting(value, depth)
		}
	}
}

// setting looks at a command for git, or at a variable of its with one.
func (l *looker) setting(word string, depth int) {
	l.program([]string{word[strings.LastIndexByte(word, '=')+1:]}, depth)
	l.text(word, depth)
}

// runsNext names options of git whose value it runs, or may run, and beginnings of these.
func runsNext(option string) bool {
	switch option {
	case "-c", "-x", "-u":
		return true
	}
	if !strings.HasPrefix(option, "--") {
		return isShortWith(option, 'x')
	}
	return strings.HasSuffix(option, "-cmd") || slices.ContainsFunc([]string{"--access-hook", "--browser", "--config", "--exec", "--extcmd", "--open-files-in-pager",
		"--receive-pack", "--smtp-server", "--upload-pack"}, func(o string) bool { return abbreviates(option, o) })
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
	script := strings.TrimLeft(word, "!|@+")
	l.look(func(in *looker) { in.script(script, true, depth+1) })
	if _, err := bash().Parse(scriptReader(script), ""); err != nil && strings.ContainsAny(script, "({`") { // code of another language
		l.add(Inner{Argv: tokens([]string{script}), Text: true})
	}
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
		l.hides(Inner{Open: true})
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
		"declare", "df", "diff", "dirname", "du", "egrep", "exit", "export", "false", "fgrep", "file", "g++", "gcc", "gh", "grep", "help", "info", "jq",
		"kill", "killall", "let", "local", "logger", "ls", "mkdir", "ninja", "notify-send", "pgrep", "pidof", "pkill", "printf", "pwd", "read", "readlink",
		"readonly", "realpath", "return", "rg", "rm", "rmdir", "say", "set", "shift", "tee", "test", "tldr", "touch", "tr", "true", "type", "umask",
		"unset", "wait", "wget", "whatis", "whereis", "which", "yq"}, name)
}

// hasSubcommands names programs whose first operand says what they do.
func hasSubcommands(name string) bool {
	return slices.Contains([]string{"apt", "apt-get", "aws", "az", "brew", "bundle", "cargo", "cmake", "composer", "conda", "dnf", "docker", "dpkg",
		"flatpak", "gcloud", "gem", "gmake", "go", "gradle", "helm", "hg", "ip", "just", "kubectl", "make", "man", "meson", "mvn", "npm", "nix", "pacman",
		"pip", "pip3", "pipx", "pnpm", "podman", "poetry", "rustup", "snap", "svn", "systemctl", "terraform", "uv", "yarn", "yum"}, name)
}
