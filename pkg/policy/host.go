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

// onHost does something with a name as this system writes it.
func onHost[T any](name string, do func(native string) (T, error)) (v T, err error) {
	if name, err = toHost(name); err != nil {
		return v, err
	}
	return do(name)
}

// Lstat is os.Lstat.
func (HostFS) Lstat(name string) (fs.FileInfo, error) { return onHost(name, os.Lstat) }

// EvalSymlinks is filepath.EvalSymlinks.
func (HostFS) EvalSymlinks(name string) (string, error) {
	native, err := onHost(name, filepath.EvalSymlinks)
	return fromHost(native), err
}

// Readlink is os.Readlink.
func (HostFS) Readlink(name string) (string, error) { return onHost(name, os.Readlink) }

// ReadFile reads a small regular file.
func (HostFS) ReadFile(name string) ([]byte, error) {
	return onHost(name, func(native string) ([]byte, error) { return foreign.ReadFile(native, 64<<10) })
}
