package tests

import (
	"bytes"
	"encoding/json"
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// pkg is what go list says about a package.
type pkg struct {
	ImportPath string
	Name       string
	Imports    []string
	Deps       []string
}

func list(t *testing.T) []pkg {
	t.Helper()
	cmd := exec.Command("go", "list", "-e", "-json=ImportPath,Name,Imports,Deps", "./cmd/...", "./pkg/...", "./man")
	cmd.Dir = ".."
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	var all []pkg
	dec := json.NewDecoder(bytes.NewReader(out))
	for {
		var p pkg
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			return all
		} else if err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
	}
}

// layer is the layer of a package, which its folder says: one of frontend, engine,
// executor, cli, the name of a program of its own, or ground for what all may use.
func layer(path string) string {
	name, ok := strings.CutPrefix(path, "codex/pkg/")
	if !ok {
		return ""
	}
	top, rest, _ := strings.Cut(name, "/")
	switch top {
	case "frontend", "engine", "cli", "model", "daemon", "login", "apply", "settings", "sessions", "otel":
		return top
	case "sandbox", "netproxy":
		return "executor"
	case "exec":
		if rest == "server" || strings.HasPrefix(rest, "server/") {
			return "executor"
		}
	}
	return "ground"
}

// TestLayers holds the one rule: a package links its own layer, the ground and the
// furniture of command lines, nothing else. It counts everything that a package links,
// not only what it imports itself.
func TestLayers(t *testing.T) {
	for _, p := range list(t) {
		own := layer(p.ImportPath)
		if own == "" {
			continue
		}
		for _, dep := range p.Deps {
			if l := layer(dep); l != "" && l != own && l != "ground" && l != "cli" {
				t.Errorf("%s (%s) links %s (%s)", p.ImportPath, own, dep, l)
			}
		}
	}
}

// TestToolsTouchNothing holds that tools reach files and processes through exec/client only.
func TestToolsTouchNothing(t *testing.T) {
	for _, p := range list(t) {
		if !in([]string{"engine/tools", "engine/tools/..."}, p.ImportPath) {
			continue
		}
		for _, imp := range p.Imports {
			if slices.Contains([]string{"os", "os/exec", "os/user", "syscall", "net", "net/http", "io/ioutil", "plugin"}, imp) {
				t.Errorf("%s imports %s", p.ImportPath, imp)
			}
		}
	}
}

// TestNoAmbient holds that no package reads the environment, the working folder or the
// arguments of the process: those are for mains to pass in.
func TestNoAmbient(t *testing.T) {
	// The command line of one program is its main, in a package for the tests' sake; cli/here is
	// what mains share.
	mains := []string{"engine/argv", "model", "cli/here"}
	forbidden := map[string][]string{
		"os": {"Getenv", "LookupEnv", "Environ", "Getwd", "Args", "Stdin", "ExpandEnv", "UserHomeDir", "UserConfigDir", "UserCacheDir", "Exit"},
	}
	err := filepath.WalkDir("../pkg", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		if in(mains, "codex/"+strings.TrimPrefix(filepath.ToSlash(filepath.Dir(path)), "../")) {
			return nil
		}
		fset := token.NewFileSet()
		file, err := parser.ParseFile(fset, path, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		ast.Inspect(file, func(n ast.Node) bool {
			sel, ok := n.(*ast.SelectorExpr)
			if !ok {
				return true
			}
			x, ok := sel.X.(*ast.Ident)
			if !ok || !slices.Contains(forbidden[x.Name], sel.Sel.Name) {
				return true
			}
			use := strings.TrimPrefix(filepath.ToSlash(path), "../") + " " + x.Name + "." + sel.Sel.Name
			if !slices.Contains(ambientAllowed(), use) {
				t.Errorf("%s: %s: pass it in", fset.Position(n.Pos()), use)
			}
			return true
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// ambientAllowed lists the uses that cannot be passed in.
func ambientAllowed() []string {
	return []string{
		// Without exec(2) the dispatcher stands between the terminal and the program.
		"pkg/cli/dispatch/exec_other.go os.Stdin",
		"pkg/sandbox/direct_windows.go os.Stdin",
		"pkg/sandbox/direct_windows.go os.Exit",
		// The init process of the sandbox is told by its name, and is nothing else.
		"pkg/sandbox/linux/init.go os.Args",
		"pkg/sandbox/linux/init.go os.Exit",
		// So is the watcher of process groups.
		"pkg/watchdog/watchdog_unix.go os.Args",
		"pkg/watchdog/watchdog_unix.go os.Stdin",
		"pkg/watchdog/watchdog_unix.go os.Exit",
		// Die ends the process by a signal; that is all it is for.
		"pkg/cli/pipeline/child_unix.go os.Exit",
		"pkg/cli/pipeline/child_windows.go os.Exit",
		// man(1) asks the person for keys.
		"pkg/cli/dispatch/help.go os.Stdin",
	}
}

// TestBinaries holds what each program must not link, and how big it may be (bytes, as
// make builds it). A ceiling is the size at hand and a little air: raise it knowingly.
func TestBinaries(t *testing.T) {
	const mb = 1 << 20
	small := []string{"net/http", "github.com/alecthomas/kong", "encoding/xml", "text/template", "html/template"}
	limits := map[string]struct {
		size  int64
		never []string
	}{
		"codex":            {28 * mb / 10, append(small, "encoding/json", "regexp")},
		"codex-netproxy":   {9 * mb, []string{"github.com/alecthomas/kong", "encoding/xml", "text/template", "html/template"}},
		"codex-notify":     {4 * mb, small},
		"codex-tui":        {12 * mb, []string{"github.com/alecthomas/kong"}},
		"codex-app-server": {136 * mb / 10, nil},
		"codex-daemon":     {4 * mb, append(small, "crypto/tls")},
		"codex-execpolicy": {7 * mb, []string{"net/http"}},
		"codex-mcp":        {14 * mb, nil},
		"codex-config":     {6 * mb, []string{"net/http"}},
		"codex-doctor":     {11 * mb, nil},
		"codex-debug":      {7 * mb, []string{"net/http"}},
		"codex-sandbox":    {42 * mb / 10, small},
		"apply_patch":      {3 * mb, small},
		"codex-turn":       {133 * mb / 10, []string{"github.com/modelcontextprotocol/go-sdk/mcp", "github.com/alecthomas/chroma/v2", "github.com/yuin/goldmark", "go.opentelemetry.io/otel", "google.golang.org/protobuf/proto"}},
		"codex-exec":       {10 * mb, []string{"net/http"}},
		"codex-model":      {11 * mb, nil},
		"codex-login":      {11 * mb, nil},
		"codex-plugin":     {7 * mb, []string{"net/http"}},
		"codex-apply":      {10 * mb, nil},
		"codex-aws":        {9 * mb, nil},
		"codex-sessions":   {5 * mb, nil},
		"codex-memories":   {6 * mb, []string{"net/http"}},
		"codex-otel":       {163 * mb / 10, []string{"github.com/alecthomas/kong", "github.com/modelcontextprotocol/go-sdk/mcp"}},
		"codex-update":     {5 * mb, []string{"net/http"}},
	}
	var sum int64
	for _, p := range list(t) {
		name, ok := strings.CutPrefix(p.ImportPath, "codex/cmd/")
		if !ok || p.Name != "main" {
			continue
		}
		limit, ok := limits[name]
		if !ok {
			t.Errorf("%s has no ceiling: add one here", name)
			continue
		}
		for _, never := range limit.never {
			if slices.Contains(p.Deps, never) {
				t.Errorf("%s links %s", name, never)
			}
		}
		fi, err := os.Stat(filepath.Join(binaries, name))
		if err != nil {
			t.Error(err)
			continue
		}
		sum += fi.Size()
		if fi.Size() > limit.size {
			t.Errorf("%s has %d bytes, its ceiling is %d", name, fi.Size(), limit.size)
		}
	}
	if sum > 181*mb { // the original is one of 211; codex-memories is 5.5
		t.Errorf("all programs together have %d bytes", sum)
	}
}

// TestMains holds that a main parses, wires and exits.
func TestMains(t *testing.T) {
	mains, err := filepath.Glob("../cmd/*/*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range mains {
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if n := bytes.Count(b, []byte("\n")); n > 60 && !strings.HasSuffix(path, "_test.go") {
			t.Errorf("%s has %d lines, more than 60", path, n)
		}
	}
}

// in says whether the import path is one of ours with a name in the list; "x/..." is
// everything below x.
func in(names []string, path string) bool {
	name, ok := strings.CutPrefix(path, "codex/pkg/")
	if !ok {
		return false
	}
	for _, n := range names {
		if parent, tree := strings.CutSuffix(n, "/..."); n == name || tree && strings.HasPrefix(name, parent+"/") {
			return true
		}
	}
	return false
}
