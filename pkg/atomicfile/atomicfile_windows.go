package atomicfile

import (
	"errors"
	"io/fs"
	"os"
)

// Write makes the pieces, one after the other, the content of a file. A new one gets a
// temporary name first; an old one is rewritten in place.
func Write(path string, perm os.FileMode, pieces ...[]byte) error {
	target, _, err := follow(path)
	if err != nil {
		return err
	}
	old, err := os.OpenFile(target, os.O_WRONLY, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return create(target, perm, pieces)
	}
	if err != nil {
		return err
	}
	fi, err := old.Stat()
	switch {
	case err != nil:
	case fi.Mode().IsRegular():
		err = rewrite(old, fi.Size(), pieces)
	default:
		err = fill(old, pieces)
	}
	return errors.Join(err, old.Close())
}

// Replace puts a new file in the place of what is at path, which may be nothing.
func Replace(path string, perm os.FileMode, pieces ...[]byte) error {
	return create(path, perm, pieces)
}

func create(path string, perm os.FileMode, pieces [][]byte) error {
	temp := tempName(path)
	f, err := os.OpenFile(temp, os.O_WRONLY|os.O_CREATE|os.O_EXCL, perm)
	if err != nil {
		return err
	}
	err = errors.Join(fill(f, pieces), f.Close())
	if err == nil {
		err = os.Rename(temp, path)
	}
	if err != nil {
		_ = os.Remove(temp) // ours, and of no use
	}
	return err
}
