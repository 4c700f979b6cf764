package policy

// ProxySettings say how the network of a profile is narrowed: connections go
// through a proxy on the loopback interface, which lets only what is allowed
// pass. In a Profile they are in Proxy beside a Network that is true, in a
// Policy beside one that is false. A profile without them whose Network is set has the
// open network; one whose Network is not set has none, whatever they say.
//
// The JSON names are the keys of [permissions.NAME.network].
type ProxySettings struct {
	// ProxyURL is where the HTTP proxy listens, SocksURL the SOCKS5 one; "" is
	// DefaultProxyURL and DefaultSocksURL. Addresses other than the loopback's
	// are moved there unless AllowNonLoopback is set.
	ProxyURL string `json:"proxy_url,omitempty"`
	SocksURL string `json:"socks_url,omitempty"`
	// Socks5 starts the SOCKS5 listener, Socks5UDP lets it relay datagrams.
	// Both are on when nobody said otherwise: see DefaultProxy.
	Socks5    bool `json:"enable_socks5" schema:"opt"`
	Socks5UDP bool `json:"enable_socks5_udp" schema:"opt"`
	// UpstreamProxy lets the proxy itself go through one that the environment names.
	UpstreamProxy bool `json:"allow_upstream_proxy" schema:"opt"`
	// Mode is ProxyFull or ProxyLimited; "" is ProxyFull.
	Mode string `json:"mode,omitempty"`
	// Domains maps a host pattern to DomainAllow or DomainDeny: a name, "*.x"
	// (below x), "**.x" (x and below) or "*" (all). Deny beats allow; without
	// any that is allowed, nothing is.
	Domains map[string]string `json:"domains,omitempty"`
	// UnixSockets maps the absolute path of a socket to SocketAllow or SocketNone.
	UnixSockets map[string]string `json:"unix_sockets,omitempty"`
	// LocalBinding lets commands listen on the loopback interface, and reach
	// local and private addresses.
	LocalBinding bool `json:"allow_local_binding,omitempty"`
	// AllowNonLoopback and AllUnixSockets are the two dangerously_... keys.
	AllowNonLoopback bool `json:"dangerously_allow_non_loopback_proxy,omitempty"`
	AllUnixSockets   bool `json:"dangerously_allow_all_unix_sockets,omitempty"`
}

// Values of ProxySettings.Mode.
const (
	ProxyFull    = "full"    // any method
	ProxyLimited = "limited" // GET, HEAD and OPTIONS only
)

// Values of ProxySettings.Domains and ProxySettings.UnixSockets.
const (
	DomainAllow = "allow"
	DomainDeny  = "deny"
	SocketAllow = "allow"
	SocketNone  = "none" // 0.133; later versions say "deny"
)

// DefaultProxy is the proxy that a profile has which sets none of the keys.
func DefaultProxy() ProxySettings {
	return ProxySettings{Socks5: true, Socks5UDP: true, UpstreamProxy: true, Mode: ProxyFull}
}
