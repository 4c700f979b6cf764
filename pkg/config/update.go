package config

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/gofrs/flock"
)

const (
	lockEvery = 5 * time.Millisecond // while another process holds the lock
	lockWait  = 10 * time.Second
)

// Update replaces a file's text by what change makes of it, "" for a missing one. Processes that
// do so at the same time wait for each other at a file beside it, NAME.lock, which stays there.
// What they left unfinished when they died is removed. See WriteFile.
func Update(ctx context.Context, path string, change func(old string) (string, error)) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return fmt.Errorf("create %s: %w", filepath.Dir(path), err)
	}
	ctx, cancel := context.WithTimeout(ctx, lockWait)
	defer cancel()
	lock := flock.New(path+".lock", flock.SetPermissions(0o600))
	// A file system without locks has to do without.
	if _, err := lock.TryLockContext(ctx, lockEvery); err != nil && !errors.Is(err, errors.ErrUnsupported) {
		return fmt.Errorf("lock %s: %w", lock.Path(), err)
	}
	defer lock.Close()
	b, err := readBounded(path)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("read %s: %w", path, err)
	}
	text, err := change(string(b))
	if err != nil {
		return fmt.Errorf("edit %s: %w", path, err)
	}
	if text == string(b) {
		return nil
	}
	removeUnfinished(path)
	return WriteFile(path, []byte(text))
}

// removeUnfinished removes the temporary files of writers that have died: who holds the lock is
// the only living one.
func removeUnfinished(path string) {
	target := followed(path)
	before, after, _ := strings.Cut(unfinished(target), "*")
	files, _ := os.ReadDir(filepath.Dir(target)) // a folder that cannot be read keeps them
	for _, f := range files {
		if name := f.Name(); strings.HasPrefix(name, before) && strings.HasSuffix(name, after) {
			os.Remove(filepath.Join(filepath.Dir(target), name))
		}
	}
}

// unfinished is the pattern of the temporary files for one file.
func unfinished(path string) string { return "." + filepath.Base(path) + "-*.tmp" }

// followed is where a path leads through links, the path itself for a circle of links.
func followed(path string) string {
	target := path
	for range 40 {
		to, err := os.Readlink(target)
		if err != nil {
			return target
		}
		if !filepath.IsAbs(to) {
			to = filepath.Join(filepath.Dir(target), to)
		}
		target = to
	}
	return path
}

// WriteFile replaces a file in one step, with mode 0600, making its folder if need be. A link
// stays a link: what it points to is replaced, except in a circle of links.
func WriteFile(path string, data []byte) error {
	target := followed(path)
	dir := filepath.Dir(target)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("create %s: %w", dir, err)
	}
	f, err := os.CreateTemp(dir, unfinished(target)) // 0600
	if err != nil {
		return fmt.Errorf("write %s: %w", target, err)
	}
	_, err = f.Write(data)
	if err == nil {
		err = f.Sync()
	}
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	if err == nil {
		err = os.Rename(f.Name(), target)
	}
	if err != nil {
		os.Remove(f.Name())
		return fmt.Errorf("write %s: %w", target, err)
	}
	return nil
}
