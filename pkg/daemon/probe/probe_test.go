package probe

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"
)

// serve answers on a socket of its own with the handler; the real library is on that
// side of the wire.
func serve(t *testing.T, h http.HandlerFunc) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "probe") // short enough for a socket
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "s")
	ln, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	srv := &http.Server{Handler: h}
	done := make(chan struct{})
	go func() { defer close(done); _ = srv.Serve(ln) }()
	t.Cleanup(func() { srv.Close(); <-done; os.RemoveAll(dir) })
	return path
}

func TestVersion(t *testing.T) {
	const agent = `{"id":1,"result":{"userAgent":"codex_app_server_daemon/0.133.0 (Debian 12.0.0; x86_64) dumb"}}`
	long := strings.Repeat("x", 70_000)
	for _, tc := range []struct {
		name     string
		messages []string
		want     string
		fail     string
	}{
		{"at once", []string{agent}, "0.133.0", ""},
		{"after others", []string{`{"method":"note","params":{"text":"` + long + `"}}`, `no json`, `{"id":2,"result":{}}`, `{"id":1,"method":"ask"}`, agent}, "0.133.0", ""},
		{"refused", []string{`{"id":1,"error":{"code":-1,"message":"no"}}`}, "", "the server refused: no"},
		{"no version", []string{`{"id":1,"result":{"userAgent":"codex"}}`}, "", "no version"},
		{"nothing behind the slash", []string{`{"id":1,"result":{"userAgent":"codex/ (x)"}}`}, "", "no version"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got := make(chan string, 4)
			socket := serve(t, func(w http.ResponseWriter, r *http.Request) {
				c, err := websocket.Accept(w, r, nil)
				if err != nil {
					return
				}
				defer c.CloseNow()
				for i := 0; ; i++ {
					_, data, err := c.Read(r.Context())
					if err != nil {
						got <- fmt.Sprint(websocket.CloseStatus(err))
						return
					}
					got <- string(data)
					for _, m := range tc.messages {
						if i == 0 {
							_ = c.Write(r.Context(), websocket.MessageText, []byte(m))
						}
					}
				}
			})
			v, err := Version(t.Context(), socket, "1.2.3")
			if v != tc.want || (err != nil) != (tc.fail != "") || err != nil && !strings.Contains(err.Error(), tc.fail) {
				t.Errorf("%q %v", v, err)
			}
			if hello := <-got; hello != `{"id":1,"method":"initialize","params":{"clientInfo":{"name":"codex_app_server_daemon","title":"Codex App Server Daemon","version":"1.2.3"}}}` {
				t.Error(hello)
			}
			if tc.fail == "" {
				if thanks := <-got; thanks != `{"method":"initialized"}` {
					t.Error(thanks)
				}
			}
		})
	}
}

func TestNobody(t *testing.T) {
	dir := t.TempDir()
	for path, want := range map[string]string{
		filepath.Join(dir, "none"):                   "failed to connect to " + filepath.Join(dir, "none"),
		filepath.Join(dir, strings.Repeat("x", 200)): "path must be shorter than SUN_LEN",
	} {
		if _, err := Version(t.Context(), path, "1"); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", path, err)
		}
	}
	socket := serve(t, func(w http.ResponseWriter, r *http.Request) { http.Error(w, "no", http.StatusForbidden) })
	if _, err := Version(t.Context(), socket, "1"); err == nil || !strings.Contains(err.Error(), "failed to upgrade "+socket+": HTTP error: HTTP/1.1 403") {
		t.Error(err)
	}
}

// TestSilent holds that a server which accepts and says nothing is given up.
func TestSilent(t *testing.T) {
	release := make(chan struct{})
	socket := serve(t, func(http.ResponseWriter, *http.Request) { <-release })
	defer close(release)
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	_, err := Version(ctx, socket, "1")
	if !errors.Is(err, errElapsed) || !strings.HasPrefix(err.Error(), "timed out probing app-server control socket "+socket) {
		t.Error(err)
	}
}

func TestFrames(t *testing.T) {
	for _, n := range []int{0, 1, 125, 126, 65535, 65536} {
		var b bytes.Buffer
		want := bytes.Repeat([]byte{'a'}, n)
		if err := writeFrame(&b, opText, want); err != nil {
			t.Fatal(err)
		}
		// A server reads masked frames; ours reads those without.
		raw := b.Bytes()
		if raw[1]&0x80 == 0 {
			t.Fatalf("%d: not masked", n)
		}
	}
	frames := "\x89\x01!" + "\x01\x02ab" + "\x89\x00" + "\x80\x02cd" + "\x88\x00"
	var pongs bytes.Buffer
	r := bufio.NewReader(strings.NewReader(frames))
	if m, err := readMessage(r, &pongs); string(m) != "abcd" || err != nil {
		t.Errorf("%q %v", m, err)
	}
	if _, err := readMessage(r, &pongs); err != io.EOF {
		t.Error(err)
	}
	if pongs.Len() == 0 {
		t.Error("no answer to a ping")
	}
	for _, bad := range []string{"\xf1\x00", "\x81\x80", "\x81\x7f\xff\xff\xff\xff\xff\xff\xff\xff", "\x81\x7e\x01", "\x81"} {
		if _, err := readMessage(bufio.NewReader(strings.NewReader(bad)), io.Discard); err == nil {
			t.Errorf("%x is a message", bad)
		}
	}
}

func FuzzReadMessage(f *testing.F) {
	f.Add([]byte("\x81\x02ab"))
	f.Add([]byte("\x01\x02ab\x80\x02cd"))
	f.Add([]byte("\x89\x01!\x88\x00"))
	f.Fuzz(func(t *testing.T, in []byte) {
		r := bufio.NewReader(bytes.NewReader(in))
		for {
			m, err := readMessage(r, io.Discard)
			if err != nil {
				return
			}
			if len(m) > maxFrame {
				t.Fatal("too much")
			}
		}
	})
}

func FuzzReadHead(f *testing.F) {
	f.Add("HTTP/1.1 101 Switching Protocols\r\nsec-websocket-accept: x\r\n\r\n")
	f.Fuzz(func(t *testing.T, in string) {
		status, accept, err := readHead(bufio.NewReader(strings.NewReader(in)))
		first, _, ended := strings.Cut(in, "\n")
		switch {
		case err != nil:
			if status != "" || accept != "" {
				t.Errorf("an error, and %q %q", status, accept)
			}
		case !ended || status != strings.TrimRight(first, "\r"):
			t.Errorf("%q has the status %q", in, status)
		case strings.ContainsAny(status+accept, "\r\n") && !strings.Contains(in, "\r"):
			t.Errorf("a line break in %q or %q", status, accept)
		case accept != "" && !strings.Contains(in, accept):
			t.Errorf("%q is not in %q", accept, in)
		}
	})
}
