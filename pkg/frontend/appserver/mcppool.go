package appserver

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"syscall"
	"time"

	"codex/pkg/cli/pipeline"
	"codex/pkg/config"
	"codex/pkg/jsonrpc"
	"codex/pkg/mcp/wire"
)

// mcpPool is the one codex-mcp pool of all engines: threads with the same settings share
// servers of the Model Context Protocol.
type mcpPool struct {
	mu     sync.Mutex
	dir    string // of the socket
	pipe   *pipeline.Pipeline
	gone   chan struct{}
	closed bool
}

// poolReady bounds the wait for a pool that was started.
const poolReady = 10 * time.Second

// mcpSocket is where engines find the pool, which is started if there are servers; "" lets
// each engine have its own.
func (s *Server) mcpSocket() string {
	if s.opts.MCP == "" || runtime.GOOS == "windows" {
		return ""
	}
	cfg, err := config.Load(context.Background(), s.opts.Config)
	if err != nil || len(cfg.MCPServers()) == 0 {
		return ""
	}
	p := &s.pool
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return ""
	}
	if p.pipe != nil {
		select {
		case <-p.gone:
			p.end(s.opts.Grace)
		default:
			return p.socket()
		}
	}
	if err := p.start(s, filepath.Join(cfg.LogDir, "mcp.log")); err != nil {
		s.opts.Log.Printf("every engine keeps its own MCP servers: %v", err)
		p.end(s.opts.Grace)
		return ""
	}
	return p.socket()
}

func (p *mcpPool) socket() string { return filepath.Join(p.dir, poolSocket) }

const poolSocket = "pool"

// start starts the pool and waits until it can be reached. The caller holds mu.
func (p *mcpPool) start(s *Server, log string) (err error) {
	sweepPools(os.TempDir())
	if p.dir, err = os.MkdirTemp("", wire.SocketDir); err != nil {
		return err
	}
	p.pipe, err = pipeline.Start(pipeline.Spec{Engine: pipeline.Command{Name: "codex-mcp", Path: s.opts.MCP, Args: []string{"pool", "--log", log, "--listen", p.socket()}},
		Env: s.opts.Environ, Stderr: s.opts.Stderr})
	if err != nil {
		return err
	}
	gone := make(chan struct{})
	p.gone = gone
	conn := jsonrpc.NewConn(jsonrpc.NewWriter(p.pipe.In), jsonrpc.Options{})
	out := p.pipe.Out
	go func() { // ends with the pool
		defer close(gone)
		_ = conn.Serve(jsonrpc.NewReader(out, 0))
	}()
	ctx, cancel := context.WithTimeout(context.Background(), poolReady)
	defer cancel()
	_ = conn.Call(ctx, "ping", nil, nil) // it refuses that, once it listens
	if _, err := os.Stat(p.socket()); err != nil {
		return fmt.Errorf("codex-mcp pool does not listen: %w", err)
	}
	return nil
}

// staleAfter is the age at which the folder of a pool that nobody reaches is nobody's.
const staleAfter = time.Minute

// sweepPools takes away what pools that were killed have left.
func sweepPools(dir string) {
	left, _ := filepath.Glob(filepath.Join(dir, wire.SocketDir+"*")) // the pattern is sound
	for _, d := range left {
		st, err := os.Lstat(d)
		if err != nil || !st.IsDir() || time.Since(st.ModTime()) < staleAfter {
			continue
		}
		socket := filepath.Join(d, poolSocket)
		c, err := net.Dial("unix", socket)
		if err == nil {
			c.Close()
		}
		if !errors.Is(err, syscall.ECONNREFUSED) && !errors.Is(err, fs.ErrNotExist) { // somebody's, who may be busy
			continue
		}
		_ = os.Remove(socket) // of others, it stays
		_ = os.Remove(d)
	}
}

// end ends the pool, if there is one. The caller holds mu.
func (p *mcpPool) end(grace time.Duration) {
	if p.pipe != nil {
		p.pipe.Wait(grace)
		p.pipe = nil
	}
	if p.dir != "" {
		_ = os.RemoveAll(p.dir) // a socket that nobody listens on harms nobody
		p.dir = ""
	}
}

// close ends the pool for good.
func (p *mcpPool) close(grace time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.closed = true
	p.end(grace)
}
