//go:build unix

package child

import (
	"context"
	"errors"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func sh(script string) Command {
	return Command{Path: "/bin/sh", Args: []string{"-c", script}, Limit: 100}
}

func TestOutput(t *testing.T) {
	for _, tc := range []struct {
		script, in, want, fail string
	}{
		{"echo hello; echo words >&2", "", "hello\n", ""},
		{"cat", "from stdin", "from stdin", ""},
		{"echo before; echo why >&2; exit 3", "", "", "run /bin/sh: exit status 3: why"},
		{"kill -9 $$", "", "", "signal: killed"},
		{"head -c 101 /dev/zero", "", "", "more than 100 bytes"},
		{"head -c 100 /dev/zero | tr '\\0' x", "", strings.Repeat("x", 100), ""},
		{"head -c 9000 /dev/zero | tr '\\0' y >&2; echo end >&2; exit 1", "", "", "yend"},
	} {
		c := sh(tc.script)
		c.Stdin = []byte(tc.in)
		out, err := Output(t.Context(), c)
		if string(out) != tc.want || (err == nil) != (tc.fail == "") || err != nil && !strings.Contains(err.Error(), tc.fail) {
			t.Errorf("%s: %q %v", tc.script, out, err)
		}
		if err != nil && len(err.Error()) > 2*excerpt {
			t.Errorf("%s: %d bytes of error", tc.script, len(err.Error()))
		}
	}
	if _, err := Output(t.Context(), Command{Path: filepath.Join(t.TempDir(), "missing")}); err == nil {
		t.Error("ran nothing")
	}
}

// TestOutputTime holds that the time bounds a command and what it has started.
func TestOutputTime(t *testing.T) {
	c := Command{Path: "/bin/sh", Args: []string{"-c", "mkfifo $0/f; cat $0/f & cat $0/f", t.TempDir()}}
	c.Time = time.Millisecond
	if _, err := Output(t.Context(), c); err == nil || !strings.Contains(err.Error(), "no end after 1ms") {
		t.Error(err)
	}
	broken := errors.New("broken")
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(broken)
	if _, err := Output(ctx, sh("echo")); !errors.Is(err, broken) {
		t.Error(err)
	}
}
