package config

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/gofrs/flock"

	"codex/pkg/atomicfile"
	"codex/pkg/foreign"
)

const (
	lockEvery = 5 * time.Millisecond // while another process holds the lock
	lockWait  = 10 * time.Second
)

// Update replaces a file's text by what change makes of it, "" for a missing one. Processes that
// do so at the same time wait for each other at a file beside it, NAME.lock, which stays there.
// What they left unfinished when they died is removed. See writeFile.
func Update(ctx context.Context, path string, change func(old string) (string, error)) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return fmt.Errorf("create %s: %w", filepath.Dir(path), err)
	}
	ctx, cancel := context.WithTimeout(ctx, lockWait)
	defer cancel()
	lock := flock.New(path+".lock", flock.SetFlag(os.O_CREATE|os.O_RDONLY|foreign.NonBlocking), flock.SetPermissions(0o600))
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
	return writeFile(path, []byte(text))
}

// removeUnfinished removes temporary files in the folder of path of writers that have died
// long ago: on systems where a file has a name from its beginning.
func removeUnfinished(path string) {
	dir := filepath.Dir(followed(path))
	stale, _ := fs.Glob(os.DirFS(dir), atomicfile.Temporary) // the pattern is right
	for _, name := range stale {
		name = filepath.Join(dir, name)
		if fi, err := os.Lstat(name); err == nil && fi.Mode().IsRegular() && time.Since(fi.ModTime()) > time.Hour {
			os.Remove(name)
		}
	}
}

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

// writeFile replaces a file in one step, with mode 0600, making its folder if need be. A link
// stays a link: what it points to is replaced, except in a circle of links.
func writeFile(path string, data []byte) error {
	target := followed(path)
	dir := filepath.Dir(target)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("create %s: %w", dir, err)
	}
	return atomicfile.Replace(target, 0o600, data)
}
