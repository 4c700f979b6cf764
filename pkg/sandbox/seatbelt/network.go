package seatbelt

import (
	"maps"
	"slices"
	"strconv"

	"codex/pkg/policy"
)

// network writes the rules for sockets. Off is no rule at all.
func (b *builder) network(pol policy.Policy, o Options) {
	sockets := o.UnixSockets
	switch p := pol.Proxy; {
	case pol.Network:
		b.allow("network-outbound")
		b.allow("network-inbound")
		b.allow("network-bind")
		b.services()
	case p != nil && len(o.ProxyPorts) > 0:
		var ports []string
		for _, n := range o.ProxyPorts {
			ports = append(ports, `(remote ip "localhost:`+strconv.Itoa(n)+`")`)
		}
		b.allow("network-outbound", ports...)
		if p.LocalBinding {
			b.allow("network-bind network-inbound", `(local ip "localhost:*")`)
			b.allow("network-outbound", `(remote ip "localhost:*")`, `(remote ip "*:53")`)
		}
		if p.AllUnixSockets {
			b.allow("network-bind", `(local unix-socket (path-regex #"^/"))`)
			b.allow("network-outbound", `(remote unix-socket (path-regex #"^/"))`)
		}
		allowed := map[string]bool{}
		for at, word := range p.UnixSockets {
			allowed[at] = word == policy.SocketAllow
		}
		for _, at := range slices.Sorted(maps.Keys(allowed)) {
			if allowed[at] {
				sockets = append(sockets[:len(sockets):len(sockets)], at)
			}
		}
		b.services()
	}
	for i, at := range sockets {
		in := subpath(b.param(numbered("UNIX_SOCKET_PATH", i), b.name(at)))
		b.allow("network-bind", "(local unix-socket "+in+")")
		b.allow("network-outbound", "(remote unix-socket "+in+")")
	}
}

// services are the ones that look up names and judge certificates for a
// program, and the socket that tells of changes of the network.
func (b *builder) services() {
	b.allow("mach-lookup", quoted("global-name", "com.apple.bsd.dirhelper", "com.apple.system.opendirectoryd.membership",
		"com.apple.SecurityServer", "com.apple.networkd", "com.apple.ocspd", "com.apple.trustd.agent",
		"com.apple.SystemConfiguration.DNSConfiguration", "com.apple.SystemConfiguration.configd")...)
	b.allow("system-socket", "(require-all (socket-domain AF_SYSTEM) (socket-protocol 2))")
}
