package tests

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// sources calls fn with the syntax of each file of the product that is no test; dir is its
// folder, from pkg or cmd on.
func sources(t *testing.T, fn func(dir string, fset *token.FileSet, file *ast.File)) {
	t.Helper()
	for _, root := range []string{"../pkg", "../cmd"} {
		err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
				return err
			}
			fset := token.NewFileSet()
			file, err := parser.ParseFile(fset, path, nil, parser.SkipObjectResolution)
			if err == nil {
				fn(strings.TrimPrefix(filepath.ToSlash(filepath.Dir(path)), "../"), fset, file)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

// homes are words that name a fact on disk, and the one package that may know each. Who
// else wants the fact asks there.
func homes() map[string]string {
	return map[string]string{
		"session_meta": "pkg/rollout", "turn_context": "pkg/rollout", "response_item": "pkg/rollout", "event_msg": "pkg/rollout",
		"compacted": "pkg/rollout", "session_index.jsonl": "pkg/thread", "archived_sessions": "pkg/thread", "installation_id": "pkg/installation",
	}
}

// TestOneHome holds that a fact on disk has one package that reads and writes it: the
// lines of session files, the index of names, the installation's id.
func TestOneHome(t *testing.T) {
	found := map[string]bool{}
	sources(t, func(dir string, fset *token.FileSet, file *ast.File) {
		tags := map[*ast.BasicLit]bool{} // names of members on a wire are no files
		ast.Inspect(file, func(n ast.Node) bool {
			if f, ok := n.(*ast.Field); ok && f.Tag != nil {
				tags[f.Tag] = true
			}
			lit, ok := n.(*ast.BasicLit)
			if !ok || lit.Kind != token.STRING || tags[lit] {
				return true
			}
			word, err := strconv.Unquote(lit.Value)
			if err != nil {
				return true
			}
			home, known := homes()[strings.Trim(word, `"`)]
			if known && dir != home {
				t.Errorf("%s: %q is known to %s alone", fset.Position(lit.Pos()), word, home)
			}
			found[strings.Trim(word, `"`)] = true
			return true
		})
		for _, imp := range file.Imports {
			if imp.Path.Value == `"codex/pkg/rollout"` && dir != "pkg/thread" && !strings.HasPrefix(dir, "pkg/engine/") {
				t.Errorf("%s imports pkg/rollout: what a session is, pkg/thread says", fset.Position(imp.Pos()))
			}
		}
	})
	for word := range homes() {
		if !found[word] {
			t.Errorf("nobody knows %q: this test holds nothing", word)
		}
	}
}

// TestOneWire holds that calls which wait for an answer, and the check of JSON from
// outside, exist in pkg/jsonrpc alone.
func TestOneWire(t *testing.T) {
	found := 0
	sources(t, func(dir string, fset *token.FileSet, file *ast.File) {
		ast.Inspect(file, func(n ast.Node) bool {
			what := ""
			switch n := n.(type) {
			case *ast.SelectorExpr:
				x, _ := n.X.(*ast.Ident)
				if x != nil && (x.Name == "gjson" && strings.HasPrefix(n.Sel.Name, "Valid") || x.Name == "json" && n.Sel.Name == "Valid") {
					what = "jsonrpc.Check is the way in for JSON: " + x.Name + "." + n.Sel.Name + " recurses"
				}
			case *ast.MapType:
				if waits(n.Value) {
					what = "calls that wait for an answer are jsonrpc.Pending's"
				}
			case *ast.Field:
				m, ok := n.Type.(*ast.MapType)
				if ok && len(n.Names) == 1 && slices.Contains([]string{"pending", "calls", "waiting"}, n.Names[0].Name) && isInteger(m.Key) {
					what = "calls that wait for an answer are jsonrpc.Pending's"
				}
			case *ast.StructType:
				if dir == "pkg/jsonrpc" {
					found++
				}
			}
			if what != "" && dir != "pkg/jsonrpc" {
				t.Errorf("%s: %s", fset.Position(n.Pos()), what)
			}
			return true
		})
	})
	if found == 0 {
		t.Error("no pkg/jsonrpc: this test holds nothing")
	}
}

// waits says whether values of a map are channels that carry something: answers. Those of
// struct{} only tell that something is over.
func waits(e ast.Expr) bool {
	ch, ok := e.(*ast.ChanType)
	if !ok {
		return false
	}
	s, ok := ch.Value.(*ast.StructType)
	return !ok || len(s.Fields.List) > 0
}

func isInteger(e ast.Expr) bool {
	id, ok := e.(*ast.Ident)
	return ok && slices.Contains([]string{"int", "int64", "uint64", "uint"}, id.Name)
}
