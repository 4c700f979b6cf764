// Package execpolicy decides whether a command may run, must be asked about, or must
// not run: it splits shell scripts into plain commands, holds them against rules, knows
// which of them only read and which destroy, and applies the approval policy. It runs nothing and reads no files; package rules reads rules files.
//
// Engine layer; standard library and mvdan.cc/sh/v3/syntax (the parser) only.
package execpolicy

import (
	"path/filepath"
	"strings"

	"mvdan.cc/sh/v3/syntax"
)

// Split gives the plain commands of a shell call ([bash -lc SCRIPT]); an argv that is
// no shell call is one command. ok is false when the script uses anything but words,
// quotes and the operators && || ; | and newline: then it can't be judged in parts.
func Split(argv []string) (cmds [][]string, ok bool) {
	script, isShell := Script(argv)
	if !isShell {
		return [][]string{argv}, true
	}
	return splitScript(script)
}

// Script gives the script of a [shell -c|-lc SCRIPT] call.
func Script(argv []string) (string, bool) {
	if len(argv) != 3 || argv[1] != "-lc" && argv[1] != "-c" {
		return "", false
	}
	switch strings.TrimSuffix(filepath.Base(argv[0]), ".exe") {
	case "bash", "zsh", "sh":
		return argv[2], true
	}
	return "", false
}

func splitScript(script string) ([][]string, bool) {
	f, err := bash().Parse(scriptReader(script), "")
	if err != nil || len(f.Stmts) == 0 || len(f.Last) > 0 {
		return nil, false
	}
	s := splitter{script: script}
	for _, st := range f.Stmts {
		if !s.stmt(st) {
			return nil, false
		}
	}
	return s.cmds, true
}

type splitter struct {
	script string
	cmds   [][]string
}

// stmt accepts by kind: what is not listed is refused.
func (s *splitter) stmt(st *syntax.Stmt) bool {
	if st.Negated || st.Background || st.Coprocess || len(st.Redirs) > 0 || len(st.Comments) > 0 {
		return false
	}
	switch c := st.Cmd.(type) {
	case *syntax.CallExpr:
		if len(c.Assigns) > 0 || len(c.Args) == 0 {
			return false
		}
		var argv []string
		for i, w := range c.Args {
			word := readWord(w)
			if !word.plain || i == 0 && (w.Lit() == "" || !word.known) { // the name is not quoted, and no pattern
				return false
			}
			argv = append(argv, word.text)
		}
		if argv[0] == "[" {
			return false // the original's parser takes it for syntax
		}
		s.cmds = append(s.cmds, argv)
		return true
	case *syntax.TimeClause: // a word to the original's parser
		timed := []string{"time"}
		if c.PosixFormat {
			timed = append(timed, "-p")
		}
		n := len(s.cmds)
		if c.Stmt == nil {
			s.cmds = append(s.cmds, timed)
			return true
		}
		if !s.stmt(c.Stmt) {
			return false
		}
		s.cmds[n] = append(timed, s.cmds[n]...)
		return true
	case *syntax.BinaryCmd:
		if c.Op != syntax.AndStmt && c.Op != syntax.OrStmt && c.Op != syntax.Pipe {
			return false
		}
		return s.stmt(c.X) && s.stmt(c.Y)
	}
	return false
}
