package responses

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/tidwall/gjson"
)

// Kinds of errors, named as codexErrorInfo names them. The last four carry HTTPStatus
// there, as {"responseTooManyFailedAttempts":{"httpStatusCode":429}}. What is shown
// while the caller retries is always KindStreamDisconnected.
const (
	KindContextWindow      = "contextWindowExceeded"
	KindUsageLimit         = "usageLimitExceeded"
	KindOverloaded         = "serverOverloaded"
	KindCyberPolicy        = "cyberPolicy"
	KindInternal           = "internalServerError"
	KindUnauthorized       = "unauthorized"
	KindBadRequest         = "badRequest"
	KindOther              = "other"
	KindConnectionFailed   = "httpConnectionFailed"
	KindStreamFailed       = "responseStreamConnectionFailed"
	KindStreamDisconnected = "responseStreamDisconnected"
	KindTooManyFailed      = "responseTooManyFailedAttempts"
)

// Error is a failed sampling attempt.
type Error struct {
	// Message is the text for the user (turn spec §2.3).
	Message string
	// Retryable says that the stream layer repeats the request.
	Retryable bool
	// Kind is one of the constants above.
	Kind string
	// HTTPStatus is 0 when there was no answer or the answer was a stream.
	HTTPStatus int
	// RetryAfter is the wait the server asked for in its text, else 0. A Retry-After
	// header is not looked at, as in the original.
	RetryAfter time.Duration
	// InvalidImage marks a 400 about an image, after which the images are to be
	// replaced and the request repeated once (turn spec §3.6).
	InvalidImage bool
	// RateLimits come with a usage limit.
	RateLimits *RateLimits
	// Header and Body are the answer's own, when HTTPStatus isn't 0.
	Header http.Header
	Body   []byte
	// Err is the cause, nil if there is none beyond the message.
	Err error

	again bool // the request layer may repeat
}

func (e *Error) Error() string { return e.Message }
func (e *Error) Unwrap() error { return e.Err }

const (
	textContext     = "Codex ran out of room in the model's context window. Start a new thread or clear earlier history before retrying."
	textQuota       = "Quota exceeded. Check your plan and billing details."
	textNotIncluded = "To use Codex with your ChatGPT plan, upgrade to Plus: https://chatgpt.com/explore/plus."
	textHighDemand  = "We're currently experiencing high demand, which may cause temporary errors."
	textAtCapacity  = "Selected model is at capacity. Please try a different model."
	textBlocked     = "Access blocked by Cloudflare. This usually happens when connecting from a restricted region"
	textImage       = "Invalid image in your last message. Please remove it and try again."
	textCyber       = "This request has been flagged for possible cybersecurity risk."
)

// disconnected is an error of the stream layer.
func disconnected(what string) *Error {
	return &Error{Message: "stream disconnected before completion: " + what, Retryable: true, Kind: KindOther}
}

// failedError reads a response.failed event.
func failedError(data []byte) *Error {
	e := gjson.GetBytes(data, "response.error")
	if !e.IsObject() {
		return disconnected("response.failed event received")
	}
	code, msg := e.Get("code").String(), e.Get("message").String()
	switch code {
	case "context_length_exceeded":
		return &Error{Message: textContext, Kind: KindContextWindow}
	case "insufficient_quota":
		return &Error{Message: textQuota, Kind: KindUsageLimit}
	case "usage_not_included":
		return &Error{Message: textNotIncluded, Kind: KindUsageLimit}
	case "invalid_prompt":
		return &Error{Message: or(msg, "Invalid request."), Kind: KindOther}
	case "cyber_policy":
		return &Error{Message: or(msg, textCyber), Kind: KindCyberPolicy}
	case "server_is_overloaded", "slow_down":
		return &Error{Message: textAtCapacity, Kind: KindOverloaded}
	}
	err := disconnected(msg)
	if code == "rate_limit_exceeded" {
		err.RetryAfter = tryAgainIn(msg)
	}
	return err
}

func incompleteError(data []byte) *Error {
	reason := gjson.GetBytes(data, "response.incomplete_details.reason").String()
	return disconnected("Incomplete response returned, reason: " + or(reason, "unknown"))
}

// tryAgainIn reads "try again in 1.5s", "300ms", "2 seconds"; 0 when there is none.
func tryAgainIn(msg string) time.Duration {
	const mark = "try again in"
	i := strings.Index(strings.ToLower(msg), mark)
	if i < 0 || i+len(mark) > len(msg) {
		return 0
	}
	s := strings.TrimLeft(msg[i+len(mark):], " \t\n")
	n := 0
	for n < len(s) && (s[n] >= '0' && s[n] <= '9' || s[n] == '.' && n > 0) {
		n++
	}
	v, err := strconv.ParseFloat(strings.TrimRight(s[:n], "."), 64)
	if err != nil || v > 1e6 {
		return 0
	}
	switch unit := strings.ToLower(strings.TrimLeft(s[n:], " \t")); {
	case strings.HasPrefix(unit, "ms"):
		return time.Duration(v * float64(time.Millisecond))
	case strings.HasPrefix(unit, "s"):
		return time.Duration(v * float64(time.Second))
	}
	return 0
}

// statusError turns an answer that is no stream into an error; where is its URL.
func (c *Client) statusError(status int, h http.Header, body []byte, where string) *Error {
	e := &Error{HTTPStatus: status, Header: h, Body: body, Kind: KindOther, again: status >= 500}
	root := gjson.ParseBytes(body)
	if !gjson.ValidBytes(body) {
		root = gjson.Result{}
	}
	errObj := root.Get("error")
	code, typ := errObj.Get("code").String(), errObj.Get("type").String()
	switch {
	case status == http.StatusServiceUnavailable && (code == "server_is_overloaded" || code == "slow_down"):
		e.Message, e.Kind = textAtCapacity, KindOverloaded
	case status == http.StatusBadRequest && strings.Contains(string(body), "The image data you provided does not represent a valid image"):
		e.Message, e.InvalidImage = textImage, true
	case status == http.StatusBadRequest && code == "cyber_policy":
		e.Message, e.Kind = or(errObj.Get("message").String(), textCyber), KindCyberPolicy
	case status == http.StatusBadRequest:
		e.Message = string(body)
	case status == http.StatusInternalServerError:
		e.Message, e.Kind, e.Retryable = textHighDemand, KindInternal, true
	case status == http.StatusTooManyRequests && typ == "usage_limit_reached":
		e.RateLimits = ParseRateLimits(h, or(h.Get("x-codex-active-limit"), DefaultLimit))
		e.Message, e.Kind = c.usageLimit(errObj, h, e.RateLimits), KindUsageLimit
	case status == http.StatusTooManyRequests && typ == "usage_not_included":
		e.Message, e.Kind = textNotIncluded, KindUsageLimit
	case status == http.StatusTooManyRequests:
		e.Message, e.Kind = "exceeded retry limit, last status: "+statusText(status), KindTooManyFailed
		if id := requestID(h); id != "" {
			e.Message += ", request id: " + id
		}
	default:
		e.Message, e.Retryable = unexpected(status, h, string(body), errObj, where), true
	}
	return e
}

func unexpected(status int, h http.Header, body string, errObj gjson.Result, where string) string {
	var b strings.Builder
	blocked := status == http.StatusForbidden && strings.Contains(body, "Cloudflare") && strings.Contains(body, "blocked")
	if blocked {
		fmt.Fprintf(&b, "%s (status %s)", textBlocked, statusText(status))
	} else {
		fmt.Fprintf(&b, "unexpected status %s: %s", statusText(status), shownBody(body, errObj))
	}
	add := func(label, v string) {
		if v != "" {
			b.WriteString(", " + label + ": " + v)
		}
	}
	add("url", where)
	add("cf-ray", h.Get("cf-ray"))
	add("request id", requestID(h))
	if !blocked {
		add("auth error", h.Get("x-openai-authorization-error"))
		if raw, err := base64.StdEncoding.DecodeString(h.Get("x-error-json")); err == nil {
			add("auth error code", gjson.GetBytes(raw, "error.code").String())
		}
	}
	return b.String()
}

// shownBody is the part of an error body for the user, at most 1000 bytes.
func shownBody(body string, errObj gjson.Result) string {
	s := strings.TrimSpace(body)
	if m := errObj.Get("message"); m.Type == gjson.String && strings.TrimSpace(m.Str) != "" {
		s = m.Str
	}
	if s == "" {
		return "Unknown error"
	}
	if len(s) <= 1000 {
		return s
	}
	cut := 1000
	for cut > 0 && s[cut]&0xC0 == 0x80 {
		cut--
	}
	return s[:cut] + "..."
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
	return strconv.Itoa(status) + " " + or(text, "<unknown status code>")
}

func or(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}
