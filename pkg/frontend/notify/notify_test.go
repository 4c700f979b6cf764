package notify

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"reflect"
	"strings"
	"testing"
	"testing/iotest"
)

type writes struct {
	bytes.Buffer
	n int
}

func (w *writes) Write(p []byte) (int, error) { w.n++; return w.Buffer.Write(p) }

func TestPass(t *testing.T) {
	long := strings.Repeat("x", 3<<20)
	for _, in := range []string{
		"", "a\n", "a\r\nb", "\n\n", "\x00\xff\n{\"a\":1}\n", long + "\n" + "short\n" + long,
		strings.Repeat("y", 64<<10-1) + "\n" + strings.Repeat("z", 64<<10) + "\n",
	} {
		var w writes
		var seen []string
		err := Pass(&w, iotest.HalfReader(strings.NewReader(in)), func(b []byte) { seen = append(seen, string(b)) })
		if err != nil || w.String() != in {
			t.Errorf("%.20q: %v, %d of %d bytes", in, err, w.Len(), len(in))
		}
		if want := strings.SplitAfter(in, "\n"); strings.Join(seen, "") != in || w.n != len(seen) || len(want)-w.n > 1 {
			t.Errorf("%.20q: %d writes, saw %d lines", in, w.n, len(seen))
		}
	}
	broken := errors.New("broken")
	if err := Pass(&writes{}, iotest.ErrReader(broken), func([]byte) {}); !errors.Is(err, broken) {
		t.Errorf("read error: %v", err)
	}
	if err := Pass(failing{broken}, strings.NewReader("a\n"), func([]byte) {}); !errors.Is(err, broken) {
		t.Errorf("write error: %v", err)
	}
}

type failing struct{ err error }

func (f failing) Write([]byte) (int, error) { return 0, f.err }

// TestPassStreams holds that a line goes out before the next one comes in.
func TestPassStreams(t *testing.T) {
	inR, inW := io.Pipe()
	outR, outW := io.Pipe()
	done := make(chan error, 1)
	go func() { done <- Pass(outW, inR, func([]byte) {}) }()
	for i := range 3 {
		line := fmt.Sprintf("line %d\n", i)
		if _, err := io.WriteString(inW, line); err != nil {
			t.Fatal(err)
		}
		got := make([]byte, len(line))
		if _, err := io.ReadFull(outR, got); err != nil || string(got) != line {
			t.Fatalf("%q, %v", got, err)
		}
	}
	inW.Close()
	if err := <-done; err != nil {
		t.Error(err)
	}
}

func events(t *testing.T, lines string) []Event {
	t.Helper()
	var w Watcher
	var out []Event
	for line := range strings.Lines(lines) {
		if e, ok := w.See([]byte(line)); ok {
			out = append(out, e)
		}
	}
	return out
}

func TestCapture(t *testing.T) {
	b, err := os.ReadFile("testdata/basic.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	got := events(t, string(b))
	want := []Event{{Text: "Hello there, friend. All done.", Turn: &Turn{
		ThreadID: "01a202dd-a919-73f2-a683-85da106f5c34", TurnID: "01a202dd-ab2a-7fb0-90de-1b55947b7482",
		Cwd: "$WORK", Source: "vscode", Inputs: []string{"say hello"}, Last: "Hello there, friend. All done.", HasLast: true,
	}}}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v", got)
	}
}

// TestPayload holds the argument against what the original gave its program.
func TestPayload(t *testing.T) {
	b, err := os.ReadFile("testdata/argv.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(b)) {
		var p struct {
			Thread string   `json:"thread-id"`
			Turn   string   `json:"turn-id"`
			Cwd    string   `json:"cwd"`
			Client string   `json:"client"`
			Inputs []string `json:"input-messages"`
			Last   string   `json:"last-assistant-message"`
		}
		if err := json.Unmarshal([]byte(line), &p); err != nil {
			t.Fatal(err)
		}
		got := Payload(Turn{ThreadID: p.Thread, TurnID: p.Turn, Cwd: p.Cwd, Inputs: p.Inputs, Last: p.Last, HasLast: true}, p.Client)
		if got != strings.TrimSpace(line) {
			t.Errorf("got  %s\nwant %s", got, line)
		}
	}
	got := Payload(Turn{ThreadID: "a", TurnID: "b", Cwd: "/<c>"}, "")
	if got != `{"type":"agent-turn-complete","thread-id":"a","turn-id":"b","cwd":"/<c>","input-messages":[],"last-assistant-message":null}` {
		t.Errorf("without anything: %s", got)
	}
	big := Turn{Inputs: []string{strings.Repeat("\x01", 1<<20), "kept"}, Last: strings.Repeat("é", 1<<20), HasLast: true}
	if got := Payload(big, ""); len(got) > maxPayload || !json.Valid([]byte(got)) || !strings.Contains(got, `["kept"]`) {
		t.Errorf("%d bytes: %.200s", len(got), got)
	}
}

func TestEvents(t *testing.T) {
	const thread = `{"method":"thread/started","params":{"thread":{"id":"T","cwd":"/w","source":"exec","turns":[]}}}` + "\n"
	const begin = `{"method":"turn/started","params":{"threadId":"T","turn":{"id":"U"}}}` + "\n"
	user := func(s string) string {
		return `{"method":"item/completed","params":{"threadId":"T","item":{"type":"userMessage","content":[{"type":"text","text":"` + s + `"},{"type":"image","url":"x"}]}}}` + "\n"
	}
	agent := func(s string) string {
		return `{"method":"item/completed","params":{"threadId":"T","item":{"type":"agentMessage","text":"` + s + `"}}}` + "\n"
	}
	end := func(status string) string {
		return `{"params":{"threadId":"T","turn":{"id":"U","status":"` + status + `"}},"method":"turn/completed"}` + "\n"
	}
	const compaction = `{"method":"item/completed","params":{"threadId":"T","item":{"type":"contextCompaction","id":"c"}}}` + "\n"
	for _, tc := range []struct {
		name, lines string
		text        string // of the last event; "" for none
		inputs      []string
	}{
		{"turn", thread + begin + user("hi") + agent("a\\n b") + end("completed"), "a b", []string{"hi"}},
		{"two turns", thread + begin + user("1") + agent("x") + end("completed") + begin + user("2") + end("completed"), "Agent turn complete", []string{"1", "2"}},
		{"failed", thread + begin + user("hi") + end("failed"), "", nil},
		{"interrupted", thread + begin + user("hi") + end("interrupted"), "", nil},
		{"compaction", thread + begin + compaction + end("completed"), "", nil},
		{"compaction in a turn", thread + begin + user("hi") + compaction + agent("y") + end("completed"), "y", []string{"hi"}},
		{"resumed", `{"id":1,"result":{"thread":{"id":"T","cwd":"/w","turns":[{"items":[{"type":"userMessage","content":[{"type":"text","text":"old"}]}]}]}}}` + "\n" +
			begin + user("new") + end("completed"), "Agent turn complete", []string{"old", "new"}},
		{"command approval", `{"method":"item/commandExecution/requestApproval","id":0,"params":{"threadId":"T","command":"` + strings.Repeat("x", 40) + `"}}`,
			"Approval requested: " + strings.Repeat("x", 29) + "…", nil},
		{"patch approval", `{"method":"item/started","params":{"threadId":"T","item":{"type":"fileChange","changes":[{"path":"/w/a"}]}}}` + "\n" +
			`{"method":"item/fileChange/requestApproval","id":0,"params":{"threadId":"T"}}`, "Codex wants to edit /w/a", nil},
		{"noise", "not json\n{}\n[1]\n\n\"x\"\n{\"method\":5}\n", "", nil},
	} {
		got := events(t, tc.lines)
		var last Event
		if len(got) > 0 {
			last = got[len(got)-1]
		}
		var inputs []string
		if last.Turn != nil {
			inputs = last.Turn.Inputs
			if Client(last.Turn.Source) != "codex_exec" && tc.name != "resumed" {
				t.Errorf("%s: source %q", tc.name, last.Turn.Source)
			}
		}
		if last.Text != tc.text || !reflect.DeepEqual(inputs, tc.inputs) {
			t.Errorf("%s: %+v, inputs %q", tc.name, last, inputs)
		}
	}
}

func TestTerminal(t *testing.T) {
	for _, tc := range []struct {
		teller *Teller
		want   string
	}{
		{&Teller{Bell: true}, "\a"},
		{&Teller{OSC9: true}, "\x1b]9;done\a"},
		{&Teller{OSC9: true, TMUX: true, Bell: true}, "\x1bPtmux;\x1b\x1b]9;done\a\x1b\\\a"},
		{&Teller{}, ""},
	} {
		var tty, log bytes.Buffer
		tc.teller.TTY, tc.teller.Log = &tty, &log
		tc.teller.Tell(Event{Text: "do\x1bne\a"})
		if tty.String() != tc.want || log.Len() > 0 {
			t.Errorf("%q, want %q", tty.String(), tc.want)
		}
	}
}

func TestParse(t *testing.T) {
	for _, tc := range []struct {
		args string
		want Flags
		err  string
	}{
		{"", Flags{}, ""},
		{"-c a=b -cc=d --config=e=f --enable x -p q", Flags{Config: []string{"a=b", "c=d", "e=f"}, Enable: []string{"x"}, Profile: "q"}, ""},
		{"--bell --osc9 --client me", Flags{Bell: true, OSC9: true, Client: "me"}, ""},
		{"--auto --desktop", Flags{Auto: true, Desktop: true}, ""},
		{"--exec cmd --bell", Flags{Exec: []string{"cmd", "--bell"}}, ""},
		{"--exec", Flags{}, "a value is required for '--exec <CMD...>'"},
		{"-c", Flags{}, "a value is required for '--config <KEY=VALUE>'"},
		{"--bell=x", Flags{}, "unexpected value 'x' for '--bell'"},
		{"--nope", Flags{}, "unexpected argument '--nope'"},
		{"file", Flags{}, "unexpected argument 'file'"},
	} {
		got, err := Parse(strings.Fields(tc.args))
		if (err != nil) != (tc.err != "") || err != nil && !strings.Contains(err.Error(), tc.err) {
			t.Errorf("%q: %v", tc.args, err)
		}
		if err == nil && !reflect.DeepEqual(got, tc.want) {
			t.Errorf("%q: %+v", tc.args, got)
		}
	}
}

func FuzzWatcher(f *testing.F) {
	b, err := os.ReadFile("testdata/basic.jsonl")
	if err != nil {
		f.Fatal(err)
	}
	for line := range bytes.Lines(b) {
		f.Add(line)
	}
	f.Fuzz(func(t *testing.T, line []byte) {
		var w Watcher
		if e, ok := w.See(line); ok && e.Turn != nil && len(Payload(*e.Turn, "")) > maxPayload {
			t.Error("payload too long")
		}
	})
}
