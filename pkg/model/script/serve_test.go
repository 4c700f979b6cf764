package script

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/klauspost/compress/zstd"
	"github.com/tidwall/gjson"
)

// buffer is a log two goroutines may share.
type buffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

func start(t *testing.T, script string, o Options) string {
	t.Helper()
	srv := httptest.NewServer(NewServer(parse(t, script), o))
	t.Cleanup(srv.Close)
	return srv.URL + "/v1"
}

// post returns status, headers and body; the error is that of reading the body.
func post(t *testing.T, url, body string, headers ...string) (int, http.Header, string, error) {
	t.Helper()
	req, err := http.NewRequest(http.MethodPost, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i+1 < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, nil, "", err
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	return resp.StatusCode, resp.Header, string(b), err
}

// word is what the answer's message says, or the status of an error.
func word(t *testing.T, url, body string) string {
	t.Helper()
	status, _, got, err := post(t, url+"/responses", body)
	if err != nil {
		t.Fatal(err)
	}
	if status != 200 {
		return http.StatusText(status)
	}
	for _, line := range strings.Split(got, "\n") {
		if d, ok := strings.CutPrefix(line, "data: "); ok && gjson.Get(d, "type").Str == "response.output_item.done" {
			return gjson.Get(d, "item.content.0.text").Str
		}
	}
	return ""
}

const threeTurns = `{"msg":"one"} {"status":404} {"msg":"two"} {"when":"special","msg":"aside"}`

func TestServeCounts(t *testing.T) {
	const a, b = `{"prompt_cache_key":"a"}`, `{"prompt_cache_key":"b"}`
	for _, tt := range []struct {
		name string
		o    Options
		want string
	}{
		{"each thread", Options{}, "one,one,Not Found,aside,two,Not Found,two"},
		{"global", Options{Global: true}, "one,Not Found,two,aside,two,two,two"},
		{"stateless", Options{Stateless: true}, "one,one,one,aside,one,one,one"},
	} {
		url := start(t, threeTurns, tt.o)
		var got []string
		for _, body := range []string{a, b, a, `{"prompt_cache_key":"a","input":"something special"}`, a, b, b} {
			got = append(got, word(t, url, body))
		}
		if strings.Join(got, ",") != tt.want {
			t.Errorf("%s: %v", tt.name, got)
		}
	}
	url := start(t, threeTurns, Options{Stateless: true})
	if got := word(t, url, `{"input":[{"role":"assistant"}]}`); got != "two" {
		t.Error(got)
	}
}

func TestServeHTTP(t *testing.T) {
	var log buffer
	url := start(t, `{"msg":"x","headers":{"openai-model":"m2"}}
{"status":429,"body":{"error":{"message":"slow"}},"headers":{"x-request-id":"q"}}
{"status":502,"body":"plain"}
{"msg":"half","cut":2}
{"msg":"half","cut":2,"abort":true}
{"type":"codex.response.metadata","headers":{"x-codex-turn-state":"TS"}}
{"type":"response.created"}
{"request":1}
{"type":"error","status":401,"error":{"message":"who"}}
{"compact":[{"output":[1]},{"status":500,"body":{}}]}
`, Options{Log: &log})
	ask := func() (int, http.Header, string, error) { return post(t, url+"/responses?a=b", `{"x": "<"}`) }

	status, h, body, err := ask()
	if status != 200 || h.Get("openai-model") != "m2" || h.Get("content-type") != "text/event-stream" || err != nil ||
		!strings.HasPrefix(body, "event: response.created\ndata: {\"type\":\"response.created\",") || !strings.HasSuffix(body, "}}\n\n") {
		t.Errorf("%d %v %s %v", status, h, body, err)
	}
	status, h, body, _ = ask()
	if status != 429 || h.Get("x-request-id") != "q" || body != `{"error":{"message":"slow"}}` {
		t.Errorf("%d %v %s", status, h, body)
	}
	if status, _, body, _ = ask(); status != 502 || body != "plain" {
		t.Errorf("%d %s", status, body)
	}
	if status, _, body, err = ask(); status != 200 || strings.Count(body, "data:") != 2 || err != nil {
		t.Errorf("cut: %d %s %v", status, body, err)
	}
	if _, _, body, err = ask(); strings.Count(body, "data:") != 2 || err == nil {
		t.Errorf("abort: %s %v", body, err)
	}
	if _, h, body, _ = ask(); h.Get("x-codex-turn-state") != "TS" || body != "event: response.created\ndata: {\"type\":\"response.created\"}\n\n" {
		t.Errorf("recorded: %v %q", h, body)
	}
	if status, _, body, _ = ask(); status != 401 || body != `{"error":{"message":"who"}}` {
		t.Errorf("recorded error: %d %s", status, body)
	}
	if status, _, body, _ = post(t, url+"/responses/compact", "{}"); status != 200 || body != `{"output":[1]}` {
		t.Errorf("compact: %d %s", status, body)
	}
	if status, _, _, _ = post(t, url+"/responses/compact", "{}"); status != 500 {
		t.Errorf("compact: %d", status)
	}
	if status, _, _, _ = post(t, url+"/elsewhere", "{}"); status != 404 {
		t.Errorf("elsewhere: %d", status)
	}
	if status, _, _, _ = post(t, url+"/responses", "{}", "Upgrade", "websocket"); status != 426 {
		t.Errorf("upgrade: %d", status)
	}
	resp, err := http.Get(url + "/models?client_version=1")
	if err != nil || resp.StatusCode != 200 {
		t.Fatal(err)
	}
	resp.Body.Close()
	lines := strings.Split(strings.TrimSpace(log.String()), "\n")
	if len(lines) != 12 || gjson.Get(lines[0], "body.x").Str != "<" || gjson.Get(lines[0], "path").Str != "/v1/responses?a=b" || !strings.Contains(lines[0], `"<"`) {
		t.Errorf("%d lines, first %s", len(lines), lines[0])
	}
}

func TestServeZstd(t *testing.T) {
	url := start(t, threeTurns, Options{})
	w, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	body := string(w.EncodeAll([]byte(`{"input":"special"}`), nil))
	if _, _, got, _ := post(t, url+"/responses", body, "Content-Encoding", "zstd"); !strings.Contains(got, "aside") {
		t.Error(got)
	}
	if status, _, _, _ := post(t, url+"/responses", "junk", "Content-Encoding", "zstd"); status != 400 {
		t.Error(status)
	}
}
