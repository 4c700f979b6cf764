package thread

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/google/uuid"
	"github.com/tidwall/sjson"

	"codex/pkg/cli/version"
	"codex/pkg/foreign"
	"codex/pkg/protocol"
	"codex/pkg/rollout"
)

// NewID makes the id of a thread, which holds the time. Random numbers never fail.
func NewID() (string, time.Time) {
	id := uuid.Must(uuid.NewV7()).String()
	at, _ := IDTime(id)
	return id, at
}

// Items are the Responses items that a thread goes on from.
func Items(path string) ([]json.RawMessage, error) {
	h, err := rollout.Load(path)
	if err != nil {
		return nil, err
	}
	return h.Items, nil
}

// Fork copies the session file at path under a new id, and gives where the copy is; source
// says what began it (one of protocol.Source...), who who it is for, nil for nobody: that is not handed down. A turn that still runs
// shows as interrupted in the copy, for its end is not in it.
func Fork(home, path, originator, source string, who *protocol.ThreadSource) (copied string, err error) {
	id, at := NewID()
	src, err := foreign.Open(path)
	if err != nil {
		return "", fmt.Errorf("fork thread: %w", err)
	}
	defer src.Close()
	meta, err := rollout.FirstMeta(src)
	if err != nil {
		return "", fmt.Errorf("fork thread: %w", err)
	}
	first, err := meta.Raw, error(nil)
	for _, name := range []string{"thread_source", "history_mode", "forked_from_ordinal_exclusive"} {
		if err == nil {
			first, err = sjson.Delete(first, name)
		}
	}
	facts := [][2]string{{"id", id}, {"forked_from_id", meta.Get("id").Str}, {"timestamp", rollout.Stamp(at)}, {"originator", originator},
		{"cli_version", version.Compat}, {"source", source}}
	if who != nil {
		facts = append(facts, [2]string{"thread_source", string(*who)})
	}
	for _, m := range facts {
		if err == nil {
			first, err = sjson.Set(first, m[0], m[1])
		}
	}
	copied = Path(home, id, at)
	var line []byte
	if err == nil {
		line, err = rollout.Entry{Type: rollout.TypeSessionMeta, Payload: json.RawMessage(first)}.Line(at)
	}
	if err == nil {
		put := func(to io.Writer) error { return copyWhole(to, src) }
		if meta.Get("history_mode").Str == "paginated" {
			put = func(to io.Writer) error { return rollout.CopyOlder(to, path) }
		}
		err = copyBehind(copied, line, put)
	}
	if err != nil {
		return "", fmt.Errorf("fork thread: %w", err)
	}
	return copied, nil
}

// copyBehind writes a line and behind it what put writes.
func copyBehind(path string, first []byte, put func(io.Writer) error) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	tmp, err := os.CreateTemp(filepath.Dir(path), ".fork-*")
	if err != nil {
		return err
	}
	defer os.Remove(tmp.Name())
	_, err = tmp.Write(first)
	if err == nil {
		err = put(tmp)
	}
	if err = errors.Join(err, tmp.Chmod(0o600), tmp.Close()); err != nil {
		return err
	}
	return os.Rename(tmp.Name(), path)
}

// copyWhole copies the whole lines of src.
func copyWhole(to io.Writer, src *os.File) error {
	size, err := wholeLines(src)
	if err == nil {
		_, err = src.Seek(0, io.SeekStart)
	}
	if err == nil {
		_, err = io.Copy(to, &io.LimitedReader{R: src, N: size}) // of files, by the kernel
	}
	return err
}

// wholeLines is the size of a file without a last line that is not finished, or still
// being written.
func wholeLines(f *os.File) (int64, error) {
	fi, err := f.Stat()
	if err != nil {
		return 0, err
	}
	buf := make([]byte, 64<<10)
	for end := fi.Size(); end > 0; {
		from := max(0, end-int64(len(buf)))
		n, err := f.ReadAt(buf[:end-from], from)
		if err != nil && err != io.EOF {
			return 0, err
		}
		for i := n - 1; i >= 0; i-- {
			if buf[i] == '\n' {
				return from + int64(i) + 1, nil
			}
		}
		end = from
	}
	return 0, nil
}
