package policy

import (
	"io/fs"
	"os"
	"path/filepath"

	"codex/pkg/foreign"
)

// HostPath writes a path of a policy as this system does.
func HostPath(name string) string {
	if s, err := toHost(name); err == nil {
		return s
	}
	return name
}

// HostFS is this machine's file system, for Env. Names are those of policies.
type HostFS struct{}

// Lstat is os.Lstat.
func (HostFS) Lstat(name string) (fs.FileInfo, error) {
	name, err := toHost(name)
	if err != nil {
		return nil, err
	}
	return os.Lstat(name)
}

// EvalSymlinks is filepath.EvalSymlinks.
func (HostFS) EvalSymlinks(name string) (string, error) {
	name, err := toHost(name)
	if err != nil {
		return "", err
	}
	name, err = filepath.EvalSymlinks(name)
	return fromHost(name), err
}

// Readlink is os.Readlink.
func (HostFS) Readlink(name string) (string, error) {
	name, err := toHost(name)
	if err != nil {
		return "", err
	}
	return os.Readlink(name)
}

// ReadFile reads a small regular file.
func (HostFS) ReadFile(name string) ([]byte, error) {
	name, err := toHost(name)
	if err != nil {
		return nil, err
	}
	return foreign.ReadFile(name, 64<<10)
}
