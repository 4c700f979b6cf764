//go:build !linux

package keeper

import (
	"net/netip"

	"codex/pkg/netproxy/proto"
	"codex/pkg/sandbox"
)

// ports has the proxy listen on the host's loopback interface, on ports of the
// system's choice.
func (l *Lease) ports(socks bool) (*sandbox.Proxy, error) {
	params := proto.ListenParams{ID: l.id, HTTP: "127.0.0.1:0"}
	if socks {
		params.Socks = "127.0.0.1:0"
	}
	var at proto.ListenResult
	if err := l.proxy.call(proto.Listen, params, &at); err != nil {
		return nil, err
	}
	web, err := netip.ParseAddrPort(at.HTTP)
	if err != nil {
		return nil, err
	}
	p := &sandbox.Proxy{HTTP: web.Port()}
	if socks {
		s, err := netip.ParseAddrPort(at.Socks)
		if err != nil {
			return nil, err
		}
		p.Socks = s.Port()
	}
	return p, nil
}
