package exec

import (
	"io"
	"os"
	"strings"
	"sync"
	"syscall"
	"testing"
)

// watched is a stdout that tells when a line with a word in it has come.
type watched struct {
	sync.Mutex
	word string
	seen chan struct{}
	text strings.Builder
}

func (w *watched) Write(b []byte) (int, error) {
	w.Lock()
	defer w.Unlock()
	w.text.Write(b)
	if w.word != "" && strings.Contains(string(b), w.word) {
		w.word = ""
		close(w.seen)
	}
	return len(b), nil
}

// sendAt sends signals as soon as word is on stdout.
func sendAt(word string, sigs ...os.Signal) (*watched, chan os.Signal) {
	w := &watched{word: word, seen: make(chan struct{})}
	ch := make(chan os.Signal, 8)
	go func() {
		<-w.seen
		for _, s := range sigs {
			ch <- s
		}
	}()
	return w, ch
}

func TestInterrupt(t *testing.T) {
	out, sigs := sendAt("turn.started", syscall.SIGPIPE, os.Interrupt)
	got := start(t, setting{git: true, stdout: out, signals: sigs, wire: wire("", "!await turn/interrupt", noteStopped)}, "--json", "hi")
	if got.sig != os.Interrupt {
		t.Errorf("status %d, signal %v: %s", got.status, got.sig, got.stderr)
	}
	if !strings.Contains(got.requests, `{"method":"turn/interrupt","id":4,"params":{"threadId":"T","turnId":"U"}}`) {
		t.Errorf("requests:\n%s", got.requests)
	}
	if n := strings.Count(out.text.String(), "\n"); n != 2 {
		t.Errorf("stdout:\n%s", out.text.String())
	}
}

func TestSignalsEnd(t *testing.T) {
	for name, sigs := range map[string][]os.Signal{
		"terminate":        {syscall.SIGTERM},
		"hang up":          {syscall.SIGHUP},
		"two interrupts":   {os.Interrupt, os.Interrupt},
		"then terminate":   {os.Interrupt, syscall.SIGTERM},
		"more than enough": {syscall.SIGTERM, syscall.SIGTERM, os.Interrupt},
	} {
		t.Run(name, func(t *testing.T) {
			out, ch := sendAt("turn.started", sigs...)
			// The engine does not react to an interrupt; the default action of SIGTERM ends it.
			got := start(t, setting{git: true, stdout: out, signals: ch, wire: wire("", "!deaf")}, "--json", "hi")
			want := sigs[len(sigs)-1]
			if name == "more than enough" {
				want = sigs[0]
			}
			if got.sig != want || got.status != 128+int(want.(syscall.Signal)) {
				t.Errorf("signal %v, status %d", got.sig, got.status)
			}
			if n := strings.Count(out.text.String(), "\n"); n != 2 {
				t.Errorf("stdout:\n%s", out.text.String())
			}
		})
	}
}

// blocked is a stdin that nobody writes to and nobody closes, until the test ends.
type blocked struct{ begun, ended chan struct{} }

func (b *blocked) Read([]byte) (int, error) {
	close(b.begun)
	<-b.ended
	return 0, io.EOF
}

func TestSignalWhileReading(t *testing.T) {
	in := &blocked{make(chan struct{}), make(chan struct{})}
	ch := make(chan os.Signal, 1)
	go func() { <-in.begun; ch <- os.Interrupt }()
	s := setting{git: true, stdin: in, signals: ch, wire: wire("")}
	s.left = func() { close(in.ended) } // the process would be gone
	got := start(t, s, "--json", "-")
	if got.sig != os.Interrupt || got.status != 130 {
		t.Errorf("signal %v, status %d", got.sig, got.status)
	}
}

func TestTimeLimit(t *testing.T) {
	const limit = "time limit of 1ms reached"
	got := start(t, setting{git: true, wire: wire("", "!await turn/interrupt", noteStopped)}, "--json", "--timeout", "1ms", "hi")
	if got.status != 124 {
		t.Errorf("status %d: %s", got.status, got.stderr)
	}
	// The limit may be over before the turn has begun.
	if !strings.Contains(got.stderr, limit) && !strings.HasSuffix(got.stdout, `{"type":"error","message":"`+limit+`"}`+"\n"+`{"type":"turn.failed","error":{"message":"`+limit+`"}}`+"\n") {
		t.Errorf("stdout %s\nstderr %s", got.stdout, got.stderr)
	}
	in := &blocked{make(chan struct{}), make(chan struct{})}
	s := setting{git: true, stdin: in, wire: wire("")}
	s.left = func() { close(in.ended) }
	got = start(t, s, "--timeout", "1ms", "-")
	if got.status != 124 || got.sig != nil || !strings.Contains(got.stderr, limit) {
		t.Errorf("status %d, signal %v, stderr %q", got.status, got.sig, got.stderr)
	}
}

// closed is a stdout whose reader has left after some lines.
type closed struct{ lines int }

func (c *closed) Write(b []byte) (int, error) {
	if c.lines--; c.lines < 0 {
		return 0, &os.PathError{Op: "write", Path: "|1", Err: syscall.EPIPE}
	}
	return len(b), nil
}

func TestReaderGone(t *testing.T) {
	got := start(t, setting{git: true, stdout: &closed{1}, wire: wire("", "!await turn/interrupt", noteStopped)}, "--json", "hi")
	if got.status != 141 || !strings.Contains(got.requests, "turn/interrupt") {
		t.Errorf("status %d\n%s", got.status, got.requests)
	}
	// It is noticed without a write too.
	gone := make(chan struct{})
	close(gone)
	got = start(t, setting{git: true, watch: func() (<-chan struct{}, func()) { return gone, func() {} },
		wire: wire("", "!await turn/interrupt", noteStopped)}, "hi")
	if got.status != 141 || !strings.Contains(got.requests, "turn/interrupt") {
		t.Errorf("status %d\n%s", got.status, got.requests)
	}
	got = start(t, setting{git: true, stdout: &closed{0}, wire: wire("", noteMessage, noteCompleted)}, "hi")
	if got.status != 141 {
		t.Errorf("human: status %d", got.status)
	}
}
