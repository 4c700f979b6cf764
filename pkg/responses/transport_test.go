package responses

import (
	"codex/pkg/webclient"
	"context"
	"encoding/pem"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestCertificates holds that a CA file is trusted, that CODEX_CA_CERTIFICATE comes
// first, and that a bad one is an error that is not repeated.
func TestCertificates(t *testing.T) {
	proto := ""
	srv := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		proto = r.Proto
		io.WriteString(w, event(completed))
	}))
	srv.EnableHTTP2 = true
	srv.StartTLS()
	defer srv.Close()
	dir := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	cert := srv.Certificate().Raw
	good := write("good.pem", "a comment\n"+string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert})))
	trusted := write("trusted.pem", string(pem.EncodeToMemory(&pem.Block{Type: "TRUSTED CERTIFICATE", Bytes: append(append([]byte{}, cert...), 0x30, 0)})))
	empty := write("empty.pem", "nothing")
	broken := write("broken.pem", string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: []byte("x")})))
	for _, tt := range []struct {
		env  []string
		fail string
	}{
		{[]string{"SSL_CERT_FILE=" + good}, ""},
		{[]string{"CODEX_CA_CERTIFICATE=" + trusted, "SSL_CERT_FILE=/none"}, ""},
		{[]string{"CODEX_CA_CERTIFICATE=", "SSL_CERT_FILE=" + good}, ""},
		{[]string{}, ": tls: failed to verify certificate: x509: "},
		{[]string{"CODEX_CA_CERTIFICATE=" + filepath.Join(dir, "none")}, "read CA certificates of CODEX_CA_CERTIFICATE: "},
		{[]string{"SSL_CERT_FILE=" + empty}, "no certificate in it"},
		{[]string{"SSL_CERT_FILE=" + broken}, "read CA certificates of SSL_CERT_FILE: "},
	} {
		c := NewClient(Endpoint{BaseURL: srv.URL, Env: tt.env})
		err := c.Stream(context.Background(), Request{}, nil, func(Event) error { return nil })
		c.Close()
		var e *Error
		switch {
		case tt.fail == "" && (err != nil || proto != "HTTP/2.0"):
			t.Errorf("%v: %v, %s", tt.env, err, proto)
		case tt.fail != "" && (!errors.As(err, &e) || !strings.Contains(e.Message, tt.fail)):
			t.Errorf("%v: %v", tt.env, err)
		case tt.fail != "" && e.Retryable:
			t.Errorf("%v: retryable %v", tt.env, e.Retryable)
		}
	}
}

func TestLocalhost(t *testing.T) {
	url, _ := serve(t, answer{body: event(completed)})
	_, port, err := net.SplitHostPort(strings.TrimPrefix(url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	c := NewClient(Endpoint{BaseURL: "http://localhost:" + port})
	defer c.Close()
	if err := c.Stream(context.Background(), Request{}, nil, func(Event) error { return nil }); err != nil {
		t.Error(err)
	}
	for host, want := range map[string]bool{"localhost": true, "127.0.0.9": true, "::1": true, "example.org": false, "10.0.0.1": false, "": false} {
		if webclient.Loopback(host) != want {
			t.Errorf("%q: %v", host, !want)
		}
	}
}
