package thread

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// Path gives where the session of thread id that began at start is kept.
func Path(home, id string, start time.Time) string {
	return filepath.Join(dayDir(home, start), "rollout-"+start.Local().Format(fileTime)+"-"+id+".jsonl")
}

// fileTime is the time in the name of a session file.
const fileTime = "2006-01-02T15-04-05"

func dayDir(home string, at time.Time) string {
	return filepath.Join(home, liveDir, at.Local().Format("2006/01/02"))
}

// inDir gives the file of dir whose name ends in suffix, "" when there is none.
func inDir(dir, suffix string) string {
	for _, name := range names(dir) {
		if strings.HasPrefix(name, "rollout-") && strings.HasSuffix(name, suffix) {
			return filepath.Join(dir, name)
		}
	}
	return ""
}

// names lists dir unsorted; a folder that is not there is empty.
func names(dir string) []string {
	d, err := os.Open(dir)
	if err != nil {
		return nil
	}
	defer d.Close()
	list, _ := d.Readdirnames(-1)
	return list
}

// walkDays calls fn with each YYYY/MM/DD folder, the latest first, until it says no.
func walkDays(root string, fn func(dir string) bool) error {
	if err := descend(root, 3, fn); err != errStop {
		return err
	}
	return nil
}

var errStop = errors.New("stop")

func descend(dir string, depth int, fn func(string) bool) error {
	if depth == 0 {
		if !fn(dir) {
			return errStop
		}
		return nil
	}
	entries, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("list sessions: %w", err)
	}
	for _, e := range slices.Backward(entries) { // ReadDir sorts by name
		if e.IsDir() || e.Type()&fs.ModeSymlink != 0 {
			if err := descend(filepath.Join(dir, e.Name()), depth-1, fn); err != nil {
				return err
			}
		}
	}
	return nil
}

// Files gives the rollout files as their names tell, the days that sessions began on in
// order, the latest first. The error is that of a folder that cannot be read, after what
// could be.
func Files(home string, archived bool) ([]File, error) {
	var files []File
	add := func(dir string) bool {
		for _, name := range names(dir) {
			if id, ok := fileID(name); ok {
				files = append(files, File{ID: id, Path: filepath.Join(dir, name), Archived: archived})
			}
		}
		return len(files) < maxFiles
	}
	if archived {
		add(filepath.Join(home, archiveDir))
		return files, nil
	}
	err := walkDays(filepath.Join(home, liveDir), add)
	return files, err
}

// newest gives the rollout files, the last modified first. A resumed session stays in
// the folder of the day it began, so every file has to be looked at, but only its entry.
func newest(home string, archived bool) ([]File, error) {
	all, err := Files(home, archived)
	files := all[:0]
	for _, f := range all {
		if fi, err := os.Stat(f.Path); err == nil && fi.Mode().IsRegular() {
			f.Modified = fi.ModTime()
			files = append(files, f)
		}
	}
	slices.SortFunc(files, func(a, b File) int {
		if c := b.Modified.Compare(a.Modified); c != 0 {
			return c
		}
		return strings.Compare(b.ID, a.ID) // later ids are greater
	})
	return files, err
}
