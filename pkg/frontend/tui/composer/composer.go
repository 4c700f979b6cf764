// Package composer is the text that a user is writing: a buffer with a cursor, pieces in
// it that count as one character (large pastes, images), what was deleted, and what was
// written before. It draws itself as lines.
//
// It is pure but for File, which is history.jsonl. It imports keys and text.
package composer

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// MaxText is how many characters may be sent at once, MaxPaste how many of a paste are
// shown as they are.
const (
	MaxText  = 1 << 20
	MaxPaste = 1000
)

// Element is a piece that counts as one character. Text is what it stands for; Image is
// the file or address of an image.
type Element struct {
	Label, Text, Image string
}

// firstElement is the first of the characters that stand for elements. They are of a
// plane for private use; those that a user types are dropped.
const (
	firstElement = 0xF0000
	lastElement  = 0xFFFFD
)

// Composer is the text that is being written.
type Composer struct {
	text     []rune
	cur      int
	elements []Element // of firstElement and on
	killed   []rune
	column   int // that vertical moves aim at, -1: the cursor's
	width    int // of the last layout

	Shell   bool // the text is a command line: "!"
	Vim     Vim
	History History
}

// New makes an empty one.
func New() *Composer { return &Composer{column: -1, width: 80} }

// Empty says whether nothing is written.
func (c *Composer) Empty() bool { return len(c.text) == 0 }

// Text is the text with what elements stand for.
func (c *Composer) Text() string { return c.expand(func(e Element) string { return e.Text }) }

// Shown is the text with the labels of elements.
func (c *Composer) Shown() string { return c.expand(func(e Element) string { return e.Label }) }

func (c *Composer) expand(f func(Element) string) string {
	var b strings.Builder
	for _, r := range c.text {
		if e, ok := c.element(r); ok {
			b.WriteString(f(e))
		} else {
			b.WriteRune(r)
		}
	}
	return b.String()
}

func (c *Composer) element(r rune) (Element, bool) {
	if r < firstElement || int(r-firstElement) >= len(c.elements) {
		return Element{}, false
	}
	return c.elements[r-firstElement], true
}

// Images are the images in the text, in its order.
func (c *Composer) Images() []string {
	var out []string
	for _, r := range c.text {
		if e, ok := c.element(r); ok && e.Image != "" {
			out = append(out, e.Image)
		}
	}
	return out
}

// Draft is a text that was put aside.
type Draft struct {
	text     []rune
	elements []Element
	Shell    bool
	Stored   bool // history.jsonl has it
}

// DraftOf makes one of plain text.
func DraftOf(s string) Draft { return Draft{text: harmless(s)} }

// Draft puts the text aside.
func (c *Composer) Draft() Draft {
	return Draft{text: append([]rune(nil), c.text...), elements: append([]Element(nil), c.elements...), Shell: c.Shell}
}

// Restore takes up a draft, the cursor at its end.
func (c *Composer) Restore(d Draft) {
	c.text, c.elements, c.Shell = append([]rune(nil), d.text...), append([]Element(nil), d.elements...), d.Shell
	c.cur, c.column = len(c.text), -1
}

// Set replaces the text.
func (c *Composer) Set(s string) { c.Restore(DraftOf(s)) }

// Edited replaces the text by what somebody has made of it. Images stay where their labels do.
func (c *Composer) Edited(s string) {
	s = string(harmless(s))
	for i, e := range c.elements {
		if r := firstElement + rune(i); e.Image != "" && slices.Contains(c.text, r) {
			s = strings.Replace(s, e.Label, string(r), 1)
		}
	}
	c.Restore(Draft{text: []rune(s), elements: c.elements, Shell: c.Shell})
	c.renumber()
}

// Clear empties the composer.
func (c *Composer) Clear() { c.Restore(Draft{}) }

// Text of a draft, with what elements stand for.
func (d Draft) Text() string { return (&Composer{text: d.text, elements: d.elements}).Text() }

// Shown is a draft's text with the labels of elements.
func (d Draft) Shown() string { return (&Composer{text: d.text, elements: d.elements}).Shown() }

// Images of a draft.
func (d Draft) Images() []string { return (&Composer{text: d.text, elements: d.elements}).Images() }

// Join puts drafts behind each other, a newline between them.
func Join(drafts ...Draft) Draft {
	var c Composer
	for _, d := range drafts {
		if len(d.text) == 0 {
			continue
		}
		if len(c.text) > 0 {
			c.text = append(c.text, '\n')
		}
		for _, r := range d.text {
			if r >= firstElement && int(r-firstElement) < len(d.elements) {
				c.elements = append(c.elements, d.elements[r-firstElement])
				r = firstElement + rune(len(c.elements)-1)
			}
			c.text = append(c.text, r)
		}
	}
	return c.Draft()
}

// harmless keeps of a text what may stand in a composer.
func harmless(s string) []rune {
	s = strings.ReplaceAll(s, "\t", "    ")
	out := make([]rune, 0, len(s))
	for _, r := range s {
		if r == '\n' || !unicode.IsControl(r) && (r < firstElement || r > lastElement) && r != utf8.RuneError {
			out = append(out, r)
		}
	}
	return out
}

// Insert puts text at the cursor.
func (c *Composer) Insert(s string) { c.insert(harmless(s)) }

func (c *Composer) insert(r []rune) {
	tail := append([]rune(nil), c.text[c.cur:]...)
	c.text = append(append(c.text[:c.cur], r...), tail...)
	c.cur += len(r)
	c.column = -1
}

// Paste puts pasted text at the cursor, as one piece when it is long.
func (c *Composer) Paste(s string) {
	if n := utf8.RuneCountInString(s); n > MaxPaste {
		c.Add(Element{Label: c.label(fmt.Sprintf("[Pasted Content %d chars]", n)), Text: string(harmless(s))})
		return
	}
	c.Insert(s)
}

// label makes a label that no other element has.
func (c *Composer) label(s string) string {
	same := 0
	for _, r := range c.text {
		if e, ok := c.element(r); ok && strings.HasPrefix(e.Label, s) {
			same++
		}
	}
	if same == 0 {
		return s
	}
	return fmt.Sprintf("%s #%d", s, same+1)
}

// Attach adds an image at the cursor.
func (c *Composer) Attach(path string) {
	c.Add(Element{Image: path})
	c.Insert(" ")
}

// Add puts an element at the cursor.
func (c *Composer) Add(e Element) {
	c.elements = append(c.elements, e)
	c.insert([]rune{firstElement + rune(len(c.elements)-1)})
	c.renumber()
}

// renumber names images by their order in the text.
func (c *Composer) renumber() {
	n := 0
	for _, r := range c.text {
		if e, ok := c.element(r); ok && e.Image != "" {
			n++
			label := fmt.Sprintf("[Image #%d]", n)
			c.elements[r-firstElement].Label, c.elements[r-firstElement].Text = label, label
		}
	}
}

// Token is the word around the cursor that begins with mark ('@' or '$'), without it.
func (c *Composer) Token(mark rune) (word string, ok bool) {
	from, to := c.token(mark)
	if from < 0 {
		return "", false
	}
	return string(c.text[from+1 : to]), true
}

func (c *Composer) token(mark rune) (from, to int) {
	from = c.cur
	for from > 0 && !unicode.IsSpace(c.text[from-1]) {
		from--
	}
	to = c.cur
	for to < len(c.text) && !unicode.IsSpace(c.text[to]) {
		to++
	}
	if from == to || c.text[from] != mark {
		return -1, -1
	}
	return from, to
}

// Complete replaces the word that Token gave.
func (c *Composer) Complete(mark rune, with string) {
	from, to := c.token(mark)
	if from < 0 {
		return
	}
	c.text = append(c.text[:from:from], c.text[to:]...)
	c.cur = from
	c.Insert(with + " ")
}

// AtStart says whether the cursor is before the text.
func (c *Composer) AtStart() bool { return c.cur == 0 }
