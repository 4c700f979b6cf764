//go:build linux

package seccomp

import "golang.org/x/sys/unix"

// Classic BPF, as much of it as seccomp takes.
const (
	bpfLoad  = unix.BPF_LD | unix.BPF_W | unix.BPF_ABS
	bpfAnd   = unix.BPF_ALU | unix.BPF_AND | unix.BPF_K
	bpfEqual = unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K
	bpfAbove = unix.BPF_JMP | unix.BPF_JGE | unix.BPF_K
	bpfBits  = unix.BPF_JMP | unix.BPF_JSET | unix.BPF_K
	bpfJump  = unix.BPF_JMP | unix.BPF_JA
	bpfRet   = unix.BPF_RET | unix.BPF_K
)

// What the filter answers.
const (
	retAllow = 0x7fff0000
	retKill  = 0x80000000
	retErrno = 0x00050000
	retDeny  = retErrno | uint32(unix.EPERM)
	retNoSys = retErrno | uint32(unix.ENOSYS)
)

// Offsets in struct seccomp_data.
const (
	offNr   = 0
	offArch = 4
	offArgs = 16
)

// A filter is a function from the call's number to a target: a verdict, or a
// piece of code that looks at the arguments and ends in one. The kernel runs
// it once for every number when it is loaded, to learn which are always
// allowed, so the way from a number to its target is a search tree.

// target is where a number or a jump leads: a verdict, a piece, or, in a jump
// alone, skip(n).
type target uint8

const (
	toAllow   = target(Allow)
	firstCode = target(NoSys) + 1
	onward    = target(200) // the next instruction
)

// skip jumps over n instructions.
func skip(n int) target { return onward + target(n) }

// step is one instruction of a piece.
type step struct {
	code   uint16
	jt, jf target
	k      uint32
}

// maxNr bounds the numbers that rules are about; above it all is allowed.
const maxNr = 512

// program is a filter being written.
type program struct {
	table  [maxNr]target
	pieces [][]step
	ids    [3]uint32 // of owners
}

func newProgram() *program { return &program{pieces: make([][]step, 0, 32)} }

// add writes rules. Of two about the same call the later counts.
func (p *program) add(rules []Rule) {
	for i := range rules {
		r := &rules[i]
		to := target(r.Then)
		if len(r.Any)+len(r.All) > 0 {
			p.pieces = append(p.pieces, p.steps(r))
			to = firstCode + target(len(p.pieces)-1)
		}
		for _, nr := range r.Calls {
			p.table[nr] = to
		}
	}
}

// steps gives the code of a rule that looks at arguments.
func (p *program) steps(r *Rule) []step {
	var out []step
	for i := range r.Any {
		next := onward
		if i == len(r.Any)-1 {
			next = toAllow
		}
		out = p.test(&r.Any[i], out, target(r.Then), next)
	}
	for i := range r.All {
		next := onward
		if i == len(r.All)-1 {
			next = target(r.Then)
		}
		out = p.test(&r.All[i], out, next, toAllow)
	}
	return out
}

// test adds the code of a test to out: it jumps to yes or no, of which onward is
// what comes after it. Both of our architectures are little-endian.
func (p *program) test(t *Test, out []step, yes, no target) []step {
	load := func(at uint32) { out = append(out, step{bpfLoad, onward, onward, offArgs + 8*uint32(t.Arg) + at}) }
	// after is a jump to to from an instruction that left more follow.
	after := func(to target, left int) target {
		if to == onward {
			return skip(left)
		}
		return to
	}
	load(0)
	if t.Mask != 0 {
		out = append(out, step{bpfAnd, onward, onward, t.Mask})
	}
	in := t.In
	switch {
	case t.Not != nil: // In with the answers swapped
		in, yes, no = t.Not, no, yes
	case t.Other != 0:
		in, yes, no = []uint32{^uint32(0), p.ids[t.Other]}, no, yes
	}
	switch {
	case t.Set != 0:
		return append(out, step{bpfBits, after(yes, 0), after(no, 0), t.Set})
	case t.Lacks != 0:
		return append(out, step{bpfBits, after(no, 0), after(yes, 0), t.Lacks})
	case t.Above != 0:
		return append(out, step{bpfAbove, after(yes, 0), after(no, 0), t.Above + 1})
	case t.Given:
		out = append(out, step{bpfEqual, onward, after(yes, 2), 0})
		load(4)
		return append(out, step{bpfEqual, after(no, 0), after(yes, 0), 0})
	}
	for i, k := range in {
		left := len(in) - 1 - i
		miss := onward
		if left == 0 {
			miss = after(no, 0)
		}
		out = append(out, step{bpfEqual, after(yes, left), miss, k})
	}
	return out
}

// span is a run of numbers with one target, from start to the next span's.
type span struct {
	start uint32
	to    target
}

// assemble lays the filter out: the head, and what tells the numbers apart.
func (p *program) assemble() []unix.SockFilter {
	spans := make([]span, 1, 160)
	for nr, to := range p.table {
		if to != spans[len(spans)-1].to {
			spans = append(spans, span{uint32(nr), to})
		}
	}
	if spans[len(spans)-1].to != toAllow {
		spans = append(spans, span{maxNr, toAllow})
	}
	spans = append(spans, foreignNumbers...)
	head := []unix.SockFilter{
		{Code: bpfLoad, K: offArch},
		{Code: bpfEqual, Jt: 1, K: auditArch},
		{Code: bpfRet, K: retKill}, // 32-bit calls would slip past every number
		{Code: bpfLoad, K: offNr},
	}
	return p.segment(append(make([]unix.SockFilter, 0, 512), head...), spans)
}

// maxSegment is how far BPF's short jumps reach, less what is in front.
const maxSegment = 250

// segment appends the code for spans to code: a search tree, the pieces that it leads
// to, verdicts; or, when that would be too long for short jumps, two segments.
func (p *program) segment(code []unix.SockFilter, spans []span) []unix.SockFilter {
	a := assembler{spans: spans, at: make([]int, int(firstCode)+len(p.pieces))}
	size := len(spans) - 1 // a tree over n spans has n-1 nodes
	var used []target
	for _, s := range spans {
		if s.to >= firstCode && a.at[s.to] == 0 {
			a.at[s.to] = size
			size += len(p.pieces[s.to-firstCode])
			used = append(used, s.to)
		}
	}
	for v := range firstCode {
		a.at[v] = size + int(v)
	}
	if size > maxSegment {
		mid := len(spans) / 2
		left := p.segment(nil, spans[:mid])
		code = append(code, unix.SockFilter{Code: bpfAbove, Jf: 1, K: spans[mid].start}, unix.SockFilter{Code: bpfJump, K: uint32(len(left))})
		return p.segment(append(code, left...), spans[mid:])
	}
	a.tree(0, len(spans))
	for _, to := range used {
		for _, s := range p.pieces[to-firstCode] {
			a.emit(s.code, s.k, a.position(s.jt), a.position(s.jf))
		}
	}
	a.code = append(a.code, unix.SockFilter{Code: bpfRet, K: retAllow}, unix.SockFilter{Code: bpfRet, K: retDeny},
		unix.SockFilter{Code: bpfRet, K: retNoSys})
	return append(code, a.code...)
}

// assembler writes one segment. Positions count from its start.
type assembler struct {
	code  []unix.SockFilter
	spans []span
	at    []int // of each verdict and piece
}

// position is that of a target, from the instruction that is emitted next.
func (a *assembler) position(t target) int {
	if t >= onward {
		return len(a.code) + 1 + int(t-onward)
	}
	return a.at[t]
}

func (a *assembler) emit(code uint16, k uint32, jt, jf int) {
	next := len(a.code) + 1
	a.code = append(a.code, unix.SockFilter{Code: code, Jt: uint8(jt - next), Jf: uint8(jf - next), K: k})
}

// tree emits the nodes that tell spans lo to hi apart.
func (a *assembler) tree(lo, hi int) {
	if hi-lo < 2 {
		return
	}
	mid := (lo + hi) / 2
	below := len(a.code) + 1      // the left part's nodes come next
	above := below + mid - lo - 1 // and the right part's after them
	if mid-lo == 1 {
		below = a.at[a.spans[lo].to]
	}
	if hi-mid == 1 {
		above = a.at[a.spans[mid].to]
	}
	a.emit(bpfAbove, a.spans[mid].start, above, below)
	a.tree(lo, mid)
	a.tree(mid, hi)
}
