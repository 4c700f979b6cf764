// Package client is the other end of the exec-server protocol: it starts an executor
// (codex-sandbox serve, the original's codex exec-server --listen stdio://, or either of
// them behind ssh, docker exec or any other command that gives a pipe) and asks it to run
// processes and touch files. Nothing else of an engine or a frontend starts a process or
// opens a file of the user.
//
// It speaks what the server speaks: file:// paths and the sandbox member iff the server
// sent an environmentInfo, our extensions iff they were announced. A restricted policy is
// never sent to a server that would ignore it. See codex-executor(5).
//
// It imports jsonrpc, exec/wire, policy, shellenv and watchdog only.
package client

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"time"

	"codex/pkg/exec/wire"
	"codex/pkg/jsonrpc"
	"codex/pkg/watchdog"
)

// DefaultInitTimeout bounds the handshake.
const DefaultInitTimeout = 10 * time.Second

const (
	// maxLine holds the answer to fs/readFile of the largest file the protocol allows.
	maxLine = wire.MaxReadFile/3*4 + 1<<20
	// closeGrace is how long Close waits after EOF, and again after SIGTERM.
	closeGrace = 2 * time.Second
)

// Config says how to start a server.
type Config struct {
	Command     []string      // argv of the executor, looked up in PATH
	Env         []string      // its environment; nil: that of this process
	Dir         string        // its working directory; "": that of this process
	Stderr      io.Writer     // its words; nil: dropped
	InitTimeout time.Duration // 0: DefaultInitTimeout
	// Self is the file of this program, which calls watchdog.Init: run once more, it ends
	// a command that does not leave when this process is killed. "" is for a command that
	// does, at the end of its input, as servers of ours do.
	Self string
	// LegacyLandlock asks it to hold commands with Landlock where it can't make namespaces.
	LegacyLandlock bool
	// WindowsLevel is [windows] sandbox: "unelevated", "elevated", or "" for disabled.
	WindowsLevel string
	// Record, when set, gets every line both ways, each with one Write: "> " and the line
	// sent, or "< " and the line received (a banner before the first message too).
	Record io.Writer
}

// Client is one running server. Its methods may be called from any goroutine but not
// from a sink.
type Client struct {
	cmd   *exec.Cmd
	guard watchdog.Guard
	stdin io.WriteCloser
	conn  *jsonrpc.Conn
	said  *words
	rec   *recorder
	can   abilities
	weak  bool // Config.LegacyLandlock
	level string

	readDone chan struct{} // reader has ended; nothing waits any more
	waitDone chan struct{} // process is reaped

	mu      sync.Mutex
	procs   map[string]*Process
	waitErr error
	closing bool

	// The reader's own.
	started bool   // the first message has come
	buf     []byte // decoded chunk
}

// Start spawns the server in a process group of its own and makes the handshake. Lines
// before the first that begins with '{' (a login banner) are skipped.
func Start(ctx context.Context, cfg Config) (*Client, error) {
	if len(cfg.Command) == 0 {
		return nil, errors.New("start executor: empty command")
	}
	cmd := exec.Command(cfg.Command[0], cfg.Command[1:]...)
	said := &words{name: filepath.Base(cfg.Command[0]), w: cfg.Stderr}
	cmd.Env, cmd.Dir, cmd.Stderr = cfg.Env, cfg.Dir, said
	cmd.WaitDelay = closeGrace // something else may hold stderr
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return nil, fmt.Errorf("start executor: %w", err)
	}
	stdout, childOut, err := os.Pipe()
	if err != nil {
		return nil, fmt.Errorf("start executor: %w", err)
	}
	cmd.Stdout = childOut
	c := &Client{
		cmd: cmd, stdin: stdin, said: said,
		readDone: make(chan struct{}), waitDone: make(chan struct{}),
		procs: map[string]*Process{}, weak: cfg.LegacyLandlock, level: wire.WindowsLevel(cfg.WindowsLevel),
	}
	err = c.guard.Attend(cmd, cfg.Self)
	childOut.Close()
	if err != nil {
		stdout.Close()
		c.guard.Close() // its watcher may have started
		return nil, fmt.Errorf("start executor %s: %w", cfg.Command[0], err)
	}
	var w io.Writer = stdin
	if cfg.Record != nil {
		c.rec = &recorder{w: cfg.Record}
		w = &recordWriter{w: stdin, rec: c.rec}
	}
	c.conn = c.connect(w)
	go c.wait()
	go c.read(stdout)

	timeout := cfg.InitTimeout
	if timeout <= 0 {
		timeout = DefaultInitTimeout
	}
	hctx, cancel := context.WithTimeoutCause(ctx, timeout, fmt.Errorf("no answer to initialize within %s", timeout))
	defer cancel()
	if err := c.handshake(hctx); err != nil {
		if cause := context.Cause(hctx); cause != nil && errors.Is(err, cause) {
			err = cause // without the name of the call
		}
		c.shut(0)
		if last := said.end(); last != "" {
			err = fmt.Errorf("%w: %s", err, last)
		}
		return nil, fmt.Errorf("start executor %s: %w", cfg.Command[0], err)
	}
	return c, nil
}

func (c *Client) handshake(ctx context.Context) error {
	var res wire.InitializeResult
	err := c.call(ctx, wire.MethodInitialize, wire.InitializeParams{ClientName: "codex-environment"}, &res)
	if err != nil {
		return err
	}
	c.can = abilitiesOf(res.EnvironmentInfo)
	return c.conn.Notify(wire.NotifyInitialized, struct{}{})
}

// Done is closed when the connection is gone, for whatever reason; Err says why.
func (c *Client) Done() <-chan struct{} { return c.readDone }

// Err is nil while the connection lasts.
func (c *Client) Err() error { return c.conn.Err() }

// Close ends the server: EOF, and if that is not enough SIGTERM, then SIGKILL to its
// group. It returns when the server is reaped. Processes still running are gone then. The
// error also says what a recording lacks.
func (c *Client) Close() error {
	err := c.shut(closeGrace)
	if c.rec != nil {
		err = errors.Join(err, c.rec.lost())
	}
	return err
}

func (c *Client) shut(grace time.Duration) error {
	c.mu.Lock()
	c.closing = true
	c.mu.Unlock()
	c.stdin.Close()
	for _, end := range []func(*exec.Cmd){watchdog.Terminate, watchdog.Kill} {
		t := time.NewTimer(grace)
		select {
		case <-c.waitDone:
			t.Stop()
			<-c.readDone
			return c.exitError()
		case <-t.C:
		}
		end(c.cmd) // the wrapper (ssh, sh -c) and what it started
		grace = closeGrace
	}
	<-c.waitDone
	<-c.readDone
	return c.exitError()
}

// exitError is nil when the server left as it should.
func (c *Client) exitError() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.waitErr == nil || errors.Is(c.waitErr, exec.ErrWaitDelay) {
		return nil
	}
	return fmt.Errorf("executor: %w", c.waitErr)
}

func (c *Client) wait() {
	err := c.cmd.Wait()
	c.guard.Release(c.cmd)
	c.guard.Close()
	c.said.end()
	c.mu.Lock()
	c.waitErr = err
	c.mu.Unlock()
	close(c.waitDone)
}

type recorder struct {
	mu  sync.Mutex
	w   io.Writer
	buf []byte
	err error // the first
}

func (r *recorder) line(mark string, line []byte) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.buf = append(append(r.buf[:0], mark...), line...)
	if n := len(r.buf); r.buf[n-1] != '\n' {
		r.buf = append(r.buf, '\n')
	}
	// A recording that cannot be written must not stop the work; at its end it is an error.
	if _, err := r.w.Write(r.buf); err != nil && r.err == nil {
		r.err = err
	}
	if cap(r.buf) > 1<<20 {
		r.buf = nil
	}
}

// lost says why the recording lacks lines, nil when it has all.
func (r *recorder) lost() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.err == nil {
		return nil
	}
	return fmt.Errorf("the recording of the executor lacks lines: %w", r.err)
}

// recordWriter sees whole lines: jsonrpc.Writer writes each message at once.
type recordWriter struct {
	w   io.Writer
	rec *recorder
}

func (r *recordWriter) Write(b []byte) (int, error) {
	r.rec.line("> ", b)
	return r.w.Write(b)
}
