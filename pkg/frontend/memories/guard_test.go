package memories

import (
	"encoding/json"
	"testing"
	"time"

	"codex/pkg/config"
)

func TestEnough(t *testing.T) {
	now := time.Unix(1000, 0)
	for limits, want := range map[string]bool{
		``: true, `null`: true, `{"primary":null,"secondary":null}`: true,
		`{"primary":{"used_percent":75.0,"resets_at":2000}}`:                                     true,
		`{"primary":{"used_percent":75.5,"resets_at":2000}}`:                                     false,
		`{"primary":{"used_percent":99,"resets_at":900}}`:                                        true,
		`{"primary":{"used_percent":1},"secondary":{"used_percent":80}}`:                         false,
		`{"primary":{"usedPercent":80,"resetsAt":2000}}`:                                         false,
		`{"primary":{"used_percent":1,"resets_at":2000},"rate_limit_reached_type":"rate_limit"}`: false,
	} {
		u := &updater{Process: Process{Now: func() time.Time { return now }}, set: config.Memories{MinRemaining: 25}, limits: json.RawMessage(limits)}
		if got := u.enough(); got != want {
			t.Errorf("%s: %v", limits, got)
		}
	}
}

// TestRests: what waits does so for its time, and not for a clock that was years ahead.
func TestRests(t *testing.T) {
	now := time.Unix(1_000_000, 0)
	for p, want := range map[progress]bool{
		{}:                            false,
		{At: 1_000_000 - 5*3600}:      true,
		{At: 1_000_000 - 6*3600}:      false,
		{At: 1_000_000 + 10}:          false,
		{At: 9, Retry: 1_003_600}:     true,
		{At: 9, Retry: 1_000_000}:     false,
		{At: 9, Retry: 2_000_000_000}: false,
	} {
		if got := p.rests(now); got != want {
			t.Errorf("%+v: %v", p, got)
		}
	}
}
