//go:build linux

package linux

import (
	"sync"
	"sync/atomic"

	"golang.org/x/sys/unix"
)

// A standard stream that is open on a file of the host's carries that file's name with
// it: through the stream its mode, times and attributes could be changed, and a
// terminal's settings of flags shared with others. So the command gets the same file by
// the view's own name, where only what is writable is; and where there is none, a pipe,
// whose other end pid 1 copies from or to the file.

// streams are the standard streams as the command gets them.
type streams struct {
	copied sync.WaitGroup // copies to files
	lost   atomic.Bool    // one could not be written

	relayed []relayed
	files   [][2]int // an input file and the same opened again: their offsets are one
}

// relayed is a file that a stream was open on, for a second stream that is.
type relayed struct {
	dev, ino uint64
	fd       int
}

// own replaces the standard streams by the command's own. It must run in the command's
// view of the file system.
func (s *streams) own() error {
	for fd := range 3 {
		var st unix.Stat_t
		if unix.Fstat(fd, &st) != nil || !named(fd, &st) {
			continue
		}
		flags, err := unix.FcntlInt(uintptr(fd), unix.F_GETFL, 0)
		if err != nil {
			return during(err, "look at standard stream %d", fd)
		}
		switch again, err := reopen(fd, &st, flags); {
		case err == nil:
			err = s.replace(fd, again, &st)
			unix.Close(again)
			if err != nil {
				return during(err, "replace standard stream %d", fd)
			}
		case err == unix.EACCES && st.Mode&unix.S_IFMT == unix.S_IFCHR && int(st.Uid) != unix.Geteuid():
			// It may not be opened, and so not changed either.
		default:
			if err := s.relay(fd, &st, flags); err != nil {
				return during(err, "relay standard stream %d", fd)
			}
		}
	}
	return nil
}

// named reports whether what fd is open on has attributes that anybody but its readers
// and writers can see.
func named(fd int, st *unix.Stat_t) bool {
	switch st.Mode & unix.S_IFMT {
	case unix.S_IFREG, unix.S_IFBLK:
		return st.Nlink > 0
	case unix.S_IFCHR:
		return true
	case unix.S_IFIFO:
		var fs unix.Statfs_t
		return unix.Fstatfs(fd, &fs) != nil || fs.Type != unix.PIPEFS_MAGIC
	}
	return false
}

// reopen opens what fd is open on by a name in the view.
func reopen(fd int, st *unix.Stat_t, flags int) (again int, err error) {
	device := st.Mode&unix.S_IFMT == unix.S_IFCHR
	want := deviceOf(fd, st)
	names := []string{"/dev/console", "/dev/null"}
	if name, err := readlinkAt(unix.AT_FDCWD, descriptor(fd)); err == nil {
		names = append([]string{name}, names...)
	}
	if !device {
		names = names[:len(names)-2]
	}
	err = unix.ENOENT
	for _, name := range names {
		at, e := openTrue(name)
		if e != nil {
			continue
		}
		var is unix.Stat_t
		same := unix.Fstat(at, &is) == nil && is.Mode&unix.S_IFMT == st.Mode&unix.S_IFMT &&
			(device && is.Rdev == want || is.Dev == st.Dev && is.Ino == st.Ino)
		if same {
			mode := flags&(unix.O_ACCMODE|unix.O_APPEND) | unix.O_NOCTTY | unix.O_CLOEXEC | unix.O_NONBLOCK
			again, err = unix.Open(descriptor(at), mode, 0)
		}
		unix.Close(at)
		if same && err == nil {
			_, err = unix.FcntlInt(uintptr(again), unix.F_SETFL, flags&(unix.O_APPEND|unix.O_NONBLOCK))
			return again, err
		}
	}
	return -1, err
}

// deviceOf is the number of a device file, and of the terminal behind /dev/tty.
func deviceOf(fd int, st *unix.Stat_t) uint64 {
	if n, err := unix.IoctlGetUint32(fd, unix.TIOCGDEV); err == nil {
		return uint64(n)
	}
	return st.Rdev
}

// replace puts again in fd's stead, unless it is a file that may be written: then the
// command may do with it what it likes, and the offset stays shared.
func (s *streams) replace(fd, again int, st *unix.Stat_t) error {
	if st.Mode&unix.S_IFMT == unix.S_IFREG {
		var fs unix.Statfs_t
		if err := unix.Fstatfs(again, &fs); err != nil || fs.Flags&unix.ST_RDONLY == 0 {
			return err
		}
		first, err := dup(fd)
		if err != nil {
			return err
		}
		second, err := dup(again)
		if err != nil {
			return err
		}
		s.files = append(s.files, [2]int{first, second})
		share(first, second)
	}
	return unix.Dup3(again, fd, 0)
}

// share gives to the offset of from.
func share(from, to int) {
	if at, err := unix.Seek(from, 0, unix.SEEK_CUR); err == nil {
		unix.Seek(to, at, unix.SEEK_SET)
	}
}

func dup(fd int) (int, error) { return unix.FcntlInt(uintptr(fd), unix.F_DUPFD_CLOEXEC, ctlFd+1) }

// relay gives the command a pipe in fd's stead, the same for two streams on one file.
func (s *streams) relay(fd int, st *unix.Stat_t, flags int) error {
	in := flags&unix.O_ACCMODE == unix.O_RDONLY || fd == 0 && flags&unix.O_ACCMODE == unix.O_RDWR
	for _, r := range s.relayed {
		if !in && r.dev == st.Dev && r.ino == st.Ino {
			return unix.Dup3(r.fd, fd, 0)
		}
	}
	file, err := dup(fd)
	if err != nil {
		return err
	}
	var ends [2]int
	if err := unix.Pipe2(ends[:], unix.O_CLOEXEC); err != nil {
		return err
	}
	if in {
		go func() { // ends with the file, or with the process
			pump(file, ends[1])
			unix.Close(ends[1])
		}()
		defer unix.Close(ends[0])
		return unix.Dup3(ends[0], fd, 0)
	}
	s.relayed = append(s.relayed, relayed{st.Dev, st.Ino, fd})
	s.copied.Go(func() { // ends when nobody has the pipe open for writing
		if pump(ends[0], file) != nil {
			s.lost.Store(true)
		}
		unix.Close(ends[0])
	})
	defer unix.Close(ends[1])
	return unix.Dup3(ends[1], fd, 0)
}

// pump copies until the end of from.
func pump(from, to int) error {
	buf := make([]byte, 64<<10)
	for {
		n, err := unix.Read(from, buf)
		switch {
		case err == unix.EINTR:
		case err == unix.EAGAIN:
			ready(from, unix.POLLIN)
		case err != nil || n == 0:
			return err
		default:
			if err := put(to, buf[:n]); err != nil {
				return err
			}
		}
	}
}

func put(fd int, b []byte) error {
	for len(b) > 0 {
		n, err := unix.Write(fd, b)
		switch {
		case err == unix.EINTR:
		case err == unix.EAGAIN:
			ready(fd, unix.POLLOUT)
		case err != nil:
			return err
		default:
			b = b[n:]
		}
	}
	return nil
}

// ready waits for a file that somebody made non-blocking.
func ready(fd int, events int16) {
	unix.Poll([]unix.PollFd{{Fd: int32(fd), Events: events}}, -1)
}

// finish waits for what the command wrote to be where it belongs. It gives false when
// some of it was lost.
func (s *streams) finish() bool {
	s.copied.Wait()
	for _, f := range s.files {
		share(f[1], f[0])
	}
	return !s.lost.Load()
}
