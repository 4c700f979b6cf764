//go:build linux

package tui

import (
	"bufio"
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/tidwall/gjson"

	"codex/tests/tui/vt"
)

// written are the bytes that the terminal got so far.
func (s *session) written() []byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	return bytes.Clone(s.raw.Bytes())
}

// TestOSC: the terminal is told of the end of a turn when it has lost the focus, and not before.
func TestOSC(t *testing.T) {
	for method, begins := range map[string]string{"osc9": "\x1b]9;", "osc777": "\x1b]777;notify;Codex;"} {
		t.Run(method, func(t *testing.T) { testTold(t, method, begins) })
	}
}

func testTold(t *testing.T, method, begins string) {
	s := begin(t, options{config: "[tui]\nnotification_method = \"" + method + "\"\n", model: `{"msg":"All done, boss."}
{"msg":"Done again."}`})
	s.ask("a", "• All done, boss.")
	s.gone("to interrupt")
	s.send("\x1b[O")
	s.ask("b", "• Done again.")
	s.until("the terminal is told", func(*vt.Terminal) bool { return bytes.Contains(s.raw.Bytes(), []byte(begins+"Done again.\a")) })
	if n := bytes.Count(s.written(), []byte(begins)); n != 1 {
		t.Errorf("%d times", n)
	}
}

// TestRemembered: each prompt is a line of history.jsonl, for this user alone, and the notify
// program is told all of them.
func TestRemembered(t *testing.T) {
	told := filepath.Join(t.TempDir(), "told")
	if err := syscall.Mkfifo(told, 0o600); err != nil {
		t.Fatal(err)
	}
	fifo, err := os.OpenFile(told, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer fifo.Close()
	tells := bufio.NewReader(fifo)
	s := begin(t, options{env: []string{"TOLD=" + told}, config: "notify = [\"sh\", \"-c\", 'printf \"%s\\n\" \"$1\" >\"$TOLD\"', \"notify\"]\n", model: `{"msg":"one"}
{"msg":"two"}`})
	for prompt, turn := range []struct{ line, text, told string }{
		{"hello", "• one", `["hello"]`}, {"again", "• two", `["hello","again"]`},
	} {
		s.ask(turn.line, turn.text)
		line, err := tells.ReadString('\n')
		if gjson.Get(line, "input-messages").Raw != turn.told || gjson.Get(line, "client").Str != "codex-tui" || err != nil {
			t.Errorf("prompt %d: told %s, %v", prompt, line, err)
		}
	}
	s.leave()
	path := filepath.Join(s.home, "history.jsonl")
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSuffix(string(b), "\n"), "\n")
	if len(lines) != 2 {
		t.Fatalf("%q", b)
	}
	first := gjson.Parse(lines[0])
	if first.Get("text").Str != "hello" || len(first.Get("session_id").Str) != 36 || first.Get("ts").Int() == 0 || len(first.Map()) != 3 || gjson.Get(lines[1], "text").Str != "again" {
		t.Errorf("%s", b)
	}
	if st, err := os.Stat(path); err != nil || st.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", st.Mode(), err)
	}
}

// TestLog: what RUST_LOG asks for is in a file for this user alone, not on the terminal.
func TestLog(t *testing.T) {
	s := begin(t, options{env: []string{"RUST_LOG=info"}, model: `{"msg":"one"}`})
	s.ask("go", "• one")
	s.leave()
	if bytes.Contains(s.written(), []byte("INFO")) {
		t.Error("the log is on the terminal")
	}
	path := filepath.Join(s.home, "log", "codex-tui.log")
	b, err := os.ReadFile(path)
	if err != nil || !bytes.Contains(b, []byte(" INFO codex_core: turn ended ")) {
		t.Errorf("%s, %v", b, err)
	}
	if st, err := os.Stat(path); err != nil || st.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", st, err)
	}
}
