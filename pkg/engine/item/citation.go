package item

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"codex/pkg/protocol"
)

// The tags around what an answer says of the memories that it rests on.
const (
	citeOpens  = "<oai-mem-citation>"
	citeCloses = "</oai-mem-citation>"
)

// Citations takes such blocks out of a text while it comes in pieces. A block that is not
// closed goes on to the end.
type Citations struct {
	inside bool
	held   string // may be a tag yet
	blocks []string
	block  strings.Builder
}

// Idle says that a piece without the begin of a tag passes as it is.
func (c *Citations) Idle() bool { return !c.inside && c.held == "" }

// Feed takes a piece and gives what is said in it.
func (c *Citations) Feed(piece string) (said string) {
	text := c.held + piece
	c.held = ""
	var out strings.Builder
	for text != "" {
		tag := citeOpens
		if c.inside {
			tag = citeCloses
		}
		before, after, found := strings.Cut(text, tag)
		if !found {
			n := overlap(text, tag)
			before, c.held = text[:len(text)-n], text[len(text)-n:]
		}
		if c.inside {
			c.block.WriteString(before)
		} else {
			out.WriteString(before)
		}
		if !found {
			break
		}
		if c.inside {
			c.end()
		}
		c.inside, text = !c.inside, after
	}
	return out.String()
}

// overlap is how many bytes at the end of a text may begin a tag.
func overlap(text, tag string) int {
	for n := min(len(text), len(tag)-1); n > 0; n-- {
		if strings.HasSuffix(text, tag[:n]) {
			return n
		}
	}
	return 0
}

func (c *Citations) end() {
	c.blocks = append(c.blocks, c.block.String())
	c.block.Reset()
}

// End gives what was held back, and what the text rests on: nil for nothing.
func (c *Citations) End() (said string, cited *protocol.MemoryCitation) {
	if c.inside {
		c.block.WriteString(c.held)
		c.end()
	} else {
		said = c.held
	}
	m := &protocol.MemoryCitation{Entries: protocol.List[protocol.MemoryCitationEntry]{}, ThreadIDs: protocol.List[string]{}}
	for _, b := range c.blocks {
		citeBlock(m, b)
	}
	*c = Citations{}
	if len(m.Entries)+len(m.ThreadIDs) == 0 {
		return said, nil
	}
	return said, m
}

// Cited takes the blocks out of a whole text.
func Cited(text string) (said string, cited *protocol.MemoryCitation) {
	if strings.IndexByte(text, '<') < 0 {
		return text, nil
	}
	var c Citations
	said = c.Feed(text)
	rest, cited := c.End()
	return said + rest, cited
}

// maxCited bounds what of a citation counts, of each kind.
const maxCited = 1000

// citeBlock adds what a block names.
func citeBlock(m *protocol.MemoryCitation, block string) {
	for line := range strings.Lines(between(block, "citation_entries")) {
		if e, ok := citeEntry(strings.TrimSpace(line)); ok && len(m.Entries) < maxCited {
			m.Entries = append(m.Entries, e)
		}
	}
	for id := range strings.Lines(cmp.Or(between(block, "rollout_ids"), between(block, "thread_ids"))) {
		if id = strings.TrimSpace(id); id != "" && len(m.ThreadIDs) < maxCited && !slices.Contains(m.ThreadIDs, id) {
			m.ThreadIDs = append(m.ThreadIDs, id)
		}
	}
}

// between is the text of the first element of a name, "" without one.
func between(text, name string) string {
	_, text, found := strings.Cut(text, "<"+name+">")
	text, _, closed := strings.Cut(text, "</"+name+">")
	if !found || !closed {
		return ""
	}
	return text
}

// citeEntry reads PATH:FIRST-LAST|note=[TEXT].
func citeEntry(line string) (e protocol.MemoryCitationEntry, ok bool) {
	const sep = "|note=["
	i := strings.LastIndex(line, sep)
	if i < 0 || !strings.HasSuffix(line, "]") {
		return e, false
	}
	e.Note = strings.TrimSpace(strings.TrimSuffix(line[i+len(sep):], "]"))
	at := strings.LastIndexByte(line[:i], ':')
	if at < 0 {
		return e, false
	}
	e.Path = strings.TrimSpace(line[:at])
	first, last, ok := strings.Cut(line[at+1:i], "-")
	from, err := strconv.ParseUint(strings.TrimSpace(first), 10, 32)
	to, err2 := strconv.ParseUint(strings.TrimSpace(last), 10, 32)
	e.LineStart, e.LineEnd = uint32(from), uint32(to)
	return e, ok && err == nil && err2 == nil
}
