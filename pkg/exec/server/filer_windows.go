package server

import (
	"errors"
	"os"

	"codex/pkg/atomicfile"
	"codex/pkg/exec/wire"
	"codex/pkg/foreign"
	"codex/pkg/policy"
)

// filer works on files. No policy can be kept here, so one that asks for something is
// refused.
type filer struct{}

func newFiler(pol *policy.Policy) (*filer, error) {
	if pol != nil {
		return nil, errors.New("file calls under a policy are not supported on this system")
	}
	return &filer{}, nil
}

func (f *filer) readFile(path string) ([]byte, error) {
	b, err := foreign.ReadFile(path, wire.MaxReadFile)
	if errors.Is(err, foreign.ErrTooLarge) {
		return nil, errTooLarge()
	}
	return b, err
}

func (f *filer) writeFile(path string, data []byte) error {
	return atomicfile.Write(path, 0o666, data)
}

func (f *filer) makeDirectory(path string, recursive bool) error {
	if recursive {
		return os.MkdirAll(path, 0o777)
	}
	return os.Mkdir(path, 0o777)
}

func (f *filer) metadata(path string) (wire.Metadata, error) {
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
	return os.Rename(src, dst)
}

func (f *filer) canonicalize(path string) (string, error) {
	return path, nil
}
