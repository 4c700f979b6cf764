//go:build linux

package linux

import (
	"encoding/binary"
	"errors"
	"io"

	"golang.org/x/sys/unix"
)

// writeAll writes b to a socket whose other end may be gone.
func writeAll(fd int, b []byte) error {
	for len(b) > 0 {
		n, err := unix.SendmsgN(fd, b, nil, nil, unix.MSG_NOSIGNAL)
		if err == unix.EINTR {
			continue
		}
		if err != nil {
			return err
		}
		b = b[n:]
	}
	return nil
}

// readFull fills b; io.EOF means nothing came at all.
func readFull(fd int, b []byte) error {
	for got := 0; got < len(b); {
		n, err := unix.Read(fd, b[got:])
		switch {
		case err == unix.EINTR:
		case err == unix.ECONNRESET, err == nil && n == 0:
			if got == 0 {
				return io.EOF
			}
			return io.ErrUnexpectedEOF
		case err != nil:
			return err
		default:
			got += n
		}
	}
	return nil
}

func readRecord(fd int) (kind byte, body []byte, err error) {
	var head [5]byte
	if err := readFull(fd, head[:]); err != nil {
		return 0, nil, err
	}
	return readBody(fd, head)
}

// readBody reads the rest of a record.
func readBody(fd int, head [5]byte) (kind byte, body []byte, err error) {
	n := binary.LittleEndian.Uint32(head[1:])
	if n > maxRecord {
		return 0, nil, errors.New("record too long")
	}
	body = make([]byte, n)
	if n > 0 {
		err = readFull(fd, body)
	}
	return head[0], body, err
}
