package netproxy

import (
	"bufio"
	"encoding/json"
	"io"
	"net"
	"strings"
	"testing"

	"github.com/tidwall/gjson"
)

// caller drives Control over a pipe, or a socket for files to go along.
type caller struct {
	t     *testing.T
	in    io.WriteCloser
	out   *bufio.Reader
	ended chan error
}

func newCaller(t *testing.T, in io.Reader, w io.WriteCloser) *caller {
	t.Helper()
	outR, outW := io.Pipe()
	c := &caller{t: t, in: w, out: bufio.NewReader(outR), ended: make(chan error, 1)}
	go func() {
		err := Control(in, outW, nil)
		outW.Close()
		c.ended <- err
	}()
	t.Cleanup(func() {
		w.Close()
		outR.Close()
	})
	return c
}

func (c *caller) send(line string) {
	c.t.Helper()
	if _, err := io.WriteString(c.in, line+"\n"); err != nil {
		c.t.Fatal(err)
	}
}

func (c *caller) line() gjson.Result {
	c.t.Helper()
	line, err := c.out.ReadString('\n')
	if err != nil {
		c.t.Fatal(err)
	}
	return gjson.Parse(line)
}

func piped(t *testing.T) *caller {
	r, w := io.Pipe()
	return newCaller(t, r, w)
}

func TestControl(t *testing.T) {
	port, _ := origin(t)
	c := piped(t)
	for _, tt := range []struct{ send, want string }{
		{`{"id":1,"method":"listen","params":{"id":"a","http":"127.0.0.1:0"}}`, "listen before initialize"},
		{`{"id":2,"method":"initialize","params":{"settings":{"mode":"half"}}}`, "unknown network mode"},
		{`{"id":3,"method":"initialize","params":{"settings":{"domains":{"*":"deny"}}}}`, "cannot be denied"},
		{`{"id":4,"method":"initialize","params":[]}`, "invalid type: sequence"},
		{`{"id":5,"method":"initialize","params":{"settings":{"domains":{"127.0.0.1":"allow"}},"ask":true}}`, `"result":{}`},
		{`{"id":6,"method":"initialize","params":{"settings":{}}}`, "initialize again"},
		{`{"id":7,"method":"what"}`, "unknown method what"},
		{`{"id":8,"method":"listen","params":{"id":"a","http":"0.0.0.0:0"}}`, "not an address of the loopback"},
		{`{"id":9,"method":"listen","params":{"id":"a","http":"fd","socks":"fd"}}`, "no listening socket came"},
		{`{"id":10,"method":"close","params":{"id":"nobody"}}`, `"result":{}`},
		{`{"method":"note","params":{}}` + "\n" + `{"id":99,"result":{}}` + "\n" + `{"id":11,"method":"rule","params":{"host":"a..b","decision":"allow"}}`, "host pattern"},
	} {
		c.send(tt.send)
		if got := c.line(); !strings.Contains(got.Raw, tt.want) {
			t.Errorf("%s: %s", tt.send, got.Raw)
		}
	}
	c.send(`{"id":20,"method":"listen","params":{"id":"a","http":"127.0.0.1:0","socks":"127.0.0.1:0"}}`)
	web := c.line().Get("result.http").Str
	c.send(`{"id":21,"method":"listen","params":{"id":"a","http":"127.0.0.1:0"}}`)
	if got := c.line(); !strings.Contains(got.Raw, "is taken") {
		t.Error(got.Raw)
	}
	if got := exchange(t, web, "GET http://127.0.0.1:"+port+"/ HTTP/1.1\r\nHost: x\r\n\r\n"); !strings.HasPrefix(got, "HTTP/1.1 200") {
		t.Error(got)
	}

	// A question, its answer, and what is told after a no.
	got := make(chan string, 1)
	get := func() {
		go func() { got <- exchange(t, web, "GET http://a.invalid:81/ HTTP/1.1\r\nHost: x\r\n\r\n") }()
	}
	get()
	q := c.line()
	if q.Get("method").Str != "decide" || q.Get("params.host").Str != "a.invalid" || q.Get("params.id").Str != "a" || q.Get("params.port").Int() != 81 {
		t.Fatal(q.Raw)
	}
	c.send(`{"id":` + q.Get("id").Raw + `,"result":{"allow":false}}`)
	if b := c.line(); b.Get("method").Str != "blocked" || b.Get("params.reason").Str != "not_allowed" || b.Get("params.id").Str != "a" {
		t.Error(b.Raw)
	}
	if s := <-got; !strings.HasPrefix(s, "HTTP/1.1 403") {
		t.Error(s)
	}
	get()
	q = c.line()
	c.send(`{"id":` + q.Get("id").Raw + `,"error":{"code":1,"message":"no"}}`)
	if s := <-got; !strings.HasPrefix(s, "HTTP/1.1 403") {
		t.Error(s)
	}
	c.send(`{"id":30,"method":"rule","params":{"host":"a.invalid","decision":"deny"}}`)
	c.line()
	get() // settled: nobody asks
	if b := c.line(); b.Get("params.reason").Str != "denied" {
		t.Error(b.Raw)
	}
	<-got

	c.send(`{"id":40,"method":"close","params":{"id":"a"}}`)
	c.line()
	if conn, err := net.Dial("tcp", web); err == nil {
		conn.Close()
		t.Error("still listens")
	}
	c.send(`{"id":41,"method":"listen","params":{"id":"b","http":"127.0.0.1:0"}}`)
	web = c.line().Get("result.http").Str
	c.in.Close()
	if err := <-c.ended; err != nil {
		t.Error(err)
	}
	if conn, err := net.Dial("tcp", web); err == nil {
		conn.Close()
		t.Error("still listens after the end")
	}
}

// TestControlBroken: lines that are no messages end it.
func TestControlBroken(t *testing.T) {
	for _, line := range []string{"hello", `{"id":`, "[]", strings.Repeat("x", maxLine+1)} {
		c := piped(t)
		go io.WriteString(c.in, line+"\n")
		if err := <-c.ended; err == nil {
			t.Errorf("%.20q is taken", line)
		}
	}
}

func FuzzControl(f *testing.F) {
	f.Add(`{"id":1,"method":"initialize","params":{"settings":{"domains":{"a.test":"allow"}}}}` + "\n" + `{"id":2,"method":"close","params":{"id":"x"}}`)
	f.Add(`{"id":1,"method":"initialize","params":{"settings":{}}}` + "\n" + `{"id":2,"method":"rule","params":{"host":"*","decision":"allow"}}`)
	f.Fuzz(func(t *testing.T, s string) {
		var out strings.Builder
		_ = Control(strings.NewReader(s), &out, nil)
		for line := range strings.Lines(out.String()) {
			if !json.Valid([]byte(line)) {
				t.Errorf("%q", line)
			}
		}
	})
}

func TestParse(t *testing.T) {
	tests := []struct{ line, err string }{
		{"", ""}, {"--allow a --deny=b --limited --allow-local --no-upstream --http 127.0.0.1:0 --socks=127.0.0.1:0", ""},
		{"--allow a -- cmd --deny b", ""}, {"--stdio", ""}, {"--help", ""},
		{"--allow", "a value is required for '--allow <HOST>'"}, {"cmd", "unexpected argument 'cmd'"}, {"--", "no command after --"},
		{"--limited=1", "unexpected value '1' for '--limited'"}, {"--stdio --allow a", "takes its settings from the first line"}, {"--stdio -- x", "takes its settings"},
	}
	for _, tt := range tests {
		f, err := parse(strings.Fields(tt.line))
		switch {
		case tt.err != "" && (err == nil || !strings.Contains(err.Error(), tt.err)):
			t.Errorf("%q: %v, want %q", tt.line, err, tt.err)
		case tt.err == "" && err != nil:
			t.Errorf("%q: %v", tt.line, err)
		case strings.Contains(tt.line, "cmd") && err == nil && len(f.command) != 3:
			t.Errorf("%q: %+v", tt.line, f)
		}
	}
	if f, _ := parse([]string{"--deny", "a", "--allow", "a"}); f.settings.Domains["a"] != "deny" {
		t.Errorf("%+v", f.settings.Domains)
	}
}
