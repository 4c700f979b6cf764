//go:build unix

package appserver

import (
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/tidwall/gjson"

	"codex/pkg/protocol/schema"
)

// patience is how long anything may take before a test gives up. Nothing that works
// comes near it.
const patience = 60 * time.Second

// wire is one client's side of a connection. Every message that comes is held against
// the schema.
type wire struct {
	t     *testing.T
	put   func(line string) error
	lines chan string // closed at the end
	got   []gjson.Result
	used  []bool
	sent  map[string]string // method by id
	n     int
}

func (w *wire) send(line string) {
	w.t.Helper()
	m := gjson.Parse(line)
	if id := m.Get("id"); id.Exists() && m.Get("method").Exists() {
		w.sent[id.Raw] = m.Get("method").Str
	}
	if err := w.put(line); err != nil {
		w.t.Fatalf("send: %v", err)
	}
}

// request sends a request and gives its id.
func (w *wire) request(method, params string) string {
	w.t.Helper()
	w.n++
	id := strconv.Itoa(w.n)
	if params != "" {
		params = `,"params":` + params
	}
	w.send(fmt.Sprintf(`{"method":%q,"id":%s%s}`, method, id, params))
	return id
}

// answer waits for the answer to a request.
func (w *wire) answer(id string) gjson.Result {
	w.t.Helper()
	return w.wait(func(m gjson.Result) bool { return m.Get("id").Raw == id && !m.Get("method").Exists() })
}

// call sends a request and gives the answer.
func (w *wire) call(method, params string) gjson.Result {
	w.t.Helper()
	return w.answer(w.request(method, params))
}

// result is call for what must work.
func (w *wire) result(method, params string) gjson.Result {
	w.t.Helper()
	m := w.call(method, params)
	if !m.Get("result").Exists() {
		w.t.Fatalf("%s %s: %s", method, params, m.Raw)
	}
	return m.Get("result")
}

func (w *wire) note(method string) gjson.Result {
	w.t.Helper()
	return w.wait(func(m gjson.Result) bool { return m.Get("method").Str == method })
}

func (w *wire) initialize() {
	w.t.Helper()
	w.call("initialize", `{"clientInfo":{"name":"probe","version":"1.0"},"capabilities":{"experimentalApi":true}}`)
}

// wait gives the first message that fits and was not given before.
func (w *wire) wait(fits func(gjson.Result) bool) gjson.Result {
	w.t.Helper()
	_, m := w.find(fits)
	return m
}

func (w *wire) find(fits func(gjson.Result) bool) (int, gjson.Result) {
	w.t.Helper()
	for i, m := range w.got {
		if !w.used[i] && fits(m) {
			w.used[i] = true
			return i, m
		}
	}
	late := time.After(patience)
	for {
		select {
		case line, ok := <-w.lines:
			if !ok {
				w.t.Fatalf("the server's output ended; so far:\n%s", w.tail())
			}
			m := w.take(line)
			if n := len(w.got) - 1; fits(m) {
				w.used[n] = true
				return n, m
			}
		case <-late:
			w.t.Fatalf("what was expected did not come; so far:\n%s", w.tail())
		}
	}
}

// take notes a message.
func (w *wire) take(line string) gjson.Result {
	m := gjson.Parse(line)
	w.check(m, line)
	w.got, w.used = append(w.got, m), append(w.used, false)
	return m
}

// check holds a message of the server against the schema.
func (w *wire) check(m gjson.Result, line string) {
	w.t.Helper()
	method := m.Get("method").Str
	if method == "" {
		method = w.sent[m.Get("id").Raw]
	}
	switch method {
	case "getConversationSummary", "gitDiffToRemote", "getAuthStatus": // in no schema any more
		return
	}
	if m.Get("error").Exists() {
		return
	}
	if err := schema.Validate(method, []byte(strings.TrimSpace(line))); err != nil {
		w.t.Errorf("%v\n%s", err, line)
	}
	if err := validLater(m, method); err != nil {
		w.t.Errorf("0.171.0: %s: %v\n%s", method, err, line)
	}
}

// drain takes what comes until the end.
func (w *wire) drain() {
	w.t.Helper()
	late := time.After(patience)
	for {
		select {
		case line, ok := <-w.lines:
			if !ok {
				return
			}
			w.take(line)
		case <-late:
			w.t.Fatal("the server's output does not end")
		}
	}
}

func (w *wire) tail() string {
	var b strings.Builder
	for i, m := range w.got[max(0, len(w.got)-12):] {
		fmt.Fprintf(&b, "%d %.300s\n", i, m.Raw)
	}
	return b.String()
}

// thread starts a thread and gives its id.
func (w *wire) thread(params string) string {
	w.t.Helper()
	return w.result("thread/start", params).Get("thread.id").Str
}

// turn starts a turn with a text.
func (w *wire) turn(id, text string) gjson.Result {
	w.t.Helper()
	return w.call("turn/start", fmt.Sprintf(`{"threadId":%q,"input":[{"type":"text","text":%q}]}`, id, text))
}

// ran runs a turn to its end, and gives that.
func (w *wire) ran(id, text string) gjson.Result {
	w.t.Helper()
	turn := w.turn(id, text).Get("result.turn.id").Str
	return w.wait(func(m gjson.Result) bool {
		return m.Get("method").Str == "turn/completed" && m.Get("params.turn.id").Str == turn
	})
}
