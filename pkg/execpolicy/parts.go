package execpolicy

import (
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
	// Inner are further commands that the call certainly or possibly runs, as far as
	// their words are literal: from scripts that are no plain lists, and from scripts in
	// scripts. They are enough to restrict a call, never to allow it.
	Inner [][]string
}

// Take takes a call apart.
func Take(argv []string) Parts {
	if cmds, ok := Split(argv); ok {
		p := Parts{Commands: cmds, Plain: true}
		if _, shell := Script(argv); !shell {
			return p
		}
		for _, cmd := range cmds {
			p.Inner = within(p.Inner, cmd, 1)
		}
		return p
	}
	p := Parts{Commands: [][]string{argv}, Inner: within(nil, argv, 0)}
	if script, ok := Script(argv); ok {
		if cmd := heredoc(script); cmd != nil {
			p.Commands, p.Heredoc = [][]string{cmd}, true
		}
	}
	return p
}

// heredoc gives the words of a script that is one command of literal words with a
// here-document or a here-string and nothing else, no substitution in these either.
func heredoc(script string) []string {
	f, err := bash().Parse(strings.NewReader(script), "")
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
		if lit == "" {
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

const (
	maxInner = 1000 // commands of a script that are looked at
	maxDepth = 4    // scripts in scripts
)

// within adds the commands of the script in a shell call to list.
func within(list [][]string, argv []string, depth int) [][]string {
	script, ok := Script(argv)
	if !ok || depth > maxDepth {
		return list
	}
	// A shell runs what comes before a syntax error, so that counts as well.
	// The iterator says so itself when it is over: it goes on after a break at an error.
	for st, err := range bash().StmtsSeq(strings.NewReader(script)) {
		if err != nil || st == nil {
			continue
		}
		syntax.Walk(st, func(n syntax.Node) bool {
			call, ok := n.(*syntax.CallExpr)
			if !ok {
				return true
			}
			var cmd []string
			for _, w := range call.Args {
				word, ok := literal(w)
				if !ok {
					break
				}
				cmd = append(cmd, word)
			}
			if len(cmd) > 0 && len(list) < maxInner {
				list = within(append(list, cmd), cmd, depth+1)
			}
			return true
		})
	}
	return list
}

func bash() *syntax.Parser {
	return syntax.NewParser(syntax.Variant(syntax.LangBash), syntax.KeepComments(true))
}
