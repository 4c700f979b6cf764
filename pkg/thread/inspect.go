package thread

import (
	"bytes"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/tidwall/gjson"
)

const (
	headFirst = 64 << 10 // what is read of a file's head at first
	headMax   = 2 << 20  // and at most, as the first user message may carry images
	headLines = 210      // lines of the head to search for a user message (appserver spec §6)
	tailFirst = 32 << 10
	// The latest turn_context is looked for in windows of tailWindow, at most tailMax
	// bytes back.
	tailWindow = 1 << 20
	tailMax    = 1 << 30
	// markDepth is how far the type stands from the start of its line at most,
	// contextMax how much of the line is read: the working folder comes early in it.
	markDepth  = 256
	contextMax = 4 << 10
)

// inspector looks into many files; it keeps its buffers, and what it has found out about
// folders.
type inspector struct {
	o          Options
	head, tail []byte
	same       map[string]bool // folders that are, or are not, o.Cwd
}

// inspect reads the head and the tail of f, and says whether the session fits the
// options. What they exclude early is not read further.
func (in *inspector) inspect(f File) (Session, bool) {
	s := Session{File: f}
	r, err := os.Open(f.Path)
	if err != nil {
		return s, false
	}
	defer r.Close()
	if !in.readHead(&s, r) || !s.Listed {
		return s, false
	}
	if cwd := in.lastCwd(r); cwd != "" {
		s.Cwd = cwd
	}
	return s, in.o.Cwd == "" || in.fits(s.Cwd)
}

// fits says whether dir is the folder that is asked for, maybe by another way.
func (in *inspector) fits(dir string) bool {
	fits, known := in.same[dir]
	if !known {
		fits = samePath(dir, in.o.Cwd)
		if in.same == nil {
			in.same = map[string]bool{}
		}
		in.same[dir] = fits
	}
	return fits
}

// room gives a buffer of n bytes, the old one if it is large enough.
func room(buf *[]byte, n int64) []byte {
	if int64(cap(*buf)) < n {
		*buf = make([]byte, n)
	}
	return (*buf)[:n]
}

// readHead reads the first line and the lines up to the first user message. It gives up
// early, with false, when the provider is another one or there is no first line.
func (in *inspector) readHead(s *Session, r io.ReaderAt) bool {
	for size := int64(headFirst); ; size *= 8 {
		buf := room(&in.head, size)
		n, err := r.ReadAt(buf, 0)
		complete := err != nil // there is no more than this
		buf = buf[:n]
		seenMeta := false
		for lines := 0; lines < headLines && len(buf) > 0; lines++ {
			line := buf
			i := bytes.IndexByte(buf, '\n')
			if i < 0 && !complete {
				break // a cut line: read more
			} else if i >= 0 {
				line, buf = buf[:i], buf[i+1:]
			} else {
				buf = nil
			}
			if !seenMeta {
				if seenMeta = s.readMeta(line); seenMeta && in.o.Provider != "" && s.Provider != in.o.Provider {
					return false
				}
				continue
			}
			if text, ok := userMessage(line); ok {
				s.Preview, s.Listed = text, true
				return true
			}
		}
		if complete || len(buf) > 0 && bytes.IndexByte(buf, '\n') >= 0 || size >= headMax {
			return seenMeta
		}
	}
}

func (s *Session) readMeta(line []byte) bool {
	if !bytes.Contains(line, []byte(`"session_meta"`)) || gjson.GetBytes(line, "type").Str != "session_meta" {
		return false
	}
	// One look a field: they stand before the instructions, which are long.
	id, ok := ParseID(gjson.GetBytes(line, "payload.id").Str)
	if !ok {
		return false
	}
	s.ID, s.Cwd = id, gjson.GetBytes(line, "payload.cwd").Str
	s.Provider, s.Source = gjson.GetBytes(line, "payload.model_provider").Str, gjson.GetBytes(line, "payload.source").Raw
	s.Created, _ = time.Parse(time.RFC3339, gjson.GetBytes(line, "payload.timestamp").Str)
	return true
}

func userMessage(line []byte) (string, bool) {
	if !bytes.Contains(line, []byte(`"user_message"`)) || gjson.GetBytes(line, "type").Str != "event_msg" {
		return "", false
	}
	p := gjson.GetBytes(line, "payload")
	return p.Get("message").Str, p.Get("type").Str == "user_message"
}

// lastCwd reads backwards to the last turn_context line, "" when there is none. The
// file is looked through in windows, so that a huge one costs time but no memory.
func (in *inspector) lastCwd(r *os.File) string {
	fi, err := r.Stat()
	if err != nil {
		return ""
	}
	mark := []byte(`"turn_context"`)
	end := fi.Size() // no such line starts at or behind end
	buf := room(&in.tail, min(tailFirst, end))
	for end > 0 {
		start := max(0, end-int64(len(buf)))
		window := buf[:end-start]
		if n, err := r.ReadAt(window, start); err != nil && n < len(window) {
			return ""
		}
		for from := len(window); ; {
			i := bytes.LastIndex(window[:from], mark)
			if i < 0 {
				break
			}
			if cwd, ok := contextAt(r, start+int64(i)); ok {
				return cwd
			}
			from = i
		}
		if fi.Size()-start > tailMax || start == 0 {
			return ""
		}
		end = start + int64(len(mark)) - 1 // the mark may lie across the edge
		if len(buf) < tailWindow {
			buf = room(&in.tail, tailWindow)
		}
	}
	return ""
}

// contextAt reads the line that has the word turn_context at offset, if it is of that
// type: the time stamp and the type are all that stands before the word.
func contextAt(r io.ReaderAt, offset int64) (string, bool) {
	start := max(0, offset-markDepth)
	buf := make([]byte, contextMax)
	n, err := r.ReadAt(buf, start)
	if err != nil && err != io.EOF {
		return "", false
	}
	buf = buf[:n]
	line := buf[bytes.LastIndexByte(buf[:offset-start], '\n')+1:]
	if j := bytes.IndexByte(line, '\n'); j >= 0 {
		line = line[:j]
	}
	if gjson.GetBytes(line, "type").Str != "turn_context" {
		return "", false
	}
	cwd := gjson.GetBytes(line, "payload.cwd")
	return cwd.Str, cwd.Type == gjson.String
}

// mayMention says whether the head of the file may hold name as a user message; it
// spares reading lines of thousands of files. Text that JSON can spell in more than one
// way is not decided here.
func mayMention(path, name string) bool {
	for i := 0; i < len(name); i++ {
		if c := name[i]; c < ' ' || c >= 0x7f || c == '"' || c == '\\' || c == '/' || c == '<' || c == '>' || c == '&' {
			return true
		}
	}
	f, err := os.Open(path)
	if err != nil {
		return false
	}
	defer f.Close()
	buf := make([]byte, headFirst)
	n, err := f.ReadAt(buf, 0)
	buf = buf[:n]
	return bytes.Contains(buf, []byte(name)) || err == nil && !bytes.Contains(buf, []byte(`"user_message"`))
}

// named gives the id of the thread that was given name last, "" for none: the last line
// of an id holds its name.
func named(index, name string) string {
	data, err := os.ReadFile(index)
	if err != nil {
		return ""
	}
	quoted, _ := json.Marshal(name)
	if plain := !bytes.ContainsRune(quoted, '\\'); plain && !bytes.Contains(data, quoted[1:len(quoted)-1]) {
		return ""
	}
	seen := map[string]bool{}
	for len(data) > 0 {
		i := bytes.LastIndexByte(data, '\n')
		line := data[i+1:]
		data = data[:max(i, 0)]
		if id, ok := ParseID(gjson.GetBytes(line, "id").Str); ok && !seen[id] {
			seen[id] = true
			if gjson.GetBytes(line, "thread_name").Str == name {
				return id
			}
		}
	}
	return ""
}

func samePath(a, b string) bool {
	if filepath.Clean(a) == filepath.Clean(b) {
		return true
	}
	ra, err := filepath.EvalSymlinks(a)
	if err != nil {
		return false
	}
	rb, err := filepath.EvalSymlinks(b)
	return err == nil && ra == rb
}
