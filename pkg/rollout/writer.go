package rollout

import (
	"bytes"
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
	now     func() time.Time
	discard bool
	hold    bool         // the lock is wanted, see Hold
	lock    *flock.Flock // nil while it is not held
}

// Create prepares a new session file at path; meta is its first line.
func Create(path string, meta Meta, now func() time.Time) *Writer {
	return &Writer{path: path, meta: &meta, now: now}
}

// Continue prepares to append to an existing session file.
func Continue(path string, now func() time.Time) *Writer {
	return &Writer{path: path, now: now}
}

// Discard is a Writer that keeps nothing: an ephemeral thread.
func Discard() *Writer { return &Writer{discard: true} }

// Path is the file's name, empty for an ephemeral thread.
func (w *Writer) Path() string { return w.path }

// Materialized says whether the file exists by this writer's doing or before it.
func (w *Writer) Materialized() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.f != nil || !w.discard && w.meta == nil
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
	at := w.now()
	for _, e := range entries {
		if err := e.encode(&w.buf, at); err != nil {
			return err
		}
	}
	if _, err := w.f.Write(w.buf.Bytes()); err != nil {
		return fmt.Errorf("write session file %s: %w", w.path, err)
	}
	if w.buf.Cap() > 1<<20 {
		w.buf = bytes.Buffer{}
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
		if err := (Entry{TypeSessionMeta, w.meta}).encode(&w.buf, w.now()); err != nil {
			return err
		}
		w.meta = nil
		return nil
	}
	// A writer that was killed may have left half a line: close it, so that it spoils
	// itself only and not the next line.
	if torn(f) {
		w.buf.WriteByte('\n')
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
