package login

import (
	"bytes"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"

	"codex/tests/oauth"
	"codex/tests/programs"
)

// desk is a home folder, the service that gives tokens, and a model that takes some.
type desk struct {
	t       *testing.T
	home    string
	service *oauth.Server
	model   *model
	extra   []string
}

func newDesk(t *testing.T) *desk {
	d := &desk{t: t, home: t.TempDir(), service: oauth.Start(t), model: &model{}}
	h := httptest.NewServer(d.model)
	t.Cleanup(h.Close)
	d.write("config.toml", fmt.Sprintf("model = \"gpt-5.4\"\nmodel_provider = \"m\"\nchatgpt_base_url = %q\n[model_providers.m]\nname = \"m\"\nbase_url = %q\nrequires_openai_auth = true\nrequest_max_retries = 0\nstream_max_retries = 0\n", h.URL+"/backend-api", h.URL))
	return d
}

func (d *desk) write(name, text string) {
	d.t.Helper()
	if err := os.WriteFile(filepath.Join(d.home, name), []byte(text), 0o600); err != nil {
		d.t.Fatal(err)
	}
}

func (d *desk) read(name string) string {
	d.t.Helper()
	b, err := os.ReadFile(filepath.Join(d.home, name))
	if err != nil {
		d.t.Fatal(err)
	}
	return string(b)
}

func (d *desk) command(stdin, program string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(d.t.Context(), filepath.Join(binaries, program), args...)
	cmd.Dir = d.t.TempDir()
	cmd.Stdin = strings.NewReader(stdin)
	cmd.Env = append([]string{programs.NoKeyring, "HOME=" + d.home, "CODEX_HOME=" + d.home, "PATH=" + os.Getenv("PATH"), "CODEX_AUTHAPI_BASE_URL=" + d.service.URL, "CODEX_AGENT_IDENTITY_AUTHAPI_BASE_URL=" + d.service.URL + "/",
		"CODEX_REFRESH_TOKEN_URL_OVERRIDE=" + d.service.URL + "/oauth/token", "CODEX_REVOKE_TOKEN_URL_OVERRIDE=" + d.service.URL + "/oauth/revoke"}, d.extra...)
	return cmd
}

// run gives what a program said; nothing but token prints a secret.
func (d *desk) run(stdin, program string, args ...string) (stdout, stderr string, status int) {
	d.t.Helper()
	cmd := d.command(stdin, program, args...)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil && cmd.ProcessState == nil {
		d.t.Fatal(err)
	}
	if strings.Contains(errs.String(), "PLANTED") {
		d.t.Errorf("%s %q tells a secret: %s", program, args, errs.String())
	}
	return out.String(), errs.String(), cmd.ProcessState.ExitCode()
}

// noSecrets looks through everything that was written, but for auth.json.
func (d *desk) noSecrets() { d.nowhere("PLANTED") }

// nowhere is noSecrets for a word.
func (d *desk) nowhere(secret string) {
	d.t.Helper()
	seen := 0
	err := filepath.WalkDir(d.home, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() || e.Name() == "auth.json" {
			return err
		}
		b, err := os.ReadFile(path)
		if seen++; bytes.Contains(b, []byte(secret)) {
			d.t.Errorf("%s holds a secret", path)
		}
		return err
	})
	if err != nil || seen == 0 {
		d.t.Errorf("%d files, %v", seen, err)
	}
}

// model answers requests that carry one of the good tokens; every token when none is named.
type model struct {
	mu    sync.Mutex
	good  func(token string) bool
	asked []string          // authorization and account of each request
	usage []string          // requests of the service behind the account
	tasks map[string]string // its answers about tasks

	list    string        // its models; "" for none
	listTag string        // its ETag, also told beside answers
	listed  []http.Header // of requests for it, with the query as Query and how many answers were asked before as After
	hold    func()        // waits before an answer
	bodies  []string
}

func (m *model) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	m.mu.Lock()
	defer m.mu.Unlock()
	token := strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
	if strings.HasPrefix(r.URL.Path, "/backend-api/") {
		m.backend(w, r)
		return
	}
	if strings.HasSuffix(r.URL.Path, "/models") {
		m.models(w, r)
		return
	}
	body, _ := io.ReadAll(r.Body)
	m.bodies = append(m.bodies, string(body))
	m.asked = append(m.asked, token+" "+r.Header.Get("chatgpt-account-id"))
	if m.good != nil && !m.good(token) {
		w.WriteHeader(http.StatusUnauthorized)
		fmt.Fprint(w, `{"error":{"message":"token is not good","code":"invalid_token"}}`)
		return
	}
	w.Header().Set("Content-Type", "text/event-stream")
	if m.listTag != "" {
		w.Header().Set("X-Models-Etag", m.listTag)
	}
	if hold := m.hold; hold != nil {
		http.NewResponseController(w).Flush()
		m.mu.Unlock()
		hold()
		m.mu.Lock()
	}
	for _, e := range []string{
		`{"type":"response.created","response":{"id":"r1"}}`,
		`{"type":"response.output_item.done","item":{"type":"message","role":"assistant","id":"m1","content":[{"type":"output_text","text":"hello"}]}}`,
		`{"type":"response.completed","response":{"id":"r1","usage":{"input_tokens":1,"output_tokens":1,"total_tokens":2}}}`,
	} {
		fmt.Fprintf(w, "data: %s\n\n", e)
	}
}

// models answers with the list.
func (m *model) models(w http.ResponseWriter, r *http.Request) {
	h := r.Header.Clone()
	h.Set("Query", r.URL.RawQuery)
	h.Set("After", strconv.Itoa(len(m.asked)))
	m.listed = append(m.listed, h)
	if m.list == "" {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("ETag", m.listTag)
	fmt.Fprint(w, m.list)
}

// set changes what it answers.
func (m *model) set(change func(*model)) {
	m.mu.Lock()
	defer m.mu.Unlock()
	change(m)
}

// backend is the service behind the account.
func (m *model) backend(w http.ResponseWriter, r *http.Request) {
	m.usage = append(m.usage, r.Method+" "+r.URL.Path)
	if r.Header.Get("chatgpt-account-id") != "acc1" || m.good != nil && !m.good(strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")) {
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	switch path := strings.TrimPrefix(r.URL.Path, "/backend-api/wham/"); {
	case path == "usage":
		fmt.Fprint(w, `{"plan_type":"pro","rate_limit":{"allowed":true,"limit_reached":false,`+
			`"primary_window":{"used_percent":42,"limit_window_seconds":3600,"reset_after_seconds":120,"reset_at":1735689720},`+
			`"secondary_window":{"used_percent":5,"limit_window_seconds":86400,"reset_after_seconds":43200,"reset_at":1735693200}},`+
			`"credits":{"has_credits":true,"unlimited":false,"balance":"9.9"},"additional_rate_limits":[{"limit_name":"spark","metered_feature":"codex_other",`+
			`"rate_limit":{"allowed":true,"limit_reached":false,"primary_window":{"used_percent":88,"limit_window_seconds":1800,"reset_after_seconds":600,"reset_at":1735693200}}}],`+
			`"rate_limit_reached_type":{"type":"rate_limit_reached"}}`)
	case path == "accounts/send_add_credits_nudge_email":
		fmt.Fprint(w, `{}`)
	case strings.HasPrefix(path, "tasks/") && m.tasks[strings.TrimPrefix(path, "tasks/")] != "":
		fmt.Fprint(w, m.tasks[strings.TrimPrefix(path, "tasks/")])
	default:
		http.NotFound(w, r)
	}
}

func (m *model) backendRequests() []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return append([]string(nil), m.usage...)
}

// requests are those so far.
func (m *model) requests() []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return append([]string(nil), m.asked...)
}

func (m *model) accept(good func(token string) bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.good = good
}
