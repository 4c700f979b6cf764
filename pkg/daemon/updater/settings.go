package updater

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"time"

	"codex/pkg/foreign"
)

// Nowhere is the address of a build that nobody publishes updates for.
const Nowhere = "https://codex.invalid"

// DefaultURL is where updates come from when nobody says otherwise, set with
// -ldflags "-X codex/pkg/daemon/updater.DefaultURL=...". It is a folder: SHA256SUMS,
// its signature and install.sh are in it, and what the installer asks for.
var DefaultURL = Nowhere

// Settings are what updater.json and the environment can say.
type Settings struct {
	URL      string   `json:"url"`
	First    Duration `json:"first"`    // from the start of the updater to the first update
	Interval Duration `json:"interval"` // from one update to the next
	Retry    Duration `json:"retry"`    // after a failure; doubled with each further one
	Download Duration `json:"download"` // what one download may take
	Script   Duration `json:"script"`   // what the installer may take
	Drain    Duration `json:"drain"`    // what commands wait for a server that finishes its turns
}

// Duration is written as "90s" or "1h30m".
type Duration time.Duration

// UnmarshalJSON reads a string.
func (d *Duration) UnmarshalJSON(b []byte) error {
	var s string
	if err := json.Unmarshal(b, &s); err != nil {
		return err
	}
	v, err := time.ParseDuration(s)
	if err == nil && v <= 0 {
		err = fmt.Errorf("%q is no length of time", s)
	}
	*d = Duration(v)
	return err
}

// defaults has the original's times, and bounds where it has
// none.
func defaults() Settings {
	return Settings{
		URL:   DefaultURL,
		First: Duration(5 * time.Minute), Interval: Duration(time.Hour), Retry: Duration(time.Minute),
		Download: Duration(2 * time.Minute), Script: Duration(15 * time.Minute), Drain: Duration(5 * time.Second),
	}
}

// StateDir is the daemon's folder in a home, SettingsFile the updater's settings there.
func StateDir(home string) string     { return filepath.Join(home, "app-server-daemon") }
func SettingsFile(home string) string { return filepath.Join(StateDir(home), "updater.json") }

// Load reads the file at path, which need not be there. url, from the environment, goes
// before the file's. With an error the settings are usable nevertheless.
func Load(path, url string) (Settings, error) {
	s := defaults()
	b, err := foreign.ReadFile(path, 1<<20)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		err = nil
	case err == nil:
		if err = json.Unmarshal(b, &s); err != nil {
			s = defaults()
			err = fmt.Errorf("failed to parse updater settings %s: %w", path, err)
		}
	default:
		err = fmt.Errorf("failed to read updater settings %s: %w", path, err)
	}
	s.URL = cmp.Or(url, s.URL)
	return s, err
}
