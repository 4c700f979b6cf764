package exec

import (
	"bytes"
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/rivo/uniseg"
)

// noteOf makes a notification.
func noteOf(t *testing.T, method string, params map[string]any) string {
	t.Helper()
	params["threadId"] = "T"
	b, err := json.Marshal(map[string]any{"method": method, "params": params})
	must(t, err)
	return string(b)
}

// TestHostileText: whatever strangers write is shown on a terminal, and does nothing.
func TestHostileText(t *testing.T) {
	const evil = "x\x1b]52;c;cm0=\a\x1b[2J\x1b[6n\u009b2J\u202ey\rz"
	item := func(fields map[string]any) map[string]any { return map[string]any{"item": fields} }
	notes := []string{
		noteOf(t, "configWarning", map[string]any{"summary": evil, "details": evil}),
		noteOf(t, "turn/plan/updated", map[string]any{"explanation": evil, "plan": []any{map[string]any{"step": evil, "status": "pending"}}}),
		noteOf(t, "item/completed", item(map[string]any{"type": "reasoning", "id": "r", "summary": []string{evil}})),
		noteOf(t, "item/started", item(map[string]any{"type": "commandExecution", "id": "c", "command": evil, "cwd": evil})),
		noteOf(t, "item/completed", item(map[string]any{"type": "commandExecution", "id": "c", "command": evil, "cwd": evil, "status": "completed", "exitCode": 0, "aggregatedOutput": "\x1b[31mred\x1b[0m " + evil})),
		noteOf(t, "item/completed", item(map[string]any{"type": "fileChange", "id": "p", "status": "completed", "changes": []any{map[string]any{"path": evil}}})),
		noteOf(t, "item/completed", item(map[string]any{"type": "mcpToolCall", "id": "m", "server": evil, "tool": evil, "status": "failed", "error": map[string]any{"message": evil}})),
		noteOf(t, "item/started", item(map[string]any{"type": "webSearch", "id": "w", "query": evil})),
		noteOf(t, "turn/diff/updated", map[string]any{"diff": "diff --git a/" + evil + "\n+" + evil}),
		noteOf(t, "model/rerouted", map[string]any{"fromModel": evil, "toModel": evil}),
		noteOf(t, "hook/started", map[string]any{"run": map[string]any{"eventName": evil}}),
		noteOf(t, "error", map[string]any{"error": map[string]any{"message": evil}}),
		noteOf(t, "item/completed", item(map[string]any{"type": "agentMessage", "id": "a", "text": evil})),
		noteCompleted,
	}
	got := start(t, setting{git: true, tty: true, wire: wire("", notes...)}, "--color=always", evil)
	live := regexp.MustCompile(`[\x00-\x08\x0b-\x1f\x7f\x{80}-\x{9f}\x{202a}-\x{202e}]`)
	text := strings.ReplaceAll(got.stderr, eraseLine, "")
	if where := live.FindStringIndex(plainText(text)); where != nil {
		t.Errorf("live: %q", plainText(text)[max(0, where[0]-30):where[1]+10])
	}
	if n := strings.Count(got.stderr, "x^[]52;c;cm0=^G^[[2J^[[6n<U+009B>2J<U+202E>y^Mz"); n < 18 {
		t.Errorf("shown %d times:\n%s", n, got.stderr)
	}
	if !strings.Contains(got.stderr, "\x1b[31mred\x1b[0m ") {
		t.Error("the command's own colours are gone")
	}
	// In a file everything is as it came.
	got = start(t, setting{git: true, wire: wire("", notes...)}, "go")
	if strings.Count(got.stderr, evil) < 17 || got.stdout != evil+"\n" {
		t.Errorf("stdout %q, stderr\n%q", got.stdout, got.stderr)
	}
	// Words about wrong usage go the same way.
	if got = start(t, setting{tty: true}, "--"+evil); strings.ContainsAny(got.stderr, "\x1b\a\r") {
		t.Errorf("usage error %q", got.stderr)
	}
}

// TestResultsAreNamed: of commands that run side by side too.
func TestResultsAreNamed(t *testing.T) {
	event := func(kind, id, script string, more ...any) string {
		fields := map[string]any{"type": "commandExecution", "id": id, "command": "/bin/bash -lc '" + script + "'", "cwd": "/w"}
		for i := 0; i < len(more); i += 2 {
			fields[more[i].(string)] = more[i+1]
		}
		return noteOf(t, "item/"+kind, map[string]any{"item": fields})
	}
	got := start(t, setting{git: true, wire: wire("", event("started", "1", "make\n  test"), event("started", "2", "ls"),
		event("completed", "2", "ls", "status", "completed", "exitCode", 0, "durationMs", 5, "aggregatedOutput", "a\n"),
		event("completed", "1", "make\n  test", "status", "failed", "exitCode", 2, "durationMs", 7), noteCompleted)}, "go")
	for _, want := range []string{"\n succeeded in 5ms: ls\na\n", "\n exited 2 in 7ms: make test\n"} {
		if !strings.Contains(got.stderr, want) {
			t.Errorf("no %q in\n%s", want, got.stderr)
		}
	}
}

func TestShortened(t *testing.T) {
	var b strings.Builder
	for i := range 1000 {
		fmt.Fprintln(&b, i)
	}
	long := b.String()
	printed := noteOf(t, "item/completed", map[string]any{"item": map[string]any{"type": "commandExecution", "id": "c", "command": "seq", "status": "completed", "exitCode": 0, "aggregatedOutput": long}})
	got := start(t, setting{git: true, wire: wire("", printed, noteCompleted)}, "go")
	if !strings.Contains(got.stderr, "\n18\n19\n… 960 lines left out …\n980\n981\n") {
		t.Errorf("stderr\n%s", got.stderr)
	}
	if got = start(t, setting{git: true, wire: wire("", printed, noteCompleted)}, "--json", "go"); !strings.Contains(got.stdout, `\n500\n`) {
		t.Error("events are shortened too")
	}
	for in, want := range map[string]string{
		"": "", "a\nb\n": "a\nb\n", "a": "a", "\n\n": "\n\n",
		strings.Repeat("é", 1000): strings.Repeat("é", 200) + " … 1,200 bytes left out … " + strings.Repeat("é", 200),
	} {
		if s := shortened(in); s != want {
			t.Errorf("%q: %q", in, s)
		}
	}
}

func TestChanges(t *testing.T) {
	a1, a2, b := "diff --git a/a b/a\n+1\n", "diff --git a/a b/a\n+2\n", "diff --git a/b b/b\n-x\n"
	var c changes
	for _, step := range [][2]string{{a1, a1}, {a1, ""}, {a1 + b, b}, {a2 + b, a2}, {a2 + b, ""}, {b, ""}, {"", ""}, {a1, a1}} {
		if got := c.update(step[0]); got != step[1] || c.diff != step[0] {
			t.Errorf("%q: %q, want %q", step[0], got, step[1])
		}
	}
}

func TestPulse(t *testing.T) {
	var b bytes.Buffer
	p := &pulse{w: &b, width: func() int { return 34 }}
	defer p.close()
	p.begin("1", "make a very long thing")
	p.begin("2", "other")
	now := time.Now()
	p.draw(now.Add(time.Second)) // too early
	p.draw(now.Add(65 * time.Second))
	fmt.Fprint(p, "words ")
	p.draw(now.Add(66 * time.Second)) // not within a line
	fmt.Fprint(p, "\n")
	p.end("1")
	p.draw(now.Add(3 * time.Second))
	p.end("2")
	p.draw(now.Add(4 * time.Second)) // nothing to say
	p.close()                        // as a run that was interrupted does, which then ends
	want := eraseLine + "\x1b[2mrunning for 1m5s, with 1 more: m…\x1b[0m" + eraseLine + "words \n" +
		eraseLine + "\x1b[2mrunning for 3s: other\x1b[0m" + eraseLine
	got := b.String()
	if got != want {
		t.Errorf("\n got %q\nwant %q", got, want)
	}
}

func TestLabel(t *testing.T) {
	for in, want := range map[string]string{
		"/bin/bash -lc 'echo  a\n b'": "echo a b",
		"git status":                  "git status",
		"sh -c":                       "sh -c",
		"'open":                       "'open",
		"0123456789012345678901":      "0123456789012345678…",
		"世界世界世界世界世界世界":                "世界世界世界世界世…",
	} {
		if got := label(in, 20); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

func TestMarkdown(t *testing.T) {
	for in, want := range map[string]string{
		"plain_text * 2 ** 3":         "plain_text * 2 ** 3",
		"**bold** and `co*de*` x":     "\x1b[1m**bold**\x1b[0m and \x1b[36m`co*de*`\x1b[0m x",
		"# Head\ntext\n":              "\x1b[1m# Head\x1b[0m\ntext\n",
		"#hash":                       "#hash",
		"> said":                      "\x1b[2m> said\x1b[0m",
		"```go\nx := `**a**`\n```\ny": "\x1b[2m```go\x1b[0m\n\x1b[36mx := `**a**`\x1b[0m\n\x1b[2m```\x1b[0m\ny",
	} {
		if got := markdown(in); got != want {
			t.Errorf("%q:\n got %q\nwant %q", in, got, want)
		}
	}
}

func TestWrapped(t *testing.T) {
	for in, want := range map[string]string{
		"one two three four five":             "one two\nthree four\nfive",
		"  - one two three four":              "  - one two\n    three\n    four",
		"short":                               "short",
		"averyveryverylongword x":             "averyveryverylongword\nx",
		"```\none two three four five\n```\n": "```\none two three four five\n```\n",
		"| a table that is long | x |":        "| a table that is long | x |",
		"世界 世界 世界 世界":                         "世界 世界\n世界 世界",
		"\x1b[1mone two\x1b[0m three":         "\x1b[1mone two\x1b[0m\nthree",
	} {
		if got := wrapped(in, 11); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

// FuzzLayout: colours and breaks change no character of the text.
func FuzzLayout(f *testing.F) {
	for _, s := range []string{"", "a **b** `c`\n\n```\nx\n", "# h\n> q\n***\n``", "diff --git a b\n@@\n+x\n-y", "é\xff\n\n"} {
		f.Add(s, 10)
	}
	f.Fuzz(func(t *testing.T, s string, width int) {
		if strings.Contains(s, "\x1b") {
			return
		}
		if got := plainText(markdown(s)); got != s {
			t.Errorf("markdown(%q) = %q", s, got)
		}
		if got := plainText(colourDiff(s)); got != s {
			t.Errorf("colourDiff(%q) = %q", s, got)
		}
		blank := strings.NewReplacer(" ", "", "\n", "")
		if got := wrapped(s, width%200); blank.Replace(got) != blank.Replace(s) {
			t.Errorf("wrapped(%q) = %q", s, got)
		}
		if width > 0 && width < 200 && uniseg.StringWidth(clipped(s, width)) > width {
			t.Errorf("clipped(%q, %d) = %q", s, width, clipped(s, width))
		}
		shortened(s)
	})
}
