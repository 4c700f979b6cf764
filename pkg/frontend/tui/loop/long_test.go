package loop

import (
	"encoding/json"
	"fmt"
	"runtime"
	"strings"
	"testing"

	"codex/pkg/frontend/tui/cells"
	"codex/pkg/frontend/tui/screen"
	"codex/pkg/protocol"
	"codex/tests/tui/vt"
)

// mute is a terminal that forgets what it is sent.
type mute struct{ terminal }

func (mute) Write(b []byte) (int, error) { return len(b), nil }

// long is a loop at which a session goes on and on.
func long(t testing.TB) *harness {
	h := newHarness(t, 120, 40)
	h.TTY = mute{terminal{vt.New(120, 40)}}
	h.screen = screen.New(h.TTY, 120, 40, 0)
	return h
}

// answer is what the model says in turn n.
func answer(n int) string {
	return fmt.Sprintf("## Turn %d\n\nThe **tests** pass, `main.go` is shorter:\n\n```go\nfunc main() {\n\tfmt.Println(%d)\n}\n```\n\n", n, n) + strings.Repeat("A paragraph of an answer goes on for a while, as they do. ", 20)
}

// lines are what an engine sends in turn n.
func linesOf(n int) []byte {
	var b []byte
	line := func(method string, params map[string]any) {
		params["threadId"], params["turnId"] = "t", "u"
		l, err := json.Marshal(map[string]any{"method": method, "params": params})
		if err != nil {
			panic(err)
		}
		b = append(append(b, l...), '\n')
	}
	item := func(method string, item map[string]any) { line(method, map[string]any{"item": item}) }
	line("turn/started", map[string]any{"turn": map[string]any{"id": "u"}})
	item("item/completed", map[string]any{"type": "userMessage", "id": fmt.Sprint("u", n), "content": []any{map[string]any{"type": "text", "text": fmt.Sprint("question ", n)}}})
	command := map[string]any{"type": "commandExecution", "id": fmt.Sprint("c", n), "command": "go test ./...", "status": "inProgress", "commandActions": []any{}}
	item("item/started", command)
	output := strings.Repeat("ok  \tcodex/pkg/something\t0.1s\n", 60)
	line("item/commandExecution/outputDelta", map[string]any{"itemId": fmt.Sprint("c", n), "delta": output})
	command["status"], command["aggregatedOutput"], command["exitCode"] = "completed", output, 0
	item("item/completed", command)
	for text := answer(n); len(text) > 0; {
		k := min(len(text), 100)
		line("item/agentMessage/delta", map[string]any{"itemId": fmt.Sprint("m", n), "delta": text[:k]})
		text = text[k:]
	}
	item("item/completed", map[string]any{"type": "agentMessage", "id": fmt.Sprint("m", n), "text": answer(n)})
	line("turn/completed", map[string]any{"turn": map[string]any{"id": "u", "status": "completed"}})
	return b
}

func (h *harness) turns(from, to int) {
	for n := from; n < to; n++ {
		h.take(batch{lines: linesOf(n)})
		h.frame()
		h.composer.Insert(fmt.Sprint("question ", n))
		h.composer.History.Add(h.composer.Draft())
		h.composer.Clear()
	}
}

func heap() uint64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// TestLong holds that a thousand turns cost no more memory than the first hundred, and a
// frame of theirs no more work.
func TestLong(t *testing.T) {
	h := long(t)
	frame := func() float64 {
		return testing.AllocsPerRun(10, func() {
			h.draw()
			h.urgent = true
			h.frame()
		})
	}
	turn := func(n int) float64 {
		return testing.AllocsPerRun(10, func() { h.turns(n, n+1) })
	}
	h.turns(0, 2*MaxReplay)
	kept, frames, turns, bytes := len(h.transcript.entries), frame(), turn(1000), heap()
	h.turns(2*MaxReplay, 1000)
	if n := len(h.transcript.entries); n > kept {
		t.Errorf("%d entries are kept, %d were", n, kept)
	}
	if n := frame(); n > frames+1 {
		t.Errorf("a frame has %.0f allocations, it had %.0f", n, frames)
	}
	if n := turn(1000); n > turns*1.1 {
		t.Errorf("a turn has %.0f allocations, it had %.0f", n, turns)
	}
	if n := heap(); n > bytes+512<<10 {
		t.Errorf("%d bytes are in use, %d were", n, bytes)
	}
	if l := h.transcript; l.said != MaxReplay || !asked(l.entries[0].Entry) || !l.lost {
		t.Errorf("of the %d turns that are kept the first begins with %T", l.said, l.entries[0].Item)
	}
}

// TestLongTurn holds that a turn without an end is bounded too, also by what commands that
// only look around have written.
func TestLongTurn(t *testing.T) {
	h := long(t)
	output := strings.Repeat("x", 1<<20)
	for n := range 40 {
		c := &protocol.CommandExecutionItem{ID: fmt.Sprint(n), Command: "cat x", AggregatedOutput: &output}
		var item protocol.ThreadItem = c
		if n%2 == 0 {
			item = &cells.Explored{Commands: []*protocol.CommandExecutionItem{c}}
		}
		h.transcript.add(cells.Entry{Item: item})
	}
	if l := h.transcript; l.weight > maxTranscript || len(l.entries) != maxTranscript>>20-1 {
		t.Errorf("%d entries of %d bytes are kept", len(l.entries), l.weight)
	}
	h.transcript.back(0)
	if h.transcript.weight != 0 || h.transcript.said != 0 {
		t.Errorf("%d bytes of %d messages in nothing", h.transcript.weight, h.transcript.said)
	}
}

// BenchmarkTurn draws a turn of a session that has just begun, and of a long one.
func BenchmarkTurn(b *testing.B) {
	for _, before := range []int{100, 1000} {
		b.Run(fmt.Sprintf("after %d", before), func(b *testing.B) {
			h := long(b)
			h.turns(0, before)
			lines := linesOf(before)
			b.ReportAllocs()
			for b.Loop() {
				h.take(batch{lines: lines})
				h.frame()
			}
			b.ReportMetric(float64(heap())/1e6, "heap-MB")
		})
	}
}
