package appserver

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"github.com/coder/websocket"
	"github.com/gofrs/flock"

	"codex/pkg/cli/exit"
	"codex/pkg/foreign"
)

// socketLink is a client on a websocket: one message a text frame.
type socketLink struct {
	c      *websocket.Conn
	ctx    context.Context
	cancel context.CancelFunc
}

// writeTime bounds one write to a client that does not read.
const writeTime = 30 * time.Second

func (l *socketLink) read() ([]byte, error) {
	for {
		kind, data, err := l.c.Read(l.ctx)
		if err != nil {
			return nil, io.EOF // however a client leaves
		}
		if kind == websocket.MessageText {
			return data, nil
		}
	}
}

func (l *socketLink) write(line []byte) error {
	ctx, cancel := context.WithTimeout(l.ctx, writeTime)
	defer cancel()
	return l.c.Write(ctx, websocket.MessageText, line)
}

func (l *socketLink) close() { l.cancel() }

// ServeSocket takes websocket clients from ln until Shutdown. check judges the header of
// an upgrade; nil lets everybody in who may reach ln.
func (s *Server) ServeSocket(ctx context.Context, ln net.Listener, check func(authorization []string) error, plain bool) error {
	h := &socketHandler{s: s, check: check, plain: plain}
	srv := &http.Server{Handler: h, ReadHeaderTimeout: 10 * time.Second, MaxHeaderBytes: 64 << 10, ErrorLog: log.New(io.Discard, "", 0)}
	stop := context.AfterFunc(ctx, func() { srv.Close() })
	defer stop()
	err := srv.Serve(ln)
	if errors.Is(err, http.ErrServerClosed) || ctx.Err() != nil {
		return nil
	}
	return fmt.Errorf("serve %s: %w", ln.Addr(), err)
}

type socketHandler struct {
	s     *Server
	check func([]string) error
	plain bool // a unix socket: no probes, no Origin rule
}

func (h *socketHandler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !h.plain {
		if len(r.Header["Origin"]) > 0 { // a web page must not reach us
			w.WriteHeader(http.StatusForbidden)
			return
		}
		if r.Method == http.MethodGet && (r.URL.Path == "/readyz" || r.URL.Path == "/healthz") {
			w.WriteHeader(http.StatusOK)
			return
		}
	}
	if h.check != nil {
		if err := h.check(r.Header["Authorization"]); err != nil {
			w.WriteHeader(http.StatusUnauthorized)
			io.WriteString(w, err.Error())
			return
		}
	}
	if r.Header.Get("Upgrade") == "" {
		http.Error(w, "Connection header did not include 'upgrade'", http.StatusBadRequest)
		return
	}
	c, err := websocket.Accept(w, r, &websocket.AcceptOptions{InsecureSkipVerify: true, CompressionMode: websocket.CompressionDisabled})
	if err != nil {
		return // Accept has answered
	}
	c.SetReadLimit(maxLine)
	ctx, cancel := context.WithCancel(context.Background())
	h.s.attach(&socketLink{c, ctx, cancel})
	c.CloseNow()
}

// attach serves a client until it leaves.
func (s *Server) attach(l link) {
	c := s.newConn(l, false)
	_ = c.serve() // a socket's end is no error of ours
	c.leave()
	c.out.Finish()
	<-c.sent
	l.close()
}

// ListenUnix makes the control socket at path, for its owner alone. A socket that nobody
// answers on is left over and replaced.
func ListenUnix(path string) (net.Listener, error) {
	dir := filepath.Dir(path)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("make folder of the control socket: %w", err)
	}
	if fi, err := os.Lstat(path); err == nil {
		if fi.Mode()&fs.ModeSocket == 0 {
			return nil, exit.With(exit.Failed, fmt.Errorf("app-server control socket path exists and is not a socket: %s", path))
		}
		if c, err := net.DialTimeout("unix", path, time.Second); err == nil {
			c.Close()
			return nil, exit.With(exit.Failed, fmt.Errorf("app-server control socket is already in use at %s", path))
		}
		if err := os.Remove(path); err != nil {
			return nil, fmt.Errorf("remove stale control socket: %w", err)
		}
	}
	ln, err := listenPrivate(path)
	if err != nil {
		return nil, fmt.Errorf("listen on %s: %w", path, tooLong(path, err))
	}
	return ln, nil
}

// ListenControl is ListenUnix for the control socket, whose folder is for the user alone.
// Servers that start at the same time wait for each other there, or two of them could
// find it free.
func ListenControl(ctx context.Context, path string) (net.Listener, error) {
	dir := filepath.Dir(path)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("make folder of the control socket: %w", err)
	}
	if err := os.Chmod(dir, 0o700); err != nil {
		return nil, fmt.Errorf("protect folder of the control socket: %w", err)
	}
	lock := flock.New(filepath.Join(dir, "app-server-startup.lock"), flock.SetFlag(os.O_CREATE|os.O_RDONLY|foreign.NonBlocking), flock.SetPermissions(0o600))
	if _, err := lock.TryLockContext(ctx, 5*time.Millisecond); err != nil {
		return nil, fmt.Errorf("lock %s: %w", lock.Path(), err)
	}
	defer lock.Close()
	return ListenUnix(path)
}

// ControlSocket is where unix:// listens.
func (s *Server) ControlSocket() string { return controlSocket(s.home) }

func controlSocket(home string) string {
	return filepath.Join(home, "app-server-control", "app-server-control.sock")
}

// tooLong says what "invalid argument" means when the path of a socket is too long.
func tooLong(path string, err error) error {
	if most := len(syscall.RawSockaddrUnix{}.Path) - 1; errors.Is(err, syscall.EINVAL) && len(path) > most {
		return fmt.Errorf("a socket's path has at most %d bytes, this one has %d", most, len(path))
	}
	return err
}
