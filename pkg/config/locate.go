package config

import (
	"slices"
	"strconv"

	"github.com/pelletier/go-toml/v2/unstable"
)

// locate finds the value at a place ("#N" is an index in a list): its offset and
// length in bytes. A table with a header is found at the header.
// Of what is not there, the nearest that holds it is found, or the start.
func locate(src string, loc []string) (off, n int) { return find(src, loc, false) }

// locateKey finds the key instead.
func locateKey(src string, loc []string) (off, n int) { return find(src, loc, true) }

func find(src string, loc []string, key bool) (off, n int) {
	f := finder{loc: loc, key: key, n: 1}
	f.done = len(loc) == 0
	if f.done {
		return 0, 1
	}
	var table []string
	count := map[string]int{}
	for _, it := range newDoc(src).items {
		if it.header {
			table = f.header(it, count)
		} else {
			f.pair(table, it)
		}
		if f.done {
			break
		}
	}
	return f.off, f.n
}

type finder struct {
	loc    []string
	key    bool
	off, n int
	done   bool
}

// meet takes a place that is the wanted one, or holds it.
func (f *finder) meet(path []string, at unstable.Range, whole bool) bool {
	if f.done || !prefix(path, f.loc) {
		return false
	}
	f.off, f.n = int(at.Offset), max(int(at.Length), 1)
	f.done = whole && len(path) == len(f.loc)
	return true
}

// header gives the place of a header's table: of lists of tables on the way, their last element
// so far.
func (f *finder) header(it item, count map[string]int) (table []string) {
	id := ""
	for i, k := range it.path {
		table = append(table, k)
		id += "\x00" + k
		if it.array && i == len(it.path)-1 {
			count[id]++
		}
		if at := it.keys[i]; i < len(it.path)-1 || f.key {
			f.meet(table, at, true)
		} else { // the table as a whole begins with its bracket
			f.meet(table, unstable.Range{Offset: uint32(it.start), Length: at.Offset + at.Length - uint32(it.start)}, true)
		}
		if c := count[id]; c > 0 {
			table = append(table, "#"+strconv.Itoa(c-1))
			f.meet(table, unstable.Range{Offset: uint32(it.start)}, true)
		}
	}
	return table
}

func (f *finder) pair(table []string, it item) {
	path := table[:len(table):len(table)]
	for i, k := range it.path[len(it.table):] {
		path = append(path, k)
		if !f.meet(path, it.keys[i], f.key || i < len(it.keys)-1) {
			return
		}
	}
	f.value(path, it)
}

func (f *finder) value(path []string, it item) {
	f.meet(path, unstable.Range{Offset: uint32(it.val0), Length: uint32(it.val1 - it.val0)}, true)
	for i, in := range it.inline {
		if f.done {
			return
		}
		if len(in.keys) > 0 {
			f.pair(path, in)
			continue
		}
		if p := append(path[:len(path):len(path)], "#"+strconv.Itoa(i)); prefix(p, f.loc) {
			f.value(p, in)
		}
	}
}

func prefix(p, of []string) bool {
	return len(p) <= len(of) && slices.Equal(p, of[:len(p)])
}
