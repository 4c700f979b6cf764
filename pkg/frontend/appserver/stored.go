package appserver

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/tidwall/gjson"

	"codex/pkg/protocol"
	"codex/pkg/thread"
)

const (
	headBytes = 48 << 10 // of a session file, read at first: the first line holds the base instructions
	headMost  = 4 << 20
	headLines = 210      // lines in which a user message must come (appserver spec §6)
	tailBytes = 1 << 20  // of a session file in a list, searched for later facts
	tailMost  = 64 << 20 // of one that is read alone
)

// head is what the first lines of a session file say.
type head struct {
	path     string
	id       string
	meta     gjson.Result // payload of the first line
	latest   gjson.Result // payload of the last line of that kind, which is restated when a fact changes
	created  time.Time
	modified time.Time
	preview  string
	listed   bool // has a user message
}

// readHead reads the first lines of a session file, and looks for facts that were
// restated later.
func (s *Server) readHead(path string) (*head, error) {
	h, f, err := openHead(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return h, h.update(f, tailMost)
}

// openHead reads the first lines; the file is the caller's.
func openHead(path string) (_ *head, _ *os.File, err error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, nil, err
	}
	defer func() {
		if err != nil {
			f.Close()
		}
	}()
	fi, err := f.Stat()
	if err != nil {
		return nil, nil, err
	}
	h := &head{path: path, modified: fi.ModTime()}
	for size := int64(headBytes); ; size *= 8 {
		buf := make([]byte, min(size, fi.Size()))
		n, err := f.ReadAt(buf, 0)
		if err != nil && err != io.EOF {
			return nil, nil, err
		}
		if h.scan(buf[:n], int64(n) == fi.Size()) || int64(n) == fi.Size() || size >= headMost {
			break
		}
	}
	if h.id == "" {
		return nil, nil, fmt.Errorf("session file %s has no session_meta line", path)
	}
	return h, f, nil
}

// scan looks through the beginning of the file; true when all was found.
func (h *head) scan(buf []byte, complete bool) bool {
	for n := 0; n < headLines && len(buf) > 0; n++ {
		line, rest, whole := bytes.Cut(buf, []byte{'\n'})
		if !whole && !complete {
			return false
		}
		buf = rest
		switch {
		case h.id == "" && bytes.Contains(line, []byte(`"session_meta"`)):
			if gjson.GetBytes(line, "type").Str == "session_meta" {
				h.setMeta(gjson.ParseBytes(bytes.Clone(line)).Get("payload"))
			}
		case bytes.Contains(line, []byte(`"user_message"`)):
			if p := gjson.GetBytes(line, "payload"); p.Get("type").Str == "user_message" && gjson.GetBytes(line, "type").Str == "event_msg" {
				h.preview, h.listed = strings.Clone(p.Get("message").Str), true
				return true
			}
		}
	}
	return complete || len(buf) > 0
}

func (h *head) setMeta(p gjson.Result) {
	if id, ok := thread.ParseID(p.Get("id").Str); ok {
		h.id, h.meta, h.latest = id, p, p
		h.created, _ = time.Parse(time.RFC3339, p.Get("timestamp").Str)
	}
}

// update finds the newest session_meta of this thread in the last bytes of the file, at
// most so many: a change of its facts appends one (appserver spec §6).
func (h *head) update(f *os.File, most int64) error {
	fi, err := f.Stat()
	if err != nil {
		return err
	}
	const mark = `"type":"session_meta"`
	floor := max(0, fi.Size()-most)
	buf := make([]byte, min(fi.Size()-floor, tailBytes)+int64(len(mark)))
	for end := fi.Size(); end > floor; {
		from := max(floor, end-tailBytes)
		part := buf[:min(end+int64(len(mark)), fi.Size())-from] // a mark may lie across
		n, err := f.ReadAt(part, from)
		if err != nil && err != io.EOF {
			return err
		}
		for part = part[:n]; ; {
			i := bytes.LastIndex(part, []byte(mark))
			if i < 0 {
				break
			}
			line, err := lineAround(f, from+int64(i))
			if err != nil {
				return err
			}
			if v := gjson.ParseBytes(line); gjson.ValidBytes(line) && v.Get("type").Str == "session_meta" && v.Get("payload.id").Str == h.id {
				h.latest = v.Get("payload")
				return nil
			}
			part = part[:i]
		}
		end = from
	}
	return nil
}

// lineAround reads the line of f that holds the offset, as far as it is not longer than
// a first line may be.
func lineAround(f *os.File, at int64) ([]byte, error) {
	var before []byte
	for size := int64(4 << 10); ; size *= 8 {
		from := max(0, at-size)
		before = make([]byte, at-from)
		if _, err := f.ReadAt(before, from); err != nil && err != io.EOF {
			return nil, err
		}
		if i := bytes.LastIndexByte(before, '\n'); i >= 0 {
			before = before[i+1:]
			break
		}
		if from == 0 || size >= headMost {
			break
		}
	}
	after, err := bufio.NewReader(io.NewSectionReader(f, at, headMost)).ReadBytes('\n')
	if err != nil && err != io.EOF {
		return nil, err
	}
	return append(before, after...), nil
}

func ptr(v gjson.Result) *string {
	if v.Type != gjson.String {
		return nil
	}
	s := strings.Clone(v.Str)
	return &s
}

// stored is a thread as its file tells, at rest.
func (s *Server) stored(h *head) protocol.Thread {
	th := protocol.Thread{ID: h.id, SessionID: h.id, ForkedFromID: ptr(h.meta.Get("forked_from_id")), Preview: h.preview,
		ModelProvider: strings.Clone(h.meta.Get("model_provider").Str), CreatedAt: h.created.Unix(), UpdatedAt: h.modified.Unix(),
		Status: protocol.ThreadStatus{Type: protocol.ThreadStatusNotLoaded}, Path: &h.path, Cwd: strings.Clone(h.meta.Get("cwd").Str),
		CliVersion: strings.Clone(h.meta.Get("cli_version").Str), AgentNickname: ptr(h.meta.Get("agent_nickname")), AgentRole: ptr(h.meta.Get("agent_role")),
		Source: source(h.meta.Get("source"))}
	if from := protocol.ThreadSource(h.meta.Get("thread_source").Str); slices.Contains(from.Values(), string(from)) {
		th.ThreadSource = &from
	}
	if g := h.latest.Get("git"); g.IsObject() && (g.Get("commit_hash").Exists() || g.Get("branch").Exists() || g.Get("repository_url").Exists()) {
		th.GitInfo = &protocol.GitInfo{Sha: ptr(g.Get("commit_hash")), Branch: ptr(g.Get("branch")), OriginURL: ptr(g.Get("repository_url"))}
	}
	if name := s.names.of(s.home)[h.id]; name != "" {
		th.Name = &name
	}
	return th
}

// source is a session source in the protocol's spelling.
func source(v gjson.Result) protocol.SessionSource {
	raw := v.Raw
	switch v.Str {
	case "mcp":
		raw = `"appServer"`
	case "":
		if !v.IsObject() {
			raw = `"unknown"`
		}
	}
	var out protocol.SessionSource
	if json.Unmarshal([]byte(raw), &out) != nil {
		_ = json.Unmarshal([]byte(`"unknown"`), &out)
	}
	return out
}

// kind is a session source as lists filter by it.
func kind(v gjson.Result) protocol.ThreadSourceKind {
	switch v.Str {
	case "cli", "exec", "vscode":
		return protocol.ThreadSourceKind(v.Str)
	case "mcp", "appServer":
		return protocol.ThreadSourceKindAppServer
	}
	if c := v.Get("custom").Str; c == "atlas" || c == "chatgpt" {
		return protocol.ThreadSourceKindVscode // interactive as well
	}
	if sub := v.Get("subagent"); sub.Exists() {
		switch {
		case sub.Str == "review":
			return protocol.ThreadSourceKindSubAgentReview
		case sub.Str == "compact":
			return protocol.ThreadSourceKindSubAgentCompact
		case sub.Get("thread_spawn").Exists():
			return protocol.ThreadSourceKindSubAgentThreadSpawn
		}
		return protocol.ThreadSourceKindSubAgentOther
	}
	return protocol.ThreadSourceKindUnknown
}

// find gives the session file of a thread, "" when there is none.
func (s *Server) find(id string) string {
	path, err := thread.Find(s.home, id)
	if err != nil {
		return ""
	}
	return path
}

func (s *Server) archived(path string) bool {
	return strings.HasPrefix(path, filepath.Join(s.home, "archived_sessions")+string(filepath.Separator))
}

// nameIndex is session_index.jsonl, read again when it has changed.
type nameIndex struct {
	mu    sync.Mutex
	at    time.Time
	size  int64
	names map[string]string
}

// of gives the names by thread id; callers must not change the map.
func (n *nameIndex) of(home string) map[string]string {
	n.mu.Lock()
	defer n.mu.Unlock()
	path := filepath.Join(home, "session_index.jsonl")
	fi, err := os.Stat(path)
	if err != nil {
		return nil
	}
	if n.names != nil && fi.ModTime().Equal(n.at) && fi.Size() == n.size {
		return n.names
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return n.names
	}
	names := map[string]string{}
	for line := range bytes.Lines(data) {
		v := gjson.ParseBytes(line)
		if id, ok := thread.ParseID(v.Get("id").Str); ok {
			names[id] = strings.Clone(v.Get("thread_name").Str)
		}
	}
	n.names, n.at, n.size = names, fi.ModTime(), fi.Size()
	return names
}
