//go:build unix

package server

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"

	"codex/pkg/atomicfile"
	"codex/pkg/exec/wire"
	"codex/pkg/jsonrpc"
)

// Reading, writing, making and removing.

func (f *filer) readFile(path string) ([]byte, error) {
	p, err := f.follow(path)
	if err != nil {
		return nil, err
	}
	defer p.close()
	if err := f.mayRead(p); err != nil {
		return nil, err
	}
	file, err := p.open(unix.O_RDONLY | unix.O_NONBLOCK) // a fifo must not hold us up
	if err != nil {
		return nil, err
	}
	defer file.Close()
	fi, err := file.Stat()
	switch {
	case err != nil:
		return nil, err
	case fi.IsDir():
		return nil, syscall.EISDIR
	case !fi.Mode().IsRegular():
		return nil, jsonrpc.Errorf(jsonrpc.CodeInvalidRequest, "fs/readFile only supports regular files")
	case fi.Size() > wire.MaxReadFile:
		return nil, errTooLarge()
	}
	raw, err := file.SyscallConn()
	if err != nil {
		return nil, err
	}
	data := make([]byte, 0, fi.Size()+512) // room to see the end without growing
	for {
		// Not through the poller: some files of /proc and /sys have no end, only pauses.
		n, readErr := 0, error(nil)
		err := raw.Read(func(fd uintptr) bool {
			readErr = retry(func() (err error) {
				n, err = unix.Read(int(fd), data[len(data):cap(data)])
				return err
			})
			return true
		})
		switch {
		case err != nil:
			return nil, err
		case readErr != nil:
			return nil, readErr
		case n == 0:
			return data, nil
		}
		if data = data[:len(data)+n]; len(data) > wire.MaxReadFile {
			return nil, errTooLarge()
		}
		if len(data) == cap(data) { // it grew, or has no size, as in /proc
			data = append(data, 0)[:len(data)]
		}
	}
}

func (f *filer) writeFile(path string, data []byte) error {
	if f.pol == nil {
		return atomicfile.Write(path, 0o666, data)
	}
	p, err := f.follow(path)
	if err != nil {
		return err
	}
	defer p.close()
	if err := f.mayWrite(p); err != nil {
		return err
	}
	return atomicfile.WriteAt(p.dir, p.base, 0o666, f.replaces(p), data)
}

// replaces says whether a new file may take the place of one: where only that one may be
// written, no other one comes into its folder.
func (f *filer) replaces(p entry) bool {
	return f.pol.CanWrite(filepath.Join(filepath.Dir(p.real), ".codex-0.tmp"))
}

func (f *filer) makeDirectory(path string, recursive bool) error {
	err := f.mkdir(path)
	if !recursive {
		return err
	}
	if errors.Is(err, syscall.ENOENT) && path != "/" {
		if err := f.makeDirectory(filepath.Dir(path), true); err != nil {
			return err
		}
		err = f.mkdir(path)
	}
	if err == nil {
		return nil
	}
	// A directory that is there already is fine, whatever may be written.
	p, e := f.follow(path)
	if e != nil {
		return err
	}
	defer p.close()
	var st unix.Stat_t
	if f.mayRead(p) == nil && p.stat(&st, true) == nil && isKind(&st, unix.S_IFDIR) {
		return nil
	}
	return err
}

func (f *filer) mkdir(path string) error {
	p, err := f.at(path)
	if err != nil {
		return err
	}
	defer p.close()
	if err := f.mayWrite(p); err != nil {
		return err
	}
	return unix.Mkdirat(p.dir, p.base, 0o777)
}

func (f *filer) metadata(path string) (wire.Metadata, error) {
	var m wire.Metadata
	var st unix.Stat_t
	p, err := f.at(path)
	if err != nil {
		return m, err
	}
	err = p.stat(&st, false)
	p.close()
	if err != nil {
		return m, err
	}
	m.IsSymlink = isKind(&st, unix.S_IFLNK)
	if p, err = f.follow(path); err != nil {
		return m, err
	}
	defer p.close()
	if err := f.mayRead(p); err != nil {
		return m, err
	}
	if m.IsSymlink {
		if err := p.stat(&st, true); err != nil {
			return m, err
		}
	}
	m.IsDirectory, m.IsFile = isKind(&st, unix.S_IFDIR), isKind(&st, unix.S_IFREG)
	m.Size = st.Size
	m.ModifiedAtMs = int64(st.Mtim.Sec)*1000 + int64(st.Mtim.Nsec)/1_000_000
	return m, nil
}

func (f *filer) readDirectory(path string) ([]wire.DirEntry, error) {
	p, err := f.follow(path)
	if err != nil {
		return nil, err
	}
	defer p.close()
	if err := f.mayRead(p); err != nil {
		return nil, err
	}
	dir, err := p.open(unix.O_RDONLY | unix.O_DIRECTORY)
	if err != nil {
		return nil, err
	}
	defer dir.Close()
	names, err := dir.Readdirnames(-1)
	if err != nil {
		return nil, err
	}
	entries := []wire.DirEntry{}
	for _, name := range names {
		m, err := f.metadata(filepath.Join(path, name))
		if err != nil {
			continue // a dangling link, gone meanwhile, or hidden
		}
		entries = append(entries, wire.DirEntry{
			FileName: strings.ToValidUTF8(name, "\uFFFD"), IsDirectory: m.IsDirectory, IsFile: m.IsFile,
		})
	}
	return entries, nil
}

func (f *filer) remove(path string, recursive, force bool) error {
	err := f.removeNow(path, recursive)
	if force && errors.Is(err, syscall.ENOENT) {
		return nil
	}
	return err
}

func (f *filer) removeNow(path string, recursive bool) error {
	p, err := f.at(path)
	if err != nil {
		return err
	}
	defer p.close()
	var st unix.Stat_t
	if err := p.stat(&st, false); err != nil {
		return err
	}
	if !isKind(&st, unix.S_IFDIR) {
		if err := f.mayWrite(p); err != nil {
			return err
		}
		return unix.Unlinkat(p.dir, p.base, 0)
	}
	if err := f.mayMove(p); err != nil {
		return err
	}
	if !recursive {
		return unix.Unlinkat(p.dir, p.base, unix.AT_REMOVEDIR)
	}
	return removeTree(p.dir, p.base)
}

// removeTree removes a directory through open directories only, so that no link is
// followed.
func removeTree(dir int, name string) error {
	err := retry(func() error { return unix.Unlinkat(dir, name, unix.AT_REMOVEDIR) })
	if err != unix.ENOTEMPTY && err != unix.EEXIST {
		return err
	}
	fd, err := unix.Openat(dir, name, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
	if err != nil {
		return err
	}
	d := os.NewFile(uintptr(fd), name)
	defer d.Close()
	for {
		names, err := d.Readdirnames(1024)
		for _, n := range names {
			err := retry(func() error { return unix.Unlinkat(fd, n, 0) })
			if err == unix.EISDIR || err == unix.EPERM { // Linux says the one, BSDs the other
				err = removeTree(fd, n)
			}
			if err != nil && err != unix.ENOENT {
				return err
			}
		}
		if err == io.EOF {
			break
		}
		if err != nil {
			return err
		}
		if _, err := d.Seek(0, io.SeekStart); err != nil { // what was removed shifts the rest
			return err
		}
	}
	return unix.Unlinkat(dir, name, unix.AT_REMOVEDIR)
}
