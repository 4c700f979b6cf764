package rollout

import (
	"errors"
	"math"
	"os"

	"golang.org/x/sys/unix"
)

// ahead is the room that a session file has beyond its end: when something else fills the
// disk, what is said of it can still be kept.
const ahead = 64 << 10

// reserve sees to it that there is room behind the end of the file. Where that cannot be,
// it is not: nothing has been lost yet.
func (w *Writer) reserve() {
	if w.end < 0 || w.end+ahead/2 <= w.reserved {
		return
	}
	err := unix.Fallocate(int(w.f.Fd()), unix.FALLOC_FL_KEEP_SIZE, w.end, ahead)
	switch {
	case err == nil:
		w.reserved = w.end + ahead
	case !errors.Is(err, unix.ENOSPC) && !errors.Is(err, unix.EDQUOT):
		w.reserved = math.MaxInt64 // a file system that does not know it
	}
}

// release gives back what was reserved, unless somebody else has written behind it, or may
// be about to. The time of the last write stays.
func (w *Writer) release() {
	if w.reserved == 0 || w.reserved == math.MaxInt64 {
		return
	}
	if w.take(); w.lock == nil {
		return
	}
	st, err := w.f.Stat()
	if err != nil || st.Size() != w.end {
		return
	}
	if w.f.Truncate(w.end) == nil {
		_ = os.Chtimes(w.path, st.ModTime(), st.ModTime()) // it was just written, as a rule
	}
	w.reserved = 0
}
