package thread

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"
	"unsafe"

	"github.com/tidwall/gjson"

	"codex/pkg/foreign"
	"codex/pkg/jsonrpc"
	"codex/pkg/protocol"
	"codex/pkg/rollout"
)

const (
	headFirst = 64 << 10 // what is read of a file's head at first
	headMax   = 4 << 20  // and at most, as the first user message may carry images
	headLines = 210      // lines of the head to search for a user message
	// Lines that restate a fact are looked for in windows of tailWindow, and at most so
	// many bytes back.
	tailFirst  = 32 << 10
	tailWindow = 1 << 20
	// markDepth is how far the type stands from the start of its line at most.
	markDepth = 256
	// contextMax is how much of a turn_context is read: the working folder comes early.
	contextMax = 4 << 10
)

// How far back Read and a list look for facts that were restated.
const (
	metaBack     = 64 << 20
	metaBackList = 1 << 20
)

// Head is a File with what its first lines say.
type Head struct {
	File
	Created    time.Time // from the first line
	ForkedFrom *string
	Provider   string // model provider
	Source     string // raw JSON: "exec", "cli", {"subagent":…}
	For        protocol.ThreadSource
	Cwd        string  // as the first line has it; of List: of the latest turn
	Version    string  // of the program that began it
	Originator *string // the client that began it
	Nickname   *string
	Role       *string
	Git        *protocol.GitInfo // as it was restated last
	Preview    string            // text of the first user message
	// Memory says whether the session may feed memories, as it was restated last; "" is that
	// it may.
	Memory protocol.ThreadMemoryMode
	// Listed tells whether the session counts as one: it has a first line and a user
	// message. A file without them is a start that came to nothing.
	Listed bool
}

// Read reads the head of a session file, and the facts that were restated later.
func Read(path string) (*Head, error) {
	h, f, err := open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return h, h.update(f, new([]byte), metaBack)
}

// Preview is the text of the first user message, "" when it cannot be read.
func Preview(path string) string {
	h, f, err := open(path)
	if err != nil {
		return ""
	}
	f.Close()
	return h.Preview
}

// open reads the first lines; the file is the caller's.
func open(path string) (*Head, *os.File, error) {
	f, err := foreign.Open(path)
	if err != nil {
		return nil, nil, err
	}
	fi, err := f.Stat()
	h := &Head{File: File{Path: path}}
	if err == nil {
		h.Modified = fi.ModTime()
		err = (&inspector{}).readHead(h, f)
	}
	if err != nil {
		f.Close()
		return nil, nil, err
	}
	return h, f, nil
}

// Agent tells that no user began the session: it is the work of another thread, such as
// that of a reviewer.
func (h *Head) Agent() bool { return gjson.Get(h.Source, "subagent").Exists() }

// Interactive tells that a person began the session at a frontend.
func (h *Head) Interactive() bool {
	k := kind(h.Source)
	return k == protocol.ThreadSourceKindCli || k == protocol.ThreadSourceKindVscode
}

// Thread is the session as clients see it, at rest; names are those of all threads.
func (h *Head) Thread(names map[string]string) protocol.Thread {
	th := protocol.Thread{ID: h.ID, SessionID: h.ID, ForkedFromID: h.ForkedFrom, Preview: h.Preview, ModelProvider: h.Provider,
		CreatedAt: h.Created.Unix(), UpdatedAt: h.Modified.Unix(), Status: protocol.ThreadStatus{Type: protocol.ThreadStatusNotLoaded},
		Path: &h.Path, Cwd: h.Cwd, CliVersion: h.Version, Originator: h.Originator, ParentThreadID: parent(h.Source), AgentNickname: h.Nickname, AgentRole: h.Role, Source: Source(h.Source),
		GitInfo: h.Git, Name: nameOf(names, h.ID)}
	th.RecencyAt = &th.UpdatedAt
	th.ThreadSource = h.For.Known()
	return th
}

// inspector looks into many files; it keeps its buffers, and what it has found out about
// folders.
type inspector struct {
	o          Options
	head, tail []byte
	same       map[string]bool // folders that are, or are not, o.Cwd
}

// errOther is a session of another provider than the one that is asked for.
var errOther = errors.New("of another provider")

// inspect reads the head and the tail of f, and says whether the session fits the
// options. What they exclude early is not read further.
func (in *inspector) inspect(f File) (*Head, bool) {
	h := &Head{File: f}
	r, err := foreign.Open(f.Path)
	if err != nil {
		if in.o.Unread != nil && !errors.Is(err, fs.ErrNotExist) { // nor has it just been moved
			in.o.Unread(err)
		}
		return nil, false
	}
	defer r.Close()
	if err := in.readHead(h, r); err != nil || !h.Listed {
		if in.o.Unread != nil && err != nil && err != errOther {
			in.o.Unread(err)
		}
		return nil, false
	}
	if cwd := in.lastCwd(r); cwd != "" {
		h.Cwd = cwd
	}
	return h, in.o.Cwd == "" || in.fits(h.Cwd)
}

// fits says whether dir is the folder that is asked for, maybe by another way.
func (in *inspector) fits(dir string) bool {
	fits, known := in.same[dir]
	if !known {
		fits = SameDir(dir, in.o.Cwd)
		if in.same == nil {
			in.same = map[string]bool{}
		}
		in.same[dir] = fits
	}
	return fits
}

// RealDir is the name of a folder without links; that of one that is not there stays.
func RealDir(dir string) string {
	real, err := filepath.EvalSymlinks(dir)
	if err != nil {
		return dir
	}
	return real
}

// SameDir says whether two names lead to one folder.
func SameDir(a, b string) bool {
	if filepath.Clean(a) == filepath.Clean(b) {
		return true
	}
	fa, err := os.Stat(a)
	if err != nil {
		return false
	}
	fb, err := os.Stat(b)
	return err == nil && os.SameFile(fa, fb)
}

// room gives a buffer of n bytes, the old one if it is large enough.
func room(buf *[]byte, n int64) []byte {
	if int64(cap(*buf)) < n {
		*buf = make([]byte, n)
	}
	return (*buf)[:n]
}

// readHead reads the first line and the lines up to the first user message.
func (in *inspector) readHead(h *Head, r io.ReaderAt) error {
	for size := int64(headFirst); ; size *= 8 {
		buf := room(&in.head, size)
		n, err := r.ReadAt(buf, 0)
		if err != nil && err != io.EOF {
			return fmt.Errorf("read session file %s: %w", h.Path, err)
		}
		complete := err != nil // there is no more than this
		done, seen := h.scan(buf[:n], complete)
		switch {
		case seen && in.o.Provider != "" && h.Provider != in.o.Provider:
			return errOther
		case !done && size < headMax:
			continue
		case n == 0:
			return fmt.Errorf("session file %s %w", h.Path, ErrEmpty)
		case !seen:
			return fmt.Errorf("session file %s has no session_meta line", h.Path)
		}
		return nil
	}
}

// scan looks through the beginning of the file; done when more of it would not help.
func (h *Head) scan(buf []byte, complete bool) (done, seen bool) {
	for n := 0; n < headLines && len(buf) > 0; n++ {
		line, rest, whole := bytes.Cut(buf, []byte{'\n'})
		if !whole && !complete {
			return false, seen
		}
		buf = rest
		if !seen {
			seen = h.readMeta(line)
			continue
		}
		if text, ok := userMessage(line); ok {
			h.Preview, h.Listed = text, true
			return true, true
		}
	}
	return complete || len(buf) > 0, seen
}

// view is a line as a string, without a copy: what is kept of it must be cloned.
func view(line []byte) string { return unsafe.String(unsafe.SliceData(line), len(line)) }

// keep is text of a line that stays.
func keep(v gjson.Result) string { return strings.ToValidUTF8(strings.Clone(v.Str), "\uFFFD") }

func keepSet(v gjson.Result) *string {
	if v.Type != gjson.String {
		return nil
	}
	return new(keep(v))
}

// readMeta reads a session_meta line; false when it is none. One pass: the instructions
// in it are long.
func (h *Head) readMeta(line []byte) bool {
	if !bytes.Contains(line, []byte(`"`+rollout.TypeSessionMeta+`"`)) {
		return false
	}
	text := view(line)
	if gjson.Get(text, "type").Str != rollout.TypeSessionMeta {
		return false
	}
	ok := false
	gjson.Get(text, "payload").ForEach(func(k, v gjson.Result) bool {
		switch k.Str {
		case "id":
			h.ID, ok = ParseID(keep(v))
		case "forked_from_id":
			h.ForkedFrom = keepSet(v)
		case "timestamp":
			h.Created, _ = time.Parse(time.RFC3339, v.Str)
		case "cwd":
			h.Cwd = keep(v)
		case "cli_version":
			h.Version = keep(v)
		case "originator":
			h.Originator = keepSet(v)
		case "model_provider":
			h.Provider = keep(v)
		case "source":
			h.Source = strings.Clone(v.Raw)
		case "thread_source":
			h.For = protocol.ThreadSource(keep(v))
		case "agent_nickname":
			h.Nickname = keepSet(v)
		case "agent_role":
			h.Role = keepSet(v)
		case "git":
			h.Git = gitInfo(v)
		case "memory_mode":
			h.Memory = protocol.ThreadMemoryMode(keep(v))
		}
		return true
	})
	return ok
}

func gitInfo(v gjson.Result) *protocol.GitInfo {
	return protocol.Optional(protocol.GitInfo{Sha: keepSet(v.Get("commit_hash")), Branch: keepSet(v.Get("branch")), OriginURL: keepSet(v.Get("repository_url"))})
}

// userMessage gives the text of a line that is a message of the user: an event of its
// own, or, as later versions write it, an item.
func userMessage(line []byte) (string, bool) {
	event, item := bytes.Contains(line, []byte(`"user_message"`)), bytes.Contains(line, []byte(`"UserMessage"`))
	if !event && !item {
		return "", false
	}
	text := view(line)
	p := gjson.Get(text, "payload")
	switch {
	case gjson.Get(text, "type").Str != rollout.TypeEvent:
		return "", false
	case event && p.Get("type").Str == "user_message":
		return keep(p.Get("message")), true
	}
	content, ok := userItem(p)
	if !ok {
		return "", false
	}
	var b strings.Builder
	for _, in := range content {
		b.WriteString(in.Text)
	}
	return b.String(), true
}

// update finds the newest session_meta of this thread in the last bytes of the file, at
// most so many: a change of its facts appends one.
func (h *Head) update(f *os.File, buf *[]byte, most int64) error {
	meta, err := lastMeta(f, buf, h.ID, most)
	if err == nil && meta.Exists() {
		h.Git, h.Memory = gitInfo(meta.Get("git")), protocol.ThreadMemoryMode(keep(meta.Get("memory_mode")))
	}
	return err
}

// lastMeta gives the payload of the newest session_meta line of a thread.
func lastMeta(f *os.File, buf *[]byte, id string, most int64) (meta gjson.Result, err error) {
	err = lastOf(f, buf, rollout.TypeSessionMeta, most, headMax, func(line []byte) bool {
		p := gjson.GetBytes(line, "payload")
		if got, ok := ParseID(p.Get("id").Str); ok && got == id && jsonrpc.Valid(line) {
			meta = p
			return true
		}
		return false
	})
	return meta, err
}

// lastCwd is the working folder of the last turn_context line, "" when there is none as far back
// as Read looks: somebody waits for it in front of a terminal.
func (in *inspector) lastCwd(f *os.File) string {
	cwd := ""
	_ = lastOf(f, &in.tail, rollout.TypeTurnContext, metaBack, contextMax, func(line []byte) bool { // else that of the first line
		v := gjson.GetBytes(line, "payload.cwd")
		cwd = keep(v)
		return v.Type == gjson.String
	})
	return cwd
}

// Folder is the working folder of a session's latest turn, else that in which it began.
func Folder(path string) (string, error) {
	h, f, err := open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	if cwd := new(inspector).lastCwd(f); cwd != "" {
		return cwd, nil
	}
	return h.Cwd, nil
}

// lastOf gives the lines of a type, at most size bytes of each, from the last to the
// first, until fn takes one; at most so many bytes back.
func lastOf(f *os.File, buffer *[]byte, typ string, most, size int64, fn func(line []byte) bool) error {
	return lastMarked(f, buffer, `"`+typ+`"`, most, size, func(line []byte) bool {
		return gjson.GetBytes(line, "type").Str == typ && fn(line)
	})
}

// lastMarked is lastOf for lines that have a mark near their begin. The file is looked through in
// windows, so that a huge one costs time but no memory.
func lastMarked(f *os.File, buffer *[]byte, text string, most, size int64, fn func(line []byte) bool) error {
	fi, err := f.Stat()
	if err != nil {
		return err
	}
	mark := []byte(text)
	end := fi.Size() // no such line starts at or behind end
	buf := room(buffer, min(tailFirst, end))
	for end > 0 {
		start := max(0, end-int64(len(buf)))
		window := buf[:end-start]
		if n, err := f.ReadAt(window, start); err != nil && n < len(window) {
			return fmt.Errorf("read session file %s: %w", f.Name(), err)
		}
		for bytes.Contains(window, mark) { // many times as fast as to look from the end
			i := bytes.LastIndex(window, mark)
			if line := lineAt(f, start+int64(i), size); line != nil && fn(line) {
				return nil
			}
			window = window[:i]
		}
		if fi.Size()-start > most || start == 0 {
			return nil
		}
		end = start + int64(len(mark)) - 1 // the mark may lie across the edge
		buf = room(buffer, tailWindow)
	}
	return nil
}

// lineAt reads the line whose type is named at offset, at most size bytes of it: the time
// stamp and the like are all that stands before the word.
func lineAt(r io.ReaderAt, offset, size int64) []byte {
	start := max(0, offset-markDepth)
	for n := int64(contextMax); ; n *= 8 {
		buf := make([]byte, min(n, size))
		got, _ := r.ReadAt(buf, start) // what cannot be read has no type
		buf = buf[:got]
		begin := bytes.LastIndexByte(buf[:min(int(offset-start), got)], '\n') + 1
		if begin == 0 && start > 0 {
			return nil // the word is somewhere in the midst of a line
		}
		line, _, whole := bytes.Cut(buf[begin:], []byte{'\n'})
		if whole || n >= size || int64(got) < n {
			return line
		}
	}
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
	f, err := foreign.Open(path)
	if err != nil {
		return false
	}
	defer f.Close()
	buf := make([]byte, headFirst)
	n, err := f.ReadAt(buf, 0)
	buf = buf[:n]
	return bytes.Contains(buf, []byte(name)) || err == nil && !bytes.Contains(buf, []byte(`"user_message"`))
}
