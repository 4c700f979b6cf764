package oss

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
)

// server is a local one. Paths without an answer are not found.
type server struct {
	answers map[string]string // by path
	mu      sync.Mutex
	asked   []string // method, path, body; the turn's own request without body
}

const answer = `data: {"type":"response.created","response":{"id":"r"}}

data: {"type":"response.output_item.done","item":{"type":"message","role":"assistant","id":"m","content":[{"type":"output_text","text":"hello"}]}}

data: {"type":"response.completed","response":{"id":"r","usage":{"input_tokens":1,"output_tokens":1,"total_tokens":2}}}

`

func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	b, _ := io.ReadAll(r.Body)
	body := string(b)
	if strings.Contains(body, `"stream":true`) && strings.HasSuffix(r.URL.Path, "/responses") {
		body = "turn"
	}
	s.mu.Lock()
	s.asked = append(s.asked, strings.TrimSpace(r.Method+" "+r.URL.Path+" "+body))
	s.mu.Unlock()
	text, ok := s.answers[r.URL.Path]
	switch {
	case body == "turn":
		w.Header().Set("Content-Type", "text/event-stream")
		io.WriteString(w, answer)
	case !ok:
		http.NotFound(w, r)
	default:
		io.WriteString(w, text)
	}
}

// run runs codex exec --oss; path holds programs.
func run(t *testing.T, base, path string, args ...string) (stdout, stderr string, status int) {
	t.Helper()
	home := t.TempDir()
	cmd := exec.CommandContext(t.Context(), filepath.Join(binaries, "codex-exec"), append([]string{"--skip-git-repo-check", "--oss", "hi"}, args...)...)
	cmd.Dir, cmd.Stdin = home, strings.NewReader("")
	cmd.Env = []string{"HOME=" + home, "USERPROFILE=" + home, "CODEX_HOME=" + home, "PATH=" + path, "CODEX_OSS_BASE_URL=" + base}
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil && cmd.ProcessState == nil {
		t.Fatal(err)
	}
	return out.String(), errs.String(), cmd.ProcessState.ExitCode()
}

const (
	pulled = `{"status":"pulling manifest"}
{"status":"pulling 1","digest":"sha256:1","total":1073741824,"completed":0}
{"status":"pulling 1","digest":"sha256:1","total":1073741824,"completed":536870912}
{"status":"verifying sha256 digest"}
{"status":"success"}
`
	models  = `{"object":"list","data":[{"id":"gpt-oss:20b","object":"model"},{"id":"plain:latest"},{"id":"openai/gpt-oss-20b"}]}`
	pull    = `POST /api/pull {"model":"new","stream":true}`
	load    = `POST /v1/responses {"model":"openai/gpt-oss-20b","input":"","max_output_tokens":1}`
	list    = "GET /v1/models"
	version = "GET /api/version"
	turn    = "POST /v1/responses turn"
)

// TestReady holds what is asked of a local server before a turn, and what is said when it is not
// ready.
func TestReady(t *testing.T) {
	for _, tc := range []struct {
		name, provider, model string
		answers               map[string]string
		want                  string // on standard error
		asked                 []string
	}{
		{"there", "ollama", "", map[string]string{"/v1/models": models, "/api/version": `{"version":"0.14.0"}`}, "", []string{list, version, turn}},
		{"the latest", "ollama", "plain", map[string]string{"/v1/models": models}, "", []string{list, version, turn}},
		{"old", "ollama", "", map[string]string{"/v1/models": models, "/api/version": `{"version":"0.13.3"}`},
			"Error: OSS setup failed: Ollama 0.13.3 is too old. Codex requires Ollama 0.13.4 or newer.\n", []string{list, version}},
		{"built by somebody", "ollama", "", map[string]string{"/v1/models": models, "/api/version": `{"version":"0.0.0"}`}, "", []string{list, version, turn}},
		{"pulled", "ollama", "new", map[string]string{"/v1/models": models, "/api/pull": pulled},
			"Pulling model new...\n0.00/1.00 GB (0%)\n0.50/1.00 GB (50%)\n", []string{list, version, pull, turn}},
		{"not to be had", "ollama", "new", map[string]string{"/v1/models": models, "/api/pull": `{"error":"pull model manifest: file does not exist"}` + "\n"},
			"Error: OSS setup failed: Pull failed: pull model manifest: file does not exist\n", []string{list, version, pull}},
		{"cut short", "ollama", "new", map[string]string{"/v1/models": models, "/api/pull": `{"status":"pulling manifest"}` + "\n"},
			"Error: OSS setup failed: Pull stream ended unexpectedly without success.\n", []string{list, version, pull}},
		{"no pull", "ollama", "new", map[string]string{"/v1/models": models}, "Error: OSS setup failed: failed to start pull: 404 Not Found\n", []string{list, version, pull}},
		{"somebody else's server", "ollama", "", nil, "Error: OSS setup failed: No Ollama server answers here. `ollama serve` starts one", []string{list}},
		{"studio", "lmstudio", "", map[string]string{"/v1/models": models, "/v1/responses": "{}"}, "Loading model openai/gpt-oss-20b...\n", []string{list, load, turn}},
		{"studio does not load", "lmstudio", "", map[string]string{"/v1/models": models}, "warning: load openai/gpt-oss-20b: 404 Not Found\n", []string{list, load, turn}},
		{"studio has another server's port", "lmstudio", "", nil, "Error: OSS setup failed: Server returned error: 404 Not Found LM Studio does not answer.", []string{list}},
		{"studio cannot download", "lmstudio", "new", map[string]string{"/v1/models": models}, "Error: OSS setup failed: the program `lms` of LM Studio is not there", []string{list}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s := &server{answers: tc.answers}
			h := httptest.NewServer(s)
			defer h.Close()
			args := []string{"--local-provider", tc.provider}
			if tc.model != "" {
				args = append(args, "-m", tc.model)
			}
			out, errs, status := run(t, h.URL+"/v1", t.TempDir(), args...)
			done := slices.Contains(tc.asked, turn)
			if done != (status == 0) || done != (out == "hello\n") || !strings.Contains(errs, tc.want) {
				t.Errorf("%d %q %s", status, out, errs)
			}
			s.mu.Lock()
			defer s.mu.Unlock()
			if !slices.Equal(s.asked, tc.asked) {
				t.Errorf("asked %q", s.asked)
			}
		})
	}
}

// TestNobody holds the words when nothing listens.
func TestNobody(t *testing.T) {
	h := httptest.NewServer(http.NotFoundHandler())
	base := h.URL + "/v1"
	h.Close()
	for provider, want := range map[string]string{
		"ollama":   "Error: OSS setup failed: No Ollama server answers here. `ollama serve` starts one;",
		"lmstudio": "Error: OSS setup failed: LM Studio does not answer. `lms server start` starts its server; it can be had at https://lmstudio.ai/download.",
	} {
		if out, errs, status := run(t, base, "", "--local-provider", provider, "--json"); status != 1 || out != "" || !strings.HasPrefix(errs, want) {
			t.Errorf("%s: %d %q %s", provider, status, out, errs)
		}
	}
	// A setting asks for no preparation: the turn itself finds nobody there.
	home := t.TempDir()
	cmd := exec.CommandContext(t.Context(), filepath.Join(binaries, "codex-exec"), "--skip-git-repo-check", "-c", "model_provider=ollama", "hi")
	cmd.Dir, cmd.Env = home, []string{"HOME=" + home, "CODEX_HOME=" + home, "CODEX_OSS_BASE_URL=" + base}
	out, err := cmd.CombinedOutput()
	if err == nil || !strings.Contains(string(out), "no Ollama server is running at "+base) {
		t.Errorf("%v %s", err, out)
	}
}

// TestDownload holds that LM Studio's own program gets a model that is not there.
func TestDownload(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("a script stands for lms")
	}
	dir := t.TempDir()
	lms := fmt.Sprintf("#!/bin/sh\necho \"lms $*\" >'%s/said'; echo got it; echo or not >&2; exit $(cat '%s/status')\n", dir, dir)
	if err := os.WriteFile(filepath.Join(dir, "lms"), []byte(lms), 0o700); err != nil {
		t.Fatal(err)
	}
	for status, want := range map[string]string{"0": "Downloading model: new\ngot it\nor not\nLoading model new...\n", "3": "or not\nError: OSS setup failed: Model download failed: "} {
		h := httptest.NewServer(&server{answers: map[string]string{"/v1/models": models, "/v1/responses": "{}"}})
		if err := os.WriteFile(filepath.Join(dir, "status"), []byte(status), 0o600); err != nil {
			t.Fatal(err)
		}
		_, errs, code := run(t, h.URL+"/v1", dir+":/usr/bin:/bin", "--local-provider", "lmstudio", "-m", "new")
		h.Close()
		if !strings.Contains(errs, want) || (status == "0") != (code == 0) {
			t.Errorf("%s: %d %s", status, code, errs)
		}
		if b, _ := os.ReadFile(filepath.Join(dir, "said")); string(b) != "lms get --yes new\n" {
			t.Errorf("said %s", b)
		}
	}
}
