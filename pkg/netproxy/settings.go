package netproxy

import (
	"fmt"
	"net"
	"net/netip"

	"codex/pkg/netproxy/hosts"
	"codex/pkg/policy"
)

// FromSettings turns the network settings of a profile into options. env is
// where the proxies in front of us are named. Unix sockets and listeners
// beyond the loopback interface are not served, whatever the settings say.
func FromSettings(s policy.ProxySettings, env []string) (Options, error) {
	rules, err := hosts.New(s.Domains, s.LocalBinding)
	if err != nil {
		return Options{}, err
	}
	o := Options{Rules: rules}
	switch s.Mode {
	case "", policy.ProxyFull:
	case policy.ProxyLimited:
		o.Limited = true
	default:
		return Options{}, fmt.Errorf("unknown network mode %q, expected %s or %s", s.Mode, policy.ProxyFull, policy.ProxyLimited)
	}
	if s.UpstreamProxy {
		o.Upstream = UpstreamFrom(env)
	}
	return o, nil
}

// listen opens a listener on an address of the loopback interface; anything
// else would be a proxy for the neighbourhood.
func listen(addr string) (net.Listener, error) {
	ap, err := netip.ParseAddrPort(addr)
	if err != nil {
		return nil, fmt.Errorf("listen on %q: not an address and port", addr)
	}
	if !ap.Addr().Unmap().IsLoopback() {
		return nil, fmt.Errorf("listen on %s: not an address of the loopback interface", addr)
	}
	l, err := net.Listen("tcp", ap.String())
	if err != nil {
		return nil, fmt.Errorf("listen on %s: %w", addr, err)
	}
	return l, nil
}
