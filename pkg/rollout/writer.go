package rollout

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/gofrs/flock"
)

// Writer appends lines to one session file. The file is made at the first Append: a
// thread that never gets a prompt leaves no file. Safe for concurrent use.
type Writer struct {
	mu      sync.Mutex
	path    string
	meta    *Meta // written before the first line of a new file
	f       *os.File
	buf     bytes.Buffer
	enc     *json.Encoder
	now     func() time.Time
	discard bool
	hold    bool         // the lock is wanted, see Hold
	lock    *flock.Flock // nil while it is not held
}

// Path gives where the session of thread id that began at start is kept.
func Path(home, id string, start time.Time) string {
	l := start.Local()
	return filepath.Join(home, "sessions", l.Format("2006"), l.Format("01"), l.Format("02"),
		"rollout-"+l.Format("2006-01-02T15-04-05")+"-"+id+".jsonl")
}

// Create prepares a new session file at path; meta is its first line.
func Create(path string, meta Meta, now func() time.Time) *Writer {
	w := &Writer{path: path, meta: &meta, now: now}
	w.init()
	return w
}

// Continue prepares to append to an existing session file.
func Continue(path string, now func() time.Time) *Writer {
	w := &Writer{path: path, now: now}
	w.init()
	return w
}

// Discard is a Writer that keeps nothing: an ephemeral thread.
func Discard() *Writer { return &Writer{discard: true} }

func (w *Writer) init() {
	w.enc = json.NewEncoder(&w.buf)
	w.enc.SetEscapeHTML(false)
}

// Path is the file's name, empty for an ephemeral thread.
func (w *Writer) Path() string { return w.path }

// Materialized says whether the file exists by this writer's doing or before it.
func (w *Writer) Materialized() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.f != nil || !w.discard && w.meta == nil
}

// Entry is a line without its time. A json.RawMessage payload must be compact: it is written as it is.
type Entry struct {
	Type    string
	Payload any
}

// Append writes the entries with one write, so that a crash tears one line at most.
func (w *Writer) Append(entries ...Entry) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.discard || len(entries) == 0 {
		return nil
	}
	w.buf.Reset()
	if err := w.open(); err != nil {
		return err
	}
	stamp := Stamp(w.now())
	for _, e := range entries {
		if raw, ok := e.Payload.(json.RawMessage); ok {
			// Already compact JSON: history items can be megabytes.
			fmt.Fprintf(&w.buf, `{"timestamp":"%s","type":"%s","payload":`, stamp, e.Type)
			w.buf.Write(raw)
			w.buf.WriteString("}\n")
			continue
		}
		if err := w.enc.Encode(Line{stamp, e.Type, e.Payload}); err != nil {
			return fmt.Errorf("encode %s line: %w", e.Type, err)
		}
	}
	if _, err := w.f.Write(w.buf.Bytes()); err != nil {
		return fmt.Errorf("write session file %s: %w", w.path, err)
	}
	if w.buf.Cap() > 1<<20 {
		w.buf = bytes.Buffer{}
		w.init()
	}
	return nil
}

func (w *Writer) open() error {
	if w.f != nil {
		return nil
	}
	if w.meta != nil {
		if err := os.MkdirAll(filepath.Dir(w.path), 0o700); err != nil {
			return fmt.Errorf("make session folder: %w", err)
		}
	}
	f, err := os.OpenFile(w.path, os.O_CREATE|os.O_RDWR|os.O_APPEND, 0o600)
	if err != nil {
		return fmt.Errorf("open session file: %w", err)
	}
	w.f = f
	w.take()
	if w.meta != nil {
		stamp := Stamp(w.now())
		if err := w.enc.Encode(Line{stamp, TypeSessionMeta, w.meta}); err != nil {
			return fmt.Errorf("encode session_meta line: %w", err)
		}
		w.meta = nil
		return nil
	}
	// A writer that was killed may have left half a line: close it, so that it spoils
	// itself only and not the next line.
	if st, err := f.Stat(); err == nil && st.Size() > 0 {
		var last [1]byte
		if _, err := f.ReadAt(last[:], st.Size()-1); err == nil && last[0] != '\n' {
			w.buf.WriteByte('\n')
		}
	}
	return nil
}

// Close closes the file.
func (w *Writer) Close() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.letGo()
	if w.f == nil {
		return nil
	}
	err := w.f.Close()
	w.f = nil
	return err
}
