//go:build unix

package appserver

import (
	"os"
	"path/filepath"
	"testing"
)

// TestMemoryReset: what is in the folder of memories goes, the folder itself and what a link
// leads to stay.
func TestMemoryReset(t *testing.T) {
	c := start(t, "mock-model", `{"msg":"hi"}`)
	c.initialize()
	other := t.TempDir()
	kept, dir := filepath.Join(other, "kept"), filepath.Join(c.home, "memories")
	for _, path := range []string{kept, filepath.Join(dir, "memory_summary.md"), filepath.Join(dir, "rollout_summaries", "a.md")} {
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte("x"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink(other, filepath.Join(dir, "link")); err != nil {
		t.Fatal(err)
	}
	if got := c.call("memory/reset", "null").Get("result").String(); got != "{}" {
		t.Errorf("answer %s", got)
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
		t.Errorf("left: %v, %v", left, err)
	}
	if _, err := os.Stat(kept); err != nil {
		t.Error(err)
	}
	if err := os.Remove(dir); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(other, dir); err != nil {
		t.Fatal(err)
	}
	if got := c.call("memory/reset", "null"); !got.Get("error").Exists() {
		t.Errorf("a link: %s", got)
	}
	if _, err := os.Stat(kept); err != nil {
		t.Error(err)
	}
}
