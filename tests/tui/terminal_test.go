//go:build linux

package tui

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"codex/tests/tui/vt"
)

// TestResize holds that no finished line is lost, doubled or garbled, and that there is
// one composer, whatever the terminal's size becomes.
func TestResize(t *testing.T) {
	for _, reflows := range []bool{true, false} {
		t.Run(fmt.Sprintf("reflows %v", reflows), func(t *testing.T) {
			var lines []string
			for i := range 40 {
				lines = append(lines, fmt.Sprintf("line %02d of an answer that is long enough to be broken", i))
			}
			env := []string{}
			if !reflows {
				env = append(env, "XTERM_VERSION=XTerm(1)")
			}
			s := start(t, options{env: env, model: `[{"msg":"` + strings.Join(lines, `\n`) + `\nThe end."}]`})
			s.mu.Lock()
			s.term.Reflows = reflows
			s.mu.Unlock()
			s.ready2()
			s.ask("go", "The end.")
			s.send("a draft")
			s.see("› a draft")
			for _, size := range [][2]int{{120, 40}, {50, 24}, {90, 12}, {80, 24}} {
				s.resize(size[0], size[1])
				s.until("the composer is drawn anew", func(t *vt.Terminal) bool {
					return count(t.Screen(), "› a draft") == 1 && count(t.Screen(), "gpt-5.5 default ·") == 1
				})
			}
			all := strings.Join(s.all(), "\n")
			for i, want := range lines {
				if n := strings.Count(all, want); n != 1 && reflows || n > 1 {
					t.Errorf("line %d is there %d times in\n%s", i, n, all)
				}
			}
		})
	}
}

// ready2 waits for a composer without looking at the header.
func (s *session) ready2() {
	s.t.Helper()
	s.see("gpt-5.5 default ·")
	s.see("directory:")
}

func count(lines []string, text string) int {
	n := 0
	for _, l := range lines {
		if strings.Contains(l, text) {
			n++
		}
	}
	return n
}

func TestSuspend(t *testing.T) {
	s := begin(t, options{command: []string{"sh", "-c", "set -m; codex; echo it stopped; fg; echo it is over"}, model: `{"msg":"yes"}`})
	s.send("a draft")
	s.see("› a draft")
	s.send("\x1a")
	s.until("it is drawn below the shell's line", func(t *vt.Terminal) bool {
		screen := t.Screen()
		return count(screen, "it stopped") == 1 && count(screen, "› a draft") == 1 && count(screen, "gpt-5.5 default ·") == 1
	})
	s.send("\x03")
	s.gone("› a draft")
	s.send("\x03")
	s.see("it is over")
	s.exit()
}

// TestSuspendPage holds that the shell is on the main screen meanwhile, and that what stood
// over the composer or the screen is there again.
func TestSuspendPage(t *testing.T) {
	s := begin(t, options{command: []string{"sh", "-c", "set -m; codex; echo it stopped; read x; fg; echo it stopped; read x; fg"}, model: `{"msg":"yes"}`})
	for i, over := range [][3]string{{"\x14", "T R A N S", "q"}, {"/model\r", "Select Model", "\x1b[27u"}} {
		s.send(over[0])
		s.see(over[1])
		s.send("\x1a")
		s.until("the shell has the main screen", func(t *vt.Terminal) bool {
			screen := t.Screen()
			return !t.Alternate() && count(screen, "it stopped") == i+1 && count(screen, over[1]) == 0
		})
		s.send("\r")
		s.see(over[1])
		s.send(over[2])
		s.gone(over[1])
		s.see("gpt-5.5 default ·")
	}
}

// TestEditor edits the draft in a program that gets the terminal.
func TestEditor(t *testing.T) {
	s := begin(t, options{env: []string{"EDITOR=sh -c 'echo the editor runs; read x; echo \"$x was read\" >>\"$0\"'"}, model: `{"msg":"yes"}`})
	s.send("begin ")
	s.see("› begin")
	s.send("\x07")
	s.see("the editor runs")
	s.ask("line", "line was read")
	s.ask("", "• yes")
}

func TestPlay(t *testing.T) {
	work := t.TempDir()
	record := filepath.Join(work, "events.jsonl")
	write(t, record, `{"method":"thread/started","params":{"thread":{"id":"t","cwd":"/w","modelProvider":"m","cliVersion":"1"}}}
{"method":"turn/started","params":{"threadId":"t","turn":{"id":"u"}}}
{"method":"item/completed","params":{"threadId":"t","turnId":"u","item":{"type":"userMessage","id":"a","content":[{"type":"text","text":"do it"}]}}}
{"method":"item/agentMessage/delta","params":{"threadId":"t","turnId":"u","itemId":"b","delta":"Done"}}
{"method":"item/completed","params":{"threadId":"t","turnId":"u","item":{"type":"agentMessage","id":"b","text":"Done so."}}}
{"method":"turn/completed","params":{"threadId":"t","turn":{"id":"u","status":"completed"}}}
`)
	f, err := os.Open(record)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	s := start(t, options{stdin: f, args: []string{"tui", "--speed", "0"}})
	s.see("› do it")
	s.see("• Done so.")
	s.ask("/new", "there is nobody who hears it")
	s.leave()
}

// TestFilter starts it as one stage of a pipeline of somebody else's.
func TestFilter(t *testing.T) {
	s := begin(t, options{model: `{"msg":"from the other side"}`,
		command: []string{"sh", "-c", `mkfifo f && codex-turn <f 2>/dev/null | codex-tui | cat >f`}})
	s.ask("/new", "one session behind these pipes")
	s.ask("hello", "• from the other side")
	s.send("\x04")
	s.exit()
}

// appServer starts one where s was, and gives its socket.
func (s *session) appServer(env ...string) string {
	s.t.Helper()
	sock := filepath.Join(s.home, "s")
	server := exec.Command(filepath.Join(bin, "codex-app-server"), "--listen", "unix://"+sock)
	server.Env = append(append(os.Environ(), "CODEX_HOME="+s.home, "HOME="+s.work), env...)
	server.Dir = s.work
	out, err := server.StderrPipe()
	if err != nil {
		s.t.Fatal(err)
	}
	if err := server.Start(); err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { _ = server.Process.Signal(syscall.SIGTERM); _ = server.Wait() })
	buf := make([]byte, 4096)
	var said bytes.Buffer
	for !strings.Contains(said.String(), "listening") {
		n, err := out.Read(buf)
		said.Write(buf[:n])
		if err != nil {
			s.t.Fatalf("%v: %s", err, said.Bytes())
		}
	}
	return sock
}

func TestRemote(t *testing.T) {
	s := start(t, options{model: `{"msg":"first answer"}`, args: []string{"--version"}})
	s.see("codex-cli")
	sock := s.appServer()
	two := begin(t, options{home: s.home, work: s.work, args: []string{"--remote", "unix://" + sock}})
	two.ask("hello", "• first answer")
	two.idle() // a running turn has no /new
	two.ask("/new", "To continue the session before")
	two.send("again\r")
	two.until("the new thread answers", func(t *vt.Terminal) bool {
		_, after, ok := strings.Cut(strings.Join(t.Screen(), "\n"), "› again")
		return ok && strings.Contains(after, "• first answer") // the model counts the answers of each thread
	})
	two.leave()
	// The sessions are the app-server's: this machine's own folder has none.
	bare := t.TempDir()
	far := func(args ...string) *session {
		return start(t, options{home: bare, work: s.work, args: append(args, "--remote", "unix://"+sock)})
	}
	last := far("resume", "--last")
	last.see("• first answer")
	last.leave()
	bound := far("-s", "read-only", "-c", "model_reasoning_effort=low")
	bound.see("model:     gpt-5.5 low")
	bound.ask("/status", "Read Only (")
	bound.leave()
	write(t, filepath.Join(s.work, "hello.txt"), "hello")
	write(t, filepath.Join(s.work, "AGENTS.md"), "Be kind.")
	files := far("--cd", s.work)
	files.ready()
	files.send("look at @hel")
	files.until("the file is found", func(t *vt.Terminal) bool { return count(t.Screen(), "  hello.txt") == 1 })
	files.send("\x15")
	files.ask("/init", "There is an AGENTS.md already")
	files.ask("/diff", "/diff: failed to compute git diff to remote")
	files.leave()
	picked := far("fork")
	picked.see("Fork a previous session")
	picked.see("again")
	picked.ask("", "• first answer")
	picked.leave()
	named := far("resume", "nobody")
	named.see("no session of the app-server is named nobody")
	named.ends(1)
	refused := far("--oss")
	refused.see("--oss does not go with --remote")
	refused.ends(2)
}
