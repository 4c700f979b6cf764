package telemetry

import (
	"strings"
	"testing"
	"unicode/utf8"
)

func TestExcerpt(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"", ""},
		{"all\n", "all\n"},
		{strings.Repeat("x", excerptBytes), strings.Repeat("x", excerptBytes)},
		{strings.Repeat("x", excerptBytes+1), strings.Repeat("x", excerptBytes) + excerptMark},
		{strings.Repeat("x", excerptBytes-1) + "ä", strings.Repeat("x", excerptBytes-1) + excerptMark},
		{strings.Repeat("x\n", excerptLines), strings.Repeat("x\n", excerptLines)},
		{strings.Repeat("x\n", excerptLines+1), strings.TrimSuffix(strings.Repeat("x\n", excerptLines), "\n") + excerptMark},
	} {
		if got := Excerpt(c.in); got != c.want || !utf8.ValidString(got) {
			t.Errorf("%.20q (%d bytes): %q", c.in, len(c.in), got)
		}
	}
}
