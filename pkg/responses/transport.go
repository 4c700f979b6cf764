package responses

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/asn1"
	"encoding/pem"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"time"

	"codex/pkg/foreign"
	"codex/pkg/shellenv"
	"codex/pkg/webclient"
)

// transport returns the HTTP client, made at the first request.
func (c *Client) transport(rawURL string) (*http.Client, error) {
	c.httpOnce.Do(func() {
		c.http, c.httpErr = HTTPClient(rawURL, c.lookup)
	})
	return c.http, c.httpErr
}

// HTTPClient is a client for one server: through the proxy that the environment names, but
// not to this machine, and with the certificates that it names. TLS is set up, and they are
// read, for https alone. lookup gives a variable. Credentials follow no redirect elsewhere.
func HTTPClient(rawURL string, lookup func(name string) string) (*http.Client, error) {
	u, err := url.Parse(rawURL)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return nil, &Error{Message: "bad model URL: " + rawURL + ": want http:// or https:// and a server", Kind: KindOther, Err: err}
	}
	t := &http.Transport{
		DisableCompression:  true, // the original doesn't ask for it, and it delays deltas
		ReadBufferSize:      firstBuffer,
		WriteBufferSize:     32 << 10,
		MaxIdleConnsPerHost: 2,
		IdleConnTimeout:     90 * time.Second,

		MaxResponseHeaderBytes: 1 << 20,
	}
	dialer := &net.Dialer{Timeout: 30 * time.Second, KeepAlive: 30 * time.Second}
	if u.Scheme == "http" {
		t.Protocols = new(http.Protocols)
		t.Protocols.SetHTTP1(true)
	}
	if webclient.Loopback(u.Hostname()) {
		t.DialContext = dialLoopback(dialer)
	} else {
		t.DialContext = dialer.DialContext
		t.Proxy = webclient.Proxy
	}
	if u.Scheme == "https" {
		t.TLSHandshakeTimeout = 15 * time.Second
		t.ForceAttemptHTTP2 = true
		err = trust(t, lookup)
	}
	return &http.Client{Transport: t, CheckRedirect: webclient.Redirect}, err
}

// dialLoopback needs no resolver and no race of address families.
func dialLoopback(d *net.Dialer) func(context.Context, string, string) (net.Conn, error) {
	return func(ctx context.Context, network, addr string) (net.Conn, error) {
		host, port, err := net.SplitHostPort(addr)
		if err != nil || host != "localhost" {
			return d.DialContext(ctx, network, addr)
		}
		conn, err := d.DialContext(ctx, "tcp4", net.JoinHostPort("127.0.0.1", port))
		if err == nil || ctx.Err() != nil {
			return conn, err
		}
		return d.DialContext(ctx, "tcp6", net.JoinHostPort("::1", port))
	}
}

// trust adds the certificates of CODEX_CA_CERTIFICATE, else SSL_CERT_FILE, to the
// system's.
func trust(t *http.Transport, lookup func(name string) string) error {
	name := "CODEX_CA_CERTIFICATE"
	file := lookup(name)
	if file == "" {
		name = "SSL_CERT_FILE"
		file = lookup(name)
	}
	if file == "" {
		return nil
	}
	fail := func(err error) error {
		return &Error{Message: fmt.Sprintf("read CA certificates of %s: %v", name, err), Kind: KindOther, Err: err}
	}
	raw, err := foreign.ReadFile(file, 16<<20)
	if err != nil {
		return fail(err)
	}
	pool, err := x509.SystemCertPool()
	if err != nil {
		pool = x509.NewCertPool()
	}
	n, err := addCertificates(pool, raw)
	if err != nil {
		return fail(fmt.Errorf("%s: %w", file, err))
	}
	if n == 0 {
		return fail(fmt.Errorf("%s: no certificate in it", file))
	}
	t.TLSClientConfig = &tls.Config{RootCAs: pool}
	return nil
}

// addCertificates also takes OpenSSL's TRUSTED CERTIFICATE blocks, which carry trust
// settings behind the certificate; other blocks are passed over.
func addCertificates(pool *x509.CertPool, raw []byte) (n int, err error) {
	for {
		var b *pem.Block
		if b, raw = pem.Decode(raw); b == nil {
			return n, nil
		}
		der := b.Bytes
		switch b.Type {
		case "CERTIFICATE":
		case "TRUSTED CERTIFICATE":
			var first asn1.RawValue
			if _, err := asn1.Unmarshal(der, &first); err != nil {
				return n, err
			}
			der = first.FullBytes
		default:
			continue
		}
		cert, err := x509.ParseCertificate(der)
		if err != nil {
			return n, err
		}
		pool.AddCert(cert)
		n++
	}
}

// lookup reads a variable of the endpoint's environment.
func (c *Client) lookup(name string) string { return shellenv.Map(c.ep.Env)[name] }
