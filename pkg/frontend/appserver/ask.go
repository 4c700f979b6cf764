package appserver

import (
	"bytes"
	"cmp"
	"encoding/json"
	"maps"
	"slices"
	"strconv"

	"github.com/tidwall/gjson"
	"github.com/tidwall/sjson"

	"codex/pkg/jsonrpc"
	"codex/pkg/protocol"
)

// ask is a question of an engine to its clients, under an id of ours: those of several
// engines would meet.
type ask struct {
	id       int64
	t        *loadedThread
	child    *child
	method   string
	theirs   json.RawMessage // the engine's id
	line     []byte
	answered bool // guarded by t.mu
}

// ask puts a question to every subscriber. With none it waits for one.
func (t *loadedThread) ask(c *child, method, theirs string, params json.RawMessage) {
	s := t.s
	s.mu.Lock()
	a := &ask{id: s.nextAsk, t: t, child: c, method: method, theirs: json.RawMessage(theirs)}
	a.line = askLine(method, a.id, params)
	s.nextAsk++
	s.asks[a.id] = a
	s.mu.Unlock()
	t.mu.Lock()
	if t.asks == nil {
		t.asks = map[string]*ask{}
	}
	t.asks[theirs] = a
	subs := t.subscribers()
	t.mu.Unlock()
	for _, conn := range subs {
		conn.send(a.line)
	}
}

// answer takes a client's answer: the first counts, the others are told by
// serverRequest/resolved, which the engine sends.
// Only who was asked may answer: ids are small numbers, and somebody may mean another
// server's.
func (s *Server) answer(c *conn, m jsonrpc.Message) {
	id, err := strconv.ParseInt(string(m.ID), 10, 64)
	if err != nil {
		return
	}
	s.mu.Lock()
	a := s.asks[id]
	s.mu.Unlock()
	if a == nil || !a.take(c) {
		return
	}
	s.forget(a)
	if m.Err != nil {
		_ = a.child.w.Fail(a.theirs, m.Err) // a failure shows as the end of its output
		return
	}
	// What the user allowed for the session only the engine remembers.
	if bytes.Contains(m.Result, []byte("acceptForSession")) || gjson.GetBytes(m.Result, "scope").Str == "session" {
		a.t.mu.Lock()
		a.t.keep = true
		a.t.mu.Unlock()
	}
	_ = a.child.w.WriteLine(resultLine(a.theirs, slices.Clone(m.Result)))
}

// take is true for the first answer of a subscriber.
func (a *ask) take(c *conn) bool {
	t := a.t
	t.mu.Lock()
	defer t.mu.Unlock()
	if _, asked := t.subs[c]; !asked || a.answered {
		return false
	}
	a.answered = true
	if a.method == protocol.AskToolCall { // no serverRequest/resolved follows
		delete(t.asks, string(a.theirs))
	}
	return true
}

// resolved puts our id in place of the engine's.
func (t *loadedThread) resolved(line []byte) []byte {
	theirs := gjson.GetBytes(line, "params.requestId").Raw
	t.mu.Lock()
	a := t.asks[theirs]
	delete(t.asks, theirs)
	t.mu.Unlock()
	if a == nil {
		return line
	}
	t.s.forget(a)
	out, err := sjson.SetBytes(line, "params.requestId", a.id)
	if err != nil {
		return line
	}
	return out
}

func (s *Server) forget(a *ask) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.asks, a.id)
}

// open gives the questions that wait, oldest first; t.mu is held.
func (t *loadedThread) open() []*ask {
	all := slices.SortedFunc(maps.Values(t.asks), func(a, b *ask) int { return cmp.Compare(a.id, b.id) })
	return slices.DeleteFunc(all, func(a *ask) bool { return a.answered })
}

func sortedKeys[K cmp.Ordered, V any](m map[K]V) []K { return slices.Sorted(maps.Keys(m)) }
