package responses

import (
	"cmp"
	"maps"
	"math"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// RateLimits is one family of limits in the form a token_count event carries.
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

// Bounds on what the headers can make anybody keep and show.
const (
	maxFamilies  = 32
	maxLimitText = 200
	maxPercent   = 1e6
)

// DefaultLimit is the id of the family that every snapshot names unless told otherwise.
const DefaultLimit = "codex"

// ParseMeta reads the headers of a response.
func ParseMeta(h http.Header) Meta {
	_, reasoning := h["X-Reasoning-Included"]
	return Meta{
		TurnState:         sendable(h.Get("x-codex-turn-state")),
		Model:             valid(h.Get("openai-model")),
		ModelsETag:        h.Get("x-models-etag"),
		RequestID:         requestID(h),
		ReasoningIncluded: reasoning,
		RateLimits:        ParseRateLimits(h, DefaultLimit),
		OtherLimits:       otherLimits(h),
		Header:            h,
	}
}

// sendable is a header's value that can be sent back; "" for one that can't.
func sendable(v string) string {
	if checkHeader(http.Header{"X": {v}}) != nil {
		return ""
	}
	return v
}

func requestID(h http.Header) string {
	return cmp.Or(h.Get("x-request-id"), h.Get("x-oai-request-id"))
}

// ParseRateLimits reads the family with the given id; its windows are nil when the
// headers have none.
func ParseRateLimits(h http.Header, id string) *RateLimits {
	id = strings.ToLower(strings.TrimSpace(id))
	p := "x-" + strings.ReplaceAll(id, "_", "-")
	return &RateLimits{
		LimitID:     cut(valid(strings.ReplaceAll(id, "-", "_")), maxLimitText),
		LimitName:   optional(h.Get(p + "-limit-name")),
		Primary:     window(h, p+"-primary"),
		Secondary:   window(h, p+"-secondary"),
		Credits:     credits(h),
		ReachedType: optional(h.Get("x-codex-rate-limit-reached-type")),
	}
}

func otherLimits(h http.Header) []*RateLimits {
	var all []*RateLimits
	for _, name := range slices.Sorted(maps.Keys(h)) {
		n, ok := strings.CutSuffix(strings.ToLower(name), "-primary-used-percent")
		n, ok2 := strings.CutPrefix(n, "x-")
		if ok && ok2 && n != DefaultLimit && len(all) < maxFamilies {
			if l := ParseRateLimits(h, n); l.Primary != nil || l.Secondary != nil {
				all = append(all, l)
			}
		}
	}
	return all
}

// window is nil without a used-percent header, and for the all-zero window that stands
// for "no such limit".
func window(h http.Header, p string) *Window {
	used, err := strconv.ParseFloat(h.Get(p+"-used-percent"), 64)
	if err != nil || math.IsNaN(used) {
		return nil
	}
	w := &Window{UsedPercent: min(max(used, 0), maxPercent), WindowMinutes: integer(h.Get(p + "-window-minutes")), ResetsAt: integer(h.Get(p + "-reset-at"))}
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
	if s = cut(strings.TrimSpace(valid(s)), maxLimitText); s == "" {
		return nil
	}
	return &s
}
