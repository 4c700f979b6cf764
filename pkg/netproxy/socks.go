package netproxy

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"syscall"
	"time"

	"github.com/things-go/go-socks5"
	"github.com/things-go/go-socks5/statute"

	"codex/pkg/netproxy/hosts"
	"codex/pkg/netproxy/proto"
)

// unresolved leaves names as they are: they are judged before they are looked
// up.
type unresolved struct{}

func (unresolved) Resolve(ctx context.Context, _ string) (context.Context, net.IP, error) {
	return ctx, nil, nil
}

func (s *Service) serveSocks(l *bounded) {
	server := socks5.NewServer(
		socks5.WithResolver(unresolved{}),
		socks5.WithConnectHandle(s.socksConnect),
		socks5.WithAssociateHandle(func(_ context.Context, w io.Writer, _ *socks5.Request) error {
			return socks5.SendReply(w, statute.RepCommandNotSupported, nil)
		}),
	)
	s.done.Go(func() {
		l.serve(s.ctx, &s.done, func(c *conn) {
			c.SetDeadline(time.Now().Add(headTime))
			_ = server.ServeConn(c) // what went wrong, the client has been told
		})
	})
}

// socksConnect is the CONNECT command.
func (s *Service) socksConnect(_ context.Context, w io.Writer, r *socks5.Request) error {
	client := w.(*conn)
	client.SetDeadline(time.Time{})
	dst := r.DestAddr
	name := dst.FQDN
	if name == "" {
		name = dst.IP.String()
	}
	h, err := hosts.Parse(name)
	if err != nil || dst.Port <= 0 || dst.Port > 0xffff {
		return socks5.SendReply(w, statute.RepHostUnreachable, nil)
	}
	port := uint16(dst.Port)
	a := proto.Attempt{ID: s.id, Protocol: proto.ProtocolSocks, Host: h.String(), Port: port}
	err = s.check(s.ctx, a, h)
	if err == nil && s.p.opts.Limited {
		err = s.block(a, proto.ReasonMethod)
	}
	var server net.Conn
	if err == nil {
		server, err = s.p.connect(s.ctx, h, port)
		if no, ok := errors.AsType[*refused](err); ok {
			err = s.block(a, no.reason)
		}
	}
	if err != nil {
		return socks5.SendReply(w, replyFor(err), nil)
	}
	// What the client sent with its request waits in the library's reader.
	var head []byte
	if b, ok := r.Reader.(*bufio.Reader); ok {
		head, _ = b.Peek(b.Buffered())
	}
	if err := socks5.SendReply(w, statute.RepSuccess, server.LocalAddr()); err != nil {
		server.Close()
		return err
	}
	tunnel(client, head, server)
	return nil
}

// replyFor is the reply to a connection that failed.
func replyFor(err error) uint8 {
	var no *refused
	switch {
	case errors.As(err, &no):
		return statute.RepRuleFailure
	case errors.Is(err, syscall.ECONNREFUSED):
		return statute.RepConnectionRefused
	case errors.Is(err, syscall.ENETUNREACH):
		return statute.RepNetworkUnreachable
	}
	return statute.RepHostUnreachable
}
