package server

import (
	"bufio"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/tidwall/gjson"

	"codex/pkg/sandbox"
)

// serveVariable makes the test binary the server, for tests that need a real process.
const serveVariable = "EXECSERVER_TEST_SERVE"

func TestMain(m *testing.M) {
	sandbox.Init()
	if os.Getenv(serveVariable) != "" {
		os.Unsetenv(serveVariable)
		os.Exit(Main(os.Args[1:], Streams{os.Stdin, os.Stdout, os.Stderr}, Options{Version: "test", Env: os.Environ(), Adopt: true}))
	}
	os.Exit(m.Run())
}

// hang is how long a test waits for what must come: not a measure, only an end.
const hang = time.Minute

// conn drives a server through its two pipes.
type conn struct {
	t      testing.TB
	in     io.WriteCloser
	out    *os.File
	lines  chan gjson.Result
	nextID int
	notes  []gjson.Result // notifications not looked at yet
	done   chan error     // of Serve
}

func connect(t testing.TB, opts Options) *conn {
	t.Helper()
	inR, inW := pipe(t)
	outR, outW := pipe(t)
	c := &conn{t: t, in: inW, out: outR, done: make(chan error, 1)}
	ctx, cancel := context.WithCancel(context.Background())
	go func() {
		err := Serve(ctx, inR, outW, opts)
		inR.Close()
		outW.Close()
		c.done <- err
	}()
	c.read()
	t.Cleanup(func() {
		cancel()
		inW.Close()
		outR.Close()
	})
	return c
}

func pipe(t testing.TB) (r, w *os.File) {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	return r, w
}

func (c *conn) read() {
	c.lines = make(chan gjson.Result, 100000)
	go func() {
		defer close(c.lines)
		br := bufio.NewReaderSize(c.out, 1<<20)
		for {
			line, err := br.ReadBytes('\n')
			if err != nil {
				return
			}
			c.lines <- gjson.ParseBytes(line)
		}
	}()
}

// ready makes the handshake too.
func ready(t testing.TB, opts Options) *conn {
	t.Helper()
	c := connect(t, opts)
	c.handshake()
	return c
}

func (c *conn) handshake() {
	c.t.Helper()
	c.ok("initialize", `{"clientName":"test"}`)
	c.send(`{"method":"initialized"}`)
}

func (c *conn) send(line string) {
	c.t.Helper()
	if _, err := io.WriteString(c.in, line+"\n"); err != nil {
		c.t.Fatalf("write request: %v", err)
	}
}

// next gives the next line.
func (c *conn) next() gjson.Result {
	c.t.Helper()
	select {
	case m, ok := <-c.lines:
		if !ok {
			c.t.Fatal("output ended")
		}
		return m
	case <-time.After(hang):
		c.t.Fatal("nothing came")
	}
	return gjson.Result{}
}

// ask sends a request without waiting.
func (c *conn) ask(method, params string) string {
	c.t.Helper()
	c.nextID++
	id := fmt.Sprint(c.nextID)
	c.send(`{"id":` + id + `,"method":"` + method + `","params":` + params + `}`)
	return id
}

// answer waits for the answer with an id; notifications are kept.
func (c *conn) answer(id string) gjson.Result {
	c.t.Helper()
	for {
		m := c.next()
		if m.Get("method").Exists() {
			c.notes = append(c.notes, m)
			continue
		}
		if m.Get("id").Raw != id {
			c.t.Fatalf("answer to %s, want %s: %s", m.Get("id").Raw, id, m.Raw)
		}
		return m
	}
}

func (c *conn) ok(method, params string) gjson.Result {
	c.t.Helper()
	m := c.answer(c.ask(method, params))
	if !m.Get("result").Exists() {
		c.t.Fatalf("%s %s: %s", method, params, m.Raw)
	}
	return m.Get("result")
}

func (c *conn) fails(method, params string, code int, message string) {
	c.t.Helper()
	m := c.answer(c.ask(method, params))
	if m.Get("error.code").Int() != int64(code) || !strings.Contains(m.Get("error.message").Str, message) {
		c.t.Errorf("%s %s: got %s, want %d %q", method, params, m.Raw, code, message)
	}
}

// note waits for the next notification.
func (c *conn) note() gjson.Result {
	c.t.Helper()
	if len(c.notes) > 0 {
		m := c.notes[0]
		c.notes = c.notes[1:]
		return m
	}
	m := c.next()
	if !m.Get("method").Exists() {
		c.t.Fatalf("answer nobody waits for: %s", m.Raw)
	}
	return m
}

// run is the story of one process.
type run struct {
	stdout, stderr, pty string
	exited, closed      gjson.Result
	order               []string
}

// finish collects the notifications of the only running process until closed.
func (c *conn) finish(id string) *run {
	c.t.Helper()
	r := &run{}
	seqs := map[int64]bool{}
	for !r.closed.Exists() {
		m := c.note()
		p := m.Get("params")
		if p.Get("processId").Str != id {
			c.t.Fatalf("notification for another process: %s", m.Raw)
		}
		seqs[p.Get("seq").Int()] = true
		switch m.Get("method").Str {
		case "process/output":
			b, err := base64.StdEncoding.DecodeString(p.Get("chunk").Str)
			if err != nil {
				c.t.Fatal(err)
			}
			switch p.Get("stream").Str {
			case "stdout":
				r.stdout += string(b)
			case "stderr":
				r.stderr += string(b)
			case "pty":
				r.pty += string(b)
			}
			r.order = append(r.order, "output")
		case "process/exited":
			r.exited = p
			r.order = append(r.order, "exited")
		case "process/closed":
			r.closed = p
			if int(p.Get("seq").Int()) != len(seqs) {
				c.t.Errorf("closed has number %s after %d events", p.Get("seq").Raw, len(seqs))
			}
		}
	}
	return r
}

type spec map[string]any

// params gives the parameters of process/start.
func start(id string, extra spec, argv ...string) string {
	p := spec{"processId": id, "argv": argv, "cwd": "/", "env": map[string]string{"PATH": "/usr/bin:/bin"}, "tty": false}
	for k, v := range extra {
		p[k] = v
	}
	b, err := json.Marshal(p)
	if err != nil {
		panic(err)
	}
	return string(b)
}

func js(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return string(b)
}

func (c *conn) sh(id, script string, extra spec) *run {
	c.t.Helper()
	c.ok("process/start", start(id, extra, "/bin/sh", "-c", script))
	return c.finish(id)
}

// end closes the input and waits for the server.
func (c *conn) end() error {
	c.t.Helper()
	c.in.Close()
	select {
	case err := <-c.done:
		return err
	case <-time.After(hang):
		c.t.Fatal("the server does not end")
	}
	return nil
}
