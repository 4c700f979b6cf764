package patch

import (
	"context"
	"errors"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"
)

// memFS is a machine at the far end of a pipe: errors are not this system's.
type memFS struct {
	files    map[string]string
	links    map[string]string // one step only
	fails    map[string]bool   // writing and removing these fails
	caseless bool
	calls    []string
}

func newMemFS(files map[string]string) *memFS {
	return &memFS{files: maps.Clone(files), links: map[string]string{}, fails: map[string]bool{}}
}

type remoteError struct {
	text string
	is   error
}

func (e *remoteError) Error() string        { return e.text }
func (e *remoteError) Is(target error) bool { return target == e.is }

var errRefused = errors.New("refused by the far end")

func (m *memFS) at(name string) string {
	if m.caseless {
		name = strings.ToLower(name)
	}
	if to, ok := m.links[name]; ok {
		return to
	}
	return name
}

func (m *memFS) isDir(name string) bool {
	for f := range m.files {
		if strings.HasPrefix(f, strings.TrimSuffix(name, "/")+"/") {
			return true
		}
	}
	return name == "/"
}

func (m *memFS) ReadFile(_ context.Context, name string) ([]byte, error) {
	m.calls = append(m.calls, "read "+name)
	if text, ok := m.files[m.at(name)]; ok {
		if text == "" {
			return nil, nil
		}
		return []byte(text), nil
	}
	if m.isDir(name) {
		return nil, errors.New("read: is a directory over there")
	}
	return nil, &remoteError{"read: gone (-32004)", fs.ErrNotExist}
}

func (m *memFS) WriteFile(_ context.Context, name string, pieces ...[]byte) error {
	m.calls = append(m.calls, "write "+name)
	if m.fails[name] || m.isDir(name) {
		return errRefused
	}
	m.files[m.at(name)] = string(slices.Concat(pieces...))
	return nil
}

func (m *memFS) MkdirAll(_ context.Context, dir string) error {
	for d := dir; d != "/"; d = path.Dir(d) {
		if _, ok := m.files[d]; ok {
			return errRefused
		}
	}
	return nil
}

func (m *memFS) Remove(_ context.Context, name string) error {
	m.calls = append(m.calls, "remove "+name)
	if m.fails["-"+name] {
		return errRefused
	}
	if _, ok := m.links[name]; ok {
		delete(m.links, name)
		return nil
	}
	if _, ok := m.files[m.at(name)]; !ok {
		return &remoteError{"remove: gone", fs.ErrNotExist}
	}
	delete(m.files, m.at(name))
	return nil
}

func (m *memFS) Stat(_ context.Context, name string) (Info, error) {
	_, link := m.links[name]
	if _, ok := m.files[m.at(name)]; ok {
		return Info{IsFile: true, IsSymlink: link}, nil
	}
	if m.isDir(name) {
		return Info{IsDir: true}, nil
	}
	return Info{}, &remoteError{"stat: gone", fs.ErrNotExist}
}

// list is the files as one string, for comparison.
func (m *memFS) list() string {
	var b strings.Builder
	for _, name := range slices.Sorted(maps.Keys(m.files)) {
		b.WriteString(name + "=" + m.files[name] + ";")
	}
	return b.String()
}
