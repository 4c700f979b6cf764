// Package keys reads what a terminal sends: keys of the old and of kitty's encoding,
// pastes, focus, and answers to questions. It is pure: bytes in, events out; whoever
// reads decides how long a lone escape may still become a sequence.
//
// It imports the standard library only.
package keys

import (
	"strings"
	"unicode/utf8"
)

// Kind is what an event is.
type Kind int

// The kinds.
const (
	Press Kind = iota
	Paste      // Text
	Focus      // in
	Blur
	Position // X, Y: the cursor's column and row, from 1
	Color    // X is 10 or 11, Text the colour as the terminal wrote it
	Enhanced // the terminal knows kitty's encoding
	Attributes
)

// Mod is a set of modifiers.
type Mod int

// The modifiers, with the values of kitty's encoding.
const (
	Shift Mod = 1 << iota
	Alt
	Ctrl
)

// Code is a key: a character, or one of the names below.
type Code rune

// Keys that are no characters. They stand where Unicode has no characters.
const (
	Enter Code = 0x110000 + iota
	Tab
	Backspace
	Escape
	Up
	Down
	Left
	Right
	Home
	End
	PageUp
	PageDown
	Insert
	Delete
	Function // F1; F2 is Function+1, up to F12
)

// Event is one thing that the terminal sent.
type Event struct {
	Kind Kind
	Code Code
	Mod  Mod
	Text string
	X, Y int
}

// Is says whether e is a press of the key with these modifiers.
func (e Event) Is(code Code, mod Mod) bool { return e.Kind == Press && e.Code == code && e.Mod == mod }

// Char gives the character that a press types.
func (e Event) Char() (rune, bool) {
	return rune(e.Code), e.Kind == Press && e.Mod&^Shift == 0 && e.Code < Enter && e.Code >= ' '
}

// Typed is what a text becomes for who writes at its end: ok says that e writes, or takes the
// last character away.
func (e Event) Typed(text string) (more string, ok bool) {
	r, char := e.Char()
	switch {
	case e.Kind == Paste:
		return text + strings.Join(strings.Fields(e.Text), " "), true
	case e.Is(Backspace, 0) && text != "":
		_, n := utf8.DecodeLastRuneInString(text)
		return text[:len(text)-n], true
	case char:
		return text + string(r), true
	}
	return text, false
}

// keyNames are those of the keys from Enter on.
var keyNames = [...]string{"enter", "tab", "backspace", "esc", "up", "down", "left", "right", "home", "end",
	"page-up", "page-down", "insert", "delete", "f1", "f2", "f3", "f4", "f5", "f6", "f7", "f8", "f9", "f10", "f11", "f12"}

// String names a press as people write it: ctrl-x, alt-enter, f1.
func (e Event) String() string {
	var b strings.Builder
	for _, m := range []struct {
		mod  Mod
		name string
	}{{Ctrl, "ctrl-"}, {Alt, "alt-"}, {Shift, "shift-"}} {
		if e.Mod&m.mod != 0 {
			b.WriteString(m.name)
		}
	}
	switch i := int(e.Code - Enter); {
	case i >= 0 && i < len(keyNames):
		b.WriteString(keyNames[i])
	case e.Code == ' ':
		b.WriteString("space")
	default:
		b.WriteRune(rune(e.Code))
	}
	return b.String()
}
