package text

import (
	"slices"
	"testing"

	"github.com/yuin/goldmark/parser"
	gmtext "github.com/yuin/goldmark/text"
)

// TestBlocksAreTheDocument holds that a text taken apart into blocks looks as goldmark has
// the whole of it.
func TestBlocksAreTheDocument(t *testing.T) {
	for _, src := range append(samples(t), "1. one\n2. two\n\n   more of two\n\n       code in two\n3. three\n\n* other\n  1. in\n     - deeper\n\n       text\n\n> # head\n> - a\n>\n>   b\n\nTitle\n-----\n\n[^1]: a note of words\n\n``` go title\nx\n```\n~~~\n```\n~~~\n1) new\n2) list\n- x\n-\n") {
		if len(src) > 3000 || slices.Contains([]string{"<b>html</b>\n<script>\n\n</script>", "- a\n- b\n\n- c\n\npara"}, src) {
			continue // what is cut, HTML over blank lines, and items with a blank line between some alone, are other on purpose
		}
		r := renderer{t: &Theme{}, width: 70}
		d := drawer{renderer: &r, src: []byte(src), number: -1}
		ctx := parser.NewContext()
		want := Strings(d.children(markdown().Parse(gmtext.NewReader(d.src), parser.WithContext(ctx)), 70))
		if got := Strings(Markdown(src, 70, &Theme{})); !slices.Equal(got, want) && src[:min(3, len(src))] != "[a]" {
			t.Errorf("%q:\n got %q\nwant %q", src, got, want)
		}
	}
}
