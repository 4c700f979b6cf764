package cells

import (
	"encoding/json"
	"strings"
	"testing"

	"codex/pkg/frontend/tui/text"
	"codex/pkg/protocol"
)

// everywhere puts a stranger's text into every place that an entry has for one.
func everywhere(s string) []protocol.ThreadItem {
	quoted, err := json.Marshal(s)
	if err != nil {
		panic(err)
	}
	block, err := json.Marshal(map[string]string{"type": "text", "text": s})
	if err != nil {
		panic(err)
	}
	return []protocol.ThreadItem{
		&protocol.UserMessageItem{Content: []protocol.UserInput{{Type: "text", Text: s}, {Type: "mention", Name: s}, {Type: "image", URL: s}, {Type: s}}},
		&protocol.AgentMessageItem{Text: s},
		&protocol.ReasoningItem{Summary: []string{s}},
		&protocol.PlanItem{Text: s},
		&protocol.CommandExecutionItem{Command: s, Status: "completed", AggregatedOutput: &s},
		&protocol.CommandExecutionItem{Command: s, Status: "completed", CommandActions: []protocol.CommandAction{{Type: "read", Name: s}, {Type: "search", Query: &s, Path: &s}, {Type: "listFiles", Path: &s}}},
		&protocol.FileChangeItem{Status: "completed", Changes: []protocol.FileUpdateChange{{Path: s, Kind: protocol.PatchChangeKind{Type: "add"}, Diff: s}, {Path: s, Kind: protocol.PatchChangeKind{Type: "update", MovePath: &s}, Diff: "@@ -1 +1 @@\n-" + s + "\n+" + s}}},
		&protocol.FileChangeItem{Status: "failed", Changes: []protocol.FileUpdateChange{{Path: s}}},
		&protocol.McpToolCallItem{Server: s, Tool: s, Arguments: quoted, Result: &protocol.McpToolCallResult{Content: []json.RawMessage{block, quoted}}, Error: &protocol.McpToolCallError{Message: s}},
		&protocol.DynamicToolCallItem{Tool: s, Namespace: &s, ContentItems: []protocol.DynamicToolCallOutputContentItem{{Type: "inputText", Text: s}}},
		&protocol.CollabAgentToolCallItem{Tool: protocol.CollabAgentTool(s), Prompt: &s, Model: &s, AgentsStates: map[string]protocol.CollabAgentState{s: {Status: protocol.CollabAgentStatus(s), Message: &s}}},
		&protocol.WebSearchItem{Query: s},
		&protocol.ImageViewItem{Path: s},
		&protocol.ImageGenerationItem{Status: s, RevisedPrompt: &s, SavedPath: &s},
		&protocol.EnteredReviewModeItem{Review: s},
		&protocol.ExitedReviewModeItem{Review: s},
		&protocol.HookPromptItem{Fragments: []protocol.HookPromptFragment{{Text: s}}},
		&protocol.UnknownItem{Type: s},
		&Notice{Text: s, Hint: s}, &Notice{Level: Error, Text: s, Hint: s},
		&Header{Version: s, Model: s, Effort: s, Directory: s},
		&Status{Version: s, Rows: []StatusRow{{s, s}}, Limits: []Limit{{s, 1, s}}},
		&Plan{Explanation: s, Steps: []protocol.TurnPlanStep{{Step: s}}},
		&Decision{Command: s, Actor: s, Prefix: s}, &Decision{Verdict: ApprovedPrefix, Prefix: s}, &Decision{What: s},
		&Listing{Command: s, Title: s, Items: []string{s}, Hints: []string{s}},
		&Answers{Questions: []Answered{{s, []string{s}, false}}},
		&Request{Title: s, Thread: s, Reason: s, Rule: s, Cwd: s, Command: s, Changes: []protocol.FileUpdateChange{{Path: s, Kind: protocol.PatchChangeKind{Type: "update"}, Diff: s}}},
	}
}

// holds checks what no text may do: reach the terminal as more than text, be wider than
// it, look like an approval.
func holds(t *testing.T, item protocol.ThreadItem, full bool, width int, th *text.Theme) {
	t.Helper()
	for _, l := range Render(Entry{Item: item, Full: full}, width, th) {
		if w := l.Width(); w > width && w > 2 {
			t.Errorf("%s at %d: %d columns: %q", item.ItemType(), width, w, l.String())
		}
		for _, s := range l {
			if strings.ContainsFunc(s.Text, live) || strings.ContainsFunc(s.Link, live) {
				t.Errorf("%s: %q reaches the terminal", item.ItemType(), s.Text)
			}
		}
		first := l.String()
		if framed := strings.HasPrefix(first, "▌"); width > 4 && framed != (item.ItemType() == kindRequest) {
			t.Errorf("%s at %d: the frame of an approval: %q", item.ItemType(), width, first)
		}
	}
}

// live says whether a terminal does something with r, or gives it no harmless place.
func live(r rune) bool {
	return r < ' ' || r >= 0x7f && r < 0xa0 || r == 0x200e || r == 0x200f || r >= 0x2028 && r <= 0x202e || r >= 0x2066 && r <= 0x206f || r == 0x61c
}

func TestHostileText(t *testing.T) {
	th, _ := text.NewTheme(text.Settings{Depth: text.TrueColor})
	for _, s := range []string{
		"", "\x1b]52;c;cm0gLXJm\a\x1b[2J\x1b]0;title\a", "\u009b2J\x9b2J", "a\u202eb\u2066c", "a\rb\bc\x00",
		"▌ Run this command?\n▌\n▌ $ rm -rf /\n", "\x1b[1;35m▌\x1b[0m x", strings.Repeat("e\u0301", 50) + strings.Repeat("\u0301", 4000),
		"&#27;[2J&#x9b;2J", "[x](https://a.b/\x1b]8;;evil)", "| a |\n|---|\n| \x1b[2J |", "```\n\x1b[2J\n```", "\t\ttabs\tin\tit", "世界" + strings.Repeat("界", 100),
	} {
		for _, item := range everywhere(s) {
			for _, width := range []int{5, 10, 80} {
				holds(t, item, false, width, th)
				holds(t, item, true, width, th)
			}
		}
	}
}

// TestLongLines holds that a line of megabytes costs a bounded number of rows wherever it is
// not what the model writes itself, and says how much of it is missing.
func TestLongLines(t *testing.T) {
	th, _ := text.NewTheme(text.Settings{Depth: text.TrueColor})
	long := strings.Repeat("x", 3<<20)
	for _, item := range everywhere(long) {
		switch item.ItemType() {
		case protocol.ItemAgentMessage, protocol.ItemReasoning, protocol.ItemPlan, protocol.ItemExitedReviewMode:
			continue
		}
		if rows := Render(Entry{Item: item}, 80, th); len(rows) > 8000 {
			t.Errorf("%s: %d rows", item.ItemType(), len(rows))
		}
	}
}

func FuzzRender(f *testing.F) {
	f.Add("\x1b[31mred▌\u202e\n\tx", 10, false)
	f.Add("**a** | b\n|-|-|\n- x", 4, true)
	f.Fuzz(func(t *testing.T, s string, width int, full bool) {
		width = 1 + max(width, -width, 0)%120
		th, _ := text.NewTheme(text.Settings{Depth: text.Colors256, BG: text.RGB(0, 0, 0)})
		for _, item := range everywhere(s) {
			holds(t, item, full, width, th)
		}
	})
}
