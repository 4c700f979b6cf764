package netproxy

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"codex/pkg/exec/client"
	"codex/pkg/policy"
)

// executor is a running codex-sandbox serve.
type executor struct {
	*client.Client
	t   *testing.T
	dir string
	n   int
}

func newExecutor(t *testing.T, program string) *executor {
	t.Helper()
	b := newBench(t) // skips where there are no namespaces
	c, err := client.Start(t.Context(), client.Config{Command: []string{program, "serve"}, Stderr: os.Stderr})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return &executor{Client: c, t: t, dir: b.dir}
}

// start starts a script behind a proxy; what it gives waits for the end.
func (h *executor) start(words, script string, change func(*client.StartParams)) func() (string, int) {
	h.t.Helper()
	p := policy.WorkspaceWrite(policy.WriteOptions{ExcludeSlashTmp: true, Network: true})
	p.Proxy = settings(words)
	h.n++
	params := client.StartParams{ID: fmt.Sprint(h.n), Argv: []string{"sh", "-c", script}, Cwd: h.dir, Sandbox: &p,
		Env: map[string]string{"PATH": "/usr/bin:/bin", "CODEX_SANDBOX_NETWORK_DISABLED": "1"}}
	if change != nil {
		change(&params)
	}
	var mu sync.Mutex
	var out strings.Builder
	proc, err := h.StartProcess(h.t.Context(), params, func(stream string, chunk []byte) {
		mu.Lock()
		defer mu.Unlock()
		if stream != "stdout" {
			out.WriteString("[" + stream + "] ")
		}
		out.Write(chunk)
	})
	if err != nil {
		h.t.Fatal(err)
	}
	return func() (string, int) {
		<-proc.Closed()
		mu.Lock()
		defer mu.Unlock()
		return out.String(), proc.ExitCode()
	}
}

// TestExecutor: the executor starts proxies as they are needed, and the output of a command
// tells what was refused.
func TestExecutor(t *testing.T) {
	h := newExecutor(t, filepath.Join(binaries, "codex-sandbox"))
	web, _ := world(t)
	// Many at once, of two kinds.
	var waits []func() (string, int)
	for i := range 8 {
		waits = append(waits, h.start([]string{"127.0.0.1", "127.0.0.1 a.test"}[i%2], "curl -sS "+web+"/x; echo [$CODEX_SANDBOX_NETWORK_DISABLED]", nil))
	}
	for _, wait := range waits {
		if out, code := wait(); out != "hello /x[]\n" || code != 0 {
			t.Errorf("%d: %s", code, out)
		}
	}
	tests := []struct {
		name   string
		change func(*client.StartParams)
		want   string
	}{
		{"pipes", nil, "[stderr] codex-sandbox: network blocked: b.test port 80 is in no allow list"},
		{"one pipe", func(p *client.StartParams) { p.Merge = true }, "codex-sandbox: network blocked: b.test port 80 is in no allow list"},
		{"terminal", func(p *client.StartParams) { p.Tty = true }, "[pty] codex-sandbox: network blocked: b.test port 80 is in no allow list"},
	}
	for _, tt := range tests {
		out, code := h.start("a.test", "curl -s -o /dev/null http://b.test/; exit 3", tt.change)()
		if !strings.Contains(out, tt.want) || code != 3 {
			t.Errorf("%s: %d: %s", tt.name, code, out)
		}
	}
	out, _ := h.start("a.test", "for i in $(seq 30); do curl -s -o /dev/null http://$i.test/; done", nil)()
	if n := strings.Count(out, "network blocked"); n != 20 || !strings.Contains(out, "further refused connections are not shown") {
		t.Errorf("%d are told: %s", n, out)
	}
	if err := h.Close(); err != nil {
		t.Error(err)
	}
}

// TestExecutorAsk: the client decides about hosts in no list.
func TestExecutorAsk(t *testing.T) {
	h := newExecutor(t, filepath.Join(binaries, "codex-sandbox"))
	web, _ := world(t)
	asked := make(chan client.NetworkQuestion, 10)
	ask := func(p *client.StartParams) {
		p.AskNetwork = func(_ context.Context, q client.NetworkQuestion) bool {
			asked <- q
			return q.Host == "127.0.0.1"
		}
	}
	out, _ := h.start("+ a.test", "unset NO_PROXY no_proxy; curl -sS "+web+"/1 "+web+"/2; curl -s -o /dev/null https://b.test/", ask)()
	// Streams are in no order to each other.
	if !strings.Contains(out, "hello /1") || !strings.Contains(out, "hello /2") || !strings.Contains(out, "[stderr] codex-sandbox: network blocked: b.test port 443") {
		t.Error(out)
	}
	if q := <-asked; q.Host != "127.0.0.1" || q.Protocol != "http" {
		t.Errorf("%+v", q)
	}
	if q := <-asked; q.Host != "b.test" || q.Port != 443 || q.Protocol != "https_connect" || len(asked) != 0 {
		t.Errorf("%+v", q)
	}
	// A command that ends while its question is open takes the question with it.
	gone := make(chan bool)
	out, code := h.start("a.test", "curl -s http://c.test/ & until grep -q started q 2>/dev/null; do :; done; exit 5", func(p *client.StartParams) {
		p.AskNetwork = func(ctx context.Context, _ client.NetworkQuestion) bool {
			os.WriteFile(filepath.Join(h.dir, "q"), []byte("started"), 0o600)
			<-ctx.Done()
			close(gone)
			return true
		}
	})()
	<-gone
	if code != 5 {
		t.Errorf("%d: %s", code, out)
	}
}

// TestExecutorAlone: an executor without the proxy's program leaves commands without a network,
// and say so.
func TestExecutorAlone(t *testing.T) {
	dir := t.TempDir()
	b, err := os.ReadFile(filepath.Join(binaries, "codex-sandbox"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "codex-sandbox"), b, 0o755); err != nil {
		t.Fatal(err)
	}
	h := newExecutor(t, filepath.Join(dir, "codex-sandbox"))
	web, _ := world(t)
	out, code := h.start("127.0.0.1", "echo [$CODEX_SANDBOX_NETWORK_DISABLED]; curl -sS "+web, nil)()
	if code == 0 || !strings.Contains(out, "[1]\n") || !strings.Contains(out, "codex-netproxy is not installed together with") || !strings.Contains(out, "without a network") {
		t.Errorf("%d: %s", code, out)
	}
}
