package sandbox

import (
	"io/fs"
	"os"
	"path/filepath"
)

// HostFS is this machine's file system for policy.Env.
type HostFS struct{}

// Lstat is os.Lstat.
func (HostFS) Lstat(name string) (fs.FileInfo, error) { return os.Lstat(name) }

// EvalSymlinks is filepath.EvalSymlinks.
func (HostFS) EvalSymlinks(name string) (string, error) { return filepath.EvalSymlinks(name) }

// ReadFile is os.ReadFile.
func (HostFS) ReadFile(name string) ([]byte, error) { return os.ReadFile(name) }
