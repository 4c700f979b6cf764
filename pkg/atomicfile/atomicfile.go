// Package atomicfile replaces what is in a file: whoever reads it meanwhile gets the old
// content or the new one, and an error, above all a full disk, costs nothing.
//
// The new content goes into a temporary file of the same folder, which gets the mode,
// owner and extended attributes of the old one and then its name. Symbolic links stay, and
// what they lead to is replaced. A file is rewritten in place instead when another name
// leads to it (a hard link), when its folder does not take a new file, when its owner
// cannot be given to one, and on Windows, where the access list would be lost: then what
// makes it longer is written first, so that a full disk still costs nothing; only a crash
// can leave it half written. Devices, pipes and what /dev/fd names are written to.
//
// Ground layer: it imports golang.org/x/sys only.
package atomicfile

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// maxLinks is how many symbolic links are followed, as in the kernel.
const maxLinks = 40

// follow gives the name that a path leads to, whether there is something or not. A link to
// what a process has open leads to no name: then open is true.
func follow(path string) (target string, open bool, err error) {
	for range maxLinks {
		to, err := os.Readlink(path)
		if err != nil {
			return path, false, nil
		}
		if strings.HasPrefix(path, "/proc/") || strings.HasPrefix(path, "/dev/fd/") {
			return path, true, nil
		}
		if !filepath.IsAbs(to) {
			// Not cleaned: a folder on the way may be a link.
			to = filepath.Dir(path) + string(filepath.Separator) + to
		}
		path = to
	}
	return "", false, &os.PathError{Op: "open", Path: path, Err: syscall.ELOOP}
}

// Temporary is the pattern of the names of temporary files.
const Temporary = ".codex-????????.tmp"

// tempName is a name beside another one.
func tempName(name string) string {
	return filepath.Join(filepath.Dir(name), fmt.Sprintf(".codex-%08x.tmp", rand.Uint32()))
}

// fill writes the pieces one after the other.
func fill(f *os.File, pieces [][]byte) error {
	for _, p := range pieces {
		if _, err := f.Write(p); err != nil {
			return err
		}
	}
	return nil
}

// rewrite writes the pieces over a file of some size. What goes beyond that is written
// first: for want of room only this can fail, and it can be taken back.
func rewrite(f *os.File, size int64, pieces [][]byte) error {
	var total int64
	for _, p := range pieces {
		total += int64(len(p))
	}
	if err := writeRange(f, pieces, size, total); err != nil {
		if e := f.Truncate(size); e != nil {
			return fmt.Errorf("%w; and then: %w", err, e)
		}
		return err
	}
	if err := writeRange(f, pieces, 0, min(size, total)); err != nil {
		return err
	}
	if total < size {
		return f.Truncate(total)
	}
	return nil
}

// writeRange writes the part of the pieces that belongs between two places of the file.
func writeRange(f *os.File, pieces [][]byte, from, to int64) error {
	at := int64(0)
	for _, p := range pieces {
		a, b := max(from-at, 0), min(to-at, int64(len(p)))
		if a < b {
			if _, err := f.WriteAt(p[a:b], at+a); err != nil {
				return err
			}
		}
		at += int64(len(p))
	}
	return nil
}
