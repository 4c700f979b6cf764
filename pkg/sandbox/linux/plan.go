//go:build linux

package linux

import (
	"encoding/binary"
	"errors"

	"codex/pkg/policy"
)

// The socket pair between the caller and the init process carries, downwards, one plan
// (a length and the fields in order) and then one byte a signal to forward; its end says
// that the caller is gone. Upwards go records of one kind byte, a length and a body:
//
//	L  the listeners for the proxy, as files that come with it
//	S  the command runs, and one byte: what it could not be held to
//	E  errno and text: it does not, and why
//	X  wait status of the command, sent last; of a probe, the byte of S
//
// Integers are little-endian uint32, strings a length and bytes.

// mode is how much of the kernel a plan uses.
type mode uint32

const (
	modeSpaces   mode = iota // namespaces, mounts, pid 1
	modeLandlock             // no namespaces: Landlock and seccomp, then exec
	modeSeccomp              // only the network rule: seccomp, then exec
)

// Bits of plan.flags.
const (
	flagNetwork    = 1 << iota // sockets are not restricted
	flagTty                    // stdin becomes the controlling terminal
	flagProbe                  // set up, report, run nothing
	flagFullWrite              // the file system stays as it is
	flagOnlyListed             // only readable, links and roots exist
	flagAsRoot                 // the namespaces belong to the host's user namespace
	flagNoFilter               // the kernel has no seccomp filters
	flagProxy                  // sockets reach the listeners on ports
	flagBind                   // and the whole loopback interface, to listen on as well
)

// plan is what the init process is told.
type plan struct {
	mode   mode
	flags  uint32
	dir    string
	prog   string
	argv   []string
	env    []string
	roots  []root // parents before children
	denied []string
	hidden []string // what patterns match: over everything else

	readable []string // with flagOnlyListed all of it, else what is below denied
	// With flagOnlyListed:
	links []policy.Link

	// What of the roots is protected, as init found it; not sent.
	guards []guard

	// With flagProxy: where to listen for the proxy; 0 is not at all.
	ports [2]uint16
}

// root is what may be written but for some paths below it.
type root struct {
	path     string
	id       policy.FileID // of what path was when the policy was resolved; zero is not known
	readOnly []string
}

func (p *plan) has(flag uint32) bool { return p.flags&flag != 0 }

// maxPlan bounds a plan: the kernel's own limit for argv and env is 6 MiB.
const maxPlan = 8 << 20

// encoder and decoder are not inlined: that is a tenth of this package's code.
type encoder struct{ b []byte }

//go:noinline
func (e *encoder) u32(v uint32) { e.b = binary.LittleEndian.AppendUint32(e.b, v) }

//go:noinline
func (e *encoder) u64(v uint64) { e.b = binary.LittleEndian.AppendUint64(e.b, v) }

//go:noinline
func (e *encoder) str(s string) { e.u32(uint32(len(s))); e.b = append(e.b, s...) }

//go:noinline
func (e *encoder) strs(l []string) {
	e.u32(uint32(len(l)))
	for _, s := range l {
		e.str(s)
	}
}

// encode gives the plan with its length in front.
func (p *plan) encode() []byte {
	var e encoder
	e.u32(0)
	e.u32(uint32(p.mode))
	e.u32(p.flags)
	e.str(p.dir)
	e.str(p.prog)
	e.strs(p.argv)
	e.strs(p.env)
	e.u32(uint32(len(p.roots)))
	for _, r := range p.roots {
		e.str(r.path)
		e.u64(r.id.Dev)
		e.u64(r.id.Ino)
		e.strs(r.readOnly)
	}
	e.strs(p.denied)
	e.strs(p.hidden)
	e.strs(p.readable)
	e.u32(uint32(len(p.links)))
	for _, l := range p.links {
		e.str(l.Path)
		e.str(l.Target)
	}
	e.u32(uint32(p.ports[0]))
	e.u32(uint32(p.ports[1]))
	binary.LittleEndian.PutUint32(e.b, uint32(len(e.b)-4))
	return e.b
}

var errShortPlan = errors.New("plan is cut short")

type decoder struct {
	b   []byte
	err error
}

//go:noinline
func (d *decoder) u32() uint32 {
	if len(d.b) < 4 {
		d.b, d.err = nil, errShortPlan
		return 0
	}
	v := binary.LittleEndian.Uint32(d.b)
	d.b = d.b[4:]
	return v
}

//go:noinline
func (d *decoder) u64() uint64 { return uint64(d.u32()) | uint64(d.u32())<<32 }

//go:noinline
func (d *decoder) str() string {
	n := d.u32()
	if uint64(n) > uint64(len(d.b)) {
		d.b, d.err = nil, errShortPlan
		return ""
	}
	s := string(d.b[:n])
	d.b = d.b[n:]
	return s
}

// count reads a list's length; each element needs at least four bytes.
func (d *decoder) count() int {
	n := d.u32()
	if uint64(n)*4 > uint64(len(d.b)) {
		d.b, d.err = nil, errShortPlan
		return 0
	}
	return int(n)
}

//go:noinline
func (d *decoder) strs() []string {
	n := d.count()
	out := make([]string, 0, n)
	for range n {
		out = append(out, d.str())
	}
	return out
}

// decodePlan reads what encode wrote, without the length in front.
func decodePlan(b []byte) (*plan, error) {
	d := decoder{b: b}
	p := &plan{mode: mode(d.u32()), flags: d.u32(), dir: d.str(), prog: d.str(), argv: d.strs(), env: d.strs()}
	n := d.count()
	for range n {
		p.roots = append(p.roots, root{path: d.str(), id: policy.FileID{Dev: d.u64(), Ino: d.u64()}, readOnly: d.strs()})
	}
	p.denied, p.hidden, p.readable = d.strs(), d.strs(), d.strs()
	n = d.count()
	for range n {
		p.links = append(p.links, policy.Link{Path: d.str(), Target: d.str()})
	}
	p.ports = [2]uint16{uint16(d.u32()), uint16(d.u32())}
	if d.err == nil && len(d.b) != 0 {
		d.err = errors.New("plan has trailing bytes")
	}
	return p, d.err
}

// Kinds of record from the init process.
const (
	recListen  = 'L'
	recStarted = 'S'
	recError   = 'E'
	recExit    = 'X'
)

// Bits of the byte in an S record.
const (
	lostProc = 1 << iota // /proc is the one outside, read-only
)

// Causes in an E record.
const (
	causeOther   = iota // set-up failed; the text says how
	causeExec           // the program could not be run
	causeRefused        // the kernel refused the first mount: no mount rights
)

// maxRecord bounds a record's body: errors name a path or two.
const maxRecord = 64 << 10

func record(kind byte, body []byte) []byte {
	b := make([]byte, 0, 5+len(body))
	b = append(b, kind)
	b = binary.LittleEndian.AppendUint32(b, uint32(len(body)))
	return append(b, body...)
}

func errorRecord(cause, errno uint32, text string) []byte {
	var e encoder
	e.u32(cause)
	e.u32(errno)
	e.str(text)
	return record(recError, e.b)
}
