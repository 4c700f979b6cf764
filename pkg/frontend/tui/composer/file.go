package composer

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"time"

	"github.com/gofrs/flock"

	"codex/pkg/atomicfile"
	"codex/pkg/foreign"
	"codex/pkg/jsonrpc"
)

// File is history.jsonl, which all sessions share.
type File struct {
	Path  string
	Bytes int64 // that it may have; 0: no limit
}

// entry is one line of it.
type entry struct {
	Session string `json:"session_id"`
	TS      int64  `json:"ts"`
	Text    string `json:"text"`
}

const (
	maxRead  = 64 << 20
	maxTexts = 10000
)

// How long another codex may keep the file, and how often it is asked for.
const (
	lockTime  = 2 * time.Second
	lockEvery = 5 * time.Millisecond
)

// Read gives the texts, the oldest first. Lines that are none of ours are passed over.
func (f File) Read() ([]string, error) {
	b, err := foreign.ReadFile(f.Path, maxRead)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read history: %w", err)
	}
	lines := bytes.Split(b, []byte("\n"))
	lines = lines[max(0, len(lines)-maxTexts):]
	var out []string
	for _, l := range lines {
		var e entry
		if jsonrpc.Check(l) == nil && json.Unmarshal(l, &e) == nil && e.Text != "" {
			out = append(out, e.Text)
		}
	}
	return out, nil
}

// Append adds a text.
func (f File) Append(ctx context.Context, session, text string, now time.Time) error {
	line, err := jsonrpc.Marshal(entry{session, now.Unix(), text})
	if err != nil {
		return fmt.Errorf("write history: %w", err)
	}
	lock := flock.New(f.Path, flock.SetFlag(os.O_CREATE|os.O_RDWR), flock.SetPermissions(0o600))
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), lockTime) // leaving loses no line
	defer cancel()
	if _, err := lock.TryLockContext(ctx, lockEvery); err != nil && !errors.Is(err, errors.ErrUnsupported) {
		return fmt.Errorf("lock history: %w", err)
	}
	defer lock.Unlock()
	if err := f.append(append(line, '\n')); err != nil {
		return fmt.Errorf("write history: %w", err)
	}
	return nil
}

func (f File) append(line []byte) error {
	fi, err := os.Stat(f.Path)
	if err == nil && f.Bytes > 0 && fi.Size()+int64(len(line)) > f.Bytes {
		return f.trim(line)
	}
	w, err := os.OpenFile(f.Path, os.O_APPEND|os.O_WRONLY|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	_, err = w.Write(line)
	return errors.Join(err, w.Close())
}

// trim drops the oldest lines, down to four fifths of what is allowed.
func (f File) trim(line []byte) error {
	b, err := foreign.ReadFile(f.Path, maxRead)
	if err != nil {
		return err
	}
	b = append(b, line...)
	for most := f.Bytes / 5 * 4; int64(len(b)) > most && len(b) > len(line); {
		i := bytes.IndexByte(b, '\n')
		if i < 0 {
			break
		}
		b = b[i+1:]
	}
	return atomicfile.Write(f.Path, 0o600, b)
}

func containsFold(s, word string) bool {
	return strings.Contains(strings.ToLower(s), strings.ToLower(word))
}
