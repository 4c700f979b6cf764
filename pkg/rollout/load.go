package rollout

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"
	"unsafe"

	"github.com/tidwall/gjson"

	"codex/pkg/foreign"
	"codex/pkg/jsonrpc"
)

// History is what a resumed thread starts from.
type History struct {
	Path string
	Meta Meta
	// Items are the Responses items as they are sent in requests, oldest first.
	Items []json.RawMessage
	// Context is the last turn_context of a surviving user turn, nil when a later
	// compaction cleared it (then the whole context is sent again).
	Context *TurnContext
	// PreviousModel is the model of that turn even when Context was cleared.
	PreviousModel string
	// Tokens is the last token_count's info, nil when there is none.
	Tokens *TokenInfo
	// Goal is the last event about the thread's goal, nil for none. What another session says of
	// its own, from which a paginated one goes on, may be left out.
	Goal json.RawMessage
	// Compactions counts the compacted lines: the window number.
	Compactions int
	// Dropped counts the lines that could not be read.
	Dropped int

	size int64 // of the file, when it was loaded
}

// Load reads the session file at path. Lines that cannot be parsed are skipped. Only
// the lines after the newest compaction are decoded; the rest of the file is scanned
// for bytes.
func Load(path string) (*History, error) {
	f, err := foreign.Open(path)
	if err != nil {
		return nil, fmt.Errorf("open session file: %w", err)
	}
	defer f.Close()
	st, err := f.Stat()
	if err != nil {
		return nil, fmt.Errorf("load session file: %w", err)
	}
	h := &History{Path: path, size: st.Size()}
	first, err := FirstMeta(f)
	if err == nil {
		err = lenient(first.Raw, &h.Meta)
	}
	if err == nil && h.Meta.ID == "" {
		err = errNoMeta
	}
	if err != nil {
		return nil, fmt.Errorf("session file %s: %w", path, err)
	}
	r := reconstruct{h: h}
	base, compacted := int64(0), false
	err = eachBackward(path, MaxLine, func(l backLine) bool {
		if l.cut {
			h.Dropped++
			return true
		}
		if r.line(l.text) {
			base, compacted = l.offset, true
			return false
		}
		return true
	})
	if err != nil {
		return nil, err
	}
	r.flush()
	slices.Reverse(r.items)
	h.Items = append(r.base, r.items...)
	if compacted {
		if err := h.passOver(f, max(0, base)); err != nil { // negative: in another file
			return nil, err
		}
		h.Compactions++
	}
	return h, nil
}

// Events of a goal. The original keeps goals in a database, and writes the first of these
// beside it.
const (
	aboutGoal   = "thread_goal_"
	GoalUpdated = aboutGoal + "updated"
	GoalCleared = aboutGoal + "cleared"
)

// reconstruct walks the lines newest first.
type reconstruct struct {
	h        *History
	items    []json.RawMessage // newest first
	base     []json.RawMessage // oldest first
	drop     int               // turns still to drop
	haveCtx  bool
	segments []json.RawMessage // items of the user turn being read, newest first
}

// line takes one line; true means that everything older is replaced.
func (r *reconstruct) line(b []byte) bool {
	b, ok := sound(b)
	if !ok {
		r.h.Dropped++
		return false
	}
	// One copy of the payload, which can be megabytes: this one is not kept.
	payload := gjson.Get(unsafe.String(unsafe.SliceData(b), len(b)), "payload")
	switch gjson.GetBytes(b, "type").Str {
	case TypeResponseItem:
		r.segments = append(r.segments, json.RawMessage(payload.Raw))
	case TypeTurnContext:
		if !r.haveCtx && r.drop == 0 {
			var c TurnContext
			if lenient(payload.Raw, &c) == nil {
				r.h.Context, r.h.PreviousModel, r.haveCtx = &c, c.Model, true
			}
		}
	case TypeCompacted:
		if r.drop > 0 { // of a turn that was taken back
			return false
		}
		rh := payload.Get("replacement_history")
		if !rh.IsArray() && payload.Get("message").Type != gjson.String { // it would leave nothing of what is older
			r.h.Dropped++
			return false
		}
		r.flush()
		if !r.haveCtx {
			r.haveCtx = true // cleared: the context is sent again in full
		}
		if !rh.IsArray() {
			// Old files: only a summary. What the original rebuilds from it is the user
			// messages before it and the summary; keep reading for those.
			r.base = []json.RawMessage{userMessage(payload.Get("message").Str)}
			return true
		}
		rh.ForEach(func(_, v gjson.Result) bool {
			r.base = append(r.base, json.RawMessage(v.Raw))
			return true
		})
		return true
	case TypeEvent:
		switch payload.Get("type").Str {
		case "token_count":
			if r.h.Tokens == nil && payload.Get("info").IsObject() {
				var t TokenInfo
				if lenient(payload.Get("info").Raw, &t) == nil {
					r.h.Tokens = &t
				}
			}
		case GoalUpdated, GoalCleared:
			if r.h.Goal == nil {
				r.h.Goal = json.RawMessage(strings.Clone(payload.Raw))
			}
		case rolledBack:
			if r.drop == 0 { // what stands behind the mark stays; or else it goes with the turn before
				r.flush()
			}
			r.drop += TakenBack(payload)
		case "task_started":
			r.boundary()
		}
	}
	return false
}

// boundary is the start of a turn: what was read since belongs to it.
func (r *reconstruct) boundary() {
	if r.drop > 0 {
		r.drop--
		r.segments = nil
		return
	}
	r.flush()
}

func (r *reconstruct) flush() {
	r.items = append(r.items, r.segments...)
	r.segments = nil
}

func userMessage(text string) json.RawMessage {
	b, _ := json.Marshal(map[string]any{"type": "message", "role": "user",
		"content": []any{map[string]string{"type": "input_text", "text": text}}})
	return b
}

// readLine reads a line of at most so many bytes, and no further in a longer one.
func readLine(br *bufio.Reader, most int) ([]byte, error) {
	var out []byte
	for {
		part, err := br.ReadSlice('\n')
		out = append(out, part...)
		if err != bufio.ErrBufferFull || len(out) > most {
			return out, err
		}
	}
}

// typeWithin is how far from its begin a line tells its type: only the time stands before.
const typeWithin = 256

// passOver counts the compacted lines before offset end, and finds the last event of a goal
// there where none stands behind. Of each line only the begin is looked at.
func (h *History) passOver(f io.ReaderAt, end int64) error {
	goal := int64(-1)
	err := eachHead(f, end, func(head []byte, at int64) {
		switch {
		case isCompacted(head):
			h.Compactions++
		case isGoal(head):
			goal = at
		}
	})
	if err != nil || goal < 0 || h.Goal != nil {
		return err
	}
	line, err := readLine(bufio.NewReader(io.NewSectionReader(f, goal, end-goal)), MaxLine)
	if err != nil && err != io.EOF {
		return fmt.Errorf("read session file: %w", err)
	}
	if line, ok := sound(line); ok {
		h.Goal = json.RawMessage(gjson.GetBytes(line, "payload").Raw)
	}
	return nil
}

// eachHead gives the begin of each line before offset end, and where that stands.
func eachHead(f io.ReaderAt, end int64, fn func(head []byte, at int64)) error {
	buf := make([]byte, min(chunk, end))
	midst := false // of a line
	for at := int64(0); at < end; {
		k, err := f.ReadAt(buf[:min(int64(len(buf)), end-at)], at)
		if err != nil && err != io.EOF {
			return fmt.Errorf("read session file: %w", err)
		}
		last := err == io.EOF || at+int64(k) == end
		pos := 0
		for pos < k && (midst || last || k-pos >= typeWithin) {
			if !midst {
				fn(buf[pos:min(pos+typeWithin, k)], at+int64(pos))
			}
			i := bytes.IndexByte(buf[pos:k], '\n')
			if midst = i < 0; midst {
				pos = k
				break
			}
			pos += i + 1
		}
		if at += int64(pos); err == io.EOF {
			break
		}
	}
	return nil
}

func isCompacted(head []byte) bool {
	return bytes.Contains(head, []byte(`"`+TypeCompacted+`"`)) && gjson.GetBytes(head, "type").Str == TypeCompacted
}

func isGoal(head []byte) bool {
	if !bytes.Contains(head, []byte(`"`+aboutGoal)) || gjson.GetBytes(head, "type").Str != TypeEvent {
		return false
	}
	typ := gjson.GetBytes(head, "payload.type").Str
	return typ == GoalUpdated || typ == GoalCleared
}

// Events gives the payloads of the events in the session file at path, from the first to
// the last. Lines that cannot be read are skipped.
func Events(path string, fn func(payload gjson.Result)) error {
	return eachForward(path, 0, func(line []byte) {
		if gjson.GetBytes(line, "type").Str != TypeEvent {
			return
		}
		if line, ok := sound(line); ok {
			fn(gjson.GetBytes(line, "payload"))
		}
	})
}

// sound gives a line that decoders may have: valid JSON of bounded size and depth. What is
// no UTF-8 in it becomes U+FFFD.
func sound(line []byte) ([]byte, bool) {
	line = bytes.TrimPrefix(line, []byte("\uFEFF")) // an editor may have put one before the first
	if jsonrpc.Valid(line) {
		return line, true
	}
	if utf8.Valid(line) {
		return nil, false
	}
	line = bytes.ToValidUTF8(line, []byte("\uFFFD"))
	return line, jsonrpc.Valid(line)
}

// lenient decodes what somebody else may have written: a member of a wrong type is left
// out.
func lenient(raw string, v any) error {
	err := json.Unmarshal([]byte(raw), v)
	if _, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		return nil
	}
	return err
}
