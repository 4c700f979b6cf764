package rules

import (
	"go.starlark.net/syntax"
	"slices"
)

// Literal says that a rules file is a list of calls with strings, numbers and lists that
// are written out: reading it takes no more than its length. What computes something can
// take any amount of time and memory, whatever the number of its steps.
func Literal(file, text string) bool {
	if len(text) > maxBytes {
		return true // it will be refused
	}
	f, err := dialect().Parse(file, text, 0)
	if err != nil {
		return true // as well
	}
	for _, st := range f.Stmts {
		e, ok := st.(*syntax.ExprStmt)
		if !ok || !literalCall(e.X) {
			return false
		}
	}
	return true
}

func literalCall(e syntax.Expr) bool {
	if lit, ok := e.(*syntax.Literal); ok { // a comment as a string
		return lit.Token == syntax.STRING
	}
	call, ok := e.(*syntax.CallExpr)
	if !ok {
		return false
	}
	if _, ok := call.Fn.(*syntax.Ident); !ok {
		return false
	}
	for _, arg := range call.Args {
		if named, ok := arg.(*syntax.BinaryExpr); ok && named.Op == syntax.EQ {
			arg = named.Y
		}
		if !literalValue(arg) {
			return false
		}
	}
	return true
}

func literalValue(e syntax.Expr) bool {
	var items []syntax.Expr
	switch e := e.(type) {
	case *syntax.Literal:
		return true
	case *syntax.Ident:
		return e.Name == "None" || e.Name == "True" || e.Name == "False"
	case *syntax.ListExpr:
		items = e.List
	case *syntax.TupleExpr:
		items = e.List
	default:
		return false
	}
	return !slices.ContainsFunc(items, func(item syntax.Expr) bool { return !literalValue(item) })
}
