package responses

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"codex/pkg/rustlog"
)

const (
	maxErrorBody = 1 << 20
	// drainBytes and drainTime are what the end of an answer may still take after
	// response.completed for the connection to be kept.
	drainBytes = 64 << 10
	drainTime  = 2 * time.Second
)

// URL is the address requests go to; path is "/responses" or what lies beside it.
func (ep Endpoint) URL(path string) string {
	u := strings.TrimRight(ep.BaseURL, "/") + path
	if q := strings.TrimPrefix(ep.Query, "?"); q != "" {
		u += "?" + legal(q)
	}
	return u
}

// legal escapes what can't stand in a request line; everything else stays as configured.
func legal(query string) string {
	var b strings.Builder
	for i := range len(query) {
		if c := query[i]; c <= ' ' || c >= 0x7f {
			fmt.Fprintf(&b, "%%%02X", c)
		} else {
			b.WriteByte(c)
		}
	}
	return b.String()
}

func (c *Client) streamHTTP(ctx context.Context, req Request, onMeta func(Meta), onEvent func(Event) error) error {
	rctx, cancel := context.WithCancelCause(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, func() { cancel(context.Cause(ctx)) })
	defer stop()
	w := newIdle(c.ep.IdleTimeout, cancel)
	defer w.stop()

	url := c.ep.URL("/responses")
	resp, err := c.send(rctx, http.MethodPost, url, req, "text/event-stream")
	if err != nil {
		e := c.sendError(ctx, rctx, url, err)
		cancel(nil)
		return e
	}
	if resp.StatusCode/100 != 2 {
		e := c.responseError(resp)
		resp.Body.Close()
		cancel(nil)
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		return e
	}
	onMeta(ParseMeta(resp.Header))
	s := &stream{c: c, watched: c.watch(), onMeta: onMeta, onEvent: onEvent, where: resp.Request.URL.Redacted(), content: resp.Header.Get("Content-Type")}
	body, err := decoded(resp)
	if err == nil {
		s.sc = newScanner(body, false, c.waiting(w))
		err = s.run()
	}
	if err != nil {
		cause := context.Cause(rctx)
		cancel(nil)
		resp.Body.Close()
		return c.readError(ctx, cause, err)
	}
	w.stop()
	c.drain(resp.Body, cancel)
	return nil
}

// drain reads the rest of an answer, which is nearly always the last chunk mark alone,
// so that the next request finds the connection open.
func (c *Client) drain(body io.ReadCloser, cancel context.CancelCauseFunc) {
	c.wg.Go(func() {
		defer cancel(nil)
		stop := context.AfterFunc(c.life, func() { cancel(nil) })
		defer stop()
		t := time.AfterFunc(drainTime, func() { cancel(nil) })
		defer t.Stop()
		io.Copy(io.Discard, io.LimitReader(body, drainBytes))
		body.Close()
	})
}

// responseError reads a refusal.
func (c *Client) responseError(resp *http.Response) *Error {
	where := resp.Request.URL.Redacted()
	if resp.StatusCode/100 == 3 {
		return redirectError(resp)
	}
	body, err := decoded(resp)
	if err != nil {
		return c.statusError(resp.StatusCode, resp.Header, []byte(err.Error()), where)
	}
	b, _ := io.ReadAll(io.LimitReader(body, maxErrorBody)) // what can't be read changes nothing about the status
	return c.statusError(resp.StatusCode, resp.Header, b, where)
}

// bare is an address without what may be secret in it.
func bare(u *url.URL) string { return u.Scheme + "://" + u.Host + u.Path }

// unwrapped is an error without the address that it was met at.
func unwrapped(err error) error {
	if at, ok := errors.AsType[*url.Error](err); ok {
		return at.Err
	}
	return err
}

func (c *Client) send(ctx context.Context, method, url string, req Request, accept string) (*http.Response, error) {
	h, err := c.transport(url)
	if err != nil {
		return nil, err
	}
	r, err := http.NewRequestWithContext(ctx, method, url, bytes.NewReader(req.Body))
	if err != nil {
		return nil, &Error{Message: "bad model URL: " + err.Error(), Kind: KindOther, Err: err}
	}
	for k, vs := range c.ep.Header {
		r.Header[http.CanonicalHeaderKey(k)] = vs
	}
	r.Header.Set("Accept", accept)
	if method == http.MethodPost {
		r.Header.Set("Content-Type", "application/json")
	}
	for _, kv := range req.Header {
		r.Header.Set(kv[0], kv[1])
	}
	if req.Authorization != nil {
		r.Header.Set("Authorization", req.Authorization())
	}
	if host := r.Header.Get("Host"); host != "" {
		r.Host = host
	}
	if err := checkHeader(r.Header); err != nil {
		return nil, err
	}
	if c.ep.Sign != nil {
		if err := c.ep.Sign(r, req.Body); err != nil {
			return nil, err
		}
	}
	begun := time.Now()
	resp, err := h.Do(r)
	c.requested(r, req.attempt, begun, resp, err)
	switch {
	case err == nil && c.log.On(rustlog.Debug):
		c.log.Debug("Request completed", "method", method, "url", bare(r.URL), "status", resp.StatusCode, "bytes", len(req.Body))
	case err != nil && c.log.On(rustlog.Error):
		c.log.Error("request failed", "method", method, "url", bare(r.URL), "error", unwrapped(err))
	}
	return resp, err
}

// sendError is for a request that got no answer. rctx tells whose fault it was.
func (c *Client) sendError(ctx, rctx context.Context, url string, err error) error {
	var own *Error
	switch {
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case errors.Is(context.Cause(rctx), errIdle):
		return idleError()
	case errors.As(err, &own):
		return own
	}
	return c.sendFailed(url, err)
}

// readError is for a stream that did not reach response.completed.
func (c *Client) readError(ctx context.Context, ended, err error) error {
	var own *Error
	var caller callerError
	switch {
	case errors.As(err, &caller):
		return caller.error
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case errors.Is(ended, errIdle):
		return idleError()
	case errors.As(err, &own):
		return own
	}
	what := "Transport error: network error: error decoding response body"
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) {
		what += ": " + cause(err)
	}
	e := disconnected(what)
	e.Err = err
	return e
}

func idleError() *Error {
	e := disconnected(errIdle.Error())
	e.Err = errIdle
	return e
}
