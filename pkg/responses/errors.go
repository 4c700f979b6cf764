package responses

import (
	"cmp"
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
	// Message is the text for the user: the original's, and what the provider says.
	Message string
	// Retryable says that the stream layer repeats the request.
	Retryable bool
	// Kind is one of the constants above.
	Kind string
	// HTTPStatus is 0 when there was no answer or the answer was a stream.
	HTTPStatus int
	// RetryAfter is the wait the server asked for, in its text or by Retry-After, else 0.
	RetryAfter time.Duration
	// Reason is the provider's own word for a refused image.
	Reason string
	// InvalidImage marks a refusal of an image, after which the images are to be replaced
	// and the request repeated once: with them in it the thread could never go on.
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
	textContext      = "Codex ran out of room in the model's context window. Start a new thread or clear earlier history before retrying."
	textQuota        = "Quota exceeded. Check your plan and billing details."
	textNotIncluded  = "To use Codex with your ChatGPT plan, upgrade to Plus: https://chatgpt.com/explore/plus."
	textHighDemand   = "We're currently experiencing high demand, which may cause temporary errors."
	textAtCapacity   = "Selected model is at capacity. Please try a different model."
	textBlocked      = "Access blocked by Cloudflare. This usually happens when connecting from a restricted region"
	textImage        = "Invalid image in your last message. Please remove it and try again."
	textDisconnected = "stream disconnected before completion: "
	textCyber        = "This request has been flagged for possible cybersecurity risk."
)

// disconnected is an error of the stream layer.
func disconnected(what string) *Error {
	return &Error{Message: textDisconnected + what, Retryable: true, Kind: KindOther}
}

// failedError reads a response that failed. Its reason stands in it; servers that imitate
// the API also put it beside it, or into the details of its status.
func failedError(typ string, data []byte) *Error {
	root := gjson.ParseBytes(data)
	for _, m := range []string{"response.error", "response.last_error", "response.status_details.error", "error", "response.message", "message"} {
		e := first(root.Get(m))
		if e.IsObject() || e.Type == gjson.String && e.Str != "" {
			w, _ := reasonIn(gjson.Parse(`{"error":` + e.Raw + `}`))
			return w.failure(typ + " event received")
		}
	}
	if why := root.Get("response.incomplete_details.reason"); why.Type == gjson.String && why.Str != "" {
		return disconnected(typ + " event received, reason: " + shown(why.Str))
	}
	return disconnected(typ + " event received")
}

// incompleteError is for a response that was cut off. Asked again, the model would be cut
// off again, at the user's cost.
func incompleteError(response gjson.Result) *Error {
	reason := response.Get("incomplete_details.reason").String()
	return &Error{Message: "Incomplete response returned, reason: " + cmp.Or(shown(reason), "unknown"), Kind: KindOther}
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
