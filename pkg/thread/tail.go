package thread

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/tidwall/gjson"

	"codex/pkg/protocol"
	"codex/pkg/rollout"
)

// Tail is the end of a session.
type Tail struct {
	// Turns are the last ones, oldest first, as Turns gives them, but that ids which the
	// file does not have count from the end, and that commands are there of which the file
	// has no event, but what the model was told. Of the first one the begin, with it the id, may
	// be missing.
	Turns   []protocol.Turn
	Earlier bool                       // there is more before them
	Skipped int                        // items that are too long to be read
	Usage   *protocol.ThreadTokenUsage // as it was told last; nil when it was not, or long ago
}

// Bounds of ReadTail: of one line that is read, and how far it looks for more once it has
// something.
const (
	tailLine = 16 << 20
	tailBack = 64 << 20
)

// ReadTail reads the last turns of a session file from its end, at most so many turns and
// so many bytes of events, whatever the size of the file.
func ReadTail(path string, turns, bytes int) (Tail, error) {
	w := tailWalk{most: turns, bytes: bytes, size: -1}
	done := false
	err := rollout.BackwardWithin(path, tailLine, true, func(l rollout.Line) bool {
		switch l.Type {
		case rollout.TypeEvent:
			w.line(l)
		case rollout.TypeResponseItem:
			w.item(l)
		}
		done = w.enough(l.Offset)
		return !done
	})
	if err != nil {
		return Tail{}, err
	}
	w.Earlier = done
	if done {
		w.stop()
	} else {
		w.begin()
	}
	slices.Reverse(w.Turns)
	return w.Tail, nil
}

// tailWalk takes the events of a session from the last to the first. An event that names
// no turn belongs to the newest turn that was there when it was written: which one that is
// shows further on, at the next event that names one.
type tailWalk struct {
	Tail        // newest turn first
	most, bytes int
	size        int64 // of the file, up to its last event
	weight      int   // of the events that are kept
	n           int
	calls       calls

	id    string // of the turn that is being read, "" while it is not known
	marks []mark // of that turn, newest first
	loose []mark // older than all that names it: of this turn, if it was begun before, or of the one before it
	drops []drop // rollbacks whose turns are not all passed, the oldest last
}

// drop is a rollback that is being passed.
type drop struct {
	left  int    // turns to pass, with the one that is being passed
	id    string // of that, "" while it is not known
	loose []mark // as above: it may be of the turn before, which stays
}

func (w *tailWalk) line(l rollout.Line) {
	if w.size < 0 {
		w.size = l.Offset
	}
	if l.Cut {
		if len(w.drops) == 0 {
			w.Skipped++
		}
		return
	}
	w.usage(l.Payload)
	if n := rollout.TakenBack(l.Payload); n > 0 {
		w.drops = append(w.drops, drop{left: n})
		return
	}
	if m, ok := markOf(l.Payload, w.itemID); ok {
		m.size = len(l.Payload.Raw)
		w.calls.tell(m.item)
		w.mark(m)
	}
}

// item takes an item of the conversation with the model: one that is too long has more than
// anybody wants to see of it.
func (w *tailWalk) item(l rollout.Line) {
	if l.Cut {
		return
	}
	if item, size := w.calls.item(l.Payload); item != nil {
		w.mark(mark{item: item, size: size})
	}
}

func (w *tailWalk) itemID() string {
	w.n++
	return fmt.Sprintf("item-from-end-%d", w.n)
}

// usage takes the newest count of tokens.
func (w *tailWalk) usage(p gjson.Result) {
	info := p.Get("info")
	if w.Usage != nil || p.Get("type").Str != "token_count" || !info.IsObject() {
		return
	}
	var t rollout.TokenInfo
	if json.Unmarshal([]byte(info.Raw), &t) == nil {
		w.Usage = new(Usage(t))
	}
}

// mark takes what an event does: to a turn that was taken back, or to one that stays.
func (w *tailWalk) mark(m mark) {
	for n := len(w.drops) - 1; n >= 0; n-- {
		d := &w.drops[n]
		switch {
		case m.turn == "":
			if d.id != "" && d.left == 1 {
				d.loose = append(d.loose, m)
				w.weight += m.size
			}
			return
		case d.id == "" || d.id == m.turn:
			w.forget(d)
			d.id = m.turn
			return
		case d.left > 1:
			*d = drop{left: d.left - 1, id: m.turn}
			return
		}
		w.passed() // the event is of a turn before all that were taken back
	}
	w.weight += m.size
	switch {
	case m.turn == "" && w.id != "":
		w.loose = append(w.loose, m)
		return
	case m.turn != "" && w.id != "" && w.id != m.turn:
		w.finish()
	}
	w.marks, w.loose = append(append(w.marks, w.loose...), m), nil
	w.id = cmp.Or(m.turn, w.id)
}

// passed ends the last drop. What is not of its turns is of those before.
func (w *tailWalk) passed() {
	n := len(w.drops) - 1
	d := w.drops[n]
	w.drops = w.drops[:n]
	loose := w.forget(&d)
	for _, m := range loose {
		w.mark(m)
	}
}

// forget takes the loose marks of a drop away.
func (w *tailWalk) forget(d *drop) (loose []mark) {
	loose, d.loose = d.loose, nil
	for _, m := range loose {
		w.weight -= m.size
	}
	return loose
}

// finish makes a turn of its marks.
func (w *tailWalk) finish() {
	t := newTurn(w.id)
	for _, m := range slices.Backward(w.marks) {
		m.apply(&t)
	}
	w.Turns = append(w.Turns, t)
	w.id, w.marks = "", nil
}

// enough says whether no more is to be read: there is as much as was asked for, or what
// there is begins far from the end.
func (w *tailWalk) enough(offset int64) bool {
	some := len(w.Turns) > 0 || len(w.marks) > 0
	return len(w.Turns) >= w.most || w.weight >= w.bytes || some && w.size-offset > tailBack
}

// stop ends in the midst of the file.
func (w *tailWalk) stop() {
	if len(w.Turns) < w.most && len(w.marks) > 0 {
		w.finish()
	}
}

// begin is the begin of the file: what is of no turn is before all.
func (w *tailWalk) begin() {
	for len(w.drops) > 0 {
		if d := &w.drops[len(w.drops)-1]; d.left > 1 || d.id == beforeTurns {
			w.forget(d)
		}
		w.passed()
	}
	if len(w.loose) > 0 || w.id == "" && len(w.marks) > 0 {
		w.mark(mark{turn: beforeTurns})
	}
	if w.id != "" {
		w.finish()
	}
}
