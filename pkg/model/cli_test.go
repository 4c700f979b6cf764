package model

import (
	"bytes"
	"context"
	"io"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/tidwall/gjson"

	"codex/pkg/model/script"
)

// TestMain lets the test binary be codex-model, for record to start.
func TestMain(m *testing.M) {
	if os.Getenv("MODELCLI_TEST_MAIN") != "" {
		os.Exit(Main(os.Args[1:], Streams{Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr, Env: os.Environ()}))
	}
	os.Exit(m.Run())
}

func run(t *testing.T, stdin string, args ...string) (status int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	env := append(os.Environ(), "MODELCLI_TEST_MAIN=1", "KEY=sk-1")
	status = Main(args, Streams{Stdin: strings.NewReader(stdin), Stdout: &out, Stderr: &errs, Env: env})
	return status, out.String(), errs.String()
}

func scriptFile(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "s.jsonl")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func serving(t *testing.T, text string) (url string, log *bytes.Buffer) {
	t.Helper()
	s, err := script.Parse(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	log = &bytes.Buffer{}
	srv := httptest.NewServer(script.NewServer(s, script.Options{Log: log}))
	t.Cleanup(srv.Close)
	return srv.URL + "/v1", log
}

const twoTurns = `{"msg":"hello there, what is it","headers":{"openai-model":"m2"}} {"status":429,"body":{"error":{"message":"slow"}},"headers":{"x-request-id":"q"}}`

func TestCall(t *testing.T) {
	url, log := serving(t, twoTurns)
	status, out, errs := run(t, "say hello\n", "call", "--base-url", url, "-m", "gpt", "--env-key", "KEY", "--header", "x-a=b=c", "--query", "k=v,w")
	if status != 0 || errs != "" || !strings.HasPrefix(out, "{\"type\":\"codex.response.metadata\",\"headers\":{\"openai-model\":\"m2\"}}\n{\"type\":\"response.created\"") ||
		strings.Count(out, ".delta") != 2 || !strings.HasSuffix(out, "}}}\n") {
		t.Errorf("%d %s\n%s", status, errs, out)
	}
	req := gjson.Parse(log.String())
	if req.Get("body.model").Str != "gpt" || req.Get("body.input.0.content.0.text").Str != "say hello" || !req.Get("body.stream").Bool() ||
		req.Get("headers.authorization").Str != "Bearer sk-1" || req.Get("headers.x-a").Str != "b=c" || req.Get("path").Str != "/v1/responses?k=v,w" {
		t.Errorf("%s", log)
	}
	status, out, errs = run(t, "{}", "call", "--base-url", url)
	want := `{"type":"error","status":429,"error":{"message":"slow"},"body":{"error":{"message":"slow"}},"headers":{"x-request-id":"q"}}` + "\n"
	if status != 1 || out != want || errs != "codex-model: exceeded retry limit, last status: 429 Too Many Requests: slow, request id: q\n" {
		t.Errorf("%d %s\n%s", status, errs, out)
	}

	url, _ = serving(t, `[{"item":{"type":"message","content":"whole"}}]`)
	if status, out, errs = run(t, "{}", "call", "--base-url", url, "--text"); status != 0 || out != "whole\n" || errs != "" {
		t.Errorf("%d %s\n%s", status, errs, out)
	}
	url, log = serving(t, twoTurns)
	status, out, errs = run(t, `{"model":"a","input":[ 1 ]}`, "call", "--base-url", url, "--text", "-m", "b")
	if status != 0 || out != "hello there, what is it\n" || errs != "" || gjson.Get(log.String(), "body").Raw != `{"model":"b","input":[1],"stream":true}` {
		t.Errorf("%d %q %s\n%s", status, out, errs, log)
	}
	url, _ = serving(t, twoTurns)
	if status, out, _ = run(t, "{}", "call", "--base-url", url, "--no-deltas"); status != 0 || strings.Contains(out, ".delta") || !strings.Contains(out, "output_item.done") {
		t.Errorf("%d %s", status, out)
	}
}

func TestUsage(t *testing.T) {
	for _, tt := range []struct {
		stdin, want string
		status      int
		args        []string
	}{
		{"x", "--base-url is missing", 2, []string{"call"}},
		{"x", "needs --model", 2, []string{"call", "--base-url", "http://127.0.0.1:1"}},
		{"", "no request", 2, []string{"call", "--base-url", "http://127.0.0.1:1"}},
		{"x", "want NAME=VALUE", 2, []string{"call", "--base-url", "http://127.0.0.1:1", "--header", "x"}},
		{"x", "Missing environment variable: `NOPE_X`.", 1, []string{"call", "--base-url", "http://127.0.0.1:1", "--env-key", "NOPE_X"}},
		{"x", "either --base-url or a command", 2, []string{"record", "f"}},
		{"x", "exclude each other", 2, []string{"serve", "--global", "--stateless"}},
		{"", "no such file", 1, []string{"replay", "/no/such/script"}},
	} {
		status, _, errs := run(t, tt.stdin, tt.args...)
		if status != tt.status || !strings.Contains(errs, tt.want) {
			t.Errorf("%v: %d %s", tt.args, status, errs)
		}
	}
}

func TestReplay(t *testing.T) {
	path := scriptFile(t, `{"call":"f"} {"msg":"done"} {"raw":[],"exit":5,"stderr":"boom\n"}`)
	if status, out, _ := run(t, `{"input":[{"type":"function_call"}]}`, "replay", path); status != 0 || !strings.Contains(out, "done") {
		t.Errorf("%d %s", status, out)
	}
	if status, out, errs := run(t, `{"input":[{"type":"function_call"},{},{"type":"reasoning"}]}`, "replay", path); status != 5 || out != "" || errs != "boom\n" {
		t.Errorf("%d %s %s", status, out, errs)
	}
	if status, out, _ := run(t, "", "replay"); status != 0 || !strings.Contains(out, "exec_command") {
		t.Errorf("%d %s", status, out)
	}
}

// TestRecord holds that what was recorded is played again byte for byte, and that a
// server plays it, too.
func TestRecord(t *testing.T) {
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	url, _ := serving(t, twoTurns)
	first := "{\n\"input\":[]}"
	second := `{"input":[{"type":"message","role":"assistant"}]}`
	for name, how := range map[string][]string{
		"a command": {"--", exe, "replay", scriptFile(t, twoTurns)},
		"a server":  {"--base-url", url, "-m", "x"},
	} {
		file := filepath.Join(t.TempDir(), "kept.jsonl")
		args := append([]string{"record", file}, how...)
		s1, out1, err1 := run(t, first, args...)
		s2, out2, err2 := run(t, second, args...)
		if s1 != 0 || s2 != 1 || !strings.Contains(err2, "429") {
			t.Fatalf("%s: %d %d %s %s", name, s1, s2, err1, err2)
		}
		if got, out, _ := run(t, first, "replay", file); got != 0 || out != out1 {
			t.Errorf("%s: %d\n%s\nwant\n%s", name, got, out, out1)
		}
		if got, out, _ := run(t, second, "replay", file); out != out2 {
			t.Errorf("%s: %d\n%s\nwant\n%s", name, got, out, out2)
		}
		again, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		url2, _ := serving(t, string(again))
		if got, out, _ := run(t, `{"model":"x"}`, "call", "--base-url", url2); got != 0 || out != out1 {
			t.Errorf("%s, served: %d\n%s\nwant\n%s", name, got, out, out1)
		}
		if got, out, _ := run(t, `{"model":"x"}`, "call", "--base-url", url2); got != 1 || out != out2 {
			t.Errorf("%s, served: %d\n%s\nwant\n%s", name, got, out, out2)
		}
		if info, err := os.Stat(file); err != nil || info.Mode().Perm()&0o077 != 0 && os.PathSeparator == '/' {
			t.Errorf("%v %v", info.Mode(), err)
		}
	}
}

func TestServe(t *testing.T) {
	dir := t.TempDir()
	c := serveCmd{Listen: "127.0.0.1:0", PortFile: filepath.Join(dir, "port"), Log: filepath.Join(dir, "log")}
	demo, err := script.Demo()
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	r, w := io.Pipe()
	done := make(chan error, 1)
	go func() { done <- c.serve(ctx, Streams{Stdout: w}, demo) }()
	line := make([]byte, 100)
	n, err := r.Read(line)
	if err != nil {
		t.Fatal(err)
	}
	url := strings.TrimSpace(string(line[:n]))
	port, err := os.ReadFile(c.PortFile)
	if _, aerr := strconv.Atoi(string(port)); err != nil || aerr != nil || url != "http://127.0.0.1:"+string(port)+"/v1" {
		t.Errorf("%s, port %s", url, port)
	}
	if status, out, errs := run(t, "hi", "call", "--base-url", url, "-m", "x", "--text"); status != 0 || !strings.Contains(out, "I'll look") {
		t.Errorf("%d %s %s", status, out, errs)
	}
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
	if b, err := os.ReadFile(c.Log); err != nil || strings.Count(string(b), "\n") != 1 {
		t.Errorf("%s %v", b, err)
	}
}
