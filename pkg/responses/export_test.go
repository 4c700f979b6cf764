package responses

import (
	"context"
	"time"
)

// WithSleep sets what waits between two attempts.
func WithSleep(f func(context.Context, time.Duration) error) Option {
	return func(c *Client) { c.sleep = f }
}

// WithRand sets the source of the jitter, numbers in [0,1).
func WithRand(f func() float64) Option { return func(c *Client) { c.rnd = f } }
