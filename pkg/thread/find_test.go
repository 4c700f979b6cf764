package thread

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// session describes a rollout file to be made.
type session struct {
	id       string
	day      string // YYYY/MM/DD; "" for archived
	provider string
	cwd      string   // of the first line
	turns    []string // working folders of turns
	message  string   // first user message; "" for none
	agent    bool     // no user began it
	age      int      // minutes since it was written to
	padding  int      // bytes of output behind the last turn
}

func line(typ string, payload map[string]any) string {
	b, _ := json.Marshal(payload)
	return fmt.Sprintf(`{"timestamp":"2026-11-22T10:45:42.201Z","type":%q,"payload":%s}`+"\n", typ, b)
}

func (s session) write(t *testing.T, home string) {
	t.Helper()
	var b strings.Builder
	// What the original writes first: the instructions make it a long line.
	var source any = "exec"
	if s.agent {
		source = map[string]string{"subagent": "review"}
	}
	b.WriteString(line("session_meta", map[string]any{"id": s.id, "timestamp": "2026-11-22T10:45:42.166Z", "cwd": s.cwd,
		"source": source, "model_provider": s.provider, "base_instructions": map[string]any{"text": strings.Repeat("i", 20000)}}))
	b.WriteString(line("event_msg", map[string]any{"type": "task_started"}))
	for i, cwd := range s.turns {
		fmt.Fprintf(&b, `{"timestamp":"2026-11-22T10:45:42.205Z","type":"turn_context","payload":{"turn_id":"t","cwd":%q,"model":"m"}}`+"\n", cwd)
		if i == 0 && s.message != "" {
			b.WriteString(line("response_item", map[string]any{"type": "message", "role": "user"}))
			b.WriteString(line("event_msg", map[string]any{"type": "user_message", "message": s.message, "images": []string{}}))
		}
	}
	for n := s.padding; n > 0; n -= 100000 {
		b.WriteString(line("response_item", map[string]any{"type": "function_call_output", "output": `not the "turn_context" ` + strings.Repeat("x", min(n, 100000))}))
	}
	dir := filepath.Join(home, "sessions", filepath.FromSlash(s.day))
	if s.day == "" {
		dir = filepath.Join(home, "archived_sessions")
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "rollout-2026-11-22T10-45-42-"+s.id+".jsonl")
	if err := os.WriteFile(path, []byte(b.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	at := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC).Add(-time.Duration(s.age) * time.Minute)
	if err := os.Chtimes(path, at, at); err != nil {
		t.Fatal(err)
	}
}

// id makes a version 7 UUID of a time, so that a session lies where it says.
func id(at time.Time, n int) string {
	ms := at.UnixMilli()
	return fmt.Sprintf("%08x-%04x-7000-8000-%012x", ms>>16, ms&0xffff, n)
}

func home(t *testing.T) (string, map[string]string) {
	h := t.TempDir()
	at := time.Date(2026, 11, 20, 15, 0, 0, 0, time.Local)
	ids := map[string]string{}
	for i, s := range []session{
		{id: "resumed", day: "2026/11/20", provider: "p", cwd: "/w", turns: []string{"/w", "/w"}, message: "resumed", age: 10},
		{id: "newer", day: "2026/11/21", provider: "p", cwd: "/w", turns: []string{"/w"}, message: "hello", age: 20},
		{id: "elsewhere", day: "2026/11/22", provider: "p", cwd: "/x", turns: []string{"/x"}, message: "hello", age: 5},
		{id: "moved", day: "2026/11/22", provider: "p", cwd: "/w", turns: []string{"/w", "/moved"}, message: "moved", age: 4},
		{id: "other", day: "2026/11/22", provider: "q", cwd: "/w", turns: []string{"/w"}, message: "of another provider", age: 3},
		{id: "silent", day: "2026/11/22", provider: "p", cwd: "/w", age: 1},
		{id: "big", day: "2026/11/22", provider: "p", cwd: "/w", turns: []string{"/start", "/big"}, message: "big", age: 60, padding: 3 << 20},
		{id: "odd", day: "1999/01/01", provider: "p", cwd: "/odd", turns: []string{"/odd"}, message: `quote " & <tag> é`, age: 70},
		{id: "archived", provider: "p", cwd: "/w", turns: []string{"/w"}, message: "archived", age: 0},
	} {
		name := s.id
		s.id = id(at.AddDate(0, 0, i%3), i+1)
		if s.day != "" && s.day[:4] == "2026" {
			s.id = id(time.Date(2026, 11, int(s.day[8]-'0')*10+int(s.day[9]-'0'), 15, 0, 0, 0, time.Local), i+1)
		}
		ids[s.id], ids[name] = name, s.id
		s.write(t, h)
	}
	// What is no session is passed over.
	day := filepath.Join(h, "sessions", "2026", "11", "22")
	for name, text := range map[string]string{
		"notes.txt": "x",
		"rollout-2026-11-22T10-45-42-01a202dd-0000-7000-8000-00000000dead.jsonl": "garbage\n",
		"rollout-2026-11-22T10-45-42-01a202dd-0000-7000-8000-00000000beef.jsonl": "",
		"rollout-x.jsonl": "{}",
	} {
		if err := os.WriteFile(filepath.Join(day, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	index := ""
	for _, l := range [][2]string{{"newer", "hello"}, {"elsewhere", "old name"}, {"elsewhere", "elsewhere!"}, {"newer", "named"}, {"resumed", "named"}, {"archived", "gone"}} {
		index += fmt.Sprintf(`{"id":%q,"thread_name":%q,"updated_at":"2026-11-22T10:00:00Z"}`+"\n", ids[l[0]], l[1])
	}
	if err := os.WriteFile(filepath.Join(h, "session_index.jsonl"), []byte(index+"garbage\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return h, ids
}

func TestLast(t *testing.T) {
	h, ids := home(t)
	for _, tc := range []struct {
		provider, cwd string
		all           bool
		want          string
	}{
		{"p", "/w", false, "resumed"},
		{"p", "/w/", false, "resumed"},
		{"p", "/moved", false, "moved"},
		{"p", "/w", true, "moved"},
		{"q", "/w", false, "other"},
		{"", "/w", false, "other"},
		{"p", "/big", false, "big"},
		{"p", "/start", false, ""},
		{"none", "/w", true, ""},
	} {
		s, err := Last(h, tc.provider, tc.cwd, tc.all, nil)
		if s == nil {
			s = &Head{}
		}
		if ids[s.ID] != tc.want || (tc.want == "") != errors.Is(err, ErrNone) {
			t.Errorf("%+v: %s, %v", tc, ids[s.ID], err)
		}
	}
	reviewer := session{id: "01a202dd-405e-7af3-a02f-a1fd007b95c0", day: "2026/11/22", provider: "p", cwd: "/w", turns: []string{"/w"}, message: "by the reviewer", agent: true, age: -10}
	reviewer.write(t, h)
	if s, err := Last(h, "p", "/w", false, nil); err != nil || ids[s.ID] != "resumed" {
		t.Errorf("beside a reviewer's: %s, %v", ids[s.ID], err)
	}
	if _, err := ByName(h, "by the reviewer", "/w", true); !errors.Is(err, ErrNone) {
		t.Errorf("a reviewer's by name: %v", err)
	}
	if _, err := Last(t.TempDir(), "p", "/w", true, nil); !errors.Is(err, ErrNone) {
		t.Errorf("empty home: %v", err)
	}
}

func TestByName(t *testing.T) {
	h, ids := home(t)
	for _, tc := range []struct {
		name, cwd string
		all       bool
		want      string
	}{
		{"named", "/w", false, "resumed"}, // the last that was named so
		{"hello", "/w", false, "newer"},   // a title, though an older name as well
		{"hello", "/nowhere", true, "elsewhere"},
		{"old name", "/x", true, ""},
		{"elsewhere!", "/w", false, ""},
		{"elsewhere!", "/w", true, "elsewhere"},
		{"gone", "/w", true, ""},
		{"archived", "/w", true, ""},
		{"hell", "/w", true, ""},
		{"big", "/w", true, "big"},
		{`quote " & <tag> é`, "/odd", false, "odd"},
	} {
		s, err := ByName(h, tc.name, tc.cwd, tc.all)
		if s == nil {
			s = &Head{}
		}
		if ids[s.ID] != tc.want || (tc.want == "") != errors.Is(err, ErrNone) {
			t.Errorf("%+v: %s, %v", tc, ids[s.ID], err)
		}
	}
}

func TestFind(t *testing.T) {
	h, ids := home(t)
	for _, name := range []string{"resumed", "big", "odd", "archived", "silent"} {
		want := ids[name]
		for _, spelling := range []string{want, strings.ToUpper(want), strings.ReplaceAll(want, "-", ""), "{" + want + "}", "urn:uuid:" + want} {
			path, err := Find(h, spelling)
			if err != nil || !strings.HasSuffix(path, want+".jsonl") {
				t.Errorf("%s as %s: %s, %v", name, spelling, path, err)
			}
		}
	}
	for _, bad := range []string{"", "named", "01a202dd-405e-7af3-a02f-a1fd007b95cf", "01a202dd-405e-7af3-a02f-a1fd007b95cg", strings.Repeat("-", 36)} {
		if path, err := Find(h, bad); !errors.Is(err, ErrNone) {
			t.Errorf("%q: %s, %v", bad, path, err)
		}
	}
}

func TestList(t *testing.T) {
	h, ids := home(t)
	list := func(o Options) string {
		var out []string
		for s, err := range List(h, o) {
			if err != nil {
				t.Fatal(err)
			}
			if s.Source != `"exec"` || s.Created.IsZero() || s.Preview == "" {
				t.Errorf("session %+v", s)
			}
			out = append(out, ids[s.ID])
		}
		return strings.Join(out, " ")
	}
	if got := list(Options{}); got != "other moved elsewhere resumed newer big odd" {
		t.Error(got)
	}
	if got := list(Options{Provider: "p", Cwd: "/w"}); got != "resumed newer" {
		t.Error(got)
	}
	if got := list(Options{Archived: true}); got != "archived" {
		t.Error(got)
	}
}

// TestLinkedFolder finds a session by another way to the same folder.
func TestLinkedFolder(t *testing.T) {
	h, dir := t.TempDir(), t.TempDir()
	real, link := filepath.Join(dir, "real"), filepath.Join(dir, "link")
	if err := os.Mkdir(real, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(real, link); err != nil {
		t.Skip(err)
	}
	session{id: id(time.Now(), 1), day: "2026/11/20", provider: "p", cwd: real, turns: []string{real}, message: "m"}.write(t, h)
	if _, err := Last(h, "p", link, false, nil); err != nil {
		t.Error(err)
	}
}

func FuzzInspect(f *testing.F) {
	var b strings.Builder
	b.WriteString(line("session_meta", map[string]any{"id": id(time.Unix(1, 0), 1), "cwd": "/w", "model_provider": "p"}))
	b.WriteString(line("event_msg", map[string]any{"type": "user_message", "message": "m"}))
	b.WriteString(line("turn_context", map[string]any{"cwd": "/w"}))
	f.Add([]byte(b.String()))
	f.Add([]byte(b.String()[:200]))
	f.Add([]byte(`{"type":"turn_context","payload":{"cwd":` + "\n"))
	path := filepath.Join(f.TempDir(), "rollout")
	f.Fuzz(func(t *testing.T, data []byte) {
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		(&inspector{}).inspect(File{Path: path})
		(&inspector{o: Options{Provider: "p", Cwd: "/w"}}).inspect(File{Path: path})
		_, _ = Read(path)
		_, _ = Turns(path, "t")
		_, _ = ReadLatest(path)
		if err := os.WriteFile(filepath.Join(filepath.Dir(path), indexFile), data, 0o600); err != nil {
			t.Fatal(err)
		}
		named(filepath.Dir(path), "m")
	})
}

func BenchmarkLastOfThousands(b *testing.B) {
	h := b.TempDir()
	for i := range 5000 {
		at := time.Date(2026, 1, 1+i/20, 12, 0, i, 0, time.Local)
		dir := filepath.Join(h, "sessions", at.Format("2006/01/02"))
		_ = os.MkdirAll(dir, 0o755)
		text := line("session_meta", map[string]any{"id": id(at, i), "cwd": "/w", "model_provider": "p", "base_instructions": strings.Repeat("i", 20000)}) +
			line("event_msg", map[string]any{"type": "user_message", "message": fmt.Sprint("m", i)}) + line("turn_context", map[string]any{"cwd": "/w"})
		path := filepath.Join(dir, "rollout-2026-01-01T00-00-00-"+id(at, i)+".jsonl")
		_ = os.WriteFile(path, []byte(text), 0o600)
		_ = os.Chtimes(path, at, at)
	}
	for _, c := range []struct {
		name string
		fn   func() error
	}{
		{"last", func() error { _, err := Last(h, "p", "/w", false, nil); return err }},
		{"none", func() error { _, err := Last(h, "p", "/nowhere", false, nil); return err }},
		{"name", func() error { _, err := ByName(h, "m0", "/w", false); return err }},
		{"id", func() error {
			_, err := Find(h, id(time.Date(2026, 3, 1, 12, 0, 1190, 0, time.Local), 1190))
			return err
		}},
	} {
		b.Run(c.name, func(b *testing.B) {
			for b.Loop() {
				_ = c.fn()
			}
		})
	}
}
