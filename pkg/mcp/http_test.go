package mcp

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tidwall/gjson"

	"codex/pkg/config"
)

// handHTTP is a server by hand: it answers JSON, and forgets sessions when it is told to.
type handHTTP struct {
	mu       sync.Mutex
	sessions int
	forget   bool
	seen     []http.Header
	methods  []string
	answer   func(w http.ResponseWriter, m gjson.Result) bool // true: it has answered
}

func (h *handHTTP) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	b, _ := io.ReadAll(r.Body)
	m := gjson.ParseBytes(b)
	h.mu.Lock()
	defer h.mu.Unlock()
	h.seen = append(h.seen, r.Header.Clone())
	h.methods = append(h.methods, r.Method+" "+m.Get("method").Str)
	switch method := m.Get("method").Str; {
	case r.Method == http.MethodGet:
		w.WriteHeader(http.StatusMethodNotAllowed)
	case r.Method == http.MethodDelete:
	case h.answer != nil && h.answer(w, m):
	case method == "initialize":
		h.sessions++
		w.Header().Set("Mcp-Session-Id", "s"+string(rune('0'+h.sessions)))
		reply(w, m, `{"protocolVersion":"2025-06-18","capabilities":{"tools":{}},"serverInfo":{"name":"h","version":"1"}}`)
	case !m.Get("id").Exists():
		w.WriteHeader(http.StatusAccepted)
	case h.forget && r.Header.Get("Mcp-Session-Id") == "s1":
		w.WriteHeader(http.StatusNotFound)
	case method == "tools/list":
		reply(w, m, `{"tools":[{"name":"t","inputSchema":{"type":"object"}}]}`)
	case method == "tools/call":
		reply(w, m, `{"content":[],"structuredContent":{"z":1,"a":9007199254740993}}`)
	default:
		w.Header().Set("Content-Type", "application/json")
		io.WriteString(w, `{"jsonrpc":"2.0","id":`+m.Get("id").Raw+`,"error":{"code":-32601,"message":"no"}}`)
	}
}

func reply(w http.ResponseWriter, m gjson.Result, result string) {
	w.Header().Set("Content-Type", "application/json")
	io.WriteString(w, `{"jsonrpc":"2.0","id":`+m.Get("id").Raw+`,"result":`+result+`}`)
}

func address(t *testing.T, h http.Handler) Server {
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return Server{Name: "h", URL: s.URL + "/mcp", Startup: time.Minute, Call: time.Minute}
}

// A session that is gone is begun anew, and every request has the headers.
func TestSessionIsBegunAnew(t *testing.T) {
	h := &handHTTP{}
	s := address(t, h)
	s.BearerTokenVar, s.Headers = "TOKEN", map[string]config.Secret{"X-A": {Text: "b${B}"}, "X-C": {Cmd: []string{"printf", "c\\nd"}}}
	c, err := Connect(context.Background(), s, Options{Environ: []string{"TOKEN=secret", "B=bb"}})
	if err != nil {
		t.Fatal(err)
	}
	h.mu.Lock()
	h.forget = true
	h.mu.Unlock()
	raw, err := c.Call(context.Background(), Call{Tool: "t", Arguments: json.RawMessage("{}")})
	if err != nil || !strings.Contains(string(raw), `{"z":1,"a":9007199254740993}`) {
		t.Fatal(string(raw), err)
	}
	c.Close()
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.sessions != 2 || h.methods[len(h.methods)-1] != "DELETE " {
		t.Error(h.sessions, h.methods)
	}
	for i, seen := range h.seen {
		if seen.Get("Authorization") != "Bearer secret" || seen.Get("X-A") != "bbb" || seen.Get("X-C") != "c" {
			t.Error(h.methods[i], seen)
		}
	}
}

// Credentials go to the host of the settings only.
func TestRedirectElsewhere(t *testing.T) {
	other := &handHTTP{}
	elsewhere := address(t, other)
	s := address(t, http.RedirectHandler(elsewhere.URL, http.StatusTemporaryRedirect))
	s.BearerTokenVar = "TOKEN"
	if _, err := Connect(context.Background(), s, Options{Environ: []string{"TOKEN=secret"}}); err == nil || !strings.Contains(err.Error(), "redirects to another place") {
		t.Fatal(err)
	}
	if len(other.seen) != 0 {
		t.Error("it was followed")
	}
}

func TestMissingToken(t *testing.T) {
	s := address(t, &handHTTP{})
	s.BearerTokenVar = "TOKEN"
	for env, want := range map[string]string{"X=1": "Environment variable TOKEN for MCP server 'h' is not set", "TOKEN= ": "Environment variable TOKEN for MCP server 'h' is empty"} {
		if _, err := Connect(context.Background(), s, Options{Environ: []string{env}}); err == nil || err.Error() != want {
			t.Error(err)
		}
	}
}

// An answer without end costs its bound.
func TestEndlessAnswer(t *testing.T) {
	for _, typ := range []string{"application/json", "text/event-stream"} {
		h := &handHTTP{answer: func(w http.ResponseWriter, m gjson.Result) bool {
			if m.Get("method").Str != "tools/call" {
				return false
			}
			w.Header().Set("Content-Type", typ)
			io.WriteString(w, "data: ")
			for b := []byte(strings.Repeat("x", 1<<20)); ; {
				if _, err := w.Write(b); err != nil {
					return true
				}
			}
		}}
		c, err := Connect(context.Background(), address(t, h), Options{})
		if err != nil {
			t.Fatal(err)
		}
		if raw, err := c.Call(context.Background(), Call{Tool: "t"}); err == nil {
			t.Errorf("%s: %.80s", typ, raw)
		}
		go c.Close()
	}
}

func TestWantsLogin(t *testing.T) {
	s := address(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("WWW-Authenticate", `Bearer resource_metadata="x"`)
		w.WriteHeader(http.StatusUnauthorized)
	}))
	var login *LoginError
	if _, err := Connect(context.Background(), s, Options{}); !errors.As(err, &login) || !strings.Contains(Message(err), "Run `codex mcp login h`") {
		t.Fatal(err)
	}
}

// A result that is written on many lines is one line where it goes.
func TestResultOnOneLine(t *testing.T) {
	c, err := Connect(context.Background(), address(t, &handHTTP{answer: func(w http.ResponseWriter, m gjson.Result) bool {
		if m.Get("method").Str != "tools/call" {
			return false
		}
		reply(w, m, "{\r\n  \"content\": [],\n  \"structuredContent\": {\"a\": 9007199254740993}\n}\n")
		return true
	}}), Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	raw, err := c.Call(context.Background(), Call{Tool: "t"})
	if want := `{"content":[],"structuredContent":{"a":9007199254740993}}`; err != nil || string(raw) != want {
		t.Errorf("%q %v", raw, err)
	}
}
