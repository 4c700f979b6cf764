package server

import (
	"math"

	"codex/pkg/exec/wire"
)

// defaultTail is what process/read can give when nothing else was asked for.
const defaultTail = 1 << 20

// maxRetain bounds what a client may ask to have kept of one process.
const maxRetain = 64 << 20

// retained keeps the first and the last bytes of a process's output.
type retained struct {
	headMax, tailMax int
	head             []byte
	headMarks        []mark
	ring             []byte // len is its capacity; grows up to tailMax
	start, used      int
	marks            []mark // of the ring, oldest first
	dropped          uint64
}

// maxMarks bounds the book-keeping for output that comes a few bytes at a time.
const maxMarks = 16 << 10

// mark says which chunk the next n bytes belong to.
type mark struct {
	seq    uint64
	stream string
	n      int
}

func (r *retained) add(seq uint64, stream string, b []byte) {
	if n := min(len(b), r.headMax-len(r.head)); n > 0 && r.used == 0 && r.dropped == 0 {
		r.head = append(r.head, b[:n]...)
		r.headMarks = append(r.headMarks, mark{seq, stream, n})
		b = b[n:]
	}
	if over := len(b) - r.tailMax; over > 0 {
		r.drop(r.used)
		r.dropped += uint64(over)
		b = b[over:]
	}
	if len(b) == 0 {
		return
	}
	r.drop(r.used + len(b) - r.tailMax)
	if len(r.marks) >= maxMarks {
		r.drop(r.marks[0].n)
	}
	r.grow(r.used + len(b))
	at := (r.start + r.used) % len(r.ring)
	n := copy(r.ring[at:], b)
	copy(r.ring, b[n:])
	r.used += len(b)
	r.marks = append(r.marks, mark{seq, stream, len(b)})
}

// drop forgets the oldest n bytes of the ring.
func (r *retained) drop(n int) {
	if n <= 0 {
		return
	}
	r.dropped += uint64(n)
	r.used -= n
	if len(r.ring) > 0 {
		r.start = (r.start + n) % len(r.ring)
	}
	i := 0
	for n > 0 {
		k := min(n, r.marks[i].n)
		r.marks[i].n -= k
		n -= k
		if r.marks[i].n == 0 {
			i++
		}
	}
	r.marks = r.marks[i:]
}

func (r *retained) grow(need int) {
	if need <= len(r.ring) {
		return
	}
	size := max(4096, len(r.ring))
	for size < need {
		size *= 2
	}
	bigger := make([]byte, min(size, r.tailMax))
	n := copy(bigger, r.ring[r.start:min(r.start+r.used, len(r.ring))])
	copy(bigger[n:], r.ring[:r.used-n])
	r.ring, r.start = bigger, 0
}

// free lets go of the bytes; they count as dropped.
func (r *retained) free() {
	r.dropped += uint64(len(r.head) + r.used)
	*r = retained{dropped: r.dropped}
}

// size is what is kept, in bytes of memory.
func (r *retained) size() int { return cap(r.head) + len(r.ring) }

// chunks gives copies of what is kept with a sequence number above after: the chunks that
// fit into most bytes, and always one. more says that some are left.
func (r *retained) chunks(after uint64, most uint64) (out []wire.Chunk, more bool) {
	var total uint64
	add := func(m mark, a, b []byte) bool {
		if m.seq <= after {
			return true
		}
		if len(out) > 0 && total+uint64(m.n) > most {
			more = true
			return false
		}
		total += uint64(m.n)
		if k := len(out) - 1; k >= 0 && out[k].Seq == m.seq && r.dropped == 0 {
			out[k].Data = append(append(out[k].Data, a...), b...)
			return true
		}
		data := make([]byte, 0, m.n)
		out = append(out, wire.Chunk{Seq: m.seq, Stream: m.stream, Data: append(append(data, a...), b...)})
		return true
	}
	out = []wire.Chunk{}
	off := 0
	for _, m := range r.headMarks {
		if !add(m, r.head[off:off+m.n], nil) {
			return out, true
		}
		off += m.n
	}
	at := r.start
	for _, m := range r.marks {
		first := min(m.n, len(r.ring)-at)
		if !add(m, r.ring[at:at+first], r.ring[:m.n-first]) {
			return out, true
		}
		at = (at + m.n) % max(1, len(r.ring))
	}
	return out, more
}

// text is what is kept, in one piece.
func (r *retained) text() []byte {
	chunks, _ := r.chunks(0, math.MaxUint64)
	var b []byte
	for _, c := range chunks {
		b = append(b, c.Data...)
	}
	return b
}
