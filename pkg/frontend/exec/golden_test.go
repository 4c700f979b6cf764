package exec

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestGolden plays turns as the original's engine sent them, and compares what is made of
// them byte for byte: events and answer with what the original's exec made of the same
// turn, the transcript with ours.
func TestGolden(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatal("no recordings", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			data, err := os.ReadFile(file)
			must(t, err)
			part := parts(string(data))
			var status int
			fmt.Sscanf(part[""], "exit %d", &status)
			s := setting{wire: part["wire.jsonl"], config: part["config.toml"], git: true}

			got := start(t, s, "--json", "go")
			compare(t, "json", got.stdout, part["json"])
			compare(t, "stderr of json", peers(got.stderr), part["json.stderr"])
			if got.status != status {
				t.Errorf("--json: status %d, want %d", got.status, status)
			}
			validate(t, got.stdout)

			got = start(t, s, "--color", "always", "go")
			got.stderr = strings.Replace(peers(got.stderr), ", /h/memories", "", 1) // the recording's home
			compare(t, "stdout", got.stdout, part["stdout"])
			compare(t, "stderr", got.stderr, part["stderr"])
			if got.status != status {
				t.Errorf("status %d, want %d", got.status, status)
			}

			// Without colours it is the same text.
			got = start(t, s, "--color", "never", "go")
			got.stderr = strings.Replace(peers(got.stderr), ", /h/memories", "", 1)
			compare(t, "plain stderr", got.stderr, plainText(part["stderr"]))
		})
	}
}

// peers leaves out what only we say.
func peers(stderr string) string {
	return strings.Replace(stderr, "codex-exec: the turn ended without an answer\n", "", 1)
}

func compare(t *testing.T, what, got, want string) {
	t.Helper()
	if got == want {
		return
	}
	g, w := strings.Split(got, "\n"), strings.Split(want, "\n")
	for i := range max(len(g), len(w)) {
		var a, b string
		if i < len(g) {
			a = g[i]
		}
		if i < len(w) {
			b = w[i]
		}
		if a != b {
			t.Errorf("%s, line %d:\n got %q\nwant %q", what, i+1, a, b)
			return
		}
	}
}

// parts takes a txtar archive apart; what stands before the first file is named "".
func parts(archive string) map[string]string {
	out := map[string]string{}
	name := ""
	for _, line := range strings.SplitAfter(archive, "\n") {
		if n, ok := strings.CutPrefix(line, "-- "); ok && strings.HasSuffix(n, " --\n") {
			name = strings.TrimSuffix(n, " --\n")
			out[name] = ""
			continue
		}
		out[name] += line
	}
	return out
}
