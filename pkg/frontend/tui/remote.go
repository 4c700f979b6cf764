package tui

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"path/filepath"
	"strings"

	"github.com/coder/websocket"

	"codex/pkg/frontend/tui/loop"
	"codex/pkg/frontend/tui/tty"
	"codex/pkg/jsonrpc"
	"codex/pkg/webclient"
)

// connect connects to an app-server. A message of its websocket is a line here.
func (r *run) connect(ctx context.Context) (*loop.Engine, error) {
	to, o, err := r.address()
	if err != nil {
		return nil, err
	}
	conn, _, err := websocket.Dial(ctx, to, o)
	if err != nil {
		return nil, fmt.Errorf("connect to %s: %w", r.args.Remote, err)
	}
	conn.SetReadLimit(jsonrpc.MaxLine)
	pr, pw := io.Pipe()
	var ended error
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer tty.Guard(r.tty, r.Stderr, r.Die)
		for {
			_, message, err := conn.Read(ctx)
			if err == nil {
				_, err = pw.Write(append(message, '\n'))
			}
			if err != nil {
				ended = fmt.Errorf("the app-server is gone: %w", err)
				pw.CloseWithError(io.EOF)
				return
			}
		}
	}()
	return &loop.Engine{
		In: jsonrpc.NewReader(pr, 0), Shared: true,
		Out:   func(line []byte) error { return conn.Write(ctx, websocket.MessageText, line) },
		Ended: func() error { <-done; return ended },
		Stop: func() {
			_ = conn.Close(websocket.StatusNormalClosure, "") // it may be gone already
			pr.Close()
		},
	}, nil
}

// address takes the address of an app-server apart.
func (r *run) address() (string, *websocket.DialOptions, error) {
	o := &websocket.DialOptions{HTTPHeader: http.Header{}, HTTPClient: &http.Client{CheckRedirect: webclient.Redirect}}
	if name := r.args.TokenEnv; name != "" {
		token := r.Getenv(name)
		if token == "" {
			return "", nil, fmt.Errorf("--remote-auth-token-env: %s is not set", name)
		}
		o.HTTPHeader.Set("Authorization", "Bearer "+token)
	}
	addr := r.args.Remote
	if path, ok := strings.CutPrefix(addr, "unix://"); ok {
		if path == "" {
			path = filepath.Join(r.cfg.Home, "app-server-control", "app-server-control.sock")
		}
		dial := func(ctx context.Context, _, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "unix", path)
		}
		o.HTTPClient = &http.Client{Transport: &http.Transport{DialContext: dial}}
		return "ws://localhost/", o, nil
	}
	u, err := url.Parse(addr)
	switch {
	case err != nil || u.Scheme != "ws" && u.Scheme != "wss":
	case u.Scheme == "ws" && r.args.TokenEnv != "" && !webclient.Loopback(u.Hostname()):
		return "", nil, fmt.Errorf("--remote %s: everybody between here and there could read the token; use wss:// or a tunnel", addr)
	default:
		return addr, o, nil
	}
	return "", nil, errors.New("--remote takes unix://, unix://PATH, ws://HOST:PORT or wss://HOST")
}
