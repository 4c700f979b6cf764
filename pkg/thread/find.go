package thread

import (
	"errors"
	"iter"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// ErrNone is returned when no stored session fits.
var ErrNone = errors.New("no such session")

// ErrEmpty is a session file without a byte: a session that could not be written, or is just
// being begun.
var ErrEmpty = errors.New("is empty")

const (
	liveDir    = "sessions"
	archiveDir = "archived_sessions"
	// maxFiles bounds a scan, newest first.
	maxFiles = 10000
)

// File is one session file, known by its name and its directory entry alone.
type File struct {
	ID       string // thread id, lower case with hyphens
	Path     string
	Archived bool
	Modified time.Time // not of Files
}

// Options narrows List.
type Options struct {
	Archived bool   // the archived ones instead
	Provider string // only sessions of this model provider; "" for any
	Cwd      string // only sessions whose latest turn ran here; "" for any
	// Unread, if set, hears of files that are there and cannot be opened, or have no session
	// in them: ErrEmpty or another error.
	Unread func(err error)
}

// List gives the sessions that fit, the last modified first. A file that cannot be read
// is passed over, see Options. The error is that of a folder that cannot be read, at the end.
func List(home string, o Options) iter.Seq2[*Head, error] {
	return func(yield func(*Head, error) bool) {
		files, err := newest(home, o.Archived)
		in := &inspector{o: o}
		for _, f := range files {
			if h, ok := in.inspect(f); ok && !yield(h, nil) {
				return
			}
		}
		if err != nil {
			yield(nil, err)
		}
	}
}

// Find gives the file of the thread with this id, also among the archived ones. Any
// spelling of a UUID will do. ErrNone if there is no such file.
func Find(home, id string) (string, error) {
	id, ok := ParseID(id)
	if !ok {
		return "", ErrNone
	}
	suffix := "-" + id + ".jsonl"
	// The id of a session made since UUIDv7 came into use holds the time, and so names
	// the folder; a day on either side makes up for a change of time zone.
	if at, ok := IDTime(id); ok {
		for _, days := range []int{0, -1, 1} {
			if p := inDir(dayDir(home, at.AddDate(0, 0, days)), suffix); p != "" {
				return p, nil
			}
		}
	}
	found := ""
	err := walkDays(filepath.Join(home, liveDir), func(dir string) bool {
		found = inDir(dir, suffix)
		return found == ""
	})
	if found == "" {
		found = inDir(filepath.Join(home, archiveDir), suffix)
	}
	switch {
	case found != "":
		return found, nil
	case err != nil:
		return "", err
	}
	return "", ErrNone
}

// Last gives the session that was written to last, of the given model provider ("" for
// any), whose latest turn ran in cwd unless all. Those of agents don't count. ErrNone if
// there is none. Unread hears of later ones that are passed over, see Options.
func Last(home, provider, cwd string, all bool, unread func(error)) (*Head, error) {
	o := Options{Provider: provider, Cwd: cwd, Unread: unread}
	if all {
		o.Cwd = ""
	}
	for h, err := range List(home, o) {
		if err != nil || !h.Agent() {
			return h, err
		}
	}
	return nil, ErrNone
}

// ByName gives the session that a person means by name: the one that was given this name
// last, else the newest whose first user message is exactly name, as an unnamed session
// is titled by that. Its latest turn must have run in cwd unless all. ErrNone if there is
// none.
func ByName(home, name, cwd string, all bool) (*Head, error) {
	in := &inspector{o: Options{Cwd: cwd}}
	if all {
		in.o.Cwd = ""
	}
	if id := named(home, name); id != "" {
		if path, err := Find(home, id); err == nil && !Archived(home, path) {
			if fi, err := os.Stat(path); err == nil {
				if h, ok := in.inspect(File{ID: id, Path: path, Modified: fi.ModTime()}); ok {
					return h, nil
				}
			}
		}
	}
	name = strings.TrimSpace(name)
	files, err := newest(home, false)
	for _, f := range files {
		if !mayMention(f.Path, name) {
			continue
		}
		if h, ok := in.inspect(f); ok && !h.Agent() && strings.TrimSpace(h.Preview) == name {
			return h, nil
		}
	}
	if err != nil {
		return nil, err
	}
	return nil, ErrNone
}

// Archived says whether a session file is among the archived ones.
func Archived(home, path string) bool {
	return strings.HasPrefix(path, filepath.Join(home, archiveDir)+string(filepath.Separator))
}
