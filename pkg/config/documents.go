package config

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"strings"
	"sync"
	"unsafe"
)

// Documents are settings files that have been decoded: what a program has read, it gives to
// those that it starts, so that a large file is decoded once. They are known by their text:
// a file that has changed is another document.
type Documents struct {
	mu    sync.Mutex
	trees map[string]string // text to tree, encoded
}

const (
	minDocument  = 4 << 10 // a shorter text is decoded sooner than handed over
	maxDocuments = 16
)

// decode is decode with a memory. What it gives belongs to the caller.
func (d *Documents) decode(text string) (map[string]any, error) {
	if d == nil || len(text) < minDocument {
		return decode(text)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if tree, ok := d.trees[text]; ok {
		if t, err := decodeTree(tree); err == nil {
			return t, nil
		}
	}
	t, err := decode(text)
	if err == nil {
		if d.trees == nil || len(d.trees) >= maxDocuments {
			d.trees = map[string]string{}
		}
		tree := appendValue(make([]byte, 0, len(text)), t) // most often shorter
		d.trees[text] = unsafe.String(unsafe.SliceData(tree), len(tree))
	}
	return t, err
}

// Encode gives all documents as bytes for ReadDocuments, none when there are none.
func (d *Documents) Encode() []byte {
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.trees) == 0 {
		return nil
	}
	n := 8
	for text, tree := range d.trees {
		n += len(text) + len(tree) + 2*binary.MaxVarintLen64
	}
	b := make([]byte, 8, n)
	for text, tree := range d.trees {
		b = appendString(appendString(b, text), tree)
	}
	binary.LittleEndian.PutUint64(b, uint64(len(b)-8))
	return b
}

// ReadDocuments reads what Encode gave.
func ReadDocuments(from io.Reader) (*Documents, error) {
	var head [8]byte
	if _, err := io.ReadFull(from, head[:]); err != nil {
		return nil, fmt.Errorf("read decoded settings: %w", err)
	}
	n := binary.LittleEndian.Uint64(head[:])
	if n > 2*maxDocuments*maxFile {
		return nil, errBadTree
	}
	var b strings.Builder
	b.Grow(int(min(n, 1<<20)))
	if _, err := io.CopyN(&b, from, int64(n)); err != nil {
		return nil, fmt.Errorf("read decoded settings: %w", err)
	}
	d := &Documents{trees: map[string]string{}}
	r := treeReader{rest: b.String()}
	for r.rest != "" {
		text := r.string()
		tree := r.string()
		if r.err != nil {
			return nil, r.err
		}
		d.trees[text] = tree
	}
	return d, nil
}

// The first byte of a value.
const (
	tagString = iota
	tagFalse
	tagTrue
	tagInt
	tagFloat
	tagList
	tagTable
)

// appendValue writes a value of a decoded document.
func appendValue(b []byte, v any) []byte {
	switch v := v.(type) {
	case string:
		return appendString(append(b, tagString), v)
	case bool:
		if v {
			return append(b, tagTrue)
		}
		return append(b, tagFalse)
	case int64:
		return binary.AppendVarint(append(b, tagInt), v)
	case float64:
		return binary.LittleEndian.AppendUint64(append(b, tagFloat), math.Float64bits(v))
	case []any:
		b = binary.AppendUvarint(append(b, tagList), uint64(len(v)))
		for _, x := range v {
			b = appendValue(b, x)
		}
	case map[string]any:
		b = binary.AppendUvarint(append(b, tagTable), uint64(len(v)))
		for k, x := range v {
			b = appendValue(appendString(b, k), x)
		}
	}
	return b
}

func appendString(b []byte, s string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}

func decodeTree(s string) (map[string]any, error) {
	r := treeReader{rest: s}
	t, ok := r.value(0).(map[string]any)
	if r.err == nil && (!ok || r.rest != "") {
		r.err = errBadTree
	}
	return t, r.err
}

var errBadTree = errors.New("a decoded document is damaged")

// treeReader reads values; the first error ends it.
type treeReader struct {
	rest string
	err  error
}

func (r *treeReader) fail() {
	r.err, r.rest = errBadTree, ""
}

// take gives the next n bytes.
func (r *treeReader) take(n uint64) string {
	if n > uint64(len(r.rest)) {
		r.fail()
		return ""
	}
	s := r.rest[:n]
	r.rest = r.rest[n:]
	return s
}

func (r *treeReader) number() uint64 {
	n, size := binary.Uvarint([]byte(r.rest[:min(len(r.rest), binary.MaxVarintLen64)]))
	if size <= 0 {
		r.fail()
		return 0
	}
	r.rest = r.rest[size:]
	return n
}

func (r *treeReader) string() string { return r.take(r.number()) }

// count is a number of elements, of which each has at least one byte.
func (r *treeReader) count() int {
	n := r.number()
	if n > uint64(len(r.rest)) {
		r.fail()
		return 0
	}
	return int(n)
}

func (r *treeReader) value(depth int) any {
	tag := r.take(1)
	if tag == "" || depth > 2*maxDepth {
		r.fail()
		return nil
	}
	switch tag[0] {
	case tagString:
		return r.string()
	case tagFalse, tagTrue:
		return tag[0] == tagTrue
	case tagInt:
		n := r.number()
		return int64(n>>1) ^ -int64(n&1) // as binary.AppendVarint has it
	case tagFloat:
		if s := r.take(8); s != "" {
			return math.Float64frombits(binary.LittleEndian.Uint64([]byte(s)))
		}
	case tagList:
		n := r.count()
		l := make([]any, 0, min(n, 16))
		for ; n > 0 && r.err == nil; n-- {
			l = append(l, r.value(depth+1))
		}
		return l
	case tagTable:
		n := r.count()
		t := make(map[string]any, min(n, 1024))
		for ; n > 0 && r.err == nil; n-- {
			k := r.string()
			t[k] = r.value(depth + 1)
		}
		return t
	default:
		r.fail()
	}
	return nil
}
