//go:build linux

package tui

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"codex/pkg/frontend/tui/keys"
	"codex/tests/tui/vt"
)

// encoded is a key as a terminal sends it.
func encoded(name string) string {
	mod, rest := 1, name
	for {
		word, more, ok := strings.Cut(rest, "-")
		m := map[string]int{"shift": 1, "alt": 2, "ctrl": 4}[word]
		if !ok || m == 0 || more == "" {
			break
		}
		mod, rest = mod+m, more
	}
	if final := map[string]string{"up": "A", "down": "B", "right": "C", "left": "D", "home": "H", "end": "F"}[rest]; final != "" {
		return fmt.Sprintf("\x1b[1;%d%s", mod, final)
	}
	if n := map[string]int{"insert": 2, "delete": 3, "page-up": 5, "page-down": 6}[rest]; n > 0 {
		return fmt.Sprintf("\x1b[%d;%d~", n, mod)
	}
	code := map[string]int{"enter": 13, "tab": 9, "backspace": 127, "esc": 27, "space": 32}[rest]
	switch {
	case code == 0 && mod == 1:
		return rest
	case code == 0:
		code = int(rest[0])
	}
	return fmt.Sprintf("\x1b[%d;%du", code, mod)
}

// written are the actions of the editor: what is typed, where KEY is the key and N a number
// that no other case has, and what the composer holds then; | is typed behind the key, and
// shows the cursor.
var written = map[string][2]string{
	"editor.insert_newline":       {"ab N KEY", "ab N\n  |"},
	"editor.move_left":            {"ab NzKEY", "ab N|z"},
	"editor.move_right":           {"ab NHOMEKEY", "a|b N"},
	"editor.move_up":              {"abNEWLINEcd NKEY", "ab|\n  cd N"},
	"editor.move_down":            {"abNEWLINEcd NUPKEY", "ab\n  cd N|"},
	"editor.move_word_left":       {"one two N_KEY", "one two |N_"},
	"editor.move_word_right":      {"one two NHOMEKEY", "one| two N"},
	"editor.move_line_start":      {"one NKEY", "|one N"},
	"editor.move_line_end":        {"one NHOMEKEY", "one N|"},
	"editor.delete_backward":      {"ab NzKEY", "ab N|"},
	"editor.delete_forward":       {"zab NHOMEKEY", "|ab N"},
	"editor.delete_backward_word": {"one N twoKEY", "one N |"},
	"editor.delete_forward_word":  {"one NHOMEKEY", "| N"},
	"editor.kill_line_start":      {"one N_WORDKEY", "|N_"},
	"editor.kill_line_end":        {"one N twoWORDKEY", "one N |"},
	"editor.yank":                 {"one N twoCUTKEY", "one N two|"},

	"vim_normal.enter_insert":          {"ab NzESCKEY", "ab N|z"},
	"vim_normal.append_after_cursor":   {"ab NzESCKEY", "ab Nz|"},
	"vim_normal.append_line_end":       {"ab NzESC0KEY", "ab Nz|"},
	"vim_normal.insert_line_start":     {"ab NzESCKEY", "|ab Nz"},
	"vim_normal.open_line_below":       {"ab NzESC0KEY", "ab Nz\n  |"},
	"vim_normal.open_line_above":       {"ab NzESC0KEY", "|\n  ab Nz"},
	"vim_normal.move_left":             {"ab NzxESCKEYi", "ab N|zx"},
	"vim_normal.move_right":            {"ab NESC0KEYi", "a|b N"},
	"vim_normal.move_up":               {"abNEWLINEcd NESC0KEYi", "|ab\n  cd N"},
	"vim_normal.move_down":             {"abNEWLINEcd NESCk0KEYi", "ab\n  |cd N"},
	"vim_normal.move_word_forward":     {"ab NESC0KEYi", "ab |N"},
	"vim_normal.move_word_backward":    {"ab N_ESCKEYi", "ab |N_"},
	"vim_normal.move_word_end":         {"ab NESC0KEYi", "a|b N"},
	"vim_normal.move_line_start":       {"ab NESCKEYi", "|ab N"},
	"vim_normal.move_line_end":         {"ab NESC0KEYa", "ab N|"},
	"vim_normal.delete_char":           {"zab NESC0KEYi", "|ab N"},
	"vim_normal.delete_to_line_end":    {"N_ ab cdESC0wKEYa", "N_ |"},
	"vim_normal.yank_line":             {"ab NESCKEYpi", "ab N\n  |ab N"},
	"vim_normal.paste_after":           {"ab NzESCxKEYa", "ab Nz|"},
	"vim_normal.start_delete_operator": {"zz ab NESC0KEYwi", "|ab N"},
	"vim_normal.start_yank_operator":   {"ab NESCKEYypi", "ab N\n  |ab N"},
	"vim_normal.cancel_operator":       {"ab NzESCdKEY0i", "|ab Nz"},

	"vim_operator.delete_line":          {"abNEWLINEcd NESCk0dKEYi", "|cd N"},
	"vim_operator.yank_line":            {"ab NESCyKEYpi", "ab N\n  |ab N"},
	"vim_operator.motion_left":          {"ab NzxESCdKEYi", "ab N|x"},
	"vim_operator.motion_right":         {"zab NESC0dKEYi", "|ab N"},
	"vim_operator.motion_up":            {"abNEWLINEcdNEWLINEef NESCkdKEYi", "|ef N"},
	"vim_operator.motion_down":          {"abNEWLINEcdNEWLINEef NESCkk0dKEYi", "|ef N"},
	"vim_operator.motion_word_forward":  {"zz ab NESC0dKEYi", "|ab N"},
	"vim_operator.motion_word_backward": {"ab N zzxESCdKEYi", "ab N |x"},
	"vim_operator.motion_word_end":      {"zz ab NESC0dKEYi", "| ab N"},
	"vim_operator.motion_line_start":    {"zz ab N_ESCbdKEYi", "|N_"},
	"vim_operator.motion_line_end":      {"N_ zz zESC0wdKEYa", "N_ |"},
	"vim_operator.cancel":               {"ab NzESCdKEY0i", "|ab Nz"},
}

// held are the actions that other tests hold, and the functions that do.
var held = map[string]string{
	"global.toggle_raw_output": "TestRaw", "global.open_external_editor": "TestEditor", "chat.edit_queued_message": "TestUnqueue",
	"composer.queue": "TestQueue", "composer.submit": "TestAnswer", "composer.toggle_shortcuts": "TestShortcuts",
	"composer.history_search_previous": "TestHistory", "composer.history_search_next": "TestHistory",
	"approval.approve": "TestApprove", "approval.decline": "TestCancel", "approval.open_fullscreen": "TestFullscreen",
	"approval.approve_for_prefix": "TestApprovePrefix", "approval.approve_for_session": "TestPatchSession",
	"list.move_left": "TestFolders", "list.move_right": "TestFolders", "leave": "TestTrust", "suspend": "TestSuspend", "interrupt": "TestInterrupt",
	"mode": "TestMode", "paste_image": "TestNoImage",
}

// without are actions that nothing here stands behind: no such question is put.
var without = map[string]string{
	"approval.open_thread": "an agent's question is put as the thread's", "approval.deny": "the engine does not offer it", "approval.cancel": "of a server's form, which tests/mcpclient asks",
}

func id(a keys.Action) string { return strings.TrimPrefix(a.Context+"."+a.Name, ".") }

// TestEachKey holds that each key of each action has a test.
func TestEachKey(t *testing.T) {
	files, err := filepath.Glob("*_test.go")
	if err != nil {
		t.Fatal(err)
	}
	var source strings.Builder
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		source.Write(b)
	}
	for _, a := range keys.Actions() {
		name := id(a)
		_, typed := written[name]
		_, paged := pagers[name]
		_, listed := lists[name]
		_, global := globals[name]
		switch by := held[name]; {
		case a.Keys == "" || typed || paged || listed || global || without[name] != "":
		case by == "" || !strings.Contains(source.String(), "func "+by+"("):
			t.Errorf("no test presses %s (%s)", name, a.Keys)
		}
	}
}

// TestEditing presses each key of the editor.
func TestEditing(t *testing.T) {
	normal := begin(t, options{})
	vim := begin(t, options{config: "tui.vim_mode_default = true\n"})
	vim.send("i")
	vim.see("Vim: Insert")
	n := 0
	for _, a := range keys.Actions() {
		c, ok := written[id(a)]
		if !ok {
			continue
		}
		s := normal
		if strings.HasPrefix(a.Context, "vim") {
			s = vim
		}
		for _, k := range strings.Fields(a.Keys) {
			if id(a) == "editor.insert_newline" && k == "enter" { // which sends
				continue
			}
			n++
			number := fmt.Sprintf("k%d", n)
			typed := strings.NewReplacer("NEWLINE", encoded("ctrl-j"), "HOME", encoded("home"), "UP", encoded("up"), "WORD", encoded("alt-b"), "CUT", encoded("ctrl-w"),
				"ESC", encoded("esc"), "KEY", encoded(k), "N", number).Replace(c[0])
			s.send(typed + "|")
			want := "› " + strings.ReplaceAll(c[1], "N", number)
			s.until(id(a)+" by "+k+": "+want, func(t *vt.Terminal) bool { return strings.Contains(trimmed(t)+"\n", want) })
			s.send("\x03")
			s.gone("|")
		}
	}
	normal.leave()
	vim.leave()
}

// trimmed is the screen without blanks at the ends of rows.
func trimmed(t *vt.Terminal) string {
	var rows []string
	for _, r := range t.Screen() {
		rows = append(rows, strings.TrimRight(r, " "))
	}
	return strings.Join(rows, "\n")
}

// pagers are the actions of a page: what comes before, and what is seen then.
var pagers = map[string][2]string{
	"pager.scroll_up": {"END", "99%"}, "pager.scroll_down": {"END UP", "100%"},
	"pager.page_up": {"END", "line 282"}, "pager.page_down": {"HOME", "line 012"},
	"pager.half_page_up": {"END", "line 286"}, "pager.half_page_down": {"HOME", "line 008"},
	"pager.jump_top": {"END", " 0% "}, "pager.jump_bottom": {"HOME", "100%"},
	"pager.close": {"", ""}, "pager.close_transcript": {"", ""},
}

// TestPaging presses each key of a page.
func TestPaging(t *testing.T) {
	var lines []string
	for i := range 300 {
		lines = append(lines, fmt.Sprintf("line %03d", i))
	}
	s := begin(t, options{model: `{"msg":"` + strings.Join(lines, `\n\n`) + `"}`})
	s.ask("go", "line 299")
	s.idle()
	page := func() {
		s.send(encoded("ctrl-t"))
		s.until("the page", func(t *vt.Terminal) bool { return t.Alternate() })
	}
	page()
	for _, a := range keys.Actions() {
		c, ok := pagers[id(a)]
		if !ok {
			continue
		}
		for _, k := range strings.Fields(a.Keys) {
			if c[1] == "" {
				s.send(encoded(k))
				s.until(k+" closes", func(t *vt.Terminal) bool { return !t.Alternate() })
				page()
				continue
			}
			for _, before := range strings.Fields(c[0]) {
				s.send(encoded(strings.ToLower(before)))
				if want := map[string]string{"END": "100%", "HOME": " 0% ", "UP": "99%"}[before]; want != "" {
					s.see(want)
				}
			}
			s.send(encoded(k))
			s.see(c[1])
		}
	}
	s.send("q")
	s.until("it is closed", func(t *vt.Terminal) bool { return !t.Alternate() })
	s.leave()
}

// lists are the actions of a list of four: what comes before, and what is seen then.
var lists = map[string][2]string{
	"list.move_up": {"", "› 4."}, "list.move_down": {"", "› 2."}, "list.page_up": {"end", "› 1."}, "list.page_down": {"", "› 4."},
	"list.jump_top": {"end", "› 1."}, "list.jump_bottom": {"", "› 4."}, "list.accept": {"end", "Press enter to confirm or esc to cancel"}, "list.cancel": {"", ""},
}

// TestListing presses each key of a list.
func TestListing(t *testing.T) {
	s := begin(t, options{})
	for _, a := range keys.Actions() {
		c, ok := lists[id(a)]
		if !ok {
			continue
		}
		for _, k := range strings.Fields(a.Keys) {
			s.ask("/review", "Select a review preset")
			if c[0] != "" {
				s.send(encoded(c[0]))
				s.see("› 4.")
			}
			s.send(encoded(k))
			if c[1] != "" {
				s.see(c[1])
				s.send(encoded("esc"))
			}
			s.gone("Press enter")
		}
	}
	s.leave()
}

// globals are actions at any time: what is seen when their key is pressed.
var globals = map[string]string{
	"global.open_transcript": "T R A N S C R I P T", "global.copy": "There is no answer to copy yet.", "global.clear_terminal": "directory:",
	"chat.increase_reasoning_effort": "reasoning effort: high", "chat.decrease_reasoning_effort": "reasoning effort: low",
}

func TestGlobalKeys(t *testing.T) {
	for name, seen := range globals {
		s := begin(t, options{})
		for _, a := range keys.Actions() {
			if id(a) != name {
				continue
			}
			for _, k := range strings.Fields(a.Keys) {
				s.send("one")
				s.see("› one")
				s.send(encoded(k))
				s.see(seen)
				if name == "global.open_transcript" {
					s.send("q")
				}
				s.see("› one")
				s.send("\x03")
				s.gone("› one")
			}
		}
		s.leave()
	}
}

func TestUnqueue(t *testing.T) {
	for _, k := range []string{"alt-up", "shift-left"} {
		s := begin(t, options{model: `{"call":"exec_command","args":{"cmd":"sleep 1000"}}`})
		s.ask("run", "Running sleep 1000")
		s.send("later\t")
		s.see("↳ later")
		s.send(encoded(k))
		s.gone("↳ later")
		s.see("› later")
	}
}

func TestFullscreen(t *testing.T) {
	s := begin(t, options{model: push})
	s.ask("go", "Run this command?")
	for _, k := range []string{"ctrl-a", "ctrl-shift-a"} {
		s.send(encoded(k))
		s.until("the request by "+k, func(t *vt.Terminal) bool { return t.Alternate() })
		s.send("q")
		s.until("the question is back", func(t *vt.Terminal) bool { return !t.Alternate() })
	}
	s.send("n")
	s.see("✗ You canceled the request to run touch made")
}

func TestApprovePrefix(t *testing.T) {
	s := begin(t, options{model: push})
	s.ask("go", "Run this command?")
	s.send("p")
	s.see("All done.")
	if _, err := os.Stat(filepath.Join(s.work, "made")); err != nil {
		t.Error(err)
	}
}

func TestPatchSession(t *testing.T) {
	s := begin(t, options{args: []string{"-s", "read-only", "-a", "on-request"}, model: patch})
	s.ask("edit it", "Change these files?")
	s.send("a")
	s.see("Patched.")
}

func TestFolders(t *testing.T) {
	s := start(t, options{args: []string{"resume"}})
	all := false
	for _, k := range []string{"left", "right", "ctrl-h", "ctrl-l"} {
		s.send(encoded(k))
		if all = !all; all {
			s.see("Cwd [All]")
		} else {
			s.see("[Cwd] All")
		}
	}
	s.send("\x03")
	s.ends(0)
}

func TestMode(t *testing.T) {
	s := begin(t, options{})
	s.send(encoded("shift-tab"))
	s.see("Plan mode (shift+tab to cycle)")
	s.send("\x1b[Z") // as older terminals send it
	s.gone("Plan mode")
	s.leave()
}

func TestNoImage(t *testing.T) {
	s := begin(t, options{env: []string{"PATH=" + bin}})
	for i, k := range []string{"ctrl-v", "ctrl-alt-v"} {
		s.send(encoded(k))
		s.until("the complaint", func(t *vt.Terminal) bool {
			return strings.Count(strings.Join(t.Screen(), "\n"), "Paste an image: no image") == i+1
		})
	}
	s.leave()
}
