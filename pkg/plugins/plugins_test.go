package plugins

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"codex/pkg/config"
)

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// What a manifest names lies in its folder, or is not there.
func TestRead(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "more", "x"), "")
	write(t, filepath.Join(dir, "skills", "x"), "")
	write(t, filepath.Join(dir, "own.json"), `{"mcpServers":{"docs":{"command":"echo","args":["${PLUGIN_ROOT}/x"],"default_tools_approval_mode":"approve","tools":{"t":{"approval_mode":"approve"}}},"none":{}}}`)
	write(t, filepath.Join(dir, ".claude-plugin", "plugin.json"), `{"name":"p","skills":["./more","../..","/etc"],"mcpServers":"own.json","hooks":"nowhere.json"}`)
	m, err := Read(dir)
	if err != nil || !reflect.DeepEqual(m.Skills, []string{filepath.Join(dir, "more")}) || m.MCP != filepath.Join(dir, "own.json") || m.Hooks != nil {
		t.Errorf("%+v %v", m, err)
	}
	p := Plugin{ID: "p@m", Dir: dir, Manifest: m}
	servers, err := p.MCPServers()
	if err != nil || len(servers) != 1 || servers[0].Name != "docs" || servers[0].Cwd != dir || !reflect.DeepEqual(servers[0].Args, []string{dir + "/x"}) || servers[0].Mode("t") != "auto" {
		t.Errorf("%+v %v", servers, err)
	}
	for _, bad := range []string{`{"name":"a/b"}`, `{"name":"p","version":"../x"}`, `{"name":"p","version":".x"}`, `[]`, `{`} {
		write(t, filepath.Join(dir, ".claude-plugin", "plugin.json"), bad)
		if m, err := Read(dir); err == nil {
			t.Errorf("%s: %+v", bad, m)
		}
	}
}

func TestCopyRefusesLinks(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "a"), "")
	if err := os.Symlink("/etc/passwd", filepath.Join(dir, "l")); err != nil {
		t.Skip(err)
	}
	if err := copyTree(t.Context(), dir, t.TempDir()); err == nil || !strings.Contains(err.Error(), "no regular file") {
		t.Error(err)
	}
}

// A link on the way may not lead out of the marketplace.
func TestInstallOutside(t *testing.T) {
	root, out, home := t.TempDir(), t.TempDir(), t.TempDir()
	write(t, filepath.Join(out, "p", "plugin.json"), `{"name":"p"}`)
	write(t, filepath.Join(root, "m", "p", "plugin.json"), `{"name":"p"}`)
	if err := os.Symlink(out, filepath.Join(root, "l")); err != nil {
		t.Skip(err)
	}
	for dir, ok := range map[string]bool{"m": true, "l": false} {
		m := Marketplace{Name: "x", Root: root, List: []Entry{{Name: "p", Dir: filepath.Join(root, dir, "p")}}}
		if _, err := Install(t.Context(), home, &m, "p"); (err == nil) != ok {
			t.Errorf("%s: %v", dir, err)
		}
	}
}

// A project's files bring no plugin.
func TestOwn(t *testing.T) {
	tree := map[string]any{"plugins": map[string]any{"a@m": map[string]any{"enabled": true}}}
	cfg := &config.Config{Layers: []config.Layer{{Name: config.LayerUser, Tree: map[string]any{"plugins": map[string]any{"b@m": true}}}, {Name: config.LayerProject, Tree: tree}}}
	if got := own(cfg, "plugins"); len(got) != 1 || got["b@m"] == nil {
		t.Errorf("%v", got)
	}
}

// What another layer has as well cannot be removed, and that is said.
func TestFixed(t *testing.T) {
	tree := func() map[string]any {
		return map[string]any{"plugins": map[string]any{"a@m": map[string]any{"enabled": true}}, "marketplaces": map[string]any{"m": map[string]any{"source": "/m"}}}
	}
	for name, ok := range map[string]bool{config.LayerUser: true, config.LayerProject: true, config.LayerSystem: false, config.LayerFlags: false} {
		cfg := &config.Config{Home: t.TempDir(), Layers: []config.Layer{{Name: name, Tree: tree()}, {Name: config.LayerUser, Tree: tree()}}}
		if was, err := Uninstall(t.Context(), cfg, "a", "m"); !was || (err == nil) != ok {
			t.Errorf("%s: %v %v", name, was, err)
		}
		if err := Remove(t.Context(), cfg, "m"); (err == nil) != ok {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestSplit(t *testing.T) {
	for id, ok := range map[string]bool{"a@b": true, "a": false, "a@": false, "@b": false, "../a@b": false, "a@..": false, "a@b@c": false} {
		if _, _, err := Split(id); (err == nil) != ok {
			t.Errorf("%s: %v", id, err)
		}
	}
}

// Whatever a marketplace says, its plugins lie in its folder.
func FuzzMarketplace(f *testing.F) {
	f.Add([]byte(`{"name":"m","plugins":[{"name":"p","source":{"source":"local","path":"./plugins/p"}},{"name":"q","source":"../x"}]}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		root := t.TempDir()
		write(t, filepath.Join(root, ".agents", "plugins", "marketplace.json"), string(b))
		m, err := Open(root)
		if err != nil {
			return
		}
		for _, e := range m.List {
			if rel, err := filepath.Rel(root, e.Dir); err != nil || !filepath.IsLocal(rel) || !IsName(e.Name) || !IsName(m.Name) {
				t.Errorf("%+v", e)
			}
		}
	})
}
