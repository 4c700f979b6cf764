package execpolicy

import (
	"io"
	"strings"

	"mvdan.cc/sh/v3/syntax"
)

// Parts are the commands of a call.
type Parts struct {
	// Commands are judged one by one; all of them together are the call.
	Commands [][]string
	// Plain says that Commands are exactly what runs. Otherwise there is one: the words
	// before a here-document, or the call itself.
	Plain bool
	// Heredoc says that the only command is one with a here-document.
	Heredoc bool
}

// Take takes a call apart.
func Take(argv []string) Parts {
	if cmds, ok := Split(argv); ok {
		return Parts{Commands: cmds, Plain: true}
	}
	if script, ok := Script(argv); ok {
		if cmd := heredoc(script); cmd != nil {
			return Parts{Commands: [][]string{cmd}, Heredoc: true}
		}
	}
	return Parts{Commands: [][]string{argv}}
}

// heredoc gives the words of a script that is one command of literal words with a
// here-document or a here-string and nothing else, no substitution in these either.
func heredoc(script string) []string {
	f, err := bash().Parse(scriptReader(script), "")
	if err != nil || len(f.Stmts) != 1 {
		return nil
	}
	st := f.Stmts[0]
	call, ok := st.Cmd.(*syntax.CallExpr)
	if !ok || st.Negated || st.Background || st.Coprocess || len(call.Assigns) > 0 || len(call.Args) == 0 || len(st.Redirs) == 0 {
		return nil
	}
	docs := 0
	for _, r := range st.Redirs {
		switch r.Op {
		case syntax.Hdoc, syntax.DashHdoc:
			docs++
		case syntax.WordHdoc:
		default:
			return nil
		}
		if runs(r) {
			return nil
		}
	}
	if docs == 0 {
		return nil
	}
	var argv []string
	for _, w := range call.Args {
		lit := w.Lit()
		if lit == "" || !readWord(w).plain {
			return nil
		}
		argv = append(argv, lit)
	}
	return argv
}

// runs says whether expanding a node runs a command.
func runs(n syntax.Node) (found bool) {
	syntax.Walk(n, func(n syntax.Node) bool {
		switch n.(type) {
		case *syntax.CmdSubst, *syntax.ProcSubst:
			found = true
		}
		return !found
	})
	return found
}

// scriptReader gives a script to the parser as shells see it: to them a carriage return is
// a letter, while the parser passes over one before a newline, and over NUL.
func scriptReader(script string) io.Reader {
	return strings.NewReader(strings.NewReplacer("\r", "\x7f", "\x00", "\x7f").Replace(script))
}

func bash() *syntax.Parser {
	return syntax.NewParser(syntax.Variant(syntax.LangBash), syntax.KeepComments(true))
}
