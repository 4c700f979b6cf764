package rollout

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/tidwall/gjson"

	"codex/pkg/jsonrpc"
)

func clock() time.Time { return time.Date(2026, 11, 22, 10, 45, 42, 201e6, time.UTC) }

func item(n int) Entry {
	return Entry{TypeResponseItem, json.RawMessage(fmt.Sprintf(`{"type":"message","role":"user","content":[{"type":"input_text","text":"%d"}]}`, n))}
}

func ev(s string) Entry { return Entry{TypeEvent, json.RawMessage(s)} }

func started(id string) Entry { return ev(`{"type":"task_started","turn_id":"` + id + `"}`) }

func texts(h *History) string {
	var out []string
	for _, it := range h.Items {
		var v struct {
			Content []struct{ Text string }
		}
		_ = json.Unmarshal(it, &v)
		out = append(out, v.Content[0].Text)
	}
	return strings.Join(out, " ")
}

func write(t *testing.T, entries ...Entry) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "2026", "r.jsonl")
	w := Create(path, Meta{ID: "01a2", Source: json.RawMessage(`"exec"`)}, clock)
	if err := w.Append(entries...); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestRoundTrip(t *testing.T) {
	path := write(t, started("a"), item(1), Entry{TypeTurnContext, TurnContext{Model: "m", SandboxPolicy: SandboxPolicy{Type: "read-only"}}},
		ev(`{"type":"user_message","message":"hello <b>"}`), item(2),
		ev(`{"type":"token_count","info":{"total_token_usage":{"total_tokens":7}}}`), ev(`{"type":"token_count","info":null}`))
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(string(b), `{"timestamp":"2026-11-22T10:45:42.201Z","type":"session_meta","payload":{"id":"01a2"`) || !strings.Contains(string(b), "hello <b>") {
		t.Errorf("file begins %.120s", b)
	}
	h, err := Load(path)
	if err != nil {
		t.Fatal(err)
	}
	if texts(h) != "1 2" || h.Context == nil || h.PreviousModel != "m" || h.Tokens.Total.Total != 7 || h.Compactions != 0 {
		t.Errorf("history %q %+v", texts(h), h)
	}
}

func TestReconstruction(t *testing.T) {
	compacted := func(n int) Entry {
		return Entry{TypeCompacted, Compacted{Message: "m", ReplacementHistory: []json.RawMessage{item(n).Payload.(json.RawMessage)}}}
	}
	tc := Entry{TypeTurnContext, TurnContext{Model: "m"}}
	for _, c := range []struct {
		name    string
		entries []Entry
		want    string
		ctx     bool
		windows int
	}{
		{"compacted replaces what is older", []Entry{started("a"), item(1), tc, compacted(9), started("b"), item(2)}, "9 2", false, 1},
		{"context after a compaction counts", []Entry{started("a"), item(1), compacted(9), tc, item(2)}, "9 2", true, 1},
		{"the newest compaction wins", []Entry{compacted(8), item(1), compacted(9), item(2)}, "9 2", false, 2},
		{"rollback drops user turns", []Entry{started("a"), item(1), tc, started("b"), item(2), started("c"), item(3), ev(`{"type":"thread_rolled_back","num_turns":2}`), started("d"), item(4)}, "1 4", true, 0},
		{"a compaction that was taken back", []Entry{started("a"), item(1), started("b"), compacted(9), started("c"), item(2), ev(`{"type":"thread_rolled_back","num_turns":2}`), started("d"), item(3)}, "1 3", false, 0},
		{"one before what was taken back", []Entry{started("a"), item(1), compacted(9), started("b"), item(2), ev(`{"type":"thread_rolled_back","num_turns":1}`), item(3)}, "9 3", false, 1},
		{"a turn that was taken back has the session's facts said again", []Entry{started("a"), item(1), started("b"), item(2), {TypeSessionMeta, Meta{ID: "01a2"}}, item(3), ev(`{"type":"thread_rolled_back","num_turns":1}`), item(4)}, "1 4", false, 0},
		{"taken back twice, with an item between", []Entry{started("a"), item(1), started("b"), item(2), started("c"), item(3), ev(`{"type":"thread_rolled_back","num_turns":1}`), item(4), ev(`{"type":"thread_rolled_back","num_turns":1}`), item(5)}, "1 5", false, 0},
		{"more is taken back than there is", []Entry{item(0), started("a"), item(1), ev(`{"type":"thread_rolled_back","num_turns":9}`), item(2)}, "0 2", false, 0},
		{"garbage is skipped", []Entry{item(1), {TypeResponseItem, json.RawMessage(`{"type":"message","content":[{"text":"2"}]}`)}}, "1 2", false, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			h, err := Load(write(t, c.entries...))
			if err != nil {
				t.Fatal(err)
			}
			if texts(h) != c.want || (h.Context != nil) != c.ctx || h.Compactions != c.windows {
				t.Errorf("items %q context %v windows %d", texts(h), h.Context != nil, h.Compactions)
			}
		})
	}
}

// A killed writer leaves half a line: it is skipped, and the next writer starts a new one.
func TestTornLine(t *testing.T) {
	path := write(t, item(1))
	f, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteString(`{"timestamp":"x","type":"response_item","payl`); err != nil {
		t.Fatal(err)
	}
	f.Close()
	w := Continue(path, clock)
	if err := w.Append(item(2)); err != nil {
		t.Fatal(err)
	}
	w.Close()
	h, err := Load(path)
	if err != nil || texts(h) != "1 2" {
		t.Errorf("%v, items %q", err, texts(h))
	}
}

// A compaction of wrong types takes nothing away: it counts as a line that can't be read.
func TestCompactionOfWrongTypes(t *testing.T) {
	for _, payload := range []string{`{"message":5,"replacement_history":"x"}`, `{"replacement_history":null}`, `{}`, `[]`, `5`} {
		h, err := Load(write(t, item(1), Entry{TypeCompacted, json.RawMessage(payload)}, item(2)))
		if err != nil || texts(h) != "1 2" || h.Dropped != 1 || h.Compactions != 0 {
			t.Errorf("%s: %v, items %q, dropped %d", payload, err, texts(h), h.Dropped)
		}
	}
}

// Lines longer than a read chunk, and a file that has many chunks.
func TestBackwardOverChunks(t *testing.T) {
	var want []string
	path := filepath.Join(t.TempDir(), "f")
	for i := range 40 {
		want = append(want, fmt.Sprint(i)+strings.Repeat("x", (i%5)*chunk/2))
	}
	if err := os.WriteFile(path, []byte(strings.Join(want, "\n")+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for _, most := range []int64{MaxLine, chunk} {
		i := len(want)
		err = backward(f, most, func(l backLine) bool {
			i--
			line := ""
			if i >= 0 {
				line = want[i]
			}
			if cut := int64(len(line)) > most; cut {
				line = line[:headOf]
				if !l.cut {
					t.Fatalf("line %d is whole", i)
				}
			}
			if i < 0 || string(l.text) != line {
				t.Fatalf("line %d has %d bytes", i, len(l.text))
			}
			return true
		})
		if err != nil || i != 0 {
			t.Errorf("%v, %d lines left", err, i)
		}
	}
}

// TestPassOver puts lines that count to where one read ends and the next begins, and their words
// to where they are none.
func TestPassOver(t *testing.T) {
	const at = `{"timestamp":"2026-11-22T10:45:42.201Z","type":`
	mark := at + `"compacted","payload":{"message":"\"compacted\""}}` + "\n"
	other := `{"type":"event_msg","payload":{"type":"compacted"}}` + "\n" + at + `"response_item","payload":{"type":"thread_goal_updated"}}` + "\n" +
		at + `"event_msg","payload":{"type":"agent_message","message":"\"thread_goal_updated\"","n":"thread_goal_updated"}}` + "\n"
	goal := func(n int) string {
		return fmt.Sprintf(`{"type":"thread_goal_updated","goal":{"n":%d,"objective":"%s"}}`, n, strings.Repeat("x", 400))
	}
	event := func(n int) string { return at + `"event_msg","payload":` + goal(n) + "}\n" }
	for before := chunk - typeWithin - len(mark) - 3; before <= chunk+3; before += 41 {
		file := event(1) + strings.Repeat("x", before-1) + "\n" + mark + event(2) + other + mark
		var h History
		if err := h.passOver(strings.NewReader(file), int64(len(file))); h.Compactions != 2 || string(h.Goal) != goal(2) || err != nil {
			t.Fatalf("behind %d bytes: %d, %s, %v", before, h.Compactions, h.Goal, err)
		}
	}
	h := History{Goal: json.RawMessage(goal(3))}
	if err := h.passOver(strings.NewReader(event(2)+mark), 1<<30); h.Compactions != 1 || string(h.Goal) != goal(3) || err != nil {
		t.Errorf("of a file that became shorter: %d, %s, %v", h.Compactions, h.Goal, err)
	}
}

func TestLazyFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.jsonl")
	w := Create(path, Meta{ID: "a", Source: json.RawMessage(`"cli"`)}, clock)
	if err := w.Close(); err != nil || w.Materialized() {
		t.Fatal("a thread without a prompt leaves no file", err)
	}
	if _, err := os.Stat(path); err == nil {
		t.Error("file exists")
	}
}

func FuzzLoad(f *testing.F) {
	f.Add([]byte(`{"type":"session_meta","payload":{"id":"a","source":"exec"}}` + "\n" + `{"type":"compacted","payload":{"message":"x"}}`))
	f.Add([]byte(`{"type":"session_meta","payload":{"id":"a","source":"exec"}}` + "\n" + `{"type":"event_msg","payload":{"type":"thread_rolled_back","num_turns":-3}}` + "\n\x00\xff"))
	f.Fuzz(func(t *testing.T, b []byte) {
		path := filepath.Join(t.TempDir(), "f.jsonl")
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
		_ = Events(path, func(p gjson.Result) {
			if !utf8.ValidString(p.Raw) {
				t.Errorf("event %q", p.Raw)
			}
		})
		h, err := Load(path)
		if err != nil {
			return
		}
		if h.Meta.ID == "" {
			t.Error("loaded a file without an id")
		}
		for _, item := range h.Items {
			if !jsonrpc.Valid(item) {
				t.Errorf("item %q", item)
			}
		}
	})
}

// TestHold: who goes on with a session waits for the turn that another engine is at, and
// hears that the file is another one then.
func TestHold(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("there is no lock")
	}
	path := filepath.Join(t.TempDir(), "rollout.jsonl")
	w := Create(path, Meta{ID: "x"}, time.Now)
	none := func() { t.Error("waits for nobody") }
	if changed, err := w.Hold(t.Context(), none); changed || err != nil {
		t.Fatal(changed, err)
	}
	if err := w.Append(item(1)); err != nil {
		t.Fatal(err)
	}
	h, err := Load(path) // while the first is at work
	if err != nil {
		t.Fatal(err)
	}
	other := h.Continue(time.Now)
	over, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := other.Hold(over, func() {}); err == nil {
		t.Error("two have the lock")
	}
	if err := w.Append(item(2)); err != nil {
		t.Fatal(err)
	}
	changed, err := other.Hold(t.Context(), w.Release)
	if !changed || err != nil {
		t.Errorf("after another's line: changed %v, %v", changed, err)
	}
	if err := other.Append(item(3)); err != nil {
		t.Fatal(err)
	}
	if changed, err := other.Hold(t.Context(), none); changed || err != nil {
		t.Errorf("after its own line: changed %v, %v", changed, err)
	}
	w.Release() // nothing of somebody else's
	if got, err := turnLock(path).TryRLock(); got || err != nil {
		t.Errorf("a lock of somebody else was released (%v)", err)
	}
	other.Release()
	if err := w.Append(item(4)); err != nil { // between turns, behind what it has not read
		t.Fatal(err)
	}
	if changed, err := w.Hold(t.Context(), none); !changed || err != nil {
		t.Errorf("the first again: changed %v, %v", changed, err)
	}
	if err := errors.Join(w.Close(), other.Close()); err != nil {
		t.Error(err)
	}
	if h, err := Load(path); err != nil || texts(h) != "1 2 3 4" {
		t.Errorf("%v, items %q", err, texts(h))
	}
	if _, err := Continue(path+".none", time.Now).Hold(t.Context(), none); err != nil {
		t.Error(err)
	}
}

// TestForeign loads what nobody of us has written: lines that are no JSON, too deep, of
// wrong types or not in UTF-8 spoil themselves only.
func TestForeign(t *testing.T) {
	path := filepath.Join(t.TempDir(), "f.jsonl")
	deep := strings.Repeat("[", 12<<20)
	text := deep + "\n" + `{"type":"session_meta","payload":{"id":"a","source":"exec","cli_version":5,"cwd":"/caf` + "\xe9" + `"}}` + "\n" +
		`{"type":"response_item","payload":{"n":1,"type":"message","content":[{"text":"1"}]}}` + "\n" +
		`{"type":"turn_context","payload":{"turn_id":5,"model":"m","cwd":"/w"}}` + "\n" + deep + "\n" +
		`{"type":"event_msg","payload":` + deep + "\n" + `{"type":"response_item","payload":{"tor` + "\n" +
		`{"type":"event_msg","payload":{"type":"user_message","message":"caf` + "\xe9" + `"}}` + "\n"
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	h, err := Load(path)
	if err != nil || h.Meta.ID != "a" || h.Meta.Cwd != "/caf\uFFFD" || len(h.Items) != 1 || h.Context == nil || h.Context.Model != "m" || h.Context.Cwd != "/w" || h.Dropped != 4 {
		t.Errorf("%v %+v", err, h)
	}
	n := 0
	err = Events(path, func(p gjson.Result) {
		if n++; p.Get("message").Str != "caf\uFFFD" {
			t.Error(p.Raw)
		}
	})
	if err != nil || n != 1 {
		t.Error(err, n)
	}
	if err := Backward(path, func(string, json.RawMessage) bool { return true }); err != nil {
		t.Error(err)
	}
}
