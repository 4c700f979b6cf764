package relay

import (
	"fmt"
	"net"
	"net/url"
	"strings"
)

// target are the addresses below a base URL.
type target struct{ enroll, refresh, socket string }

// parseTarget holds a base URL against the rule that keeps credentials where they belong:
// the service's own hosts over https, or this machine. A relay of the user's own has
// credentials of its own, and may be anywhere that https protects.
func parseTarget(base string, own bool) (target, error) {
	u, err := url.Parse(base)
	if err != nil {
		return target{}, fmt.Errorf("invalid remote control URL `%s`: %w", base, err)
	}
	host := u.Hostname()
	switch {
	case u.Scheme == "https" && (own && host != "" || local(host) || service(host)):
	case u.Scheme == "http" && local(host):
	case own:
		return target{}, fmt.Errorf("invalid remote control URL `%s`; expected an HTTPS URL, or an HTTP URL for localhost", base)
	default:
		return target{}, fmt.Errorf("invalid remote control URL `%s`; expected HTTPS URL for chatgpt.com or chatgpt-staging.com, or HTTP/HTTPS URL for localhost", base)
	}
	socket := u.JoinPath("wham/remote/control/server")
	t := target{enroll: socket.JoinPath("enroll").String(), refresh: socket.JoinPath("refresh").String()}
	socket.Scheme = "ws" + strings.TrimPrefix(u.Scheme, "http")
	t.socket = socket.String()
	return t, nil
}

func local(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

func service(host string) bool {
	for _, s := range []string{"chatgpt.com", "chatgpt-staging.com"} {
		if host == s || strings.HasSuffix(host, "."+s) {
			return true
		}
	}
	return false
}
