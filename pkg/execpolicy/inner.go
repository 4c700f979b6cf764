package execpolicy

import (
	"path"
	"slices"
	"strings"

	"mvdan.cc/sh/v3/syntax"
)

// Inner is a command that a call runs, or may run, in a way that only rules which restrict
// look at: inside a script, behind a program that runs another one, under other spellings.
type Inner struct {
	Argv []string // its words as far as they are known
	Open bool     // words follow that are not known; without Argv not even the name is
	// Guess says that it may be no command at all, but words of one.
	Guess bool
	// Text says that Argv are words in code of another language.
	Text bool
	// Hidden says that what it runs is in a file, in a variable or comes through a pipe.
	Hidden bool
	Top    bool // it is judged as one of the call's plain commands as well
}

const (
	maxInner = 1000 // commands of a call that are looked at
	maxDepth = 8    // scripts in scripts, programs that run programs
	maxGuess = 40   // words of a call that may be commands, and commands in one
)

// Look finds the inner commands of a call. It finds too many rather than too few.
func Look(argv []string) []Inner {
	var l looker
	script, ok := Script(argv)
	if !ok {
		l.command(Inner{Argv: argv}, 0)
	} else {
		l.script(script, false, 0)
	}
	if cmds, ok := Split(argv); ok {
		for i := range l.found {
			l.found[i].Top = slices.ContainsFunc(cmds, func(c []string) bool { return slices.Equal(c, l.found[i].Argv) })
		}
	}
	return l.found
}

type looker struct {
	found []Inner
	full  bool
	// guesses are words that were looked at as if they were commands; in a looker that does
	// so, which is guessing, there are none.
	guesses  int
	guessing bool
	docs     map[*syntax.CallExpr]string // what here-documents and here-strings give to a command
	input    string                      // of the command that is looked at
}

func (l *looker) add(in Inner) {
	most := maxInner
	if l.guessing {
		most = maxGuess
	}
	if len(l.found) < most {
		l.found = append(l.found, in)
	} else if !l.full { // what is beyond is not seen
		l.full = true
		l.found = append(l.found, Inner{Open: true, Hidden: true})
	}
}

// hides adds a command that runs what cannot be seen.
func (l *looker) hides(in Inner) {
	in.Hidden = true
	l.add(in)
}

// script looks at the commands of a script.
func (l *looker) script(text string, guess bool, depth int) {
	if depth > maxDepth {
		l.hides(Inner{Open: true})
		return
	}
	// A shell runs what comes before a syntax error, so that counts as well; what comes
	// then may be fine for another shell.
	// The iterator says so itself when it is over: it goes on after a break at an error.
	for st, err := range bash().StmtsSeq(scriptReader(text)) {
		if err != nil || st == nil {
			if err != nil && !guess {
				l.hides(Inner{Open: true})
			}
			continue
		}
		l.node(st, guess, depth)
	}
}

// node looks at all commands in a part of a script, those of functions and substitutions
// too.
func (l *looker) node(n syntax.Node, guess bool, depth int) {
	syntax.Walk(n, func(n syntax.Node) bool {
		switch n := n.(type) {
		case *syntax.Stmt:
			l.here(n)
		case *syntax.CoprocClause:
			if n.Name != nil && n.Stmt.Cmd == nil { // a name and a here-document: a shell takes the name for the command
				l.hides(Inner{Open: true})
			}
		case *syntax.CallExpr:
			l.call(n, guess, depth)
		case *syntax.Assign:
			if n.Name != nil && loads(n.Name.Value) {
				l.add(Inner{Argv: []string{n.Name.Value}, Hidden: true})
			}
			l.assigned(n, depth)
		case *syntax.ParamExp:
			if n.Exp != nil && n.Exp.Op == syntax.OtherParamOps && (n.Exp.Word == nil || n.Exp.Word.Lit() == "P") { // ${x@P} runs what is in x
				l.add(Inner{Open: true})
			}
		case *syntax.SglQuoted:
			l.substitutions(n.Value, depth)
		case *syntax.Redirect:
			if word := readWord(n.Word); n.Hdoc == nil && word.known {
				l.copied([]string{word.text})
			}
		}
		return true
	})
}

// loads names variables whose value a shell runs, or a file that it names.
func loads(name string) bool {
	return slices.Contains([]string{"BASH_ENV", "ENV", "ZDOTDIR", "PS4", "PROMPT_COMMAND", "LD_PRELOAD", "LD_AUDIT", "DYLD_INSERT_LIBRARIES",
		"GIT_CONFIG_COUNT", "GIT_CONFIG_PARAMETERS", "GIT_EXEC_PATH"}, name) || strings.HasPrefix(name, "BASH_FUNC_")
}

// substitutions looks into a text that somebody may yet expand.
func (l *looker) substitutions(text string, depth int) {
	if depth > maxDepth || !strings.Contains(text, "$(") && !strings.Contains(text, "`") {
		return
	}
	w, err := bash().Document(scriptReader(text))
	if err != nil {
		return
	}
	for _, p := range w.Parts {
		if runs(p) {
			l.node(p, true, depth+1)
		}
	}
}

func (l *looker) call(c *syntax.CallExpr, guess bool, depth int) {
	in := Inner{Guess: guess}
	for _, w := range c.Args {
		word := readWord(w)
		if word.base != "" && len(in.Argv) == 0 { // "$HOME/bin/x": some x
			in.Argv = append(in.Argv, "./"+word.base)
			continue
		}
		if !word.known && !word.plain {
			in.Open = true
			break
		}
		in.Argv = append(in.Argv, word.text)
		if !word.known { // a pattern: its text, if there is no file of such a name
			in.Open = true
			if len(in.Argv) == 1 {
				in.Argv = nil
			}
			break
		}
	}
	if len(in.Argv) > 0 && len(in.Argv[0]) > 1 && in.Argv[0][0] == '-' { // of time, which is a program then
		in.Argv = append([]string{"time"}, in.Argv...)
	}
	if len(c.Args) > 0 {
		outer := l.input
		l.input = l.docs[c]
		l.command(in, depth)
		l.input = outer
	}
}

// here notes what the here-documents of a statement give to its command.
func (l *looker) here(st *syntax.Stmt) {
	call, ok := st.Cmd.(*syntax.CallExpr)
	if !ok {
		return
	}
	for _, r := range st.Redirs {
		text := ""
		switch {
		case r.Hdoc != nil:
			text = source(r.Hdoc)
		case r.Op == syntax.WordHdoc:
			if word := readWord(r.Word); word.known {
				text = word.text
			} else {
				text = strings.Trim(source(r.Word), `"`)
			}
		default:
			continue
		}
		if l.docs == nil {
			l.docs = map[*syntax.CallExpr]string{}
		}
		l.docs[call] += text + "\n"
	}
}

// source is a word as a script has it.
func source(w *syntax.Word) string {
	var b strings.Builder
	for _, p := range w.Parts {
		if lit, ok := p.(*syntax.Lit); ok {
			b.WriteString(lit.Value)
		} else if err := syntax.NewPrinter().Print(&b, p); err != nil {
			b.WriteString(" $_ ") // something that is not known
		}
	}
	return b.String()
}

// command looks at a command, and at what it runs in turn.
func (l *looker) command(in Inner, depth int) {
	l.add(in)
	if len(in.Argv) == 0 || l.full {
		return
	}
	if depth > maxDepth {
		l.hides(Inner{Open: true})
		return
	}
	args := in.Argv[1:]
	name := baseName(in.Argv[0])
	if !looksAtFiles(name) {
		l.copied(args)
	}
	switch {
	case isShell(unversioned(name)):
		l.shell(in, depth)
	case name == "eval":
		l.eval(in, args, depth)
	case name == "." || name == "source":
		l.hides(in)
	case name == "trap" && len(args) > 0:
		if args[0] == "--" && len(args) > 1 {
			args = args[1:]
		}
		l.script(args[0], in.Guess, depth+1)
	case name == "alias":
		for _, a := range args {
			if _, text, ok := strings.Cut(a, "="); ok { // words will follow
				l.command(Inner{Argv: strings.Fields(text), Open: true, Guess: in.Guess}, depth+1)
				l.script(text, in.Guess, depth+1)
			}
		}
	case name == "find" || name == "fd" || name == "fdfind":
		l.find(in, args, depth)
	case l.input == "" && takesJobs(name) && (len(args) == 0 || args[0] != "-l" && args[0] != "-r"):
		l.hides(in)
	case isInterpreter(name) || isInterpreter(unversioned(name)):
		l.interpreter(in, name, args)
	case l.input != "" && readsCode(name):
		l.add(Inner{Argv: tokens([]string{l.input}), Text: true})
	case renames(name):
		for _, a := range args {
			l.add(Inner{Argv: []string{a[strings.LastIndexByte(a, '=')+1:]}, Open: true, Guess: true})
		}
	case name == "command" && len(args) > 0 && (args[0] == "-v" || args[0] == "-V"): // only says what it is
	default:
		if operands, ok := wrapper(name); ok {
			l.wrapped(in, name, operands, depth)
			l.wrappersTexts(args, depth)
		} else if !in.Guess {
			l.mayRun(name, args, depth)
		}
	}
}

// unversioned is a program's name without the version that it may end in: python of
// python3.11.
func unversioned(name string) string { return strings.TrimRight(name, "0123456789.-") }

// baseName is the name of a program without its folder, as case-blind systems know it.
func baseName(program string) string {
	name := path.Base(strings.TrimPrefix(program, "=")) // zsh looks =NAME up
	return strings.TrimSuffix(strings.ToLower(name), ".exe")
}

// shell looks at the script in a call of a shell; a file or the standard input of one
// can't be seen.
func (l *looker) shell(in Inner, depth int) {
	args, script := in.Argv[1:], false
	i := 0
	for ; i < len(args) && args[i] != "" && (args[i][0] == '-' || args[i][0] == '+'); i++ {
		a := args[i]
		if a == "--" || a == "-" {
			i++
			break
		}
		if strings.HasPrefix(a, "--") {
			if a == "--rcfile" || a == "--init-file" {
				i++
			}
			continue
		}
		script = script || strings.Contains(a, "c")
		if strings.HasSuffix(strings.ToLower(a), "o") { // -o pipefail
			i++
		}
	}
	switch {
	case script && i < len(args):
		l.script(args[i], in.Guess, depth+1)
	case len(args) == 1 && (args[0] == "--version" || args[0] == "--help"):
	case l.input != "" && !in.Open && (i == len(args) || slices.Contains(args[:i], "-s")):
		l.script(l.input, in.Guess, depth+1)
	default:
		l.hides(in)
	}
}

// interpreter looks at the words of a program that runs code.
func (l *looker) interpreter(in Inner, name string, args []string) {
	words := append(tokens(args), tokens([]string{l.input})...)
	if l.input == "" && (len(args) == 0 || args[len(args)-1] == "-") || in.Open && len(args) > 0 && codeFollows(args[len(args)-1]) ||
		(name == "pwsh" || name == "powershell") && slices.ContainsFunc(words, hidesCode) {
		l.hides(in)
	}
	l.add(Inner{Argv: words, Text: true})
}

// hidesCode says that a word of a call of PowerShell runs code that can't be seen.
func hidesCode(word string) bool {
	w := strings.ToLower(word)
	return w == "iex" || w == "invoke-expression" || len(w) > 1 && strings.HasPrefix("-encodedcommand", w) || w == "-ec"
}

// copied looks at words that name programs where systems have them: a copy of such a file
// may run under another name.
func (l *looker) copied(words []string) {
	for _, w := range words {
		w = w[strings.LastIndexByte(w, '=')+1:] // if=/bin/x
		if strings.Contains(w, "/bin/") || strings.Contains(w, "/sbin/") {
			l.add(Inner{Argv: []string{w}, Open: true, Guess: true})
		}
	}
}

func (l *looker) eval(in Inner, args []string, depth int) {
	if in.Open {
		l.hides(in)
	}
	l.script(strings.Join(args, " "), in.Guess, depth+1)
}

// find looks at what find and fd run for each file.
func (l *looker) find(in Inner, args []string, depth int) {
	for i, a := range args {
		rest := args[i+1:]
		if option, value, ok := strings.Cut(a, "="); ok && (option == "--exec" || option == "--exec-batch") { // fd's
			a, rest = option, append([]string{value}, rest...)
		} else if len(a) > 2 && (a[:2] == "-x" || a[:2] == "-X") && a != "-xdev" && a != "-xtype" && a != "-xattr" {
			a, rest = a[:2], append([]string{a[2:]}, rest...)
		}
		switch a {
		case "-exec", "-execdir", "-ok", "-okdir", "-x", "-X", "--exec", "--exec-batch":
			for n, w := range rest {
				if w == ";" || w == "+" {
					rest = rest[:n]
					break
				}
			}
			l.filled(Inner{Argv: rest, Open: in.Open, Guess: in.Guess}, depth)
		}
	}
}

// filled looks at a command in which braces stand for something else.
func (l *looker) filled(in Inner, depth int) {
	for i, w := range in.Argv {
		if strings.Contains(w, "{}") {
			in.Argv, in.Open = in.Argv[:i], true
			break
		}
	}
	if len(in.Argv) > 0 || in.Open {
		l.command(in, depth+1)
	}
}

// wrapped looks at the command that a program runs with the words after its own.
func (l *looker) wrapped(in Inner, name string, operands, depth int) {
	if depth > maxDepth {
		l.hides(Inner{Open: true})
		return
	}
	args := in.Argv[1:]
	i, bare := 0, false // bare: the option before may want the word
	for ; i < len(args); i++ {
		a := args[i]
		if a == "--" {
			i++
			break
		}
		if option := len(a) > 1 && a[0] == '-'; option || assignment(a) {
			if name, _, _ := strings.Cut(a, "="); !option && loads(name) {
				l.add(Inner{Argv: []string{name}, Hidden: true})
			}
			bare = option && !strings.Contains(a, "=")
			if name == "env" && option {
				l.splitString(a, args[i+1:], depth)
			}
			continue
		}
		break
	}
	sub := Inner{Argv: args[min(i+operands, len(args)):], Open: in.Open || name == "xargs" || name == "parallel", Guess: in.Guess || bare}
	if operands > 0 && i > 0 && i < len(args) { // an option may stand for the operand
		l.filled(Inner{Argv: args[i:], Open: in.Open, Guess: true}, depth)
	}
	if i < len(args) && strings.ContainsAny(args[i], " \t\n") { // watch takes it for a script
		l.script(strings.Join(args[i:], " "), true, depth+1)
	}
	switch {
	case len(sub.Argv) > 0:
		l.filled(sub, depth)
	case in.Open:
		l.add(Inner{Open: true})
	case name == "parallel": // commands come by its input
		l.hides(in)
	}
	if bare && i+1 < len(args) {
		l.wrapped(Inner{Argv: args[i:], Open: in.Open, Guess: true}, name, operands, depth+1)
	}
}

// splitString looks at what env takes apart into words.
func (l *looker) splitString(option string, rest []string, depth int) {
	_, text, ok := strings.Cut(option, "--split-string=")
	if !ok && !strings.HasPrefix(option, "--") {
		_, text, ok = strings.Cut(option, "S")
	}
	if ok || option == "--split-string" {
		l.script(strings.Join(append([]string{text}, rest...), " "), true, depth+1)
	}
}

func assignment(a string) bool {
	name, _, ok := strings.Cut(a, "=")
	return ok && name != "" && !strings.ContainsAny(name, "/-.") && (name[0] < '0' || name[0] > '9')
}

// tokens are the words in code.
func tokens(args []string) []string {
	return strings.FieldsFunc(strings.Join(args, " "), func(r rune) bool {
		return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("_-./+", r))
	})
}
