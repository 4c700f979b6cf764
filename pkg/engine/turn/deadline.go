package turn

import (
	"io"
	"sync/atomic"
	"time"
)

// leaveTime is how long a leaving engine waits for its face to take one message.
const leaveTime = time.Second

// outlet is the way to the face. A write waits as long as the face does not read, unless
// the engine is leaving.
type outlet struct {
	w       io.Writer
	d       deadliner // nil where writes cannot be given up
	leaving atomic.Bool
}

// deadliner is what pipes and sockets can do.
type deadliner interface{ SetWriteDeadline(time.Time) error }

func newOutlet(w io.Writer) *outlet {
	o := &outlet{w: w}
	if d, ok := w.(deadliner); ok && d.SetWriteDeadline(time.Time{}) == nil {
		o.d = d
	}
	return o
}

func (o *outlet) Write(b []byte) (int, error) {
	if o.leaving.Load() {
		o.limit()
	}
	return o.w.Write(b)
}

// hurry bounds the write that waits now and all later ones.
func (o *outlet) hurry() {
	o.leaving.Store(true)
	o.limit()
}

func (o *outlet) limit() {
	if o.d != nil {
		// It worked when the outlet was made; a stream closed since fails the write.
		_ = o.d.SetWriteDeadline(time.Now().Add(leaveTime))
	}
}
