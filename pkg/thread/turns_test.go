package thread

import (
	"encoding/json"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"codex/pkg/protocol"
	"codex/pkg/rollout"
)

func ev(s string) rollout.Entry {
	return rollout.Entry{Type: rollout.TypeEvent, Payload: json.RawMessage(s)}
}

func started(id string) rollout.Entry { return ev(`{"type":"task_started","turn_id":"` + id + `"}`) }

func turns(t *testing.T, entries ...rollout.Entry) ([]protocol.Turn, error) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "rollout.jsonl")
	w := rollout.Create(path, rollout.Meta{ID: "t"}, time.Now)
	if err := w.Append(entries...); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return Turns(path, "")
}

// What clients see of a review and of a plan, written by us or by the original, which
// begins a review before its turn.
func TestTurnsReview(t *testing.T) {
	output := `{"findings":[{"title":"T","body":"b","confidence_score":0.5,"priority":1,"code_location":{"absolute_file_path":"/f","line_range":{"start":1,"end":2}}}],"overall_correctness":"x","overall_explanation":"Why.","overall_confidence_score":0.0}`
	entered := ev(`{"type":"entered_review_mode","target":{"type":"uncommittedChanges"},"user_facing_hint":"current changes"}`)
	exited := ev(`{"type":"exited_review_mode","review_output":` + output + `}`)
	plan := ev(`{"type":"item_completed","thread_id":"t","turn_id":"b","item":{"type":"Plan","id":"b-plan","text":"do it"}}`)
	ours, err := turns(t, started("a"), entered, exited, ev(`{"type":"exited_review_mode","review_output":null}`), started("b"), plan,
		ev(`{"type":"item_completed","item":{"type":"Other"}}`))
	if err != nil || len(ours) != 2 || len(ours[0].Items) != 3 || len(ours[1].Items) != 1 {
		t.Fatalf("%v %+v", err, ours)
	}
	got := []string{ours[0].Items[0].(*protocol.EnteredReviewModeItem).Review, ours[0].Items[1].(*protocol.ExitedReviewModeItem).Review,
		ours[0].Items[2].(*protocol.ExitedReviewModeItem).Review, ours[1].Items[0].(*protocol.PlanItem).Text}
	if want := []string{"current changes", "Why.\n\nReview comment:\n\n- T — /f:1-2\n  b", rollout.ReviewFailed, "do it"}; !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
	theirs, err := turns(t, entered, started("a"), exited)
	if err != nil || len(theirs) != 2 || theirs[0].ID != "rollout-1" || theirs[1].ID != "a" {
		t.Errorf("%v %+v", err, theirs)
	}
}

// What clients see of calls of tools of servers, as 0.133.0 writes them and as 0.171.0 does.
func TestTurnsServerCalls(t *testing.T) {
	older := func(id, result string) rollout.Entry {
		return ev(`{"type":"mcp_tool_call_end","call_id":"` + id + `","invocation":{"server":"zoo","tool":"look","arguments":{"b":1,"a":1.0}},"duration":{"secs":1,"nanos":2000000},"result":` + result + `}`)
	}
	newer := func(id, rest string) rollout.Entry {
		return ev(`{"type":"item_completed","thread_id":"t","turn_id":"a","item":{"type":"McpToolCall","id":"` + id + `","server":"zoo","tool":"look","arguments":{"b":1,"a":1.0},"readOnlyHint":true,` + rest + `,"duration":{"secs":1,"nanos":2000000}}}`)
	}
	got, err := turns(t, started("a"), older("1", `{"Ok":{"content":[{"type":"text","text":"x"}],"structuredContent":{"z":1},"_meta":{"k":"v"}}}`), older("2", `{"Ok":{"content":[],"isError":true}}`), older("3", `{"Err":"gone"}`),
		newer("1", `"status":"completed","result":{"content":[{"type":"text","text":"x"}],"structuredContent":{"z":1},"_meta":{"k":"v"}}`), newer("2", `"status":"failed","result":{"content":[],"isError":true}`), newer("3", `"status":"failed","error":{"message":"gone"}`))
	if err != nil || len(got) != 1 || len(got[0].Items) != 6 {
		t.Fatalf("%v %+v", err, got)
	}
	want := []string{
		`"status":"completed","arguments":{"b":1,"a":1.0},"pluginId":null,"result":{"content":[{"type":"text","text":"x"}],"structuredContent":{"z":1},"_meta":{"k":"v"}},"error":null,"durationMs":1002,`,
		`"status":"failed","arguments":{"b":1,"a":1.0},"pluginId":null,"result":{"content":[],"structuredContent":null,"_meta":null},"error":null,"durationMs":1002,`,
		`"status":"failed","arguments":{"b":1,"a":1.0},"pluginId":null,"result":null,"error":{"message":"gone"},"durationMs":1002,`,
	}
	for i, item := range got[0].Items {
		raw, err := json.Marshal(item)
		if head := `{"type":"mcpToolCall","id":"` + item.ItemID() + `","server":"zoo","tool":"look",` + want[i%3]; err != nil || !strings.HasPrefix(string(raw), head) {
			t.Errorf("%v %s", err, raw)
		}
	}
}

// TestLater reads a session of a later version, which writes items instead of events of
// messages.
func TestLater(t *testing.T) {
	const path = "testdata/later.jsonl"
	h, err := Read(path)
	if err != nil || !h.Listed || h.Preview != "say hi" || h.Cwd != "/tmp/w" {
		t.Fatalf("%v %+v", err, h)
	}
	got, err := Turns(path, "")
	if err != nil || len(got) != 1 || len(got[0].Items) != 3 || got[0].Status != protocol.TurnStatusCompleted {
		t.Fatalf("%v %+v", err, got)
	}
	if m := got[0].Items[0].(*protocol.UserMessageItem); len(m.Content) != 2 || m.Content[0].Text != "say " || m.Content[1].Text != "hi" {
		t.Errorf("%+v", m)
	}
	if m := got[0].Items[1].(*protocol.ReasoningItem); strings.Join(m.Summary, "") != "**Greet**" {
		t.Errorf("%+v", m)
	}
	if m := got[0].Items[2].(*protocol.AgentMessageItem); m.Text != "hello" {
		t.Errorf("%+v", m)
	}
	if l, err := ReadLatest(path); err != nil || l.Cwd != "/tmp/w" || l.Model != "gpt-6.2" || l.Usage == nil || l.Usage.Total.TotalTokens != 120 {
		t.Errorf("%v %+v", err, l)
	}
}
