package updater

import (
	"os"
	"path/filepath"
	"testing"
	"time"
)

func TestLoad(t *testing.T) {
	path := filepath.Join(t.TempDir(), "updater.json")
	s, err := Load(path, "")
	if err != nil || s != defaults() || time.Duration(s.First) != 5*time.Minute || time.Duration(s.Interval) != time.Hour {
		t.Errorf("without a file: %+v %v", s, err)
	}
	put := func(text string) {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	put(`{"url":"https://a/b","first":"1m","other":1}`)
	s, err = Load(path, "")
	if err != nil || s.URL != "https://a/b" || time.Duration(s.First) != time.Minute || time.Duration(s.Interval) != time.Hour {
		t.Errorf("%+v %v", s, err)
	}
	if s, err := Load(path, "file:///x"); err != nil || s.URL != "file:///x" {
		t.Errorf("%+v %v", s, err)
	}
	for _, bad := range []string{`{`, `{"first":5}`, `{"first":"soon"}`, `{"first":"-1s"}`, `{"url":1}`} {
		put(bad)
		if s, err := Load(path, ""); err == nil || s != defaults() {
			t.Errorf("%s: %+v %v", bad, s, err)
		}
	}
	if s, err := Load(filepath.Join(path, "below"), ""); err == nil || s != defaults() {
		t.Errorf("%+v %v", s, err)
	}
}

func TestSchedule(t *testing.T) {
	set := Settings{Interval: Duration(time.Hour), Retry: Duration(time.Minute)}
	var s Schedule
	for i, tc := range []struct {
		failed bool
		random float64
		want   time.Duration
	}{
		{false, 0.9, time.Hour},
		{true, 0, time.Minute},
		{true, 0, 2 * time.Minute},
		{true, 0.5, 3 * time.Minute}, // of 4
		{true, 0, 8 * time.Minute},
		{true, 0, 16 * time.Minute},
		{true, 0, 32 * time.Minute},
		{true, 0, time.Hour},
		{true, 0, time.Hour},
		{true, 0.9, 33 * time.Minute},
		{false, 0, time.Hour},
		{true, 0, time.Minute},
	} {
		if got := s.Next(set, tc.failed, tc.random); got.Round(time.Second) != tc.want {
			t.Errorf("%d: %s, want %s", i, got, tc.want)
		}
	}
	for range 200 {
		if d := s.Next(set, true, 0); d <= 0 || d > time.Hour {
			t.Fatal(d)
		}
	}
}
