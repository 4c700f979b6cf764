package server

import (
	"errors"
	"os"

	"codex/pkg/atomicfile"
	"codex/pkg/exec/wire"
	"codex/pkg/policy"
)

// filer works on files. No policy can be kept here, so one that asks for something is
// refused.
type filer struct {
	pol *policy.Policy
}

var errPolicy = errors.New("file calls under a policy are not supported on this system")

func (f *filer) ok() error {
	if f.pol != nil {
		return errPolicy
	}
	return nil
}

func (f *filer) readFile(path string) ([]byte, error) {
	if err := f.ok(); err != nil {
		return nil, err
	}
	return os.ReadFile(path)
}

func (f *filer) writeFile(path string, data []byte) error {
	if err := f.ok(); err != nil {
		return err
	}
	return atomicfile.Write(path, 0o666, data)
}

func (f *filer) makeDirectory(path string, recursive bool) error {
	if err := f.ok(); err != nil {
		return err
	}
	if recursive {
		return os.MkdirAll(path, 0o777)
	}
	return os.Mkdir(path, 0o777)
}

func (f *filer) metadata(path string) (wire.Metadata, error) {
	if err := f.ok(); err != nil {
		return wire.Metadata{}, err
	}
	link, err := os.Lstat(path)
	if err != nil {
		return wire.Metadata{}, err
	}
	fi, err := os.Stat(path)
	if err != nil {
		return wire.Metadata{}, err
	}
	return wire.Metadata{
		IsDirectory: fi.IsDir(), IsFile: fi.Mode().IsRegular(), IsSymlink: link.Mode()&os.ModeSymlink != 0,
		Size: fi.Size(), ModifiedAtMs: fi.ModTime().UnixMilli(),
	}, nil
}

func (f *filer) readDirectory(path string) ([]wire.DirEntry, error) {
	if err := f.ok(); err != nil {
		return nil, err
	}
	list, err := os.ReadDir(path)
	if err != nil {
		return nil, err
	}
	entries := []wire.DirEntry{}
	for _, e := range list {
		entries = append(entries, wire.DirEntry{FileName: e.Name(), IsDirectory: e.IsDir(), IsFile: e.Type().IsRegular()})
	}
	return entries, nil
}

func (f *filer) remove(path string, recursive, force bool) error {
	if err := f.ok(); err != nil {
		return err
	}
	_, err := os.Lstat(path)
	switch {
	case os.IsNotExist(err) && force:
		return nil
	case err != nil:
		return err
	case recursive:
		return os.RemoveAll(path)
	}
	return os.Remove(path)
}

func (f *filer) copy(src, dst string, recursive bool) error {
	if err := f.ok(); err != nil {
		return err
	}
	fi, err := os.Stat(src)
	if err != nil {
		return err
	}
	if fi.IsDir() {
		return os.CopyFS(dst, os.DirFS(src))
	}
	b, err := os.ReadFile(src)
	if err != nil {
		return err
	}
	return os.WriteFile(dst, b, 0o666)
}

func (f *filer) rename(src, dst string) error {
	if err := f.ok(); err != nil {
		return err
	}
	return os.Rename(src, dst)
}

func (f *filer) canonicalize(path string) (string, error) {
	if err := f.ok(); err != nil {
		return "", err
	}
	return path, nil
}
