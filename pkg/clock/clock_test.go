package clock

import (
	"testing"
	"time"
)

func TestNew(t *testing.T) {
	for setting, ahead := range map[string]time.Duration{"": 0, "+24h": 24 * time.Hour, "-90m": -90 * time.Minute} {
		now, err := New(setting)
		if err != nil {
			t.Fatal(err)
		}
		before := time.Now().Add(ahead)
		at := now()
		if at.Before(before) || at.After(time.Now().Add(ahead)) {
			t.Errorf("%q: %v", setting, at)
		}
	}
	now, err := New("2026-01-02T15:04:05Z")
	if err != nil {
		t.Fatal(err)
	}
	first := now()
	if first.Before(time.Date(2026, 1, 2, 15, 4, 5, 0, time.UTC)) || first.Year() != 2026 || now().Before(first) {
		t.Errorf("%v", first)
	}
	for _, bad := range []string{"yesterday", "24", "2026-01-02"} {
		if _, err := New(bad); err == nil {
			t.Errorf("%q is taken", bad)
		}
	}
}
