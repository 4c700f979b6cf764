package policy

import (
	"fmt"
	"maps"
	"sync"
)

// FileID tells a file or directory from another that gets its name. The zero value is
// that of a system that has none.
type FileID struct{ Dev, Ino uint64 }

// identity gives the FileID of a name, zero when there is none to be had.
func identity(f FS, name string) FileID {
	fi, err := f.Lstat(name)
	if err != nil {
		return FileID{}
	}
	return fileID(fi)
}

// Session remembers where the names in a session's profiles led when they were first
// used. A command may make links where it may write: a name that leads elsewhere later
// would give the next command other files than the user granted, or show what was to be
// hidden. The zero value is ready.
type Session struct {
	mu   sync.Mutex
	path map[string]string // by name as it was written
	id   map[string]FileID // of writable roots, by path
}

// Hold takes p's names down, or refuses p when one of them has changed its meaning.
func (s *Session) Hold(p Policy) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for name, path := range p.names {
		if was, ok := s.path[name]; ok && was != path {
			return fmt.Errorf("%s led to %s when the session began and leads to %s now: it is not followed", name, was, path)
		}
	}
	for _, w := range p.Writable {
		if was, ok := s.id[w.Path]; ok && was != w.ID {
			return fmt.Errorf("%s is not the directory that it was when the session began: it is not opened for writing", w.Path)
		}
	}
	if s.path == nil {
		s.path, s.id = map[string]string{}, map[string]FileID{}
	}
	maps.Copy(s.path, p.names)
	for _, w := range p.Writable {
		s.id[w.Path] = w.ID
	}
	return nil
}
