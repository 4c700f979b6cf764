package foreign

import (
	"strings"
	"sync"
)

// Output keeps the beginning of what a program writes, and takes the rest without a word.
type Output struct {
	Bytes []byte
	Max   int
	Over  bool // there was more than Max bytes
}

// Write implements io.Writer.
func (o *Output) Write(p []byte) (int, error) {
	n := min(len(p), o.Max-len(o.Bytes))
	o.Bytes = append(o.Bytes, p[:n]...)
	o.Over = o.Over || n < len(p)
	return len(p), nil
}

func (o *Output) String() string { return string(o.Bytes) }

// Tail keeps the end of what a program writes.
type Tail struct {
	Max int

	mu  sync.Mutex
	end []byte
}

// Write implements io.Writer.
func (t *Tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.end = append(t.end, p...)
	if over := len(t.end) - t.Max; over > 0 {
		t.end = append(t.end[:0], t.end[over:]...)
	}
	return len(p), nil
}

func (t *Tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return strings.ToValidUTF8(string(t.end), "")
}
