package otel

import (
	"errors"
	"fmt"
	"io"
	"net/url"
	"strings"
	"sync"
)

// faults says what goes wrong, once: an exporter that fails does so again and again.
type faults struct {
	stderr io.Writer
	mu     sync.Mutex
	said   bool
}

func (f *faults) say(text string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if !f.said {
		fmt.Fprintf(f.stderr, "%s: %s\n", program, text)
	}
	f.said = true
}

func (f *faults) any() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.said
}

// failed takes an error of one exporter. Its address may hold a secret, and is not shown
// but for the host.
func (f *faults) failed(what, endpoint string, err error) {
	host := "its endpoint"
	if u, parseErr := url.Parse(endpoint); parseErr == nil && u.Host != "" {
		host = u.Host
	}
	if at, ok := errors.AsType[*url.Error](err); ok {
		err = at.Err
	}
	text := strings.ReplaceAll(err.Error(), endpoint, host)
	first, _, _ := strings.Cut(text, "\n")
	first, _, _ = strings.Cut(first, " (body: ") // a server's words may repeat what it was sent
	f.say(fmt.Sprintf("%s cannot be sent to %s: %s", what, host, first))
}
