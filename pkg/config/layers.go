package config

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"unicode/utf8"

	"codex/pkg/foreign"
	"codex/pkg/ostext"
)

// stack is the work of one Load: the layers and what was found on the way.
type stack struct {
	env    Env
	home   string
	cwd    string
	layers []Layer
	// flags are the keys of the -c layer in their order.
	flags [][]string
	warn  []string
	docs  *Documents

	root, git string
	real      map[string]string // folders without links
	ignored   []string          // files of a project that nobody decided about
	projects  map[string]any
}

// maxFile bounds every file that is read, maxProjectFile those of projects, which are read
// before anybody has decided about them.
const (
	maxFile        = 16 << 20
	maxProjectFile = 1 << 20
)

// readBounded reads a file that somebody else wrote.
func readBounded(path string) ([]byte, error) { return foreign.ReadFile(path, maxFile) }

// byteOrderMark may stand at the start of a file; Apply keeps it there.
const byteOrderMark = "\ufeff"

// readFile returns a file's text; a missing one is "".
func readFile(path string, max int64) (text string, found bool, err error) {
	text, err = foreign.ReadText(path, max)
	switch {
	case err == nil:
	case os.IsNotExist(err):
		return "", false, nil
	default:
		return "", false, loadError("Failed to read config file %s: %s", path, ostext.Of(err))
	}
	if !utf8.ValidString(text) {
		i := 0
		for i < len(text) {
			r, n := utf8.DecodeRuneInString(text[i:])
			if r == utf8.RuneError && n <= 1 {
				break
			}
			i += n
		}
		return "", false, loadError("Failed to read config file %s: invalid utf-8 sequence of 1 bytes from index %d", path, i)
	}
	return strings.TrimPrefix(text, byteOrderMark), true, nil
}

// file adds the layer of one file. Early keys must have the right type at once:
// finding the project depends on them.
func (s *stack) file(name, path string) error {
	text, found, err := readFile(path, maxFile)
	if err != nil {
		return err
	}
	l := Layer{Name: name, Path: path, Dir: filepath.Dir(path), Found: found, text: text}
	t, err := s.docs.decode(text)
	if err != nil {
		return err.(*syntaxError).at(path)
	}
	if path == UserFile(s.home) {
		kept, err := s.remembered()
		if err != nil {
			return err
		}
		t = merge(kept, t)
	}
	l.Tree = t
	faults := s.add(l)
	for _, k := range []string{"projects", "project_root_markers"} {
		other := func(f fault) bool { return len(f.loc) == 0 || f.loc[0] != k }
		if early := slices.DeleteFunc(slices.Clone(faults), other); len(early) > 0 {
			f := first(early, order([]Layer{l}, nil))
			off, n := locate(text, f.loc)
			return placedError(path, text, off, n, f.msg)
		}
	}
	return nil
}

// add makes a layer's paths absolute and puts it on top. It gives what is wrong with it by itself.
func (s *stack) add(l Layer) []fault {
	var c checker
	if l.Disabled == "" && len(l.Tree) > 0 {
		c = checker{rebase: func(p string) string { return s.env.absolute(p, l.Dir) }}
		c.root(l.Tree)
		l.sound = len(c.faults) == 0
		if m, ok := l.Tree["memories"].(map[string]any); ok {
			if v, ok := m["no_memories_if_mcp_or_web_search"]; ok {
				if _, ok := m["disable_on_external_context"]; !ok {
					m["disable_on_external_context"] = v
				}
			}
		}
	}
	s.layers = append(s.layers, l)
	return c.faults
}

// merged lays all layers that count over each other.
func (s *stack) merged() map[string]any {
	var t map[string]any
	for _, l := range s.layers {
		if l.Disabled == "" {
			t = merge(t, l.Tree)
		}
	}
	if t == nil {
		t = map[string]any{}
	}
	return t
}

// project adds the layers of the folders from the project root down to the
// working folder. base is everything else, merged.
func (s *stack) project(base map[string]any) error {
	markers := []string{".git"}
	if v, ok := base["project_root_markers"]; ok {
		l, ok := stringList(v)
		if !ok {
			return loadError("project_root_markers must be an array of strings")
		}
		markers = l
	}
	s.root = findUp(s.cwd, markers)
	if s.root == "" {
		s.root = s.cwd
	}
	s.git = findUp(s.cwd, []string{".git"})
	s.projects, _ = base["projects"].(map[string]any)

	// Project layers lie between the user's and the flags.
	top := slices.IndexFunc(s.layers, func(l Layer) bool { return l.Name == LayerFlags })
	rest := slices.Clone(s.layers[top:])
	s.layers = s.layers[:top]
	for _, dir := range Between(s.root, s.cwd) {
		if err := s.projectDir(dir); err != nil {
			return err
		}
	}
	s.layers = append(s.layers, rest...)
	return nil
}

func (s *stack) projectDir(dir string) error {
	dot := filepath.Join(dir, ".codex")
	fi, err := os.Stat(dot)
	if err != nil || !fi.IsDir() || dot == s.home {
		return nil
	}
	if s.resolved(dot) == s.home {
		return nil
	}
	trust := s.trust(dir)
	trusted := trust == "trusted"
	l := Layer{Name: LayerProject, Path: filepath.Join(dot, "config.toml"), Dir: dot, Tree: map[string]any{}}
	if !trusted {
		l.Disabled = "project is not trusted"
	}
	text, found, err := readFile(l.Path, maxProjectFile)
	if err != nil {
		if trusted {
			return err
		}
		text = ""
	}
	t, err := s.docs.decode(text)
	if err != nil {
		if trusted {
			return loadError("Error parsing project config file %s", err.(*syntaxError).at(l.Path).Text)
		}
		t = map[string]any{}
	}
	l.Found, l.Tree, l.text = found, t, text
	var dropped []string
	for _, k := range deniedInProjects() {
		if _, ok := t[k]; ok {
			delete(t, k)
			dropped = append(dropped, k)
		}
	}
	if trusted && len(dropped) > 0 {
		s.warn = append(s.warn, "Ignored unsupported project-local config keys in "+l.Path+": "+strings.Join(dropped, ", ")+
			". Those that shall hold belong in your own config.toml.")
	}
	if found && trust == "" {
		s.ignored = append(s.ignored, l.Path)
	}
	s.add(l)
	return nil
}

// deniedInProjects are keys that a checked-out project must not decide.
// pipeline and executor name programs to run, so ours too.
func deniedInProjects() []string {
	return []string{"openai_base_url", "chatgpt_base_url", "apps_mcp_product_sku", "model_provider", "model_providers", "notify", "profile", "profiles",
		"experimental_realtime_ws_base_url", "otel", "pipeline", "executor"}
}

// typeErrors checks the merged settings.
func (s *stack) typeErrors(t map[string]any) error {
	if s.alone() {
		return nil
	}
	var c checker
	c.root(t)
	if len(c.faults) == 0 {
		return nil
	}
	f := first(c.faults, order(s.layers, s.flags))
	e := &Error{Kind: KindLoad, Text: f.text()}
	// The short form points at the first file that is wrong by itself.
	for _, l := range s.layers {
		if l.Path == "" || l.Disabled != "" {
			continue
		}
		var c checker
		c.root(l.Tree)
		if len(c.faults) == 0 {
			continue
		}
		f := first(c.faults, order([]Layer{l}, nil))
		off, _ := locate(l.text, f.loc)
		p := placedError(l.Path, l.text, off, 1, f.msg)
		e.Summary, e.Cause = p.Summary, e.Text
		break
	}
	return e
}

// alone tells that all settings are of one layer, which has been found to be right.
func (s *stack) alone() bool {
	n := 0
	for _, l := range s.layers {
		if l.Disabled == "" && len(l.Tree) > 0 {
			n++
			if !l.sound {
				return false
			}
		}
	}
	return n < 2
}

// unknownKeys reports the first key that nobody knows (--strict-config).
func (s *stack) unknownKeys() error {
	for _, l := range s.layers {
		if l.Disabled != "" {
			continue
		}
		unknown := s.unknownIn(l)
		if len(unknown) == 0 {
			continue
		}
		loc := unknown[0]
		name := strings.Join(loc, ".")
		if l.Path == "" {
			return loadError("unknown configuration field `%s` in -c/--config override", name)
		}
		off, n := locateKey(l.text, loc)
		return placedError(l.Path, l.text, off, n, "unknown configuration field `"+name+"`")
	}
	return nil
}

// unknownIn lists the keys of a layer that nobody knows, in their order.
func (s *stack) unknownIn(l Layer) [][]string {
	c := checker{strict: true}
	c.root(l.Tree)
	if len(c.unknown) > 1 {
		rank := order([]Layer{l}, s.flags)
		slices.SortFunc(c.unknown, func(x, y []string) int { return rank(x) - rank(y) })
	}
	return c.unknown
}

// warnFlags says which keys of the command line have no effect because nobody knows them.
func (s *stack) warnFlags() (out []string) {
	for _, l := range s.layers {
		if l.Name != LayerFlags || len(l.Tree) == 0 {
			continue
		}
		for _, loc := range s.unknownIn(l) {
			out = append(out, "Unknown configuration key `"+DottedKey(loc)+"` on the command line has no effect; codex-config(5) lists the keys")
		}
	}
	return out
}

func stringList(v any) ([]string, bool) {
	l, ok := v.([]any)
	if !ok {
		return nil, false
	}
	out := make([]string, 0, len(l))
	for _, x := range l {
		s, ok := x.(string)
		if !ok {
			return nil, false
		}
		out = append(out, s)
	}
	return out, true
}
