package atomicfile

import (
	"errors"
	"io"
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
		return create(target, perm, pieces, func(*os.File) error { return nil })
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

// Create puts a new file at path, whole or not at all. What is there stays: the error is
// fs.ErrExist then.
func Create(path string, perm os.FileMode, pieces ...[]byte) error {
	temp := tempName(path)
	f, err := os.OpenFile(temp, os.O_WRONLY|os.O_CREATE|os.O_EXCL, perm)
	if err != nil {
		return err
	}
	err = fill(f, pieces)
	if err = errors.Join(err, f.Close()); err == nil {
		err = os.Link(temp, path)
	}
	return errors.Join(err, os.Remove(temp))
}

// Replace puts a new file in the place of what is at path, which may be nothing, and has it
// on the disk before that.
func Replace(path string, perm os.FileMode, pieces ...[]byte) error {
	return create(path, perm, pieces, (*os.File).Sync)
}

// create makes a file; settle is called once it is written.
func create(path string, perm os.FileMode, pieces [][]byte, settle func(*os.File) error) error {
	temp := tempName(path)
	f, err := os.OpenFile(temp, os.O_WRONLY|os.O_CREATE|os.O_EXCL, perm)
	if err != nil {
		return err
	}
	if err = fill(f, pieces); err == nil {
		err = settle(f)
	}
	if err = errors.Join(err, f.Close()); err == nil {
		err = os.Rename(temp, path)
	}
	if err != nil {
		_ = os.Remove(temp) // ours, and of no use
	}
	return err
}

// Copy makes what is in a file, from its beginning, the content of another one: a new one
// gets a temporary name first; an old one is written over.
func Copy(path string, perm os.FileMode, in *os.File) error {
	target, _, err := follow(path)
	if err != nil {
		return err
	}
	temp := target
	if _, err := os.Stat(target); errors.Is(err, fs.ErrNotExist) {
		temp = tempName(target)
	}
	f, err := os.OpenFile(temp, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, perm)
	if err != nil {
		return err
	}
	_, err = io.Copy(f, in)
	if err = errors.Join(err, f.Close()); err == nil && temp != target {
		err = os.Rename(temp, target)
	}
	if err != nil && temp != target {
		_ = os.Remove(temp) // ours, and of no use
	}
	return err
}
