package relay

import (
	"cmp"
	"io"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/tidwall/gjson"
)

const (
	streamsMost = 64               // clients at once
	unacked     = 128              // envelopes that wait for their acknowledgement
	inboxMost   = 128              // messages of one client
	inboxTime   = 5 * time.Second  // for a client's messages to be taken
	idleTime    = 10 * time.Minute // without a word a client is gone
	sweepEvery  = 30 * time.Second
)

// Stream is a client on the other side of the relay. It outlives the websocket.
type Stream struct {
	h     *hub
	key   key
	inbox chan []byte
	gone  chan struct{}

	// Guarded by h.mu.
	closed bool
	heard  time.Time
	last   *uint64 // number of the latest message
	next   uint64  // number of the next one to it
}

// Read gives the client's next message; io.EOF when it has left.
func (s *Stream) Read() ([]byte, error) {
	select {
	case m := <-s.inbox:
		return m, nil
	default:
	}
	select {
	case m := <-s.inbox:
		return m, nil
	case <-s.gone:
		return nil, io.EOF
	}
}

// Write sends a message. It waits while too many have no acknowledgement.
func (s *Stream) Write(message []byte) error {
	h := s.h
	h.mu.Lock()
	defer h.mu.Unlock()
	for len(h.frames) >= unacked && !s.closed && !h.over {
		h.cond.Wait()
	}
	if s.closed || h.over {
		return io.ErrClosedPipe
	}
	out, err := frames(s.key, s.next, message)
	if err != nil {
		return err
	}
	s.next++
	h.frames = append(h.frames, out...)
	h.cond.Broadcast()
	return nil
}

// Close ends the stream on this side.
func (s *Stream) Close() {
	s.h.mu.Lock()
	defer s.h.mu.Unlock()
	s.h.close(s)
}

// hub holds the streams, and what of them is on its way, over all websockets.
type hub struct {
	accept func(*Stream)
	now    func() time.Time
	wg     sync.WaitGroup // of accepted streams

	mu      sync.Mutex
	cond    sync.Cond
	streams map[key]*Stream
	legacy  map[string]string // stream of a client that names none
	frames  []*frame          // without acknowledgement, in order
	sent    int               // of those, on this websocket
	extra   []*frame          // answers to clients that are not there
	cursor  string
	parts   assembler
	over    bool
}

func newHub(accept func(*Stream), now func() time.Time) *hub {
	h := &hub{accept: accept, now: now, streams: map[key]*Stream{}, legacy: map[string]string{}}
	h.cond.L = &h.mu
	return h
}

// close is Close; h.mu is held.
func (h *hub) close(s *Stream) {
	if s.closed {
		return
	}
	s.closed = true
	close(s.gone)
	if h.streams[s.key] == s {
		delete(h.streams, s.key)
	}
	if h.legacy[s.key.client] == s.key.stream {
		delete(h.legacy, s.key.client)
	}
	h.parts.drop(s.key)
	h.cond.Broadcast()
}

// discard takes what is on its way to a client that has left; h.mu is held.
func (h *hub) discard(k key) {
	h.keep(func(f *frame) bool { return f.key != k })
}

// keep keeps the frames that it is told to; h.mu is held.
func (h *hub) keep(stays func(*frame) bool) {
	kept := h.frames[:0]
	sent := h.sent
	for i, f := range h.frames {
		switch {
		case stays(f):
			kept = append(kept, f)
		case i < h.sent:
			sent--
		}
	}
	clear(h.frames[len(kept):])
	h.frames, h.sent = kept, sent
	h.cond.Broadcast()
}

// shut ends all streams and waits for who serves them.
func (h *hub) shut() {
	h.mu.Lock()
	h.over = true
	for _, s := range h.streams {
		h.close(s)
	}
	h.cond.Broadcast()
	h.mu.Unlock()
	h.wg.Wait()
}

// sweep ends the streams of clients that were not heard of for long, and drops messages
// that came in part.
func (h *hub) sweep() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.parts.sweep(h.now().Add(-sweepEvery))
	for k, s := range h.streams {
		if h.now().Sub(s.heard) >= idleTime {
			h.close(s)
			h.discard(k)
		}
	}
}

// receive takes one envelope of the relay.
func (h *hub) receive(e envelope) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	starts := e.typ == "client_message" && gjson.GetBytes(e.message, "method").Str == "initialize" && gjson.GetBytes(e.message, "id").Exists()
	named := e.key.stream != ""
	if !named {
		switch e.key.stream = h.legacy[e.key.client]; {
		case starts || e.key.stream == "" && e.typ == "ping":
			if e.key.stream == "" {
				e.key.stream = uuid.Must(uuid.NewV7()).String()
			}
		case e.key.stream == "":
			return nil
		}
	}
	s := h.streams[e.key]
	var err error
	switch e.typ {
	case "client_message":
		err = h.deliver(s, e, e.message, starts, named)
	case "client_message_chunk":
		if !e.hasSeq || s.had(e) {
			return nil
		}
		var whole []byte
		if whole, err = h.parts.add(e.key, e.seq, e.chunk, h.now()); whole != nil {
			starts = gjson.GetBytes(whole, "method").Str == "initialize" && gjson.GetBytes(whole, "id").Exists()
			err = h.deliver(s, e, whole, starts, named)
		}
	case "ack":
		h.keep(func(f *frame) bool {
			return f.key != e.key || f.seq > e.seq || f.seq == e.seq && e.segment >= 0 && f.segment > e.segment
		})
	case "ping":
		if s == nil {
			if len(h.extra) < unacked {
				h.extra = append(h.extra, pong(e.key, 1, "unknown"))
			}
		} else {
			s.heard = h.now()
			if len(h.frames) < unacked {
				h.frames = append(h.frames, pong(s.key, s.next, "active"))
				s.next++
			}
		}
		h.cond.Broadcast()
	case "client_closed":
		if s != nil {
			h.close(s)
		}
		h.discard(e.key)
	}
	h.cursor = cmp.Or(e.cursor, h.cursor)
	return err
}

// had tells whether a message came before; h.mu is held.
func (s *Stream) had(e envelope) bool {
	return s != nil && e.hasSeq && s.last != nil && e.seq <= *s.last
}

// deliver gives a message to its stream; an initialize begins one. h.mu is held.
func (h *hub) deliver(s *Stream, e envelope, message []byte, starts, named bool) error {
	if !starts && s.had(e) {
		return nil // sent again
	}
	if starts {
		if s != nil {
			h.close(s)
			h.discard(e.key)
		}
		if h.over || len(h.streams) >= streamsMost {
			return nil
		}
		s = &Stream{h: h, key: e.key, inbox: make(chan []byte, inboxMost), gone: make(chan struct{}), next: 1}
		h.streams[e.key] = s
		if !named {
			h.legacy[e.key.client] = e.key.stream
		}
		h.wg.Go(func() { h.accept(s) })
	}
	if s == nil {
		return nil // its beginning was missed: the client starts again
	}
	s.heard = h.now()
	if e.hasSeq {
		s.last = &e.seq
	}
	select {
	case s.inbox <- message:
		return nil
	default:
	}
	h.mu.Unlock() // who serves it may want to write
	late := time.NewTimer(inboxTime)
	defer late.Stop()
	select {
	case s.inbox <- message:
	case <-s.gone:
	case <-late.C:
		s.Close()
	}
	h.mu.Lock()
	return nil
}
