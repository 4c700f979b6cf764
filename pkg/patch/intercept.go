package patch

import (
	"errors"
	"path"
	"strings"

	"mvdan.cc/sh/v3/syntax"
)

// Call is an apply_patch call found in a command.
type Call struct {
	Dir  string // where the script went by cd before the call, "" for nowhere; may be relative
	Text string // the patch, not yet parsed
}

// ErrImplicit is the error of Intercept for a bare patch given as a command;
// the model sees it after "apply_patch verification failed: ".
var ErrImplicit = errors.New(`patch detected without explicit call to apply_patch. Rerun as ["apply_patch", "<patch>"]`)

// Intercept recognises a command that does nothing but apply a patch, so that
// the caller can apply it itself. It takes
//
//	apply_patch PATCH
//	SHELL -c|-lc SCRIPT
//
// and applypatch likewise, where the script is a sole heredoc call, after at
// most a cd to a directory spelled out:
//
//	[cd DIR &&] apply_patch <<'END'
//	PATCH
//	END
//
// The patch is the text as it stands, in heredocs with expansions too: that
// is what the model meant. Any other script, also with a comment or another
// redirection, is left to the shell and the program. The error is ErrImplicit.
//
// Bash, zsh, sh, pwsh, powershell and cmd are known as SHELL, by name or by
// path.
func Intercept(argv []string) (call Call, ok bool, err error) {
	switch {
	case len(argv) == 1:
		return Call{}, false, implicit(argv[0])
	case len(argv) == 2 && isName(argv[0]):
		return Call{Text: argv[1]}, true, nil
	}
	script, ok := shellScript(argv)
	if !ok {
		return Call{}, false, nil
	}
	if err := implicit(script); err != nil {
		return Call{}, false, err
	}
	call, ok = heredocCall(script)
	return call, ok, nil
}

func isName(s string) bool { return s == "apply_patch" || s == "applypatch" }

// implicit is ErrImplicit when text is a patch.
func implicit(text string) error {
	if strings.Contains(text, beginMark) {
		if _, err := Parse(text); err == nil {
			return ErrImplicit
		}
	}
	return nil
}

// shellScript is the script of a command that runs one.
func shellScript(argv []string) (script string, ok bool) {
	if len(argv) < 3 {
		return "", false
	}
	shell := argv[0]
	if i := strings.LastIndexByte(shell, '\\'); i >= 0 {
		shell = shell[i+1:]
	}
	shell = path.Base(shell)
	shell = strings.ToLower(strings.TrimSuffix(shell, path.Ext(shell)))
	rest := argv[1:]
	var flags bool
	switch shell {
	case "bash", "zsh", "sh":
		flags = rest[0] == "-c" || rest[0] == "-lc"
	case "pwsh", "powershell":
		if strings.EqualFold(rest[0], "-noprofile") {
			rest = rest[1:]
		}
		flags = strings.EqualFold(rest[0], "-command")
	case "cmd":
		flags = strings.EqualFold(rest[0], "/c")
	}
	if !flags || len(rest) != 2 {
		return "", false
	}
	return rest[1], true
}

// maxCallLine bounds what the shell parser gets, in bytes: it recurses on
// what it reads, and a directory name is never that long.
const maxCallLine = 8 << 10

// heredocCall takes a script apart that is one heredoc call. Only the line of
// the call goes through the shell parser, with the heredoc turned into a plain
// redirection; the body is taken by lines, so that no $ or ` in an unquoted
// one matters, nor that the last line is missing.
func heredocCall(script string) (call Call, ok bool) {
	op := strings.Index(script, "<<")
	if op < 0 {
		return call, false
	}
	nl := strings.IndexByte(script[op:], '\n')
	if nl < 0 || op+nl > maxCallLine {
		return call, false
	}
	word, body := script[op+2:op+nl], script[op+nl+1:]
	if strings.HasPrefix(word, "<") {
		return call, false // a here-string
	}
	word, tabs := strings.CutPrefix(word, "-")
	dir, end, ok := callLine(script[:op]+"<"+word, op)
	if !ok {
		return call, false
	}
	text, ok := heredocBody(body, end, tabs)
	if !ok {
		return call, false
	}
	return Call{Dir: dir, Text: text}, true
}

// callLine reads "[cd DIR &&] apply_patch < WORD", with the < at op, and gives
// DIR and WORD.
func callLine(line string, op int) (dir, word string, ok bool) {
	p := syntax.NewParser(syntax.KeepComments(true), syntax.Variant(syntax.LangBash))
	file, err := p.Parse(strings.NewReader(line), "")
	if err != nil || len(file.Stmts) != 1 || len(file.Last) != 0 {
		return "", "", false
	}
	stmt := file.Stmts[0]
	if and, isAnd := stmt.Cmd.(*syntax.BinaryCmd); isAnd {
		if !plainStmt(stmt) || len(stmt.Redirs) != 0 || and.Op != syntax.AndStmt {
			return "", "", false
		}
		if dir, ok = cdStmt(and.X); !ok {
			return "", "", false
		}
		stmt = and.Y
	}
	call, isCall := stmt.Cmd.(*syntax.CallExpr)
	if !isCall || !plainStmt(stmt) || len(call.Args) == 0 || len(stmt.Redirs) != 1 {
		return "", "", false
	}
	for _, a := range call.Assigns {
		if a.Append || a.Naked || a.Index != nil || a.Array != nil || a.Value != nil && !isText(a.Value.Parts) {
			return "", "", false
		}
	}
	// A lone - says standard input to many programs.
	if !isName(call.Args[0].Lit()) || len(call.Args) > 2 || len(call.Args) == 2 && call.Args[1].Lit() != "-" {
		return "", "", false
	}
	r := stmt.Redirs[0]
	if r.Op != syntax.RdrIn || r.OpPos.Offset() != uint(op) || r.OpPos.Offset() < call.Args[0].Pos().Offset() ||
		r.N != nil && r.N.Value != "0" {
		return "", "", false
	}
	word, ok = text(r.Word.Parts)
	return dir, word, ok
}

// plainStmt reports that nothing is said about a statement but its command
// and its redirections.
func plainStmt(s *syntax.Stmt) bool {
	return len(s.Comments) == 0 && !s.Semicolon.IsValid() && !s.Negated && !s.Background && !s.Coprocess && !s.Disown
}

// cdStmt is the DIR of "cd DIR" when the shell would take it as it is spelled.
func cdStmt(s *syntax.Stmt) (dir string, ok bool) {
	call, isCall := s.Cmd.(*syntax.CallExpr)
	if !isCall || !plainStmt(s) || len(s.Redirs) != 0 || len(call.Assigns) != 0 ||
		len(call.Args) != 2 || call.Args[0].Lit() != "cd" || len(call.Args[1].Parts) != 1 {
		return "", false
	}
	part := call.Args[1].Parts[0]
	if lit, isLit := part.(*syntax.Lit); isLit && (strings.HasPrefix(lit.Value, "~") || strings.ContainsAny(lit.Value, "*?[{")) {
		return "", false
	}
	dir, ok = text([]syntax.WordPart{part})
	return dir, ok && dir != "" && dir[0] != '-'
}

func isText(parts []syntax.WordPart) bool {
	_, ok := text(parts)
	return ok
}

// text is the value of a word that needs no expansion.
func text(parts []syntax.WordPart) (value string, ok bool) {
	var b strings.Builder
	for _, part := range parts {
		switch part := part.(type) {
		case *syntax.Lit:
			unescape(&b, part.Value, "")
		case *syntax.SglQuoted:
			if part.Dollar {
				return "", false
			}
			b.WriteString(part.Value)
		case *syntax.DblQuoted:
			if part.Dollar {
				return "", false
			}
			for _, in := range part.Parts {
				lit, isLit := in.(*syntax.Lit)
				if !isLit {
					return "", false
				}
				unescape(&b, lit.Value, "$`\"\\")
			}
		default:
			return "", false
		}
	}
	return b.String(), true
}

// unescape writes s without the backslashes that quote: those before one of
// special, or all when special is "".
func unescape(b *strings.Builder, s, special string) {
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+1 < len(s) && (special == "" || strings.IndexByte(special, s[i+1]) >= 0) {
			i++
		}
		b.WriteByte(s[i])
	}
}

// heredocBody is what stands before the line end in body, or all of it when
// there is no such line; ok is false when more of the script follows. With
// tabs the leading tabs of each line go (<<-).
func heredocBody(body, end string, tabs bool) (text string, ok bool) {
	var b strings.Builder
	loose := -1 // length of the text before a last line that is end but for spaces
	for body != "" {
		line, rest, _ := strings.Cut(body, "\n")
		if tabs {
			line = strings.TrimLeft(line, "\t")
		}
		if strings.TrimSuffix(line, "\r") == end {
			return b.String(), strings.TrimSpace(rest) == ""
		}
		if strings.TrimSpace(line) == end && strings.TrimSpace(rest) == "" {
			loose = b.Len()
		}
		b.WriteString(line)
		b.WriteByte('\n')
		body = rest
	}
	if loose >= 0 {
		return b.String()[:loose], true
	}
	return b.String(), true
}
