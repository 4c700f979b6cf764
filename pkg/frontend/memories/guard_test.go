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
