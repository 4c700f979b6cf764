package netproxy

import (
	"bufio"
	"context"
	"crypto/tls"
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"time"

	"golang.org/x/net/proxy"

	"codex/pkg/netproxy/hosts"
)

// connect gives a connection to a host that check has let through. An address
// that the lists forbid is a *refused.
func (p *Proxy) connect(ctx context.Context, h hosts.Host, port uint16) (net.Conn, error) {
	scheme := "https" // a tunnel is what a proxy in front would make for it
	if port == 80 {
		scheme = "http"
	}
	up, err := p.upstream(scheme, h.Join(port))
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, dialTime)
	defer cancel()
	if up != nil {
		return through(ctx, up, h.Join(port))
	}
	return p.dial(ctx, h, port)
}

// dialTransport is dial for the transport of plain requests.
func (p *Proxy) dialTransport(ctx context.Context, _, addr string) (net.Conn, error) {
	h, port, err := hosts.Split(addr, 0)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, dialTime)
	defer cancel()
	return p.dial(ctx, h, port)
}

// dial looks a name up once and connects to the first of its addresses that
// may be connected to and answers.
func (p *Proxy) dial(ctx context.Context, h hosts.Host, port uint16) (net.Conn, error) {
	addrs := []netip.Addr{h.Addr()}
	switch {
	case h.Addr().IsValid():
	case h.Loopback(): // by definition (RFC 6761), whatever a name server says
		addrs = []netip.Addr{netip.AddrFrom4([4]byte{127, 0, 0, 1}), netip.IPv6Loopback()}
	default:
		var err error
		if addrs, err = p.opts.Lookup(ctx, h.String()); err != nil {
			return nil, fmt.Errorf("look up %s: %w", h, err)
		}
	}
	rules := p.rules.Load()
	var good []netip.Addr
	reason := hosts.Allowed
	for _, a := range addrs {
		a = a.Unmap()
		own := !hosts.Local(a) && p.opts.Own(a)
		if r := rules.JudgeAddr(h, a, own, port); r != hosts.Allowed {
			reason = r
		} else {
			good = append(good, a)
		}
	}
	if len(good) == 0 && reason != hosts.Allowed {
		return nil, &refused{string(reason)}
	}
	err := fmt.Errorf("look up %s: no addresses", h)
	for i, a := range good {
		d := net.Dialer{}
		if i < len(good)-1 {
			d.Timeout = turnTime
		}
		var c net.Conn
		if c, err = d.DialContext(ctx, "tcp", netip.AddrPortFrom(a, port).String()); err == nil {
			return c, nil
		}
	}
	return nil, err
}

// ownAddress says whether an address is one of this machine's interfaces'.
func ownAddress(a netip.Addr) bool {
	all, err := net.InterfaceAddrs()
	if err != nil {
		return true
	}
	for _, one := range all {
		if prefix, err := netip.ParsePrefix(one.String()); err == nil && prefix.Addr().Unmap() == a {
			return true
		}
	}
	return false
}

// upstream gives the proxy in front of host, or nil.
func (p *Proxy) upstream(scheme, host string) (*url.URL, error) {
	if p.opts.Upstream == nil {
		return nil, nil
	}
	up, err := p.opts.Upstream(&url.URL{Scheme: scheme, Host: host})
	if err != nil {
		return nil, fmt.Errorf("proxy for %s: %w", host, err)
	}
	return up, nil
}

// through connects to target by way of the proxy up.
func through(ctx context.Context, up *url.URL, target string) (net.Conn, error) {
	port := up.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443", "socks5": "1080", "socks5h": "1080"}[up.Scheme]
	}
	front := net.JoinHostPort(up.Hostname(), port)
	var d net.Dialer
	switch up.Scheme {
	case "socks5", "socks5h":
		var auth *proxy.Auth
		if up.User != nil {
			password, _ := up.User.Password()
			auth = &proxy.Auth{User: up.User.Username(), Password: password}
		}
		plain := &remembered{}
		s, err := proxy.SOCKS5("tcp", front, auth, plain)
		if err == nil {
			_, err = s.(proxy.ContextDialer).DialContext(ctx, "tcp", target)
		}
		if err != nil {
			return nil, fmt.Errorf("proxy %s: %w", up.Redacted(), err)
		}
		return plain.conn, nil
	case "http", "https":
	default:
		return nil, fmt.Errorf("proxy %s: scheme %q is not supported", up.Redacted(), up.Scheme)
	}
	c, err := d.DialContext(ctx, "tcp", front)
	if err != nil {
		return nil, fmt.Errorf("proxy %s: %w", up.Redacted(), err)
	}
	if up.Scheme == "https" {
		c = tls.Client(c, &tls.Config{ServerName: up.Hostname()})
	}
	out, err := handshake(ctx, c, up, target)
	if err != nil {
		c.Close()
		return nil, fmt.Errorf("proxy %s: %w", up.Redacted(), err)
	}
	return out, nil
}

// handshake asks the proxy at c for a tunnel.
func handshake(ctx context.Context, c net.Conn, up *url.URL, target string) (net.Conn, error) {
	stop := context.AfterFunc(ctx, func() { c.SetDeadline(time.Unix(1, 0)) })
	req := &http.Request{Method: http.MethodConnect, URL: &url.URL{Opaque: target}, Host: target, Header: http.Header{}}
	if up.User != nil {
		password, _ := up.User.Password()
		req.Header.Set("Proxy-Authorization",
			"Basic "+base64.StdEncoding.EncodeToString([]byte(up.User.Username()+":"+password)))
	}
	if err := req.Write(c); err != nil {
		return nil, err
	}
	r := bufio.NewReader(c)
	resp, err := http.ReadResponse(r, req)
	if err != nil {
		return nil, err
	}
	if resp.StatusCode != http.StatusOK {
		return nil, errors.New(resp.Status)
	}
	if !stop() {
		return nil, ctx.Err()
	}
	if r.Buffered() == 0 {
		return c, nil
	}
	return &early{c, r}, nil
}

// early is a connection of which some bytes were read already.
type early struct {
	net.Conn
	r *bufio.Reader
}

func (e *early) Read(b []byte) (int, error) { return e.r.Read(b) }

// CloseWrite ends one direction, as far as the connection can.
func (e *early) CloseWrite() error {
	if half, ok := e.Conn.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return errors.ErrUnsupported
}

// remembered is a dialer that keeps what it dialled: the SOCKS5 client reads
// no more than its own part, and its wrapping cannot close one direction.
type remembered struct{ conn net.Conn }

func (r *remembered) DialContext(ctx context.Context, network, addr string) (net.Conn, error) {
	var d net.Dialer
	var err error
	r.conn, err = d.DialContext(ctx, network, addr)
	return r.conn, err
}

func (r *remembered) Dial(network, addr string) (net.Conn, error) {
	return r.DialContext(context.Background(), network, addr)
}
