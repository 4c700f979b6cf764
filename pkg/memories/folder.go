package memories

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// Names in the folder of memories.
const (
	RawName       = "raw_memories.md"
	SummariesName = "rollout_summaries"
	HandbookName  = "MEMORY.md"
	SummaryName   = "memory_summary.md"
)

// Dir is the folder of memories, StateDir that of what is known about them.
func Dir(home string) string      { return filepath.Join(home, "memories") }
func StateDir(home string) string { return filepath.Join(home, "memories-state") }

// Reset forgets everything. A link in the place of the folder is refused: what it leads to
// may be anything.
func Reset(home string) error {
	for _, dir := range []string{Dir(home), StateDir(home)} {
		if err := empty(dir); err != nil {
			return fmt.Errorf("reset memories: %w", err)
		}
	}
	return nil
}

// empty removes what is in a folder; that stays, and so does what links in it lead to.
func empty(dir string) error {
	st, err := os.Lstat(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return err
	case !st.IsDir():
		return fmt.Errorf("%s is no folder", dir)
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	var all []error
	for _, e := range entries {
		if e.Name() != LockName { // another file of that name would be another lock
			all = append(all, os.RemoveAll(filepath.Join(dir, e.Name())))
		}
	}
	return errors.Join(all...)
}

// LockName is the file in StateDir whose lock has who makes memories.
const LockName = "lock"
