//go:build unix

package server

import (
	"errors"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"

	"codex/pkg/atomicfile"
	"codex/pkg/jsonrpc"
	"codex/pkg/policy"
)

// Copying, moving, and the true name.

func (f *filer) copy(src, dst string, recursive bool) error {
	var st unix.Stat_t
	p, err := f.at(src)
	if err != nil {
		return err
	}
	defer p.close()
	if err := f.mayRead(p); err != nil {
		return err
	}
	if err := p.stat(&st, false); err != nil {
		return err
	}
	switch {
	case isKind(&st, unix.S_IFREG):
		return f.copyFile(p, dst, uint32(st.Mode)&0o7777)
	case isKind(&st, unix.S_IFLNK):
		return f.copyLink(p, dst)
	case !isKind(&st, unix.S_IFDIR):
		return jsonrpc.Errorf(jsonrpc.CodeInvalidRequest, "fs/copy only supports regular files, directories, and symlinks")
	case !recursive:
		return jsonrpc.Errorf(jsonrpc.CodeInvalidRequest, "fs/copy requires recursive: true when sourcePath is a directory")
	case policy.Below(nearest(dst), nearest(src)):
		return jsonrpc.Errorf(jsonrpc.CodeInvalidRequest, "fs/copy cannot copy a directory to itself or one of its descendants")
	}
	return f.copyTree(p, src, dst)
}

// nearest follows as much of a path as exists.
func nearest(path string) string {
	rest := ""
	for at := path; ; at = filepath.Dir(at) {
		if real, err := filepath.EvalSymlinks(at); err == nil {
			return filepath.Join(real, rest)
		}
		if at == "/" {
			return path
		}
		rest = filepath.Join(filepath.Base(at), rest)
	}
}

func (f *filer) copyFile(p entry, dst string, perm uint32) error {
	in, err := p.open(unix.O_RDONLY | unix.O_NONBLOCK | unix.O_NOFOLLOW)
	if err != nil {
		return err
	}
	defer in.Close()
	if f.pol == nil {
		return atomicfile.Copy(dst, os.FileMode(perm&0o777), in)
	}
	q, err := f.follow(dst)
	if err != nil {
		return err
	}
	defer q.close()
	if err := f.mayWrite(q); err != nil {
		return err
	}
	return atomicfile.CopyAt(q.dir, q.base, os.FileMode(perm&0o777), f.replaces(q), in)
}

func (f *filer) copyLink(p entry, dst string) error {
	target, err := readLink(p)
	if err != nil {
		return err
	}
	q, err := f.at(dst)
	if err != nil {
		return err
	}
	defer q.close()
	if err := f.mayWrite(q); err != nil {
		return err
	}
	return unix.Symlinkat(target, q.dir, q.base)
}

func (f *filer) copyTree(p entry, src, dst string) error {
	dir, err := p.open(unix.O_RDONLY | unix.O_DIRECTORY | unix.O_NOFOLLOW)
	if err != nil {
		return err
	}
	names, err := dir.Readdirnames(-1)
	dir.Close()
	if err != nil {
		return err
	}
	if err := f.makeDirectory(dst, true); err != nil {
		return err
	}
	for _, name := range names {
		err := f.copy(filepath.Join(src, name), filepath.Join(dst, name), true)
		var e *jsonrpc.Error
		if err != nil && !errors.As(err, &e) { // other kinds inside a tree are left out
			return err
		}
	}
	return nil
}

func (f *filer) rename(src, dst string) error {
	p, err := f.at(src)
	if err != nil {
		return err
	}
	defer p.close()
	q, err := f.at(dst)
	if err != nil {
		return err
	}
	defer q.close()
	if err := f.mayMove(p); err != nil {
		return err
	}
	if err := f.mayMove(q); err != nil {
		return err
	}
	return unix.Renameat(p.dir, p.base, q.dir, q.base)
}

func (f *filer) canonicalize(path string) (string, error) {
	if f.pol == nil {
		return filepath.EvalSymlinks(path)
	}
	p, err := f.follow(path)
	if err != nil {
		return "", err
	}
	defer p.close()
	var st unix.Stat_t
	if err := f.mayRead(p); err != nil {
		return "", err
	}
	return p.real, p.stat(&st, false)
}
