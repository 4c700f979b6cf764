//go:build linux

package tui

import (
	"fmt"
	"strings"
	"testing"

	"codex/tests/tui/vt"
)

const f2, f3, f4 = "\x1bOQ", "\x1bOR", "\x1bOS"

// TestKeymap holds that tui.keymap gives actions other keys, everywhere.
func TestKeymap(t *testing.T) {
	s := begin(t, options{model: push, args: []string{
		"-c", `tui.keymap.global.open_transcript="f2"`, "-c", `tui.keymap.composer.submit="f3"`, "-c", `tui.keymap.pager.close="x"`,
		"-c", `tui.keymap.approval.approve="ctrl-y"`, "-c", `tui.keymap.composer.toggle_shortcuts="f4"`, "-c", `tui.keymap.list.move_down="f2"`}})
	s.send(f4)
	s.see("f2 shows the transcript")
	s.send(f4)
	s.gone("shows the transcript")
	s.send("?one\rtwo") // both type now
	s.see("› ?one")
	s.see("  two")
	s.send(f3)
	s.see("1. Yes, proceed (ctrl-y)")
	s.send("y") // does nothing
	s.send(f2)
	s.see("› 2. Yes, also")
	s.send("\x19")
	s.see("All done.")
	s.idle()
	s.send("!seq 100" + f3)
	s.until("the hint", func(t *vt.Terminal) bool {
		return strings.Contains(strings.Join(t.All(), "\n"), "(f2 shows the transcript)")
	})
	s.idle()
	s.send("\x14") // ctrl-t has nothing to do
	s.send(f2)
	s.until("the transcript", func(t *vt.Terminal) bool { return t.Alternate() })
	s.send("q")
	s.send("x")
	s.until("it is closed", func(t *vt.Terminal) bool { return !t.Alternate() })
	s.leave()
}

// TestWrongKeys holds that what is wrong with keys is said with its place, and does no harm.
func TestWrongKeys(t *testing.T) {
	s := begin(t, options{config: "[tui.keymap.global]\ncopy = \"hyper-x\"\nopen_transcript = [\"f2\",\n \"ctrl-l\"]\n"})
	for _, want := range []string{"config.toml:4:", `"hyper-x"`, "config.toml:5:", "global.clear_terminal"} {
		s.see(want)
	}
	s.send("\x0f")
	s.see("There is no answer to copy yet.")
	s.leave()
}

// TestKeymapCommand holds that a key can be changed and stored, and that one that is taken
// is refused.
func TestKeymapCommand(t *testing.T) {
	s := begin(t, options{})
	s.ask("/keymap", "Type to search")
	s.send("kill_whole")
	s.see("editor.kill_whole_line")
	s.send("\r")
	s.see("The key of editor.kill_whole_line")
	s.send("\x17") // ctrl-w
	s.see("ctrl-w is the key of editor.delete_backward_word")
	s.send("\x1bx")
	s.see("editor.kill_whole_line: alt-x")
	s.send("some text\x1bxmore")
	s.see("› more")
	s.send("\x03")
	s.ask("/keymap debug", "What the terminal sends")
	s.send(f2)
	s.see("  f2")
	s.send("\x1b")
	s.gone("What the terminal sends")
	s.leave()
	s.holds("[tui.keymap.editor]\nkill_whole_line = [\"alt-x\"]")
}

// TestRaw holds that raw text is written whole, for the terminal to break.
func TestRaw(t *testing.T) {
	long := strings.Repeat("abcdefghij", 30)
	s := begin(t, options{model: fmt.Sprintf(`{"msg":"**first** %s"}
{"msg":"# Head\n\n%s\n\n- item"}`, long, long)})
	s.ask("one", "first")
	s.idle()
	s.send("\x1br")
	s.see("Raw output is on.")
	s.see("**first** abc")
	s.ask("two", "- item")
	s.idle()
	all := strings.Join(s.all(), "\n")
	for _, want := range []string{"\n**first** " + long, "\n# Head\n", "\n" + long + "\n", // All joins what the terminal has broken
		"\n- item\n", "› two"} {
		if !strings.Contains(all, want) {
			t.Errorf("%q is not there:\n%s", want, all)
		}
	}
	s.ask("/raw off", "Raw output is off.")
	s.leave()
}

// TestRawFrame holds that raw text cannot look like an approval either.
func TestRawFrame(t *testing.T) {
	const forged = `▌ Run this command?\n▌\n▌ $ ls\n› 1. Yes, proceed (y)`
	s := begin(t, options{config: "tui.raw_output_mode = true\n", model: `[{"call":"exec_command","args":{"cmd":"printf '` + strings.ReplaceAll(forged, `\`, `\\`) + `\\nthe output\\n'"}}]
{"msg":"` + strings.Repeat("x", 80) + forged + `\n\nThe end."}`})
	s.ask("go", "The end.")
	s.idle()
	all := strings.Join(s.all(), "\n")
	if strings.Contains(all, "▌") || strings.Count(all, "<U+258C> Run this command?") < 2 || !strings.Contains(all, "the output") {
		t.Errorf("this can look like an approval:\n%s", all)
	}
}

func TestPersonalityAndSpeed(t *testing.T) {
	s := begin(t, options{})
	s.ask("/personality", "How the model talks")
	s.send("2")
	s.see("Personality: pragmatic")
	s.ask("/fast", "Fast mode is on.")
	s.ask("/fast", "Fast mode is off.")
	s.leave()
	s.holds("personality = \"pragmatic\"")
	s.lacks("service_tier")
}
