package daemon

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"

	"codex/pkg/atomicfile"
	"codex/pkg/foreign"
)

// settings are what the daemon remembers between commands.
type settings struct {
	RemoteControl bool `json:"remoteControlEnabled"`
}

// loadSettings reads the file at path, which need not be there.
func loadSettings(path string) (settings, error) {
	b, err := foreign.ReadFile(path, 1<<20)
	if errors.Is(err, fs.ErrNotExist) {
		return settings{}, nil
	}
	if err != nil {
		return settings{}, fmt.Errorf("failed to read daemon settings %s: %w", path, err)
	}
	var s struct {
		RemoteControl *bool `json:"remoteControlEnabled"`
	}
	err = json.Unmarshal(b, &s)
	if err == nil && s.RemoteControl == nil {
		err = errors.New("missing field `remoteControlEnabled`")
	}
	if err != nil {
		return settings{}, fmt.Errorf("failed to parse daemon settings %s: %w", path, err)
	}
	return settings{*s.RemoteControl}, nil
}

// save writes the file as the original does: two spaces, no newline at the end. The
// folder is there.
func (s settings) save(path string) error {
	b, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		return err
	}
	if err := atomicfile.Replace(path, 0o644, b); err != nil {
		return fmt.Errorf("failed to write daemon settings %s: %w", path, err)
	}
	return nil
}
