package manpage

import (
	"bytes"
	"os/exec"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"codex/man"
)

func TestRender(t *testing.T) {
	for _, tc := range []struct{ name, src, want string }{
		{"section", ".Sh NAME\n.Nm prog\n.Nd does it\n", "NAME\n     prog - does it\n"},
		{"flags", ".Sh X\n.Fl c , Fl Fl config Ar key Ns = Ns Ar value\n", "X\n     -c, --config key=value\n"},
		{"flags of one macro", ".Sh X\n.Fl m , s | c\n", "X\n     -m, -s | -c\n"},
		{"optional", ".Sh X\n.Nm p\n.Op Fl m Ar model\n.Op Ar file ...\n.Oo a | b Oc\n", "X\n     p [-m model] [file ...] [a | b]\n"},
		{"marks", ".Sh X\n.Pq see Xr codex 1 ,\n.Ql --help .\n(text)\n", "X\n     (see codex(1)), '--help'. (text)\n"},
		{"escapes", ".Sh X\na\\-b \\(dqq\\(dq c\\e d\\&. \\fBbold\\fP\n", "X\n     a-b \"q\" c\\ d. bold\n"},
		{"list", ".Sh X\n.Bl -tag -width Ds\n.It Fl a\nfirst\n.It Fl Fl longer Ar x\nsecond\nline\n.El\nafter\n",
			"X\n     -a      first\n\n     --longer x\n             second line\n     after\n"},
		{"bullets", ".Sh X\n.Bl -bullet -compact\n.It\none\n.It\ntwo\n.El\n", "X\n     o   one\n     o   two\n"},
		{"numbers", ".Sh X\n.Bl -enum -compact\n.It\none\n.It\ntwo\n.El\n", "X\n     1.  one\n     2.  two\n"},
		{"literal", ".Sh X\n.Bd -literal -offset indent\nas  it\n\n  is\n.Ed\n", "X\n           as  it\n\n             is\n"},
		{"columns", ".Sh X\n.Bl -column \"abc\" \"d\"\n.It a Ta b\n.It ab Ta c\n.El\n", "X\n     a    b\n     ab   c\n"},
		{"xo", ".Sh X\n.Bl -tag -width Ds\n.It Xo\n.Fl a\n.Ar b\n.Xc\nbody\n.El\n", "X\n     -a b    body\n"},
		{"crlf", ".Sh X\r\ntext\r\n", "X\n     text\n"},
		{"unknown", ".Sh X\n.Zz a b\n", "X\n     Zz a b\n"},
		{"broken", ".It\n.El\n.Ed\n.Xc\n.Ta\n.\n\\\n.\"\n", "Ta \\ \"\n"},
	} {
		var b bytes.Buffer
		if err := Render(&b, []byte(tc.src)); err != nil || b.String() != tc.want {
			t.Errorf("%s: %v\n%s\nwant\n%s", tc.name, err, b.String(), tc.want)
		}
	}
}

func TestWrap(t *testing.T) {
	var b bytes.Buffer
	if err := Render(&b, []byte(".Sh X\n"+strings.Repeat("wörd ", 40)+"\n")); err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(b.String()) {
		if n := len([]rune(strings.TrimSuffix(line, "\n"))); n > width {
			t.Errorf("%d columns: %q", n, line)
		}
	}
}

func TestExamples(t *testing.T) {
	got, err := Examples([]byte(".\\\" other\n.Sh X\n.Dl no\n.Sh EXAMPLES\n.\\\" untested: why\n.Dl $ a \\(dqb\\(dq\n.Bd -literal\n$ c |\n  d\n.Ed\n.Sh Y\n.Dl no\n"))
	want := []Example{{`$ a "b"`, []string{"untested: why"}}, {"$ c |\n  d", nil}}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%q, %v", got, err)
	}
}

// TestPages holds that every page of ours is made of macros that are known here, and,
// where mandoc(1) is installed, that it says the same words in the same order.
func TestPages(t *testing.T) {
	mandoc, _ := exec.LookPath("mandoc")
	overstrike := regexp.MustCompile(".\x08")
	for _, name := range man.Names() {
		src, err := man.Read(name)
		if err != nil {
			t.Fatal(err)
		}
		var b bytes.Buffer
		r, err := parse(&b, src)
		if err != nil || len(r.unknown) > 0 {
			t.Errorf("%s: unknown macros %q, %v", name, r.unknown, err)
		}
		if mandoc == "" {
			continue
		}
		cmd := exec.Command(mandoc, "-T", "utf8", "-O", "width=1000")
		cmd.Stdin = bytes.NewReader(src)
		out, err := cmd.Output()
		if err != nil {
			t.Errorf("%s: mandoc: %v", name, err)
			continue
		}
		lines := strings.Split(strings.TrimSpace(overstrike.ReplaceAllString(string(out), "")), "\n")
		want := strings.Join(lines[1:len(lines)-1], "\n") // without head and foot
		if x, y := words(b.String()), words(want); !reflect.DeepEqual(x, y) {
			i := 0
			for i < min(len(x), len(y)) && x[i] == y[i] {
				i++
			}
			t.Errorf("%s, from word %d on:\n  ours   %q\n  mandoc %q", name, i, around(x, i), around(y, i))
		}
	}
}

// words takes a page apart; quotes, dashes and bullets may be drawn in different ways.
func words(s string) []string {
	s = strings.NewReplacer("‘", "'", "’", "'", "“", `"`, "”", `"`, "–", "-", "—", "--", "−", "-", "•", "o", "\u00a0", " ",
		"⟨", "<", "⟩", ">", "→", "->", "…", "...").Replace(s)
	return strings.Fields(s)
}

func around(w []string, i int) []string { return w[max(0, i-4):min(len(w), i+6)] }

func FuzzRender(f *testing.F) {
	for _, name := range man.Names() {
		src, err := man.Read(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(src)
	}
	f.Add([]byte(".Sh X\n.Bl -column a\n.It Xo Ta\n.Xc \"\n.It \\(\n.El\n.Bd -offset\n"))
	f.Fuzz(func(t *testing.T, src []byte) {
		if err := Render(&bytes.Buffer{}, src); err != nil {
			t.Error(err)
		}
	})
}
