package netproxy

import (
	"context"
	"net/netip"
	"strings"
	"testing"
)

// FuzzWeb: whatever a client sends, nothing outside the list is looked up or reached.
func FuzzWeb(f *testing.F) {
	for _, s := range []string{"GET http://a.test/ HTTP/1.1\r\nHost: b\r\n\r\n", "CONNECT evil.com:443 HTTP/1.1\r\nHost: a.test\r\n\r\n",
		"GET http://a.test@evil.com/ HTTP/1.1\r\n\r\n", "GET http://evil.com\\@a.test/ HTTP/1.1\r\n\r\n", "GET //evil.com/ HTTP/1.1\r\nHost: a.test:1\r\n\r\n",
		"OPTIONS * HTTP/1.1\r\nHost: evil.com\r\n\r\n", "GET http://a.test:1/ HTTP/1.1\r\nHost: a\r\n\r\nGET http://evil.com/ HTTP/1.1\r\nHost: a\r\n\r\n",
		"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "GET http://[::ffff:127.0.0.1]:1/ HTTP/1.1\r\nHost: a\r\n\r\n"} {
		f.Add(s)
	}
	fr := fuzzFront(f)
	f.Fuzz(func(t *testing.T, s string) {
		raw(t, fr.web, s)
		fr.onlyListed(t)
	})
}

// FuzzSocks is FuzzWeb for the other listener.
func FuzzSocks(f *testing.F) {
	for _, s := range []string{"\x05\x01\x00\x05\x01\x00\x03\x06a.test\x00\x01", "\x05\x01\x00\x05\x01\x00\x01\x7f\x00\x00\x01\x00\x01", "\x05\x02\x02\x00\x05\x03\x00\x03\x00\x00\x00"} {
		f.Add([]byte(s))
	}
	fr := fuzzFront(f)
	f.Fuzz(func(t *testing.T, s []byte) {
		raw(t, fr.socks, string(s))
		fr.onlyListed(t)
	})
}

// fuzzFront allows a.test and the names below it, all of which lead inside, so that
// nothing is ever dialled.
func fuzzFront(f *testing.F) *front {
	return newFront(f, "**.a.test", func(o *Options) {
		record := o.Lookup
		o.Lookup = func(ctx context.Context, name string) ([]netip.Addr, error) {
			record(ctx, name)
			return []netip.Addr{netip.MustParseAddr("10.0.0.1")}, nil
		}
	})
}

func (f *front) onlyListed(t *testing.T) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, name := range f.lookups {
		if name != "a.test" && !strings.HasSuffix(name, ".a.test") {
			t.Errorf("looked up %q", name)
		}
	}
	f.lookups = f.lookups[:0]
}
