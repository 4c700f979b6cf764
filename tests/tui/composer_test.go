//go:build linux

package tui

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"codex/tests/tui/vt"
)

func TestSlash(t *testing.T) {
	s := begin(t, options{})
	s.send("/")
	s.see("/model")
	s.see("the model, and how long it thinks")
	s.send("mo")
	s.gone("/permissions")
	s.see("/model")
	s.ask("\x15/nosuch", "There is no command '/nosuch'")
	s.see("› /nosuch")
	s.ask("\x15/status", "Collaboration mode:")
	for _, want := range []string{"Model:", "Directory:", "Permissions:", "Session:", "Token usage:"} {
		s.see(want)
	}
}

func TestModelPicker(t *testing.T) {
	s := begin(t, options{})
	s.ask("/model", "Select Model and Effort")
	s.see("1. gpt-5.5 (current)")
	s.ask("", "How long to think: gpt-5.5")
	s.send("1")
	s.see("Model changed to gpt-5.5 low")
	s.see("gpt-5.5 low ·")
	s.ask("/permissions", "What may be done unasked")
	s.send("3")
	s.see("Enable full access?")
	s.send("1")
	s.see("Permissions updated to Full Access")
	s.leave()
	s.holds(`model_reasoning_effort = "low"`)
}

func TestFiles(t *testing.T) {
	s := start(t, options{model: `{"msg":"yes"}`})
	write(t, filepath.Join(s.work, "hello.txt"), "hello")
	write(t, filepath.Join(s.work, "other.txt"), "other")
	s.ready()
	s.send("look at @hel")
	s.until("the file is found", func(t *vt.Terminal) bool { return count(t.Screen(), "  hello.txt") == 1 })
	s.ask("", "› look at hello.txt")
}

func TestPaste(t *testing.T) {
	s := begin(t, options{model: `{"msg":"yes"}`})
	s.send("\x1b[200~one\rtwo\r\nthree\x1b[201~")
	s.see("  three")
	s.send("\x03")
	s.gone("three")
	long := strings.Repeat("0123456789 ", 150)
	s.send("\x1b[200~" + long[:700])
	s.send(long[700:] + "\x1b[20")
	s.send("1~")
	s.see(fmt.Sprintf("[Pasted Content %d chars]", len(long)))
	s.ask(" end", "• yes")
	if all := strings.Join(s.all(), ""); !strings.Contains(strings.ReplaceAll(all, " ", ""), strings.Repeat("0123456789", 150)) {
		t.Error("the pasted text is not in the message")
	}
}

func TestHistory(t *testing.T) {
	s := begin(t, options{model: `{"msg":"yes"}`})
	s.ask("first message", "• yes")
	s.leave()
	two := s.again()
	two.ready()
	two.send("\x1b[A")
	two.see("› first message")
	two.send("\x1b[B")
	two.gone("› first message")
	two.send("\x12first")
	two.see("reverse-i-search: first")
	two.see("› first message")
	two.send("\x1b")
	two.gone("first message")
}

func TestResume(t *testing.T) {
	s := begin(t, options{model: `{"msg":"answer one"}
{"msg":"answer two"}`})
	s.ask("question one", "• answer one")
	s.leave()
	again := s.again("resume", "--last")
	again.see("• answer one")
	again.ask("question two", "• answer two")
	again.leave()
	picked := s.again("resume")
	picked.see("Resume a previous session")
	picked.see("❯")
	picked.see("question one")
	picked.ask("", "• answer two")
	picked.send("/fork\r")
	picked.send("question three\r")
	picked.until("the copy is asked", func(t *vt.Terminal) bool {
		_, after, ok := strings.Cut(strings.Join(t.Screen(), "\n"), "› question three")
		return ok && strings.Contains(after, "• answer one") // the model counts the answers of each thread
	})
	picked.leave()
	none := s.again("resume", "00000000-0000-7000-8000-000000000000")
	none.see("no saved session found with id")
	none.ends(1)
}

// TestResumeDamaged holds that a session file that is passed over is named.
func TestResumeDamaged(t *testing.T) {
	s := begin(t, options{model: `{"msg":"answer one"}`})
	s.ask("question one", "• answer one")
	s.leave()
	files, err := filepath.Glob(filepath.Join(s.home, "sessions", "*", "*", "*", "rollout-*.jsonl"))
	if err != nil || len(files) != 1 {
		t.Fatal(files, err)
	}
	const name = "rollout-2099-01-01T00-00-00-03b4a4f0-0000-7000-8000-000000000000.jsonl"
	if err := os.WriteFile(filepath.Join(filepath.Dir(files[0]), name), []byte("{broken\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	again := s.again("resume", "--last")
	again.see("passed over: ")
	again.see("• answer one")
	again.leave()
	picked := s.again("resume")
	picked.see("question one")
	picked.ask("", "• answer one")
	picked.see("passed over: ")
	picked.leave()
	plain := s.again("resume", "--plain")
	plain.see("passed over: ")
	plain.line("A number or a key chooses", "1")
	plain.line(">", "/quit")
	plain.ends(0)
}

// TestStored holds that the end of a session is on the screen whatever its engine does,
// and once when that has loaded it.
func TestStored(t *testing.T) {
	s := begin(t, options{model: `{"msg":"answer one"}
{"msg":"answer two"}`})
	s.ask("question one", "• answer one")
	s.leave()
	silent := s.again("resume", "--last", "--turn", "sh -c 'cat >/dev/null'")
	silent.see("› question one")
	silent.see("• answer one")
	silent.leave()
	again := s.again("resume", "--last")
	again.ask("question two", "• answer two")
	for _, once := range []string{"directory:", "› question one", "• answer one"} {
		if n := count(again.all(), once); n != 1 {
			t.Errorf("%q is there %d times", once, n)
		}
	}
	again.leave()
}

// TestResumedElsewhere holds that a session of another folder goes on where the user wants.
func TestResumedElsewhere(t *testing.T) {
	s := begin(t, options{model: `{"msg":"yes","repeat":9}`})
	s.ask("go", "• yes")
	s.leave()
	of, other := s.work, t.TempDir()
	write(t, filepath.Join(s.home, "config.toml"), s.config()+fmt.Sprintf("[projects.%q]\ntrust_level = \"trusted\"\n", other))
	s.work = other
	for _, tc := range []struct{ key, folder, args string }{{"1", of, "resume --last --all"}, {"2", other, "resume --last --all"}, {"1", of, "resume --all"}} {
		again := s.again(strings.Fields(tc.args)...)
		if !strings.Contains(tc.args, "--last") {
			again.see("❯ ")
			again.send("\r")
		}
		again.see("Choose the folder to go on in")
		again.send(tc.key)
		again.see("• yes")
		again.send("!basename \"$PWD\"\r") // the whole path may be wrapped
		again.see("└ " + filepath.Base(tc.folder))
		again.idle()
		again.ask("/status", "Directory:")
		again.leave()
	}
	asked := s.again("resume", "--last", "--all", "-C", other)
	asked.see("• yes")
	asked.leave()
	inside := s.again()
	inside.ready()
	inside.send("/resume\r\t")
	inside.see("❯ ")
	inside.ask("", "The session has worked in /")
	inside.see("• yes")
	inside.leave()
}

// TestResumedCommands holds that what commands a session has run is there again.
func TestResumedCommands(t *testing.T) {
	s := begin(t, options{model: `{"call":"exec_command","args":{"cmd":"seq 7 9; exit 3"}}
{"msg":"done"}`})
	s.ask("go", "• done")
	s.leave()
	again := s.again("resume", "--last")
	again.ready()
	again.see("• Ran seq 7 9; exit 3")
	again.see("└ 7")
	again.leave()
}

// TestBeside holds that a command which looks around is shown once, when it has ended,
// whatever runs beside it.
func TestBeside(t *testing.T) {
	s := begin(t, options{model: `[{"call":"exec_command","args":{"cmd":"cat fifo","yield_time_ms":30000}},{"call":"exec_command","args":{"cmd":"echo beside it"}}]
{"msg":"done"}`})
	fifo := filepath.Join(s.work, "fifo")
	if err := syscall.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	s.ask("go", "• Ran echo beside it")
	s.see("• Exploring")
	write(t, fifo, "read\n")
	s.see("• done")
	all := s.all()
	if n := count(all, "Read fifo"); n != 1 || count(all, "• Explored") != 1 || count(all, "Exploring") > 0 {
		t.Errorf("it is there %d times:\n%s", n, strings.Join(all, "\n"))
	}
	s.leave()
}

// TestImagePaths pastes names of images as programs write them.
func TestImagePaths(t *testing.T) {
	s := begin(t, options{})
	for _, name := range []string{"a.png", "a b.png", "it's.png"} {
		write(t, filepath.Join(s.work, name), "an image")
	}
	escaped := strings.ReplaceAll(s.work, " ", `\ `)
	for _, name := range []string{"a.png", s.work + "/a.png", s.work + "/a b.png", escaped + `/a\ b.png`, "'" + s.work + "/a b.png'", `"` + s.work + `/a b.png"`, escaped + `/it\'s.png`,
		"file://" + s.work + "/a.png", "file://" + s.work + "/a%20b.png", "'file://" + s.work + "/a%20b.png'"} {
		s.send("\x1b[200~" + name + "\x1b[201~|")
		s.until(name+" is an image", func(t *vt.Terminal) bool { return count(t.Screen(), "› [Image #1] |") == 1 })
		s.send("\x03")
		s.gone("|")
	}
	s.send("\x1b[200~none.png\x1b[201~|")
	s.see("› none.png|")
	s.send("\x03")
	s.leave()
}

// TestLogout holds that the credential is forgotten, and that it is said when it cannot be.
func TestLogout(t *testing.T) {
	s := start(t, options{})
	key := filepath.Join(s.home, "auth.json")
	write(t, key, `{"OPENAI_API_KEY":"sk-test"}`)
	s.ready()
	s.send("/logout\r")
	s.ends(0)
	if _, err := os.Stat(key); !os.IsNotExist(err) {
		t.Errorf("auth.json: %v", err)
	}
	stuck := s.again()
	stuck.ready()
	write(t, filepath.Join(key, "in the way"), "")
	stuck.ask("/logout", "Log out: Error logging out:")
	stuck.leave()
}

// back goes to where a message of before is chosen.
func (s *session) back() {
	s.t.Helper()
	s.send("\x1b")
	s.see("esc again to edit previous message")
	s.send("\x1b")
	s.until("the transcript is open", func(t *vt.Terminal) bool { return t.Alternate() && count(t.Screen(), "enter to edit message") == 1 })
}

// composes waits until a text is in the composer.
func (s *session) composes(text string) {
	s.t.Helper()
	s.until("the composer has "+text, func(t *vt.Terminal) bool {
		_, y := t.Cursor()
		return !t.Alternate() && strings.HasPrefix(t.Screen()[y], "› "+text)
	})
}

func TestBacktrack(t *testing.T) {
	s := begin(t, options{model: `{"msg":"answer one"}
{"msg":"answer two"}`})
	s.ask("question one", "• answer one")
	s.idle() // what is said in a running turn is part of it
	s.ask("question two", "• answer two")
	s.idle()
	s.back()
	s.send("\r")
	s.composes("question two")
	s.see("Went back one turn")
}

// TestBacktrackTurns holds that what is gone back to is a turn of this thread, whatever
// else was said and done in it.
func TestBacktrackTurns(t *testing.T) {
	s := begin(t, options{model: `{"msg":"answer one"}
{"call":"exec_command","args":{"cmd":"while ! test -e go; do sleep 0.05; done"}}
{"msg":"answer two"}`})
	s.ask("of before", "• answer one")
	s.idle()
	s.ask("/new", "To continue the session before")
	s.ask("question one", "› question one")
	s.until("the new thread answers", func(t *vt.Terminal) bool {
		_, after, ok := strings.Cut(strings.Join(t.Screen(), "\n"), "› question one")
		return ok && strings.Contains(after, "• answer one") && !strings.Contains(after, "esc to interrupt")
	})
	s.ask("question two", "Running while")
	s.ask("steered", "Messages to be submitted after next tool call")
	write(t, filepath.Join(s.work, "go"), "")
	s.see("• answer two")
	s.idle()
	s.ask("!echo a turn too", "└ a turn too")
	s.idle()
	s.back()
	s.send("\r")
	s.composes("question two")
	s.see("Went back 2 turns")
	s.send("\x03")
	s.until("the composer is empty", func(t *vt.Terminal) bool {
		_, y := t.Cursor()
		return !strings.Contains(t.Screen()[y], "question")
	})
	s.back()
	s.send("\x1b[D\x1b[D\x1b[D\r") // there is none before the first
	s.composes("question one")
	s.see("Went back one turn")
	s.leaveWith("\x03")
	again := s.again("resume", "--last")
	again.ready()
	again.send("\x1b")
	again.see("esc again to edit previous message")
	again.send("\x1b")
	again.see("There is no earlier message.")
	again.leave()
}

func TestTranscript(t *testing.T) {
	s := begin(t, options{model: `{"call":"exec_command","args":{"cmd":"seq 1 100"}}
{"msg":"Counted."}`})
	s.ask("go", "Counted.")
	s.see("ctrl + t shows")
	s.send("\x14")
	s.see("T R A N S C R I P T")
	s.send("\x1b[H")
	s.see("› go")
	s.until("all of the output is there", func(t *vt.Terminal) bool { return count(t.Screen(), " 7") > 0 })
	s.send("q")
	s.until("it is closed", func(t *vt.Terminal) bool { return !t.Alternate() })
	s.see("Counted.")
}

func TestShell(t *testing.T) {
	s := begin(t, options{})
	s.ask("!echo from the shell", "You ran echo from the shell")
	s.see("└ from the shell")
}

func TestShortcuts(t *testing.T) {
	s := begin(t, options{})
	s.send("?")
	s.see("ctrl + t shows the transcript")
	s.send("x")
	s.gone("ctrl + t shows the transcript")
	s.see("› x")
}

func TestOptionsBehindPrompt(t *testing.T) {
	s := start(t, options{args: []string{"the first prompt", "-m", "gpt-5.4"}})
	s.see("• yes")
	s.see("gpt-5.4 default ·")
	s.leave()
}

func TestPromptOfTheCommandLine(t *testing.T) {
	s := start(t, options{args: []string{"say it"}, model: `{"msg":"said"}`})
	s.see("› say it")
	s.see("• said")
}

// TestEarlyKeys holds that what is typed while it starts is kept.
func TestEarlyKeys(t *testing.T) {
	s := start(t, options{command: []string{"sh", "-c", "exec codex"}, model: `{"msg":"heard"}`})
	s.ask("early words", "› early words")
	s.see("• heard")
}

func TestBell(t *testing.T) {
	s := begin(t, options{model: `{"msg":"one"}
{"msg":"two"}`})
	s.ask("a", "• one")
	s.gone("to interrupt")
	s.send("\x1b[O")
	s.ask("b", "• two")
	s.until("the bell rings", func(t *vt.Terminal) bool { return t.Bells == 1 })
}

func TestVim(t *testing.T) {
	s := begin(t, options{config: "[tui]\nvim_mode_default = true\n"})
	s.see("Vim: Normal")
	s.send("ione two three")
	s.see("› one two three")
	s.see("Vim: Insert")
	s.send("\x1b")
	s.see("Vim: Normal")
	s.send("bbdw")
	s.see("› one three")
	s.send("0x$p")
	s.see("› ne threeo")
	s.send("\r") // sends, and what was sent is above
	s.see("• yes")
	s.send("k")
	s.until("what was sent is back", func(t *vt.Terminal) bool { return strings.Count(strings.Join(t.Screen(), "\n"), "› ne threeo") == 2 })
	s.send("j/st")
	s.see("settings and tokens of this")
}

func TestNoSuchTheme(t *testing.T) {
	s := begin(t, options{config: "[tui]\ntheme = \"of-mine\"\n"})
	s.see(`There is no theme "of-mine"`)
}

func TestFailure(t *testing.T) {
	s := begin(t, options{model: `{"status":400,"body":{"error":{"message":"no such model"}}}`})
	s.ask("go", "■")
	s.see("no such model")
	s.idle()
}

func TestSkills(t *testing.T) {
	s := start(t, options{model: `{"msg":"yes"}`})
	write(t, filepath.Join(s.work, ".agents", "skills", "tidy", "SKILL.md"), "---\nname: tidy\ndescription: puts things in order\n---\nDo it.\n")
	s.ready()
	s.send("use $ti")
	s.see("puts things in order")
	s.ask("", "› use $tidy")
	s.ask("\x15/skills", "[x] tidy")
	s.ask("", "[ ] tidy")
}
