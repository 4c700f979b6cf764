//go:build linux

package tui

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

var update = flag.Bool("update", false, "write testdata/states anew from what is on the screen")

// state is a screen that a person gets to see. Those of the original that it stands for
// have its number.
type state struct {
	name  string
	keys  string        // that lead there, see pane.send
	act   func(p *pane) // instead, or after them
	see   []string      // what has to be there, also after a resize
	back  string        // keys that leave it
	gone  string        // and what is not there any more then
	all   bool          // with what has scrolled away
	free  bool          // what is on the screen is not held: other tests do that
	shell bool          // it is that of the shell behind
}

// scenario is a session that goes through states.
type scenario struct {
	name    string
	options options
	furnish func(p *pane)
	states  []state
	moves   bool // something on the screen moves by itself
}

const sample = `Hello! Here is **bold**, *italic*, ~~struck~~ and ` + "`code`" + `.\n\n# Heading one\n\n## Heading two\n\n- item one\n- item two\n  - nested\n\n1. first\n2. second\n\n> a quote\n\n` + "```python\\ndef hello():\\n    return 42\\n```" + `\n\n| Name | Value |\n|------|-------|\n| a | 1 |\n| b | 22 |\n\nSee [docs](https://example.com/x) for details. The end.`

func scenarios() []scenario {
	return []scenario{chatStates(), workStates(), approvalStates(), patchStates(), errorStates(), failedStates(), plainStates(),
		{name: "trust", options: options{distrusted: true}, states: []state{
			{name: "01-trust-prompt", see: []string{"Do you trust what is in this folder?", "1. Yes, continue", "2. No, quit"}}}},
		{name: "no-color", options: options{env: []string{"NO_COLOR=1"}, model: `{"msg":"` + sample + `"}`}, states: []state{
			{see: []string{"directory:"}},
			{name: "53-no-color", keys: "hello<Enter>", see: []string{"The end.", "def hello():"}, gone: "esc to interrupt", act: uncoloured}}},
		{name: "suspend", options: options{command: []string{"sh", "-c", "set -m; codex; echo it stopped; fg"}}, states: []state{
			{see: []string{"directory:"}},
			{name: "38-after-fg", keys: "a draft<C-z>", see: []string{"it stopped", "› a draft"}}}},
	}
}

// uncoloured holds that nothing on the screen has a colour.
func uncoloured(p *pane) {
	p.see("The end.")
	for _, l := range p.capture("-e") {
		for _, c := range []string{"[3", "[4", ";3", ";4", "[9", ";9"} {
			if strings.Contains(l, "\x1b"+c) && !strings.Contains(l, "\x1b[39m") {
				p.t.Errorf("%q has a colour", l)
			}
		}
	}
}

func chatStates() scenario {
	ready := []string{"directory:", "gpt-5.5 default ·"}
	page := []string{"q to quit"}
	return scenario{name: "chat", options: options{model: `{"msg":"` + sample + `"}` + "\n" + `{"msg":"Once more.","repeat":100}`}, furnish: repository, states: []state{
		{name: "02-empty-composer", see: ready},
		{name: "03-typing", keys: "hello wor", see: []string{"› hello wor"}, back: "<C-u>", gone: "› hello wor"},
		{name: "04-slash-popup", keys: "/", see: []string{"/model"}, back: "<BSpace>", gone: "the model, and how long", free: true},
		{name: "05-shortcuts-overlay", keys: "?", see: []string{"/ for commands", "ctrl + j for newline", "esc esc to edit previous message", "@ for file paths"}, back: "<BSpace>", gone: "/ for commands"},
		{name: "52-unknown-slash", keys: "/nosuch<Enter>", see: []string{"There is no command '/nosuch'", "› /nosuch"}, back: "<C-u>", gone: "› /nosuch"},
		{name: "15-file-popup", keys: "@hel", see: []string{"› @hel", "  hello.txt"}, back: "<C-u>", gone: "› @hel"},
		{name: "06-markdown", keys: "hello<Enter>", see: []string{"The end."}, gone: "esc to interrupt"},
		{name: "06-markdown-full", all: true, see: []string{"The end."}},
		{name: "16-status", keys: "/status<Enter>", see: []string{"Model provider:", "Permissions:", "Agents.md:", "Session:", "Token usage:", "Context window:"}},
		{name: "20-transcript", keys: "<C-t>", see: append(page, "T R A N S C R I P T", "100%"), back: "q", gone: "T R A N S"},
		{name: "21-esc-once", keys: "<Escape>", see: []string{"esc again to edit previous message"}},
		{name: "21-backtrack", keys: "<Escape>", see: append(page, "enter to edit message", "› hello"), back: "q", gone: "enter to edit message"},
		{name: "17-model", keys: "/model<Enter>", see: []string{"Select Model and Effort", "1. gpt-5.5 (current)"}},
		{name: "17-model-effort", keys: "<Enter>", see: []string{"How long to think"}, back: "<Escape>", gone: "How long to think"},
		{name: "18-permissions", keys: "/permissions<Enter>", see: []string{"What may be done unasked"}, back: "<Escape>", gone: "What may be done"},
		{name: "19-diff", keys: "/diff<Enter>", see: append(page, "D I F F", "hello.txt", "+hello there"), back: "q", gone: "D I F F"},
		{name: "48-review", keys: "/review<Enter>", see: []string{"Select a review preset", "Review uncommitted changes"}, back: "<Escape>", gone: "Select a review"},
		{name: "45-theme-picker", keys: "/theme<Enter>", see: []string{"catppuccin-mocha"}, back: "<Escape>", gone: "enter to confirm"},
		{name: "46-statusline-setup", keys: "/statusline<Enter>", see: []string{"model-with-reasoning", "current-dir"}, back: "<Escape>", gone: "the working folder", free: true},
		{name: "43-plan-mode", keys: "<BTab>", see: []string{"Plan mode"}, back: "<BTab>", gone: "Plan mode"},
		{name: "44-vim", keys: "/vim<Enter>", see: []string{"Vim: Normal"}, back: "/vim<Enter>", gone: "Vim: Normal"},
		{name: "39-history-search", keys: "<C-r>hel", see: []string{"reverse-i-search: hel", "› hello"}, back: "<Escape>", gone: "reverse-i-search"},
		{name: "30-large-paste", act: func(p *pane) { p.paste(strings.Repeat("0123456789 ", 140) + "a lastword") }, see: []string{"[Pasted Content 1550 chars]"}, back: "<C-c>", gone: "[Pasted Content"},
		{name: "31-bang-shell", keys: "!echo hi", see: []string{"! echo hi", "Shell mode"}},
		{name: "31-bang-shell-done", keys: "<Enter>", see: []string{"You ran echo hi", "└ hi"}, gone: "esc to interrupt"},
		{name: "50-ps", keys: "/ps<Enter>", see: []string{"Background terminals", "No command runs in the background."}},
		{name: "51-resume-in-session", keys: "/resume<Enter>", see: []string{"Resume a previous session", "0s ago hello"}, back: "<Escape>", gone: "Resume a previous", free: true},
		{name: "07-quit-summary", keys: "<C-d>", act: nil, shell: true, see: []string{"Token usage: total=", "To continue this session, run codex resume"}},
		{name: "32-resume-picker", keys: "codex resume<Enter>", see: []string{"Resume a previous session", "1 / 1", "hello"}, free: true},
		{name: "34-resume-picker-comfy", keys: "<C-o>", see: []string{"  folder /tmp/codex-"}, free: true},
		{name: "35-resumed", keys: "<Enter>", see: []string{"The end.", "gpt-5.5 default ·"}},
		{name: "33-resume-picker-transcript", free: true, see: []string{"The end."}},
	}}.inShell()
}

// inShell lets codex be started by a shell, which goes on behind it.
func (s scenario) inShell() scenario {
	s.options.command = []string{"sh", "-c", `PS1="$ "; export PS1; codex; exec sh -i`}
	return s
}

func workStates() scenario {
	const busy = "while ! test -e go; do sleep 0.05; done; seq 1 30"
	return scenario{name: "work", moves: true, options: options{model: `[{"reason":"**Exploring the repo**\n\nI look around."},{"call":"update_plan","args":{"explanation":"Working through it","plan":[{"step":"Read the files","status":"completed"},{"step":"Edit the greeting","status":"in_progress"},{"step":"Run the tests","status":"pending"}]}},{"call":"exec_command","args":{"cmd":"ls -la"}}]
{"call":"exec_command","args":{"cmd":"cat hello.txt"}}
{"call":"exec_command","args":{"cmd":"` + busy + `","yield_time_ms":30000}}
{"msg":"All done."}
{"msg":"And the queued one."}
{"call":"exec_command","args":{"cmd":"sleep 1000","yield_time_ms":30000}}`}, furnish: repository, states: []state{
		{see: []string{"directory:"}},
		{name: "08-running", keys: "do the work<Enter>", see: []string{"Updated Plan", "✔ Read the files", "□ Edit the greeting", "Explored", "Read hello.txt", "Running while", "esc to interrupt"}},
		{name: "12-running-typing", keys: "steer with enter", see: []string{"› steer with enter", "tab to queue message", "% context left"}},
		{name: "13-running-queued-steer", keys: "<Enter>queued with tab<Tab>", see: []string{"Messages to be submitted after next tool call", "↳ steer with enter", "Queued follow-up inputs", "↳ queued with tab", "edit last queued message"}},
		{name: "37-command-done", act: func(p *pane) { write(p.t, filepath.Join(p.work, "go"), "") }, see: []string{"And the queued one."}, gone: "esc to interrupt"},
		{name: "09-cells-full", all: true, see: []string{"And the queued one."}},
		{name: "36-command-running", keys: "sleep<Enter>", see: []string{"Running sleep 1000", "esc to interrupt"}},
		{name: "14-interrupted", keys: "<Escape>", see: []string{"■ Interrupted."}, gone: "esc to interrupt"},
	}}
}

func approvalStates() scenario {
	const push = `{"call":"exec_command","args":{"cmd":"touch %s","sandbox_permissions":"require_escalated","justification":"May I?","prefix_rule":["touch"]}}` + "\n"
	return scenario{name: "approval", options: options{model: fmt.Sprintf(push, "one") + `{"msg":"Pushed."}` + "\n" + fmt.Sprintf(push, "two")}, states: []state{
		{see: []string{"directory:"}},
		{name: "09-exec-approval", keys: "go<Enter>", see: []string{"Run this command?", "Reason: May I?", "$ touch one", "1. Yes, proceed (y)", "3. No"}},
		{name: "10-approval-fullscreen", keys: "<C-a>", see: []string{"touch one", "q to go back"}, back: "q", gone: "q to go back"},
		{name: "11-exec-approved", keys: "y", see: []string{"✔ You approved codex to run touch one this time", "Pushed."}, gone: "esc to interrupt"},
		{keys: "again<Enter>", see: []string{"$ touch two"}},
		{name: "11-exec-denied", keys: "<Escape>", see: []string{"✗ You canceled the request to run touch two", "■ Interrupted."}},
	}}
}

func patchStates() scenario {
	return scenario{name: "patch", options: options{args: []string{"-s", "read-only", "-a", "on-request"}, model: patch}, states: []state{
		{see: []string{"directory:"}},
		{name: "23-patch-approval", keys: "edit it<Enter>", see: []string{"Added hello.txt (+2 -0)", "1 +hello", "1. Yes", "2. Yes"}},
		{name: "24-patch-fullscreen", keys: "<C-a>", see: []string{"1 +hello", "2 +world", "q to go back"}, back: "q", gone: "q to go back"},
		{name: "25-after-patch", keys: "y", see: []string{"Patched."}, gone: "esc to interrupt"},
		{name: "28-transcript-full", keys: "<C-t><Home>", see: []string{"› edit it"}, back: "q", gone: "q to quit"},
	}}
}

func errorStates() scenario {
	return scenario{name: "error", moves: true, options: options{model: `{"status":400,"body":{"error":{"message":"no such model"}}}
{"msg":"not all","cut":3,"abort":true}
{"before_ms":3600000,"msg":"too late"}`}, states: []state{
		{see: []string{"directory:"}},
		{name: "26-error-400", keys: "go<Enter>", see: []string{"■", "no such model"}, gone: "esc to interrupt"},
		{name: "27-reconnecting", keys: "again<Enter>", see: []string{"Reconnecting... 1/"}},
	}}
}

func failedStates() scenario {
	return scenario{name: "failed", options: options{model: `{"status":500,"body":{"error":{"message":"the house is full"}},"repeat":100}`}, furnish: func(p *pane) {
		config := filepath.Join(p.home, "config.toml")
		b, err := os.ReadFile(config)
		if err != nil {
			p.t.Fatal(err)
		}
		write(p.t, config, strings.Replace(string(b), "wire_api", "stream_max_retries = 1\nrequest_max_retries = 0\nwire_api", 1))
	}, states: []state{
		{see: []string{"directory:"}},
		{name: "29-error-500-final", keys: "go<Enter>", see: []string{"■"}, gone: "esc to interrupt"},
	}}
}

func plainStates() scenario {
	return scenario{name: "no-alt-screen", options: options{args: []string{"--no-alt-screen"}}, states: []state{
		{see: []string{"directory:"}},
		{keys: "hello<Enter>", see: []string{"• yes"}, gone: "esc to interrupt"},
		{name: "54-no-alt-screen-transcript", keys: "<C-t>", see: []string{"T R A N S C R I P T", "› hello"}, act: func(p *pane) {
			p.see("T R A N S C R I P T")
			if got := strings.TrimSpace(p.tmux("display-message", "-p", "-t", "main", "#{alternate_on}")); got != "0" {
				p.t.Errorf("the alternate screen is on: %s", got)
			}
		}},
	}}
}

// wantsGit leaves a test out where there is no git.
func wantsGit(t *testing.T) {
	t.Helper()
	if _, err := exec.LookPath("git"); err != nil {
		t.Skip("no git")
	}
}

// repository makes a repository of the work tree, with a file that is not in it yet.
func repository(p *pane) {
	wantsGit(p.t)
	if err := os.RemoveAll(filepath.Join(p.work, ".git")); err != nil {
		p.t.Fatal(err)
	}
	c := exec.Command("git", "init", "-q", "-b", "main")
	c.Dir, c.Env = p.work, []string{"PATH=" + os.Getenv("PATH"), "HOME=" + p.home}
	if out, err := c.CombinedOutput(); err != nil {
		p.t.Fatalf("git init: %v: %s", err, out)
	}
	write(p.t, filepath.Join(p.work, "hello.txt"), "hello there\n")
}

// TestStates goes through the states of the frontend at two sizes and holds what is on the
// screen against testdata/states.
func TestStates(t *testing.T) {
	for _, size := range [][2]int{{80, 24}, {120, 40}} {
		for _, s := range scenarios() {
			t.Run(fmt.Sprintf("%s %dx%d", s.name, size[0], size[1]), func(t *testing.T) {
				s.options.cols, s.options.rows = size[0], size[1]
				p := startPane(t, s.options, s.furnish)
				for _, st := range s.states {
					p.enter(&st)
					if st.name != "" && !st.free {
						p.hold(&st, size)
					}
					p.leave(&st)
				}
			})
		}
	}
}

// TestStatesResized holds that after a resize all is there that was, and one footer.
func TestStatesResized(t *testing.T) {
	for _, s := range scenarios() {
		if s.moves {
			continue
		}
		t.Run(s.name, func(t *testing.T) {
			s.options.cols, s.options.rows = 80, 24
			p := startPane(t, s.options, s.furnish)
			size, other := [2]int{80, 24}, [2]int{120, 40}
			for _, st := range s.states {
				p.enter(&st)
				if !st.shell {
					size, other = other, size
					p.redrawn(size[0], size[1])
					p.until(fmt.Sprintf("%s at %dx%d", st.name, size[0], size[1]), func(screen []string) bool { return st.shown(screen, p) == "" })
				}
				p.leave(&st)
			}
		})
	}
}

// enter goes to a state.
func (p *pane) enter(st *state) {
	p.t.Helper()
	p.send(st.keys)
	if st.act != nil {
		st.act(p)
	}
	lacks := ""
	p.until(st.name, func(screen []string) bool {
		lacks = st.shown(screen, p)
		if st.all {
			lacks = st.shown(p.all(), p)
		}
		return lacks == "" && (st.gone == "" || (count(screen, st.gone) > 0) == (st.back != ""))
	})
}

// shown says what of a state is not on the screen, or more than one composer.
func (st *state) shown(screen []string, p *pane) string {
	screen = p.normal(screen)
	for _, text := range st.see {
		if count(screen, text) == 0 {
			return text
		}
	}
	if n := count(screen, "gpt-5.5 default · "); n > 1 && !st.all {
		return "only one footer"
	}
	return ""
}

// leave goes back from a state.
func (p *pane) leave(st *state) {
	p.t.Helper()
	if st.back != "" {
		p.send(st.back)
		p.until("it is left: "+st.name, func(screen []string) bool { return count(screen, st.gone) == 0 })
	}
}

// seen is what a state shows: a page, or the last rows of what was written. How far that is
// up on the screen depends on how much room was needed for a moment, and where rows are
// blank; so one blank row stands for several.
func (p *pane) seen(st *state, rows int) []string {
	p.t.Helper()
	lines := p.all()
	if strings.TrimSpace(p.tmux("display-message", "-p", "-t", "main", "#{alternate_on}")) == "1" {
		lines = p.screen()
	}
	lines = slices.CompactFunc(p.normal(lines), func(a, b string) bool { return a == "" && b == "" })
	if len(lines) > 0 && lines[0] == "" {
		lines = lines[1:]
	}
	if st.all {
		return lines
	}
	return lines[max(0, len(lines)-rows):]
}

// hold holds the screen against a file, or writes that.
func (p *pane) hold(st *state, size [2]int) {
	p.t.Helper()
	path := filepath.Join("testdata", "states", fmt.Sprintf("%s-%dx%d.txt", st.name, size[0], size[1]))
	now := func() string { return strings.Join(p.seen(st, size[1]), "\n") + "\n" }
	if *update {
		got := now()
		for stays := 0; stays < 3; stays++ {
			time.Sleep(200 * time.Millisecond) // only when the file is made: it is looked at afterwards
			if again := now(); again != got {
				got, stays = again, -1
			}
		}
		write(p.t, path, got)
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		p.t.Fatal(err)
	}
	got := ""
	defer func() {
		if got != string(want) {
			p.t.Logf("%s: the screen is\n%s\nwant\n%s", path, got, want)
		}
	}()
	p.until("the screen of "+path, func([]string) bool {
		got = now()
		return got == string(want)
	})
}
