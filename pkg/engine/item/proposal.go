package item

import (
	"strings"
	"unicode"
)

// The tags of a plan; each stands on a line of its own.
const (
	planOpens  = "<proposed_plan>"
	planCloses = "</proposed_plan>"
)

// Proposal cuts text into what is said and what is planned, while it comes in pieces. A
// line that may become a tag is kept back until that is known.
type Proposal struct {
	inside bool
	middle bool   // of a line that is no tag
	line   string // begun, may be a tag yet
}

// Feed takes a piece and gives what it adds to either; opened says that a plan began.
func (p *Proposal) Feed(piece string) (said, planned string, opened bool) {
	out := func(s string) {
		if p.inside {
			planned += s
		} else {
			said += s
		}
	}
	for piece != "" {
		head, rest, whole := strings.Cut(piece, "\n")
		if whole {
			head += "\n"
		}
		piece = rest
		if p.middle {
			out(head)
			p.middle = !whole
			continue
		}
		p.line += head
		tag := planOpens
		if p.inside {
			tag = planCloses
		}
		switch trimmed := strings.TrimSpace(p.line); {
		case whole && trimmed == tag:
			opened = opened || !p.inside
			p.inside, p.line = !p.inside, ""
		case !whole && (strings.HasPrefix(tag, strings.TrimLeftFunc(p.line, unicode.IsSpace)) || trimmed == tag):
			// not known yet
		default:
			out(p.line)
			p.line, p.middle = "", !whole
		}
	}
	return said, planned, opened
}

// End gives what was kept back: a last line may be a tag without a newline.
func (p *Proposal) End() (said, planned string) {
	line := p.line
	p.line = ""
	switch {
	case p.inside && strings.TrimSpace(line) == planCloses:
		p.inside = false
	case p.inside:
		return "", line
	default:
		return line, ""
	}
	return "", ""
}
