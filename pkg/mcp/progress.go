package mcp

import (
	"encoding/json"
	"strconv"
	"sync"
)

// Progress is what a server says while it works on a call.
type Progress struct {
	Progress float64 `json:"progress"`
	Total    float64 `json:"total,omitempty"`
	Message  string  `json:"message,omitempty"`
}

// listeners are who is told how far calls are, by their tokens. They have a lock of their own:
// a server may tell before it has answered the handshake.
type listeners struct {
	mu sync.Mutex
	of map[int64]func(Progress)
}

// listen has progress with a token told, until unlisten is called.
func (l *listeners) listen(token int64, progress func(Progress)) (unlisten func()) {
	if progress == nil {
		return func() {}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.of == nil {
		l.of = map[int64]func(Progress){}
	}
	l.of[token] = progress
	return func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		delete(l.of, token)
	}
}

// told passes on how far a call is.
func (l *listeners) told(token string, p Progress) {
	n, err := strconv.ParseInt(token, 10, 64)
	l.mu.Lock()
	f := l.of[n]
	l.mu.Unlock()
	if err == nil && f != nil {
		f(p)
	}
}

// line passes on the params of notifications/progress.
func (l *listeners) line(params json.RawMessage) {
	var p struct {
		Progress
		Token json.RawMessage `json:"progressToken"`
	}
	if json.Unmarshal(params, &p) == nil {
		l.told(string(p.Token), p.Progress)
	}
}
