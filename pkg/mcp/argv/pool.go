package argv

import (
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"

	"codex/pkg/cli/pipeline"
	"codex/pkg/cli/version"
	"codex/pkg/config"
	"codex/pkg/mcp"
	"codex/pkg/mcp/oauth"
	"codex/pkg/mcp/pool"
	"codex/pkg/mcp/wire"
	"codex/pkg/protocol"
)

// poolCmd is codex-mcp pool: engines start it.
type poolCmd struct {
	Log    string `placeholder:"FILE" help:"append what servers say on standard error to FILE"`
	Listen string `placeholder:"SOCKET" help:"serve engines on this socket as well"`
}

// Run implements the command. It ends with its input, and ends all servers then.
func (c *poolCmd) Run(ctx context.Context, p Process) error {
	log := &logFile{path: c.Log}
	defer log.close()
	home, err := config.Home(p.Env)
	if err != nil {
		return err
	}
	store := p.store(home, log.line)
	o := mcp.Options{Environ: p.Environ, Version: version.Compat, Self: p.Self, Log: log.line, Authorize: oauth.Authorize(store, p.Now, log.line)}
	servers := pool.New(pool.Options{Options: o,
		Idle: c.idle(), Auth: func(ctx context.Context, s config.MCPServer) (string, error) {
			s.Enabled = true // nobody asks about others
			status, err := oauth.StatusOf(ctx, s, store)
			return authWord(status), err
		}})
	defer servers.Close()
	if c.Listen != "" {
		l, err := net.Listen("unix", c.Listen)
		if err != nil {
			return err
		}
		defer func() {
			l.Close()
			if dir := filepath.Dir(c.Listen); strings.HasPrefix(filepath.Base(dir), wire.SocketDir) {
				_ = os.Remove(dir) // unless there is more in it
			}
		}()
		go serveAll(servers, l)
	}
	// An engine that was killed reads no answers: that must not end us before our servers.
	// Ignoring the signal instead would be passed on to them.
	signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE)
	// The signal of a parent's death may follow the end of the input: it is taken until the end.
	leave := make(chan os.Signal, 1)
	signal.Notify(leave, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	done := make(chan error, 1)
	go func() { done <- servers.Serve(pollable(p.In).(io.Reader), pollable(p.Out).(io.Writer)) }() // ends with the input, or with the process
	select {
	case err := <-done:
		return err
	case sig := <-leave:
		return pipeline.Caught{Signal: sig}
	case <-ctx.Done():
		return nil
	}
}

// idle is how long a server is kept for the next engine where several may come.
func (c *poolCmd) idle() time.Duration {
	if c.Listen == "" {
		return 0
	}
	return 30 * time.Second
}

// serveAll serves every engine that comes, until the listener is closed.
func serveAll(servers *pool.Pool, l net.Listener) {
	defer l.Close() // who comes later has its own pool, and does not wait
	for {
		c, err := l.Accept()
		if err != nil {
			return
		}
		go func() {
			defer c.Close()
			_ = servers.Serve(c, c) // how an engine ended is its parent's business
		}()
	}
}

// authWord is a status as clients of the app-server know it.
func authWord(s oauth.Status) string {
	switch s {
	case oauth.NotLoggedIn:
		return string(protocol.McpAuthStatusNotLoggedIn)
	case oauth.BearerToken:
		return string(protocol.McpAuthStatusBearerToken)
	case oauth.LoggedIn:
		return string(protocol.McpAuthStatusOAuth)
	}
	return string(protocol.McpAuthStatusUnsupported)
}

// maxLog is where a log begins anew; the last one is kept beside it.
const maxLog = 4 << 20

// logFile is opened by its first line. A log that cannot be written is no reason for a
// server not to work.
type logFile struct {
	path string
	mu   sync.Mutex
	f    *os.File
	size int64
	bad  bool
}

func (l *logFile) line(text string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.path == "" || l.bad {
		return
	}
	if l.f != nil && l.size > maxLog {
		_ = l.f.Close() // its lines were written one by one
		l.f = nil
	}
	if l.f == nil && l.open() != nil {
		l.bad = true
		return
	}
	n, err := fmt.Fprintf(l.f, "%s %q\n", time.Now().UTC().Format(time.RFC3339), text)
	l.size += int64(n)
	l.bad = err != nil
}

func (l *logFile) open() error {
	if st, err := os.Stat(l.path); err == nil {
		if l.size = st.Size(); l.size > maxLog {
			if err := os.Rename(l.path, l.path+".old"); err != nil {
				return err // rather none than one that grows for ever
			}
			l.size = 0
		}
	}
	if err := os.MkdirAll(filepath.Dir(l.path), 0o700); err != nil {
		return err
	}
	f, err := os.OpenFile(l.path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err == nil {
		l.f = f
	}
	return err
}

func (l *logFile) close() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.f != nil {
		_ = l.f.Close() // its lines were written one by one
	}
}
