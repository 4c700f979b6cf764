package turn

import (
	"io"
	"sync/atomic"
	"time"
)

// leaveTime is how long a leaving engine waits for its frontend to take one message.
const leaveTime = time.Second

// deadlineWriter is the way to the frontend. A write waits as long as the frontend does not read, unless
// the engine is leaving.
type deadlineWriter struct {
	w       io.Writer
	d       deadliner // nil where writes cannot be given up
	leaving atomic.Bool
}

// deadliner is what pipes and sockets can do.
type deadliner interface{ SetWriteDeadline(time.Time) error }

func newDeadlineWriter(w io.Writer) *deadlineWriter {
	o := &deadlineWriter{w: w}
	if d, ok := w.(deadliner); ok && d.SetWriteDeadline(time.Time{}) == nil {
		o.d = d
	}
	return o
}

func (o *deadlineWriter) Write(b []byte) (int, error) {
	if o.leaving.Load() {
		o.limit()
	}
	return o.w.Write(b)
}

// hurry bounds the write that waits now and all later ones.
func (o *deadlineWriter) hurry() {
	o.leaving.Store(true)
	o.limit()
}

func (o *deadlineWriter) limit() {
	if o.d != nil {
		// It worked when the deadlineWriter was made; a stream closed since fails the write.
		_ = o.d.SetWriteDeadline(time.Now().Add(leaveTime))
	}
}
