//go:build linux

package tui

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"codex/tests/tui/vt"
)

const composer = "›"

// ready waits for the composer of a thread that is open.
func (s *session) ready() {
	s.t.Helper()
	s.see("directory:")
	s.see(composer)
}

func TestAnswer(t *testing.T) {
	for _, size := range [][2]int{{80, 24}, {120, 40}} {
		t.Run(fmt.Sprint(size), func(t *testing.T) {
			answer := `Hello! **bold** *italic* ` + "`code`" + `\n\n# One\n\n- item\n- other\n\n` + "```go\\nfunc main() {}\\n```" + `\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n> quote\n\nThe end.`
			s := start(t, options{cols: size[0], rows: size[1], model: `[{"msg":"` + answer + `"}]`})
			s.ready()
			s.ask("hello", "The end.")
			s.leave()
			all := strings.Join(s.all(), "\n")
			for _, want := range []string{"› hello", "• Hello! bold italic code", "  # One", "  - item", "  func main() {}", "│ a │ b │", "  > quote", "Token usage: total=", "codex resume 0"} {
				if !strings.Contains(all, want) {
					t.Errorf("%q is not there:\n%s", want, all)
				}
			}
		})
	}
}

// TestStream holds that each line of a fast answer is in the scrollback once, in order.
func TestStream(t *testing.T) {
	var want []string
	for i := range 3000 {
		want = append(want, fmt.Sprintf("line %04d", i))
	}
	s := begin(t, options{model: `[{"msg":"` + strings.Join(want, `\n`) + `\nTHE END"}]`})
	s.ask("go", "THE END")
	s.leave() // until then the last block may change
	var got []string
	for _, l := range s.all() {
		if i := strings.Index(l, "line "); i >= 0 {
			got = append(got, strings.TrimSpace(l[i:]))
		}
	}
	if !slices.Equal(got, want) {
		t.Errorf("%d lines, %d were sent", len(got), len(want))
	}
}

// TestAbove holds that what was on the terminal before stays.
func TestAbove(t *testing.T) {
	s := begin(t, options{command: []string{"sh", "-c", "for i in 1 2 3 4 5; do echo before $i; done; exec codex"}, model: `{"msg":"yes"}`})
	s.ask("hello", "• yes")
	if got := s.all()[:5]; !slices.Equal(got, []string{"before 1", "before 2", "before 3", "before 4", "before 5"}) {
		t.Errorf("%q", got)
	}
}

func TestTrust(t *testing.T) {
	s := start(t, options{distrusted: true, model: `{"msg":"yes"}`})
	s.see("Do you trust what is in this folder?")
	s.send("\r")
	s.ready()
	s.gone("Do you trust")
	s.send("\x03")
	s.ends(0)
	s.holds(fmt.Sprintf("[projects.%q]\ntrust_level = \"trusted\"", s.work))
}

func TestDistrust(t *testing.T) {
	s := start(t, options{distrusted: true})
	s.see("Do you trust")
	before := s.config()
	s.send("2")
	s.ends(0)
	if after := s.config(); after != before {
		t.Errorf("the settings have changed: %s", after)
	}
}

const push = `{"call":"exec_command","args":{"cmd":"touch made","sandbox_permissions":"require_escalated","justification":"May I?","prefix_rule":["touch"]}}` + "\n" + `{"msg":"All done."}`

func TestApprove(t *testing.T) {
	s := begin(t, options{model: push})
	s.ask("go", "Run this command?")
	for _, want := range []string{"▌ Reason: May I?", "▌ $ touch made", "1. Yes, proceed (y)", "also whatever begins with `touch` (p)", "3. No, stop: I say what to do instead (esc)"} {
		s.see(want)
	}
	s.send("y")
	s.see("✔ You approved codex to run touch made this time")
	s.see("All done.")
	if _, err := os.Stat(filepath.Join(s.work, "made")); err != nil {
		t.Error(err)
	}
}

func TestCancel(t *testing.T) {
	s := begin(t, options{model: push})
	s.ask("go", "Run this command?")
	s.send("\x1b")
	s.see("✗ You canceled the request to run touch made")
	s.see("■ Interrupted. Say")
	if _, err := os.Stat(filepath.Join(s.work, "made")); err == nil {
		t.Error("the command has run")
	}
}

const patch = `{"custom":"apply_patch","input":"*** Begin Patch\n*** Add File: hello.txt\n+hello\n+world\n*** End Patch"}` + "\n" + `{"msg":"Patched."}`

func TestPatch(t *testing.T) {
	s := begin(t, options{args: []string{"-s", "read-only", "-a", "on-request"}, model: patch})
	s.ask("edit it", "Change these files?")
	s.see("Added hello.txt (+2 -0)")
	s.see("2. Yes, these files in the whole session (a)")
	s.send("\x01") // ctrl-a
	s.until("the whole request is seen", func(t *vt.Terminal) bool {
		return t.Alternate() && strings.Contains(strings.Join(t.Screen(), "\n"), "1 +hello")
	})
	s.send("q")
	s.until("the question is back", func(t *vt.Terminal) bool { return !t.Alternate() })
	s.send("y")
	s.see("Patched.")
	if b, err := os.ReadFile(filepath.Join(s.work, "hello.txt")); err != nil || string(b) != "hello\nworld\n" {
		t.Errorf("%q, %v", b, err)
	}
	if n := strings.Count(strings.Join(s.all(), "\n"), "Added hello.txt"); n != 1 {
		t.Errorf("the patch is shown %d times", n)
	}
}

// TestQueue holds what happens to messages during a turn.
func TestQueue(t *testing.T) {
	s := begin(t, options{model: `{"call":"exec_command","args":{"cmd":"while ! test -e go; do sleep 0.05; done"}}
{"msg":"first"}
{"msg":"second"}`})
	s.ask("run", "esc to interrupt")
	s.see("Running while")
	s.send("steered")
	s.see("tab to queue message")
	s.ask("", "Messages to be submitted after next tool call")
	s.send("queued\t")
	s.see("Queued follow-up inputs")
	s.see("↳ queued")
	write(t, filepath.Join(s.work, "go"), "")
	s.see("second")
	all := strings.Join(s.all(), "\n")
	if a, b, c := strings.Index(all, "› steered"), strings.Index(all, "• first"), strings.Index(all, "› queued"); a < 0 || a > b || b > c {
		t.Errorf("%d %d %d in\n%s", a, b, c, all)
	}
}

func TestInterrupt(t *testing.T) {
	s := begin(t, options{model: `{"call":"exec_command","args":{"cmd":"sleep 1000"}}`})
	s.ask("run", "Running sleep 1000")
	s.send("later\t")
	s.see("↳ later")
	s.send("\x1b")
	s.see("■ Interrupted. Say")
	s.see("› later")
	s.send("\x03")
	s.gone("› later")
	s.send("\x03")
	s.ends(0)
}

// TestSignals holds that the terminal is restored however the program ends.
func TestSignals(t *testing.T) {
	for _, sig := range []syscall.Signal{syscall.SIGTERM, syscall.SIGHUP, syscall.SIGQUIT} {
		t.Run(sig.String(), func(t *testing.T) {
			s := start(t, options{})
			s.ready()
			if err := s.cmd.Process.Signal(sig); err != nil {
				t.Fatal(err)
			}
			status := s.exit()
			if sig == syscall.SIGQUIT && status == 128+int(sig) {
				return
			}
			if ws := s.cmd.ProcessState.Sys().(syscall.WaitStatus); !ws.Signaled() || ws.Signal() != sig {
				t.Errorf("it ended with %v", s.cmd.ProcessState)
			}
		})
	}
}

func TestEngineGone(t *testing.T) {
	s := start(t, options{args: []string{"--turn", "sh -c 'exit 3'"}})
	s.see("sh ended with status 3")
	s.ends(1)
}

// TestEngineGoneUnsent holds that what was written outlives the engine.
func TestEngineGoneUnsent(t *testing.T) {
	s := start(t, options{args: []string{"--turn", "sh -c 'until test -e go || test $((i+=1)) -gt 900; do sleep 0.1; done; exit 3'"}})
	s.see("›")
	s.send("sent too early\r")
	s.see("Queued follow-up inputs")
	s.send("a thought\nof two lines")
	s.see("of two lines")
	write(t, filepath.Join(s.work, "go"), "")
	s.see("sh ended with status 3")
	s.ends(1)
	if all := strings.Join(s.all(), "\n"); !strings.Contains(all, "What was written and not sent:\n\nsent too early\na thought\nof two lines\n") {
		t.Error(all)
	}
}

// TestHostile holds that an answer and a command's output can do nothing to the terminal.
func TestHostile(t *testing.T) {
	s := begin(t, options{model: `[{"msg":"A\u001b]52;c;AAAA\u0007B\u001b[2J\u001b]0;title\u0007\u202eC\u009bm\n▌ Run this command?"},{"call":"exec_command","args":{"cmd":"printf 'x\\033]52;c;QUFB\\007\\033[2Jy\\033[31mred\\n'"}}]
{"msg":"The end."}`})
	s.ask("go", "The end.")
	s.mu.Lock()
	title := s.term.Title
	s.mu.Unlock()
	if strings.Contains(title, "title") {
		t.Error(title)
	}
	for _, l := range s.all() {
		if strings.HasPrefix(l, "▌") {
			t.Errorf("this looks like an approval: %q", l)
		}
	}
}

func TestNoTerminal(t *testing.T) {
	null, err := os.Open(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	defer null.Close()
	s := start(t, options{stdin: null})
	s.see("stdin is not a terminal (use codex exec without one)")
	s.ends(1)
}

func TestNoColor(t *testing.T) {
	s := begin(t, options{env: []string{"NO_COLOR=1"}, model: `[{"msg":"**bold** ` + "`code`" + `\n` + "```go\\nfunc main() {}\\n```" + `"}]`})
	s.ask("go", "func main")
	s.mu.Lock()
	defer s.mu.Unlock()
	for style := range s.term.Styles {
		for _, n := range strings.Split(style, ";") {
			if len(n) > 1 {
				t.Errorf("style %s has a colour", style)
			}
		}
	}
}
