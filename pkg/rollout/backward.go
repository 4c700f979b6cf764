package rollout

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/tidwall/gjson"
)

// chunk is how much is read at once when walking a file from its end.
const chunk = 1 << 20

// MaxLine bounds one line of a session file.
const MaxLine = 512 << 20

// headOf is how much is read of a line that is longer than somebody wants.
const headOf = 4 << 10

// backLine is a line of a file that is walked from its end.
type backLine struct {
	text   []byte // without its end, good until the next line
	offset int64
	cut    bool // it is longer than most: text is its begin
}

// backward gives the lines of f from the last to the first until fn returns false. Of a
// line of more than most bytes there is only the begin, so that no file costs more memory
// than that.
func backward(f *os.File, most int64, fn func(backLine) bool) error {
	st, err := f.Stat()
	if err != nil {
		return fmt.Errorf("stat session file: %w", err)
	}
	w := backwards{f: f, most: most, stop: st.Size(), buf: make([]byte, min(chunk, st.Size()))}
	for end := st.Size(); end > 0; end = w.start {
		w.start = max(0, end-int64(len(w.buf)))
		w.have = w.buf[:end-w.start]
		if _, err := f.ReadAt(w.have, w.start); err != nil && err != io.EOF {
			return fmt.Errorf("read session file: %w", err)
		}
		for rest := w.have; ; {
			i := bytes.LastIndexByte(rest, '\n')
			if i < 0 {
				break
			}
			if goOn, err := w.line(w.start+int64(i)+1, fn); !goOn {
				return err
			}
			w.stop, rest = w.start+int64(i), rest[:i]
		}
	}
	_, err = w.line(0, fn)
	return err
}

// backwards is how far a walk has come.
type backwards struct {
	f     *os.File
	most  int64
	buf   []byte
	have  []byte // what of buf was read
	start int64  // where that begins in the file
	stop  int64  // where the line ends whose begin is looked for
}

// line gives the line from offset to stop. Where it is not all in the buffer it is read
// once more, in one piece.
func (w *backwards) line(offset int64, fn func(backLine) bool) (bool, error) {
	l := backLine{offset: offset, cut: w.stop-offset > w.most}
	size := w.stop - offset
	if l.cut {
		size = min(headOf, w.most)
	}
	if from := offset - w.start; from >= 0 && from+size <= int64(len(w.have)) {
		l.text = w.have[from : from+size]
	} else {
		l.text = make([]byte, size)
		if _, err := w.f.ReadAt(l.text, offset); err != nil && err != io.EOF {
			return false, fmt.Errorf("read session file: %w", err)
		}
	}
	return len(bytes.TrimSpace(l.text)) == 0 || fn(l), nil
}

// Backward gives the lines of the session file at path from the last to the first until
// fn returns false. Only lines of the types turn_context and event_msg are looked at:
// the others can be megabytes.
func Backward(path string, fn func(typ string, payload json.RawMessage) bool) error {
	return BackwardWithin(path, MaxLine, false, func(l Line) bool { return l.Cut || fn(l.Type, json.RawMessage(l.Payload.Raw)) })
}

// Line is a line as BackwardWithin gives it.
type Line struct {
	Type    string
	Payload gjson.Result
	Offset  int64
	Cut     bool // it is too long: there is no payload
}

// isCall says whether an item of the conversation is a call, or the answer of a function.
func isCall(typ string) bool { return strings.HasSuffix(typ, "_call") || typ == "function_call_output" }

// BackwardWithin is Backward for lines of at most so many bytes: of longer ones there is
// the type alone. calls says whether what the model has called, at the provider as well, and
// what functions have answered is wanted, too.
func BackwardWithin(path string, most int64, calls bool, fn func(Line) bool) error {
	return eachBackward(path, most, func(b backLine) bool {
		l := Line{Type: gjson.GetBytes(b.text, "type").Str, Offset: b.offset, Cut: b.cut}
		called := calls && l.Type == TypeResponseItem && isCall(gjson.GetBytes(b.text, "payload.type").Str)
		if l.Type != TypeTurnContext && l.Type != TypeEvent && !called {
			return true
		}
		if !l.Cut {
			text, ok := sound(b.text)
			if !ok {
				return true
			}
			l.Payload = gjson.GetBytes(text, "payload")
		}
		return fn(l)
	})
}
