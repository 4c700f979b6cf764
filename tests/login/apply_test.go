package login

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// task is what the service says of one whose latest change is diff.
func task(diff string) string {
	b, err := json.Marshal(map[string]any{"current_diff_task_turn": map[string]any{"output_items": []any{
		map[string]any{"type": "message"}, map[string]any{"type": "pr", "output_diff": map[string]any{"type": "output_diff", "diff": diff}}}}})
	if err != nil {
		panic(err)
	}
	return string(b)
}

const change = "diff --git a/f.txt b/f.txt\n--- a/f.txt\n+++ b/f.txt\n@@ -1 +1 @@\n-old\n+new\n"

func TestApply(t *testing.T) {
	if _, err := exec.LookPath("git"); err != nil {
		t.Skip("no git")
	}
	d := newDesk(t)
	d.model.tasks = map[string]string{"good": task(change), "outside": task("--- a/../x\n+++ b/../x\n@@ -0,0 +1 @@\n+x\n"), "empty": `{"current_diff_task_turn":null}`,
		"no diff": `{"current_diff_task_turn":{"output_items":[{"type":"message"}]}}`}
	tree := t.TempDir()
	sub := filepath.Join(tree, "sub")
	if err := os.Mkdir(sub, 0o700); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(tree, "f.txt")
	if err := os.WriteFile(file, []byte("old\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{"init", "-q"}, {"add", "."}, {"-c", "user.name=a", "-c", "user.email=a@b", "commit", "-qm", "x"}} {
		if out, err := exec.Command("git", append([]string{"-C", tree}, args...)...).CombinedOutput(); err != nil {
			t.Fatalf("git %q: %v %s", args, err, out)
		}
	}
	// What the repository names is not run.
	pwned := filepath.Join(t.TempDir(), "pwned")
	hook := filepath.Join(tree, ".git", "hooks", "post-index-change")
	for file, text := range map[string]string{hook: "#!/bin/sh\ntouch '" + pwned + "'\n", filepath.Join(tree, ".git", "info", "attributes"): "* filter=bad\n"} {
		if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	for _, key := range []string{"filter.bad.clean", "filter.bad.smudge", "core.fsmonitor"} {
		if out, err := exec.Command("git", "-C", tree, "config", key, "touch '"+pwned+"'; cat").CombinedOutput(); err != nil {
			t.Fatalf("git config %s: %v %s", key, err, out)
		}
	}
	apply := func(args ...string) (stdout, stderr string, status int) {
		cmd := d.command("", "codex", append([]string{"apply"}, args...)...)
		cmd.Dir = sub // git applies at the root all the same
		var out, errs bytes.Buffer
		cmd.Stdout, cmd.Stderr = &out, &errs
		if err := cmd.Run(); err != nil && cmd.ProcessState == nil {
			t.Fatal(err)
		}
		return out.String(), errs.String(), cmd.ProcessState.ExitCode()
	}
	if _, errs, status := apply("good"); status != 1 || errs != "Error: ChatGPT auth not available\n" {
		t.Errorf("%d %s", status, errs)
	}
	d.write("auth.json", d.service.AuthJSON())
	for _, tc := range []struct {
		args   []string
		status int
		want   string
	}{
		{[]string{"--print", "good"}, 0, change},
		{[]string{"empty"}, 1, "Error: No diff turn found\n"},
		{[]string{"no diff"}, 1, "Error: No PR output item found\n"},
		{[]string{"unknown/../good"}, 1, "status 404 Not Found"},
		{[]string{"outside"}, 1, "Git apply failed"},
		{[]string{"good"}, 0, "Successfully applied diff\n"},
		{[]string{"good"}, 1, "error: patch failed: f.txt:1"},
		{nil, 2, "<task>"},
	} {
		out, errs, status := apply(tc.args...)
		if status != tc.status || !strings.Contains(out+errs, tc.want) {
			t.Errorf("%q: %d %q %q", tc.args, status, out, errs)
		}
	}
	if b, err := os.ReadFile(file); err != nil || string(b) != "new\n" {
		t.Errorf("%q, %v", b, err)
	}
	if _, err := os.Stat(pwned); err == nil {
		t.Error("something of the repository was run")
	}
	if _, err := os.Stat(filepath.Join(filepath.Dir(tree), "x")); err == nil {
		t.Error("something is outside of the tree")
	}
	d.noSecrets()
}
