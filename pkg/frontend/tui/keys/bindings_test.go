package keys

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
)

// press is an event of a key that is named.
func press(t *testing.T, name string) Event {
	t.Helper()
	k, err := parse(name)
	if err != nil {
		t.Fatal(err)
	}
	return Event{Code: k.code, Mod: k.mod}
}

func TestParse(t *testing.T) {
	for in, want := range map[string]string{"ctrl-a": "ctrl-a", "Control-Option-x": "ctrl-alt-x", "shift-a": "A", "pgup": "page-up", "escape": "esc",
		"return": "enter", "ctrl-page-down": "ctrl-page-down", "f12": "f12", "spacebar": "space", "shift-space": "shift-space", "minus": "-", "ctrl-minus": "ctrl--", "?": "?", " del ": "delete"} {
		k, err := parse(in)
		if err != nil || k.String() != want {
			t.Errorf("%q: %s, %v; want %s", in, k, err, want)
		}
	}
	for _, in := range []string{"", "ctrl", "ctrl-", "ctrl-ctrl-a", "ctrl-hyper-a", "f13", "ab", "é", "a-ctrl", "\x1b"} {
		if k, err := parse(in); err == nil {
			t.Errorf("%q is taken as %s", in, k)
		}
	}
}

// TestDefaults holds that no two actions have one key, that each key of the table does what
// it did, and that all are told.
func TestDefaults(t *testing.T) {
	b, problems := NewBindings(nil)
	if len(problems) > 0 {
		t.Error(problems)
	}
	for _, a := range Actions() {
		for _, n := range a.defaults() {
			e := press(t, n)
			if got := b.Translate(e, false, a.Context); a.code == 0 && got != e || a.code != 0 && got.Code != a.code {
				t.Errorf("%s: %s is taken as %s", a.id(), n, got)
			}
		}
	}
	page, err := os.ReadFile("../../../../man/codex-tui.1")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(page), table()) {
		if os.Getenv("UPDATE") != "" {
			os.Stdout.WriteString(table())
		}
		t.Error("codex-tui(1) does not have the table of its keys; UPDATE=1 prints it")
	}
}

func TestConfigured(t *testing.T) {
	b, problems := NewBindings(map[string]any{
		"global":   map[string]any{"copy": "f2", "submit": "ctrl-enter", "open_transcript": []any{}},
		"editor":   map[string]any{"kill_whole_line": []any{"alt-k", "alt-l"}},
		"pager":    map[string]any{"close": "x"},
		"approval": map[string]any{"approve": "ctrl-y"},
	})
	if len(problems) > 0 {
		t.Error(problems)
	}
	main := []string{Global, Chat, Compose, Editor}
	for _, c := range []struct {
		pressed  string
		typing   bool
		contexts []string
		want     Event
	}{
		{"f2", true, main, Event{Code: 'o', Mod: Ctrl}},
		{"ctrl-o", true, main, Event{Code: None}},
		{"ctrl-enter", true, main, Event{Code: Enter}},
		{"enter", true, main, Event{Code: NewLine}},
		{"ctrl-t", true, main, Event{Code: None}},
		{"alt-l", true, main, Event{Code: KillLine}},
		{"x", true, main, Event{Code: 'x'}},
		{"x", false, []string{Pager}, Event{Code: 'q'}},
		{"q", false, []string{Pager}, Event{Code: None}},
		{"ctrl-y", false, []string{Approval, List}, Event{Code: 'y'}},
		{"y", false, []string{Approval, List}, Event{Code: None}},
		{"j", true, []string{List}, Event{Code: 'j'}},
		{"f9", true, main, Event{Code: Function + 8}},
	} {
		if got := b.Translate(press(t, c.pressed), c.typing, c.contexts...); got != c.want {
			t.Errorf("%s: %s, want %s", c.pressed, got, c.want)
		}
	}
	if got := b.Name(Approval, Event{Code: 'y'}); got != "ctrl-y" {
		t.Error(got)
	}
	if got := b.Names(Global, "open_transcript"); len(got) != 0 || !b.Own(Global, "open_transcript") {
		t.Error(got)
	}
}

// TestWrong holds what is said of keys that cannot be.
func TestWrong(t *testing.T) {
	for _, c := range []struct {
		context, action string
		value           any
		want            string
	}{
		{"global", "copy", "ctrl-nothing", `there is no key "ctrl-nothing"`},
		{"global", "copy", 3, "a key or a list of keys"},
		{"global", "copy", []any{"f2", 3}, `there is no key ""`},
		{"global", "copy", "ctrl-t", "ctrl-t is the key of global.open_transcript"},
		{"chat", "edit_queued_message", "ctrl-z", "ctrl-z is the key of suspend"},
		{"global", "copy", "ctrl-k", "ctrl-k is the key of editor.kill_line_end"},
		{"editor", "yank", "ctrl-g", "ctrl-g is the key of global.open_external_editor"},
		{"pager", "close", "j", "j is the key of pager.scroll_down"},
		{"approval", "approve", "j", "j is the key of list.move_down"},
		{"vim_normal", "delete_char", "d", "d is the key of vim_normal.start_delete_operator"},
	} {
		_, problems := NewBindings(map[string]any{c.context: map[string]any{c.action: c.value}})
		if !slices.ContainsFunc(problems, func(p Problem) bool { return strings.Contains(p.Text, c.want) }) {
			t.Errorf("%s.%s = %v: %v", c.context, c.action, c.value, problems)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add("ctrl-a")
	f.Fuzz(func(t *testing.T, s string) {
		k, err := parse(s)
		if err != nil {
			return
		}
		if again, err := parse(k.String()); err != nil || again != k {
			t.Errorf("%q is %s, and that is %v, %v", s, k, again, err)
		}
	})
}

// table is that of actions that can have other keys, in mdoc.
func table() string {
	var b strings.Builder
	b.WriteString(".Bl -tag -width Ds -compact\n")
	for _, a := range actions {
		if a.Context == "" {
			continue
		}
		fmt.Fprintf(&b, ".It Ic %s.%s\n", a.Context, a.Name)
		if a.Keys == "" {
			fmt.Fprintf(&b, "%s\n.Pq no key\n", a.About)
			continue
		}
		fmt.Fprintf(&b, "%s:\n.Ql %s\n", a.About, strings.ReplaceAll(a.Keys, " ", "\n.Ql "))
	}
	b.WriteString(".El\n")
	return b.String()
}
