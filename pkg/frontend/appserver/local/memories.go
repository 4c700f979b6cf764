package local

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// memoryReset removes everything in the folder of memories. A link in its place is refused:
// what it leads to may be anything.
func (s *Service) memoryReset(*Request) (any, error) {
	dir := filepath.Join(s.Home, "memories")
	st, err := os.Lstat(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return struct{}{}, nil
	case err != nil:
		return nil, fmt.Errorf("reset memories: %w", err)
	case !st.IsDir():
		return nil, fmt.Errorf("reset memories: %s is no folder", dir)
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("reset memories: %w", err)
	}
	var all []error
	for _, e := range entries {
		all = append(all, os.RemoveAll(filepath.Join(dir, e.Name())))
	}
	if err := errors.Join(all...); err != nil {
		return nil, fmt.Errorf("reset memories: %w", err)
	}
	return struct{}{}, nil
}
