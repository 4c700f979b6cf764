package item

import (
	"strings"
	"testing"
)

func TestProposal(t *testing.T) {
	for _, c := range []struct{ in, said, planned string }{
		{"no plan", "no plan", ""},
		{"a\n<proposed_plan>\nb\nc\n</proposed_plan>\nd", "a\nd", "b\nc\n"},
		{"<proposed_plan>\nonly\n</proposed_plan>", "", "only\n"},
		{"  <proposed_plan>  \nx\n\t</proposed_plan>\t\n", "", "x\n"},
		{"in a line <proposed_plan>\nx\n</proposed_plan>\n", "in a line <proposed_plan>\nx\n</proposed_plan>\n", ""},
		{"<proposed_plan>\nnot ended", "", "not ended"},
		{"<proposed_plan>", "<proposed_plan>", ""},
		{"<proposed_plan\nx", "<proposed_plan\nx", ""},
		{"<proposed_plan>\na\n</proposed_plan>\nb\n<proposed_plan>\nc\n</proposed_plan>\n", "b\n", "a\nc\n"},
		{"", "", ""},
	} {
		for size := 1; size <= len(c.in)+1; size++ {
			if said, planned := cutIn(c.in, size); said != c.said || planned != c.planned {
				t.Errorf("%q by %d: said %q, planned %q", c.in, size, said, planned)
			}
		}
	}
}

// cutIn feeds text in pieces.
func cutIn(text string, size int) (said, planned string) {
	var p Proposal
	for ; text != ""; text = text[min(size, len(text)):] {
		s, pl, _ := p.Feed(text[:min(size, len(text))])
		said, planned = said+s, planned+pl
	}
	s, pl := p.End()
	return said + s, planned + pl
}

// FuzzProposal: how the text is cut into pieces does not matter, and nothing but tags is
// lost.
func FuzzProposal(f *testing.F) {
	f.Add("a\n<proposed_plan>\nb\n</proposed_plan>\nc", 3)
	f.Add("<proposed_plan>\n</proposed_plan", 1)
	f.Add(" \t<proposed_plan>\r\nx", 2)
	f.Fuzz(func(t *testing.T, text string, size int) {
		if size <= 0 || len(text) > 1<<12 {
			return
		}
		said, planned := cutIn(text, size)
		if s, p := cutIn(text, len(text)+1); s != said || p != planned {
			t.Errorf("%q by %d: %q %q, whole: %q %q", text, size, said, planned, s, p)
		}
		lost := 0
		for line := range strings.Lines(text) {
			if l := strings.TrimSpace(line); l == planOpens || l == planCloses {
				lost += len(line)
			}
		}
		if kept := len(said) + len(planned); kept > len(text) || kept < len(text)-lost {
			t.Errorf("%q: %d of %d bytes", text, kept, len(text))
		}
	})
}
