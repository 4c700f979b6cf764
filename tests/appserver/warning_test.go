//go:build unix

package appserver

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestWarnings: a client is told that a project's settings are ignored however it comes to
// the thread, where the server itself runs elsewhere.
func TestWarnings(t *testing.T) {
	c := start(t, "mock-model", `[{"msg":"one"}]`)
	project := filepath.Join(c.desk.work, "..", "project")
	if err := os.MkdirAll(filepath.Join(project, ".codex"), 0o700); err != nil {
		t.Fatal(err)
	}
	project, err := filepath.EvalSymlinks(project)
	if err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(project, ".codex", "config.toml"), "model = \"other\"\n")
	warned := func(c *client, how string) {
		t.Helper()
		if text := c.note("configWarning").Get("params.summary").Str; !strings.HasPrefix(text, "Ignored "+project) || !strings.Contains(text, "is not trusted") {
			t.Errorf("%s: %s", how, text)
		}
	}
	c.initialize()
	id := c.thread(fmt.Sprintf(`{"cwd":%q,"sandbox":"read-only","approvalPolicy":"never"}`, project))
	warned(c, "start")
	c.turn(id, "go")
	c.note("turn/completed")
	c.result("thread/resume", fmt.Sprintf(`{"threadId":%q}`, id))
	warned(c, "join")
	c.result("thread/fork", fmt.Sprintf(`{"threadId":%q}`, id))
	warned(c, "fork")
	c.result("thread/fork", fmt.Sprintf(`{"threadId":%q,"ephemeral":true}`, id))
	warned(c, "fork in memory")
	c = c.again()
	c.result("thread/resume", fmt.Sprintf(`{"threadId":%q}`, id))
	warned(c, "resume")
}
