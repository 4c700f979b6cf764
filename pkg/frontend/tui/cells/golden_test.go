package cells

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"codex/pkg/frontend/tui/text"
	"codex/pkg/protocol"
)

var update = flag.Bool("update", false, "write the golden files anew")

type named struct {
	name  string
	entry Entry
}

func ptr[T any](v T) *T { return &v }

func ran(command, output string, code int32) *protocol.CommandExecutionItem {
	status := protocol.CommandExecutionStatusCompleted
	if code != 0 {
		status = protocol.CommandExecutionStatusFailed
	}
	return &protocol.CommandExecutionItem{Command: command, Status: status, AggregatedOutput: &output, ExitCode: &code, DurationMs: ptr(int64(1234))}
}

func lines(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintln(&b, i+1)
	}
	return b.String()
}

// transcript has an entry of every kind, those of the original's screens among them.
func transcript(t testing.TB) []named {
	sample, err := os.ReadFile("../text/testdata/sample.md")
	if err != nil {
		t.Fatal(err)
	}
	running := &protocol.CommandExecutionItem{Command: "git push origin main", Status: protocol.CommandExecutionStatusInProgress}
	live := new(Output)
	live.Append("tick 1\ntick 2\n" + lines(50) + "tick 6")
	user := ran("bash -lc 'seq 1 3'", "1\n2\n3\n", 0)
	user.Source = protocol.CommandExecutionSourceUserShell
	declined := &protocol.CommandExecutionItem{Command: "touch /etc/x", Status: protocol.CommandExecutionStatusDeclined}
	read := func(name string) protocol.CommandAction {
		return protocol.CommandAction{Type: protocol.CommandActionRead, Name: name}
	}
	three := []protocol.FileUpdateChange{
		{Path: "hello.txt", Kind: protocol.PatchChangeKind{Type: "update"}, Diff: "@@ -1,2 +1,2 @@\n-hello world\n+hello there world\n second line\n"},
		{Path: "new/file.py", Kind: protocol.PatchChangeKind{Type: "add"}, Diff: "def f():\n    return 1\n"},
		{Path: "old.txt", Kind: protocol.PatchChangeKind{Type: "delete"}, Diff: "old\n"},
	}
	moved := []protocol.FileUpdateChange{{Path: "a.go", Kind: protocol.PatchChangeKind{Type: "update", MovePath: ptr("b/c.go")}, Diff: "@@ -9,3 +9,3 @@\n a\n-b\n+c\n d\n@@ -99 +99,2 @@\n x\n+y\n"}}
	explored := &Explored{Commands: []*protocol.CommandExecutionItem{
		{Status: "completed", CommandActions: []protocol.CommandAction{{Type: "listFiles", Command: "ls -la"}}},
		{Status: "completed", CommandActions: []protocol.CommandAction{{Type: "search", Query: ptr("TODO"), Path: ptr("src")}}},
		{Status: "completed", CommandActions: []protocol.CommandAction{read("hello.txt"), read("go.mod"), read("hello.txt")}},
	}}
	exploring := &Explored{Commands: []*protocol.CommandExecutionItem{{Status: "inProgress", CommandActions: []protocol.CommandAction{read("a.go")}}}}
	usage := &protocol.ThreadTokenUsage{
		Total: protocol.TokenUsageBreakdown{InputTokens: 1000, CachedInputTokens: 400, OutputTokens: 200, ReasoningOutputTokens: 50},
		Last:  protocol.TokenUsageBreakdown{TotalTokens: 120}, ModelContextWindow: ptr(int64(258_400)),
	}
	mcp := &protocol.McpToolCallItem{Server: "docs", Tool: "search", Status: "completed", Arguments: json.RawMessage(`{ "query": "a b" }`), Result: &protocol.McpToolCallResult{Content: []json.RawMessage{
		json.RawMessage(`{"type":"text","text":"one\ntwo\nthree\nfour\nfive\nsix\nseven"}`), json.RawMessage(`{"type":"image","data":"x"}`), json.RawMessage(`{"type":"resource_link","uri":"file:///a"}`),
	}}}
	item := func(i protocol.ThreadItem) Entry { return Entry{Item: i} }
	return []named{
		{"header", item(&Header{Version: "1.2.3", Model: "gpt-5.5", Effort: "high", Directory: "~/a/very/long/path/to/a/folder/somewhere/below/another/project"})},
		{"header-unrestricted", item(&Header{Version: "1.2.3", Model: "gpt-5.5", Directory: "~/w", Unrestricted: true})},
		{"user", item(&protocol.UserMessageItem{Content: []protocol.UserInput{{Type: "text", Text: "hello\nthere, this is a long line of a message that has to be wrapped in a terminal of eighty columns"}, {Type: "localImage", Path: "a.png"}}})},
		{"answer", item(&protocol.AgentMessageItem{Text: string(sample)})},
		{"answer-blank", item(&protocol.AgentMessageItem{Text: " \n"})},
		{"reasoning", item(&protocol.ReasoningItem{Summary: []string{"**Planning the work**\n\nI look at the files first.", "**Only a title**"}})},
		{"reasoning-full", Entry{Item: &protocol.ReasoningItem{Summary: []string{"**Only a title**"}}, Full: true}},
		{"plan", item(&Plan{Explanation: "Working through it", Steps: []protocol.TurnPlanStep{{Step: "Read the files", Status: "completed"}, {Step: "Edit the greeting", Status: "inProgress"}, {Step: "Run the tests", Status: "pending"}}})},
		{"plan-empty", item(&Plan{})},
		{"plan-proposed", item(&protocol.PlanItem{Text: "# Plan\n\n1. one\n2. two"})},
		{"explored", item(explored)},
		{"exploring", item(exploring)},
		{"command", item(ran("bash -lc 'seq 1 100'", lines(100), 0))},
		{"command-failed", item(ran("echo bad >&2; exit 3", "bad\n", 3))},
		{"command-silent", item(ran("true", "", 0))},
		{"command-long", item(ran("for i in 1 2 3; do\n  echo $i\n  sleep 1\ndone\necho a\necho b", "\x1b[31mred\x1b[0m "+strings.Repeat("wide ", 40)+"\nend", 0))},
		{"command-running", Entry{Item: running, Beat: 1}},
		{"command-live", Entry{Item: running, Live: live}},
		{"command-declined", item(declined)},
		{"command-user", item(user)},
		{"command-full", Entry{Item: ran("seq 1 3", "1\n2\n3\n", 3), Full: true}},
		{"patch", item(&protocol.FileChangeItem{Changes: three, Status: "completed"})},
		{"patch-one", item(&protocol.FileChangeItem{Changes: three[:1], Status: "completed"})},
		{"patch-moved", item(&protocol.FileChangeItem{Changes: moved, Status: "completed"})},
		{"patch-failed", item(&protocol.FileChangeItem{Changes: three[:2], Status: "failed"})},
		{"patch-declined", item(&protocol.FileChangeItem{Changes: three[:1], Status: "declined"})},
		{"mcp", item(mcp)},
		{"mcp-calling", item(&protocol.McpToolCallItem{Server: "docs", Tool: "fetch", Status: "inProgress", Arguments: json.RawMessage(`{"url":"https://example.com/` + strings.Repeat("long/", 30) + `"}`)})},
		{"mcp-failed", item(&protocol.McpToolCallItem{Server: "docs", Tool: "fetch", Status: "failed", Arguments: json.RawMessage(`null`), Error: &protocol.McpToolCallError{Message: "no such page"}})},
		{"tool", item(&protocol.DynamicToolCallItem{Tool: "open", Namespace: ptr("ide"), Arguments: json.RawMessage(`[1,2]`), Status: "completed", ContentItems: []protocol.DynamicToolCallOutputContentItem{{Type: "inputText", Text: "done"}, {Type: "inputImage"}}})},
		{"agents", item(&protocol.CollabAgentToolCallItem{Tool: "wait", Status: "completed", Prompt: ptr("count the files"), ReceiverThreadIDs: []string{"t1"}, AgentsStates: map[string]protocol.CollabAgentState{"t1": {Status: "completed", Message: ptr("42")}, "t2": {Status: "running"}}})},
		{"search", item(&protocol.WebSearchItem{Query: "go", Action: &protocol.WebSearchAction{Type: "search", Query: ptr("go wrap text")}})},
		{"searching", item(&protocol.WebSearchItem{})},
		{"page", item(&protocol.WebSearchItem{Action: &protocol.WebSearchAction{Type: "findInPage", URL: ptr("https://a.b"), Pattern: ptr("x")}})},
		{"image", item(&protocol.ImageViewItem{Path: "/w/a.png"})},
		{"image-made", item(&protocol.ImageGenerationItem{RevisedPrompt: ptr("a cat"), SavedPath: ptr("/w/cat.png")})},
		{"review", item(&protocol.EnteredReviewModeItem{Review: "current changes"})},
		{"reviewed", item(&protocol.ExitedReviewModeItem{Review: "Looks good.\n\n- one thing"})},
		{"compaction", item(&protocol.ContextCompactionItem{})},
		{"hook", item(&protocol.HookPromptItem{Fragments: []protocol.HookPromptFragment{{Text: "be brief"}}})},
		{"info", item(&Notice{Text: "Model changed to gpt-5.5 medium", Hint: "for this thread"})},
		{"warning", item(&Notice{Level: Warning, Text: "Codex could not find bubblewrap on PATH. Install bubblewrap with your OS package manager."})},
		{"deprecation", item(&Notice{Level: Deprecation, Text: "old key", Hint: "use the new one"})},
		{"error", item(&Notice{Level: Error, Text: `{"error": {"message": "bad request from fake", "type": "invalid_request_error"}}`})},
		{"interrupted", item(&Notice{Level: Error, Text: "Interrupted. Say what to do instead."})},
		{"separator", item(&Separator{})},
		{"separator-worked", item(&Separator{Worked: 66 * time.Second})},
		{"approved", item(&Decision{Verdict: Approved, Command: "bash -lc 'git push origin main'"})},
		{"approved-session", item(&Decision{Verdict: ApprovedForSession, Actor: "Auto-reviewer", Command: "make"})},
		{"approved-prefix", item(&Decision{Verdict: ApprovedPrefix, Command: "git push origin main", Prefix: "git push"})},
		{"declined", item(&Decision{Verdict: Declined, What: "apply the changes"})},
		{"canceled", item(&Decision{Verdict: Canceled, Command: "touch /etc/codex-was-here && git push origin main\nrm x"})},
		{"request", item(&Request{Title: "Run this command?", Reason: "Do you want to allow pushing to origin?", Command: "bash -lc 'git push origin main\u200b'", Cwd: "/w", Thread: "helper"})},
		{"request-patch", item(&Request{Title: "Change these files?", Changes: three[:1]})},
		{"status", item(&Status{Version: "1.2.3", Usage: usage, Rows: []StatusRow{{"Model", "gpt-5.5 (reasoning medium, summaries auto)"}, {"Directory", "/home/me/code"}, {"Thread name", ""}, {"Session", "01a202ed-65ef-77d2-8d70-4addf11f6a5d"}}})},
		{"status-limits", item(&Status{Version: "1.2.3", Limits: []Limit{{"5h limit", 25, "14:00"}, {"Weekly limit", 90.4, ""}}})},
		{"listing", item(&Listing{Command: "/mcp", Title: "MCP Tools", Items: []string{"No MCP servers configured."}, Hints: []string{"See codex-mcp(1)."}})},
		{"answers", item(&Answers{Questions: []Answered{{"Which one?", []string{"The first"}, false}, {"The password?", []string{"hunter2"}, true}, {"And?", nil, false}}})},
		{"unknown", item(&protocol.UnknownItem{Type: "newThing\x1b[2J"})},
	}
}

func TestGolden(t *testing.T) {
	th, _ := text.NewTheme(text.Settings{Depth: text.TrueColor, More: " (ctrl + t shows the transcript)"})
	for _, width := range []int{80, 120} {
		var b strings.Builder
		for _, n := range transcript(t) {
			fmt.Fprintf(&b, "-- %s --\n", n.name)
			for _, l := range Render(n.entry, width, th) {
				fmt.Fprintf(&b, "%s\n", strings.TrimRight(l.String(), " "))
			}
		}
		file := fmt.Sprintf("testdata/cells-%d.txt", width)
		if *update {
			if err := os.WriteFile(file, []byte(b.String()), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		got, wanted := strings.Split(b.String(), "\n"), strings.Split(string(want), "\n")
		for i := range max(len(got), len(wanted)) {
			if i >= len(got) || i >= len(wanted) || got[i] != wanted[i] {
				t.Errorf("%s:%d is another: go test -update writes it, git diff shows it", file, i+1)
				break
			}
		}
	}
}

// TestEveryKind holds that each row of the table is drawn by the golden test.
func TestEveryKind(t *testing.T) {
	seen := map[string]bool{}
	for _, n := range transcript(t) {
		seen[n.entry.Item.ItemType()] = true
	}
	for _, r := range rows() {
		if !seen[r.kind] {
			t.Errorf("no test has a %s", r.kind)
		}
	}
}

// TestWidths holds that nothing is wider than its terminal, in any width and theme, and
// that only an approval has its frame.
func TestWidths(t *testing.T) {
	for _, depth := range []text.Depth{text.NoColor, text.Colors16, text.TrueColor} {
		th, _ := text.NewTheme(text.Settings{Depth: depth, BG: text.RGB(20, 20, 20), More: " (ctrl + t shows the transcript)"})
		for _, n := range transcript(t) {
			for _, width := range []int{0, 1, 2, 3, 5, 10, 17, 40, 200} {
				for _, full := range []bool{false, true} {
					n.entry.Full = full
					for _, l := range Render(n.entry, width, th) {
						if w := l.Width(); w > max(1, width) && w > 2 {
							t.Errorf("%s at %d: %q", n.name, width, l.String())
						}
						framed := strings.HasPrefix(l.String(), "▌")
						if framed != (n.entry.Item.ItemType() == kindRequest && width > 2) {
							t.Errorf("%s at %d has a frame: %t", n.name, width, framed)
						}
					}
				}
			}
		}
	}
}

// TestNoColor holds that a theme without colours has none, whatever is drawn.
func TestNoColor(t *testing.T) {
	th, _ := text.NewTheme(text.Settings{BG: text.RGB(20, 20, 20), More: " (ctrl + t shows the transcript)"})
	for _, n := range transcript(t) {
		for _, l := range Render(n.entry, 80, th) {
			for _, s := range l {
				if s.Style.FG != text.Default || s.Style.BG != text.Default {
					t.Errorf("%s: %+v", n.name, s)
				}
			}
		}
	}
}
