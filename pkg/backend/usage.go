package backend

import "context"

// Usage is how much of its limits an account has used.
type Usage struct {
	Plan       string   `json:"plan_type"`
	Limit      *Limit   `json:"rate_limit"`
	Credits    *Credits `json:"credits"`
	Additional []struct {
		Name    string `json:"limit_name"`
		Feature string `json:"metered_feature"`
		Limit   *Limit `json:"rate_limit"`
	} `json:"additional_rate_limits"`
	Reached *struct {
		Type string `json:"type"`
	} `json:"rate_limit_reached_type"`
}

// Limit is one limit, with its windows.
type Limit struct {
	Primary   *Window `json:"primary_window"`
	Secondary *Window `json:"secondary_window"`
}

// Window is a stretch of time and what is used of its share.
type Window struct {
	UsedPercent float64 `json:"used_percent"`
	Seconds     int64   `json:"limit_window_seconds"`
	ResetAt     int64   `json:"reset_at"` // since 1970
}

// Credits are what was bought.
type Credits struct {
	Has       bool    `json:"has_credits"`
	Unlimited bool    `json:"unlimited"`
	Balance   *string `json:"balance"`
}

// Usage asks for it.
func (c *Client) Usage(ctx context.Context) (u Usage, err error) {
	err = c.do(ctx, "GET", "usage", nil, &u)
	return u, err
}

// Nudge has a mail sent to who can buy more: credits, or usage_limit.
func (c *Client) Nudge(ctx context.Context, what string) error {
	return c.do(ctx, "POST", "accounts/send_add_credits_nudge_email", map[string]string{"credit_type": what}, nil)
}
