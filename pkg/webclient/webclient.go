// Package webclient is what the clients of HTTP that send credentials have in common: which
// redirects they follow, which proxy they go through, and where nobody else listens.
//
// Ground layer; it imports the standard library only.
package webclient

import (
	"errors"
	"net"
	"net/http"
	"net/url"
	"strings"
)

// most is how many requests are sent for one.
const most = 5

// Stays says whether a redirect leads to the server that from was sent to, by the same way,
// and is the same request still. Any other would take credentials, and what is said, to a
// place that nobody has named, or in clear, or would lose what was sent.
func Stays(to, from *http.Request) bool {
	return to.URL.Scheme == from.URL.Scheme && strings.EqualFold(to.URL.Host, from.URL.Host) && to.URL.User == nil && to.Method == from.Method
}

// Redirect is the CheckRedirect of a client: of a redirect that does not stay, the answer is
// the redirect.
func Redirect(to *http.Request, via []*http.Request) error {
	if Refuse(to, via) != nil {
		return http.ErrUseLastResponse
	}
	return nil
}

// Refuse is the CheckRedirect of a client for which a redirect that does not stay is an error.
func Refuse(to *http.Request, via []*http.Request) error {
	switch {
	case !Stays(to, via[0]):
		return ErrElsewhere
	case len(via) >= most:
		return errEndless
	}
	return nil
}

// ErrElsewhere is the error of a redirect that is not followed.
var ErrElsewhere = errors.New("the server redirects to another place: not followed")

var errEndless = errors.New("the server redirects without end")

// Proxy is the proxy that the environment names for a request. An address that cannot be
// read is not told: it may have a password.
func Proxy(r *http.Request) (*url.URL, error) {
	proxy, err := http.ProxyFromEnvironment(r)
	if err != nil {
		return nil, errors.New("the proxy's address in the environment cannot be read")
	}
	return proxy, nil
}

// Confined is Proxy for a client with a CheckRedirect of its own that lets too much pass.
func Confined(r *http.Request) (*url.URL, error) {
	if before := r.Response; before != nil && (before.Request == nil || !Stays(r, before.Request)) {
		return nil, ErrElsewhere
	}
	return Proxy(r)
}

// Loopback says whether a host of an address is this machine, so that what is sent there in
// clear is heard by nobody else.
func Loopback(host string) bool { return host == "localhost" || net.ParseIP(host).IsLoopback() }
