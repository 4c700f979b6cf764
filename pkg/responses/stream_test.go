package responses

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// answer is what the server says to one request.
type answer struct {
	status int
	header [2]string
	body   string
	abort  bool // break the connection after the body
	hang   bool // keep it open after the body, until the client leaves
}

func event(json string) string { return "data: " + json + "\n\n" }

const (
	msgDone   = `{"type":"response.output_item.done","item":{"type":"message","role":"assistant","content":[{"type":"output_text","text":"hi"}]}}`
	completed = `{"type":"response.completed","response":{"id":"r"}}`
)

func failed(inner string) answer {
	return answer{body: event(`{"type":"response.failed","response":{"id":"r"` + inner + `}}`)}
}

// serve answers the k-th request with the k-th answer, the last repeats.
func serve(t *testing.T, answers ...answer) (url string, requests *atomic.Int32) {
	t.Helper()
	requests = new(atomic.Int32)
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
		n := int(requests.Add(1))
		a := answers[min(n, len(answers))-1]
		if a.header[0] != "" {
			for i, h := range strings.Split(a.header[0], "\n") {
				w.Header().Set(h, strings.Split(a.header[1], "\n")[i])
			}
		}
		if a.status != 0 {
			w.WriteHeader(a.status)
		}
		io.WriteString(w, a.body)
		if a.abort || a.hang {
			w.(http.Flusher).Flush()
		}
		if a.hang {
			<-r.Context().Done()
		}
		if a.abort {
			panic(http.ErrAbortHandler)
		}
	}))
	srv.Config.ErrorLog = nil
	t.Cleanup(srv.Close)
	return srv.URL, requests
}

// clock is a fixed time in a fixed zone.
func clock() time.Time { return time.Date(2026, 11, 22, 15, 0, 0, 0, time.FixedZone("x", 3600)) }

// TestErrors holds the texts and classes of what goes wrong: the original's, with what
// the provider says beside them.
func TestErrors(t *testing.T) {
	const disc = "stream disconnected before completion: "
	at := func(tm time.Time) string { return fmt.Sprintf(`,"resets_at":%d`, tm.Unix()) }
	limit := func(more string, h ...string) answer {
		a := answer{status: 429, body: `{"error":{"type":"usage_limit_reached"` + more + `}}`}
		if len(h) == 2 {
			a.header = [2]string{h[0], h[1]}
		}
		return a
	}
	for _, tt := range []struct {
		name  string
		a     answer
		msg   string // URL stands for the server's
		kind  string
		retry bool
	}{
		{"400", answer{status: 400, body: `{"error": {"message": "bad"}}`}, `{"error": {"message": "bad"}}`, KindOther, false},
		{"400 cyber", answer{status: 400, body: `{"error":{"code":"cyber_policy","message":"no no"}}`}, "no no", KindCyberPolicy, false},
		{"400 cyber, no text", answer{status: 400, body: `{"error":{"code":"cyber_policy"}}`}, textCyber, KindCyberPolicy, false},
		{"400 image", answer{status: 400, body: `The image data you provided does not represent a valid image`}, textImage, KindOther, false},
		{"401", answer{status: 401, header: [2]string{"x-request-id\ncf-ray", "req_1\nray9"}, body: `{"error":{"message":"bad thing happened"}}`},
			"unexpected status 401 Unauthorized: bad thing happened, url: URL/responses, cf-ray: ray9, request id: req_1", KindOther, false},
		{"401 auth", answer{status: 401, header: [2]string{"x-openai-authorization-error\nx-error-json\nx-oai-request-id",
			"missing scope\n" + base64.StdEncoding.EncodeToString([]byte(`{"error":{"code":"token_bad"}}`)) + "\noai1"}, body: "plain text body "},
			"unexpected status 401 Unauthorized: plain text body, url: URL/responses, request id: oai1, auth error: missing scope, auth error code: token_bad", KindOther, false},
		{"403 blocked", answer{status: 403, header: [2]string{"cf-ray", "ray1"}, body: "<html>Cloudflare ... blocked</html>"},
			"Access blocked by Cloudflare. This usually happens when connecting from a restricted region (status 403 Forbidden), url: URL/responses, cf-ray: ray1", KindOther, false},
		{"404 empty", answer{status: 404}, "unexpected status 404 Not Found: Unknown error, url: URL/responses", KindOther, false},
		{"413 blank", answer{status: 413, body: `{"error":{"message":"  "}}`}, `unexpected status 413 Payload Too Large: {"error":{"message":"  "}}, url: URL/responses`, KindOther, false},
		{"418 long", answer{status: 418, body: strings.Repeat("é", 800)},
			"unexpected status 418 I'm a teapot: " + strings.Repeat("é", 500) + "..., url: URL/responses", KindOther, false},
		{"429", answer{status: 429, header: [2]string{"x-request-id", "req_429"}, body: "{}"}, "exceeded retry limit, last status: 429 Too Many Requests, request id: req_429", KindTooManyFailed, true},
		{"429 not included", answer{status: 429, body: `{"error":{"type":"usage_not_included"}}`}, textNotIncluded, KindUsageLimit, false},
		{"500", answer{status: 500}, textHighDemand, KindInternal, true},
		{"router", answer{status: 402, body: `{"error":{"message":"Provider returned error","code":402,"metadata":{"raw":"{\"error\":{\"message\":\"no credit\"}}","provider_name":"x"}}}`},
			"unexpected status 402 Payment Required: Provider returned error: no credit, url: URL/responses", KindOther, false},
		{"router, object", answer{status: 402, body: `{"error":{"message":"","metadata":{"raw":{"message":"no credit"}}}}`}, "unexpected status 402 Payment Required: no credit, url: URL/responses", KindOther, false},
		{"a kind and words", answer{status: 404, body: `{"status":404,"error":"Not Found","message":"No static resource v1/responses."}`},
			"unexpected status 404 Not Found: Not Found: No static resource v1/responses., url: URL/responses", KindOther, false},
		{"oauth", answer{status: 401, body: `{"error":"invalid_token","error_description":"The token expired"}`},
			"unexpected status 401 Unauthorized: invalid_token: The token expired, url: URL/responses", KindOther, false},
		{"502", answer{status: 502, body: "x"}, "unexpected status 502 Bad Gateway: x, url: URL/responses", KindOther, true},
		{"529", answer{status: 529, body: "x"}, "unexpected status 529 <unknown status code>: x, url: URL/responses", KindOther, true},
		{"503", answer{status: 503, body: `{"error":{"code":"x","message":"m"}}`}, "unexpected status 503 Service Unavailable: m, url: URL/responses", KindOther, true},
		{"503 overloaded", answer{status: 503, body: `{"error":{"code":"slow_down"}}`}, textAtCapacity, KindOverloaded, false},

		{"limit", limit(""), "You've hit your usage limit. Try again later.", KindUsageLimit, false},
		{"limit plus", limit(`,"plan_type":"plus"` + at(clock().Add(7*time.Minute))),
			"You've hit your usage limit. Upgrade to Pro (https://chatgpt.com/explore/pro), visit https://chatgpt.com/codex/settings/usage to purchase more credits or try again at 3:07 PM.", KindUsageLimit, false},
		{"limit free", limit(`,"plan_type":"free"` + at(clock().AddDate(0, 0, 1))),
			"You've hit your usage limit. Upgrade to Plus to continue using Codex (https://chatgpt.com/explore/plus), or try again at Nov 23rd, 2026 3:00 PM.", KindUsageLimit, false},
		{"limit pro", limit(`,"plan_type":"pro"`), "You've hit your usage limit. Visit https://chatgpt.com/codex/settings/usage to purchase more credits or try again later.", KindUsageLimit, false},
		{"limit team", limit(`,"plan_type":"team"` + at(clock().AddDate(0, 1, -11))),
			"You've hit your usage limit. To get more access now, send a request to your admin or try again at Dec 11th, 2026 3:00 PM.", KindUsageLimit, false},
		{"limit edu", limit(`,"plan_type":"edu"` + at(clock().Add(time.Hour))), "You've hit your usage limit. Try again at 4:00 PM.", KindUsageLimit, false},
		{"limit promo", limit(`,"plan_type":"plus"`, "x-codex-promo-message", "Buy now"), "You've hit your usage limit. Buy now, or try again later.", KindUsageLimit, false},
		{"limit other", limit("", "x-codex-active-limit\nx-codex-other-limit-name", "codex_other\nBig Model"),
			"You've hit your usage limit for Big Model. Switch to another model now, or try again later.", KindUsageLimit, false},

		{"400 context", answer{status: 400, body: `{"error":{"message":"Your input exceeds the context window of this model.","code":"context_length_exceeded","param":"input"}}`}, textContext, KindContextWindow, false},
		{"413 context, other words", answer{status: 413, body: `{"error":{"message":"This model's maximum context length is 8192 tokens.","type":"BadRequestError","code":400}}`}, textContext, KindContextWindow, false},
		{"400 image, other words", answer{status: 400, body: `{"error":{"message":"Invalid 'input[3].content[0].image_url'.","param":"input[3].content[0].image_url"}}`},
			"The provider refused an image: Invalid 'input[3].content[0].image_url'.", KindOther, false},
		{"400 empty", answer{status: 400}, "unexpected status 400 Bad Request: Unknown error, url: URL/responses", KindOther, false},
		{"400 page", answer{status: 400, body: "<!DOCTYPE html><html><head><style>p{}</style><title>400 Bad\nRequest</title><script>if (a<b) x()</script></head><body><p>nginx &amp; co"},
			"unexpected status 400 Bad Request: an HTML page: 400 Bad Request nginx & co, url: URL/responses", KindOther, false},
		{"400 not UTF-8", answer{status: 400, body: "caf\xe9"}, "caf\ufffd", KindOther, false},
		{"401 detail", answer{status: 401, body: `{"detail":"Invalid token"}`}, "unexpected status 401 Unauthorized: Invalid token, url: URL/responses", KindOther, false},
		{"404 list", answer{status: 404, body: `[{"error":{"code":404,"message":"models/x is not found"}}]`}, "unexpected status 404 Not Found: models/x is not found, url: URL/responses", KindOther, false},
		{"404 text", answer{status: 404, body: `{"error":"model 'x' not found"}`}, "unexpected status 404 Not Found: model 'x' not found, url: URL/responses", KindOther, false},
		{"408", answer{status: 408, body: "x"}, "unexpected status 408 Request Timeout: x, url: URL/responses", KindOther, true},
		{"429 words", answer{status: 429, body: `{"error":{"message":"Rate limit reached for gpt-x"}}`}, "exceeded retry limit, last status: 429 Too Many Requests: Rate limit reached for gpt-x", KindTooManyFailed, true},
		{"429 quota", answer{status: 429, body: `{"error":{"message":"You exceeded your current quota.","code":"insufficient_quota"}}`}, textQuota + " (You exceeded your current quota.)", KindUsageLimit, false},
		{"429 for long", answer{status: 429, header: [2]string{"Retry-After", "7200"}}, "exceeded retry limit, last status: 429 Too Many Requests, which asks to wait for 2h0m0s", KindTooManyFailed, false},
		{"500 words", answer{status: 500, body: `{"error":{"message":"out of memory"}}`}, textHighDemand + " (out of memory)", KindInternal, true},
		{"503 overloaded, words", answer{status: 503, body: `{"error":{"code":"slow_down","message":"Slow down."}}`}, textAtCapacity + " (Slow down.)", KindOverloaded, false},
		{"302", answer{status: 302, header: [2]string{"Location", "/elsewhere?key=secret"}}, "unexpected status 302 Found: the redirect leads to URL/elsewhere and is not followed; " +
			"if that is the right server, put its address into base_url, url: URL/responses", KindOther, false},
		{"307 to another", answer{status: 307, header: [2]string{"Location", "http://127.0.0.1:1/"}}, "unexpected status 307 Temporary Redirect: the redirect leads to http://127.0.0.1:1/ and is not followed; " +
			"if that is the right server, put its address into base_url, url: URL/responses", KindOther, false},

		{"error event", answer{body: event(`{"type":"error","code":"server_error","message":"boom","param":null,"sequence_number":3}`), hang: true}, disc + "boom", KindOther, true},
		{"error event, nested", answer{body: event(`{"type":"error","error":{"type":"server_error","message":"boom"}}`), hang: true}, disc + "boom", KindOther, true},
		{"error event, nested twice", answer{body: event(`{"type":"error","error":{"error":{"code":"slow_down","message":"no"}}}`)}, textAtCapacity + " (no)", KindOverloaded, false},
		{"error event, text", answer{body: event(`{"type":"error","error":"boom"}`)}, disc + "boom", KindOther, true},
		{"error event, empty", answer{body: event(`{"type":"error"}`)}, disc + "error event received", KindOther, true},
		{"error event, context", answer{body: event(`{"type":"error","error":{"type":"invalid_request_error","code":"context_length_exceeded"}}`)}, textContext, KindContextWindow, false},
		{"error event, request", answer{body: event(`{"type":"error","error":{"type":"invalid_request_error","message":"no such tool"}}`)}, "no such tool", KindOther, false},
		{"error event, event line", answer{body: "event: error\ndata: {\"message\":\"boom\"}\n\n"}, disc + "boom", KindOther, true},
		{"error without a type", answer{body: event(msgDone) + event(`{"error":{"message":"upstream gone","code":502}}`)}, disc + "upstream gone", KindOther, true},
		{"error without a field", answer{body: event(msgDone) + `{"error":{"message":"upstream gone"}}` + "\n"}, disc + "upstream gone", KindOther, true},
		{"failed context, open", answer{body: failed(`,"error":{"code":"context_length_exceeded"}`).body, hang: true}, textContext, KindContextWindow, false},
		{"failed as completed", answer{body: event(`{"type":"response.completed","response":{"status":"failed","error":{"code":"x","message":"mm"}}}`)}, disc + "mm", KindOther, true},
		{"incomplete as done", answer{body: event(`{"type":"response.done","response":{"status":"incomplete","incomplete_details":{"reason":"content_filter"}}}`)},
			"Incomplete response returned, reason: content_filter", KindOther, false},
		{"error event, text alone", answer{body: event(msgDone) + "event: error\ndata: upstream gone\n\n", hang: true}, disc + "upstream gone", KindOther, true},
		{"error event, another name", answer{body: event(`{"type":"response.error","error":{"code":"slow_down"}}`)}, textAtCapacity, KindOverloaded, false},
		{"text for data", answer{body: "data: Internal Server Error\n\n"}, disc + "stream closed before response.completed: Internal Server Error", KindOther, true},
		{"done too early", answer{body: "data: [DONE]\n\n"}, disc + "stream closed before response.completed", KindOther, true},
		{"200 JSON error", answer{body: "{\n \"error\": {\"message\": \"overloaded\", \"code\": null}\n}"}, disc + "overloaded", KindOther, true},
		{"200 JSON message", answer{body: `{"message":"no such route"}`}, disc + "no such route", KindOther, true},
		{"200 JSON of another kind", answer{header: [2]string{"Content-Type", "application/json"}, body: `{"id":"r","output":[]}`},
			disc + `the answer is no event stream but application/json: {"id":"r","output":[]}`, KindOther, true},
		{"200 page", answer{header: [2]string{"Content-Type", "text/html; charset=utf-8"}, body: "<html><body>Login required</body></html>"},
			disc + "the answer is no event stream but text/html: an HTML page: Login required", KindOther, true},
		{"200 text", answer{header: [2]string{"Content-Type", "text/event-stream"}, body: "service down\n"}, disc + "the answer is no event stream: service down", KindOther, true},
		{"deep", answer{body: "data: " + strings.Repeat("[", 1<<20) + "\n\n"}, disc + "stream closed before response.completed, after an event that can't be read: " + strings.Repeat("[", 100) + "...", KindOther, true},
		{"item cut", answer{body: event(`{"type":"response.output_item.done","item":{"type"`) + event(completed)},
			disc + `an event that can't be read: {"type":"response.output_item.done","item":{"type"`, KindOther, true},
		{"no item", answer{body: event(`{"type":"response.output_item.done","item":null}`) + event(completed)}, "the model's answer has an event response.output_item.done without an item", KindOther, false},
		{"blanks before the data", answer{body: "data:   {\"type\":\"error\",\"message\":\"boom\"}\n\n"}, disc + "boom", KindOther, true},
		{"error event, list", answer{body: event(`{"type":"error","error":[{"message":"boom"}]}`)}, disc + "boom", KindOther, true},
		{"error event, message within", answer{body: event(`{"type":"error","error":{"message":{"text":"boom"}}}`)}, disc + "boom", KindOther, true},
		{"error event, message in JSON", answer{body: event(`{"type":"error","message":"{\"error\":{\"message\":\"boom\"}}"}`)}, disc + "boom", KindOther, true},
		{"error event, status as text", answer{body: event(`{"type":"error","code":"401","message":"bad key"}`)}, "bad key", KindOther, false},
		{"error event, type of its own", answer{body: event(`{"type":"ServerException","message":"boom"}`)}, disc + "boom", KindOther, true},
		{"error event, context in other words", answer{body: event(`{"type":"error","error":{"code":400,"message":"The input token count (12) exceeds the maximum number of tokens allowed (8)."}}`)}, textContext, KindContextWindow, false},
		{"words in the midst", answer{body: event(msgDone) + event(`{"detail":"upstream gone"}`)}, disc + "stream closed before response.completed: upstream gone", KindOther, true},
		{"line in the midst", answer{body: event(msgDone) + "error: upstream gone\n\n"}, disc + "stream closed before response.completed: error: upstream gone", KindOther, true},
		{"text in the midst", answer{body: event(msgDone) + "data: upstream gone\n\n"}, disc + "stream closed before response.completed: upstream gone", KindOther, true},
		{"failed, last error", failed(`,"last_error":{"message":"boom"}`), disc + "boom", KindOther, true},
		{"failed, message", failed(`,"message":"boom"`), disc + "boom", KindOther, true},
		{"failed, reason", failed(`,"incomplete_details":{"reason":"max_tool_calls"}`), disc + "response.failed event received, reason: max_tool_calls", KindOther, true},
		{"cancelled", answer{body: event(`{"type":"response.cancelled","response":{"status":"cancelled"}}`)}, disc + "response.cancelled event received", KindOther, true},
		{"500 page", answer{status: 500, body: "<html><title>Oops</title></html>"}, textHighDemand + " (an HTML page: Oops)", KindInternal, true},
		{"chat completions", answer{body: event(`{"id":"x","object":"chat.completion.chunk","choices":[{"delta":{"content":"hi"}}]}`) + "data: [DONE]\n\n"},
			"the answer is one of the Chat Completions API; base_url must lead to a server of the Responses API", KindOther, false},
		{"events of another API", answer{body: event(`{"type":"message_start","message":{}}`) + event(`{"type":"message_stop"}`)},
			disc + "no event of the Responses API came; the first is of type message_start", KindOther, true},

		{"closed", answer{body: event(msgDone)}, disc + "stream closed before response.completed", KindOther, true},
		{"empty", answer{}, disc + "stream closed before response.completed", KindOther, true},
		{"broken", answer{body: event(msgDone), abort: true}, disc + "Transport error: network error: error decoding response body", KindOther, true},
		{"incomplete", answer{body: event(`{"type":"response.incomplete","response":{"incomplete_details":{"reason":"max_output_tokens"}}}`)},
			"Incomplete response returned, reason: max_output_tokens", KindOther, false},
		{"incomplete, no reason", answer{body: event(`{"type":"response.incomplete","response":{}}`)}, "Incomplete response returned, reason: unknown", KindOther, false},
		{"failed context", failed(`,"error":{"code":"context_length_exceeded"}`), textContext, KindContextWindow, false},
		{"failed quota", failed(`,"error":{"code":"insufficient_quota"}`), textQuota, KindUsageLimit, false},
		{"failed not included", failed(`,"error":{"code":"usage_not_included"}`), textNotIncluded, KindUsageLimit, false},
		{"failed prompt", failed(`,"error":{"code":"invalid_prompt","message":"odd"}`), "odd", KindOther, false},
		{"failed prompt, no text", failed(`,"error":{"code":"invalid_prompt"}`), "Invalid request.", KindOther, false},
		{"failed cyber", failed(`,"error":{"code":"cyber_policy"}`), textCyber, KindCyberPolicy, false},
		{"failed overloaded", failed(`,"error":{"code":"server_is_overloaded"}`), textAtCapacity, KindOverloaded, false},
		{"failed else", failed(`,"error":{"code":"zzz","message":"mm"}`), disc + "mm", KindOther, true},
		{"failed, no message", failed(`,"error":{"code":"zzz"}`), disc + "zzz", KindOther, true},
		{"failed, empty error", failed(`,"error":{"code":null,"message":null}`), disc + "response.failed event received", KindOther, true},
		{"failed, no error", failed(``), disc + "response.failed event received", KindOther, true},
		{"failed twice", answer{body: failed(`,"error":{"code":"a","message":"one"}`).body + failed(`,"error":{"code":"b","message":"two"}`).body}, disc + "one", KindOther, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			url, n := serve(t, tt.a)
			c := NewClient(Endpoint{BaseURL: url}, WithClock(clock))
			defer c.Close()
			err := c.Stream(context.Background(), Request{Body: []byte("{}")}, nil, func(Event) error { return nil })
			var e *Error
			if !errors.As(err, &e) {
				t.Fatalf("error %v", err)
			}
			if want := strings.ReplaceAll(tt.msg, "URL", url); e.Message != want {
				t.Errorf("message %q\n   want %q", e.Message, want)
			}
			if e.Kind != tt.kind || e.Retryable != tt.retry || e.HTTPStatus != tt.a.status || e.InvalidImage != strings.Contains(tt.name, "image") {
				t.Errorf("kind %s, retryable %v, status %d", e.Kind, e.Retryable, e.HTTPStatus)
			}
			if n.Load() != 1 {
				t.Errorf("%d requests", n.Load())
			}
		})
	}
}

// sleeps collects the waits instead of waiting.
type sleeps []time.Duration

func (s *sleeps) sleep(_ context.Context, d time.Duration) error {
	*s = append(*s, d)
	return nil
}

func middle() float64 { return 0.5 }

func TestRequestRetries(t *testing.T) {
	ms := time.Millisecond
	for _, tt := range []struct {
		name    string
		answers []answer
		want    int // requests
		ok      bool
	}{
		{"500 for ever", []answer{{status: 500}}, 5, false},
		{"two and done", []answer{{status: 500}, {status: 503, body: `{"error":{"code":"slow_down"}}`}, {body: event(completed)}}, 3, true},
		{"429", []answer{{status: 429}}, 1, false},
		{"401", []answer{{status: 401}}, 1, false},
		{"503 that asks for longer", []answer{{status: 503, header: [2]string{"Retry-After", "30"}}}, 5, false},
		{"cut", []answer{{body: event(msgDone)}}, 1, false},
	} {
		url, n := serve(t, tt.answers...)
		var s sleeps
		c := NewClient(Endpoint{BaseURL: url, RequestMaxRetries: 4}, WithSleep(s.sleep), WithRand(middle))
		err := c.Stream(context.Background(), Request{Body: []byte("{}")}, nil, func(Event) error { return nil })
		c.Close()
		if int(n.Load()) != tt.want || (err == nil) != tt.ok {
			t.Errorf("%s: %d requests, error %v", tt.name, n.Load(), err)
		}
		for i, d := range s {
			if want := (200 * ms) << i; d != want {
				t.Errorf("%s: wait %d is %v, want %v", tt.name, i+1, d, want)
			}
		}
	}
	url, _ := serve(t, answer{status: 503, header: [2]string{"Retry-After", "3"}}, answer{body: event(completed)})
	var s sleeps
	c := NewClient(Endpoint{BaseURL: url, RequestMaxRetries: 4}, WithSleep(s.sleep), WithRand(middle))
	if err := c.Stream(context.Background(), Request{}, nil, func(Event) error { return nil }); err != nil || len(s) != 1 || s[0] != 3*time.Second {
		t.Errorf("error %v, waits %v, want the 3s that the server asked for", err, s)
	}
	c.Close()
	url, n := serve(t, answer{status: 500})
	stop := errors.New("stop")
	c = NewClient(Endpoint{BaseURL: url, RequestMaxRetries: 1000}, WithSleep(func(context.Context, time.Duration) error {
		if n.Load() == 3 {
			return stop
		}
		return nil
	}))
	if err := c.Stream(context.Background(), Request{}, nil, nil); err != stop || c.ep.RequestMaxRetries != MaxRetries {
		t.Errorf("error %v, cap %d", err, c.ep.RequestMaxRetries)
	}
}

func TestConnectionRefused(t *testing.T) {
	srv := httptest.NewServer(nil)
	url := srv.URL + "/v1/"
	srv.Close()
	var s sleeps
	c := NewClient(Endpoint{BaseURL: url, Query: "api-version=2025", RequestMaxRetries: 2}, WithSleep(s.sleep), WithRand(middle))
	err := c.Stream(context.Background(), Request{}, nil, nil)
	want := "stream disconnected before completion: error sending request for url (" + srv.URL + "/v1/responses?api-version=2025): connection refused"
	var e *Error
	if !errors.As(err, &e) || e.Message != want || !e.Retryable || len(s) != 2 || e.Err == nil {
		t.Errorf("%v after %v", err, s)
	}
}

// A server of the user's own that is not there is said at once.
func TestAbsent(t *testing.T) {
	srv := httptest.NewServer(nil)
	srv.Close()
	var s sleeps
	c := NewClient(Endpoint{BaseURL: srv.URL, Absent: "start it", RequestMaxRetries: 2}, WithSleep(s.sleep))
	err := c.Stream(context.Background(), Request{}, nil, nil)
	var e *Error
	if !errors.As(err, &e) || e.Message != "start it" || e.Retryable || len(s) != 0 || e.Err == nil {
		t.Errorf("%v after %v", err, s)
	}
}

func TestBackoff(t *testing.T) {
	for n, want := range map[int]time.Duration{0: 200, 1: 200, 2: 400, 3: 800, 4: 1600, 5: 3200} {
		want *= time.Millisecond
		if got := Backoff(n, nil); got != want {
			t.Errorf("%d: %v", n, got)
		}
		lo, hi := Backoff(n, func() float64 { return 0 }), Backoff(n, func() float64 { return 0.999 })
		if n > 0 && (lo != want*9/10 || hi <= want || hi > want*11/10) {
			t.Errorf("%d: from %v to %v", n, lo, hi)
		}
	}
	if Backoff(1000, nil) <= 0 {
		t.Error("overflow")
	}
}

func TestTryAgainIn(t *testing.T) {
	for in, want := range map[string]time.Duration{
		"Rate limit reached. Please try again in 1.5s.": 1500 * time.Millisecond,
		"Try Again In 300ms":                            300 * time.Millisecond,
		"try again in 2 seconds":                        2 * time.Second,
		"try again in 1 second.":                        time.Second,
		"try again in 5 minutes":                        0,
		"try again in":                                  0,
		"try again in .5s":                              0,
		"later":                                         0, "": 0,
	} {
		if got := tryAgainIn(in); got != want {
			t.Errorf("%q: %v, want %v", in, got, want)
		}
	}
	for code, want := range map[string]time.Duration{"rate_limit_exceeded": time.Second, "other": 0} {
		e := failedError("response.failed", []byte(`{"response":{"error":{"code":"`+code+`","message":"try again in 1s"}}}`))
		if e.RetryAfter != want {
			t.Errorf("%s: %v", code, e.RetryAfter)
		}
	}
}

func TestStream(t *testing.T) {
	url, _ := serve(t, answer{
		header: [2]string{"x-codex-turn-state\nopenai-model\nx-models-etag\nx-request-id\nx-reasoning-included\nx-codex-primary-used-percent\nx-codex-primary-window-minutes\nx-codex-primary-reset-at\nx-codex-credits-has-credits\nx-codex-credits-unlimited\nx-codex-credits-balance\nx-codex-other-primary-used-percent",
			"TS\nm2\ne1\nreq\ntrue\n42.5\n300\n1795347733\ntrue\nfalse\n3\n7"},
		body: ": hello\n\n" + event(`{"type":"response.created","response":{"id":"r"}}`) + event("not JSON") + event(`{"type":"response.mystery","x":`) +
			event(`{"type":"mystery"}`) + event(`[1]`) + event(`{"type":"response.output_text.delta","delta":"a"}`) +
			event(msgDone) + event(`{"type":"response.completed","response":{"id":"r","output":[{"type":"message","content":"hi"}]}}`) + event(`{"type":"after"}`),
		hang: true, // response.completed ends the reading all the same
	})
	c := NewClient(Endpoint{BaseURL: url})
	c.Skip = func(typ []byte) bool { return string(typ) == "response.output_text.delta" }
	defer c.Close()
	var m Meta
	var got []string
	err := c.Stream(context.Background(), Request{Body: []byte("{}")}, func(x Meta) { m = x }, func(e Event) error {
		got = append(got, e.Type)
		return nil
	})
	if want := "response.created mystery response.output_item.done response.completed"; err != nil || strings.Join(got, " ") != want {
		t.Errorf("%v, error %v", got, err)
	}
	if m.TurnState != "TS" || m.Model != "m2" || m.ModelsETag != "e1" || m.RequestID != "req" || !m.ReasoningIncluded {
		t.Errorf("%+v", m)
	}
	r := m.RateLimits
	if r.LimitID != "codex" || r.Primary == nil || r.Primary.UsedPercent != 42.5 || *r.Primary.WindowMinutes != 300 || *r.Primary.ResetsAt != 1795347733 ||
		r.Secondary != nil || r.Credits == nil || !r.Credits.HasCredits || r.Credits.Unlimited || *r.Credits.Balance != "3" {
		t.Errorf("%+v", r)
	}
	if len(m.OtherLimits) != 1 || m.OtherLimits[0].LimitID != "codex_other" || m.OtherLimits[0].Primary.UsedPercent != 7 {
		t.Errorf("%+v", m.OtherLimits)
	}
}

func TestCallbackError(t *testing.T) {
	url, _ := serve(t, answer{body: event(msgDone), hang: true})
	c := NewClient(Endpoint{BaseURL: url})
	defer c.Close()
	mine := errors.New("mine")
	if err := c.Stream(context.Background(), Request{}, nil, func(Event) error { return mine }); err != mine {
		t.Error(err)
	}
}

func TestCancel(t *testing.T) {
	why := errors.New("interrupted")
	for name, a := range map[string]answer{"before headers": {hang: true}, "in the stream": {body: event(msgDone), hang: true}} {
		url, _ := serve(t, a)
		c := NewClient(Endpoint{BaseURL: url, RequestMaxRetries: 4})
		ctx, cancel := context.WithCancelCause(context.Background())
		if name == "before headers" {
			go cancel(why)
		}
		err := c.Stream(ctx, Request{}, nil, func(Event) error { cancel(why); return nil })
		if err != why {
			t.Errorf("%s: %v", name, err)
		}
		c.Close()
	}
}

// TestIdle waits for no answer that comes: only the client's own limit ends it.
func TestIdle(t *testing.T) {
	for name, a := range map[string]answer{
		"silence": {hang: true}, "after an event": {body: event(msgDone), hang: true},
		"comments": {body: strings.Repeat(": still here\n\n", 100), hang: true},
	} {
		url, n := serve(t, a)
		c := NewClient(Endpoint{BaseURL: url, IdleTimeout: 20 * time.Millisecond, RequestMaxRetries: 4})
		err := c.Stream(context.Background(), Request{}, nil, func(Event) error { return nil })
		var e *Error
		if !errors.As(err, &e) || e.Message != "stream disconnected before completion: idle timeout waiting for SSE" || !e.Retryable || n.Load() > 1 {
			t.Errorf("%s: %v after %d requests", name, err, n.Load())
		}
		c.Close()
	}
}

// TestAuthorization signs each attempt anew.
func TestAuthorization(t *testing.T) {
	var got []string
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if got = append(got, r.Header.Get("Authorization")); len(got) < 3 {
			w.WriteHeader(http.StatusInternalServerError)
		}
	}))
	defer srv.Close()
	c := NewClient(Endpoint{BaseURL: srv.URL, RequestMaxRetries: 4})
	defer c.Close()
	c.sleep = func(context.Context, time.Duration) error { return nil }
	n := 0
	r := Request{Header: [][2]string{{"authorization", "old"}}, Authorization: func() string { n++; return strconv.Itoa(n) }}
	if _, err := c.Post(t.Context(), "/x", r, 10); err != nil || strings.Join(got, " ") != "1 2 3" {
		t.Errorf("%q, %v", got, err)
	}
}

func TestRequestShape(t *testing.T) {
	var got *http.Request
	var body string
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		got, body = r, string(b)
		io.WriteString(w, event(completed))
	}))
	defer srv.Close()
	c := NewClient(Endpoint{BaseURL: srv.URL + "/v1//", Query: "a=b&c=%20 é", Header: map[string][]string{"x-a": {"1"}, "x-b": {"2"}}})
	defer c.Close()
	if err := c.Stream(context.Background(), Request{Body: []byte(`{"x":1}`), Header: [][2]string{{"x-b", "3"}, {"user-agent", "me"}}}, nil, func(Event) error { return nil }); err != nil {
		t.Fatal(err)
	}
	h := got.Header
	if got.RequestURI != "/v1/responses?a=b&c=%20%20%C3%A9" || body != `{"x":1}` || h.Get("x-a") != "1" || h.Get("x-b") != "3" || h.Get("user-agent") != "me" ||
		h.Get("accept") != "text/event-stream" || h.Get("content-type") != "application/json" || h.Get("accept-encoding") != "" {
		t.Errorf("%s %v %s", got.RequestURI, h, body)
	}
}

func TestKeepAlive(t *testing.T) {
	conns := map[string]bool{}
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		conns[r.RemoteAddr] = true
		io.WriteString(w, event(completed))
	}))
	defer srv.Close()
	c := NewClient(Endpoint{BaseURL: srv.URL})
	defer c.Close()
	for range 3 {
		if err := c.Stream(context.Background(), Request{}, nil, func(Event) error { return nil }); err != nil {
			t.Fatal(err)
		}
		c.wg.Wait() // the rest of the answer has been read
	}
	if len(conns) != 1 {
		t.Errorf("%d connections", len(conns))
	}
}

func TestRecord(t *testing.T) {
	url, _ := serve(t, answer{body: event("{\"type\":\"a.b\",\ndata: \"x\":1}") + event("no") + event(completed)})
	var b strings.Builder
	c := NewClient(Endpoint{BaseURL: url, Record: &b})
	c.Skip = func([]byte) bool { return true }
	defer c.Close()
	if err := c.Stream(context.Background(), Request{}, nil, nil); err != nil {
		t.Fatal(err)
	}
	if want := "{\"type\":\"a.b\", \"x\":1}\n" + completed + "\n"; b.String() != want {
		t.Errorf("%q", b.String())
	}
}
