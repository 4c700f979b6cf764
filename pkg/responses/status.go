package responses

import (
	"cmp"
	"encoding/base64"
	"fmt"
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/tidwall/gjson"

	"codex/pkg/jsonrpc"
)

// statusError turns an answer that is no stream into an error; where is its URL.
func (c *Client) statusError(status int, h http.Header, body []byte, where string) *Error {
	var w reason
	if jsonrpc.Valid(body) {
		w, _ = reasonIn(gjson.ParseBytes(body))
	} else if !isHTML(body) {
		w.message = strings.TrimSpace(valid(string(body)))
	}
	e := c.refusal(status, h, body, w, where)
	e.HTTPStatus, e.Header, e.Body, e.again = status, h, body, status >= 500
	if e.Retryable && (status == http.StatusTooManyRequests || status >= 500) {
		if e.RetryAfter = retryAfter(h, c.now()); e.RetryAfter == 0 {
			e.RetryAfter = tryAgainIn(w.message)
		}
		e.patient()
	}
	return e
}

func (c *Client) refusal(status int, h http.Header, body []byte, w reason, where string) *Error {
	switch {
	case status == http.StatusTooManyRequests && w.typ == "usage_limit_reached":
		limits := ParseRateLimits(h, cmp.Or(h.Get("x-codex-active-limit"), DefaultLimit))
		return &Error{Message: c.usageLimit(gjson.GetBytes(body, "error"), h, limits), Kind: KindUsageLimit, RateLimits: limits}
	case status < 500 || w.is("server_is_overloaded", "slow_down"):
		if e := w.classified(); e != nil {
			return e
		}
	}
	words := w.message
	if words == "" && isHTML(body) {
		words = readable(body)
	}
	switch {
	case status == http.StatusBadRequest && len(body) > 0 && !isHTML(body):
		return &Error{Message: cut(valid(string(body)), maxBadRequest), Kind: KindOther}
	case status == http.StatusInternalServerError:
		return &Error{Message: with(textHighDemand, words), Kind: KindInternal, Retryable: true}
	case status == http.StatusTooManyRequests:
		e := &Error{Message: "exceeded retry limit, last status: " + statusText(status), Kind: KindTooManyFailed, Retryable: true}
		if words = cmp.Or(words, readable(body)); words != "" && words != "{}" {
			e.Message += ": " + shown(words)
		}
		if id := requestID(h); id != "" {
			e.Message += ", request id: " + id
		}
		return e
	}
	return &Error{Message: unexpected(status, h, body, w, where), Kind: KindOther, Retryable: repeatable(status)}
}

// maxBadRequest bounds the body that is shown whole.
const maxBadRequest = 8 << 10

func unexpected(status int, h http.Header, body []byte, w reason, where string) string {
	var b strings.Builder
	blocked := status == http.StatusForbidden && strings.Contains(string(body), "Cloudflare") && strings.Contains(string(body), "blocked")
	if blocked {
		fmt.Fprintf(&b, "%s (status %s)", textBlocked, statusText(status))
	} else {
		fmt.Fprintf(&b, "unexpected status %s: %s", statusText(status), cmp.Or(shown(cmp.Or(w.message, readable(body))), "Unknown error"))
	}
	add := func(label, v string) {
		if v != "" {
			b.WriteString(", " + label + ": " + shown(v))
		}
	}
	add("url", where)
	add("cf-ray", h.Get("cf-ray"))
	add("request id", requestID(h))
	if !blocked {
		add("auth error", h.Get("x-openai-authorization-error"))
		if raw, err := base64.StdEncoding.DecodeString(h.Get("x-error-json")); err == nil && jsonrpc.Valid(raw) {
			add("auth error code", gjson.GetBytes(raw, "error.code").String())
		}
	}
	return b.String()
}

// retryAfter reads how long a server asks to wait: in milliseconds, in seconds, or until
// a date. 0 is for nothing that can be read, or a time that is over.
func retryAfter(h http.Header, now time.Time) time.Duration {
	for _, u := range []struct {
		name string
		unit time.Duration
	}{{"retry-after-ms", time.Millisecond}, {"retry-after", time.Second}} {
		n, err := strconv.ParseFloat(strings.TrimSpace(h.Get(u.name)), 64)
		if err == nil && n > 0 {
			return time.Duration(min(n*float64(u.unit), math.MaxInt64/2))
		}
	}
	if at, err := http.ParseTime(h.Get("retry-after")); err == nil && at.After(now) {
		return at.Sub(now)
	}
	return 0
}

// statusText is a status as the original prints it: 401 Unauthorized.
func statusText(status int) string {
	text := http.StatusText(status)
	switch status {
	case 203:
		text = "Non Authoritative Information"
	case 413:
		text = "Payload Too Large"
	case 414:
		text = "URI Too Long"
	case 416:
		text = "Range Not Satisfiable"
	}
	return strconv.Itoa(status) + " " + cmp.Or(text, "<unknown status code>")
}
