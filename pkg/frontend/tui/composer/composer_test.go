package composer

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"codex/pkg/frontend/tui/keys"
	"codex/pkg/frontend/tui/text"
)

// typed gives keys by their names.
func typed(c *Composer, s string) {
	var d keys.Decoder
	for _, e := range append(d.Feed([]byte(s)), d.Flush()...) {
		if !c.VimKey(e) {
			c.Key(e)
		}
	}
}

func TestEdit(t *testing.T) {
	for _, tc := range []struct{ keys, want string }{
		{"hello", "hello|"}, {"one two\x17", "one |"}, {"one two\x1b[D\x1b[D\x15", "|wo"}, {"ab\x1b[D\x0b\x19\x19", "abb|"},
		{"one two\x1bb\x1bb", "|one two"}, {"one\x0atwo\x01\x01", "|one\ntwo"}, {"日本\x7f", "日|"}, {"e\u0301x\x7f\x7f", "|"}, {"👩‍👩‍👧a\x1b[D\x7f", "|a"},
		{"abc\x1b[1~\x1b[3~", "|bc"}, {"one two\x01\x1bd", "| two"}, {"a\tb", "ab|"}, {"abcdefgh\x0aij\x1b[A", "ab|cdefgh\nij"},
	} {
		c := New()
		typed(c, tc.keys)
		got := string(c.text[:c.cur]) + "|" + string(c.text[c.cur:])
		if got != tc.want {
			t.Errorf("%q: %q, want %q", tc.keys, got, tc.want)
		}
	}
}

// TestVim holds what keys of vi do: <> is Esc, | the cursor.
func TestVim(t *testing.T) {
	const lines = "iaa\nbb\ncc<>"
	for _, tc := range []struct{ keys, want string }{
		{"hello", "\n|"}, {"ihello<>", "hell|o"}, {"ione two<>0w", "one |two"}, {"ione two<>0ee", "one tw|o"}, {"ione two<>0$", "one tw|o"}, {"ione two<>0$x", "one t|w"},
		{"i  one<>0^", "  |one"}, {"i  one<>Ix", "  x|one"}, {"ie\u0301x e\u0301<>0e", "e\u0301|x e\u0301"}, {"ione two<>G", "one tw|o"},
		{"ione two<>0xp", "n|oe two"}, {"ione two<>0xP", "|one two"}, {"ione two<>0yw$p", "one twoone| "}, {"iab<>0x$p", "b|a"},
		{"ione two<>0cwx", "x| two"}, {"ione two<>ccx", "x|"}, {"ione two<>0Cx", "x|"}, {"ione two<>bD", "one| "}, {"ione two<>dd", "|"}, {"ione two<>ddp", "\n|one two"},
		{lines + "kdd", "aa\n|cc"}, {lines + "dd", "aa\n|bb"}, {lines + "dk", "|aa"}, {lines + "kkdj", "|cc"}, {lines + "kkddp", "bb\n|aa\ncc"}, {lines + "kkddP", "|aa\nbb\ncc"},
		{lines + "kkyjGp", "aa\nbb\ncc\n|aa\nbb"}, {lines + "kk$dw", "|a\nbb\ncc"}, {lines + "kk0dw", "|\nbb\ncc"}, {lines + "kk0llx", "|a\nbb\ncc"}, {lines + "kox", "aa\nbb\nx|\ncc"},
		{lines + "kccx", "aa\nx|\ncc"}, {lines + "ddi\x17<>p", "ba|a\nb"}, {"ione<>dzx", "o|n"}, {"ione<>\x7fx", "o|e"}, {"iab cd<>i\x15<>p", "dab |c"},
	} {
		c := New()
		c.Vim.Switch(true)
		typed(c, strings.ReplaceAll(tc.keys, "<>", "\x1b[27u"))
		if got := string(c.text[:c.cur]) + "|" + string(c.text[c.cur:]); got != tc.want {
			t.Errorf("%q: %q, want %q", tc.keys, got, tc.want)
		}
	}
}

func TestElements(t *testing.T) {
	c := New()
	long := strings.Repeat("x", MaxPaste+1)
	c.Insert("a ")
	c.Paste(long)
	c.Paste(long)
	c.Attach("/one.png")
	c.Attach("/two.png")
	if got, want := c.Shown(), "a [Pasted Content 1001 chars][Pasted Content 1001 chars] #2[Image #1] [Image #2] "; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	if got := c.Text(); got != "a "+long+long+"[Image #1] [Image #2] " {
		t.Errorf("%d bytes", len(got))
	}
	typed(c, "\x1b[D\x1b[D\x1b[D\x7f") // the first image
	if got := c.Images(); !slices.Equal(got, []string{"/two.png"}) || !strings.HasSuffix(c.Shown(), " #2 [Image #1] ") {
		t.Errorf("%q, %q", got, c.Shown())
	}
	d := Join(c.Draft(), DraftOf("more"), c.Draft())
	if n := strings.Count(d.Text(), long); n != 4 || len(d.Images()) != 2 {
		t.Errorf("%d pastes, %d images", n, len(d.Images()))
	}
}

// TestEdited holds that an editor leaves images where their labels are, and only those.
func TestEdited(t *testing.T) {
	c := New()
	for _, path := range []string{"/one.png", "/gone.png", "/two.png"} {
		c.Attach(path)
		if path == "/gone.png" {
			typed(c, "\x7f\x7f")
		}
	}
	c.Edited("see [Image #2] and [Image #3], not [Image #2]")
	if got, want := c.Shown(), "see [Image #1] and [Image #3], not [Image #2]"; got != want || !slices.Equal(c.Images(), []string{"/two.png"}) {
		t.Errorf("%q, want %q, images %q", got, want, c.Images())
	}
}

func TestLayout(t *testing.T) {
	c := New()
	c.Insert("the quick brown fox\njumps over 日本語日本語 thelazydogthatislong")
	lines, y, x := c.View(10, 100, text.Style{})
	want := []string{"the quick ", "brown fox", "jumps over ", "日本語日本", "語 ", "thelazydog", "thatislong"}
	if got := text.Strings(lines); !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	if y != 6 || x != 10 {
		t.Errorf("the cursor is at %d,%d", x, y)
	}
	if lines, y, _ := c.View(10, 3, text.Style{}); len(lines) != 3 || y != 2 {
		t.Errorf("%q, cursor in row %d", text.Strings(lines), y)
	}
}

func TestHistory(t *testing.T) {
	c := New()
	c.History.Older = func() []string { return []string{"older", "old", "old"} }
	c.History.Add(DraftOf("new"))
	c.Insert("draft")
	c.home()
	var got []string
	for range 4 {
		c.Recall(1)
		got = append(got, c.Text())
	}
	for range 4 {
		c.Recall(-1)
		got = append(got, c.Text())
	}
	if want := []string{"new", "old", "older", "older", "old", "new", "draft", "draft"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	if d, n, ok := c.History.Search("LD", 1, 1); !ok || n != 2 || d.Text() != "old" {
		t.Errorf("%q, %d, %v", d.Text(), n, ok)
	}
}

func TestFile(t *testing.T) {
	f := File{Path: filepath.Join(t.TempDir(), "history.jsonl"), Bytes: 200}
	now := time.Unix(1, 0)
	if got, err := f.Read(); len(got) != 0 || err != nil {
		t.Error(got, err)
	}
	for _, s := range []string{"one", "two\nlines", "three", "four", "five", "six", "seven"} {
		if err := f.Append(t.Context(), "id", s, now); err != nil {
			t.Fatal(err)
		}
	}
	got, err := f.Read()
	if want := []string{"five", "six", "seven"}; err != nil || !slices.Equal(got, want) {
		t.Errorf("%q, %v", got, err)
	}
}

// FuzzComposer types anything and holds that the cursor is in the text and on the screen.
func FuzzComposer(f *testing.F) {
	f.Add("hello\x1b[D\x17 日本語\x0a\x1b[A\x0b\x19", 10, true)
	f.Fuzz(func(t *testing.T, s string, width int, vim bool) {
		c := New()
		c.Vim.Switch(vim)
		width = 1 + (width&0xff)%100
		var d keys.Decoder
		for _, e := range append(d.Feed([]byte(s)), d.Flush()...) {
			if e.Kind == keys.Paste {
				c.Paste(e.Text)
			} else if !c.VimKey(e) {
				c.Key(e)
			}
			if c.cur < 0 || c.cur > len(c.text) {
				t.Fatalf("%q: the cursor is at %d of %d", s, c.cur, len(c.text))
			}
			lines, y, x := c.View(width, 10, text.Style{})
			if len(lines) > 10 || y < 0 || y >= len(lines) || x > width {
				t.Fatalf("%q: cursor %d,%d in %d rows of %d", s, x, y, len(lines), width)
			}
		}
	})
}
