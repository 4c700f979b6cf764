package tests

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"codex/tests/programs"
)

// TestRedirects: whichever server answers with a redirect to another place, no program takes
// its credentials there, nor says what it sent as something else.
func TestRedirects(t *testing.T) {
	var mu sync.Mutex
	var asked, reached []string
	elsewhere := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		reached = append(reached, fmt.Sprint(r.Method, " ", r.URL, " ", r.Header))
	}))
	defer elsewhere.Close()
	status := 0
	place := ""
	here := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		asked = append(asked, r.Method+" "+r.URL.Path)
		if r.URL.Path == "/again" {
			if r.Method == http.MethodGet && r.URL.Query().Get("was") != http.MethodGet {
				reached = append(reached, "a "+r.URL.Query().Get("was")+" that became a GET")
			}
			http.Error(w, "no", http.StatusNotFound)
			return
		}
		w.Header().Set("Location", strings.ReplaceAll(place, "METHOD", r.Method))
		w.WriteHeader(status)
	}))
	defer here.Close()
	exe := func(name string) string { return filepath.Join(binaries, name) }
	for name, argv := range map[string][]string{
		"model":   {exe("codex"), "exec", "--skip-git-repo-check", "hi"},
		"backend": {exe("codex"), "apply", "task_e_0123456789"},
		"mcp":     {exe("codex"), "mcp", "tools", "x"},
		"device":  {exe("codex"), "login", "--device-auth", "--experimental_issuer", here.URL},
		"doctor":  {exe("codex"), "doctor"},
		"aws":     {exe("codex-aws"), "--region", "us-east-1"},
	} {
		t.Run(name, func(t *testing.T) {
			home := t.TempDir()
			config := fmt.Sprintf("model_provider = \"h\"\nchatgpt_base_url = \"%[1]s\"\n[model_providers.h]\nname = \"h\"\nbase_url = \"%[1]s/v1\"\nenv_key = \"KEY\"\nhttp_headers = { X-Key = \"secret\" }\n"+
				"request_max_retries = 0\nstream_max_retries = 0\n[mcp_servers.x]\nurl = \"%[1]s/mcp\"\nbearer_token_env_var = \"KEY\"\nhttp_headers = { X-Key = \"secret\" }\n", here.URL)
			login := `{"auth_mode":"chatgpt","tokens":{"id_token":"e30.eyJodHRwczovL2FwaS5vcGVuYWkuY29tL2F1dGgiOnsiY2hhdGdwdF9hY2NvdW50X2lkIjoiYSJ9fQ.e30","access_token":"secret","refresh_token":"secret","account_id":"a"},"last_refresh":"` +
				time.Now().UTC().Format(time.RFC3339) + `"}`
			for file, text := range map[string]string{"config.toml": config, "auth.json": login} {
				if err := os.WriteFile(filepath.Join(home, file), []byte(text), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			for _, status = range []int{301, 302, 303, 307, 308} {
				for _, place = range []string{elsewhere.URL + "/x", "//" + elsewhere.Listener.Addr().String() + "/x", "/again?was=METHOD",
					strings.Replace(elsewhere.URL, "//", "//user:word@", 1) + "/x", "file:///etc/passwd", "unix:///run/x.sock"} {
					mu.Lock()
					asked, reached = nil, nil
					mu.Unlock()
					ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
					cmd := exec.CommandContext(ctx, argv[0], argv[1:]...)
					cmd.Dir = home
					cmd.Env = []string{programs.NoKeyring, "PATH=" + os.Getenv("PATH"), "HOME=" + home, "CODEX_HOME=" + home, "KEY=secret",
						"AWS_CONTAINER_CREDENTIALS_FULL_URI=" + here.URL + "/aws", "AWS_CONTAINER_AUTHORIZATION_TOKEN=secret", "AWS_EC2_METADATA_DISABLED=true", "AWS_MAX_ATTEMPTS=1"}
					out, err := cmd.CombinedOutput()
					cancel()
					mu.Lock()
					if len(asked) == 0 || len(reached) > 0 || name != "doctor" && err == nil {
						t.Errorf("%s to %s: asked %q, reached %q, %v\n%s", strconv.Itoa(status), place, asked, reached, err, out)
					}
					mu.Unlock()
				}
			}
		})
	}
}

// TestProxyPassword: an address of a proxy that cannot be read is in no error, with the
// password in it.
func TestProxyPassword(t *testing.T) {
	home := t.TempDir()
	config := "model_provider = \"h\"\n[model_providers.h]\nname = \"h\"\nbase_url = \"https://model.test/v1\"\nrequest_max_retries = 0\nstream_max_retries = 0\n[mcp_servers.x]\nurl = \"https://model.test/mcp\"\n"
	if err := os.WriteFile(filepath.Join(home, "config.toml"), []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{"exec", "--skip-git-repo-check", "hi"}, {"mcp", "tools", "x"}, {"doctor"}} {
		cmd := exec.CommandContext(t.Context(), filepath.Join(binaries, "codex"), args...)
		cmd.Dir = home
		cmd.Env = []string{programs.NoKeyring, "PATH=" + os.Getenv("PATH"), "HOME=" + home, "CODEX_HOME=" + home, "RUST_LOG=trace",
			"HTTPS_PROXY=http://user:pass%zzword@proxy.test:3128", "https_proxy=http://user:pass%zzword@proxy.test:3128"}
		if out, err := cmd.CombinedOutput(); strings.Contains(string(out), "pass%zzword") {
			t.Errorf("%q: %v\n%s", args, err, out)
		}
	}
	logs, err := filepath.Glob(filepath.Join(home, "sessions/*/*/*/*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range logs {
		if b, err := os.ReadFile(name); err != nil || strings.Contains(string(b), "pass%zzword") {
			t.Errorf("%s: %v", name, err)
		}
	}
}
