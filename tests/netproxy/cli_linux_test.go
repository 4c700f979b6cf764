package netproxy

import (
	"bytes"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// command runs one of our programs and gives its output, words and status.
func command(t *testing.T, env []string, program string, args ...string) (stdout, stderr string, status int) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), filepath.Join(binaries, program), args...)
	cmd.Dir, cmd.Env = t.TempDir(), append([]string{"PATH=/usr/bin:/bin"}, env...)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); cmd.ProcessState == nil {
		t.Fatal(err)
	}
	return out.String(), errs.String(), cmd.ProcessState.ExitCode()
}

// TestSandboxCommand: a command by hand, under a profile with hosts, has a proxy of its
// own, which ends with it.
func TestSandboxCommand(t *testing.T) {
	newBench(t) // skips where there are no namespaces
	web, _ := world(t)
	home := t.TempDir()
	profile := func(domains string) []string {
		text := "default_permissions = \"web\"\n[features]\nnetwork_proxy = true\n[permissions.web.filesystem]\n\":root\" = \"read\"\n" +
			"[permissions.web.network]\nenabled = true\n[permissions.web.network.domains]\n" + domains
		if err := os.WriteFile(filepath.Join(home, "config.toml"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return []string{"HOME=" + home, "CODEX_HOME=" + home}
	}
	env := profile(`"127.0.0.1" = "allow"`)
	out, errs, status := command(t, env, "codex-sandbox", "linux", "-P", "web", "--", "sh", "-c",
		"curl -sS "+web+"/x; curl -s -o /dev/null http://b.test/; echo; echo $HTTP_PROXY; exit 3")
	if out != "hello /x\nhttp://127.0.0.1:43128\n" || status != 3 ||
		!strings.HasPrefix(errs, "codex-sandbox: network blocked: b.test port 80 is in no allow list") || strings.Count(errs, "\n") != 1 {
		t.Errorf("%d, %q, %q", status, out, errs)
	}
	out, _, _ = command(t, env, "codex-sandbox", "linux", "-P", "web", "--explain")
	if !strings.Contains(out, "network  through a proxy\n  allow  127.0.0.1\n") {
		t.Errorf("%s", out)
	}
	if _, _, status = command(t, env, "codex-sandbox", "linux", "-P", "web", "--", "curl", "-s", "--noproxy", "*", web); status != 7 {
		t.Errorf("around the proxy: %d", status)
	}
}

// TestChain: codex-netproxy runs a command behind itself.
func TestChain(t *testing.T) {
	web, _ := world(t)
	out, errs, status := command(t, nil, "codex-netproxy", "--allow", "127.0.0.1", "--", "sh", "-c", "curl -sS "+web+"/x; curl -s http://b.test/; kill -TERM $$")
	if !strings.HasPrefix(out, `hello /x{"status":"blocked"`) || status != 143 || !strings.HasPrefix(errs, "codex-netproxy: network blocked: b.test") {
		t.Errorf("%d, %q, %q", status, out, errs)
	}
	for _, tt := range []struct {
		args   []string
		status int
		errs   string
	}{
		{[]string{"--", "/does/not/exist"}, 127, "codex-netproxy: run command: "},
		{[]string{"--", "/etc/passwd"}, 126, "codex-netproxy: run command: "},
		{[]string{"--deny", "*", "--", "true"}, 2, "error: host pattern"},
		{[]string{"--http", "0.0.0.0:3128"}, 1, "not an address of the loopback interface"},
		{[]string{"--socks", "127.0.0.1:0", "--", "true"}, 2, "a command needs --http"},
		{[]string{"true"}, 2, "unexpected argument"},
		{[]string{"--", "sh", "-c", "exit 5"}, 5, ""},
	} {
		if _, errs, status := command(t, nil, "codex-netproxy", tt.args...); status != tt.status || !strings.Contains(errs, tt.errs) {
			t.Errorf("%q: %d, %q", tt.args, status, errs)
		}
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if _, errs, status := command(t, nil, "codex-netproxy", "--http", l.Addr().String()); status != 1 || !strings.Contains(errs, "address already in use") {
		t.Errorf("%d, %q", status, errs)
	}
}

// TestStandalone: without a command it says where it listens and what it blocks.
func TestStandalone(t *testing.T) {
	cmd := exec.CommandContext(t.Context(), filepath.Join(binaries, "codex-netproxy"), "--allow", "a.test", "--http", "127.0.0.1:0", "--socks", "127.0.0.1:0")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var at string
	if _, err := fmt.Fscanf(out, `{"method":"listening","params":{"http":"127.0.0.1:%s`, &at); err != nil {
		t.Fatal(err)
	}
	at, _, _ = strings.Cut(at, `"`)
	curl := exec.CommandContext(t.Context(), "curl", "-sx", "http://127.0.0.1:"+at, "http://b.test/")
	if text, err := curl.Output(); err != nil || !strings.Contains(string(text), "not_allowed") {
		t.Errorf("%s, %v", text, err)
	}
	var line string
	if _, err := fmt.Fscanf(out, `{"method":"blocked","params":{"protocol":"http","host":%s`, &line); err != nil || !strings.HasPrefix(line, `"b.test","port":80,"reason":"not_allowed","message":`) {
		t.Errorf("%q, %v", line, err)
	}
	cmd.Process.Signal(os.Interrupt)
	cmd.Wait()
	if cmd.ProcessState.ExitCode() != 130 {
		t.Errorf("%v", cmd.ProcessState)
	}
}
