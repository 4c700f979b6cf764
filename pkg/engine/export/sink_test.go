package export

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"codex/pkg/telemetry"
)

// said are the warnings of a sink.
type said struct {
	mu   sync.Mutex
	text []string
}

func (s *said) warn(text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.text = append(s.text, text)
}

func start(t *testing.T, s *said, shell string) *Sink {
	t.Helper()
	if _, err := exec.LookPath("sh"); err != nil {
		t.Skip("no sh")
	}
	return Start(Options{Command: []string{"sh", "-c", shell}, Environ: os.Environ(), Dir: t.TempDir(), Warn: s.warn, Now: time.Now, Leave: time.Second / 2})
}

// TestLines holds that all lines arrive, in order, before Close returns.
func TestLines(t *testing.T) {
	out := filepath.Join(t.TempDir(), "lines")
	var s said
	sink := start(t, &s, "cat >'"+out+"'")
	want := ""
	for i := range 1000 {
		sink.Tell("m", i)
		want += fmt.Sprintf("{\"method\":\"m\",\"params\":%d}\n", i)
	}
	sink.Close()
	got, err := os.ReadFile(out)
	if err != nil || string(got) != want {
		t.Errorf("%v, %d bytes of %d", err, len(got), len(want))
	}
	if len(s.text) != 0 {
		t.Error(s.text)
	}
}

// TestStuck holds that a program that reads nothing keeps nobody waiting, whatever it is
// told, and is said once.
func TestStuck(t *testing.T) {
	var s said
	sink := start(t, &s, "sleep 1000")
	for range 2 * maxLines { // twice either bound
		sink.Tell("m", strings.Repeat("x", maxBytes/maxLines))
	}
	sink.mu.Lock()
	if len(sink.queue) > maxLines || sink.bytes > maxBytes {
		t.Errorf("%d lines wait, %d bytes", len(sink.queue), sink.bytes)
	}
	sink.mu.Unlock()
	sink.Close()
	sink.Tell("m", 1) // after the end
	if len(s.text) != 1 || !strings.Contains(s.text[0], "does not keep up") {
		t.Error(s.text)
	}
}

// TestWords holds that the first line on standard error is what people are told.
func TestWords(t *testing.T) {
	for shell, want := range map[string]string{
		"echo first >&2; echo second >&2; cat >/dev/null; exit 1": "telemetry: first",
		"exit 3": "telemetry: codex-otel has gone (exit status 3)",
	} {
		var s said
		sink := start(t, &s, shell)
		sink.Tell("m", 1)
		sink.Close()
		if len(s.text) != 1 || s.text[0] != want {
			t.Errorf("%s: %q", shell, s.text)
		}
	}
}

// TestGone holds that nothing is kept for a program that has gone, or was never there.
func TestGone(t *testing.T) {
	for _, program := range []string{"exit 3", "exec <&-; sleep 1000"} {
		var s said
		sink := start(t, &s, program)
		for closed := false; !closed; { // the first write that fails ends it
			sink.Tell("m", 1)
			sink.mu.Lock()
			if closed = sink.closed; closed && len(sink.queue) != 0 {
				t.Errorf("%s: %d lines wait", program, len(sink.queue))
			}
			sink.mu.Unlock()
		}
		sink.Close()
		if len(s.text) != 1 {
			t.Error(program, s.text)
		}
	}
	var s said
	sink := Start(Options{Command: []string{filepath.Join(t.TempDir(), "none")}, Dir: t.TempDir(), Warn: s.warn, Now: time.Now})
	<-sink.done
	if sink.Tell("m", 1); len(sink.queue) != 0 || len(s.text) != 1 {
		t.Errorf("%d lines wait, %q", len(sink.queue), s.text)
	}
	sink.Close()
}

// TestNil holds that a sink that is not there takes everything.
func TestNil(t *testing.T) {
	var s *Sink
	s.Tell(telemetry.MethodPrompt, telemetry.Prompt{})
	s.Close()
}
