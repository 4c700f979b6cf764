package responses

import (
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/tidwall/gjson"
)

const settingsURL = "https://chatgpt.com/codex/settings/usage"

// usageLimit is the text of a 429 usage_limit_reached, by plan.
func (c *Client) usageLimit(errObj gjson.Result, h http.Header, limits *RateLimits) string {
	const hit = "You've hit your usage limit"
	at := ""
	if r := errObj.Get("resets_at"); r.Type == gjson.Number {
		at = c.clockTime(time.Unix(r.Int(), 0))
	}
	try, orTry := " Try again later.", " or try again later."
	if at != "" {
		try, orTry = " Try again at "+at+".", " or try again at "+at+"."
	}
	if limits.LimitName != nil && !strings.EqualFold(*limits.LimitName, DefaultLimit) {
		return hit + " for " + *limits.LimitName + ". Switch to another model now," + orTry
	}
	if promo := strings.TrimSpace(h.Get("x-codex-promo-message")); promo != "" {
		return hit + ". " + promo + "," + orTry
	}
	switch strings.ToLower(errObj.Get("plan_type").String()) {
	case "plus":
		return hit + ". Upgrade to Pro (https://chatgpt.com/explore/pro), visit " + settingsURL + " to purchase more credits" + orTry
	case "free", "go":
		return hit + ". Upgrade to Plus to continue using Codex (https://chatgpt.com/explore/plus)," + orTry
	case "pro", "prolite":
		return hit + ". Visit " + settingsURL + " to purchase more credits" + orTry
	case "team", "business", "self_serve_business_usage_based", "enterprise_cbp_usage_based":
		return hit + ". To get more access now, send a request to your admin" + orTry
	}
	return hit + "." + try
}

// clockTime is a time of today as 3:07 PM, of another day as Nov 23rd, 2026 3:07 PM, in
// the zone of the client's clock.
func (c *Client) clockTime(t time.Time) string {
	now := c.now()
	t = t.In(now.Location())
	if t.YearDay() == now.YearDay() && t.Year() == now.Year() {
		return t.Format("3:04 PM")
	}
	day := t.Day()
	suffix := "th"
	if day < 11 || day > 13 {
		switch day % 10 {
		case 1:
			suffix = "st"
		case 2:
			suffix = "nd"
		case 3:
			suffix = "rd"
		}
	}
	return t.Format("Jan ") + strconv.Itoa(day) + suffix + t.Format(", 2006 3:04 PM")
}
