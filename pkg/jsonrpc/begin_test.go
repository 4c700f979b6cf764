//go:build unix

package jsonrpc

import (
	"bytes"
	"os"
	"testing"
)

// Who must not wait writes what there is room for; the rest follows, before other lines.
func TestTryLine(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	out := NewWriter(w)
	if out.TryLine([]byte("x")) {
		t.Error("it wrote without a way to")
	}
	out.Begin = Begin(w)
	large := bytes.Repeat([]byte("y"), 1<<20)
	if !out.TryLine([]byte("small")) || !out.TryLine(large) || out.TryLine([]byte("late")) {
		t.Error("small goes, large begins, and nothing goes between")
	}
	go func() {
		out.WriteLine([]byte("last"))
		w.Close()
	}()
	lines := NewReader(r, 0)
	for _, want := range []string{"small", string(large), "last"} {
		if line, err := lines.ReadLine(); err != nil || string(line) != want {
			t.Errorf("%.10s: %d bytes, %v", want, len(line), err)
		}
	}
}

// A line that waits for nobody need not wait for Run.
func TestOutboxBegins(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	o := NewOutbox(4, 4<<20, false)
	o.Begin = Begin(w)
	large := bytes.Repeat([]byte("y"), 1<<20)
	for _, line := range [][]byte{[]byte("small\n"), append(large, '\n'), []byte("last\n")} {
		if err := o.WriteLine(line); err != nil {
			t.Fatal(err)
		}
	}
	o.Finish()
	go func() {
		_ = o.Run(func(line []byte) error {
			_, err := w.Write(line)
			return err
		})
		w.Close()
	}()
	lines := NewReader(r, 0)
	for _, want := range []string{"small", string(large), "last"} {
		if line, err := lines.ReadLine(); err != nil || string(line) != want {
			t.Errorf("%.10s: %d bytes, %v", want, len(line), err)
		}
	}
}
