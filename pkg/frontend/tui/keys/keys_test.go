package keys

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

func TestDecoder(t *testing.T) {
	for _, tc := range []struct{ in, want string }{
		{"a", "a"}, {"é", "é"}, {"\r", "enter"}, {"\n", "ctrl-j"}, {"\t", "tab"}, {"\x7f", "backspace"}, {"\x03", "ctrl-c"}, {"\x00", "ctrl-space"},
		{"\x1b", "esc"}, {"\x1b\x1b", "esc esc"}, {"\x1bb", "alt-b"}, {"\x1b\r", "alt-enter"}, {"\x1b\x7f", "alt-backspace"},
		{"\x1b[A", "up"}, {"\x1bOA", "up"}, {"\x1b[1;5C", "ctrl-right"}, {"\x1b[1;3D", "alt-left"}, {"\x1b[1;2D", "shift-left"},
		{"\x1b[3~", "delete"}, {"\x1b[3;5~", "ctrl-delete"}, {"\x1b[5~", "page-up"}, {"\x1b[H\x1b[F", "home end"}, {"\x1b[Z", "shift-tab"},
		{"\x1b[27u", "esc"}, {"\x1b[13;2u", "shift-enter"}, {"\x1b[97;5u", "ctrl-a"}, {"\x1b[97;5:3u", ""}, {"\x1b[97:65;2u", "A"}, {"\x1b[57441;2u", ""},
		{"\x1b[1;1:3A", ""}, {"\x1b[27;5;106~", "ctrl-j"}, {"\x1b[15~", "f5"}, {"\x1b[24~", "f12"}, {"\x1b[<0;1;2M", ""}, {"a\x1b[?62;cb", "a ?62; b"},
		{"\x1b[I\x1b[O", "focus blur"}, {"\x1b[12;7R", "at 7,12"}, {"\x1b]11;rgb:1/2/3\x07", "color rgb:1/2/3"}, {"\x1b]11;rgb:1/2/3\x1b\\", "color rgb:1/2/3"},
		{"\x1b[200~a\rb\r\nc\x1b[201~d", "paste(a\nb\nc) d"},
	} {
		for size := 1; size <= len(tc.in); size++ { // in pieces of any size
			var d Decoder
			var got []string
			for p := range slices.Chunk([]byte(tc.in), size) {
				got = append(got, names(d.Feed(p))...)
			}
			if d.Waiting() {
				got = append(got, names(d.Flush())...)
			}
			if s := strings.Join(got, " "); s != tc.want {
				t.Errorf("%q in pieces of %d: %q, want %q", tc.in, size, s, tc.want)
			}
		}
	}
}

// TestLate holds that a character whose rest is late is whole, and that ctrl-c ends a paste whose
// end was lost.
func TestLate(t *testing.T) {
	var d Decoder
	var got []string
	for _, p := range []string{"\xe6", "\xbc", "\xa2", "\xc3", "x", "\x1b[200~a", "\x03", "b"} {
		got = append(append(got, names(d.Feed([]byte(p)))...), names(d.Flush())...)
	}
	if s := strings.Join(got, " "); s != "漢 x paste(a) b" {
		t.Error(s)
	}
}

func names(events []Event) []string {
	var out []string
	for _, e := range events {
		switch e.Kind {
		case Press:
			out = append(out, e.String())
		case Paste:
			out = append(out, "paste("+e.Text+")")
		case Focus:
			out = append(out, "focus")
		case Blur:
			out = append(out, "blur")
		case Position:
			out = append(out, fmt.Sprintf("at %d,%d", e.X, e.Y))
		case Color:
			out = append(out, "color "+e.Text)
		case Attributes:
			out = append(out, "?"+e.Text)
		}
	}
	return out
}

// FuzzDecoder holds that any bytes give events, and that nothing is kept for ever.
func FuzzDecoder(f *testing.F) {
	f.Add([]byte("\x1b[200~x\x1b[201~\x1b[1;5C\x1bOP\x1b]11;x"))
	f.Fuzz(func(t *testing.T, b []byte) {
		var whole, split Decoder
		one := append(whole.Feed(b), whole.Flush()...)
		for _, e := range one {
			if r, ok := e.Char(); ok && r < ' ' {
				t.Errorf("%q types %q", b, r)
			}
		}
		for _, c := range b {
			split.Feed([]byte{c})
		}
		if len(split.buf) > maxSequence+16 {
			t.Errorf("%d bytes wait", len(split.buf))
		}
	})
}
