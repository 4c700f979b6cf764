package patch

import (
	"bytes"
	"slices"
)

// A diff in lines by Myers' algorithm in its linear space form ("An O(ND)
// difference algorithm and its variations", 1986), then slid into the place
// that reads best. In the search lines are numbers: equal lines have equal numbers.

// maxCost bounds how far the search for a middle goes, in changed lines.
// Below it the diff is minimal; above it the work on n lines is of the order
// n*maxCost instead of n*n, and the diff is right but may be longer.
const maxCost = 1024

type opKind byte

const (
	same opKind = iota
	remove
	insert
)

// op is a run of n lines of one kind, at line a of the old and b of the new
// text.
type op struct {
	kind    opKind
	a, b, n int
}

// differ collects the ops that lead from old to new, without gaps.
type differ struct {
	old, new []int // numbers of the lines between the first and the last difference
	skip     int   // lines before them
	lines    lines // all of new
	ops      []op
	fwd, bwd []int // furthest old line per diagonal, from each end
}

// diffLines is the list of runs from old to new, in order. Two runs of one
// kind never follow each other.
func diffLines(old, new lines) []op {
	n, m := old.len(), new.len()
	skip, tail := 0, 0
	for skip < min(n, m) && bytes.Equal(old.at(skip), new.at(skip)) {
		skip++
	}
	for tail < min(n, m)-skip && bytes.Equal(old.at(n-1-tail), new.at(m-1-tail)) {
		tail++
	}
	ids := map[string]int{}
	d := differ{skip: skip, lines: new, old: old.number(ids, skip, n-tail), new: new.number(ids, skip, m-tail)}
	d.emit(same, -skip, -skip, skip)
	d.box(0, len(d.old), 0, len(d.new))
	d.emit(same, len(d.old), len(d.new), tail)
	d.slide()
	return d.ops
}

// twins reports whether two lines of new are equal.
func (d *differ) twins(i, j int) bool { return bytes.Equal(d.lines.at(i), d.lines.at(j)) }

// emit appends a run, its lines counted from the first difference, to the last one where it continues that.
func (d *differ) emit(kind opKind, a, b, n int) {
	if n == 0 {
		return
	}
	if k := len(d.ops); k > 0 && d.ops[k-1].kind == kind {
		d.ops[k-1].n += n
		return
	}
	d.ops = append(d.ops, op{kind, d.skip + a, d.skip + b, n})
}

// box emits the runs of old[a0:a1] against new[b0:b1].
func (d *differ) box(a0, a1, b0, b1 int) {
	n := 0
	for a0+n < a1 && b0+n < b1 && d.old[a0+n] == d.new[b0+n] {
		n++
	}
	d.emit(same, a0, b0, n)
	a0, b0 = a0+n, b0+n
	tail := 0
	for a0 < a1-tail && b0 < b1-tail && d.old[a1-tail-1] == d.new[b1-tail-1] {
		tail++
	}
	a1, b1 = a1-tail, b1-tail
	if a0 == a1 || b0 == b1 {
		d.emit(remove, a0, b0, a1-a0)
		d.emit(insert, a1, b0, b1-b0)
	} else {
		x, y := d.middle(a0, a1, b0, b1)
		d.box(a0, x, b0, y)
		d.box(x, a1, y, b1)
	}
	d.emit(same, a1, b1, tail)
}

// middle is a point on a shortest path through the box, neither its start nor
// its end. The box has lines on both sides, and differs in its first and last.
func (d *differ) middle(a0, a1, b0, b1 int) (x, y int) {
	n, m := a1-a0, b1-b0
	delta, odd := n-m, (n-m)%2 != 0
	limit := min((n+m+1)/2, maxCost)
	// Diagonal k is at index k+off.
	off := limit + 1
	if size := 2*off + 1; len(d.fwd) < size {
		d.fwd, d.bwd = make([]int, size), make([]int, size)
	}
	fwd, bwd := d.fwd, d.bwd
	fwd[off+1], bwd[off+1] = 0, 0
	for cost := 0; cost <= limit; cost++ {
		for k := cost; k >= -cost; k -= 2 {
			x := furthest(fwd, k+off, k == -cost, k == cost)
			y := x - k
			x0, y0 := x, y
			for x >= 0 && y >= 0 && x < n && y < m && d.old[a0+x] == d.new[b0+y] {
				x, y = x+1, y+1
			}
			fwd[k+off] = x
			if back := delta - k; odd && back > -cost && back < cost && x+bwd[back+off] >= n {
				return a0 + x0, b0 + y0
			}
		}
		for k := cost; k >= -cost; k -= 2 {
			x := furthest(bwd, k+off, k == -cost, k == cost)
			y := x - k
			for x >= 0 && y >= 0 && x < n && y < m && d.old[a1-x-1] == d.new[b1-y-1] {
				x, y = x+1, y+1
			}
			bwd[k+off] = x
			if front := delta - k; !odd && front >= -cost && front <= cost && x+fwd[front+off] >= n {
				return a1 - x, b1 - y
			}
		}
	}
	return d.best(a0, b0, n, m, limit, off)
}

// furthest steps to a diagonal from the better of its neighbours.
func furthest(v []int, i int, first, last bool) int {
	if first || !last && v[i-1] < v[i+1] {
		return v[i+1]
	}
	return v[i-1] + 1
}

// best is the point that the search from the start got furthest to when it
// was given up.
func (d *differ) best(a0, b0, n, m, limit, off int) (x, y int) {
	most := -1
	for k := -limit; k <= limit; k += 2 {
		fx := min(d.fwd[k+off], n, m+k)
		if fy := fx - k; fx >= 0 && fy >= 0 && fx+fy > most && fx+fy < n+m {
			most, x, y = fx+fy, fx, fy
		}
	}
	return a0 + x, b0 + y
}

// slide moves each insertion as far down as the text allows, so that a new
// function is shown from its head to the blank line after it rather than from
// the brace before it. It goes up first, to join with insertions above.
// Removals stay where they were found, as in the original.
func (d *differ) slide() {
	for i := 0; i < len(d.ops); i++ {
		if d.ops[i].kind == insert {
			i = d.down(d.up(i))
		}
	}
}

// up moves the insertion at i and gives its new index.
func (d *differ) up(i int) int {
	for i > 0 {
		o, prev := &d.ops[i], &d.ops[i-1]
		switch {
		case prev.kind == insert:
			prev.n += o.n
			d.ops = slices.Delete(d.ops, i, i+1)
			i--
		case prev.kind == remove:
			d.swap(i - 1)
			i--
		case !d.twins(o.b-1, o.b+o.n-1):
			return i
		default:
			// One line less above is one line more below.
			o.a, o.b, prev.n = o.a-1, o.b-1, prev.n-1
			if line := (op{same, o.a, o.b + o.n, 1}); i+1 < len(d.ops) && d.ops[i+1].kind == same {
				line.n += d.ops[i+1].n
				d.ops[i+1] = line
			} else {
				d.ops = slices.Insert(d.ops, i+1, line)
			}
			if d.ops[i-1].n == 0 {
				d.ops = slices.Delete(d.ops, i-1, i)
				i--
			}
		}
	}
	return i
}

// down is up the other way.
func (d *differ) down(i int) int {
	for i+1 < len(d.ops) {
		o, next := &d.ops[i], &d.ops[i+1]
		switch {
		case next.kind == insert:
			o.n += next.n
			d.ops = slices.Delete(d.ops, i+1, i+2)
		case next.kind == remove:
			d.swap(i)
			i++
		case !d.twins(o.b, o.b+o.n):
			return i
		default:
			line := op{same, o.a, o.b, 1}
			o.a, o.b = o.a+1, o.b+1
			*next = op{same, next.a + 1, next.b + 1, next.n - 1}
			if next.n == 0 {
				d.ops = slices.Delete(d.ops, i+1, i+2)
			}
			if i > 0 && d.ops[i-1].kind == same {
				d.ops[i-1].n++
			} else {
				d.ops = slices.Insert(d.ops, i, line)
				i++
			}
		}
	}
	return i
}

// swap exchanges the removal and the insertion at i and i+1.
func (d *differ) swap(i int) {
	x, y := d.ops[i], d.ops[i+1]
	y.a, y.b = x.a, x.b
	if y.kind == remove {
		x.a += y.n
	} else {
		x.b += y.n
	}
	d.ops[i], d.ops[i+1] = y, x
}
