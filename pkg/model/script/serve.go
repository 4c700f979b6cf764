package script

import (
	"bufio"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/klauspost/compress/zstd"
	"github.com/tidwall/gjson"

	"codex/pkg/jsonrpc"
	"codex/pkg/responses"
)

// maxBody bounds a request body, before and after decompression.
const maxBody = 256 << 20

// maxKeys bounds the threads a server counts requests of; past it, it forgets all.
const maxKeys = 1 << 16

// Options of a server.
type Options struct {
	// Global counts all requests together instead of those of each prompt_cache_key.
	Global bool
	// Stateless takes the answer from the request alone, as Replay does.
	Stateless bool
	// Log gets a JSON object a line for each request; nil for none.
	Log io.Writer
}

// Server is a scripted model that speaks HTTP: POST …/responses, POST
// …/responses/compact and GET …/models, whatever comes before. It is an http.Handler.
type Server struct {
	script *Script
	opts   Options

	mu      sync.Mutex
	counts  map[string]int
	compact int
}

// NewServer makes a server for a script.
func NewServer(s *Script, o Options) *Server {
	return &Server{script: s, opts: o, counts: map[string]int{}}
}

// ServeHTTP answers one request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := readBody(r)
	s.log(r, body)
	path := strings.TrimRight(r.URL.Path, "/")
	switch {
	case err != nil:
		answer(w, http.StatusBadRequest, nil, errorBody(err.Error()))
	case r.Header.Get("Upgrade") != "":
		answer(w, http.StatusUpgradeRequired, nil, errorBody("no websocket"))
	case r.Method == http.MethodGet && strings.HasSuffix(path, "/models"):
		answer(w, http.StatusOK, nil, []byte(`{"models":[],"data":[],"object":"list"}`))
	case r.Method == http.MethodPost && strings.HasSuffix(path, "/responses"):
		s.responses(w, r, ReadRequest(body))
	case r.Method == http.MethodPost && strings.HasSuffix(path, "/responses/compact") && len(s.script.Compact) > 0:
		s.compaction(w, r)
	default:
		answer(w, http.StatusNotFound, nil, errorBody("not found"))
	}
}

func (s *Server) responses(w http.ResponseWriter, r *http.Request, req Request) {
	t, n, err := s.next(req)
	if err != nil {
		answer(w, http.StatusBadRequest, nil, errorBody(err.Error()))
		return
	}
	status, headers, text, events := httpForm(t)
	p := player{ctx: r.Context(), turn: t, n: n, sleep: responses.Sleep}
	if status != 0 {
		p.out = &doneFinder{}
		if p.pause(t.BeforeMS) == nil {
			answer(w, status, headers, text)
		}
		return
	}
	for k, v := range headers {
		w.Header().Set(k, v)
	}
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("Cache-Control", "no-cache")
	f, ok := w.(http.Flusher)
	if !ok {
		f = noFlush{}
	}
	p.out = &sseSink{w: bufio.NewWriterSize(w, 64<<10), f: f}
	w.WriteHeader(http.StatusOK)
	if t.BeforeMS == 0 && t.Cut != nil && *t.Cut == 0 {
		f.Flush()
	}
	if err := p.play(events); err != nil || t.Abort || t.Exit != 0 {
		panic(http.ErrAbortHandler) // the one way to break a connection under net/http
	}
}

// next counts the request and picks its answer; n numbers the answers of a thread.
func (s *Server) next(req Request) (t *Turn, n int, err error) {
	if s.opts.Stateless {
		t, err = s.script.Pick(req)
		return t, req.Responses + 1, err
	}
	key := req.Key
	if s.opts.Global {
		key = ""
	}
	when, turns := s.script.group(req.Prompt)
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.counts) > maxKeys {
		s.counts = map[string]int{}
	}
	t, err = pick(turns, s.counts[key+"\x00"+when])
	s.counts[key+"\x00"+when]++
	if when != "" {
		s.counts[key+"\x00\x00"]++
	}
	return t, s.counts[key+"\x00"] + s.counts[key+"\x00\x00"], err
}

func (s *Server) compaction(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	t, _ := pick(s.script.Compact, s.compact)
	s.compact++
	s.mu.Unlock()
	p := player{ctx: r.Context(), turn: t, out: &doneFinder{}, sleep: responses.Sleep}
	if p.pause(t.BeforeMS) != nil {
		return
	}
	text := bodyText(t.Body)
	status := cmp.Or(t.Status, http.StatusOK)
	answer(w, status, t.Headers, text)
}

// httpForm takes what belongs into status line and headers out of an answer that was
// recorded as lines, where an error and the headers are events (see Replay).
func httpForm(t *Turn) (status int, h Headers, text []byte, events []json.RawMessage) {
	text = bodyText(t.Body)
	status, h, events = t.Status, t.Headers, t.Raw
	for len(events) > 0 {
		e := gjson.ParseBytes(events[0])
		more := Headers{}
		if json.Unmarshal([]byte(e.Get("headers").Raw), &more) != nil {
			more = nil
		}
		switch typ := e.Get("type").Str; {
		case typ == "codex.response.metadata" && more != nil:
			h = merged(maps.Clone(more), t.Headers)
			events = events[1:]
			continue
		case typ == "error" && e.Get("status").Int() >= 300 && e.Get("status").Int() < 1000:
			status, h = int(e.Get("status").Int()), merged(maps.Clone(more), h)
			switch b := e.Get("body"); {
			case b.Exists():
				text = bodyText(json.RawMessage(b.Raw))
			case e.Get("error").Exists():
				text = []byte(`{"error":` + e.Get("error").Raw + `}`)
			}
		}
		break
	}
	return status, h, text, events
}

func answer(w http.ResponseWriter, status int, headers Headers, body []byte) {
	w.Header().Set("Content-Type", "application/json")
	for k, v := range headers {
		w.Header().Set(k, v)
	}
	w.Header().Set("Content-Length", fmt.Sprint(len(body)))
	w.WriteHeader(status)
	w.Write(body)
}

func errorBody(msg string) []byte { return []byte(`{"error":{"message":` + quote(msg) + `}}`) }

func readBody(r *http.Request) ([]byte, error) {
	body, err := io.ReadAll(io.LimitReader(r.Body, maxBody+1))
	if err != nil {
		return nil, fmt.Errorf("read request: %w", err)
	}
	if len(body) > maxBody {
		return nil, fmt.Errorf("request over %d bytes", maxBody)
	}
	if r.Header.Get("Content-Encoding") != "zstd" {
		return body, nil
	}
	d, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(maxBody))
	if err != nil {
		return nil, err
	}
	defer d.Close()
	if body, err = d.DecodeAll(body, nil); err != nil {
		return nil, fmt.Errorf("decompress request: %w", err)
	}
	return body, nil
}

// log writes the request as one line, one Write.
func (s *Server) log(r *http.Request, body []byte) {
	if s.opts.Log == nil {
		return
	}
	h := map[string]string{}
	for k, v := range r.Header {
		h[strings.ToLower(k)] = strings.Join(v, ", ")
	}
	h["host"] = r.Host
	line := struct {
		Method  string            `json:"method"`
		T       float64           `json:"t"`
		Path    string            `json:"path"`
		Headers map[string]string `json:"headers"`
		Body    json.RawMessage   `json:"body,omitempty"`
	}{r.Method, float64(time.Now().UnixMicro()) / 1e6, r.URL.RequestURI(), h, nil}
	if r.Method == http.MethodPost {
		if line.Body = body; !jsonrpc.Valid(body) {
			line.Body = json.RawMessage(quote(strings.ToValidUTF8(string(body), "\ufffd")))
		}
	}
	b, err := jsonrpc.Marshal(line)
	if err != nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.opts.Log.Write(append(b, '\n'))
}

type noFlush struct{}

func (noFlush) Flush() {}
