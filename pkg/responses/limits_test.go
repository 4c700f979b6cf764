package responses

import (
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

// FuzzHeaders holds that what is kept of a response's headers is finite, bounded, valid
// UTF-8, and can be sent back.
func FuzzHeaders(f *testing.F) {
	f.Add("x-codex-primary-used-percent: 42.5\nx-codex-primary-window-minutes: 300\nx-codex-primary-reset-at: 1795347733\nx-codex-credits-has-credits: true\nx-codex-credits-unlimited: 0")
	f.Add("x-codex-primary-used-percent: 1e308\nx-codex-secondary-used-percent: -Inf\nx-a-primary-used-percent: NaN\nx-b_c-primary-used-percent: 1")
	f.Add("x-codex-limit-name: caf\xe9\nx-codex-turn-state: a\x01b\nx-\xff-primary-used-percent: 7\nx-codex-credits-balance: " + strings.Repeat("9", 5000))
	f.Fuzz(func(t *testing.T, lines string) {
		h := http.Header{}
		for line := range strings.SplitSeq(lines, "\n") {
			k, v, _ := strings.Cut(line, ":")
			h.Add(k, strings.TrimSpace(v))
		}
		m := ParseMeta(h)
		if err := checkHeader(http.Header{"X": {m.TurnState}}); err != nil {
			t.Fatal(err)
		}
		if len(m.OtherLimits) > maxFamilies {
			t.Fatalf("%d families", len(m.OtherLimits))
		}
		for _, l := range append(m.OtherLimits, m.RateLimits) {
			b, err := json.Marshal(l)
			if err != nil || !utf8.Valid(b) || len(b) > 8*maxLimitText || strings.Contains(string(b), `\ufffd`) && utf8.ValidString(lines) && !strings.Contains(lines, "\ufffd") {
				t.Fatalf("%s, %v", b, err)
			}
			for _, w := range []*Window{l.Primary, l.Secondary} {
				if w != nil && (w.UsedPercent < 0 || w.UsedPercent > maxPercent) {
					t.Fatalf("%v %%", w.UsedPercent)
				}
			}
		}
	})
}

// FuzzRefusal holds that the error of an answer is a text in UTF-8 of a bounded length,
// that nobody waits for ever, and that a refusal of the request itself is not repeated.
func FuzzRefusal(f *testing.F) {
	for _, s := range []string{`{"error":{"message":"m","code":"c","type":"t","param":"input[3].image_url"}}`, `{"error":"text"}`, `{"error":{"error":{"message":5}}}`,
		`[{"error":{"code":429,"message":"try again in 1e300s"}}]`, `{"detail":[{"msg":"x"}]}`, "<html><script><b>", "caf\xe9", strings.Repeat("[", 1000), `{"error":{"type":"usage_limit_reached","resets_at":1e300,"plan_type":5}}`} {
		f.Add(429, s, "30")
		f.Add(400, s, "")
	}
	c := NewClient(Endpoint{}, WithClock(clock))
	f.Fuzz(func(t *testing.T, status int, body, after string) {
		err := c.statusError(status, http.Header{"Retry-After": {after}, "Cf-Ray": {after}}, []byte(body), "http://host/responses")
		var e *Error
		if !errors.As(err, &e) || e.Message == "" || !utf8.ValidString(e.Message) || len(e.Message) > maxBadRequest+2*maxShown {
			t.Fatalf("%q", e.Message)
		}
		if e.RetryAfter < 0 || e.RetryAfter > 5*time.Minute {
			t.Fatal(e.RetryAfter)
		}
		if (status == 401 || status == 403 || status == 404) && e.Retryable {
			t.Fatal("repeated")
		}
	})
}
