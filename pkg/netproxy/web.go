package netproxy

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httputil"
	"strings"
	"sync"

	"codex/pkg/netproxy/hosts"
	"codex/pkg/netproxy/proto"
)

// copySize is the buffer of one response on its way through.
const copySize = 32 << 10

func (s *Service) serveHTTP(l *bounded) {
	silent := log.New(io.Discard, "", 0)
	forward := &httputil.ReverseProxy{
		Rewrite:       s.rewrite,
		Transport:     s.p,
		FlushInterval: -1,
		ErrorLog:      silent,
		ErrorHandler:  s.forwardFailed,
		BufferPool:    &buffers{},
	}
	s.web = &http.Server{
		Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if !s.enter() {
				panic(http.ErrAbortHandler)
			}
			defer s.done.Done()
			if r.Method == http.MethodConnect {
				s.connect(w, r)
			} else {
				s.request(w, r, forward)
			}
		}),
		ReadHeaderTimeout: headTime,
		IdleTimeout:       idleTime,
		MaxHeaderBytes:    maxHeader,
		ErrorLog:          silent,
		BaseContext:       func(net.Listener) context.Context { return s.ctx },
	}
	s.done.Go(func() { _ = s.web.Serve(l) }) // until the listener ends
}

// buffers is a pool for httputil.
type buffers struct{ pool sync.Pool }

func (b *buffers) Get() []byte {
	if p, ok := b.pool.Get().(*[copySize]byte); ok {
		return p[:]
	}
	return make([]byte, copySize)
}

func (b *buffers) Put(p []byte) { b.pool.Put((*[copySize]byte)(p)) }

// target is the host that a request is for, in its one spelling.
type target struct {
	host hosts.Host
	port uint16
}

type targetKey struct{}

// request forwards a plain request. One without a host in its first line goes
// to that of its Host header.
func (s *Service) request(w http.ResponseWriter, r *http.Request, forward http.Handler) {
	switch {
	case r.Header.Get("X-Unix-Socket") != "":
		http.Error(w, "unix sockets are not supported", http.StatusNotImplemented)
		return
	case r.URL.Scheme != "" && r.URL.Scheme != "http":
		http.Error(w, "only http:// requests are forwarded; https needs CONNECT", http.StatusBadRequest)
		return
	}
	h, port, err := hosts.Split(r.Host, 80)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	a := proto.Attempt{ID: s.id, Protocol: proto.ProtocolHTTP, Host: h.String(), Port: port}
	if err := s.check(r.Context(), a, h); err != nil {
		answer(w, a, err)
		return
	}
	if s.p.opts.Limited && !harmless(r.Method) {
		a.Method = r.Method
		answer(w, a, s.block(a, proto.ReasonMethod))
		return
	}
	forward.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), targetKey{}, target{h, port})))
}

func harmless(method string) bool {
	return method == http.MethodGet || method == http.MethodHead || method == http.MethodOptions
}

// rewrite makes the request to the server: the host that was judged, and none
// of the headers that were for us.
func (s *Service) rewrite(r *httputil.ProxyRequest) {
	t := r.In.Context().Value(targetKey{}).(target)
	r.Out.URL.Scheme, r.Out.URL.Host = "http", t.host.Join(t.port)
	r.Out.Host = r.Out.URL.Host
	if t.port == 80 && !strings.HasSuffix(r.In.Host, ":80") {
		r.Out.Host = strings.TrimSuffix(r.Out.Host, ":80")
	}
	r.Out.Header.Del("Proxy-Connection")
	r.Out.Header.Del("Proxy-Authorization")
	if s.p.opts.Limited { // what comes after an upgrade has no methods
		r.Out.Header.Del("Upgrade")
		r.Out.Header.Del("Connection")
	}
}

// RoundTrip sends a request to its server, or to the proxy before it.
func (p *Proxy) RoundTrip(r *http.Request) (*http.Response, error) {
	up, err := p.upstream("http", r.URL.Host)
	switch {
	case err != nil:
		return nil, err
	case up != nil:
		return p.via.RoundTrip(r)
	}
	return p.direct.RoundTrip(r)
}

func (s *Service) forwardFailed(w http.ResponseWriter, r *http.Request, err error) {
	var no *refused
	if !errors.As(err, &no) {
		http.Error(w, "the server could not be reached: "+err.Error(), http.StatusBadGateway)
		return
	}
	t := r.Context().Value(targetKey{}).(target)
	a := proto.Attempt{ID: s.id, Protocol: proto.ProtocolHTTP, Host: t.host.String(), Port: t.port}
	answer(w, a, s.block(a, no.reason))
}

// connect makes a tunnel.
func (s *Service) connect(w http.ResponseWriter, r *http.Request) {
	h, port, err := hosts.Split(r.URL.Host, 0)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	a := proto.Attempt{ID: s.id, Protocol: proto.ProtocolConnect, Host: h.String(), Port: port}
	err = s.check(r.Context(), a, h)
	if err == nil && s.p.opts.Limited {
		err = s.block(a, proto.ReasonMitm)
	}
	if err != nil {
		answer(w, a, err)
		return
	}
	server, err := s.p.connect(r.Context(), h, port)
	if err != nil {
		if no, ok := errors.AsType[*refused](err); ok {
			answer(w, a, s.block(a, no.reason))
		} else {
			http.Error(w, "the server could not be reached: "+err.Error(), http.StatusBadGateway)
		}
		return
	}
	raw, buffered, err := http.NewResponseController(w).Hijack()
	if err != nil {
		server.Close()
		return
	}
	head, _ := buffered.Reader.Peek(buffered.Reader.Buffered())
	if _, err := io.WriteString(raw, "HTTP/1.1 200 Connection established\r\n\r\n"); err != nil {
		raw.Close()
		server.Close()
		return
	}
	tunnel(raw.(*conn), head, server)
}

// answer says no, in the original's shape: a header for programs, and the
// host, the reason and what to do for the person who reads it.
func answer(w http.ResponseWriter, a proto.Attempt, err error) {
	var no *refused
	if !errors.As(err, &no) {
		no = &refused{proto.ReasonPolicy}
	}
	text := explain(a, no.reason)
	w.Header().Set("X-Proxy-Error", headerOf(no.reason))
	var body []byte
	if a.Protocol == proto.ProtocolConnect {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		body = []byte(text + "\n")
	} else {
		w.Header().Set("Content-Type", "application/json")
		body, _ = json.Marshal(struct {
			Status   string `json:"status"`
			Host     string `json:"host"`
			Reason   string `json:"reason"`
			Decision string `json:"decision"`
			Source   string `json:"source"`
			Protocol string `json:"protocol"`
			Port     uint16 `json:"port"`
			Message  string `json:"message"`
		}{"blocked", a.Host, no.reason, "deny", sourceOf(no.reason), a.Protocol, a.Port, text})
	}
	w.WriteHeader(http.StatusForbidden)
	w.Write(body)
}
