package thread

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"codex/pkg/protocol"
)

// lines of a session file, one for each byte of a fuzzer's input.
var tailLines = [...]string{
	`{"type":"event_msg","payload":{"type":"task_started","turn_id":"a","started_at":1}}`,
	`{"type":"event_msg","payload":{"type":"task_started","turn_id":"b","started_at":2}}`,
	`{"type":"event_msg","payload":{"type":"task_started","turn_id":"rollout-1"}}`,
	`{"type":"event_msg","payload":{"type":"task_started"}}`,
	`{"type":"event_msg","payload":{"type":"user_message","message":"m%d"}}`,
	`{"type":"event_msg","payload":{"type":"agent_message","message":"m%d","phase":"commentary"}}`,
	`{"type":"event_msg","payload":{"type":"item_completed","item":{"type":"AgentMessage","content":[{"text":"m%d"}]}}}`,
	`{"type":"event_msg","payload":{"type":"patch_apply_end","call_id":"c","status":"completed","changes":{"f%d":{"type":"add","content":"x"}}}}`,
	`{"type":"event_msg","payload":{"type":"task_complete","turn_id":"a","completed_at":%d,"duration_ms":3}}`,
	`{"type":"event_msg","payload":{"type":"turn_aborted","turn_id":"b"}}`,
	`{"type":"event_msg","payload":{"type":"turn_aborted","turn_id":"","duration_ms":%d}}`,
	`{"type":"event_msg","payload":{"type":"thread_rolled_back","num_turns":1}}`,
	`{"type":"event_msg","payload":{"type":"thread_rolled_back","num_turns":2}}`,
	`{"type":"event_msg","payload":{"type":"thread_rolled_back","num_turns":-1}}`,
	`{"type":"compacted","payload":{"message":"x"}}`,
	`{"type":"event_msg","payload":{"type":"context_compacted"}}`,
	`{"type":"event_msg","payload":{"type":"agent_mess`,
	`{"type":"response_item","payload":{"type":"message","content":"\"type\":\"event_msg\""}}` + "\r",
	`{"type":"event_msg","payload":{"type":"user_message","message":"m%d\ud83d"}}` + "\r",
	"",
}

// sessionOf makes a session of bytes; the highest bit tears a line off.
func sessionOf(script []byte) string {
	var b strings.Builder
	b.WriteString(`{"type":"session_meta","payload":{"id":"t"}}` + "\n")
	for i, c := range script {
		line := tailLines[int(c&0x7f)%len(tailLines)]
		if strings.Contains(line, "%d") {
			line = fmt.Sprintf(line, i)
		}
		if c&0x80 != 0 {
			line = line[:len(line)/2]
		}
		b.WriteString(line + "\n")
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// TestTailCommands holds that commands are there which only the model was told of, once.
func TestTailCommands(t *testing.T) {
	path := filepath.Join(t.TempDir(), "rollout.jsonl")
	const call = `{"type":"response_item","payload":{"type":"function_call","name":%q,"arguments":%q,"call_id":%q}}`
	const output = `{"type":"response_item","payload":{"type":"function_call_output","call_id":%q,"output":%q}}`
	lines := []string{
		`{"type":"event_msg","payload":{"type":"task_started","turn_id":"a","started_at":1}}`, `{"type":"event_msg","payload":{"type":"user_message","message":"go"}}`,
		fmt.Sprintf(call, "exec_command", `{"cmd":"ls"}`, "1"), fmt.Sprintf(call, "exec_command", `{"cmd":"false"}`, "2"),
		fmt.Sprintf(output, "1", "Chunk ID: x\nWall time: 0.5000 seconds\nProcess exited with code 0\nOutput:\na\nOutput:\n"), fmt.Sprintf(output, "2", "Process exited with code 1\nOutput:\n"),
		fmt.Sprintf(call, "shell", `{"command":["bash","-lc","old one"]}`, "3"), fmt.Sprintf(output, "3", `{"output":"old","metadata":{"exit_code":3}}`),
		fmt.Sprintf(call, "exec_command", `{"cmd":"apply_patch"}`, "4"), `{"type":"event_msg","payload":{"type":"patch_apply_end","call_id":"4","status":"completed","changes":{}}}`, fmt.Sprintf(output, "4", "Done"),
		fmt.Sprintf(call, "update_plan", `{"plan":[]}`, "5"), fmt.Sprintf(output, "5", "Plan updated"), fmt.Sprintf(call, "shell_command", `{"command":"rm x"}`, "6"), fmt.Sprintf(output, "6", "rejected by user"),
		fmt.Sprintf(call, "exec_command", `{"cmd":"cut short"}`, "7"), `{"type":"event_msg","payload":{"type":"turn_aborted","turn_id":"a"}}`,
	}
	if err := os.WriteFile(path, []byte(strings.Join(lines, "\n")+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	tail, err := ReadTail(path, 10, 1<<20)
	if err != nil || len(tail.Turns) != 1 {
		t.Fatalf("%v, %d turns", err, len(tail.Turns))
	}
	var got []string
	for _, item := range tail.Turns[0].Items {
		s := item.ItemType()
		if c, ok := item.(*protocol.CommandExecutionItem); ok {
			s = fmt.Sprintf("%s: %s", c.Command, c.Status)
			if c.AggregatedOutput != nil {
				s += fmt.Sprintf(" %q", *c.AggregatedOutput)
			}
			if c.ExitCode != nil {
				s += fmt.Sprint(" ", *c.ExitCode)
			}
		}
		got = append(got, s)
	}
	want := []string{"userMessage", `ls: completed "a\nOutput:\n" 0`, `false: failed "" 1`, `bash -lc 'old one': failed "old" 3`, "fileChange", `rm x: failed "rejected by user"`, "cut short: failed"}
	if !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}

// pieces are turns taken apart: each item, and how each turn went, without ids that count.
func pieces(t *testing.T, turns []protocol.Turn) []string {
	t.Helper()
	var out []string
	for i, turn := range turns {
		for _, item := range turn.Items {
			b, err := json.Marshal(item)
			if err != nil {
				t.Fatal(err)
			}
			var v map[string]any
			if err := json.Unmarshal(b, &v); err != nil {
				t.Fatal(err)
			}
			if v["type"] != protocol.ItemFileChange {
				delete(v, "id")
			}
			b, _ = json.Marshal(v)
			out = append(out, fmt.Sprintf("%d %s", len(turns)-i, b))
		}
		turn.Items = nil
		b, err := json.Marshal(turn)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, string(b))
	}
	return out
}

const manyBytes = 1 << 20

// holdTail holds the tail of a session against all of it. Where bytes is the bound the first
// turn may have lost its begin, its id and what it says of itself.
func holdTail(t *testing.T, session string, most, bytes int) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "r.jsonl")
	if err := os.WriteFile(path, []byte(session), 0o600); err != nil {
		t.Fatal(err)
	}
	all, err := Turns(path, "")
	if err != nil {
		t.Fatal(err)
	}
	tail, err := ReadTail(path, most, bytes)
	if err != nil {
		t.Fatal(err)
	}
	want, got := pieces(t, all), pieces(t, tail.Turns)
	if !tail.Earlier {
		if !slices.Equal(got, want) {
			t.Fatalf("of\n%s\nthe tail is\n%s\nwant\n%s", session, strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
		return
	}
	n := len(tail.Turns)
	if n > most || n > len(all) {
		t.Fatalf("%d turns of %d, %d were asked for", n, len(all), most)
	}
	all = all[len(all)-n:]
	if n > 0 && bytes < manyBytes {
		items, whole := tail.Turns[0].Items, all[0].Items
		all[0].Items = whole[max(0, len(whole)-len(items)):]
		tail.Turns[0] = all[0]
		tail.Turns[0].Items = items
	}
	want, got = pieces(t, all), pieces(t, tail.Turns)
	if !slices.Equal(got, want) {
		t.Fatalf("of\n%s\nthe last %d turns are\n%s\nwant\n%s", session, n, strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func FuzzTail(f *testing.F) {
	f.Add([]byte{0, 4, 5, 8, 1, 4, 11, 5, 9}, uint8(1), uint8(200))
	f.Add([]byte{4, 5, 0, 4, 12, 4, 3, 1, 11, 5, 0x85}, uint8(2), uint8(90))
	f.Add([]byte{0, 4, 1, 4, 11, 5, 12, 4, 2, 6, 7, 14, 15, 17, 18}, uint8(9), uint8(255))
	f.Fuzz(func(t *testing.T, script []byte, most, bytes uint8) {
		if len(script) > 200 {
			t.Skip()
		}
		session := sessionOf(script)
		holdTail(t, session, 1000, manyBytes)
		holdTail(t, session, 1+int(most), manyBytes)
		holdTail(t, session, 1+int(most), 1+10*int(bytes))
	})
}

// TestTailBounds holds that a line of 100 MB costs no memory, and is told when it was to be
// shown.
func TestTailBounds(t *testing.T) {
	huge := func(head, tail string) string { return head + strings.Repeat("x", 100<<20) + tail + "\n" }
	session := sessionOf([]byte{0, 4, 5, 8}) + "\n" +
		huge(`{"type":"response_item","payload":{"output":"`, `"}}`) +
		huge(`{"type":"event_msg","payload":{"type":"agent_message","message":"`, `"}}`) + tailLines[1] + "\n" + fmt.Sprintf(tailLines[4], 7)
	path := filepath.Join(t.TempDir(), "r.jsonl")
	if err := os.WriteFile(path, []byte(session), 0o600); err != nil {
		t.Fatal(err)
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	tail, err := ReadTail(path, 10, 1<<20)
	runtime.ReadMemStats(&after)
	if err != nil || len(tail.Turns) != 1 || !tail.Earlier || tail.Skipped != 1 {
		t.Fatalf("%v: %d turns, %d skipped", err, len(tail.Turns), tail.Skipped)
	}
	if n := (after.TotalAlloc - before.TotalAlloc) >> 20; n > 8 {
		t.Errorf("%d MB were allocated", n)
	}
}

// BenchmarkTail reads the end of a session of 200 MB.
func BenchmarkTail(b *testing.B) {
	path := filepath.Join(b.TempDir(), "r.jsonl")
	turn := sessionOf([]byte{0, 4, 5, 5, 8, 1, 4, 5, 5, 9}) + "\n" + `{"type":"response_item","payload":{"output":"` + strings.Repeat("x", 8000) + `"}}` + "\n"
	if err := os.WriteFile(path, []byte(strings.Repeat(turn, 200<<20/len(turn))), 0o600); err != nil {
		b.Fatal(err)
	}
	b.ResetTimer()
	for b.Loop() {
		if tail, err := ReadTail(path, 100, 1<<20); err != nil || len(tail.Turns) != 100 {
			b.Fatal(err, len(tail.Turns))
		}
	}
}
