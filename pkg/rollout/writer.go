package rollout

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/gofrs/flock"
)

// Writer appends lines to one session file. The file is made at the first Append: a
// thread that never gets a prompt leaves no file. Safe for concurrent use.
//
// What cannot be written, for want of room above all, is kept and written before what
// comes next; the file holds whole lines in their order or ends early. On Linux some room
// is reserved ahead, as long as the file is open.
type Writer struct {
	mu    sync.Mutex
	path  string
	meta  *Meta // the first line of a new file, until there is a second one
	fresh bool  // the file is not there yet
	f     *os.File
	buf   bytes.Buffer // lines that are not written yet
	end   int64        // size of the file after our last write, or as it was loaded; -1: not known
	now   func() time.Time

	seen  bool       // it is known what the file is
	paged *paginated // nil: of the form of 0.133.0

	reserved int64 // there is room for the file up to here

	discard bool
	dropped int          // lines that there was no room for in memory either
	hold    bool         // the lock is wanted, see Hold
	lock    *flock.Flock // nil while it is not held
}

// maxUnwritten bounds what is kept for a file that cannot be written.
const maxUnwritten = 256 << 20

// Create prepares a new session file at path; meta is its first line.
func Create(path string, meta Meta, now func() time.Time) *Writer {
	return &Writer{path: path, meta: &meta, fresh: true, now: now}
}

// Continue prepares to append to an existing session file.
func Continue(path string, now func() time.Time) *Writer {
	return &Writer{path: path, now: now, end: -1}
}

// Continue goes on with the file that was loaded.
func (h *History) Continue(now func() time.Time) *Writer {
	return &Writer{path: h.Path, now: now, end: h.size}
}

// Discard is a Writer that keeps nothing: an ephemeral thread.
func Discard() *Writer { return &Writer{discard: true} }

// Path is the file's name, empty for an ephemeral thread.
func (w *Writer) Path() string { return w.path }

// Materialized says whether the file exists by this writer's doing or before it.
func (w *Writer) Materialized() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return !w.discard && !w.fresh
}

// Append writes the entries with one write, and what could not be written before. An
// error means that the file does not have them yet: they are written with the next ones,
// or by Close.
func (w *Writer) Append(entries ...Entry) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.append(true, entries)
}

// AppendNow writes an entry now or never.
func (w *Writer) AppendNow(e Entry) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.append(false, []Entry{e})
}

func (w *Writer) append(keep bool, entries []Entry) error {
	if w.discard || len(entries) == 0 {
		return nil
	}
	at, before := w.now(), w.buf.Len()
	if w.meta != nil {
		entries = append([]Entry{{TypeSessionMeta, w.meta}}, entries...)
	}
	encode, err := w.encoder()
	if err != nil && !keep {
		return err
	}
	for _, e := range entries {
		if err := encode(&w.buf, e, at); err != nil {
			w.buf.Truncate(before)
			return err
		}
	}
	w.meta = nil
	added := w.buf.Len() - before
	err = w.flush()
	if err != nil && (!keep || w.buf.Len() > maxUnwritten) {
		w.buf.Truncate(max(0, w.buf.Len()-added))
		if keep {
			w.dropped += len(entries)
		}
	}
	return err
}

// encoder is how lines of the file are written.
func (w *Writer) encoder() (func(*bytes.Buffer, Entry, time.Time) error, error) {
	if !w.seen && !w.fresh {
		w.paged = paginatedOf(w.path)
	}
	w.seen = true
	if w.paged == nil {
		return func(b *bytes.Buffer, e Entry, at time.Time) error { return e.encode(b, at) }, nil
	}
	err := w.paged.number(w.path) // others may have written
	w.paged.next += int64(bytes.Count(w.buf.Bytes(), []byte{'\n'}))
	return w.paged.encode, err
}

// flush writes what is kept. What a failed write leaves of it is cut off again.
func (w *Writer) flush() error {
	if w.buf.Len() == 0 {
		return nil
	}
	if err := w.open(); err != nil {
		return err
	}
	size, written, err := appendWhole(w.f, w.buf.Bytes())
	w.buf.Next(written)
	if err != nil {
		return fmt.Errorf("write session file %s: %w", w.path, err)
	}
	if w.end < 0 || size-int64(written) == w.end { // else others have written, which the next Hold tells
		w.end = size
	}
	w.fresh = false
	w.reserve()
	w.buf.Reset()
	if w.buf.Cap() > 1<<20 {
		w.buf = bytes.Buffer{}
	}
	return nil
}

func (w *Writer) open() error {
	if w.f != nil {
		return nil
	}
	flags := os.O_RDWR | os.O_APPEND
	if w.fresh {
		flags |= os.O_CREATE
		if err := os.MkdirAll(filepath.Dir(w.path), 0o700); err != nil {
			return fmt.Errorf("make session folder: %w", err)
		}
	}
	f, err := os.OpenFile(w.path, flags, 0o600)
	if err != nil {
		return fmt.Errorf("open session file: %w", err)
	}
	w.f = f
	if w.hold { // a new file is our own from its first moment
		w.take()
	}
	return nil
}

// Close writes what is left and closes the file. The error says what the file lacks.
func (w *Writer) Close() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	err := w.flush()
	if w.f != nil {
		w.release()
	}
	w.letGo()
	if w.f == nil {
		return err
	}
	if err == nil && w.dropped > 0 {
		err = fmt.Errorf("session file %s lacks %d lines", w.path, w.dropped)
	}
	if err == nil {
		err = w.there()
	}
	err = errors.Join(err, w.f.Close())
	w.f = nil
	return err
}

// there holds that the file is still where it will be looked for.
func (w *Writer) there() error {
	have, err := w.f.Stat()
	if err != nil {
		return fmt.Errorf("session file %s: %w", w.path, err)
	}
	if at, err := os.Stat(w.path); err != nil || !os.SameFile(have, at) {
		return fmt.Errorf("session file %s was removed while it was written", w.path)
	}
	return nil
}
