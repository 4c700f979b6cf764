package netproxy

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"codex/pkg/netproxy/proto"
	"codex/pkg/policy"
)

// hang bounds waits for what should come at once.
const hang = time.Minute

// front is a proxy with both listeners.
type front struct {
	*Service
	proxy      *Proxy
	web, socks string
	mu         sync.Mutex
	blocked    []proto.Attempt
	lookups    []string
}

// names is the test's DNS: every name of the internet is the loopback interface, which
// is allowed to be one for the rest of the test, but for some.
func names(name string) []netip.Addr {
	addr := func(s string) []netip.Addr { return []netip.Addr{netip.MustParseAddr(s)} }
	switch {
	case strings.HasPrefix(name, "inside."):
		return addr("10.0.0.1")
	case strings.HasPrefix(name, "metadata."):
		return addr("::ffff:169.254.169.254")
	case strings.HasPrefix(name, "both."):
		return []netip.Addr{netip.MustParseAddr("10.0.0.1"), netip.MustParseAddr("127.0.0.1")}
	case strings.HasPrefix(name, "none."):
		return nil
	}
	return addr("127.0.0.1")
}

// newFront makes a proxy whose rules take the words of a list: "!" denies, "+" is local
// binding, "limited" the mode.
func newFront(t testing.TB, words string, change func(*Options)) *front {
	t.Helper()
	s := policy.ProxySettings{Domains: map[string]string{}}
	for _, w := range strings.Fields(words) {
		switch {
		case w == "+":
			s.LocalBinding = true
		case w == "limited":
			s.Mode = w
		case w[0] == '!':
			s.Domains[w[1:]] = policy.DomainDeny
		default:
			s.Domains[w] = policy.DomainAllow
		}
	}
	o, err := FromSettings(s, nil)
	if err != nil {
		t.Fatal(err)
	}
	f := &front{}
	o.Lookup = func(_ context.Context, name string) ([]netip.Addr, error) {
		f.mu.Lock()
		defer f.mu.Unlock()
		f.lookups = append(f.lookups, name)
		if strings.HasPrefix(name, "unknown.") {
			return nil, errors.New("no such host")
		}
		return names(name), nil
	}
	o.Blocked = func(a proto.Attempt) {
		f.mu.Lock()
		defer f.mu.Unlock()
		f.blocked = append(f.blocked, a)
	}
	if change != nil {
		change(&o)
	}
	f.proxy = New(o)
	open := func() net.Listener {
		l, err := listen("127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		return l
	}
	web, socks := open(), open()
	f.web, f.socks = web.Addr().String(), socks.Addr().String()
	f.Service = f.proxy.Serve("id", web, socks)
	t.Cleanup(func() {
		f.Close()
		f.proxy.Close()
	})
	return f
}

func (f *front) client() *http.Client {
	return &http.Client{Transport: &http.Transport{Proxy: http.ProxyURL(&url.URL{Scheme: "http", Host: f.web}),
		TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, DisableKeepAlives: true}}
}

// origin is a server that tells what it got.
func origin(t testing.TB) (web, secure string) {
	t.Helper()
	h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		fmt.Fprintf(w, "%s %s %s %q %q", r.Method, r.Host, r.URL, body, r.Header)
	})
	a, b := httptest.NewServer(h), httptest.NewTLSServer(h)
	t.Cleanup(a.Close)
	t.Cleanup(b.Close)
	_, port, _ := net.SplitHostPort(a.Listener.Addr().String())
	_, tlsPort, _ := net.SplitHostPort(b.Listener.Addr().String())
	return port, tlsPort
}

// raw sends bytes to an address and gives what comes until the end or the next quiet.
func raw(t testing.TB, addr, text string) string {
	t.Helper()
	c, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	io.WriteString(c, text)
	c.(*net.TCPConn).CloseWrite()
	c.SetReadDeadline(time.Now().Add(hang))
	b, _ := io.ReadAll(c)
	return string(b)
}

// TestTunnels: TLS and SOCKS from end to end, both directions, and half closes.
func TestTunnels(t *testing.T) {
	port, tlsPort := origin(t)
	f := newFront(t, "+ *.test", nil)
	resp, err := f.client().Get("https://a.test:" + tlsPort + "/x")
	if err != nil {
		t.Fatal(err)
	}
	if b, _ := io.ReadAll(resp.Body); !strings.HasPrefix(string(b), "GET a.test:"+tlsPort+" /x") {
		t.Errorf("%s", b)
	}
	resp.Body.Close()
	// A server that answers only after the client's end.
	l, err := listen("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			b, _ := io.ReadAll(c)
			c.Write(bytes.ToUpper(b))
			c.Close()
		}
	}()
	_, echo, _ := net.SplitHostPort(l.Addr().String())
	for name, dial := range map[string]func() (net.Conn, error){
		"connect": func() (net.Conn, error) {
			return through(t.Context(), &url.URL{Scheme: "http", Host: f.web, User: url.UserPassword("u", "p")}, "a.test:"+echo)
		},
		"socks": func() (net.Conn, error) {
			return through(t.Context(), &url.URL{Scheme: "socks5h", Host: f.socks}, "a.test:"+echo)
		},
	} {
		c, err := dial()
		if err != nil {
			t.Fatal(name, err)
		}
		text := strings.Repeat("abcdefgh", 1<<17)
		go func() {
			io.WriteString(c, text)
			c.(interface{ CloseWrite() error }).CloseWrite()
		}()
		b, err := io.ReadAll(c)
		if err != nil || string(b) != strings.ToUpper(text) {
			t.Errorf("%s: %d bytes, %v", name, len(b), err)
		}
		c.Close()
	}
	if _, err := through(t.Context(), &url.URL{Scheme: "socks5", Host: f.socks}, "b.evil:"+port); err == nil || !strings.Contains(err.Error(), "not allowed by ruleset") {
		t.Errorf("socks to a host in no list: %v", err)
	}
}

// TestSocks: replies, byte by byte.
func TestSocks(t *testing.T) {
	port, _ := origin(t)
	var n uint16
	fmt.Sscan(port, &n)
	f := newFront(t, "+ a.test none.test 127.0.0.1", nil)
	limited := newFront(t, "+ * limited", nil)
	host := func(cmd byte, name string, port uint16) string {
		return "\x05\x01\x00\x05" + string(rune(cmd)) + "\x00\x03" + string(rune(len(name))) + name + string([]byte{byte(port >> 8), byte(port)})
	}
	tests := []struct {
		name string
		f    *front
		send string
		want string // after the method's answer
	}{
		{"allowed", f, host(1, "a.test", n) + "GET / HTTP/1.0\r\n\r\n", "\x05\x00\x00\x01\x7f\x00\x00\x01"},
		{"by address", f, "\x05\x01\x00\x05\x01\x00\x01\x7f\x00\x00\x01" + string([]byte{byte(n >> 8), byte(n)}), "\x05\x00\x00\x01"},
		{"not listed", f, host(1, "b.test", 80), "\x05\x02\x00\x01\x00\x00\x00\x00\x00\x00"},
		{"address not listed", f, "\x05\x01\x00\x05\x01\x00\x01\x7f\x00\x00\x02\x00\x50", "\x05\x02"},
		{"IPv6 not listed", f, "\x05\x01\x00\x05\x01\x00\x04" + strings.Repeat("\x00", 15) + "\x01\x00\x50", "\x05\x02"},
		{"refused", f, host(1, "a.test", 1), "\x05\x05"},
		{"no addresses", f, host(1, "none.test", 1), "\x05\x04"},
		{"broken name", f, host(1, "a b", 1), "\x05\x04"},
		{"no name", f, host(1, "", 1), "\x05\x04"},
		{"no port", f, host(1, "a.test", 0), "\x05\x04"},
		{"limited", limited, host(1, "a.test", n), "\x05\x02"},
		{"bind", f, host(2, "a.test", n), "\x05\x07"},
		{"datagrams", f, host(3, "a.test", n), "\x05\x07"},
		{"unknown command", f, host(9, "a.test", n), "\x05\x07"},
		{"unknown kind of address", f, "\x05\x01\x00\x05\x01\x00\x09", "\x05\x08"},
		{"password only", f, "\x05\x01\x02", "\x05\xff"},
		{"version 4", f, "\x04\x01\x00\x50\x7f\x00\x00\x01\x00", ""},
		{"nothing", f, "", ""},
		{"cut short", f, "\x05\x01\x00\x05\x01", ""},
	}
	for _, tt := range tests {
		got := raw(t, tt.f.socks, tt.send)
		if tt.want == "\x05\xff" || tt.want == "" && !strings.HasPrefix(tt.send, "\x05\x01\x00") {
			if got != tt.want {
				t.Errorf("%s: %q", tt.name, got)
			}
			continue
		}
		if !strings.HasPrefix(got, "\x05\x00"+tt.want) || len(tt.want) == 10 && len(got) != 12 {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
}

// TestUpstream: the proxy goes through another one, which looks names up itself; the
// lists hold all the same.
func TestUpstream(t *testing.T) {
	port, tlsPort := origin(t)
	outer := newFront(t, "+ *.test", nil)
	for _, scheme := range []string{"http://" + outer.web, "socks5://" + outer.socks} {
		f := newFront(t, "a.test !b.test", func(o *Options) {
			o.Upstream = UpstreamFrom([]string{"ALL_PROXY=" + scheme, "no_proxy=c.test"})
		})
		for _, u := range []string{"http://a.test:" + port, "https://a.test:" + tlsPort} {
			resp, err := f.client().Get(u)
			if err != nil {
				t.Errorf("%s by %s: %v", u, scheme, err)
				continue
			}
			if b, _ := io.ReadAll(resp.Body); resp.StatusCode != 200 || !strings.HasPrefix(string(b), "GET a.test") {
				t.Errorf("%s by %s: %s", u, scheme, b)
			}
			resp.Body.Close()
		}
		if resp, err := f.client().Get("http://b.test:" + port); err != nil || resp.StatusCode != 403 {
			t.Errorf("%v, %v", resp, err)
		}
		if len(f.lookups) > 0 {
			t.Errorf("looked up %q", f.lookups)
		}
	}
	for _, tt := range []struct{ env, want string }{
		{"", ""}, {"http_proxy=http://x:1", "http://x:1"}, {"HTTP_PROXY=x:1", "http://x:1"}, {"ALL_PROXY=socks5://x:1", "socks5://x:1"},
		{"ALL_PROXY=http://y http_proxy=http://x:1", "http://x:1"}, {"HTTP_PROXY=http://x NO_PROXY=.test", ""}, {"NO_PROXY=*", ""},
	} {
		got := ""
		if up := UpstreamFrom(strings.Fields(tt.env)); up != nil {
			if u, err := up(&url.URL{Scheme: "http", Host: "a.test:80"}); err != nil {
				t.Error(err)
			} else if u != nil {
				got = u.String()
			}
		}
		if got != tt.want {
			t.Errorf("%q: %q, want %q", tt.env, got, tt.want)
		}
	}
	bad, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer bad.Close()
	go func() {
		for {
			c, err := bad.Accept()
			if err != nil {
				return
			}
			io.WriteString(c, "HTTP/1.1 407 Who are you\r\n\r\n")
			c.Close()
		}
	}()
	f := newFront(t, "*", func(o *Options) {
		o.Upstream = UpstreamFrom([]string{"HTTPS_PROXY=http://u:secret@" + bad.Addr().String()})
	})
	got := exchange(t, f.web, "CONNECT a.test:443 HTTP/1.1\r\nHost: a\r\n\r\n")
	if !strings.HasPrefix(got, "HTTP/1.1 502") || !strings.Contains(got, "407 Who are you") || strings.Contains(got, "secret") {
		t.Errorf("%s", got)
	}
}

func TestListen(t *testing.T) {
	for _, addr := range []string{"0.0.0.0:0", ":0", "[::]:0", "10.0.0.1:0", "localhost:0", "127.0.0.1", "", "x"} {
		if l, err := listen(addr); err == nil {
			l.Close()
			t.Errorf("listens on %q", addr)
		}
	}
	if l, err := listen("[::1]:0"); err == nil {
		l.Close()
	}
}
