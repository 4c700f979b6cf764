package mcp

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"strings"

	sdk "github.com/modelcontextprotocol/go-sdk/mcp"
	"github.com/tidwall/gjson"

	"codex/pkg/config"
	"codex/pkg/jsonrpc"
	"codex/pkg/webclient"
)

// httpTransport is the way to the address of a server.
func (c *Client) httpTransport(ctx context.Context) (sdk.Transport, error) {
	u, err := url.Parse(c.server.URL)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return nil, fmt.Errorf("%q is no address of a server", c.server.URL)
	}
	headers, err := c.headers(ctx)
	if err != nil {
		return nil, err
	}
	t := http.DefaultTransport.(*http.Transport).Clone()
	t.MaxResponseHeaderBytes, t.Proxy = 1<<20, webclient.Proxy
	var next http.RoundTripper = &requests{next: t, headers: headers, host: u.Host, scheme: u.Scheme}
	if c.opts.Authorize != nil && headers.Get("Authorization") == "" {
		next = c.opts.Authorize(c.server, next)
	}
	return &sdk.StreamableClientTransport{Endpoint: c.server.URL, MaxEventSize: maxMessage, HTTPClient: &http.Client{
		Transport:     &door{next, c},
		CheckRedirect: webclient.Refuse,
	}}, nil
}

// headers are those of the settings, which every request has.
func (c *Client) headers(ctx context.Context) (http.Header, error) {
	h := http.Header{}
	for name, v := range c.server.Headers {
		value, err := c.opts.reveal(ctx, c.server, v)
		if err != nil {
			return nil, err
		}
		h.Set(name, value)
	}
	for name, variable := range c.server.EnvHeaders {
		if value, err := c.opts.reveal(ctx, c.server, config.Secret{Env: variable}); err == nil {
			h.Set(name, value)
		}
	}
	if v := c.server.BearerTokenVar; v != "" {
		token, err := c.opts.reveal(ctx, c.server, config.Secret{Env: v})
		if err != nil {
			return nil, err
		}
		h.Set("Authorization", "Bearer "+token)
	}
	return h, nil
}

// door keeps the server's word that it wants a login: the library goes on to ask it in other
// ways, and would tell how those went.
type door struct {
	next http.RoundTripper
	c    *Client
}

// RoundTrip implements http.RoundTripper.
func (d *door) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := d.next.RoundTrip(r)
	var refused *LoginError
	switch {
	case errors.As(err, &refused):
	case err == nil && resp.StatusCode == http.StatusUnauthorized && r.Method == http.MethodPost:
		resp.Body.Close()
		refused = &LoginError{Server: d.c.server.Name}
	default:
		return resp, err
	}
	d.c.refused.CompareAndSwap(nil, refused)
	return nil, refused
}

// requests puts headers into requests to the server, bounds its answers, and keeps the bytes of
// those that somebody waits for.
type requests struct {
	next         http.RoundTripper
	headers      http.Header
	host, scheme string
}

// RoundTrip implements http.RoundTripper.
func (w *requests) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.URL.Host != w.host || r.URL.Scheme != w.scheme {
		return nil, webclient.ErrElsewhere // no header of ours goes there
	}
	r = r.Clone(r.Context())
	maps.Copy(r.Header, w.headers)
	got, _ := r.Context().Value(captureKey{}).(*capture)
	var sent []byte
	if got != nil {
		got.left()
	}
	if got != nil && r.Method == http.MethodPost && r.GetBody != nil {
		if body, err := r.GetBody(); err == nil {
			sent, _ = io.ReadAll(body)
		}
	}
	resp, err := w.next.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	b := &body{ReadCloser: resp.Body, events: strings.HasPrefix(resp.Header.Get("Content-Type"), "text/event-stream")}
	if id := gjson.GetBytes(sent, "id"); id.Exists() && resp.StatusCode/100 == 2 {
		b.got, b.id = got, id.Raw
	}
	resp.Body = b
	return resp, nil
}

// body is an answer, read by who waits for it. A message of it may be so long and no longer.
type body struct {
	io.ReadCloser
	events bool
	got    *capture
	id     string
	buf    []byte // of the message, or the line of an event, that is being read
	size   int
}

var errTooLong = fmt.Errorf("it sent a message of more than %d MiB", maxMessage>>20)

// Read implements io.Reader.
func (b *body) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if lineEnd := bytes.LastIndexByte(p[:n], '\n'); b.events && lineEnd >= 0 {
		b.size = n - lineEnd
	} else if b.size += n; b.size > maxMessage {
		return 0, errTooLong
	}
	if b.got != nil {
		b.keep(p[:n], err)
	}
	return n, err
}

// keep looks for the answer in what has been read.
func (b *body) keep(part []byte, err error) {
	if !b.events {
		if b.buf = append(b.buf, part...); err == io.EOF {
			b.answer(b.buf)
		}
		return
	}
	for {
		i := bytes.IndexByte(part, '\n')
		if i < 0 {
			b.buf = append(b.buf, part...)
			return
		}
		line := append(b.buf, part[:i]...)
		if data, ok := bytes.CutPrefix(line, []byte("data:")); ok {
			b.answer(data)
		}
		b.buf, part = b.buf[:0], part[i+1:]
	}
}

// answer keeps the result of the message that answers the request.
func (b *body) answer(message []byte) {
	if b.got == nil || !jsonrpc.Valid(bytes.TrimSpace(message)) || gjson.GetBytes(message, "id").Raw != b.id {
		return
	}
	if r := gjson.GetBytes(message, "result"); r.Exists() {
		if raw, err := oneLine([]byte(r.Raw)); err == nil { // it goes into lines as it is
			b.got.set(raw)
		}
	}
}
