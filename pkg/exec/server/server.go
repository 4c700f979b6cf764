// Package server is the executor: a server of the exec-server protocol on a pipe. It
// starts processes (plain, on a pseudo-terminal, confined), hands their output on, takes
// their input, ends them with everything they started, and reads and writes files, all of
// it under the policy that comes with each call. codex-sandbox serve and codex
// exec-server --listen stdio:// run it. See codex-executor(5).
//
// One goroutine reads requests and never waits for a process or a file; one writes lines.
// Each process has one goroutine per stream and one that waits for it. Everything is
// bounded: a reader that is slow holds up the children.
//
// Executor layer: it imports sandbox and netproxy/keeper, and of the ground jsonrpc,
// exec/wire and policy.
package server

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"sync"
	"time"
	"unicode/utf8"

	"codex/pkg/exec/wire"
	"codex/pkg/jsonrpc"
	"codex/pkg/netproxy/keeper"
	"codex/pkg/policy"
)

const (
	// defaultLinger is how long an id stays taken and its output readable after closed.
	defaultLinger = 30 * time.Second
	// endGrace is what processes get between SIGTERM and SIGKILL when the server ends.
	endGrace = 200 * time.Millisecond
	// patience is how long the end waits for a reader that takes nothing.
	patience = 300 * time.Millisecond
	// readSize is one read of a child's output, and so the largest chunk.
	readSize = 32 << 10
	// maxProcesses is the default bound on processes that run or linger.
	maxProcesses = 4096
	// maxWaiting bounds the calls that wait (long polls, queued file calls).
	maxWaiting = 4096
	// maxFileBytes bounds the data of file calls that wait.
	maxFileBytes = 256 << 20
	// maxStarts is how many processes are started at once, maxStartBytes bounds the calls
	// of those that wait.
	maxStarts     = 64
	maxStartBytes = 64 << 20
)

// Options say what the server may know. The zero value works and knows nothing.
type Options struct {
	Version string   // executorVersion of environmentInfo
	Env     []string // the server's own environment: envPolicy, HOME, TMPDIR, SHELL
	Dir     string   // working directory, for relative ones; "": /
	// Adopt says that the process of the server serves nothing else: on Linux it becomes
	// the parent of what its children leave behind, and ends and reaps all of it.
	Adopt bool
	// NetProxy finds codex-netproxy, for profiles with a network proxy. Nil: they have no
	// network.
	NetProxy     func() (string, error)
	Linger       time.Duration // 0: 30 s
	MaxProcesses int           // 0: 4096
}

// server is one connection.
type server struct {
	opts      Options
	out       *out
	conn      *jsonrpc.Conn // over out
	methods   map[string]jsonrpc.Method[*jsonrpc.Request]
	bufs      sync.Pool
	session   string
	handshake int // 0, 1 after initialize, 2 after initialized; the reader's own

	files  limiter // calls about files
	starts limiter // of processes

	inflight sync.WaitGroup // answers that are still to come
	ending   chan struct{}  // closed when no more requests are taken
	family   *family        // what was started and what it left behind
	proxies  *keeper.Keeper // of commands with a network proxy

	roots     policy.Session             // what the names in the calls' profiles led to
	questions jsonrpc.Pending[chan bool] // about hosts

	mu      sync.Mutex
	procs   map[string]*process
	waiting int
	closed  []*process // kept output, oldest first
}

// errProtocol ends the connection: the client said something that no client says.
var errProtocol = errors.New("protocol violation")

// Serve answers requests from in on w until the input ends, ctx is done, nobody reads the
// output, or the client breaks the protocol. Requests that were read are answered, then
// every process is ended. Only the last two, and an error of reading, are errors.
//
// A read that is under way when ctx ends cannot be stopped unless in has a working
// SetReadDeadline; its goroutine ends with in.
func Serve(ctx context.Context, in io.Reader, w io.Writer, opts Options) error {
	if opts.Linger <= 0 {
		opts.Linger = defaultLinger
	}
	if opts.MaxProcesses <= 0 {
		opts.MaxProcesses = maxProcesses
	}
	opts.Dir = cmp.Or(opts.Dir, "/")
	s := &server{
		opts: opts, out: newOut(w), session: newSession(),
		// One file call after the other: a script that writes and then reads a file finds
		// what it wrote.
		files:  limiter{most: 1, bytes: maxFileBytes},
		starts: limiter{most: maxStarts, bytes: maxStartBytes},
		ending: make(chan struct{}), procs: map[string]*process{},
	}
	s.conn = jsonrpc.NewConn(s.out, jsonrpc.Options{Handle: s.request, Params: decoder})
	s.methods = s.table()
	s.bufs.New = func() any { return new([readSize]byte) }
	s.proxies = &keeper.Keeper{Program: opts.NetProxy, Env: opts.Env}
	s.family = newFamily(opts.Adopt, s.proxies)

	gate := &gate{}
	read := make(chan error, 1)
	go func() { read <- s.read(in, gate) }()
	var err error
	select {
	case err = <-read:
	case <-s.out.failed:
	case <-ctx.Done():
	}
	stop := s.out.watch(patience)
	close(s.ending) // what waits answers now
	gate.close()    // no line is taken any more, even if the read is still under way
	if d, ok := in.(interface{ SetReadDeadline(time.Time) error }); ok {
		d.SetReadDeadline(time.Now())
	}
	s.end()
	e := s.out.finish()
	stop()
	if err == nil && e != nil {
		err = fmt.Errorf("write answers: %w", e)
	}
	return err
}

// end answers what was read and ends every process.
func (s *server) end() {
	s.endProcesses()
	s.inflight.Wait()
	s.files.wait()
	s.proxies.Close()
	s.family.end()
	s.forgetAll()
}

// gate lets the reader work off one line at a time until it is closed.
type gate struct {
	mu   sync.Mutex
	shut bool
}

func (g *gate) close() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.shut = true
}

func (s *server) read(in io.Reader, g *gate) error {
	r := jsonrpc.NewReader(in, 0)
	for {
		line, err := r.ReadLine()
		switch {
		case errors.Is(err, jsonrpc.ErrTooLong):
			s.unparsable(err)
			continue
		case err == io.EOF:
			return nil
		case err != nil:
			return fmt.Errorf("read requests: %w", err)
		}
		g.mu.Lock()
		if !g.shut {
			err = s.line(line)
		}
		shut := g.shut
		g.mu.Unlock()
		if err != nil || shut {
			return err
		}
	}
}

// line works off one line. An error ends the connection.
func (s *server) line(line []byte) error {
	if len(bytes.TrimSpace(line)) == 0 {
		return nil
	}
	if !utf8.Valid(line) {
		return fmt.Errorf("%w: line is not UTF-8", errProtocol)
	}
	m, err := jsonrpc.Parse(line)
	if err != nil {
		s.unparsable(err)
		return nil
	}
	switch m.Kind {
	case jsonrpc.KindRequest:
		return s.conn.Message(m)
	case jsonrpc.KindNotification:
		if m.Method != wire.NotifyInitialized {
			return fmt.Errorf("%w: unknown notification %q", errProtocol, m.Method)
		}
		if s.handshake == 0 {
			return fmt.Errorf("%w: initialized before initialize", errProtocol)
		}
		s.handshake = 2
	default:
		return fmt.Errorf("%w: answer to a question nobody asked", errProtocol)
	}
	return nil
}

func (s *server) unparsable(err error) {
	_ = s.conn.Fail(json.RawMessage("-1"), jsonrpc.Errorf(jsonrpc.CodeInvalidRequest,
		"failed to parse JSON-RPC message from exec-server stdio: %v", err))
}

// newSession makes a random UUID (version 4). It names a session and guards nothing.
func newSession() string {
	hi, lo := rand.Uint64()&^0xf000|0x4000, rand.Uint64()&^(3<<62)|1<<63
	return fmt.Sprintf("%08x-%04x-%04x-%04x-%012x", hi>>32, hi>>16&0xffff, hi&0xffff, lo>>48, lo&(1<<48-1))
}
