package client

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"sync"
)

// maxWords bounds a line of standard error that is remembered or held back.
const maxWords = 4 << 10

// words passes an executor's standard error on and remembers its last line. A program of
// ours that the system gives too little ends with the words and the trace of Go's runtime,
// which it cannot put otherwise itself: people get what is missing instead.
type words struct {
	name string
	w    io.Writer // nil: nowhere

	mu   sync.Mutex
	line []byte // the line that is coming
	held []byte // lines of the runtime, up to the one that says what is wrong
	last string
	dead bool // it was said
}

// Write never fails: a reader of words that is gone must not stop the work.
func (s *words) Write(b []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := len(b)
	for len(b) > 0 && !s.dead {
		i := bytes.IndexByte(b, '\n') + 1
		whole := i > 0
		if !whole {
			i = len(b)
		}
		s.line = append(s.line, b[:i]...)
		b = b[i:]
		if whole || len(s.line) > maxWords {
			s.take(string(s.line))
			s.line = s.line[:0]
		}
	}
	return n, nil
}

func (s *words) take(line string) {
	fatal, ends := strings.CutPrefix(line, "fatal error: ")
	switch {
	case ends && missing(fatal) != "":
		s.dead = true
		s.say(fmt.Sprintf("%s: the system gives it no more %s (%s)\n", s.name, missing(fatal), strings.TrimSpace(fatal)))
		return
	case strings.HasPrefix(line, "runtime: ") && len(s.held) < maxWords:
		s.held = append(s.held, line...)
		return
	}
	s.say(string(s.held) + line)
	s.held = nil
}

func (s *words) say(text string) {
	if s.w != nil {
		_, _ = io.WriteString(s.w, text)
	}
	if t := strings.TrimSpace(text); t != "" {
		s.last = t[strings.LastIndexByte(t, '\n')+1:]
	}
}

// end says what is held back when nothing more comes, and gives the last line.
func (s *words) end() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if rest := string(s.held) + string(s.line); rest != "" && !s.dead {
		s.say(rest)
	}
	s.held, s.line = nil, nil
	return s.last
}

// missing names what the runtime did not get, "" for other ends.
func missing(fatal string) string {
	for _, m := range [...]struct{ word, what string }{
		{"newosproc", "processes or threads"}, {"thread exhaustion", "processes or threads"},
		{"out of memory", "memory"}, {"cannot allocate", "memory"}, {"failed to reserve", "memory"}, {"reservation exceeds", "memory"},
		{"netpollinit", "file descriptors"}, {"eventfd failed", "file descriptors"},
	} {
		if strings.Contains(fatal, m.word) {
			return m.what
		}
	}
	return ""
}
