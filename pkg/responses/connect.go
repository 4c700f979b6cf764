package responses

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
)

// sendFailed is the error of a request that got no answer, with its cause in words. What
// is wrong here and will be wrong again is not tried again.
func (c *Client) sendFailed(where string, err error) *Error {
	if op, ok := errors.AsType[*net.OpError](err); c.ep.Absent != "" && ok && op.Op == "dial" {
		return &Error{Message: c.ep.Absent, Kind: KindConnectionFailed, Err: err}
	}
	text := "error sending request for url (" + where + "): " + cause(err)
	if lasting(err) {
		return &Error{Message: text, Kind: KindConnectionFailed, Err: err}
	}
	e := disconnected(text)
	e.Err, e.again = err, true
	return e
}

// lasting says whether an error is about the server's address, its certificate or what it
// speaks, not about the network.
func lasting(err error) bool {
	var (
		verify    *tls.CertificateVerificationError
		authority x509.UnknownAuthorityError
		host      x509.HostnameError
		invalid   x509.CertificateInvalidError
		record    tls.RecordHeaderError
		address   *net.AddrError
	)
	return errors.As(err, &address) || errors.As(err, &verify) || errors.As(err, &authority) || errors.As(err, &host) || errors.As(err, &invalid) || errors.As(err, &record) ||
		errors.Is(err, http.ErrSchemeMismatch)
}

// cause is the innermost of what went wrong, without the address and the steps that lead
// there.
func cause(err error) string {
	var (
		op     *net.OpError
		sys    *os.SyscallError
		dns    *net.DNSError
		u      *url.Error
		record tls.RecordHeaderError
	)
	switch {
	case errors.As(err, &dns):
		return "no address for " + dns.Name + ": " + dns.Err
	case errors.As(err, &record), errors.Is(err, http.ErrSchemeMismatch):
		return "the server does not speak TLS; perhaps its address begins with http://"
	case errors.As(err, &sys):
		return sys.Err.Error()
	case errors.As(err, &op):
		return op.Err.Error()
	case errors.As(err, &u):
		return u.Err.Error()
	}
	return err.Error()
}

// redirectError is for a redirect that is not followed.
func redirectError(resp *http.Response) *Error {
	why := "has no address"
	if at, err := resp.Location(); err == nil {
		at.User, at.RawQuery = nil, ""
		why = "leads to " + shown(at.String())
	}
	return &Error{Message: fmt.Sprintf("unexpected status %s: the redirect %s and is not followed; if that is the right server, put its address into base_url, url: %s",
		statusText(resp.StatusCode), why, resp.Request.URL.Redacted()), Kind: KindOther, HTTPStatus: resp.StatusCode, Header: resp.Header}
}

// checkHeader refuses a header that can't be sent; it can't be sent the next time either.
func checkHeader(h http.Header) error {
	for name, values := range h {
		if strings.ContainsFunc(name, func(r rune) bool { return r <= ' ' || r >= 0x7f || strings.ContainsRune(`"(),/:;<=>?@[\]{}`, r) }) || name == "" {
			return &Error{Message: fmt.Sprintf("the header name %q can't be sent", name), Kind: KindOther}
		}
		for _, v := range values {
			for i := range len(v) {
				if c := v[i]; c < ' ' && c != '\t' || c == 0x7f {
					return &Error{Message: fmt.Sprintf("the header %s can't be sent: its value has the control character %#02x", name, c), Kind: KindOther}
				}
			}
		}
	}
	return nil
}
