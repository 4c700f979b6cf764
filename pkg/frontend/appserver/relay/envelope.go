package relay

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/tidwall/gjson"

	"codex/pkg/jsonrpc"
)

const (
	segmentTarget = 100 << 10 // bytes of an envelope
	segmentMost   = 150 << 10
	segments      = 1024 // of one message
	messageMost   = 100 << 20
	assembliesMax = 128

	// overhead is what an envelope has besides the segment: names, ids and numbers. Ids
	// are at most idMost long.
	overhead = 1 << 10
	idMost   = 256
)

// key names a virtual connection.
type key struct{ client, stream string }

// envelope is a frame of the relay.
type envelope struct {
	typ     string
	key     key
	seq     uint64
	hasSeq  bool
	cursor  string
	message json.RawMessage
	chunk   chunk
	segment int // of an ack, -1 for all
}

// chunk is one segment of a message.
type chunk struct {
	id, count, size int
	data            []byte
}

// parseEnvelope reads a frame of the relay; what it does not know is left out.
func parseEnvelope(frame []byte) (envelope, error) {
	if !jsonrpc.Valid(frame) {
		return envelope{}, errors.New("an envelope that is no JSON")
	}
	v := gjson.ParseBytes(frame)
	e := envelope{typ: v.Get("type").Str, key: key{v.Get("client_id").Str, v.Get("stream_id").Str}, cursor: v.Get("cursor").Str, segment: -1}
	if e.key.client == "" || len(e.key.client) > idMost || len(e.key.stream) > idMost {
		return envelope{}, errors.New("an envelope without a client id, or with ids that are too long")
	}
	if n := v.Get("seq_id"); n.Type == gjson.Number {
		e.seq, e.hasSeq = n.Uint(), true
	}
	if n := v.Get("segment_id"); n.Type == gjson.Number {
		e.segment = int(n.Int())
	}
	switch e.typ {
	case "client_message":
		m := v.Get("message")
		if !m.IsObject() {
			return envelope{}, errors.New("a client_message without a message")
		}
		e.message = json.RawMessage(m.Raw)
	case "client_message_chunk":
		data, err := base64.StdEncoding.DecodeString(v.Get("message_chunk_base64").Str)
		if err != nil || len(frame) > segmentMost {
			return envelope{}, errors.New("a segment that is too long, or not base64")
		}
		e.chunk = chunk{e.segment, int(v.Get("segment_count").Int()), int(v.Get("message_size_bytes").Int()), data}
	}
	return e, nil
}

// frame is an envelope to the relay, kept until it is acknowledged.
type frame struct {
	key     key
	seq     uint64
	segment int
	data    []byte
}

// frames puts a message into envelopes.
func frames(k key, seq uint64, message []byte) ([]*frame, error) {
	tail := fmt.Sprintf(`,"client_id":%s,"stream_id":%s,"seq_id":%d}`, quote(k.client), quote(k.stream), seq)
	if len(message)+overhead <= segmentTarget {
		var b bytes.Buffer
		b.WriteString(`{"type":"server_message","message":`)
		b.Write(message)
		b.WriteString(tail)
		return []*frame{{k, seq, 0, b.Bytes()}}, nil
	}
	size := (segmentTarget - overhead) / 4 * 3
	if n := (len(message) + segments - 1) / segments; n > size {
		size = n
	}
	if len(message) > messageMost || base64.StdEncoding.EncodedLen(size)+overhead > segmentMost {
		return nil, fmt.Errorf("a message of %d bytes is too long for the relay", len(message))
	}
	count := (len(message) + size - 1) / size
	out := make([]*frame, 0, count)
	for i := range count {
		part := message[i*size : min((i+1)*size, len(message))]
		b := fmt.Appendf(nil, `{"type":"server_message_chunk","segment_id":%d,"segment_count":%d,"message_size_bytes":%d,"message_chunk_base64":"`, i, count, len(message))
		b = base64.StdEncoding.AppendEncode(b, part)
		out = append(out, &frame{k, seq, i, append(append(b, '"'), tail...)})
	}
	return out, nil
}

// pong answers a ping.
func pong(k key, seq uint64, status string) *frame {
	return &frame{k, seq, 0, fmt.Appendf(nil, `{"type":"pong","status":%q,"client_id":%s,"stream_id":%s,"seq_id":%d}`, status, quote(k.client), quote(k.stream), seq)}
}

func quote(s string) []byte {
	b, err := json.Marshal(s)
	if err != nil {
		panic(fmt.Sprintf("encode a string: %v", err)) // cannot be
	}
	return b
}

// assembler puts messages together that come in segments: one at a time of each stream,
// its segments in their order.
type assembler struct {
	open  map[key]*assembly
	bytes int
}

type assembly struct {
	seq         uint64
	count, size int
	next        int
	data        []byte
	at          time.Time // of the latest segment
}

// add takes a segment; the message when it was the last one.
func (a *assembler) add(k key, seq uint64, c chunk, now time.Time) ([]byte, error) {
	m := a.open[k]
	if c.id == 0 && (m == nil || m.seq != seq) {
		a.drop(k)
		switch {
		case c.count < 1 || c.count > segments || c.size < 1 || c.size > messageMost:
			return nil, fmt.Errorf("a message of %d segments and %d bytes", c.count, c.size)
		case len(a.open) >= assembliesMax || a.bytes+c.size > messageMost:
			return nil, errors.New("too many messages in segments at once")
		}
		m = &assembly{seq: seq, count: c.count, size: c.size}
		if a.open == nil {
			a.open = map[key]*assembly{}
		}
		a.open[k], a.bytes = m, a.bytes+c.size
	}
	switch {
	case m == nil || m.seq != seq:
		return nil, nil // the beginning was refused, or was before this connection
	case c.id < m.next:
		return nil, nil // sent again
	case c.id != m.next || c.count != m.count || c.size != m.size || len(m.data)+len(c.data) > m.size:
		a.drop(k)
		return nil, errors.New("segments that do not fit together")
	}
	m.data, m.at = append(m.data, c.data...), now
	if m.next++; m.next < m.count {
		return nil, nil
	}
	a.drop(k)
	if len(m.data) != m.size || !jsonrpc.Valid(m.data) {
		return nil, errors.New("a message in segments that is none")
	}
	return m.data, nil
}

// sweep drops what was not gone on with.
func (a *assembler) sweep(before time.Time) {
	for k, m := range a.open {
		if m.at.Before(before) {
			a.drop(k)
		}
	}
}

func (a *assembler) drop(k key) {
	if m := a.open[k]; m != nil {
		a.bytes -= m.size
		delete(a.open, k)
	}
}
