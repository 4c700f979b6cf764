//go:build linux

package turnwire

import (
	"io"
	"strings"
	"testing"

	"github.com/tidwall/gjson"
)

const hello = `{"msg":"Hello there."}`

// prompts gives the texts of the user's messages, in order.
func (e *engine) prompts() []string {
	var out []string
	for _, l := range e.find("method", "item/completed", "params.item.type", "userMessage") {
		out = append(out, l.Get("params.item.content.0.text").Str)
	}
	return out
}

func equal(t *testing.T, what string, got, want []string) {
	t.Helper()
	for i := range max(len(got), len(want)) {
		switch {
		case i >= len(got):
			t.Errorf("%s: %d, and not also %.300q", what, len(got), want[i])
		case i >= len(want):
			t.Errorf("%s: %d, but also %.300q", what, len(want), got[i])
		case got[i] != want[i]:
			t.Errorf("%s %d:\n got %.600q\nwant %.600q", what, i, got[i], want[i])
		default:
			continue
		}
		return
	}
}

// A plain line is a prompt, and several are turns one after the other.
func TestPlainLines(t *testing.T) {
	t.Parallel()
	e := start(t, setup{script: hello})
	e.stdin.Write([]byte("first\n\n  \t\n  second, as it is \r\nthird: grüße 🙂\ninvalid \xff\xc3 bytes\n" +
		"[ ] a box\n[1,2\n\"a word\"\n42\nno newline at the end"))
	e.eof()
	e.exit(0)
	equal(t, "prompts", e.prompts(), []string{"first", "  second, as it is ", "third: grüße 🙂", "invalid � bytes", "[ ] a box", "[1,2", `"a word"`, "42",
		"no newline at the end"})
	open := false
	for _, l := range e.lines.All() {
		switch l.Get("method").Str {
		case "turn/started":
			if open {
				t.Error("two turns at once")
			}
			open = true
		case "turn/completed":
			open = false
		}
	}
	if n := len(e.find("method", "turn/completed", "params.turn.status", "completed")); n != 9 {
		t.Errorf("%d turns", n)
	}
	if n := len(e.find("method", "thread/started")); n != 1 {
		t.Errorf("%d threads", n)
	}
}

// More prompts than the engine keeps waiting: it stops reading, and nothing is lost.
func TestManyPrompts(t *testing.T) {
	t.Parallel()
	e := start(t, setup{script: hello, args: []string{"--ephemeral", "--opt-out", "item/agentMessage/delta"}})
	var want []string
	for i := range 40 {
		want = append(want, strings.Repeat("x", i+1))
		e.send(want[i])
	}
	e.quit()
	equal(t, "prompts", e.prompts(), want)
}

// A request without an id is done and gets no answer.
func TestNoID(t *testing.T) {
	t.Parallel()
	e := start(t, setup{script: hello})
	e.send(`{"method":"initialize","params":{"clientInfo":{"name":"probe","version":"1"}}}`)
	e.send(`{"method":"initialized"}`)
	e.send(`{"method":"turn/start","params":{"input":[{"type":"text","text":"go"}]}}`)
	e.turnDone("completed")
	e.send(`{"method":"thread/name/set","id":null,"params":{"name":"a name"}}`)
	e.next("method", "thread/name/updated", "params.threadName", "a name")
	e.send(`{"method":"turn/steer","params":{"expectedTurnId":"x","input":[]}}`) // refused, in silence
	e.send(`{"method":"no/such","params":{}}`)
	e.send(`{"method":"turn/start","params":7}`)
	e.quit()
	for _, l := range e.lines.All() {
		if l.Get("id").Exists() {
			t.Errorf("an answer: %s", l.Raw)
		}
	}
	equal(t, "prompts", e.prompts(), []string{"go"})
}

// Members that nobody knows are ignored, and so is jsonrpc.
func TestUnknownFields(t *testing.T) {
	t.Parallel()
	e := start(t, setup{script: hello})
	e.sent[`"x"`], e.sent["7"] = "initialize", "turn/start"
	e.send(`{"jsonrpc":"2.0","id":"x","method":"initialize","params":{"clientInfo":{"name":"p","version":"1","more":[1]},"more":{}},"trace":{"traceparent":"00"},"more":null}`)
	if l := e.answer(`"x"`); l.Get("result.userAgent").Str == "" {
		t.Error(l.Raw)
	}
	e.send(`  {"id":7,"more":1,"params":{"more":{"a":1},"input":[{"type":"text","text":"go","more":2}]},"method":"turn/start"}  `)
	e.answer("7")
	e.turnDone("completed")
	e.quit()
	equal(t, "prompts", e.prompts(), []string{"go"})
}

// An unknown method is refused and nothing else happens: not even a thread.
func TestUnknownMethod(t *testing.T) {
	t.Parallel()
	e := start(t, setup{script: hello})
	err := e.refused("nope/method", `{"x":1}`)
	if err.Get("code").Int() != -32600 || !strings.Contains(err.Get("message").Str, "`nope/method`") {
		t.Error(err.Raw)
	}
	err = e.refused("fs/readFile", `{"path":"/etc/passwd"}`)
	if err.Get("code").Int() != -32600 {
		t.Error(err.Raw)
	}
	if long := e.refused(strings.Repeat("long/", 100000), `{}`); len(long.Raw) > 1000 {
		t.Errorf("an answer of %d bytes", len(long.Raw))
	}
	e.quit()
	if n := len(e.lines.All()); n != 3 {
		t.Errorf("%d lines", n)
	}
}

// A line that begins with a brace and is no message is refused with a null id; so are a
// batch and an id that cannot be answered. None of it is done.
func TestBrokenLines(t *testing.T) {
	t.Parallel()
	for _, line := range []string{
		`{`, `{}`, `{"method":"turn/start"`, `{"id":1}`, `{"method":5,"id":1}`, `{"a":1}garbage`, "{\"method\":\"x\",\xff}",
		`[{"method":"thread/loaded/list","id":90}]`, `[]`, ` [1]`,
		`{"method":"turn/start","id":5.5,"params":{"input":[]}}`, `{"method":"turn/start","id":{},"params":{"input":[]}}`,
		`{"method":"turn/start","id":true,"params":{"input":[]}}`,
		"\xef\xbb\xbf{\"method\":",
	} {
		e := start(t, setup{script: hello})
		e.send(line)
		l := e.next("error.code", "-32700")
		if l.Get("id").Type != gjson.Null || !l.Get("id").Exists() || l.Get("error.message").Str == "" {
			t.Errorf("%q: %s", line, l.Raw)
		}
		// The engine goes on.
		e.call("thread/loaded/list", "{}")
		e.quit()
		if n := len(e.lines.All()); n != 2 {
			t.Errorf("%q: %d lines:\n%s", line, n, e.text())
		}
	}
}

// Answers to questions that were never asked are ignored.
func TestStrayAnswers(t *testing.T) {
	t.Parallel()
	e := start(t, setup{script: hello})
	for _, line := range []string{`{"id":12345,"result":{}}`, `{"id":0,"error":{"code":1,"message":"x"}}`, `{"id":"s","result":null}`,
		`{"method":"bogus/notification"}`, `{"method":"initialized"}`} {
		e.send(line)
	}
	e.call("thread/loaded/list", "{}")
	e.quit()
	if n := len(e.lines.All()); n != 1 {
		t.Errorf("%d lines", n)
	}
}

// Ids come back with their type.
func TestIDs(t *testing.T) {
	t.Parallel()
	e := start(t, setup{script: hello})
	for _, id := range []string{`0`, `-7`, `9007199254740993`, `"str-id"`, `"5"`, `""`, `"\u00e9\"<>"`} {
		e.sent[id] = "thread/loaded/list"
		e.send(`{"method":"thread/loaded/list","id":` + id + `}`)
		e.answer(id)
	}
	e.quit()
}

// A line of 100 MB is refused, as a prompt and as a request, one of 256 MiB and more is
// passed over, and their memory is given back.
func TestHugeLines(t *testing.T) {
	if testing.Short() {
		t.Skip("half a gigabyte of lines")
	}
	t.Parallel()
	const most = 64 << 20
	e := start(t, setup{script: hello})
	e.sent["0"] = "turn/start"
	for _, line := range []struct {
		head, tail string
		size       int
		code, id   string
	}{
		{"plain ", "", 100 << 20, "-32602", "null"},
		{`{"method":"turn/start","id":0,"params":{"input":[{"type":"text","text":"`, `"}]}}`, 100 << 20, "-32602", "0"},
		{"plain ", "", 256 << 20, "-32700", "null"},
	} {
		io.WriteString(e.stdin, line.head)
		chunk := strings.Repeat("0123456789abcdef", 1<<16)
		for range line.size >> 20 {
			io.WriteString(e.stdin, chunk)
		}
		e.send(line.tail)
		if l := e.next("error.code", line.code); l.Get("id").Raw != line.id {
			t.Error(l.Raw)
		}
		e.call("thread/loaded/list", "{}") // may have been read together with the line's end
		e.call("thread/loaded/list", "{}")
		if rss := e.memory("VmRSS"); rss > most {
			t.Errorf("%d MB after %.60q", rss>>20, line.head)
		}
	}
	e.eof()
	e.exit(1) // a prompt could not be served
	if n := len(e.find("method", "thread/started")); n != 0 {
		t.Error("a thread was started")
	}
}
