// Package netproxy is the whole of codex-netproxy: a proxy for HTTP (plain
// requests and CONNECT) and SOCKS5 (connections, no datagrams) that connects
// only to the hosts that its lists allow, and tells what it refused.
//
// A host is judged by name before it is looked up, and by address before it is
// dialled; the address that was judged is the one that is dialled. Each
// connection has goroutines of its own that end with it, so one that is slow
// holds up no other; each pair of listeners has a bounded number of them.
//
// It imports netproxy/hosts, netproxy/proto and the ground. HTTP is net/http's
// server and httputil.ReverseProxy, SOCKS5 is things-go/go-socks5.
package netproxy

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"codex/pkg/netproxy/hosts"
	"codex/pkg/netproxy/proto"
)

const (
	// maxConns bounds the client connections of one pair of listeners.
	maxConns = 512
	// maxReported bounds the attempts that are told about, and the hosts that
	// are let through on request, for one pair of listeners.
	maxReported = 1024
	// maxAsked bounds the questions that are open at a time.
	maxAsked = 32
	// maxHeader bounds the headers of a request.
	maxHeader = 256 << 10
	// headTime is what a client has for its request's head or SOCKS greeting.
	headTime = 30 * time.Second
	// idleTime is how long an HTTP connection may wait for the next request.
	idleTime = 2 * time.Minute
	// dialTime is for the look-up and all addresses of a host together.
	dialTime = 30 * time.Second
	// turnTime is for one address while there are others.
	turnTime = 8 * time.Second
)

// Options say what a Proxy lets through. The zero value lets nothing.
type Options struct {
	Rules   *hosts.Rules
	Limited bool // only GET, HEAD and OPTIONS, and no tunnels

	// Upstream gives the proxy that a URL's host is to be reached through, nil
	// for none; nil is no such proxies.
	Upstream func(*url.URL) (*url.URL, error)
	// Ask decides about a host that is in no list. It may take its time: ctx
	// ends with the listeners. Nil says no.
	Ask func(ctx context.Context, a proto.Attempt) bool
	// Blocked hears of each attempt that was refused, once per attempt that
	// differs. Nil hears nothing.
	Blocked func(a proto.Attempt)

	// Lookup resolves a name, Own says whether an address is this machine's.
	// Nil is the system's resolver, and the interfaces' addresses.
	Lookup func(ctx context.Context, name string) ([]netip.Addr, error)
	Own    func(netip.Addr) bool
}

// Proxy serves listeners under one set of lists.
type Proxy struct {
	opts  Options
	rules atomic.Pointer[hosts.Rules]

	direct *http.Transport // dials what was judged
	via    *http.Transport // goes to the upstream proxy
}

// New makes a proxy; Serve gives it listeners.
func New(o Options) *Proxy {
	if o.Lookup == nil {
		o.Lookup = func(ctx context.Context, name string) ([]netip.Addr, error) {
			if strings.Contains(name, ".") {
				name += "." // no search domain is tried: the name that was judged, and no other
			}
			return net.DefaultResolver.LookupNetIP(ctx, "ip", name)
		}
	}
	if o.Own == nil {
		o.Own = ownAddress
	}
	p := &Proxy{opts: o}
	p.rules.Store(o.Rules)
	transport := func() *http.Transport {
		return &http.Transport{
			DisableCompression:     true,
			MaxIdleConns:           64,
			MaxIdleConnsPerHost:    4,
			IdleConnTimeout:        30 * time.Second,
			MaxResponseHeaderBytes: maxHeader,
			ExpectContinueTimeout:  time.Second,
		}
	}
	p.direct, p.via = transport(), transport()
	p.direct.DialContext = p.dialTransport
	p.via.Proxy = func(r *http.Request) (*url.URL, error) { return p.upstream("http", r.URL.Host) }
	return p
}

// Add puts an entry into the lists, for connections from now on.
func (p *Proxy) Add(pattern, word string) error {
	for {
		old := p.rules.Load()
		n, err := old.With(pattern, word)
		if err != nil {
			return err
		}
		if p.rules.CompareAndSwap(old, n) {
			return nil
		}
	}
}

// Close lets go of the connections to servers that are kept for reuse.
func (p *Proxy) Close() {
	p.direct.CloseIdleConnections()
	p.via.CloseIdleConnections()
}

// Service is a pair of listeners that is being served.
type Service struct {
	p    *Proxy
	id   string
	ctx  context.Context
	stop context.CancelFunc
	web  *http.Server
	ends []*bounded // the listeners with their connections
	done sync.WaitGroup

	mu       sync.Mutex
	ending   bool // no handler begins any more
	reported map[proto.Attempt]bool
	granted  map[string]bool          // host:port
	asking   map[string]chan struct{} // closed when the question is answered
}

// Serve accepts connections on web (HTTP) and socks (SOCKS5), either of which
// may be nil, until Close. What is said about them carries id.
func (p *Proxy) Serve(id string, web, socks net.Listener) *Service {
	s := &Service{p: p, id: id, reported: map[proto.Attempt]bool{}, granted: map[string]bool{}, asking: map[string]chan struct{}{}}
	s.ctx, s.stop = context.WithCancel(context.Background())
	slots := make(chan struct{}, maxConns)
	if web != nil {
		s.serveHTTP(s.bound(web, slots))
	}
	if socks != nil {
		s.serveSocks(s.bound(socks, slots))
	}
	return s
}

func (s *Service) bound(l net.Listener, slots chan struct{}) *bounded {
	b := newBounded(l, slots)
	s.ends = append(s.ends, b)
	return b
}

// Close ends the listeners and every connection that came in on them, and
// waits for their goroutines.
func (s *Service) Close() {
	s.mu.Lock()
	s.ending = true
	s.mu.Unlock()
	s.stop()
	for _, b := range s.ends {
		b.closeAll()
	}
	if s.web != nil {
		s.web.Close()
	}
	s.done.Wait()
}

// enter makes Close wait for a handler, until done.Done.
func (s *Service) enter() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.ending {
		s.done.Add(1)
	}
	return !s.ending
}

// refused is an error about a connection that the lists forbid.
type refused struct{ reason string }

func (e *refused) Error() string { return "refused: " + e.reason }

// check judges an attempt by name and asks where that is wanted. The error is
// a *refused.
func (s *Service) check(ctx context.Context, a proto.Attempt, h hosts.Host) error {
	reason := s.p.rules.Load().Judge(h, a.Port)
	if reason == hosts.NotAllowed && s.p.opts.Ask != nil && s.ask(ctx, a) {
		reason = hosts.Allowed
	}
	if reason == hosts.Allowed {
		return nil
	}
	return s.block(a, string(reason))
}

// block tells of an attempt and gives the error for it.
func (s *Service) block(a proto.Attempt, reason string) error {
	a.Reason = reason
	s.mu.Lock()
	known := s.reported[a] || len(s.reported) >= maxReported
	if !known {
		s.reported[a] = true
	}
	s.mu.Unlock()
	if !known && s.p.opts.Blocked != nil {
		a.Message = explain(a, reason)
		s.p.opts.Blocked(a)
	}
	return &refused{reason}
}

// ask puts one question at a time about a host and port. The answer yes holds
// for as long as the service, even if it comes when the client has given up.
func (s *Service) ask(ctx context.Context, a proto.Attempt) bool {
	key := fmt.Sprintf("%s %d", a.Host, a.Port)
	s.mu.Lock()
	wait := s.asking[key]
	switch {
	case s.granted[key]:
		s.mu.Unlock()
		return true
	case wait != nil:
	case s.ending || len(s.asking) >= maxAsked:
		s.mu.Unlock()
		return false
	default:
		wait = make(chan struct{})
		s.asking[key] = wait
		s.done.Go(func() {
			ok := s.p.opts.Ask(s.ctx, a)
			s.mu.Lock()
			defer s.mu.Unlock()
			if ok && len(s.granted) < maxReported {
				s.granted[key] = true
			}
			delete(s.asking, key)
			close(wait)
		})
	}
	s.mu.Unlock()
	select {
	case <-wait:
	case <-ctx.Done():
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.granted[key]
}
