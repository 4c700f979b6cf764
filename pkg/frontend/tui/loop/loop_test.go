package loop

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"codex/pkg/config"
	"codex/pkg/frontend/tui/keys"
	"codex/pkg/jsonrpc"
	"codex/tests/tui/vt"
)

// terminal is an emulator as the loop's terminal. Nothing is read from it.
type terminal struct{ *vt.Terminal }

func (t terminal) Read([]byte) (int, error)  { select {} }
func (t terminal) Size() (int, int)          { return t.Cols, t.Rows }
func (t terminal) Raw() error                { return nil }
func (t terminal) Restore()                  {}
func (t terminal) Crash()                    {}
func (t terminal) Cancel()                   {}
func (t terminal) Resume()                   {}
func (t terminal) Files() (in, out *os.File) { return nil, nil }
func (t terminal) Title(s string) error {
	_, err := t.Write([]byte("\x1b]0;" + s + "\x07"))
	return err
}

// harness is a loop that is driven by hand.
type harness struct {
	*Loop
	term *vt.Terminal
}

func newHarness(t testing.TB, cols, rows int) *harness {
	h := &harness{term: vt.New(cols, rows)}
	now := time.Unix(1_700_000_000, 0)
	h.Loop = New(Options{TTY: terminal{h.term}, Getenv: func(k string) string {
		return map[string]string{"TERM": "xterm-256color", "COLORTERM": "truecolor"}[k]
	}, Cwd: "/w", Home: "/home", Sessions: many(3), Config: &config.Config{Home: t.TempDir(), Cwd: "/w", History: config.History{Persistence: "none"}}, Now: func() time.Time { now = now.Add(time.Second); return now }})
	h.ctx = t.Context()
	h.begin()
	h.place(0)
	h.engine = &Engine{box: jsonrpc.NewOutbox(1000, 1<<20, false)}
	h.engine.conn = jsonrpc.NewConn(h.engine.box, jsonrpc.Options{FirstID: 1, Handle: h.handle, Bad: h.bad})
	h.state.Thread.ID, h.opened = "t", true
	t.Cleanup(func() { // before the folder goes
		h.timers.stop()
		h.wg.Wait()
	})
	return h
}

// line gives the loop a line of the engine, and draws.
func (h *harness) line(method string, id int, params map[string]any) {
	m := map[string]any{"method": method, "params": params}
	if id > 0 {
		m["id"] = id
	}
	b, err := json.Marshal(m)
	if err != nil {
		panic(err)
	}
	h.take(batch{lines: append(b, '\n')})
	h.frame()
}

func (h *harness) check(t *testing.T) {
	t.Helper()
	if h.result.Err != nil {
		t.Fatal(h.result.Err)
	}
	copied := func(seq string) bool { // the user has copied an answer
		return slices.ContainsFunc(h.answers, func(a string) bool {
			return seq == "OSC 52;c;"+base64.StdEncoding.EncodeToString([]byte(a))
		})
	}
	if h.term.Strange = slices.DeleteFunc(h.term.Strange, copied); len(h.term.Strange) > 0 {
		t.Fatalf("the terminal was sent %q", h.term.Strange)
	}
	if strings.Contains(h.term.Title, "evil") {
		t.Fatalf("the title is %q", h.term.Title)
	}
	if len(h.asking()) > 0 {
		return
	}
	for _, l := range h.term.All() {
		if strings.HasPrefix(l, "▌") {
			t.Fatalf("this looks like an approval: %q in\n%s", l, strings.Join(h.term.All(), "\n"))
		}
	}
}

// TestExactlyOnce holds that each line of an answer is printed once, whatever the deltas.
func TestExactlyOnce(t *testing.T) {
	h := newHarness(t, 40, 10)
	r := rand.New(rand.NewPCG(1, 2))
	var want strings.Builder
	for i := range 500 {
		fmt.Fprintf(&want, "line %03d\n", i)
	}
	h.line("turn/started", 0, map[string]any{"threadId": "t", "turn": map[string]any{"id": "u"}})
	rest := want.String()
	for len(rest) > 100 { // the end comes with the item alone
		n := min(len(rest), 1+r.IntN(60))
		h.line("item/agentMessage/delta", 0, map[string]any{"threadId": "t", "itemId": "m", "delta": rest[:n]})
		rest = rest[n:]
	}
	h.line("item/completed", 0, map[string]any{"threadId": "t", "item": map[string]any{"type": "agentMessage", "id": "m", "text": want.String()}})
	h.line("turn/completed", 0, map[string]any{"threadId": "t", "turn": map[string]any{"id": "u", "status": "completed"}})
	h.check(t)
	all := strings.Join(h.term.All(), "\n")
	for i := range 500 {
		if n := strings.Count(all, fmt.Sprintf("line %03d", i)); n != 1 {
			t.Errorf("line %d is there %d times", i, n)
		}
	}
}

// TestWaits holds that after a resize the size that the terminal itself has is waited for as
// long as that changes, and not for ever.
func TestWaits(t *testing.T) {
	h := newHarness(t, 80, 24)
	for cols := range 100 {
		if cols != 80 && !h.waits(cols, 24) {
			t.Fatalf("%d columns", cols)
		}
	}
	n := 0
	for h.waits(99, 24) {
		if n++; n > mostLate {
			t.Fatal("it waits for ever")
		}
	}
	if h.waits(80, 24) {
		t.Error("it waits for what is there")
	}
}

// TestIdle holds that nothing is to be done while nothing happens: no frame, no timer.
func TestIdle(t *testing.T) {
	h := newHarness(t, 80, 24)
	h.frame()
	turn := map[string]any{"threadId": "t", "turn": map[string]any{"id": "u", "status": "completed"}}
	h.line("turn/started", 0, turn)
	h.line("turn/completed", 0, turn)
	for id, on := range h.timers.on {
		if on && id != timerBeat { // which was set while the turn ran, and is not set again
			t.Errorf("timer %d is on", id)
		}
	}
	h.timeout(timerBeat)
	h.frame()
	if h.dirty || h.timers.on[timerBeat] {
		t.Error("there is something to be drawn")
	}
	h.check(t)
}

// TestLowTerminal holds that of a question the answer that enter gives is on the screen,
// however few rows there are.
func TestLowTerminal(t *testing.T) {
	for _, rows := range []int{3, 4, 6, 9, 14} {
		h := newHarness(t, 20, rows)
		h.line("turn/started", 0, map[string]any{"threadId": "t", "turn": map[string]any{"id": "u"}})
		h.line("item/commandExecution/requestApproval", 1, map[string]any{"threadId": "t", "turnId": "u", "itemId": "c", "command": "rm -rf a/long/path and others", "reason": "for many reasons, each of which takes a row"})
		if s := strings.Join(h.term.Screen(), "\n"); rows == 14 && !strings.Contains(s, "$ rm -rf") {
			t.Errorf("the command is not there:\n%s", s)
		}
		for _, want := range []string{"› 1. Yes", "› 2. "} {
			if s := strings.Join(h.term.Screen(), "\n"); !strings.Contains(s, want) {
				t.Errorf("%d rows, no %q in\n%s", rows, want, s)
			}
			h.event(keys.Event{Code: keys.Down})
			h.frame()
		}
	}
}

// TestLowComposer holds that what is written is on the screen, however few rows there are.
func TestLowComposer(t *testing.T) {
	for _, rows := range []int{2, 3, 4, 5, 8} {
		h := newHarness(t, 20, rows)
		for _, r := range "/mo" { // with a popup below it
			h.event(keys.Event{Code: keys.Code(r)})
			h.frame()
		}
		if s := strings.Join(h.term.Screen(), "\n"); !strings.Contains(s, "› /mo") {
			t.Errorf("%d rows:\n%s", rows, s)
		}
	}
}

// TestNoNameYet holds that after @ alone nothing is said not to be there.
func TestNoNameYet(t *testing.T) {
	h := newHarness(t, 40, 10)
	for _, step := range []struct {
		key  keys.Code
		want string
	}{{'@', "type a part of a file's name"}, {'q', "no matches"}} {
		h.event(keys.Event{Code: step.key})
		(<-h.posts)()
		h.frame()
		if s := strings.Join(h.term.Screen(), "\n"); !strings.Contains(s, step.want) {
			t.Errorf("no %q in\n%s", step.want, s)
		}
	}
}

// hostile are texts that want to be more.
var hostile = []string{"", "plain", "\x1b]52;c;QUFB\x07", "\x1b[2J\x1b[H", "\x1b]0;evil\x07", "\u202eevil", "▌ Run this command?\n▌ $ rm -rf /", "a\rb", "\x9b31m", "```\n", "| a | b |\n|---|---|\n| 1 |", "# head\n", "日本語 👩‍👩‍👧 e\u0301", strings.Repeat("x", 300), strings.Repeat("\n", 30), "\x00\x07\x08\x7f", "\x1b[31mred", "**", "~~~\x1bP1$r\x1b\\"}

// FuzzEvents feeds random events, keys and sizes, and holds that the terminal is sent
// nothing but what the frontend may say, and nothing that looks like an approval.
func FuzzEvents(f *testing.F) {
	f.Add(uint64(1), uint64(1))
	f.Add(uint64(7), uint64(9))
	f.Add(uint64(7), uint64(85)) // copies an answer
	f.Fuzz(func(t *testing.T, a, b uint64) {
		r := rand.New(rand.NewPCG(a, b))
		h := newHarness(t, 10+r.IntN(80), 5+r.IntN(20))
		threads := []string{"t", "t", "t", "agent-1", "agent-2", "stranger"}
		text := func() string { return hostile[r.IntN(len(hostile))] + hostile[r.IntN(len(hostile))] }
		item := func() map[string]any { return randomItem(r, text) }
		h.setRaw(r.IntN(3) == 0)
		for n := range 60 {
			p := map[string]any{"threadId": threads[r.IntN(len(threads))], "turnId": "u", "itemId": fmt.Sprint(r.IntN(4))}
			switch r.IntN(17) {
			case 0:
				p["turn"] = map[string]any{"id": "u"}
				h.line("turn/started", 0, p)
			case 1:
				p["turn"] = map[string]any{"id": "u", "status": []string{"completed", "failed", "interrupted"}[r.IntN(3)], "error": map[string]any{"message": text()}}
				h.line("turn/completed", 0, p)
			case 2, 3:
				p["item"] = item()
				h.line("item/started", 0, p)
			case 4, 5:
				p["item"] = item()
				h.line("item/completed", 0, p)
			case 6, 7:
				p["delta"] = text()
				h.line([]string{"item/agentMessage/delta", "item/commandExecution/outputDelta", "item/reasoning/summaryTextDelta"}[r.IntN(3)], 0, p)
			case 8:
				p["message"], p["summary"], p["error"], p["willRetry"] = text(), text(), map[string]any{"message": text(), "additionalDetails": text()}, r.IntN(2) == 0
				h.line([]string{"warning", "configWarning", "error"}[r.IntN(3)], 0, p)
			case 9:
				p["command"], p["reason"] = text(), text()
				h.line([]string{"item/commandExecution/requestApproval", "item/fileChange/requestApproval", "item/permissions/requestApproval"}[r.IntN(3)], n+1, p)
			case 10:
				p["plan"], p["explanation"] = []any{map[string]any{"step": text(), "status": "pending"}}, text()
				h.line("turn/plan/updated", 0, p)
			case 11:
				if h.modalAsk != nil {
					continue // a question that was really put may scroll away
				}
				cols, rows := 10+r.IntN(80), 5+r.IntN(20)
				h.term.Resize(cols, rows)
				h.moving = true
				h.askPlace()
				_, y := h.term.Cursor()
				h.place(y)
				h.frame()
			case 12:
				h.line("thread/started", 0, map[string]any{"thread": map[string]any{"id": threads[r.IntN(len(threads))], "agentNickname": text(), "agentRole": text(),
					"source": map[string]any{"subAgent": map[string]any{"thread_spawn": map[string]any{"parent_thread_id": threads[r.IntN(len(threads))]}}}}})
			case 13:
				p["status"] = map[string]any{"type": []string{"notLoaded", "idle", "active"}[r.IntN(3)]}
				h.line("thread/status/changed", 0, p)
			case 14:
				h.event(keys.Event{Code: []keys.Code{keys.Left, keys.Right}[r.IntN(2)], Mod: keys.Alt})
				h.frame()
			default:
				h.event(keys.Event{Code: []keys.Code{'a', '/', '@', keys.Enter, keys.Tab, keys.Escape, keys.Up, 'y'}[r.IntN(8)]})
				h.frame()
			}
			h.check(t)
			h.quit = false
		}
	})
}

func randomItem(r *rand.Rand, text func() string) map[string]any {
	id := fmt.Sprint(r.IntN(4))
	switch r.IntN(8) {
	case 6:
		return map[string]any{"type": "collabAgentToolCall", "id": id, "tool": []string{"spawnAgent", "wait", text()}[r.IntN(3)], "status": "completed", "prompt": text(),
			"receiverThreadIds": []string{"agent-1", text()}, "agentsStates": map[string]any{"agent-2": map[string]any{"status": text(), "message": text()}}}
	case 0:
		return map[string]any{"type": "userMessage", "id": id, "content": []any{map[string]any{"type": "text", "text": text()}}}
	case 1:
		return map[string]any{"type": "reasoning", "id": id, "summary": []string{text()}}
	case 2:
		return map[string]any{"type": "commandExecution", "id": id, "command": text(), "status": "completed", "aggregatedOutput": text(), "exitCode": r.IntN(2), "commandActions": []any{}}
	case 3:
		return map[string]any{"type": "fileChange", "id": id, "status": "completed", "changes": []any{map[string]any{"path": text(), "kind": map[string]any{"type": "add"}, "diff": text()}}}
	case 4:
		return map[string]any{"type": "mcpToolCall", "id": id, "server": text(), "tool": text(), "status": "completed", "arguments": map[string]any{"a": text()}, "result": map[string]any{"content": []any{map[string]any{"type": "text", "text": text()}}}}
	case 5:
		return map[string]any{"type": text(), "id": id}
	}
	return map[string]any{"type": "agentMessage", "id": id, "text": text()}
}
