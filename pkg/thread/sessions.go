// Package thread finds and lists stored sessions: the rollout files under
// CODEX_HOME/sessions/YYYY/MM/DD and CODEX_HOME/archived_sessions (appserver spec §6).
// Files are the only truth; no index is kept, and of each file only what is needed is
// read: the head for who and what, the tail for the latest working folder.
//
// Ground layer: it imports the standard library and gjson only, and it never writes.
package thread

import (
	"errors"
	"iter"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/tidwall/gjson"
)

// ErrNone is returned when no stored session fits.
var ErrNone = errors.New("no such session")

const (
	liveDir    = "sessions"
	archiveDir = "archived_sessions"
	// indexFile holds the names that people gave to threads.
	indexFile = "session_index.jsonl"
	// maxFiles bounds a scan, newest first (appserver spec §6).
	maxFiles = 10000
)

// File is one rollout file, known by its name and its directory entry alone.
type File struct {
	ID       string // thread id, lower case with hyphens
	Path     string
	Archived bool
	Modified time.Time // not of Files
}

// Session is a File with what its head and tail say.
type Session struct {
	File
	Created  time.Time // from the first line
	Provider string    // model provider of the first line
	Source   string    // raw JSON: "exec", "cli", {"subagent":…}
	Cwd      string    // of the latest turn, else of the first line
	Preview  string    // text of the first user message
	// Listed tells whether the session counts as one: it has a first line and a user
	// message. A file without them is a start that came to nothing.
	Listed bool
}

// Options narrows List.
type Options struct {
	Archived bool   // the archived ones instead
	Provider string // only sessions of this model provider; "" for any
	Cwd      string // only sessions whose latest turn ran here; "" for any
}

// List gives the sessions that fit, the last modified first. A file that cannot be read
// is passed over. The error is that of a folder that cannot be read, at the end.
func List(home string, o Options) iter.Seq2[Session, error] {
	return func(yield func(Session, error) bool) {
		files, err := newest(home, o.Archived)
		in := &inspector{o: o}
		for _, f := range files {
			s, ok := in.inspect(f)
			if ok && !yield(s, nil) {
				return
			}
		}
		if err != nil {
			yield(Session{}, err)
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

// agent tells that no user began the session: it is the work of another thread, such as
// that of a reviewer.
func (s *Session) agent() bool { return gjson.Get(s.Source, "subagent").Exists() }

// Last gives the session that was written to last, of the given model provider ("" for
// any), whose latest turn ran in cwd unless all. Those of agents don't count. ErrNone if
// there is none.
func Last(home, provider, cwd string, all bool) (Session, error) {
	o := Options{Provider: provider, Cwd: cwd}
	if all {
		o.Cwd = ""
	}
	for s, err := range List(home, o) {
		if err != nil || !s.agent() {
			return s, err
		}
	}
	return Session{}, ErrNone
}

// ByName gives the session that a person means by name: the one that was given this name
// last (codex-sessions or another client of the app-server did so), else the newest whose
// first user message is exactly name, as an unnamed session is titled by that. Its latest
// turn must have run in cwd unless all. ErrNone if there is none.
func ByName(home, name, cwd string, all bool) (Session, error) {
	in := &inspector{o: Options{Cwd: cwd}}
	if all {
		in.o.Cwd = ""
	}
	if id := named(filepath.Join(home, indexFile), name); id != "" {
		if path, err := Find(home, id); err == nil && !strings.HasPrefix(path, filepath.Join(home, archiveDir)) {
			if fi, err := os.Stat(path); err == nil {
				if s, ok := in.inspect(File{ID: id, Path: path, Modified: fi.ModTime()}); ok {
					return s, nil
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
		if s, ok := in.inspect(f); ok && !s.agent() && strings.TrimSpace(s.Preview) == name {
			return s, nil
		}
	}
	if err != nil {
		return Session{}, err
	}
	return Session{}, ErrNone
}
