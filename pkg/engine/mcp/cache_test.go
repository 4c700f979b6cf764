package mcp

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"codex/pkg/config"
	"codex/pkg/mcp/wire"
)

// TestCacheSweep holds that manifests which nobody reads any more do not stay for ever.
func TestCacheSweep(t *testing.T) {
	home := t.TempDir()
	s := New(Options{Home: home, Servers: []config.MCPServer{{Name: "s", URL: "http://127.0.0.1:1/"}}})
	dir := filepath.Join(home, "cache", "mcp")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	for name, age := range map[string]time.Duration{"old.json": 3 * fresh, "young.json": fresh} {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(path, now, now.Add(-age)); err != nil {
			t.Fatal(err)
		}
	}
	(&cache{home: home}).remember(s.list[0], &wire.Manifest{})
	if _, err := os.Stat(filepath.Join(dir, "old.json")); !os.IsNotExist(err) {
		t.Error("the old one is there")
	}
	files, err := os.ReadDir(dir)
	if err != nil || len(files) != 2 {
		t.Error(files, err)
	}
}
