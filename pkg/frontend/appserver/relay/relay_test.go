package relay

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/tidwall/gjson"
)

const patience = time.Minute

// loopback is a relay on this machine.
type loopback struct {
	t   *testing.T
	srv *httptest.Server

	mu      sync.Mutex
	asked   []string // paths with bodies, and headers of upgrades
	tokens  bool
	refuse  map[string]int // status by path
	sockets chan *socket
}

// socket is a websocket that a machine has opened.
type socket struct {
	t      *testing.T
	c      *websocket.Conn
	header http.Header
	frames chan gjson.Result
}

func newLoopback(t *testing.T) *loopback {
	l := &loopback{t: t, refuse: map[string]int{}, sockets: make(chan *socket, 16)}
	l.srv = httptest.NewServer(l)
	t.Cleanup(l.srv.Close)
	return l
}

func (l *loopback) set(path string, status int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.refuse[path] = status
}

func (l *loopback) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	path := strings.TrimPrefix(r.URL.Path, "/api/wham/remote/control/server")
	body, _ := io.ReadAll(r.Body)
	l.mu.Lock()
	l.asked = append(l.asked, fmt.Sprintf("%s %s %s %s", path, r.Header.Get("Authorization"), r.Header.Get("Chatgpt-Account-Id"), body))
	status, tokens, n := l.refuse[path], l.tokens, len(l.asked)
	l.mu.Unlock()
	if status != 0 {
		http.Error(w, "no", status)
		return
	}
	switch path {
	case "/enroll", "/refresh":
		token := ""
		if tokens {
			token = fmt.Sprintf(`,"remote_control_token":"tok%d","expires_at":"2100-01-01T00:00:00Z"`, n)
		}
		fmt.Fprintf(w, `{"server_id":"srv","environment_id":"env"%s}`, token)
	case "":
		c, err := websocket.Accept(w, r, nil)
		if err != nil {
			return
		}
		s := &socket{l.t, c, r.Header, make(chan gjson.Result, 1000)}
		l.sockets <- s
		defer close(s.frames)
		c.SetReadLimit(segmentMost)
		for {
			_, b, err := c.Read(context.Background())
			if err != nil {
				return
			}
			s.frames <- gjson.ParseBytes(b)
		}
	}
}

func (l *loopback) log() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.asked)
}

func (l *loopback) socket() *socket {
	l.t.Helper()
	select {
	case s := <-l.sockets:
		return s
	case <-time.After(patience):
		l.t.Fatal("no websocket was opened")
		return nil
	}
}

func (s *socket) send(format string, args ...any) {
	s.t.Helper()
	if err := s.c.Write(context.Background(), websocket.MessageText, fmt.Appendf(nil, format, args...)); err != nil {
		s.t.Fatal(err)
	}
}

func (s *socket) next() gjson.Result {
	s.t.Helper()
	select {
	case f, ok := <-s.frames:
		if !ok {
			s.t.Fatal("the websocket was closed")
		}
		return f
	case <-time.After(patience):
		s.t.Fatal("no frame came")
		return gjson.Result{}
	}
}

// machine is a relay's other end, whose clients get their messages back.
type machine struct {
	t      *testing.T
	r      *Relay
	log    *bytes.Buffer
	states chan Status
	opened chan *Stream
	fails  chan int
	home   string
	cancel context.CancelFunc
	done   chan struct{}
}

func (l *loopback) machine(change func(*Options)) *machine {
	m := &machine{t: l.t, states: make(chan Status, 1000), opened: make(chan *Stream, 100), fails: make(chan int, 1000), home: l.t.TempDir(), done: make(chan struct{}), log: &bytes.Buffer{}}
	o := Options{URL: l.srv.URL + "/api", Name: "box", InstallationID: "inst", Version: "0.133.0", OS: "linux", Arch: "x86_64", File: filepath.Join(m.home, "remote_control.json"),
		Credentials: func() (Credentials, error) { return Credentials{"secret", "acc"}, nil },
		Status:      func(s Status) { m.states <- s },
		Log:         log.New(io.Discard, "", 0),
		Backoff:     func(n int) time.Duration { m.fails <- n; return time.Millisecond },
		Accept: func(s *Stream) {
			m.opened <- s
			for {
				b, err := s.Read()
				if err != nil {
					return
				}
				if s.Write(b) != nil {
					return
				}
			}
		}}
	if change != nil {
		change(&o)
	}
	m.r = New(o)
	return m
}

func (m *machine) run() *machine {
	ctx, cancel := context.WithCancel(context.Background())
	m.cancel = cancel
	go func() { defer close(m.done); m.r.Run(ctx) }()
	m.t.Cleanup(m.stop)
	return m
}

func (m *machine) stop() {
	m.cancel()
	<-m.done
}

func (m *machine) until(connection string) Status {
	m.t.Helper()
	for {
		select {
		case s := <-m.states:
			if s.Connection == connection {
				return s
			}
		case <-time.After(patience):
			m.t.Fatalf("never %s", connection)
		}
	}
}

const hello = `{"method":"initialize","id":1,"params":{}}`

func TestTunnel(t *testing.T) {
	l := newLoopback(t)
	m := l.machine(nil).run()
	s := l.socket()
	if st := m.until(Connected); st.EnvironmentID != "env" {
		t.Errorf("status %+v", st)
	}
	for name, want := range map[string]string{"Authorization": "Bearer secret", "Chatgpt-Account-Id": "acc", "X-Codex-Server-Id": "srv", "X-Codex-Protocol-Version": "3",
		"X-Codex-Name": base64.StdEncoding.EncodeToString([]byte("box")), "X-Codex-Installation-Id": "inst"} {
		if got := s.header.Get(name); got != want {
			t.Errorf("%s: %q, not %q", name, got, want)
		}
	}
	if got := l.log()[0]; got != `/enroll Bearer secret acc {"name":"box","os":"linux","arch":"x86_64","app_server_version":"0.133.0","installation_id":"inst"}` {
		t.Errorf("enrolled with %s", got)
	}
	s.send(`{"type":"client_message","client_id":"c","stream_id":"s","seq_id":0,"message":{"method":"thread/list","id":9}}`) // before initialize: nobody
	s.send(`{"type":"ping","client_id":"c","stream_id":"s"}`)
	if f := s.next(); f.Get("type").Str != "pong" || f.Get("status").Str != "unknown" || f.Get("stream_id").Str != "s" {
		t.Errorf("pong of nobody: %s", f.Raw)
	}
	s.send(`{"type":"client_message","client_id":"c","stream_id":"s","seq_id":0,"message":%s,"cursor":"k1"}`, hello)
	if f := s.next(); f.Get("type").Str != "server_message" || f.Get("message").Raw != hello || f.Get("client_id").Str != "c" || f.Get("stream_id").Str != "s" || f.Get("seq_id").Raw != "1" {
		t.Errorf("echo: %s", f.Raw)
	}
	for _, n := range []int{1, 1, 2} { // the second is the first again
		s.send(`{"type":"client_message","client_id":"c","stream_id":"s","seq_id":%d,"message":{"n":%d}}`, n, n)
	}
	for n := 1; n <= 2; n++ {
		if f := s.next(); f.Get("message.n").Int() != int64(n) || f.Get("seq_id").Int() != int64(n+1) {
			t.Errorf("echo %d: %s", n, f.Raw)
		}
	}
	s.send(`{"type":"ping","client_id":"c","stream_id":"s"}`)
	if f := s.next(); f.Get("status").Str != "active" || f.Get("seq_id").Raw != "4" {
		t.Errorf("pong: %s", f.Raw)
	}

	// What was not acknowledged comes again on the next websocket, in its order.
	s.send(`{"type":"ack","client_id":"c","stream_id":"s","seq_id":2}`)
	s.send(`{"type":"client_message","client_id":"other","stream_id":"s","seq_id":0,"message":%s}`, hello)
	s.next()
	s.c.CloseNow()
	m.until(Errored)
	s = l.socket()
	if got := s.header.Get("X-Codex-Subscribe-Cursor"); got != "k1" {
		t.Errorf("cursor %q", got)
	}
	for i, want := range []string{"server_message 3", "pong 4", "server_message 1"} {
		if f := s.next(); f.Get("type").Str+" "+f.Get("seq_id").Raw != want {
			t.Errorf("again %d: %s", i, f.Raw)
		}
	}
	s.send(`{"type":"client_message","client_id":"c","stream_id":"s","seq_id":3,"message":{"n":3}}`)
	if f := s.next(); f.Get("message.n").Int() != 3 || f.Get("seq_id").Raw != "5" {
		t.Errorf("after the break: %s", f.Raw)
	}
	if log := l.log(); strings.HasPrefix(log[len(log)-1], "/enroll") || len(log) != 3 {
		t.Errorf("asked %v", log)
	}

	// A client that has left is closed, and nothing more goes to it.
	first := <-m.opened
	s.send(`{"type":"client_closed","client_id":"c","stream_id":"s"}`)
	<-first.gone
	if err := first.Write([]byte(`{}`)); !errors.Is(err, io.ErrClosedPipe) {
		t.Errorf("write to a client that has left: %v", err)
	}
	m.stop()
	<-(<-m.opened).gone
	if fi, err := os.Stat(filepath.Join(m.home, "remote_control.json")); err != nil || fi.Mode().Perm() != 0o600 {
		t.Errorf("enrollments: %v %v", fi, err)
	}
}

// TestNoStream: clients of an older relay name no stream, and get one.
func TestNoStream(t *testing.T) {
	l := newLoopback(t)
	l.machine(nil).run()
	s := l.socket()
	s.send(`{"type":"client_message","client_id":"c","message":{"n":1}}`)
	s.send(`{"type":"client_message","client_id":"c","message":%s}`, hello)
	id := s.next().Get("stream_id").Str
	s.send(`{"type":"client_message","client_id":"c","message":{"n":2}}`)
	if f := s.next(); f.Get("stream_id").Str != id || id == "" || f.Get("message.n").Int() != 2 {
		t.Errorf("%s", f.Raw)
	}
}

// TestSegments: long messages come and go in pieces.
func TestSegments(t *testing.T) {
	l := newLoopback(t)
	l.machine(nil).run()
	s := l.socket()
	s.send(`{"type":"client_message","client_id":"c","stream_id":"s","seq_id":1,"message":%s}`, hello)
	s.next()
	long := fmt.Sprintf(`{"text":%q}`, strings.Repeat("long ", 60000))
	const n = 5
	part := (len(long) + n - 1) / n
	chunk := func(i int) string {
		return base64.StdEncoding.EncodeToString([]byte(long[i*part : min((i+1)*part, len(long))]))
	}
	for _, i := range []int{0, 1, 1, 2, 3, 4} { // one is sent again
		s.send(`{"type":"client_message_chunk","client_id":"c","stream_id":"s","seq_id":2,"segment_id":%d,"segment_count":%d,"message_size_bytes":%d,"message_chunk_base64":%q}`, i, n, len(long), chunk(i))
	}
	var got []byte
	for i := 0; ; i++ {
		f := s.next()
		if f.Get("type").Str != "server_message_chunk" || f.Get("segment_id").Int() != int64(i) || f.Get("seq_id").Raw != "2" || len(f.Raw) > segmentTarget || f.Get("message_size_bytes").Int() != int64(len(long)) {
			t.Fatalf("segment %d: %.300s", i, f.Raw)
		}
		b, err := base64.StdEncoding.DecodeString(f.Get("message_chunk_base64").Str)
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, b...)
		if i+1 == int(f.Get("segment_count").Int()) {
			break
		}
	}
	if string(got) != long {
		t.Errorf("%d bytes came back of %d", len(got), len(long))
	}
	s.send(`{"type":"client_message_chunk","client_id":"c","stream_id":"s","seq_id":3,"segment_id":0,"segment_count":2,"message_size_bytes":10,"message_chunk_base64":"eHg="}`)
	s.send(`{"type":"client_message_chunk","client_id":"c","stream_id":"s","seq_id":3,"segment_id":1,"segment_count":3,"message_size_bytes":10,"message_chunk_base64":"eHg="}`) // does not fit
	s.send(`{"type":"ack","client_id":"c","stream_id":"s","seq_id":2,"segment_id":0}`)
	s.send(`{"type":"client_message","client_id":"c","stream_id":"s","seq_id":4,"message":{"n":1}}`)
	if f := s.next(); f.Get("message.n").Int() != 1 {
		t.Errorf("after segments that do not fit: %.300s", f.Raw)
	}
	s.c.CloseNow()
	if f := l.socket().next(); f.Get("segment_id").Raw != "1" {
		t.Errorf("a segment with an acknowledgement came again: %.200s", f.Raw)
	}
}

// TestTokens: a relay that gives tokens is shown them on the websocket, and asked for new
// ones, also by the next process.
func TestTokens(t *testing.T) {
	l := newLoopback(t)
	l.tokens = true
	m := l.machine(nil).run()
	if got := l.socket().header.Get("Authorization"); got != "Bearer tok1" {
		t.Errorf("first: %s", got)
	}
	m.until(Connected)
	m.stop()
	m.r = New(m.r.opts)
	m.done = make(chan struct{})
	m.run()
	if got := l.socket().header.Get("Authorization"); got != "Bearer tok3" {
		t.Errorf("then: %s, after %v", got, l.log())
	}
	if got := l.log()[2]; got != `/refresh Bearer secret acc {"server_id":"srv","installation_id":"inst"}` {
		t.Errorf("refreshed with %s", got)
	}
}

// TestForgotten: a relay that does not know us any more is introduced to us again; one
// that never does is no reason for a crash loop.
func TestForgotten(t *testing.T) {
	l := newLoopback(t)
	m := l.machine(nil).run()
	s := l.socket()
	m.until(Connected)
	l.set("", http.StatusNotFound)
	s.c.CloseNow()
	if st := m.until(Errored); st.Reason == "" {
		t.Errorf("status %+v", st)
	}
	for n := 0; n < 4; n = <-m.fails { // it waits longer after each failure
	}
	if st := m.r.Now(); st.Connection == Connected {
		t.Errorf("status %+v", st)
	}
	l.set("", 0)
	m.until(Connected)
	n := 0
	for _, a := range l.log() {
		if strings.HasPrefix(a, "/enroll") {
			n++
		}
	}
	if n < 2 {
		t.Errorf("enrolled %d times", n)
	}
}

// TestNoLogin: without credentials the status says so at once, nothing is asked of the
// relay, and they are used when they come.
func TestNoLogin(t *testing.T) {
	l := newLoopback(t)
	var mu sync.Mutex
	missing := errors.New("remote control requires ChatGPT authentication")
	m := l.machine(func(o *Options) {
		o.Credentials = func() (Credentials, error) {
			mu.Lock()
			defer mu.Unlock()
			return Credentials{"later", ""}, missing
		}
		backoff := o.Backoff
		o.Backoff = func(n int) time.Duration { backoff(n); return time.Hour }
	})
	if st := m.r.Now(); st.Connection != Errored || st.Reason != missing.Error() {
		t.Errorf("status %+v", st)
	}
	m.run()
	<-m.fails
	if len(l.log()) != 0 {
		t.Errorf("asked %v", l.log())
	}
	mu.Lock()
	missing = nil
	mu.Unlock()
	m.r.Kick()
	s := l.socket()
	if _, ok := s.header["Chatgpt-Account-Id"]; ok || s.header.Get("Authorization") != "Bearer later" {
		t.Errorf("%v", s.header)
	}
}

// TestRefused: a relay that says no is a status with its reason.
func TestRefused(t *testing.T) {
	l := newLoopback(t)
	l.set("/enroll", http.StatusForbidden)
	m := l.machine(nil).run()
	if st := m.until(Errored); !strings.Contains(st.Reason, "enrollment failed") || !strings.Contains(st.Reason, "403") || !strings.Contains(st.Reason, "body: no") {
		t.Errorf("status %+v", st)
	}
	gone := l.machine(func(o *Options) { o.URL = "http://127.0.0.1:1" }).run()
	if st := gone.until(Errored); !strings.Contains(st.Reason, "refused") {
		t.Errorf("status %+v", st)
	}
}

func TestBackoff(t *testing.T) {
	for n, want := range map[int]time.Duration{0: 200 * time.Millisecond, 1: 200 * time.Millisecond, 2: 400 * time.Millisecond, 8: 25600 * time.Millisecond, 9: 30 * time.Second, 1000: 30 * time.Second} {
		for range 100 {
			if d := Backoff(n); d < want*9/10 || d > want*11/10 {
				t.Errorf("%d: %v, not about %v", n, d, want)
			}
		}
	}
}
