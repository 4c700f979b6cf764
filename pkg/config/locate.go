package config

import (
	"strconv"
	"strings"

	"github.com/pelletier/go-toml/v2/unstable"
)

// locate finds the value at a place ("#N" is an index in a list): its offset and
// length in bytes. A table with a header is found at the key in the header.
// What is not there is at 0.
func locate(src string, loc []string) (off, n int) { return find(src, loc, false) }

// locateKey finds the key instead.
func locateKey(src string, loc []string) (off, n int) { return find(src, loc, true) }

type finder struct {
	p    *unstable.Parser
	loc  []string
	key  bool
	off  int
	n    int
	done bool
}

func find(src string, loc []string, key bool) (off, n int) {
	if len(loc) == 0 {
		return 0, 1
	}
	p := &unstable.Parser{}
	p.Reset([]byte(src))
	f := &finder{p: p, loc: loc, key: key, n: 1}
	var table []string
	count := map[string]int{}
	for !f.done && p.NextExpression() {
		e := p.Expression()
		switch e.Kind {
		case unstable.Table, unstable.ArrayTable:
			names, nodes := f.keys(e)
			// Lists of tables on the way: their last element so far.
			table = table[:0]
			for i, k := range names {
				table = append(table, k)
				id := strings.Join(table, "\x00")
				last := i == len(names)-1
				if e.Kind == unstable.ArrayTable && last {
					count[id]++
				}
				f.meet(table, nodes[i], true)
				if c := count[id]; c > 0 {
					table = append(table, "#"+strconv.Itoa(c-1))
					f.element(table, nodes[0])
				}
			}
		case unstable.KeyValue:
			f.pair(table, e)
		}
	}
	return f.off, f.n
}

func (f *finder) keys(e *unstable.Node) (names []string, nodes []*unstable.Node) {
	it := e.Key()
	for it.Next() {
		names = append(names, string(it.Node().Data))
		nodes = append(nodes, it.Node())
	}
	return names, nodes
}

// meet takes a place that is a prefix of the wanted one, or the place itself.
func (f *finder) meet(path []string, at *unstable.Node, exact bool) {
	if f.done || !prefix(path, f.loc) {
		return
	}
	f.set(at.Raw)
	f.done = exact && len(path) == len(f.loc)
}

// element takes an element of a list of tables: it stands at its brackets.
func (f *finder) element(path []string, first *unstable.Node) {
	if f.done || !prefix(path, f.loc) {
		return
	}
	f.off, f.n = strings.LastIndexByte(string(f.p.Data()[:first.Raw.Offset]), '\n')+1, 1
	for f.p.Data()[f.off] != '[' {
		f.off++
	}
	f.done = len(path) == len(f.loc)
}

func (f *finder) set(r unstable.Range) { f.off, f.n = int(r.Offset), max(int(r.Length), 1) }

func (f *finder) pair(table []string, e *unstable.Node) {
	names, nodes := f.keys(e)
	path := table[:len(table):len(table)]
	for i, k := range names {
		path = append(path, k)
		last := i == len(names)-1
		if !prefix(path, f.loc) {
			return
		}
		f.set(nodes[i].Raw)
		if len(path) == len(f.loc) && (f.key || !last) {
			f.done = true
			return
		}
	}
	f.value(path, e.Value(), f.span(e, nodes[len(nodes)-1]))
}

// span is where a pair's value stands: lists and inline tables have no range
// of their own, so it is what follows the equals sign.
func (f *finder) span(e, key *unstable.Node) unstable.Range {
	if v := e.Value(); v.Raw.Length > 0 && v.Kind != unstable.InlineTable && v.Kind != unstable.Array {
		return v.Raw
	}
	src := f.p.Data()
	end := int(e.Raw.Offset + e.Raw.Length)
	i := int(key.Raw.Offset + key.Raw.Length)
	if end <= i || end > len(src) {
		end = len(src)
		if j := strings.IndexByte(string(src[i:]), '\n'); j >= 0 {
			end = i + j
		}
	}
	for i < end && (src[i] == ' ' || src[i] == '\t' || src[i] == '=') {
		i++
	}
	return unstable.Range{Offset: uint32(i), Length: uint32(end - i)}
}

func (f *finder) value(path []string, v *unstable.Node, at unstable.Range) {
	f.set(at)
	if len(path) == len(f.loc) {
		f.done = true
		return
	}
	switch v.Kind {
	case unstable.InlineTable:
		it := v.Children()
		for !f.done && it.Next() {
			f.pair(path, it.Node())
		}
	case unstable.Array:
		it := v.Children()
		for i := 0; !f.done && it.Next(); i++ {
			p := append(path[:len(path):len(path)], "#"+strconv.Itoa(i))
			if !prefix(p, f.loc) {
				continue
			}
			r := at
			if it.Node().Raw.Length > 0 {
				r = it.Node().Raw
			}
			f.value(p, it.Node(), r)
		}
	}
}

func prefix(p, of []string) bool {
	if len(p) > len(of) {
		return false
	}
	for i := range p {
		if p[i] != of[i] {
			return false
		}
	}
	return true
}
