package responses

import (
	"net/http"
	"sort"
	"strconv"
	"strings"
)

// RateLimits is one family of limits in the form a token_count event carries (turn spec
// §3.5).
type RateLimits struct {
	LimitID     string   `json:"limit_id"`
	LimitName   *string  `json:"limit_name"`
	Primary     *Window  `json:"primary"`
	Secondary   *Window  `json:"secondary"`
	Credits     *Credits `json:"credits"`
	PlanType    *string  `json:"plan_type"`
	ReachedType *string  `json:"rate_limit_reached_type"`
}

// Window is the state of one limit: percent used, its length in minutes, and when it
// starts anew in Unix seconds.
type Window struct {
	UsedPercent   float64 `json:"used_percent"`
	WindowMinutes *int64  `json:"window_minutes"`
	ResetsAt      *int64  `json:"resets_at"`
}

// Credits is what is left beside the limits.
type Credits struct {
	HasCredits bool    `json:"has_credits"`
	Unlimited  bool    `json:"unlimited"`
	Balance    *string `json:"balance"`
}

// DefaultLimit is the id of the family that every snapshot names unless told otherwise.
const DefaultLimit = "codex"

// ParseMeta reads the headers of a response.
func ParseMeta(h http.Header) Meta {
	_, reasoning := h["X-Reasoning-Included"]
	return Meta{
		TurnState:         h.Get("x-codex-turn-state"),
		Model:             h.Get("openai-model"),
		ModelsETag:        h.Get("x-models-etag"),
		RequestID:         requestID(h),
		ReasoningIncluded: reasoning,
		RateLimits:        ParseRateLimits(h, DefaultLimit),
		OtherLimits:       otherLimits(h),
		Header:            h,
	}
}

func requestID(h http.Header) string {
	if id := h.Get("x-request-id"); id != "" {
		return id
	}
	return h.Get("x-oai-request-id")
}

// ParseRateLimits reads the family with the given id; its windows are nil when the
// headers have none.
func ParseRateLimits(h http.Header, id string) *RateLimits {
	id = strings.ToLower(strings.TrimSpace(id))
	p := "x-" + strings.ReplaceAll(id, "_", "-")
	return &RateLimits{
		LimitID:     strings.ReplaceAll(id, "-", "_"),
		LimitName:   optional(h.Get(p + "-limit-name")),
		Primary:     window(h, p+"-primary"),
		Secondary:   window(h, p+"-secondary"),
		Credits:     credits(h),
		ReachedType: optional(h.Get("x-codex-rate-limit-reached-type")),
	}
}

func otherLimits(h http.Header) []*RateLimits {
	var all []*RateLimits
	for name := range h {
		n, ok := strings.CutSuffix(strings.ToLower(name), "-primary-used-percent")
		n, ok2 := strings.CutPrefix(n, "x-")
		if ok && ok2 && n != DefaultLimit {
			if l := ParseRateLimits(h, n); l.Primary != nil || l.Secondary != nil {
				all = append(all, l)
			}
		}
	}
	sort.Slice(all, func(i, j int) bool { return all[i].LimitID < all[j].LimitID })
	return all
}

// window is nil without a used-percent header, and for the all-zero window that stands
// for "no such limit".
func window(h http.Header, p string) *Window {
	used, err := strconv.ParseFloat(h.Get(p+"-used-percent"), 64)
	if err != nil || used-used != 0 {
		return nil
	}
	w := &Window{UsedPercent: used, WindowMinutes: integer(h.Get(p + "-window-minutes")), ResetsAt: integer(h.Get(p + "-reset-at"))}
	if used == 0 && (w.WindowMinutes == nil || *w.WindowMinutes == 0) && w.ResetsAt == nil {
		return nil
	}
	return w
}

func credits(h http.Header) *Credits {
	has, ok1 := boolean(h.Get("x-codex-credits-has-credits"))
	unlimited, ok2 := boolean(h.Get("x-codex-credits-unlimited"))
	if !ok1 || !ok2 {
		return nil
	}
	return &Credits{HasCredits: has, Unlimited: unlimited, Balance: optional(h.Get("x-codex-credits-balance"))}
}

func boolean(s string) (v, ok bool) {
	switch strings.ToLower(s) {
	case "true", "1":
		return true, true
	case "false", "0":
		return false, true
	}
	return false, false
}

func integer(s string) *int64 {
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil {
		return nil
	}
	return &n
}

func optional(s string) *string {
	if s = strings.TrimSpace(s); s == "" {
		return nil
	}
	return &s
}
