// Package foreign reads files that this program did not write: instructions, settings and
// rules of a repository, the files of git. Such a file may be a FIFO, a device or sparse
// without end; whatever it is, reading it neither waits nor takes more memory than the
// caller said. What a program writes, it bounds as well.
//
// Ground layer: it imports the standard library only.
package foreign

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
	"syscall"
	"unicode/utf16"
	"unsafe"
)

// ErrNotRegular is what a pipe, a socket or a device gives instead of its bytes.
var ErrNotRegular = errors.New("not a regular file")

// ErrTooLarge is what a file over the caller's bound gives.
var ErrTooLarge = errors.New("file is larger")

// Open opens a regular file for reading, without waiting for anybody. Links are followed.
func Open(path string) (*os.File, error) {
	f, _, err := open(path)
	return f, err
}

func open(path string) (*os.File, int64, error) {
	// Opening a device can do something, so it is looked at first; and once more after
	// it was opened, since the name may mean another file by then.
	if st, err := os.Stat(path); err != nil {
		return nil, 0, err
	} else if err := regular(path, st); err != nil {
		return nil, 0, err
	}
	f, err := os.OpenFile(path, os.O_RDONLY|NonBlocking, 0)
	if err != nil {
		return nil, 0, err
	}
	st, err := f.Stat()
	if err == nil {
		err = regular(path, st)
	}
	if err != nil {
		f.Close()
		return nil, 0, err
	}
	return f, st.Size(), nil
}

func regular(path string, st fs.FileInfo) error {
	switch mode := st.Mode(); {
	case mode.IsRegular():
		return nil
	case mode.IsDir():
		return &fs.PathError{Op: "read", Path: path, Err: syscall.EISDIR}
	}
	return &fs.PathError{Op: "open", Path: path, Err: ErrNotRegular}
}

// ReadFile gives the whole of a regular file of at most max bytes; a larger one is an
// error.
func ReadFile(path string, max int64) ([]byte, error) {
	f, size, err := open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	b, more := []byte(nil), size > max
	if !more {
		b, more, err = head(f, size, max)
	}
	if more {
		return nil, &fs.PathError{Op: "read", Path: path, Err: fmt.Errorf("%w than %s", ErrTooLarge, words(max))}
	}
	return b, err
}

// ReadText is ReadFile for who wants a string.
func ReadText(path string, max int64) (string, error) {
	b, err := ReadFile(path, max)
	// Nobody else has b.
	return unsafe.String(unsafe.SliceData(b), len(b)), err
}

// words is a number of bytes for people.
func words(n int64) string {
	switch {
	case n >= 1<<20 && n%(1<<20) == 0:
		return fmt.Sprintf("%d MiB", n>>20)
	case n >= 1<<10 && n%(1<<10) == 0:
		return fmt.Sprintf("%d KiB", n>>10)
	}
	return fmt.Sprintf("%d bytes", n)
}

// ReadHead gives the first max bytes of a regular file, and says whether there are more.
func ReadHead(path string, max int64) (b []byte, more bool, err error) {
	f, size, err := open(path)
	if err != nil {
		return nil, false, err
	}
	defer f.Close()
	return head(f, size, max)
}

// head reads one byte over the bound, which tells whether there is more: a size can
// change, or be a lie.
func head(f *os.File, size, max int64) ([]byte, bool, error) {
	var b bytes.Buffer
	b.Grow(int(min(size, max)) + bytes.MinRead)
	if _, err := b.ReadFrom(io.LimitReader(f, max+1)); err != nil {
		return nil, false, err
	}
	if int64(b.Len()) > max {
		return b.Bytes()[:max], true, nil
	}
	return b.Bytes(), false, nil
}

// Text reads bytes as text: UTF-8, or UTF-16 with a byte order mark, which goes. What is
// neither becomes U+FFFD.
func Text(b []byte) string {
	var order binary.ByteOrder
	switch {
	case bytes.HasPrefix(b, []byte("\xff\xfe")):
		order = binary.LittleEndian
	case bytes.HasPrefix(b, []byte("\xfe\xff")):
		order = binary.BigEndian
	default:
		return strings.ToValidUTF8(string(bytes.TrimPrefix(b, []byte("\xef\xbb\xbf"))), "\uFFFD")
	}
	units := make([]uint16, len(b)/2-1)
	for i := range units {
		units[i] = order.Uint16(b[2*i+2:])
	}
	return string(utf16.Decode(units))
}
