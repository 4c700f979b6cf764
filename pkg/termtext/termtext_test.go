package termtext

import (
	"bytes"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestVisible(t *testing.T) {
	for in, want := range map[string]string{
		"":                                "",
		"plain\ttext\n":                   "plain\ttext\n",
		"Grüße, 世界, 👩\u200d🚀":             "Grüße, 世界, 👩\u200d🚀",
		"a\r\nb":                          "a\nb",
		"safe\rrm -rf":                    "safe^Mrm -rf",
		"\x1b]0;title\a":                  "^[]0;title^G",
		"\x1b]52;c;cm0=\x1b\\":            "^[]52;c;cm0=^[\\",
		"\x1b[2J\x1b[6n":                  "^[[2J^[[6n",
		"\x1b[31mred\x1b[0m":              "^[[31mred^[[0m",
		"\u009b2J \u009d0;x\u009c":        "<U+009B>2J <U+009D>0;x<U+009C>",
		"\x9b2J":                          "<9B>2J",
		"abc\u202efed\u2066x\u2069\u200f": "abc<U+202E>fed<U+2066>x<U+2069><U+200F>",
		"\x00\x7f\b\v\f":                  "^@^?^H^K^L",
		"line\u2028sep":                   "line<U+2028>sep",
		"a\u200bb\ufeff\u2060\u00ad":      "a<U+200B>b<U+FEFF><U+2060><U+00AD>",
		"x\U000e0041\U000e0100":           "x<U+E0041><U+E0100>",
		"\u2764\ufe0f \u0646\u200c\u0647": "\u2764\ufe0f \u0646\u200c\u0647",
		"cut \xe2\x80":                    "cut <E2><80>",
	} {
		if got := Visible(in); got != want {
			t.Errorf("Visible(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestOutput(t *testing.T) {
	for in, want := range map[string]string{
		"\x1b[1;31mred\x1b[0m\n":           "\x1b[1;31mred\x1b[0m\n",
		"\x1b[32mgreen\n":                  "\x1b[32mgreen\n\x1b[0m",
		"\x1b[mplain":                      "\x1b[mplain",
		"\x1b[38;5;8mgrey\x1b[m":           "\x1b[38;5;8mgrey\x1b[m",
		"\x1b[38;2;8;8;8mgrey\x1b[m":       "\x1b[38;2;8;8;8mgrey\x1b[m",
		"\x1b[4:3mcurly\x1b[0m":            "\x1b[4:3mcurly\x1b[0m",
		"\x1b[8mhidden\x1b[0m":             "^[[8mhidden\x1b[0m",
		"\x1b[1;08mhidden":                 "^[[1;08mhidden",
		"\x1b[31\x1b[2Jm":                  "^[[31^[[2Jm",
		"\x1b[>4;2m\x1b[?1m":               "^[[>4;2m^[[?1m",
		"\x1b[" + strings.Repeat("1;", 40): "^[[" + strings.Repeat("1;", 40),
		"\x1b[2J":                          "^[[2J",
		"\x1b[31m\x1b]0;t\a":               "\x1b[31m^[]0;t^G\x1b[0m",
	} {
		if got := Output(in); got != want {
			t.Errorf("Output(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestLine(t *testing.T) {
	if got := Line("a\nb\tc\r\nd\x1b[0m"); got != "a b c d^[[0m" {
		t.Errorf("%q", got)
	}
}

func TestWriter(t *testing.T) {
	var b bytes.Buffer
	n, err := Writer(&b).Write([]byte("x\x1b[2Jy"))
	if n != 6 || err != nil || b.String() != "x^[[2Jy" {
		t.Errorf("%d %v %q", n, err, b.String())
	}
}

// dangerous is written apart from what the package does: everything that is no text.
var dangerous = regexp.MustCompile(`[\x00-\x08\x0b-\x1f\x7f\x{80}-\x{9f}\x{61c}\x{200e}\x{200f}\x{2028}-\x{202e}\x{2066}-\x{206f}]`)

var colour = regexp.MustCompile(`\x1b\[[0-9;:]*m`)

func FuzzVisible(f *testing.F) {
	for _, s := range []string{"", "a\x1b[31mb", "\x1b]52;c;\a", "\x9b\xc2\x9b\u202e", "\r\n\r", "\x1b[8m", "\x1b[\x1b[1m", "\xf0\x9f"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		v := Visible(s)
		if dangerous.MatchString(v) || !utf8.ValidString(v) {
			t.Errorf("Visible(%q) = %q", s, v)
		}
		if Visible(v) != v {
			t.Errorf("%q changes again", v)
		}
		o := Output(s)
		if rest := colour.ReplaceAllString(o, ""); dangerous.MatchString(rest) || !utf8.ValidString(o) {
			t.Errorf("Output(%q) = %q", s, o)
		}
		if i := strings.LastIndex(o, "\x1b["); i >= 0 && !strings.HasPrefix(o[i:], "\x1b[m") && !strings.HasPrefix(o[i:], reset) {
			t.Errorf("colours of %q go on", o)
		}
		if l := Line(s); strings.ContainsAny(l, "\n\t") || dangerous.MatchString(l) {
			t.Errorf("Line(%q) = %q", s, l)
		}
	})
}
