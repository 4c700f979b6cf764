// Package sdk drives the published TypeScript SDK, unmodified, against our programs.
package sdk

import (
	"encoding/base64"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"codex/tests/node"
	"codex/tests/programs"
)

// scripts are the model's answers, one server each; the path's first part picks it.
func scripts() map[string]string {
	return map[string]string{
		"one": `[{"call":"exec_command","args":{"cmd":"echo hi"}}]
[{"msg":"one"}]
[{"msg":"two"}]
[{"msg":"three"}]
`,
		"stream": `[{"reason":"thinking"},{"custom":"apply_patch","input":"*** Begin Patch\n*** Add File: sdk.txt\n+hi\n*** End Patch"}]
[{"call":"update_plan","args":{"plan":[{"step":"a","status":"completed"}]}}]
[{"msg":"done"}]
`,
		"shape": `[{"msg":"{\"a\":\"b\"}"}]
`,
		"hang": `[{"call":"exec_command","args":{"cmd":"sleep 4711"}}]
`,
		"bad": `{"status":400,"body":{"error":{"message":"no such thing"}}}
`,
	}
}

const dot = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="

func TestSDK(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("written for Unix shells")
	}
	modules := node.Modules(t, "drive.mjs")
	bin := binaries
	for _, pkg := range []string{"sdk-0133", "sdk-new"} {
		t.Run(pkg, func(t *testing.T) { drive(t, modules, bin, pkg) })
	}
}

func drive(t *testing.T, modules, bin, pkg string) {
	home, work := t.TempDir(), t.TempDir()
	raw, err := base64.StdEncoding.DecodeString(dot)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(work, "dot.png"), raw, 0o600); err != nil {
		t.Fatal(err)
	}
	front, log := servers(t, bin)
	cmd := exec.Command("node", filepath.Join(modules, "drive.mjs"), pkg, filepath.Join(bin, "codex"), work, front)
	cmd.Env = append(os.Environ(), "CODEX_HOME="+home, "HOME="+home)
	node.Checks(t, cmd, 12)
	checkRequest(t, log)
	gone(t, "sleep 4711")
}

// checkRequest looks at what the model got: the schema, the image, the originator.
func checkRequest(t *testing.T, log string) {
	b, err := os.ReadFile(log)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"codex_output_schema", "data:image/png;base64," + dot, "Bearer sk-test", "codex_sdk_ts"} {
		if !strings.Contains(string(b), want) {
			t.Errorf("the request does not hold %s", want)
		}
	}
}

// gone waits until no process with these words on its command line is left.
func gone(t *testing.T, words string) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); ; {
		out, err := exec.Command("ps", "-eo", "args").Output()
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(string(out), words+"\n") {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("still running: %s", words)
		}
		runtime.Gosched()
	}
}

// servers starts one scripted model for each script, and a front that picks by path. It
// gives the front's address and the log of the script "shape".
func servers(t *testing.T, bin string) (front, log string) {
	dir := t.TempDir()
	targets := map[string]*url.URL{}
	for name, script := range scripts() {
		file := filepath.Join(dir, name+".jsonl")
		if err := os.WriteFile(file, []byte(script), 0o600); err != nil {
			t.Fatal(err)
		}
		u, err := url.Parse(programs.ServeModel(t, bin, "--log", file+".log", file))
		if err != nil {
			t.Fatal(err)
		}
		targets[name] = u
	}
	proxy := &httputil.ReverseProxy{FlushInterval: -1, Rewrite: func(r *httputil.ProxyRequest) {
		name, rest, _ := strings.Cut(strings.TrimPrefix(r.In.URL.Path, "/"), "/")
		u := targets[name]
		if u == nil {
			return
		}
		r.Out.URL.Scheme, r.Out.URL.Host = u.Scheme, u.Host
		r.Out.URL.Path = "/" + rest
	}}
	srv := &http.Server{Handler: proxy, ReadHeaderTimeout: 10 * time.Second}
	ln := listen(t)
	go func() { _ = srv.Serve(ln) }()
	t.Cleanup(func() { _ = srv.Close() })
	return "http://" + ln.Addr().String(), filepath.Join(dir, "shape.jsonl.log")
}
