package netproxy

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"
	"time"

	"codex/pkg/netproxy/hosts"
	"codex/pkg/netproxy/proto"
)

// TestEnds: Close ends whatever is under way, and nothing runs on.
func TestEnds(t *testing.T) {
	quiet, err := listen("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer quiet.Close()
	accepted := make(chan net.Conn, 10)
	go func() {
		for {
			c, err := quiet.Accept()
			if err != nil {
				close(accepted)
				return
			}
			accepted <- c
		}
	}()
	before := runtime.NumGoroutine()
	asked := make(chan bool)
	f := newFront(t, "+ *.test", func(o *Options) {
		o.Ask = func(ctx context.Context, _ proto.Attempt) bool {
			asked <- true
			<-ctx.Done()
			return false
		}
	})
	_, port, _ := net.SplitHostPort(quiet.Addr().String())
	var clients []net.Conn
	dial := func(addr, text string) net.Conn {
		c, err := net.Dial("tcp", addr)
		if err != nil {
			t.Fatal(err)
		}
		io.WriteString(c, text)
		clients = append(clients, c)
		return c
	}
	dial(f.web, "")                                                        // says nothing
	dial(f.web, "GET http://a.te")                                         // half a request
	dial(f.socks, "\x05\x01\x00\x05")                                      // half a greeting
	dial(f.web, "GET http://a.test:"+port+"/ HTTP/1.1\r\nHost: a\r\n\r\n") // no answer comes
	c := dial(f.web, "CONNECT a.test:"+port+" HTTP/1.1\r\nHost: a\r\n\r\n")
	if line, err := bufio.NewReader(c).ReadString('\n'); err != nil || !strings.Contains(line, "200") {
		t.Fatal(line, err)
	}
	<-accepted
	<-accepted
	dial(f.web, "GET http://b.other/ HTTP/1.1\r\nHost: a\r\n\r\n") // waits for an answer
	<-asked
	f.Close()
	f.proxy.Close()
	for i, c := range clients {
		c.SetReadDeadline(time.Now().Add(hang))
		if _, err := io.ReadAll(c); errors.Is(err, context.DeadlineExceeded) || isTimeout(err) {
			t.Errorf("client %d is still connected", i)
		}
		c.Close()
	}
	for end := time.Now().Add(hang); runtime.NumGoroutine() > before; runtime.Gosched() {
		if time.Now().After(end) {
			b := make([]byte, 1<<16)
			t.Fatalf("%d goroutines, %d before\n%s", runtime.NumGoroutine(), before, b[:runtime.Stack(b, true)])
		}
	}
}

func isTimeout(err error) bool {
	var ne net.Error
	return errors.As(err, &ne) && ne.Timeout()
}

// TestSlowReader: a client that does not read what it asked for holds up itself only.
func TestSlowReader(t *testing.T) {
	endless := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/endless" {
			io.WriteString(w, "quick")
			return
		}
		b := make([]byte, 1<<20)
		for {
			if _, err := w.Write(b); err != nil {
				return
			}
		}
	}))
	defer endless.Close()
	f := newFront(t, "127.0.0.1", nil)
	for range 20 {
		c, err := net.Dial("tcp", f.web)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		io.WriteString(c, "GET "+endless.URL+"/endless HTTP/1.1\r\nHost: x\r\n\r\n")
		if _, err := io.ReadFull(c, make([]byte, 10)); err != nil {
			t.Fatal(err)
		}
	}
	resp, err := f.client().Get(endless.URL + "/")
	if err != nil {
		t.Fatal(err)
	}
	if b, _ := io.ReadAll(resp.Body); string(b) != "quick" {
		t.Errorf("%q", b)
	}
	f.Close()
	endless.CloseClientConnections()
}

// TestBounds: connections past the bound wait for one to end.
func TestBounds(t *testing.T) {
	l, err := listen("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	b := newBounded(l, make(chan struct{}, 2))
	dial := func() net.Conn {
		c, err := net.Dial("tcp", l.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { c.Close() })
		return c
	}
	for range 3 {
		dial()
	}
	got := make(chan net.Conn)
	go func() {
		for {
			c, err := b.Accept()
			if err != nil {
				close(got)
				return
			}
			got <- c
		}
	}()
	first := <-got
	<-got
	select {
	case <-got:
		t.Fatal("a third connection was accepted")
	default:
	}
	first.Close()
	first.Close() // gives one slot back, not two
	<-got
	if len(b.slots) != 2 {
		t.Errorf("%d slots taken", len(b.slots))
	}
	b.closeAll()
	if _, ok := <-got; ok {
		t.Error("a connection after the end")
	}
	if len(b.slots) != 0 {
		t.Errorf("%d slots taken at the end", len(b.slots))
	}
	b.closeAll()
}

// TestAskOnce: clients that wait for the same answer ask once, and a late yes counts.
func TestAskOnce(t *testing.T) {
	port, _ := origin(t)
	answer := make(chan bool)
	count := 0
	f := newFront(t, "+ x.test", func(o *Options) {
		o.Ask = func(_ context.Context, a proto.Attempt) bool {
			count++
			return <-answer
		}
	})
	c, err := net.Dial("tcp", f.web)
	if err != nil {
		t.Fatal(err)
	}
	io.WriteString(c, "GET http://a.test:"+port+"/ HTTP/1.1\r\nHost: a\r\n\r\n")
	results := make(chan string)
	for range 3 {
		go func() {
			resp, err := f.client().Get("http://a.test:" + port + "/")
			if err != nil {
				results <- err.Error()
				return
			}
			resp.Body.Close()
			results <- resp.Status
		}()
	}
	answer <- true
	c.Close()
	for range 3 {
		if got := <-results; got != "200 OK" {
			t.Error(got)
		}
	}
	if count != 1 {
		t.Errorf("asked %d times", count)
	}
	go func() { answer <- false }()
	if resp, err := f.client().Get("http://b.test:" + port + "/"); err != nil || resp.StatusCode != 403 {
		t.Errorf("%v %v", resp, err)
	}
}

// TestAdd: the lists grow while the proxy runs.
func TestAdd(t *testing.T) {
	port, _ := origin(t)
	f := newFront(t, "+ a.test", nil)
	status := func(host string) int {
		resp, err := f.client().Get("http://" + host + ":" + port + "/")
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		return resp.StatusCode
	}
	if err := f.proxy.Add("b.test", hosts.Allow); err != nil || status("b.test") != 200 {
		t.Errorf("%v", err)
	}
	if err := f.proxy.Add("a.test", hosts.Deny); err != nil || status("a.test") != 403 {
		t.Errorf("%v", err)
	}
	if err := f.proxy.Add("*", hosts.Deny); err == nil {
		t.Error("a broken pattern was taken")
	}
}
