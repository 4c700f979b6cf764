package netproxy

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"codex/pkg/netproxy/keeper"
	"codex/pkg/netproxy/proto"
	"codex/pkg/policy"
	"codex/pkg/sandbox"
)

func port(l net.Listener) string {
	_, p, _ := net.SplitHostPort(l.Addr().String())
	return p
}

// world is a server on the loopback interface that says hello, over HTTP and HTTPS.
func world(t *testing.T) (web, secure string) {
	t.Helper()
	for _, tool := range []string{"curl", "git", "python3"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skip(err)
		}
	}
	hello := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost {
			io.Copy(w, r.Body)
			return
		}
		fmt.Fprintf(w, "hello %s", r.URL.Path)
	})
	a, b := httptest.NewServer(hello), httptest.NewTLSServer(hello)
	t.Cleanup(a.Close)
	t.Cleanup(b.Close)
	return a.URL, b.URL
}

// TestPrograms: what people use finds its way, and no other.
func TestPrograms(t *testing.T) {
	b := newBench(t)
	web, secure := world(t)
	other := "http://127.0.0.2:" + web[strings.LastIndexByte(web, ':')+1:]
	repository(t, b)
	git := "git -c init.defaultBranch=main clone -q "
	files := httptest.NewServer(http.FileServer(http.Dir(filepath.Join(b.dir, "served"))))
	defer files.Close()
	const py = "import os, urllib.request as u\n"
	tests := []struct {
		name, rules, script string
		want                string // in the output; "!" is a failing command
	}{
		{"plain", "127.0.0.1", "curl -sS " + web + "/x", "hello /x"},
		{"post", "127.0.0.1", "curl -sS -d abc " + web, "abc"},
		{"tunnel", "127.0.0.1", "curl -sSk " + secure + "/x", "hello /x"},
		{"all_proxy", "127.0.0.1", `curl -sS --noproxy "" -x $ALL_PROXY ` + web + "/x", "hello /x"},
		{"socks with a local look-up", "127.0.0.1", `curl -sS -x socks5://${ALL_PROXY#socks5h://} ` + web + "/x", "hello /x"},
		{"socks and tls", "127.0.0.1", `curl -sSk -x $ALL_PROXY ` + secure + "/x", "hello /x"},
		{"another spelling", "127.0.0.1", "curl -sS " + strings.Replace(web, "127.0.0.1", "0x7f.1", 1) + "/x", "hello /x"},
		{"a name", "localhost", "curl -sS " + strings.Replace(web, "127.0.0.1", "localhost", 1) + "/x", "hello /x"},
		{"python", "127.0.0.1", "python3 -c '" + py + "print(u.urlopen(\"" + web + "/x\").read())'", "hello /x"},
		{"git", "127.0.0.1", git + files.URL + "/repo.git c && cat c/file", "content"},
		{"without socks", "127.0.0.1 no-socks", `test "$ALL_PROXY" = "$HTTP_PROXY" && curl -sS ` + web + "/x", "hello /x"},
		{"limited", "127.0.0.1 limited", "curl -sS " + web + "/x", "hello /x"},

		{"not listed", "127.0.0.1", "curl -sS " + other, `"reason":"not_allowed_local"`},
		{"not listed, told", "a.test", "curl -sS http://b.test/", "\\\"b.test\\\" = \\\"allow\\\""},
		{"denied", "*.test !b.test", "curl -sSi http://b.test/", "blocked-by-denylist"},
		{"tunnel not listed", "a.test", "curl -sSi https://b.test/", "!blocked-by-allowlist"},
		{"socks not listed", "a.test", "curl -sS -x $ALL_PROXY http://b.test/", "!(2)"},
		{"limited post", "127.0.0.1 limited", "curl -sSi -d abc " + web, "blocked-by-method-policy"},
		{"limited tunnel", "127.0.0.1 limited", "curl -sSik " + secure, "!blocked-by-policy"},
		{"limited socks", "127.0.0.1 limited", "curl -sS -x $ALL_PROXY " + web, "!(2)"},
		{"nothing listed", "", "curl -sS http://b.test/", "blocked"},
		{"git not listed", "a.test", git + "https://b.test/x c", "!403"},
		{"around it", "127.0.0.1", "curl -sS --noproxy '*' " + web, "!connect to server"},
		{"around it by name", "*", "curl -sS --noproxy '*' http://example.test/", "!resolve"},
		{"around it with bash", "+ 127.0.0.1", "bash -c 'echo >/dev/tcp/" + strings.Replace(web[len("http://"):], ":", "/", 1) + "'", "!refused"},
		{"the proxy itself", "*", `curl -sS --noproxy "" -x $HTTP_PROXY $HTTP_PROXY`, "not_allowed_local"},
		{"a name for inside", "*", "curl -sS http://localhost:1/ --noproxy ''", "not_allowed_local"},

		{"variables", "a.test", `echo $http_proxy $HTTPS_PROXY $NO_PROXY [$` + sandbox.NetworkDisabled + `]`, "http://127.0.0.1:43128 http://127.0.0.1:43128 localhost,127.0.0.1,::1 []"},
		{"own server", "+ a.test", `python3 -m http.server -b 127.0.0.1 8081 2>/dev/null & until curl -s http://127.0.0.1:8081/ >/dev/null; do :; done; echo found; kill $!`, "found"},
		{"own server refused", "a.test", "python3 -m http.server -b 127.0.0.1 8081", "!not permitted"},
		{"not the host's", "+ a.test", "curl -sS " + web, "!connect to server"},
		{"own files stay", "a.test", "touch here; touch /etc/x || ls here", "here"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b.t = t
			os.RemoveAll(filepath.Join(b.dir, "c"))
			r := b.sh(tt.rules, tt.script)
			want, fails := strings.CutPrefix(tt.want, "!")
			if (r.code != 0) != fails || !strings.Contains(r.out, want) {
				t.Errorf("status %d: %s\nwant %q", r.code, r.out, tt.want)
			}
		})
	}
}

// repository makes served/repo.git for the dumb protocol.
func repository(t *testing.T, b *bench) {
	t.Helper()
	cmd := exec.Command("sh", "-ec", `mkdir served; git init -q -b main w; cd w; echo content >file; git add file
		git -c user.name=n -c user.email=e commit -qm m; cd ..; git clone -q --bare w served/repo.git; cd served/repo.git; git update-server-info`)
	cmd.Dir, cmd.Env = b.dir, []string{"PATH=/usr/bin:/bin", "HOME=" + b.dir}
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
}

// TestAttacks: nothing but TCP to the proxy leads anywhere.
func TestAttacks(t *testing.T) {
	b := newBench(t)
	s := newSink(t)
	tcp, tcp6 := s.tcp.Addr().String(), s.tcp6.Addr().String()
	tests := []struct {
		name          string
		args          []string
		strict, local bool // whether it works without and with allow_local_binding
	}{
		{"tcp", []string{"127.0.0.1:43128"}, true, true},
		{"tcp", []string{"127.0.0.1:48081"}, true, true},
		{"tcp", []string{tcp}, false, false},
		{"tcp", []string{tcp6}, false, false},
		{"tcp", []string{"127.0.0.2:" + port(s.tcp)}, false, false},
		{"tcp", []string{"[::ffff:127.0.0.1]:" + port(s.tcp)}, false, false},
		{"udp", []string{s.udp.LocalAddr().String()}, false, true}, // into its own loopback, where nobody hears it
		{"unix", []string{s.unix.Addr().String()}, false, false},
		{"unixgram", []string{s.unix.Addr().String()}, false, false},
		{"unix", []string{s.abstract.Addr().String()}, false, false},
		{"fastopen", nil, false, false},
		{"listen", nil, false, true},
		{"listen-any", nil, false, true},
		{"inet-stream", nil, true, true},
		{"inet6-stream", nil, true, true},
		{"inet-dgram", nil, false, true},
		{"inet6-dgram", nil, false, true},
		{"raw", nil, false, false},
		{"ping", nil, false, false},
		{"mptcp", nil, false, false},
		{"sctp", nil, false, false},
		{"packet", nil, false, false},
		{"netlink", nil, false, false},
		{"vsock", nil, false, false},
		{"unix-stream", nil, false, false},
		{"unix-dgram", nil, false, false},
		{"pair", nil, true, true},
		{"pair-dgram", nil, false, false},
		{"unshare-net", nil, false, false},
		{"setns", nil, false, false},
		{"lo-down", nil, false, false},
		{"peer-credentials", []string{"127.0.0.1:43128"}, false, false},
		{"interfaces", nil, false, false},
		{"sees-port", []string{port(s.tcp)}, false, false},
	}
	for _, tt := range tests {
		for words, want := range map[string]bool{"a.test": tt.strict, "+ a.test": tt.local} {
			if r := b.attack(b.profile(settings(words)), tt.name, tt.args...); (r.code == 0) != want {
				t.Errorf("%s %v, %q: status %d, %s; want success %v", tt.name, tt.args, words, r.code, r.out, want)
			}
		}
	}
	if hits := s.seen(); len(hits) > 0 {
		t.Errorf("the host was reached: %q", hits)
	}
}

// TestFullDisk: a policy that restricts nothing but the network.
func TestFullDisk(t *testing.T) {
	b := newBench(t)
	web, _ := world(t)
	s := newSink(t)
	p := policy.Profile{Type: policy.Managed, FileSystem: policy.FileSystem{Unrestricted: true}, Network: true, Proxy: settings("127.0.0.1")}
	out := filepath.Join(t.TempDir(), "f")
	if r := b.run(p, "sh", "-c", "echo x >'"+out+"'; curl -sS "+web+"/x; curl -sS --noproxy '*' "+web); r.code != 7 || !strings.HasPrefix(r.out, "hello /x") {
		t.Errorf("%+v", r)
	}
	if text, err := os.ReadFile(out); string(text) != "x\n" {
		t.Errorf("%q, %v", text, err)
	}
	if r := b.attack(p, "tcp", s.tcp.Addr().String()); r.code == 0 {
		t.Error("the host was reached")
	}
}

// TestTold: what was blocked is heard before the command's end is.
func TestTold(t *testing.T) {
	b := newBench(t)
	b.sh("a.test !c.test", "curl -s http://b.test/ http://b.test/2 https://b.test/ http://c.test:81/; curl -sx $ALL_PROXY http://b.test/")
	var got []string
	for _, a := range b.heard() {
		got = append(got, fmt.Sprintf("%s %s:%d %s", a.Protocol, a.Host, a.Port, a.Reason))
		if !strings.Contains(a.Message, a.Host) {
			t.Errorf("message %q", a.Message)
		}
	}
	want := []string{"http b.test:80 not_allowed", "https_connect b.test:443 not_allowed", "http c.test:81 denied", "socks5_tcp b.test:80 not_allowed"}
	if !slices.Equal(got, want) {
		t.Errorf("got %q", got)
	}
}

// TestAsk: a host in no list is asked about, and a yes lasts for the command.
func TestAsk(t *testing.T) {
	b := newBench(t)
	web, _ := world(t)
	var asked []string
	b.ask = func(_ context.Context, a proto.Attempt) bool {
		b.mu.Lock()
		defer b.mu.Unlock()
		asked = append(asked, a.Protocol+" "+a.Host)
		return a.Host == "127.0.0.1"
	}
	r := b.sh("+ a.test", `unset NO_PROXY no_proxy; curl -sS `+web+"/1 "+web+"/2; curl -sS http://b.test/")
	if !strings.HasPrefix(r.out, "hello /1hello /2") || !strings.Contains(r.out, "not_allowed") {
		t.Errorf("%+v", r)
	}
	if want := []string{"http 127.0.0.1", "http b.test"}; !slices.Equal(asked, want) {
		t.Errorf("asked %q", asked)
	}
	asked = nil
	b.sh("!b.test", "curl -sS http://b.test/ http://10.0.0.1/")
	if asked != nil {
		t.Errorf("asked about what is settled: %q", asked)
	}
}

// TestFailsClosed: without a proxy there is no network.
func TestFailsClosed(t *testing.T) {
	b := newBench(t)
	web, _ := world(t)
	s := newSink(t)
	p := b.profile(settings("127.0.0.1"))
	closed := func(why string) {
		t.Helper()
		r := b.run(p, "sh", "-c", "echo [$"+sandbox.NetworkDisabled+"]; curl -sS "+web)
		if r.code == 0 || !strings.HasPrefix(r.out, "[1]") {
			t.Errorf("%s: %+v", why, r)
		}
		for _, what := range []string{"inet-stream", "inet-dgram", "unix-dgram"} {
			if r := b.attack(p, what); r.code == 0 {
				t.Errorf("%s: %s works", why, what)
			}
		}
		if r := b.attack(p, "tcp", s.tcp.Addr().String()); r.code == 0 {
			t.Errorf("%s: the host was reached", why)
		}
	}
	good := b.keeper.Program
	b.keeper.Program = func() (string, error) { return filepath.Join(b.dir, "missing"), nil }
	closed("program missing")
	b.keeper.Program = func() (string, error) { return "/bin/false", nil }
	closed("program ends at once")
	b.keeper.Program = good
	p.Proxy = settings("!*")
	closed("settings refused")
	p.Proxy = settings("127.0.0.1")

	// It dies while the command runs.
	if err := syscall.Mkfifo(filepath.Join(b.dir, "go"), 0o600); err != nil {
		t.Fatal(err)
	}
	wait := b.start(p, nil, "sh", "-c", "curl -sS "+web+"/x; echo >ready; read x <go; curl -sS "+web)
	f, err := os.OpenFile(filepath.Join(b.dir, "go"), os.O_WRONLY, 0) // until it is there
	if err != nil {
		t.Fatal(err)
	}
	for _, pid := range b.keeper.Pids() {
		syscall.Kill(pid, syscall.SIGKILL)
	}
	for len(b.keeper.Pids()) > 0 { // until it is reaped
		syscall.Kill(os.Getpid(), 0)
	}
	fmt.Fprintln(f)
	f.Close()
	if r := wait(); r.code == 0 || !strings.HasPrefix(r.out, "hello /x") || !strings.Contains(r.out, "connect to server") {
		t.Errorf("proxy killed: %+v", r)
	}
	if r := b.run(p, "curl", "-sS", web+"/x"); r.out != "hello /x" {
		t.Errorf("the next command has none: %+v", r)
	}
}

// TestOneProxy: commands with the same settings share one, others do not, and all end.
func TestOneProxy(t *testing.T) {
	b := newBench(t)
	web, _ := world(t)
	for i, tt := range []struct {
		words string
		want  int
	}{{"127.0.0.1", 1}, {"127.0.0.1", 1}, {"127.0.0.1 a.test", 2}, {"127.0.0.1", 2}} {
		if r := b.sh(tt.words, "curl -sS "+web+"/x"); r.out != "hello /x" {
			t.Fatalf("%+v", r)
		}
		if n := len(b.keeper.Pids()); n != tt.want {
			t.Errorf("%d: %d proxies, want %d", i, n, tt.want)
		}
	}
	// Nothing of a command's stays in the proxy.
	pid := b.keeper.Pids()[0]
	before := files(t, pid)
	for range 5 {
		b.sh("127.0.0.1", "curl -sS "+web+" "+web)
	}
	if after := files(t, pid); after > before {
		t.Errorf("the proxy had %d files open and has %d", before, after)
	}
	// Those that nobody uses any more do not pile up.
	for i := range 6 {
		b.sh(fmt.Sprintf("%d.test", i), "true")
	}
	pids := b.keeper.Pids()
	if len(pids) != 4 {
		t.Errorf("%d proxies are left", len(pids))
	}
	b.keeper.Close()
	for _, pid := range pids {
		if syscall.Kill(pid, 0) == nil {
			t.Errorf("proxy %d is left", pid)
		}
	}
	if _, err := b.keeper.Prepare(&sandbox.Spec{Policy: policy.Policy{Proxy: settings("a.test")}}, keeper.Events{}); err == nil {
		t.Error("a closed keeper starts a proxy")
	}
}

func files(t *testing.T, pid int) int {
	t.Helper()
	all, err := os.ReadDir("/proc/" + strconv.Itoa(pid) + "/fd")
	if err != nil {
		t.Fatal(err)
	}
	return len(all)
}
