package netproxy

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
)

// exchange sends a request and gives the answer, and what comes after one to CONNECT.
func exchange(t testing.TB, addr, text string) string {
	t.Helper()
	c, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	c.SetDeadline(time.Now().Add(hang))
	io.WriteString(c, text)
	r := bufio.NewReader(c)
	method, _, _ := strings.Cut(text, " ")
	resp, err := http.ReadResponse(r, &http.Request{Method: method})
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s %s\r\n", resp.Proto, resp.Status)
	resp.Header.Write(&b)
	b.WriteString("\r\n")
	io.Copy(&b, resp.Body)
	if method == http.MethodConnect && resp.StatusCode == http.StatusOK {
		io.Copy(&b, r)
	}
	return b.String()
}

// TestWeb: what comes of requests, by list. PORT and TLS are the server's.
func TestWeb(t *testing.T) {
	port, tlsPort := origin(t)
	get := func(target string) string { return "GET http://" + target + "/p?q HTTP/1.1\r\nHost: ignored\r\n\r\n" }
	tests := []struct {
		name, rules, request string
		want                 string // in the answer, or "status reason"
		asked                string // names looked up
	}{
		{"allowed", "+ a.test", get("a.test:PORT"), `200 GET a.test:PORT /p?q`, "a.test"},
		{"case and dot", "+ a.test", get("A.TEST.:PORT"), `200 GET a.test:PORT /p?q`, "a.test"},
		{"no list", "", get("a.test"), "403 not_allowed", ""},
		{"not listed", "+ a.test", get("b.test"), "403 not_allowed", ""},
		{"denied", "+ * !b.test", get("b.test"), "403 denied", ""},
		{"local", "*", get("127.0.0.1:PORT"), "403 not_allowed_local", ""},
		{"local by number", "*", get("2130706433:PORT"), "403 not_allowed_local", ""},
		{"local in IPv6", "*", get("[::ffff:7f00:1]:PORT"), "403 not_allowed_local", ""},
		{"local with a zone", "*", get("[::1%25lo]:PORT"), "403 not_allowed_local", ""},
		{"localhost", "*", get("localhost:PORT"), "403 not_allowed_local", ""},
		{"local listed", "127.0.0.1", get("127.0.0.1:PORT"), "200 GET 127.0.0.1:PORT /p?q", ""},
		{"localhost listed", "localhost", get("localhost:PORT"), "200 GET localhost:PORT /p?q", ""},
		{"leads inside", "*", get("inside.test"), "403 not_allowed_local", "inside.test"},
		{"leads to metadata", "*", get("metadata.test"), "403 not_allowed_local", "metadata.test"},
		{"leads to this machine", "*", get("a.test:PORT"), "403 not_allowed_local", "a.test"},
		{"leads to a denied address", "+ * !127.0.0.1", get("a.test:PORT"), "403 denied", "a.test"},
		{"one of two", "+ * !10.0.0.1", get("both.test:PORT"), "200 GET both.test:PORT", "both.test"},
		{"no addresses", "+ *", get("none.test"), "502 no addresses", "none.test"},
		{"unknown", "+ *", get("unknown.test"), "502 no such host", "unknown.test"},
		{"refused", "+ *", get("a.test:1"), "502 connection refused", "a.test"},
		{"port of a list", "+ a.test:1", get("a.test:PORT"), "403 not_allowed", ""},
		{"without a host in the line", "+ a.test", "GET /p HTTP/1.1\r\nHost: a.test:PORT\r\n\r\n", "200 GET a.test:PORT /p", "a.test"},
		{"no host", "+ *", "GET /p HTTP/1.0\r\n\r\n", "400 host is empty", ""},
		{"broken host", "+ *", get("a..test"), "400 empty or overlong", ""},
		{"other scheme", "+ *", "GET ftp://a.test/ HTTP/1.1\r\nHost: a.test\r\n\r\n", "400 only http", ""},
		{"https without a tunnel", "+ *", "GET https://a.test/ HTTP/1.1\r\nHost: a.test\r\n\r\n", "400 only http", ""},
		{"unix socket", "+ *", "GET http://a.test/ HTTP/1.1\r\nHost: a.test\r\nX-Unix-Socket: /s\r\n\r\n", "501 not supported", ""},
		{"headers for us", "+ *", "GET http://a.test:PORT/ HTTP/1.1\r\nHost: a.test\r\nProxy-Authorization: x\r\nProxy-Connection: close\r\nX: y\r\n\r\n",
			`200 map["X":["y"]]`, "a.test"},
		{"post", "+ *", "POST http://a.test:PORT/ HTTP/1.1\r\nHost: a.test\r\nContent-Length: 3\r\n\r\nabc", `200 POST a.test:PORT / "abc"`, "a.test"},
		{"chunks", "+ *", "POST http://a.test:PORT/ HTTP/1.1\r\nHost: a.test\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n", `"abc"`, "a.test"},
		{"two lengths", "+ *", "POST http://a.test:PORT/ HTTP/1.1\r\nHost: a.test\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabc", "400", ""},
		{"limited", "+ * limited", get("a.test:PORT"), "200 GET", "a.test"},
		{"limited post", "+ * limited", "POST http://a.test/ HTTP/1.1\r\nHost: a.test\r\nContent-Length: 3\r\n\r\nabc", "403 method_not_allowed", ""},
		{"limited and not listed", "+ limited", "POST http://a.test/ HTTP/1.1\r\nHost: a.test\r\nContent-Length: 0\r\n\r\n", "403 not_allowed", ""},
		{"limited upgrade", "+ * limited", "GET http://a.test:PORT/ HTTP/1.1\r\nHost: a.test\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n", `map[]`, "a.test"},
		{"tunnel not listed", "+ a.test", "CONNECT b.test:443 HTTP/1.1\r\nHost: b.test\r\n\r\n", "403 \"b.test\"", ""},
		{"tunnel denied", "+ * !b.test", "CONNECT b.test:443 HTTP/1.1\r\nHost: b\r\n\r\n", "403 is denied", ""},
		{"tunnel inside", "*", "CONNECT inside.test:443 HTTP/1.1\r\nHost: x\r\n\r\n", "403 local or private", "inside.test"},
		{"tunnel limited", "+ * limited", "CONNECT a.test:443 HTTP/1.1\r\nHost: x\r\n\r\n", "403 limited", ""},
		{"tunnel without a port", "+ *", "CONNECT a.test HTTP/1.1\r\nHost: x\r\n\r\n", "400 no port", ""},
		{"tunnel refused", "+ *", "CONNECT a.test:1 HTTP/1.1\r\nHost: x\r\n\r\n", "502 connection refused", "a.test"},
		{"tunnel with bytes behind it", "+ *", "CONNECT a.test:PORT HTTP/1.1\r\nHost: x\r\n\r\nGET /in HTTP/1.0\r\n\r\n", "established\r\n\r\nHTTP/1.0 200 OK", "a.test"},
		{"a head without end", "+ *", "GET http://a.test/ HTTP/1.1\r\nX: " + strings.Repeat("x", 2*maxHeader) + "\r\n\r\n", "431", ""},
		{"no HTTP", "+ *", "\x16\x03\x01\x00\x00\n\n", "400", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := newFront(t, tt.rules, nil)
			ports := strings.NewReplacer("PORT", port, "TLS", tlsPort)
			got := exchange(t, f.web, ports.Replace(tt.request))
			status, text, ok := strings.Cut(tt.want, " ")
			if !ok || status == "established\r\n\r\nHTTP/1.0" || !strings.Contains("200 400 403 431 501 502", status) {
				status, text = "", tt.want
			}
			if status != "" && !strings.HasPrefix(got, "HTTP/1.1 "+status) && !strings.HasPrefix(got, "HTTP/1.0 "+status) || !strings.Contains(got, ports.Replace(text)) {
				t.Errorf("%s\nwant %q", got, tt.want)
			}
			if asked := strings.Join(f.lookups, " "); asked != tt.asked {
				t.Errorf("looked up %q, want %q", asked, tt.asked)
			}
			if blocked := strings.HasPrefix(got, "HTTP/1.1 403"); blocked != (len(f.blocked) == 1) || blocked != strings.Contains(got, "X-Proxy-Error: blocked-by-") {
				t.Errorf("told of %+v: %s", f.blocked, got)
			}
		})
	}
}
