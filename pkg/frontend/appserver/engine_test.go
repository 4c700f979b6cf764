package appserver

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tidwall/gjson"

	"codex/pkg/cli/pipeline"
)

// TestMain is an engine of a few lines when the router calls it as one.
func TestMain(m *testing.M) {
	if os.Getenv("APPSERVER_TEST_ENGINE") != "" {
		engine()
		return
	}
	os.Exit(m.Run())
}

// engine answers what a router asks, tells its command line and what it was opened with
// as a warning, and ends each turn at once. A turn with the text "bg" leaves a command
// running.
func engine() {
	in := bufio.NewScanner(os.Stdin)
	for in.Scan() {
		m := gjson.Parse(in.Text())
		id, thread := m.Get("id").Raw, m.Get("params.threadId").Str
		switch method := m.Get("method").Str; method {
		case "initialized":
		case "thread/start", "thread/resume":
			fmt.Printf(`{"id":%s,"result":{}}`+"\n", id)
			note("warning", fmt.Sprintf(`{"message":%s}`, quote(method+" "+strings.Join(os.Args[1:], " ")+" "+m.Get("params").Raw)))
		case "turn/start":
			if path := m.Get("params.model").Str; strings.HasPrefix(path, "/") { // the test's way to make a file
				_ = os.MkdirAll(filepath.Dir(path), 0o700)
				_ = os.WriteFile(path, []byte(fmt.Sprintf(`{"type":"session_meta","payload":{"id":%q}}`+"\n", thread)), 0o600)
			}
			note("warning", fmt.Sprintf(`{"message":%s}`, quote("turn "+m.Get("params").Raw)))
			fmt.Printf(`{"id":%s,"result":{"turn":{}}}`+"\n", id)
			note("thread/settings/updated", fmt.Sprintf(`{"threadId":%q,"threadSettings":{"cwd":"/","approvalPolicy":"never","model":"m2","effort":"high","sandboxPolicy":{"type":"readOnly"}}}`, thread))
			note("turn/started", `{"turn":{"id":"u"}}`)
			if m.Get("params.input.0.text").Str == "bg" {
				note("item/started", `{"item":{"type":"commandExecution","id":"c"}}`)
			}
			note("turn/completed", `{"turn":{"id":"u"}}`)
		default:
			fmt.Printf(`{"id":%s,"result":{}}`+"\n", id)
		}
	}
}

func note(method, params string) { fmt.Printf(`{"method":%q,"params":%s}`+"\n", method, params) }

func quote(s string) string {
	b, err := json.Marshal(s)
	if err != nil {
		panic(err)
	}
	return string(b)
}

// until gives the first message that holds all the words.
func (k *sink) until(words ...string) string {
next:
	for l := range k.lines {
		for _, w := range words {
			if !strings.Contains(l, w) {
				continue next
			}
		}
		return l
	}
	return ""
}

// TestLetGo: an engine without work leaves, its successor goes on with the file and with
// what turns have set; one with a command in the background stays.
func TestLetGo(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	s, c, k := server(t)
	s.opts.Engine = pipeline.Command{Name: "engine", Path: self}
	s.opts.Environ = append(os.Environ(), "APPSERVER_TEST_ENGINE=1")
	s.opts.Linger = time.Millisecond
	t.Cleanup(s.Close)
	k.ask(s, c, `{"method":"initialize","id":0,"params":{"clientInfo":{"name":"t","version":"1"}}}`)
	id := gjson.Get(k.ask(s, c, `{"method":"thread/start","id":1,"params":{"effortless":1}}`), "result.thread.id").Str
	th := s.thread(id)
	start := func(model, text string) {
		_ = c.rpc.Line([]byte(fmt.Sprintf(`{"method":"turn/start","id":2,"params":{"threadId":%q,"model":%q,"input":[{"type":"text","text":%q}]}}`, id, model, text)))
	}
	gone := func() {
		t.Helper()
		th.mu.Lock()
		child := th.child
		th.mu.Unlock()
		if child != nil {
			<-child.gone
		}
	}
	start(th.path, "one")
	if l := k.until("warning", "thread/start"); !strings.Contains(l, "--source vscode --thread-id "+id) || !strings.Contains(l, "effortless") {
		t.Errorf("the first engine was opened with %s", l)
	}
	k.until("turn/completed")
	gone()
	_ = c.rpc.Line([]byte(fmt.Sprintf(`{"method":"turn/start","id":3,"params":{"threadId":%q,"input":[{"type":"text","text":"bg"}]}}`, id)))
	if l := k.until("warning", "thread/resume"); strings.Contains(l, "--thread-id") || !strings.Contains(l, `\"model\":\"m2\"`) || !strings.Contains(l, `\"excludeTurns\":true`) {
		t.Errorf("the second engine was opened with %s", l)
	}
	if l := k.until("warning", "turn {"); !strings.Contains(l, `\"effort\":\"high\"`) || !strings.Contains(l, `\"type\":\"readOnly\"`) {
		t.Errorf("its first turn had %s", l)
	}
	k.until("turn/completed")
	th.mu.Lock()
	idle := th.idle()
	th.mu.Unlock()
	if idle {
		t.Error("an engine with a command in the background counts as idle")
	}
	th.command("c", false)
	gone()
	if s.thread(id) == nil {
		t.Error("the thread went with its engine")
	}
}

// TestUnload: a thread that nobody listens to is unloaded after a while, its engine with
// it; half an hour unless the options say otherwise.
func TestUnload(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	s, c, k := server(t)
	if s.opts.Unload != 30*time.Minute {
		t.Errorf("threads are unloaded after %v", s.opts.Unload)
	}
	s.opts.Engine = pipeline.Command{Name: "engine", Path: self}
	s.opts.Environ = append(os.Environ(), "APPSERVER_TEST_ENGINE=1")
	s.opts.Linger, s.opts.Unload = time.Millisecond, time.Millisecond
	t.Cleanup(s.Close)
	k.ask(s, c, `{"method":"initialize","id":0,"params":{"clientInfo":{"name":"t","version":"1"}}}`)
	for _, text := range []string{"", "one", "bg"} {
		id := gjson.Get(k.ask(s, c, `{"method":"thread/start","id":1,"params":{}}`), "result.thread.id").Str
		th := s.thread(id)
		if text != "" {
			_ = c.rpc.Line([]byte(fmt.Sprintf(`{"method":"turn/start","id":2,"params":{"threadId":%q,"model":%q,"input":[{"type":"text","text":%q}]}}`, id, th.path, text)))
			k.until("turn/completed")
		}
		if got := k.ask(s, c, fmt.Sprintf(`{"method":"thread/unsubscribe","id":3,"params":{"threadId":%q}}`, id)); !strings.Contains(got, `"unsubscribed"`) {
			t.Error(got)
		}
		if text == "bg" { // a command in the background keeps it
			th.rested()
			if s.thread(id) == nil {
				t.Error("unloaded while a command runs")
			}
			th.command("c", false)
		}
		k.until("thread/status/changed", id, "notLoaded")
		k.until("thread/closed", id)
		if s.thread(id) != nil {
			t.Errorf("%q: still loaded", text)
		}
		th.mu.Lock()
		if th.child != nil {
			t.Errorf("%q: its engine is left", text)
		}
		th.mu.Unlock()
	}
}
