// Package installation is the one home of an installation's id, which providers and relays
// are told.
//
// Ground layer; standard library, google/uuid and pkg/atomicfile only.
package installation

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"

	"github.com/google/uuid"

	"codex/pkg/atomicfile"
	"codex/pkg/foreign"
)

// idFile holds the id of a CODEX_HOME.
const idFile = "installation_id"

// ID gives the id of a CODEX_HOME, a UUID that is made at the first use. An error is that
// the id could not be kept: the next call makes another one.
func ID(home string) (string, error) {
	path := filepath.Join(home, idFile)
	if id, ok := readID(path); ok {
		return id, nil
	}
	id := uuid.NewString()
	if err := writeID(path, id); err != nil {
		return id, fmt.Errorf("keep the installation's id: %w", err)
	}
	if kept, ok := readID(path); ok { // somebody else was quicker
		id = kept
	}
	return id, nil
}

// readID reads the id, whatever spaces and letter case it is kept in.
func readID(path string) (string, bool) {
	b, err := foreign.ReadFile(path, 1<<10)
	if err != nil {
		return "", false
	}
	id, err := uuid.ParseBytes(bytes.TrimSpace(b))
	return id.String(), err == nil
}

// writeID writes the file, for its owner alone, whole or not at all. One that holds an id is
// left alone, one that does not is replaced.
func writeID(path, id string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	if atomicfile.Create(path, 0o600, []byte(id)) == nil {
		return nil
	}
	if _, ok := readID(path); ok {
		return nil
	}
	return atomicfile.Replace(path, 0o600, []byte(id)) // one that holds none, or a disk without links
}
