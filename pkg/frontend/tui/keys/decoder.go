package keys

import (
	"bytes"
	"strconv"
	"strings"
	"unicode/utf8"
)

// maxPaste bounds a paste, maxSequence a sequence that does not end.
const (
	maxPaste    = 16 << 20
	maxSequence = 4096
	pasteEnd    = "\x1b[201~"
)

// Decoder takes bytes as they come, in pieces of any size.
type Decoder struct {
	buf     []byte
	pasting bool
	paste   []byte
}

// Feed takes bytes and gives the events that are complete.
func (d *Decoder) Feed(p []byte) []Event {
	if d.buf = append(d.buf, p...); d.pasting && string(p) == "\x03" {
		d.buf = append(d.buf[:len(d.buf)-1], pasteEnd...) // ctrl-c by itself: the end was lost, and nobody could leave
	}
	return d.events(false)
}

// Keep takes bytes that are looked at with those that come next.
func (d *Decoder) Keep(p []byte) { d.buf = append(d.buf, p...) }

// Waiting says that there is a beginning of a sequence: an escape that may be a key.
func (d *Decoder) Waiting() bool { return len(d.buf) > 0 && !d.pasting }

// Flush takes what waits as it is: nothing more came in time.
func (d *Decoder) Flush() []Event { return d.events(true) }

func (d *Decoder) events(all bool) []Event {
	var out []Event
	for len(d.buf) > 0 {
		if d.pasting {
			if !d.pasted(&out) {
				return out
			}
			continue
		}
		n, e, ok := one(d.buf, all)
		if n == 0 {
			if len(d.buf) < maxSequence {
				return out
			}
			n = len(d.buf)
		}
		d.buf = d.buf[n:]
		switch {
		case ok && e.Kind == Paste:
			d.pasting, d.paste = true, nil
		case ok:
			out = append(out, e)
		}
	}
	d.buf = nil
	return out
}

// pasted takes what belongs to a paste, and says whether it has ended.
func (d *Decoder) pasted(out *[]Event) bool {
	const end = pasteEnd
	i := bytes.Index(d.buf, []byte(end))
	if i < 0 {
		keep := 0 // the end may be split
		for n := min(len(end)-1, len(d.buf)); n > 0; n-- {
			if strings.HasPrefix(end, string(d.buf[len(d.buf)-n:])) {
				keep = n
				break
			}
		}
		d.take(d.buf[:len(d.buf)-keep])
		d.buf = append([]byte(nil), d.buf[len(d.buf)-keep:]...)
		return false
	}
	d.take(d.buf[:i])
	text := strings.ReplaceAll(strings.ReplaceAll(string(d.paste), "\r\n", "\n"), "\r", "\n")
	*out = append(*out, Event{Kind: Paste, Text: strings.ToValidUTF8(text, "\uFFFD")})
	d.buf, d.pasting, d.paste = d.buf[i+len(end):], false, nil
	return true
}

func (d *Decoder) take(p []byte) {
	d.paste = append(d.paste, p[:min(len(p), maxPaste-len(d.paste))]...)
}

// one reads the event that b begins with: how many bytes it has (0: more are needed), and
// whether it is one that matters.
func one(b []byte, all bool) (n int, e Event, ok bool) {
	if b[0] != 0x1b {
		return plain(b)
	}
	if len(b) == 1 {
		if all {
			return 1, Event{Code: Escape}, true
		}
		return 0, e, false
	}
	switch b[1] {
	case '[':
		return csi(b, all)
	case ']', 'P', '_', '^', 'X':
		return str(b, all)
	case 'O':
		if len(b) == 2 {
			if all {
				return 2, Event{Code: 'O', Mod: Alt}, true
			}
			return 0, e, false
		}
		code, ok := letters(b[2])
		return 3, Event{Code: code}, ok
	case 0x1b:
		return 1, Event{Code: Escape}, true
	}
	n, e, ok = plain(b[1:])
	if n == 0 {
		return 0, e, false
	}
	e.Mod |= Alt
	return n + 1, e, ok
}

// plain reads a character or a control.
func plain(b []byte) (int, Event, bool) {
	switch c := b[0]; {
	case c == '\r':
		return 1, Event{Code: Enter}, true
	case c == '\t':
		return 1, Event{Code: Tab}, true
	case c == 0x7f:
		return 1, Event{Code: Backspace}, true
	case c == 0:
		return 1, Event{Code: ' ', Mod: Ctrl}, true
	case c < 0x1b:
		return 1, Event{Code: Code(c) + 'a' - 1, Mod: Ctrl}, true
	case c < ' ':
		return 1, Event{Code: Code(c) + '@', Mod: Ctrl}, true
	case !utf8.FullRune(b): // what is missing comes late on a slow line, or another key comes
		return 0, Event{}, false
	}
	r, n := utf8.DecodeRune(b)
	return n, Event{Code: Code(r)}, r != utf8.RuneError
}

// csi reads ESC [ parameters final.
func csi(b []byte, all bool) (int, Event, bool) {
	for i := 2; i < len(b); i++ {
		c := b[i]
		switch {
		case c >= '@' && c <= '~':
			e, ok := control(string(b[2:i]), c)
			return i + 1, e, ok
		case c < ' ' || c > '~': // no sequence after all
			return i, Event{}, false
		}
	}
	if all && len(b) == 2 {
		return 2, Event{Code: '[', Mod: Alt}, true
	}
	if all {
		return len(b), Event{}, false
	}
	return 0, Event{}, false
}

// str reads a string sequence up to BEL or ESC \.
func str(b []byte, all bool) (int, Event, bool) {
	for i := 2; i < len(b); i++ {
		switch {
		case b[i] == 7:
			e, ok := answer(b[1], string(b[2:i]))
			return i + 1, e, ok
		case b[i] == 0x1b && i+1 < len(b) && b[i+1] == '\\':
			e, ok := answer(b[1], string(b[2:i]))
			return i + 2, e, ok
		case b[i] == 0x1b && i+1 < len(b):
			return i, Event{}, false
		}
	}
	if all {
		return 2, Event{Code: Code(b[1]), Mod: Alt}, b[1] == ']'
	}
	return 0, Event{}, false
}

// answer reads what the terminal says about its colours.
func answer(kind byte, s string) (Event, bool) {
	num, val, ok := strings.Cut(s, ";")
	n, err := strconv.Atoi(num)
	if kind != ']' || !ok || err != nil || n != 10 && n != 11 {
		return Event{}, false
	}
	return Event{Kind: Color, X: n, Text: val}, true
}

// letters are the keys of ESC O x and ESC [ x.
func letters(c byte) (Code, bool) {
	switch c {
	case 'A':
		return Up, true
	case 'B':
		return Down, true
	case 'C':
		return Right, true
	case 'D':
		return Left, true
	case 'H':
		return Home, true
	case 'F':
		return End, true
	case 'M':
		return Enter, true
	case 'P', 'Q', 'R', 'S':
		return Function + Code(c-'P'), true
	}
	return 0, false
}

// numbers are the keys of ESC [ n ~.
func numbers(n int) (Code, bool) {
	switch {
	case n == 1 || n == 7:
		return Home, true
	case n == 4 || n == 8:
		return End, true
	case n == 2:
		return Insert, true
	case n == 3:
		return Delete, true
	case n == 5:
		return PageUp, true
	case n == 6:
		return PageDown, true
	case n >= 11 && n <= 15:
		return Function + Code(n-11), true
	case n >= 17 && n <= 21:
		return Function + Code(n-12), true
	case n >= 23 && n <= 24:
		return Function + Code(n-13), true
	}
	return 0, false
}

func control(params string, final byte) (Event, bool) {
	if rest, ok := strings.CutPrefix(params, "?"); ok {
		switch final {
		case 'u':
			return Event{Kind: Enhanced}, true
		case 'c':
			return Event{Kind: Attributes, Text: rest}, true
		}
		return Event{}, false
	}
	if strings.ContainsAny(params, "<=>") {
		return Event{}, false // the mouse, and what nobody asked for
	}
	p := strings.Split(params, ";")
	switch final {
	case 'I':
		return Event{Kind: Focus}, true
	case 'O':
		return Event{Kind: Blur}, true
	case 'Z':
		return Event{Code: Tab, Mod: Shift}, true
	case 'R':
		if len(p) == 2 && first(p[0]) > 0 && (p[0] != "1" || first(p[1]) > 16) {
			return Event{Kind: Position, Y: first(p[0]), X: first(p[1])}, true
		}
		if len(p) == 2 && first(p[1]) > 0 { // row 1, or F3 with a modifier: who asked knows
			return Event{Kind: Position, Y: 1, X: first(p[1])}, true
		}
	case '~':
		if first(p[0]) == 200 {
			return Event{Kind: Paste}, true
		}
		if first(p[0]) == 27 && len(p) == 3 { // modifyOtherKeys
			return unicodeKey(first(p[2]), p[1], "")
		}
		code, ok := numbers(first(p[0]))
		mod, up := modifiers(p)
		return Event{Code: code, Mod: mod}, ok && !up
	case 'u':
		m := ""
		if len(p) > 1 {
			m = p[1]
		}
		return unicodeKey(first(p[0]), m, p[0])
	}
	code, ok := letters(final)
	mod, up := modifiers(p)
	return Event{Code: code, Mod: mod}, ok && !up
}

// modifiers reads those of the second parameter, and whether the key was let go.
func modifiers(p []string) (Mod, bool) {
	if len(p) < 2 {
		return 0, false
	}
	return modifier(p[1])
}

func modifier(s string) (Mod, bool) {
	m, kind, _ := strings.Cut(s, ":")
	n := first(m)
	if n < 1 {
		return 0, kind == "3"
	}
	return Mod(n-1) & (Shift | Alt | Ctrl), kind == "3"
}

// unicodeKey is a key of kitty's encoding: its number, modifiers, and what shift makes of
// it.
func unicodeKey(n int, mods, codes string) (Event, bool) {
	mod, up := modifier(mods)
	if up {
		return Event{}, false
	}
	if parts := strings.Split(codes, ":"); mod&Shift != 0 && mod&(Ctrl|Alt) == 0 && len(parts) > 1 && first(parts[1]) > 0 {
		return Event{Code: Code(first(parts[1]))}, true
	}
	switch n {
	case 9:
		return Event{Code: Tab, Mod: mod}, true
	case 13, 57414:
		return Event{Code: Enter, Mod: mod}, true
	case 27:
		return Event{Code: Escape, Mod: mod}, true
	case 127, 8:
		return Event{Code: Backspace, Mod: mod}, true
	case 57417:
		return Event{Code: Left, Mod: mod}, true
	case 57418:
		return Event{Code: Right, Mod: mod}, true
	case 57419:
		return Event{Code: Up, Mod: mod}, true
	case 57420:
		return Event{Code: Down, Mod: mod}, true
	}
	if n < ' ' || n >= 0xe000 && n <= 0xf8ff || n > utf8.MaxRune {
		return Event{}, false // keys that type nothing: shift alone, media
	}
	if mod == Shift && n >= 'a' && n <= 'z' {
		return Event{Code: Code(n - 'a' + 'A')}, true
	}
	return Event{Code: Code(n), Mod: mod}, true
}

// first is the number that s begins with, up to a colon.
func first(s string) int {
	s, _, _ = strings.Cut(s, ":")
	n, err := strconv.Atoi(s)
	if err != nil {
		return 0
	}
	return n
}
