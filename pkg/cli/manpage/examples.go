package manpage

import "io"

// Example is one display (.Dl, .D1, or a literal .Bd) of the section EXAMPLES.
type Example struct {
	Text  string   // as a reader sees it, lines joined by newlines
	Marks []string // the comments before it, since the display before that one
}

// Examples gives the displays of the section EXAMPLES in order, so that tests can run
// what the page promises.
func Examples(src []byte) ([]Example, error) {
	r, err := parse(io.Discard, src)
	return r.examples, err
}

func (r *renderer) example(text string) {
	if r.section == "EXAMPLES" {
		r.examples = append(r.examples, Example{text, r.marks})
	}
	r.marks = nil
}
