package responses

import (
	"cmp"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/tidwall/gjson"

	"codex/pkg/jsonrpc"
)

// reason is what a provider says of a failure, in whatever shape and wherever it says it:
// in response.failed, in an error event, in the body of a refusal or of an answer with
// status 200.
type reason struct {
	code, typ, param, message string
	status                    int // where the code is an HTTP status, as gateways have it
}

// reasonIn finds the reason in an object (or in the first of a list of them): in its
// error member, or in the object itself. ok is false when there is none.
func reasonIn(r gjson.Result) (w reason, ok bool) {
	if r.IsArray() {
		r = r.Get("0")
	}
	e := first(r.Get("error"))
	if !e.IsObject() && e.Type != gjson.String {
		e = first(r.Get("errors"))
	}
	switch {
	case e.Type == gjson.String && e.Str != "":
		w.read(r)
		w.message = joined(inner(e.Str), w.message)
		return w, true
	case e.IsObject():
		if inner := e.Get("error"); inner.IsObject() {
			e = inner
		}
		w.read(e)
		return w, true
	}
	w.read(r)
	return w, w.message != "" || w.code != ""
}

// first is the first of a list, or what is none.
func first(r gjson.Result) gjson.Result {
	if r.IsArray() {
		return r.Get("0")
	}
	return r
}

func (w *reason) read(e gjson.Result) {
	c := e.Get("code")
	if w.code = c.Str; c.Type == gjson.Number {
		w.code = c.Raw
	}
	if n, err := strconv.Atoi(w.code); err == nil && n >= 400 && n < 600 {
		w.status = n
	}
	w.typ, w.param = e.Get("type").Str, e.Get("param").Str
	for _, m := range []string{"message", "detail", "msg", "error_description", "detail.0.msg", "message.text", "message.message", "title"} {
		if v := e.Get(m); w.message == "" && v.Type == gjson.String {
			w.message = inner(strings.TrimSpace(v.Str))
		}
	}
	if raw := e.Get("metadata.raw"); raw.Type == gjson.String || raw.IsObject() { // of the provider behind a router
		w.message = joined(w.message, inner(strings.TrimSpace(raw.String())))
	}
}

// joined is what two members say of one failure.
func joined(a, b string) string {
	switch {
	case b == "" || strings.Contains(a, b):
		return a
	case a == "" || strings.Contains(b, a):
		return b
	}
	return a + ": " + b
}

// inner is the message of an error that a gateway has put into its own as JSON.
func inner(message string) string {
	if strings.HasPrefix(message, "{") && jsonrpc.Valid([]byte(message)) {
		for _, m := range []string{"error.message", "message"} {
			if v := gjson.Get(message, m); v.Type == gjson.String && v.Str != "" {
				return v.Str
			}
		}
	}
	return message
}

// is says whether the code, or the type where there is no such code, is one of these.
func (w reason) is(names ...string) bool {
	return slices.ContainsFunc(names, func(n string) bool { return w.code == n || w.typ == n })
}

// says looks for words in the message, in lower case.
func (w reason) says(words ...string) bool {
	m := strings.ToLower(w.message)
	return slices.ContainsFunc(words, func(s string) bool { return strings.Contains(m, s) })
}

// contextFull says whether the request was too long for the model.
func (w reason) contextFull() bool {
	return w.is("context_length_exceeded", "context_window_exceeded", "model_context_window_exceeded", "exceed_context_size_error") ||
		w.says("maximum context length", "exceeds the context window", "exceeds the available context size", "exceed context limit", "prompt is too long",
			"input is too long", "exceeds the maximum number of tokens")
}

// imageSentence is what the API says of an image that can't be read.
const imageSentence = "the image data you provided does not represent a valid image"

// badImage says whether an image of the request was refused.
func (w reason) badImage() bool {
	if strings.HasPrefix(w.code, "image_generation") {
		return false // the tool of that name
	}
	if strings.Contains(w.code, "image") || strings.HasSuffix(w.param, "image_url") {
		return true
	}
	return w.says("image data", "image_url", "image url", "image input", "invalid image", "image format", "image type", "process image", "the image", "image media type") &&
		w.says("valid", "support", "process", "could not", "cannot", "failed", "corrupt", "too large", "exceed")
}

// classified gives the error of a reason that means the same wherever it comes; nil for
// any other.
func (w reason) classified() *Error {
	switch {
	case w.contextFull():
		return &Error{Message: textContext, Kind: KindContextWindow}
	case w.is("insufficient_quota", "billing_hard_limit_reached", "insufficient_credits"):
		return &Error{Message: with(textQuota, w.message), Kind: KindUsageLimit}
	case w.is("usage_not_included"):
		return &Error{Message: textNotIncluded, Kind: KindUsageLimit}
	case w.is("invalid_prompt"):
		return &Error{Message: cmp.Or(w.message, "Invalid request."), Kind: KindOther}
	case w.is("cyber_policy"):
		return &Error{Message: cmp.Or(w.message, textCyber), Kind: KindCyberPolicy}
	case w.is("server_is_overloaded", "slow_down"):
		return &Error{Message: with(textAtCapacity, w.message), Kind: KindOverloaded}
	case w.badImage():
		e := &Error{Message: textImage, Reason: shown(cmp.Or(w.message, w.code)), Kind: KindOther, InvalidImage: true}
		if !w.says(imageSentence) { // which is what ours says
			e.Message = "The provider refused an image: " + e.Reason
		}
		return e
	}
	return nil
}

// final says whether a request that failed for this reason fails again.
func (w reason) final() bool {
	return w.is("invalid_request_error", "authentication_error", "permission_error", "not_found_error", "invalid_api_key", "model_not_found", "bio_policy",
		"billing_error") || w.status != 0 && !repeatable(w.status)
}

// repeatable says whether a refused request is worth another try. The others are about
// the request, which stays the same.
func repeatable(status int) bool {
	switch status {
	case http.StatusRequestTimeout, http.StatusConflict, http.StatusTooEarly, http.StatusTooManyRequests:
		return true
	}
	return status >= 500
}

// failure is the error of a reason that came as an event, or in place of a stream.
func (w reason) failure(absent string) *Error {
	if e := w.classified(); e != nil {
		return e
	}
	text := cmp.Or(w.message, cmp.Or(w.code, cmp.Or(w.typ, absent)))
	if w.final() {
		return &Error{Message: text, Kind: KindOther}
	}
	e := disconnected(text)
	if w.is("rate_limit_exceeded", "rate_limit_error", "429") {
		e.RetryAfter = tryAgainIn(w.message)
	}
	return e
}

// with adds a provider's own words to a sentence of ours.
func with(text, words string) string {
	if words = shown(words); words == "" || strings.Contains(text, words) {
		return text
	}
	return text + " (" + words + ")"
}

// longestWait is how long a request is put off because a server asked for it. Who has to
// wait longer is told so, and decides.
const longestWait = 5 * time.Minute

// patient ends the repeats of a failure that is not over soon enough.
func (e *Error) patient() {
	if e.RetryAfter > longestWait {
		e.Message += ", which asks to wait for " + e.RetryAfter.Round(time.Second).String()
		e.Retryable, e.again, e.RetryAfter = false, false, 0
	}
}
