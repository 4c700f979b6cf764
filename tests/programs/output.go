package programs

import (
	"bufio"
	"bytes"
	"io"
	"sync"
	"time"

	"github.com/tidwall/gjson"
)

// Buffer keeps what a program writes, while others look at it.
type Buffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

// Write implements io.Writer.
func (s *Buffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *Buffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

// Lines are the lines of JSON that a program writes. Make them with NewLines.
type Lines struct {
	mu    sync.Mutex
	more  *sync.Cond
	all   []gjson.Result
	ended bool
}

// NewLines has none yet.
func NewLines() *Lines {
	l := &Lines{}
	l.more = sync.NewCond(&l.mu)
	return l
}

// Read takes lines until they end.
func (l *Lines) Read(out io.Reader) {
	r := bufio.NewReaderSize(out, 64<<10)
	for {
		line, err := r.ReadString('\n')
		l.mu.Lock()
		if line != "" {
			l.all = append(l.all, gjson.Parse(line))
		}
		l.ended = err != nil
		l.mu.Unlock()
		l.more.Broadcast()
		if err != nil {
			return
		}
	}
}

// All gives the lines so far, each with its newline.
func (l *Lines) All() []gjson.Result {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.all[:len(l.all):len(l.all)]
}

// Drain waits for the end.
func (l *Lines) Drain() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for !l.ended {
		l.more.Wait()
	}
}

// Seek waits for a line that fits, from the given one on, and gives its number: -1 when the
// lines have ended without one, or patience has.
func (l *Lines) Seek(from int, patience time.Duration, fits func(gjson.Result) bool) (gjson.Result, int) {
	late := false
	timer := time.AfterFunc(patience, func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		late = true
		l.more.Broadcast()
	})
	defer timer.Stop()
	l.mu.Lock()
	defer l.mu.Unlock()
	for i := from; ; {
		for ; i < len(l.all); i++ {
			if fits(l.all[i]) {
				return l.all[i], i
			}
		}
		if l.ended || late {
			return gjson.Result{}, -1
		}
		l.more.Wait()
	}
}
