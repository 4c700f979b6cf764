package text

import "bytes"

// blockKind is how a block of markdown is split and drawn.
type blockKind uint8

const (
	blockNone blockKind = iota
	blockParagraph
	blockTable
	blockHeading
	blockQuote
	blockItem
	blockFence
	blockIndented
	blockRule
	blockDefinition
	blockHTML // that ends at a tag of its own, and not at a blank line
)

// Bounds of a block that is still open: one that grows beyond its own is cut at the end of
// a line, so that a stream of any length needs little memory. What is cut goes on without
// a blank line between.
const (
	longestParagraph = 4 << 10
	longestChunk     = 4 << 10 // of code: lexers see chunks
	shortestChunk    = 1 << 10 // of code that ends at a blank line
	largestBlock     = 16 << 10
	longestPiece     = 16 << 10 // of a line
)

// block is a part of markdown that is drawn by itself: a top-level block, or an item of a
// list, or a piece of either.
type block struct {
	kind   blockKind
	src    []byte
	joined bool   // no blank line before it
	info   string // of a fence: its language
	number int    // of an item: its number in an ordered list, -1 for a bullet
}

// splitter takes markdown apart line by line, as CommonMark has it for the blocks that
// stand at the top. A line decides by itself and by what is open, never by what follows:
// so how the text was cut into deltas cannot change what comes out.
type splitter struct {
	emit func(block)
	open block
	gap  bool // a blank line was seen since the last text
	// of an open fence or item
	fence   fence
	content int  // the column where the text of the item begins
	mark    byte // the character of its marker
	inner   fence
	until   string // what ends an open block of HTML
	head    []byte // of an open table: its first two lines
	// of what was closed last; blockNone when it was cut
	last blockKind
	next int // the number of the item that would follow
}

// fence is an open fence; its mark is 0 when there is none.
type fence struct {
	mark   byte
	length int
	indent int
}

// closes says whether the line ends the fence.
func (f fence) closes(line []byte) bool {
	indent, rest := indentation(line)
	n := 0
	for n < len(rest) && rest[n] == f.mark {
		n++
	}
	return indent < 4 && n >= f.length && len(bytes.TrimSpace(rest[n:])) == 0
}

// line takes the next line, without its newline.
func (s *splitter) line(l []byte) {
	switch s.open.kind {
	case blockFence:
		s.inFence(l)
		return
	case blockItem:
		if s.inItem(l) {
			return
		}
	case blockHTML:
		open := s.until
		if s.grow(l, largestBlock); s.open.kind == blockHTML && bytes.Contains(bytes.ToLower(l), []byte(open)) {
			s.close()
		}
		return
	case blockIndented:
		if indent, rest := indentation(l); indent >= 4 || len(rest) == 0 {
			s.grow(l, longestChunk)
			return
		}
	case blockQuote:
		if _, rest := indentation(l); len(rest) > 0 && (rest[0] == '>' || s.continues(l)) {
			s.grow(l, longestParagraph)
			return
		}
	case blockParagraph, blockTable:
		if s.inParagraph(l) {
			return
		}
	}
	s.close()
	s.begin(l)
}

// inParagraph takes a line of the open paragraph or table; false when it is none.
func (s *splitter) inParagraph(l []byte) bool {
	_, rest := indentation(l)
	if len(rest) == 0 {
		return false
	}
	if s.open.kind == blockParagraph && underline(l) {
		s.open.src = append(append(s.open.src, '\n'), l...)
		s.close()
		return true
	}
	if !s.continues(l) {
		return false
	}
	if s.open.kind == blockParagraph && !bytes.Contains(s.open.src, []byte("\n")) && delimiterRow(l) && bytes.IndexByte(s.open.src, '|') >= 0 {
		s.open.kind = blockTable
		s.head = append(append(append(s.head[:0], s.open.src...), '\n'), l...)
	}
	if s.open.kind == blockTable {
		s.grow(l, largestBlock)
		return true
	}
	s.grow(l, longestParagraph)
	return true
}

// continues says whether the line goes on with a paragraph: it begins no other block.
func (s *splitter) continues(l []byte) bool {
	kind, _ := starts(l, true)
	return kind == blockParagraph || kind == blockIndented || kind == blockDefinition
}

// begin opens a block with the line.
func (s *splitter) begin(l []byte) {
	kind, at := starts(l, false)
	if kind == blockNone {
		s.gap = true
		if s.last == blockNone { // what was cut ends here
			s.last = blockParagraph
		}
		return
	}
	s.open = block{kind: kind, src: append(s.open.src[:0], l...), joined: s.last == blockNone, number: -1}
	switch kind {
	case blockHeading, blockRule, blockDefinition:
		s.open.joined = s.open.joined || kind == blockDefinition && s.last == blockDefinition && !s.gap
		s.close()
	case blockFence:
		s.fence = openFence(l)
		s.open.info = string(bytes.TrimSpace(bytes.TrimLeft(bytes.TrimSpace(l), "`~")))
		s.open.src = s.open.src[:0]
		s.gap = false
	case blockItem:
		s.beginItem(l, at)
	case blockHTML:
		if s.until = htmlEnd(l); bytes.Contains(bytes.ToLower(l), []byte(s.until)) {
			s.close()
		}
	}
	if s.open.kind != blockNone {
		s.gap = false
	}
}

// beginItem opens an item of a list, whose text begins at byte at of the line.
func (s *splitter) beginItem(l []byte, at int) {
	_, rest := indentation(l)
	mark := rest[0]
	number := -1
	if mark >= '0' && mark <= '9' {
		number = 0
		n := 0
		for rest[n] >= '0' && rest[n] <= '9' {
			number = number*10 + int(rest[n]-'0')
			n++
		}
		mark = rest[n]
	}
	if s.last == blockItem && s.mark == mark {
		s.open.joined = !s.gap
		if number >= 0 {
			number = s.next
		}
	}
	s.open.number, s.mark, s.content, s.inner = number, mark, at, fence{}
	if _, text := indentation(l[min(at, len(l)):]); len(text) > 0 {
		s.inner = openFence(text)
	}
}

// inItem takes a line of the open item; false when it is none.
func (s *splitter) inItem(l []byte) bool {
	indent, rest := indentation(l)
	switch {
	case len(rest) == 0:
		s.gap = true
		s.open.src = append(append(s.open.src, '\n'), l...)
		return len(s.open.src) < largestBlock
	case indent >= s.content:
		if s.inner.mark != 0 {
			if s.inner.closes(rest) {
				s.inner = fence{}
			}
		} else {
			s.inner = openFence(rest)
		}
	case s.inner.mark != 0 || s.gap || !s.continues(l):
		return false
	}
	s.gap = false
	s.grow(l, largestBlock)
	return true
}

// inFence takes a line of the open fence.
func (s *splitter) inFence(l []byte) {
	if s.fence.closes(l) {
		s.fence = fence{}
		s.close()
		return
	}
	for n := s.fence.indent; n > 0 && len(l) > 0 && l[0] == ' '; n-- {
		l = l[1:]
	}
	s.open.src = append(append(s.open.src, l...), '\n')
	if n := len(s.open.src); n >= longestChunk || n >= shortestChunk && len(l) == 0 {
		open := s.open
		s.emit(open)
		s.last = blockFence
		s.open = block{kind: blockFence, src: open.src[:0], joined: true, info: open.info}
	}
}

// grow adds a line to the open block, and cuts it when it is too large.
func (s *splitter) grow(l []byte, most int) {
	s.open.src = append(append(s.open.src, '\n'), l...)
	if len(s.open.src) < most {
		return
	}
	open := s.open
	s.emit(open)
	s.last = open.kind
	s.open = block{src: open.src[:0], number: -1, joined: true}
	switch open.kind {
	case blockTable:
		s.open.kind, s.open.src = blockTable, append(s.open.src, s.head...)
	case blockItem, blockIndented:
		s.last = blockNone // what follows is no part of it any more, but stands right below
	default:
		s.open.kind = blockNone
		s.last = blockNone
	}
}

// close ends the open block.
func (s *splitter) close() {
	open := s.open
	if open.kind == blockNone {
		return
	}
	if open.kind == blockItem || open.kind == blockIndented {
		open.src = bytes.TrimRight(open.src, "\n \t")
	}
	s.open = block{src: s.open.src[:0]}
	if open.kind == blockFence && len(open.src) == 0 && open.joined && s.last == blockFence {
		return
	}
	s.emit(open)
	s.last = open.kind
	s.next = open.number + 1
}
