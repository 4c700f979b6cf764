//go:build unix

package daemon

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"

	"context"

	"github.com/coder/websocket"
	"github.com/tidwall/gjson"
)

// model is a scripted model whose answers wait for a word.
type model struct {
	asked chan struct{} // a value for each question
	reply chan struct{} // and one for each answer
}

// model lets the home's provider be a model of the test's.
func (h *home) model() *model {
	h.t.Helper()
	m := &model{make(chan struct{}, 10), make(chan struct{}, 10)}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		say := func(kind, rest string) {
			fmt.Fprintf(w, "event: %s\ndata: {\"type\":%q,%s}\n\n", kind, kind, rest)
			_ = http.NewResponseController(w).Flush()
		}
		say("response.created", `"response":{"id":"r"}`)
		m.asked <- struct{}{}
		select {
		case <-m.reply:
		case <-r.Context().Done():
			return
		}
		say("response.output_item.done", `"output_index":0,"item":{"type":"message","role":"assistant","id":"m","content":[{"type":"output_text","text":"the whole answer"}]}`)
		say("response.completed", `"response":{"id":"r","usage":{"input_tokens":1,"output_tokens":1,"total_tokens":2}}`)
	}))
	h.t.Cleanup(s.Close)
	h.write("config.toml", fmt.Sprintf("model_provider = \"here\"\n[model_providers.here]\nname = \"here\"\nbase_url = %q\nwire_api = \"responses\"\n", s.URL))
	return m
}

// client speaks to the server behind the control socket.
type client struct {
	h *home
	c *websocket.Conn
	n int
}

func (h *home) client() *client {
	h.t.Helper()
	dial := func(ctx context.Context, _, _ string) (net.Conn, error) {
		var d net.Dialer
		return d.DialContext(ctx, "unix", h.socket())
	}
	c, _, err := websocket.Dial(h.t.Context(), "ws://localhost/", &websocket.DialOptions{HTTPClient: &http.Client{Transport: &http.Transport{DialContext: dial}}})
	h.check(err)
	h.t.Cleanup(func() { c.CloseNow() })
	c.SetReadLimit(-1)
	cl := &client{h: h, c: c}
	cl.call("initialize", map[string]any{"clientInfo": map[string]any{"name": "test", "version": "1"}})
	return cl
}

// call sends a request and gives the result.
func (c *client) call(method string, params any) gjson.Result {
	c.h.t.Helper()
	c.n++
	line, err := json.Marshal(map[string]any{"id": c.n, "method": method, "params": params})
	c.h.check(err)
	c.h.check(c.c.Write(c.h.t.Context(), websocket.MessageText, line))
	for {
		m := c.next()
		if m.Get("id").Int() == int64(c.n) && !m.Get("method").Exists() {
			if m.Get("error").Exists() {
				c.h.t.Fatalf("%s: %s", method, m.Raw)
			}
			return m.Get("result")
		}
	}
}

func (c *client) next() gjson.Result {
	c.h.t.Helper()
	_, line, err := c.c.Read(c.h.t.Context())
	c.h.check(err)
	return gjson.ParseBytes(line)
}

// ask starts a turn on a new thread; the model has been asked when it returns.
func (c *client) ask(m *model) {
	c.h.t.Helper()
	thread := c.call("thread/start", map[string]any{"cwd": c.h.dir})
	c.call("turn/start", map[string]any{"threadId": thread.Get("thread.id").Str, "input": []any{map[string]any{"type": "text", "text": "go"}}})
	<-m.asked
}

// answered holds that the turn ends with the whole answer.
func (c *client) answered() {
	c.h.t.Helper()
	said := ""
	for {
		m := c.next()
		switch m.Get("method").Str {
		case "item/completed":
			said += m.Get("params.item.text").Str
		case "turn/completed":
			if status := m.Get("params.turn.status").Str; status != "completed" || said != "the whole answer" {
				c.h.t.Errorf("turn %s: %q %s", status, said, m.Raw)
			}
			return
		}
	}
}

// stored counts the answers in session files.
func (h *home) stored() int {
	n := 0
	err := filepath.WalkDir(h.path("sessions"), func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() && strings.HasSuffix(path, ".jsonl") {
			rel, _ := filepath.Rel(h.dir, path)
			if strings.Contains(h.read(rel), "the whole answer") {
				n++
			}
		}
		return err
	})
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		h.t.Error(err)
	}
	return n
}

// TestStopWaits is check 16: a turn that runs ends before the server does.
func TestStopWaits(t *testing.T) {
	t.Parallel()
	need(t)
	h := installed(t)
	m := h.model()
	h.run("start").says("started")
	pid := h.pid("app-server.pid")
	c := h.client()
	c.ask(m)
	done := make(chan result, 1)
	go func() { done <- h.run("stop") }()
	h.until("the signal", func() bool { return strings.Contains(h.read("app-server-daemon/app-server.pid"), `"ending":true`) })
	if !alive(pid) {
		t.Error("the server has gone with its turn")
	}
	h.client() // others are served meanwhile
	m.reply <- struct{}{}
	c.answered()
	(<-done).says("stopped")
	if alive(pid) || h.stored() != 1 {
		t.Errorf("alive: %v, turns stored: %d", alive(pid), h.stored())
	}
}
