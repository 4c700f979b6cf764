//go:build linux

package turnwire

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// A turn that was recorded can be played again: the model's lines are a script, and what
// comes out is the same but for ids, times and what the command's process was called.
func TestRecord(t *testing.T) {
	t.Parallel()
	first := start(t, setup{script: `[{"reason":"**Look** first"},{"msg":"I'll look.","phase":"commentary"},{"call":"exec_command","args":{"cmd":"echo hi"}}]` + "\n" +
		`{"custom":"apply_patch","input":"*** Begin Patch\n*** Add File: new.txt\n+x\n*** End Patch\n"}` + "\n" + `{"msg":"All done."}`,
		args: free("--record", "trace")})
	first.send("go")
	first.turnDone("completed")
	first.quit()
	dir := filepath.Join(first.work, "trace")
	for _, name := range []string{"model.jsonl", "executor.jsonl"} {
		if fi, err := os.Stat(filepath.Join(dir, name)); err != nil || fi.Size() == 0 || fi.Mode().Perm() != 0o600 {
			t.Fatalf("%s: %v %v", name, fi, err)
		}
	}
	for line := range strings.Lines(read(t, filepath.Join(dir, "executor.jsonl"))) {
		if rest, ok := strings.CutPrefix(line, "> "); !ok {
			if rest, ok = strings.CutPrefix(line, "< "); !ok || !json.Valid([]byte(rest)) {
				t.Errorf("executor.jsonl: %.200q", line)
			}
		} else if !json.Valid([]byte(rest)) {
			t.Errorf("executor.jsonl: %.200q", line)
		}
	}
	// Both threads write the same file in folders of their own.
	again := start(t, setup{script: read(t, filepath.Join(dir, "model.jsonl")), args: free()})
	again.send("go")
	again.turnDone("completed")
	again.quit()
	a, b := plain(first), plain(again)
	equal(t, "lines", b, a)
	if read(t, filepath.Join(again.work, "new.txt")) != "x\n" {
		t.Error("the patch was not applied")
	}
}

// folders are the tests' own, as absolute paths and in diffs.
var folders = regexp.MustCompile(`[^" ]*/00\d/work`)

// plain gives an engine's lines without what differs from run to run; output may come in
// other pieces.
func plain(e *engine) []string {
	var out []string
	for _, l := range e.lines.All() {
		if l.Get("method").Str == "item/commandExecution/outputDelta" {
			continue
		}
		var v any
		if json.Unmarshal([]byte(l.Raw), &v) != nil {
			continue
		}
		b, err := json.Marshal(without(v))
		if err != nil {
			continue
		}
		out = append(out, folders.ReplaceAllString(uuids.ReplaceAllString(string(b), "UUID"), "FOLDER"))
	}
	return out
}

func without(v any) any {
	switch x := v.(type) {
	case map[string]any:
		for k := range x {
			switch k {
			case "createdAt", "updatedAt", "startedAt", "completedAt", "startedAtMs", "completedAtMs", "durationMs", "processId", "path":
				if k != "path" || strings.Contains(asText(x[k]), "/sessions/") {
					delete(x, k)
					continue
				}
			}
			x[k] = without(x[k])
		}
	case []any:
		for i := range x {
			x[i] = without(x[i])
		}
	}
	return v
}

func asText(v any) string {
	s, _ := v.(string)
	return s
}
