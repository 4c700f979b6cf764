package probe

import (
	"bufio"
	"context"
	"crypto/rand"
	"crypto/sha1"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"strings"
	"syscall"
	"time"

	"github.com/tidwall/gjson"

	"codex/pkg/jsonrpc"
)

// Version connects to the server behind socket, shakes hands and gives the version that
// it tells. client is our own version. It takes as long as the deadline of ctx allows,
// which is an error of its own then.
func Version(ctx context.Context, socket, client string) (string, error) {
	s, err := Open(ctx, socket, client)
	if err != nil {
		return "", err
	}
	s.Close()
	return s.Version, nil
}

// Session is a connection after the handshake.
type Session struct {
	Version string // of the server

	c    net.Conn
	r    *bufio.Reader
	stop func() bool
	ctx  context.Context
	path string
}

// Open is Version for one who has more to hear: it leaves the connection open.
func Open(ctx context.Context, socket, client string) (*Session, error) {
	s := &Session{ctx: ctx, path: socket}
	if err := s.open(client); err != nil {
		s.Close()
		return nil, s.late(err)
	}
	return s, nil
}

// Close ends the connection.
func (s *Session) Close() {
	if s.c == nil {
		return
	}
	s.stop()
	// The server need not hear it: it sees that we have gone.
	_ = s.c.SetDeadline(time.Now().Add(100 * time.Millisecond))
	_ = writeFrame(s.c, opClose, []byte{normal >> 8, normal & 0xff})
	s.c.Close()
}

// Notification gives the parameters of the next notification of this method.
func (s *Session) Notification(method string) (gjson.Result, error) {
	for {
		m, err := readMessage(s.r, s.c)
		if err != nil {
			return gjson.Result{}, s.late(fmt.Errorf("failed to read from %s: %w", s.path, err))
		}
		if v := gjson.ParseBytes(m); jsonrpc.Valid(m) && v.Get("method").Str == method {
			return v.Get("params"), nil
		}
	}
}

// late gives err, or what it comes from when the time is over.
func (s *Session) late(err error) error {
	if errors.Is(s.ctx.Err(), context.DeadlineExceeded) {
		return fmt.Errorf("timed out probing app-server control socket %s: %w", s.path, errElapsed)
	}
	return err
}

// errElapsed has the words of the original.
var errElapsed = errors.New("deadline has elapsed")

func (s *Session) open(client string) error {
	c, err := dial(s.ctx, s.path)
	if err != nil {
		return fmt.Errorf("failed to connect to %s: %w", s.path, err)
	}
	s.c, s.r = c, bufio.NewReader(c)
	s.stop = context.AfterFunc(s.ctx, func() { _ = c.SetDeadline(time.Now()) })
	if err := s.upgrade(); err != nil {
		return fmt.Errorf("failed to upgrade %s: %w", s.path, err)
	}
	if s.Version, err = s.initialize(client); err != nil {
		return fmt.Errorf("failed to initialize app-server at %s: %w", s.path, err)
	}
	return nil
}

func dial(ctx context.Context, path string) (net.Conn, error) {
	var addr syscall.RawSockaddrUnix
	if len(path) >= len(addr.Path) {
		return nil, errors.New("path must be shorter than SUN_LEN")
	}
	var d net.Dialer
	return d.DialContext(ctx, "unix", path)
}

// upgrade is the opening handshake of RFC 6455 §4.
func (s *Session) upgrade() error {
	var nonce [16]byte
	rand.Read(nonce[:])
	key := base64.StdEncoding.EncodeToString(nonce[:])
	_, err := fmt.Fprintf(s.c, "GET / HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"+
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: %s\r\n\r\n", key)
	if err != nil {
		return err
	}
	status, accept, err := readHead(s.r)
	if err != nil {
		return err
	}
	if f := strings.Fields(status); len(f) < 2 || f[1] != "101" {
		return fmt.Errorf("HTTP error: %.100s", status)
	}
	sum := sha1.Sum([]byte(key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"))
	if accept != base64.StdEncoding.EncodeToString(sum[:]) {
		return errors.New("key mismatch in Sec-WebSocket-Accept header")
	}
	return nil
}

// readHead reads the head of an HTTP response.
func readHead(r *bufio.Reader) (status, accept string, err error) {
	const maxLines = 100 // each of them is no longer than the buffer
	for n := range maxLines {
		raw, err := r.ReadSlice('\n')
		if err != nil {
			return "", "", err
		}
		line := strings.TrimRight(string(raw), "\r\n")
		name, value, _ := strings.Cut(line, ":")
		switch {
		case n == 0:
			status = line
		case line == "":
			return status, accept, nil
		case strings.EqualFold(name, "Sec-WebSocket-Accept"):
			accept = strings.TrimSpace(value)
		}
	}
	return "", "", errors.New("a head without end")
}

// initialize introduces us, under the name that servers do not take for their user's.
func (s *Session) initialize(client string) (string, error) {
	type info struct {
		Name    string `json:"name"`
		Title   string `json:"title"`
		Version string `json:"version"`
	}
	type params struct {
		ClientInfo info `json:"clientInfo"`
	}
	hello, err := json.Marshal(struct {
		ID     int    `json:"id"`
		Method string `json:"method"`
		Params params `json:"params"`
	}{1, "initialize", params{info{"codex_app_server_daemon", "Codex App Server Daemon", client}}})
	if err != nil {
		return "", err
	}
	if err := writeFrame(s.c, opText, hello); err != nil {
		return "", err
	}
	for {
		m, err := readMessage(s.r, s.c)
		if err != nil {
			return "", err
		}
		v := gjson.ParseBytes(m)
		if !jsonrpc.Valid(m) || v.Get("id").Raw != "1" || v.Get("method").Exists() {
			continue
		}
		if e := v.Get("error"); e.Exists() {
			return "", fmt.Errorf("the server refused: %.200s", e.Get("message").Str)
		}
		if err := writeFrame(s.c, opText, []byte(`{"method":"initialized"}`)); err != nil {
			return "", err
		}
		return serverVersion(v.Get("result.userAgent").Str)
	}
}

// serverVersion takes the version from a user agent: NAME/VERSION (SYSTEM) ...
func serverVersion(agent string) (string, error) {
	_, rest, _ := strings.Cut(agent, "/")
	if f := strings.Fields(rest); len(f) > 0 && rest[0] == f[0][0] {
		return f[0], nil
	}
	return "", fmt.Errorf("app-server user agent has no version: %.100q", agent)
}
