package thread

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/tidwall/sjson"

	"codex/pkg/protocol"
	"codex/pkg/rollout"
)

// Rollback takes the last n turns back: a mark in the file, and whoever reads it passes
// them over. What turns did to files stays. It is an error when somebody is at work on the
// thread: nobody would know which turns are meant.
func Rollback(path string, n uint32, now func() time.Time) error {
	w := rollout.Continue(path, now)
	if _, err := w.Seize(); err != nil {
		return errors.Join(err, w.Close())
	}
	defer w.Release()
	return errors.Join(w.AppendNow(rollout.RolledBack(n)), w.Close())
}

func appendTo(path string, now func() time.Time, e rollout.Entry) error {
	w := rollout.Continue(path, now)
	return errors.Join(w.Append(e), w.Close())
}

// SetGit changes what is known about git of a thread.
func SetGit(path string, p *protocol.ThreadMetadataGitInfoUpdateParams, now func() time.Time) error {
	return restate(path, now, func(meta []byte) (_ []byte, err error) {
		for key, patch := range map[string]protocol.Patch[string]{"git.commit_hash": p.Sha, "git.branch": p.Branch, "git.repository_url": p.OriginURL} {
			switch {
			case !patch.Set || err != nil:
			case patch.Value == nil:
				meta, err = sjson.DeleteBytes(meta, key)
			default:
				meta, err = sjson.SetBytes(meta, key, *patch.Value)
			}
		}
		return meta, err
	})
}

// SetMemoryMode notes whether a thread may feed memories, for whoever makes them.
func SetMemoryMode(path string, mode protocol.ThreadMemoryMode, now func() time.Time) error {
	return restate(path, now, func(meta []byte) ([]byte, error) { return sjson.SetBytes(meta, "memory_mode", mode) })
}

// restate appends the session_meta line of a thread with something changed: the last one
// counts.
func restate(path string, now func() time.Time, change func(meta []byte) ([]byte, error)) error {
	meta, err := newestMeta(path)
	if err != nil {
		return err
	}
	if meta, err = change(meta); err != nil {
		return err
	}
	return appendTo(path, now, rollout.Entry{Type: rollout.TypeSessionMeta, Payload: json.RawMessage(meta)})
}

// newestMeta is the payload of the session_meta line that counts.
func newestMeta(path string) ([]byte, error) {
	h, f, err := open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	meta, err := lastMeta(f, new([]byte), h.ID, metaBack)
	if err == nil && !meta.Exists() { // only the first line is one, and that far away
		meta, err = rollout.FirstMeta(f)
	}
	return []byte(meta.Raw), err
}

// Archive moves a session file to the archived ones.
func Archive(home, path string) error {
	return move(path, filepath.Join(home, archiveDir, filepath.Base(path)))
}

// Unarchive moves it back to the day that it began on, and gives where it is then.
func Unarchive(home, path string) (string, error) {
	name := filepath.Base(path)
	if len(name) < len("rollout-2006-01-02") {
		return "", fmt.Errorf("%s does not name a day", name)
	}
	day := strings.Split(name[len("rollout-"):][:len("2006-01-02")], "-")
	to := filepath.Join(append([]string{home, liveDir}, append(day, name)...)...)
	return to, move(path, to)
}

// Delete removes a session file for good, and the name of its thread. It is an error when
// somebody is at work on the thread.
func Delete(home, id, path string, now func() time.Time) error {
	w := rollout.Continue(path, now)
	if _, err := w.Seize(); err != nil {
		return errors.Join(err, w.Close())
	}
	defer w.Release()
	if err := os.Remove(path); err != nil {
		return err
	}
	if err := forget(home, id); err != nil {
		return fmt.Errorf("the session is deleted, its name is not: %w", err)
	}
	return nil
}

func move(from, to string) error {
	if err := os.MkdirAll(filepath.Dir(to), 0o700); err != nil {
		return err
	}
	if _, err := os.Lstat(to); err == nil {
		return &os.PathError{Op: "rename", Path: to, Err: fs.ErrExist}
	}
	return os.Rename(from, to)
}
