package loop

import (
	"bytes"
	"context"
	"errors"
	"os"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"codex/pkg/config"
	"codex/pkg/frontend/tui/tty"
	"codex/pkg/jsonrpc"
	"codex/tests/tui/vt"
)

// crashing is a terminal that tells of Crash.
type crashing struct {
	terminal
	crashed   chan struct{}
	cancel    sync.Once
	cancelled chan struct{}
}

func (t *crashing) Crash()  { close(t.crashed) }
func (t *crashing) Cancel() { t.cancel.Do(func() { close(t.cancelled) }) }
func (t *crashing) Read([]byte) (int, error) {
	<-t.cancelled
	return 0, tty.ErrCancelled
}

// bomb is an engine's output.
type bomb struct{}

func (bomb) Read([]byte) (int, error) { panic("boom") }

// TestPanic holds that the terminal is restored before a panic ends the program, wherever
// it happens, and though an engine and others still run.
func TestPanic(t *testing.T) {
	for name, tc := range map[string]struct {
		start func(context.Context, bool) (*Engine, error)
		post  func(*Loop)
	}{
		"in the loop": {post: func(*Loop) { panic("boom") }},
		"beside it":   {post: func(l *Loop) { l.beside(func(context.Context) func() { panic("boom") }) }},
		"starting":    {start: func(context.Context, bool) (*Engine, error) { panic("boom") }},
		"reading": {start: func(context.Context, bool) (*Engine, error) {
			return &Engine{In: jsonrpc.NewReader(bomb{}, 0), Out: func([]byte) error { return nil }}, nil
		}},
	} {
		t.Run(name, func(t *testing.T) {
			term := &crashing{terminal: terminal{vt.New(80, 24)}, crashed: make(chan struct{}), cancelled: make(chan struct{})}
			died := make(chan int)
			var said bytes.Buffer
			start := tc.start
			if start == nil { // one that says nothing
				start = func(ctx context.Context, _ bool) (*Engine, error) {
					r, w, err := os.Pipe()
					if err != nil {
						return nil, err
					}
					t.Cleanup(func() {
						if err := errors.Join(w.Close(), r.Close()); err != nil {
							t.Error(err)
						}
					})
					return &Engine{In: jsonrpc.NewReader(r, 0), Out: func([]byte) error { return nil }}, nil
				}
			}
			l := New(Options{TTY: term, Getenv: func(string) string { return "" }, Cwd: "/w", Config: &config.Config{Cwd: "/w"}, Now: time.Now, Stderr: &said, Start: start,
				Die: func(_ os.Signal, status int) { died <- status; runtime.Goexit() }})
			if tc.post != nil {
				l.Options.Start = func(ctx context.Context, _ bool) (*Engine, error) {
					e, err := start(ctx, false)
					l.post(func() { l.post(func() { tc.post(l) }) }) // behind connect
					return e, err
				}
			}
			ctx, cancel := context.WithCancel(t.Context())
			ended := make(chan struct{})
			go func() {
				defer close(ended)
				l.Run(ctx)
			}()
			<-term.crashed
			if status := <-died; status != 2 || !strings.Contains(said.String(), "panic: boom") {
				t.Errorf("status %d: %s", status, said.String())
			}
			cancel()
			if l.engine != nil {
				l.engine.box.Close()
			}
			<-ended
		})
	}
}
