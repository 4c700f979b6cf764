package turn

import (
	"os"
	"path/filepath"

	"github.com/google/uuid"
)

// installation is the id of this installation, kept in CODEX_HOME; it is made at the
// first use.
func (o *Options) installation(home string) string {
	o.installOnce.Do(func() {
		p := filepath.Join(home, "installation_id")
		if b, err := os.ReadFile(p); err == nil {
			if id, err := uuid.ParseBytes(b); err == nil {
				o.install = id.String()
				return
			}
		}
		id, err := uuid.NewRandom()
		if err != nil {
			return
		}
		o.install = id.String()
		if err := writeNew(p, []byte(o.install)); err != nil {
			// Somebody else was quicker, or the folder can't be written: this run's own
			// id still tells its requests apart.
			if b, err := os.ReadFile(p); err == nil && len(b) == 36 {
				o.install = string(b)
			}
		}
	})
	return o.install
}

// writeNew writes a file that must not exist yet, whole or not at all.
func writeNew(path string, b []byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), ".installation_id-*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	if _, err := f.Write(b); err != nil {
		f.Close()
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	return os.Link(f.Name(), path)
}
