package main

import (
	"bufio"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/tidwall/gjson"
)

// gaps times what a program does between the end of an answer of the model and its next
// request: a call of a tool, and what there is around one.
type gaps struct {
	next http.Handler

	mu   sync.Mutex
	last time.Time // end of the last answer
	all  []float64 // milliseconds
}

// ServeHTTP implements http.Handler.
func (g *gaps) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	now := time.Now()
	if r.Method != http.MethodPost || !strings.HasSuffix(r.URL.Path, "/responses") {
		g.next.ServeHTTP(w, r)
		return
	}
	g.mu.Lock()
	if !g.last.IsZero() {
		g.all = append(g.all, ms(now.Sub(g.last)))
	}
	g.mu.Unlock()
	g.next.ServeHTTP(w, r)
	g.mu.Lock()
	g.last = time.Now()
	g.mu.Unlock()
}

// take gives the median since the last time.
func (g *gaps) take() float64 {
	g.mu.Lock()
	defer g.mu.Unlock()
	m := middle(g.all)
	g.all, g.last = nil, time.Time{}
	return m
}

// serveTool is a server of the Model Context Protocol with one tool, which does nothing.
func serveTool(in io.Reader, out io.Writer) error {
	lines := bufio.NewReader(in)
	for {
		line, err := lines.ReadString('\n')
		if err != nil {
			return nil // the client has gone
		}
		m, result := gjson.Parse(line), "{}"
		switch m.Get("method").Str {
		case "initialize":
			result = `{"protocolVersion":"2025-06-18","capabilities":{"tools":{}},"serverInfo":{"name":"bench","version":"1"}}`
		case "tools/list":
			result = `{"tools":[{"name":"nothing","description":"does nothing","inputSchema":{"type":"object","properties":{}},"annotations":{"readOnlyHint":true}}]}`
		case "tools/call":
			result = `{"content":[{"type":"text","text":"done"}]}`
		}
		if id := m.Get("id").Raw; id != "" {
			if _, err := fmt.Fprintf(out, `{"jsonrpc":"2.0","id":%s,"result":%s}`+"\n", id, result); err != nil {
				return err
			}
		}
	}
}
