package text

import (
	"strings"
	"testing"
)

// TestHTML holds how HTML in markdown is drawn: as the text that it is, when its tags are
// known, and else as it stands.
func TestHTML(t *testing.T) {
	th := &Theme{Dim: Style{Attr: Dim}, Code: Style{FG: 7}}
	for _, c := range []struct{ src, want string }{
		{"<details>\n<summary>More</summary>\n\ntext\n\n</details>\n\nend", "More||text||end"},
		{"a<br>b<br/>c", "a|b|c"},
		{"press <kbd>Ctrl</kbd>+<b>C</b>", "press Ctrl+C"},
		{"see <a href=\"https://a.b/c\">this</a>, and <a href='https://a.b'>https://a.b</a>", "see this (https://a.b/c), and https://a.b"},
		{"<a href=\"javascript:x\">this</a>", "this"},
		{"<img src=\"a.png\" alt=\"A &amp; B\"> and <img alt=x>", "A & B (a.png) and <img alt=x>"},
		{"List<String> and a<b>c and </b> 1 < 2", "List<String> and ac and  1 < 2"},
		{"a <b>c", "a <b>c"},
		{"<MyPart size={1} />\n", "<MyPart size={1} />"},
		{"<!-- one\n\ntwo -->\n\nend", "<!-- one||two -->||end"},
		{"<pre>\n  x\n\n  y &lt;\n</pre>\nend", "  x||  y <||end"},
		{"<table>\n<tr><th>A</th><th>B</th></tr>\n<tr><td>1</td><td>2</td></tr>\n</table>", "A │ B|1 │ 2"},
		{"<ul>\n  <li>one</li>\n  <li>two <i>three</i></li>\n</ul>", "- one|- two three"},
		{"<script>\nlet a\n\nlet b\n</script>", "<script>|let a||let b|</script>"},
		{"<p align=\"center\">\n  <img src=\"l.png\" alt=\"Logo\">\n</p>", "Logo (l.png)"},
		{"<div>\n", ""},
		{"<!-- never closed\n\ntext", "<!-- never closed||text"},
	} {
		var got []string
		for _, l := range Markdown(c.src, 60, th) {
			got = append(got, strings.TrimRight(l.String(), " "))
		}
		if s := strings.Join(got, "|"); s != c.want {
			t.Errorf("%q: %q, want %q", c.src, s, c.want)
		}
	}
}

// TestHTMLLink holds that a link leads where its text says, or nowhere.
func TestHTMLLink(t *testing.T) {
	for _, l := range Markdown("<a href=\"https://a.b/c\">**x**</a> <a href=\"javascript:y\">y</a> z", 60, &Theme{}) {
		for _, s := range l {
			if want := map[string]string{"x": "https://a.b/c", "https://a.b/c": "https://a.b/c"}[s.Text]; s.Link != want {
				t.Errorf("%q leads to %q", s.Text, s.Link)
			}
		}
	}
}

// TestKnow holds that references that are defined later are used when they are known.
func TestKnow(t *testing.T) {
	src := "See [the docs][d] and [e].\n\n> [the docs][D]\n\n[d]: <https://a.b/c> \"T\"\n"
	s := NewStream(80, &Theme{})
	s.Know(src)
	lines := append(s.Append(src), s.Finish()...)
	if got := strings.Join(Strings(lines), "|"); got != "See the docs (https://a.b/c) and [e].||> the docs (https://a.b/c)||[d]: https://a.b/c \"T\"" {
		t.Error(got)
	}
}

func FuzzParseTag(f *testing.F) {
	for _, s := range []string{"<b>", "</a >", "<img src='x' alt=\"y\" z>", "<!-- x -->", "<a href=x/>", "<a b=\"", "<x = y>"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if !strings.HasPrefix(s, "<") {
			return
		}
		if tg, n := parseTag(s); n < 0 || n > len(s) || n > 0 && (s[n-1] != '>' || tg.name == "") {
			t.Errorf("%q: %v, %d", s, tg, n)
		}
	})
}
