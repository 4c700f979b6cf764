//go:build linux

package tui

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"codex/tests/tui/vt"
)

// TestNotHere holds that commands with nothing behind them say what to do instead.
func TestNotHere(t *testing.T) {
	s := begin(t, options{cols: 120, rows: 40})
	for command, said := range map[string]string{
		"/approve": "There is no reviewer by machine", "/memories": "goes into AGENTS.md", "/apps": "codex mcp add connects",
		"/ide": "an editor talks to codex app-server", "/goal win": "A goal is set by a client", "/subagents": "No agent works for this thread", "/agent": "The model starts them",
		"/feedback": "Nothing is sent.",
	} {
		s.ask(command, said)
	}
	s.leave()
	s = begin(t, options{cols: 120, rows: 40, config: "[features]\nmemories = true\n"})
	s.ask("/memories", "What sessions leave is remembered")
	s.leave()
}

func TestExperimental(t *testing.T) {
	s := begin(t, options{})
	s.ask("/experimental", "[ ] external_migration")
	s.send("\r")
	s.see("[x] external_migration")
	s.send("\x1b")
	s.gone("Experimental features")
	s.leave()
	s.holds("[features]\nexternal_migration = true")
}

// TestHooks holds that a hook runs in the session after the one in which somebody has
// agreed to it.
func TestHooks(t *testing.T) {
	s := begin(t, options{config: "[[hooks.UserPromptSubmit]]\nhooks = [{ type = \"command\", command = \"touch ran\" }]\n"})
	ran := filepath.Join(s.work, "ran")
	s.ask("one", "• yes")
	s.idle()
	if _, err := os.Stat(ran); err == nil {
		t.Fatal("the hook has run")
	}
	s.ask("/hooks", "1. [ ] UserPromptSubmit")
	s.see("untrusted: touch ran")
	s.send("1")
	s.see("Agree to it")
	s.send("1")
	s.see("1. [x] UserPromptSubmit")
	s.send("\x1b")
	s.gone("Hooks")
	s.ask("/new", "To continue the session before")
	s.ask("two", "› two")
	s.until("the second answer", func(t *vt.Terminal) bool {
		return strings.Count(strings.Join(t.All(), "\n"), "• yes") == 2
	})
	s.leave()
	if _, err := os.Stat(ran); err != nil {
		t.Error(err)
	}
	s.holds("trusted_hash = \"sha256:")
}

func TestPlugins(t *testing.T) {
	market := t.TempDir()
	write(t, filepath.Join(market, ".agents/plugins/marketplace.json"), `{"name":"mp","plugins":[{"name":"demo","source":{"source":"local","path":"./demo"}}]}`)
	write(t, filepath.Join(market, "demo/.codex-plugin/plugin.json"), `{"name":"demo","version":"1.2.0"}`)
	s := begin(t, options{})
	s.ask("/plugins", "There are no plugins.")
	s.leave()
	write(t, filepath.Join(s.home, "config.toml"), s.config()+fmt.Sprintf("\n[marketplaces.mp]\nsource_type = \"local\"\nsource = %q\n", market))
	s = s.again()
	s.ready()
	s.ask("/plugins", "1. [ ] demo@mp")
	s.see("not installed")
	s.send("\r")
	s.see("1. [x] demo@mp")
	s.leaveWith("\x1b")
	s = s.again()
	s.ready()
	s.ask("/plugins", "installed 1.2.0")
	s.send("\r")
	s.see("1. [ ] demo@mp")
	s.leaveWith("\x1b")
	s.holds("[plugins.\"demo@mp\"]\nenabled = false")
}

func TestTitle(t *testing.T) {
	s := begin(t, options{config: "tui.terminal_title = [\"app-name\", \"thread\", \"run-state\", \"nothing-such\"]\ntui.status_line = [\"status\", \"fast-mode\", \"project\", \"unheard-of\"]\n"})
	s.see("nothing-such")
	s.see("unheard-of")
	s.see("Ready · Fast off · " + filepath.Base(s.work))
	title := func(text string) {
		t.Helper()
		s.until("the title "+text, func(t *vt.Terminal) bool { return strings.Contains(t.Title, text) })
	}
	title("codex | 0")
	title(" | Ready")
	s.ask("/rename work on it", "renamed")
	title("codex | work on it | Ready")
	s.ask("/title", "[x] app-name")
	s.send("\r")
	s.see("[ ] app-name")
	title("work on it | Ready")
	s.leaveWith("\x1b")
	s.holds(`terminal_title = ["thread", "run-state", "nothing-such"]`)
}

// TestSide holds that what is said aside is forgotten, and that the thread goes on.
func TestSide(t *testing.T) {
	s := begin(t, options{model: `{"msg":"first"}
{"msg":"second"}
{"msg":"third"}`})
	s.ask("/side early", "A side conversation")
	s.see("Side conversation (esc to return)")
	s.see("• first")
	s.idle()
	s.ask("/model", "'/model' has to wait")
	s.send("\x15\x1b")
	s.see("Back from the side conversation.")
	s.gone("esc to return")
	s.ask("main", "› main")
	s.idle()
	s.ask("/side aside", "› aside")
	s.idle()
	s.send("\x03")
	s.until("it is back again", func(t *vt.Terminal) bool {
		return strings.Count(strings.Join(t.All(), "\n"), "Back from the side conversation.") == 2
	})
	s.gone("esc to return")
	s.ask("more", "› more")
	s.idle()
	s.leave()
	files, err := filepath.Glob(filepath.Join(s.home, "sessions/*/*/*/*.jsonl"))
	if err != nil || len(files) != 1 {
		t.Fatalf("%v, %v", files, err)
	}
	b, err := os.ReadFile(files[0])
	if got := string(b); err != nil || strings.Contains(got, "aside") || strings.Contains(got, "early") || !strings.Contains(got, "main") || !strings.Contains(got, "more") {
		t.Errorf("%v: %s", err, got)
	}
}

// TestServers holds that /mcp asks the engine how its servers do.
func TestServers(t *testing.T) {
	s := begin(t, options{cols: 100, rows: 40, config: fmt.Sprintf("mcp_servers.self = { command = %q, args = [\"mcp-server\"] }\nmcp_servers.gone = { command = \"/nowhere/server\" }\nmcp_servers.off = { command = \"cat\", enabled = false }\n",
		filepath.Join(bin, "codex"))})
	s.ask("/mcp", "self: ready")
	s.see("Tools (3): codex, codex-close, codex-reply")
	s.see("gone: failed: ")
	s.see("off: disabled")
	s.ask("/mcp verbose", "codex-reply: ")
	s.ask("/mcp nonsense", "/mcp takes verbose")
	s.leave()
}

// TestAgent holds that the thread of an agent comes to the screen, live: what it asks is put
// in its name, and it may be written to. One that is closed shows what it has done.
func TestAgent(t *testing.T) {
	s := begin(t, options{cols: 120, rows: 40, args: []string{"-a", "untrusted", "-s", "danger-full-access"}, model: `{"when":"go","call":"spawn_agent","ns":"multi_agent_v1","args":{"message":"sub task"}}
{"when":"go","msg":"Started it."}
{"when":"sub task","call":"exec_command","args":{"cmd":"touch asked"}}
{"when":"sub task","msg":"The answer of the agent."}
{"when":"and you","msg":"I am an agent."}
{"when":"main","msg":"I am the first."}`})
	s.ask("go", "Started it.")
	s.see("    Alder begun")
	s.see("Thread: Alder (o to open)")
	s.see("$ touch asked")
	s.send("o")
	s.see("Now: Alder")
	s.see("› sub task")
	s.gone("Thread: Alder")
	s.send("y")
	s.see("You approved")
	s.see("• The answer of the agent.")
	s.see("Alder (alt-left to go on)")
	s.idle()
	s.ask("and you", "• I am an agent.")
	s.idle()
	s.ask("/new", "is for the session's own thread")
	s.send("\x1b[1;3D") // alt-left
	s.see("Now: the main thread")
	s.gone("Alder (alt-left")
	s.ask("main", "• I am the first.")
	s.idle()
	s.ask("/subagents", "2. Alder            rests: sub task · ")
	_, row, _ := strings.Cut(strings.Join(s.screen(), "\n"), "rests: sub task · ")
	id := regexp.MustCompile(`[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}`).FindString(row)
	s.send("2")
	s.see("Now: Alder")
	s.send("\x1b[1;3C") // alt-right
	s.gone("Alder (alt-left")
	s.ask("/resume "+id, "To continue the session before")
	s.see("› sub task")
	s.ask("/subagents", "No agent works for this thread yet")
	s.leave()
	off := s.again("--disable", "multi_agent")
	off.ready()
	off.ask("/subagents", "multi_agent is switched off")
	off.leave()
}

// TestReview holds that a branch and a commit to review are chosen from those there are, and
// that what the reviewer says is there once.
func TestReview(t *testing.T) {
	wantsGit(t)
	s := begin(t, options{model: `{"msg":"{\"findings\":[],\"overall_correctness\":\"patch is correct\",\"overall_explanation\":\"All is well.\",\"overall_confidence_score\":0.8}","repeat":9}`})
	s.send("/review\r")
	s.see("Select a review preset")
	s.send("1")
	s.see("Base branch") // no branch is there: it is named
	s.send("\x1b[27u")
	s.gone("Base branch")
	repo := exec.Command("sh", "-c", `rm -rf .git; git init -q -b main . && git config user.name a && git config user.email a@b && git commit -q --allow-empty -m "the first one" && git branch other && git commit -q --allow-empty -m "the second one"`)
	repo.Dir, repo.Env = s.work, []string{"PATH=" + os.Getenv("PATH"), "HOME=" + s.home}
	if out, err := repo.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	s.send("/review\r1")
	s.see("› main -> other")
	s.ask("oth", "Code review started: changes against 'other'")
	s.see("<< Code review finished >>")
	s.idle()
	if n := count(s.all(), "All is well."); n != 1 {
		t.Errorf("it is there %d times", n)
	}
	s.send("/review\r3")
	s.see("› the second one")
	s.see("  the first one")
	s.ask("first", "Code review started: commit ")
	s.idle()
	s.leave()
}

// TestQuestions answers what the model asks, with a note.
func TestQuestions(t *testing.T) {
	s := begin(t, options{model: `{"call":"request_user_input","args":{"questions":[{"id":"a","header":"Colour","question":"Which colour?","options":[{"label":"Red","description":"warm"},{"label":"Blue","description":"cold"}]},
{"id":"b","header":"Size","question":"Which size?","options":[{"label":"Small","description":"s"},{"label":"Large","description":"l"}]}]}}
{"msg":"thanks"}`})
	s.send("\x1b[Z")
	s.see("Plan mode")
	s.ask("go", "Which colour? (1/2)")
	s.send("2")
	s.see("Which size? (2/2)")
	s.send("\t")
	s.see("Small, and:")
	s.ask("but not too small", "• thanks")
	for _, want := range []string{"Questions 2/2 answered", "answer: Blue", "answer: Small", "answer: user_note: but not too small"} {
		s.see(want)
	}
	s.idle()
	s.leave()
}

// TestPreview holds that a session can be looked at before it is opened, here and at an
// app-server.
func TestPreview(t *testing.T) {
	s := begin(t, options{cols: 100, rows: 30, model: `{"msg":"the **whole** answer"}`})
	s.ask("a question", "the whole answer")
	s.idle()
	s.leave()
	sock := s.appServer()
	for _, args := range [][]string{{"resume"}, {"resume", "--remote", "unix://" + sock}} {
		p := start(t, options{cols: 100, rows: 30, home: s.home, work: s.work, args: args})
		p.see("a question")
		p.gone("the whole answer")
		p.send("\x14") // ctrl-t
		p.see("P R E V I E W")
		p.see("• the whole answer")
		p.send("q")
		p.see("Resume a previous session")
		p.send("\x0f") // ctrl-o
		p.see("branch")
		p.send("\r")
		p.see("• the whole answer")
		p.until("it is open", func(t *vt.Terminal) bool { return !t.Alternate() })
		p.leave()
		s.holds(`session_picker_view = "comfortable"`)
		write(t, filepath.Join(s.home, "config.toml"), strings.Replace(s.config(), "comfortable", "dense", 1))
	}
}

// TestCommands types each command that no other test does, and waits for what it shows.
func TestCommands(t *testing.T) {
	desk := t.TempDir()
	write(t, filepath.Join(desk, "pbcopy"), "#!/bin/sh\ncat >'"+filepath.Join(desk, "copied")+"'\n")
	if err := os.Chmod(filepath.Join(desk, "pbcopy"), 0o700); err != nil {
		t.Fatal(err)
	}
	s := begin(t, options{cols: 120, rows: 40, env: []string{"PATH=" + desk + ":" + bin + ":" + os.Getenv("PATH")}, model: `{"when":"hello","msg":"The first answer."}
{"when":"plan this","msg":"A plan."}
{"when":"AGENTS.md","msg":"Wrote it."}
{"msg":"In short."}`})
	s.ask("hello", "The first answer.")
	s.idle()
	for _, c := range [][2]string{
		{"/approvals", "What may be done unasked"}, {"/statusline", "Configure Status Line"}, {"/theme", "Select Syntax Theme"}, {"/resume", "Resume a previous session"},
	} {
		s.ask(c[0], c[1])
		s.send("\x03")
		s.gone(c[1])
	}
	for _, c := range [][2]string{
		{"/vim", "Vim mode is on"}, {"/vim", "Vim mode is off"}, {"/copy", "Copied the last answer"}, {"/debug-config", "Config layers, lowest first"},
		{"/ps", "No command runs in the background."}, {"/stop", "There is nothing to end"},
		{"/diff", "not inside a git repository"},
		{"/plan plan this", "• A plan."}, {"/init", "• Wrote it."},
	} {
		if _, err := exec.LookPath("git"); err != nil && c[0] == "/diff" {
			continue
		}
		s.ask(c[0], c[1])
		s.idle()
	}
	s.send("/clean\r")
	s.until("it is said twice", func(t *vt.Terminal) bool {
		return strings.Count(strings.Join(t.Screen(), "\n"), "There is nothing to end") == 2
	})
	if b, err := os.ReadFile(filepath.Join(desk, "copied")); err != nil || string(b) != "The first answer." {
		t.Errorf("%q, %v", b, err)
	}
	s.ask("/mention", "› @")
	s.send("\x15")
	s.gone("› @")
	s.ask("/compact", "Context compacted")
	s.idle()
	s.send("/clear\r")
	s.until("a new session on an empty screen", func(t *vt.Terminal) bool {
		rows := strings.Join(t.Screen(), "\n")
		return !strings.Contains(rows, "Wrote it.") && strings.Contains(rows, "directory:")
	})
	s.send("/exit\r")
	s.ends(0)
	s.lacks("status_line") // nothing was chosen
}
