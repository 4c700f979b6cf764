// Package rules reads rules files: Starlark programs whose calls of prefix_rule,
// network_rule and host_executable say what execpolicy.Policy then answers. A program has
// no load and no print, and ends after a bounded number of steps; but a step can take any
// amount of memory, so that all but what is [Literal] belongs into a process with bounds.
//
// Ground layer: it imports execpolicy and go.starlark.net, which is why it is a package
// of its own: what only applies rules does not carry an interpreter.
package rules

import (
	"errors"
	"fmt"

	"go.starlark.net/resolve"
	"go.starlark.net/starlark"
	"go.starlark.net/syntax"

	"codex/pkg/execpolicy"
)

const (
	maxSteps = 1_000_000 // of the interpreter, for one file
	maxBytes = 1 << 20   // of one file
)

// Parse runs the text of a rules file and gives its rules in their order. The error is
// an *execpolicy.FileError; then no rule of the file counts.
func Parse(file, text string) ([]execpolicy.Rule, error) {
	fail := func(at execpolicy.Position, message string) ([]execpolicy.Rule, error) {
		return nil, &execpolicy.FileError{File: file, Message: message, Start: at, End: at}
	}
	if len(text) > maxBytes {
		return fail(origin(), fmt.Sprintf("file is larger than %d bytes", maxBytes))
	}
	src, at, err := plain(text)
	if err != nil {
		return fail(at, err.Error())
	}
	f, err := dialect().Parse(file, src.text, 0)
	if err != nil {
		if e, ok := errors.AsType[syntax.Error](err); ok {
			return fail(src.back(e.Pos), e.Msg)
		}
		return fail(origin(), err.Error())
	}
	for _, st := range f.Stmts {
		if l, ok := st.(*syntax.LoadStmt); ok {
			start, end := l.Span()
			return nil, &execpolicy.FileError{File: file, Message: "load is not available in rules files", Start: src.back(start), End: src.back(end)}
		}
	}
	b := &builder{file: file, src: src, calls: spans(f)}
	env := starlark.StringDict{"print": starlark.NewBuiltin("print", noPrint)}
	for name, call := range map[string]func(*starlark.Builtin, starlark.Tuple, []starlark.Tuple) error{
		"prefix_rule": b.prefixRule, "network_rule": b.networkRule, "host_executable": b.hostExecutable,
	} {
		env[name] = starlark.NewBuiltin(name, func(th *starlark.Thread, fn *starlark.Builtin, args starlark.Tuple, kw []starlark.Tuple) (starlark.Value, error) {
			b.thread = th
			return starlark.None, call(fn, args, kw)
		})
	}
	prog, err := starlark.FileProgram(f, env.Has)
	if err != nil {
		if e, ok := errors.AsType[resolve.ErrorList](err); ok && len(e) > 0 {
			return fail(src.back(e[0].Pos), e[0].Msg)
		}
		return fail(origin(), err.Error())
	}
	th := &starlark.Thread{Name: file}
	th.SetMaxExecutionSteps(maxSteps)
	if _, err := prog.Init(th, env); err != nil {
		return nil, b.failure(err)
	}
	if err := b.examples(); err != nil {
		return nil, err
	}
	return b.rules, nil
}

// dialect is that of the original, as far as there are switches for it.
func dialect() *syntax.FileOptions {
	return &syntax.FileOptions{Set: true, TopLevelControl: true, GlobalReassign: true, Recursion: true}
}

// noPrint keeps files quiet: what they would print has no reader.
func noPrint(*starlark.Thread, *starlark.Builtin, starlark.Tuple, []starlark.Tuple) (starlark.Value, error) {
	return nil, errors.New("print is not available in rules files")
}

// failure places an error of the interpreter: at the innermost call in the file, and
// where that is one of the three, at its begin.
func (b *builder) failure(err error) *execpolicy.FileError {
	e := &execpolicy.FileError{File: b.file, Message: err.Error(), Start: origin(), End: origin()}
	var ev *starlark.EvalError
	if !errors.As(err, &ev) {
		return e
	}
	e.Message = ev.Msg
	for i := range ev.CallStack {
		if at := ev.CallStack.At(i).Pos; at.IsValid() && at.Filename() == b.file {
			e.Start, e.End = b.span(at)
			break
		}
	}
	return e
}

// span gives begin and end of the call whose bracket opens at a position, or else the
// position itself.
func (b *builder) span(at syntax.Position) (start, end execpolicy.Position) {
	if s, ok := b.calls[[2]int32{at.Line, at.Col}]; ok {
		return b.src.back(s[0]), b.src.back(s[1])
	}
	return b.src.back(at), b.src.back(at)
}

// spans finds all calls by their opening brackets, which is how the interpreter places
// them.
func spans(f *syntax.File) map[[2]int32][2]syntax.Position {
	m := map[[2]int32][2]syntax.Position{}
	syntax.Walk(f, func(n syntax.Node) bool {
		if c, ok := n.(*syntax.CallExpr); ok {
			start, end := c.Span()
			m[[2]int32{c.Lparen.Line, c.Lparen.Col}] = [2]syntax.Position{start, end}
		}
		return true
	})
	return m
}

// origin is the place of what is wrong with a file as a whole.
func origin() execpolicy.Position { return execpolicy.Position{Line: 1, Column: 1} }
