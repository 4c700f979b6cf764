package wire

import (
	"bytes"
	"encoding/base64"
	"strconv"
	"unicode/utf8"
)

// Output is a decoded process/output. Chunk is still base64.
type Output struct {
	ProcessID []byte
	Seq       uint64
	Stream    string
	Chunk     []byte
}

// AppendOutput appends the process/output line for data, newline included. id must come
// from QuoteID. It is the hot path of the server: no reflection, one pass, and the
// base64 goes straight into dst.
func AppendOutput(dst, id []byte, seq uint64, stream string, data []byte) []byte {
	dst = append(dst, `{"method":"process/output","params":{"processId":`...)
	dst = append(dst, id...)
	dst = append(dst, `,"seq":`...)
	dst = strconv.AppendUint(dst, seq, 10)
	dst = append(dst, `,"stream":"`...)
	dst = append(dst, stream...)
	dst = append(dst, `","chunk":"`...)
	dst = base64.StdEncoding.AppendEncode(dst, data)
	return append(dst, "\"}}\n"...)
}

// OutputSize bounds what AppendOutput appends for n bytes of data.
func OutputSize(id []byte, n int) int {
	return base64.StdEncoding.EncodedLen(n) + len(id) + 120
}

// ParseOutput reads a process/output line in the shape that AppendOutput and the
// original's servers write: these members in this order, without spaces or escapes. It
// says false for any other line, which is then for the general decoder. The slices point
// into line.
func ParseOutput(line []byte) (o Output, ok bool) {
	rest, ok := bytes.CutPrefix(line, []byte(`{"method":"process/output","params":{"processId":"`))
	if !ok {
		return o, false
	}
	if o.ProcessID, rest, ok = cutString(rest); !ok {
		return o, false
	}
	if rest, ok = bytes.CutPrefix(rest, []byte(`,"seq":`)); !ok {
		return o, false
	}
	n := 0
	for n < len(rest) && n < 19 && '0' <= rest[n] && rest[n] <= '9' {
		o.Seq = o.Seq*10 + uint64(rest[n]-'0')
		n++
	}
	if n == 0 || n > 1 && rest[0] == '0' {
		return o, false
	}
	if rest, ok = bytes.CutPrefix(rest[n:], []byte(`,"stream":"`)); !ok {
		return o, false
	}
	var stream []byte
	if stream, rest, ok = cutString(rest); !ok {
		return o, false
	}
	switch string(stream) {
	case Stdout:
		o.Stream = Stdout
	case Stderr:
		o.Stream = Stderr
	case Pty:
		o.Stream = Pty
	default:
		return o, false
	}
	if rest, ok = bytes.CutPrefix(rest, []byte(`,"chunk":"`)); !ok {
		return o, false
	}
	end := bytes.IndexByte(rest, '"')
	if end < 0 || string(rest[end:]) != `"}}` {
		return o, false
	}
	o.Chunk = rest[:end]
	// Decoders of base64 pass over these; in a string they are no JSON.
	return o, bytes.IndexByte(o.Chunk, '\n') < 0 && bytes.IndexByte(o.Chunk, '\r') < 0
}

// cutString splits off a JSON string, whose opening quote is already gone, that needs no
// decoding.
func cutString(b []byte) (s, rest []byte, ok bool) {
	before, after, ok := bytes.Cut(b, []byte{'"'})
	if !ok {
		return nil, nil, false
	}
	for _, c := range before {
		if c == '\\' || c < ' ' || c >= utf8.RuneSelf {
			return nil, nil, false
		}
	}
	return before, after, true
}
