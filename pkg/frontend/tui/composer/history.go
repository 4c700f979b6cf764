package composer

import "slices"

// History is what was written before: in this session, with its elements, and in others,
// which are read from a file once somebody asks.
type History struct {
	// Older reads what other sessions wrote, the oldest first. It is called once; nil is
	// for none.
	Older func() []string

	older   []string
	session []Draft
	at      int // what is shown, counted from the newest; 0: nothing
	shown   string
	before  Draft // what was being written
	read    bool
}

// Add takes note of something that was sent.
func (h *History) Add(d Draft) {
	if n := len(h.session); n == 0 || h.session[n-1].Shown() != d.Shown() {
		h.session = append(h.session, d)
	}
	const most, runes = 1000, 1 << 20
	n, size := len(h.session), 0
	for n > 0 && len(h.session)-n < most && size < runes {
		n--
		size += h.session[n].size()
	}
	h.session = slices.Delete(h.session, 0, n)
	h.at = 0
}

// size is how many characters and bytes a draft keeps.
func (d *Draft) size() int {
	n := len(d.text)
	for _, e := range d.elements {
		n += len(e.Text)
	}
	return n
}

func (h *History) load() {
	if !h.read && h.Older != nil {
		h.older = slices.Compact(h.Older())
	}
	h.read = true
}

// entry is the n-th, the newest is 1.
func (h *History) entry(n int) (Draft, bool) {
	h.load()
	if i := len(h.session) - n; i >= 0 {
		return h.session[i], true
	}
	if i := len(h.older) - (n - len(h.session)); i >= 0 {
		return DraftOf(h.older[i]), true
	}
	return Draft{}, false
}

// Recall shows the entry before (1) or behind (-1) the one that is shown, and says
// whether there is one. It is for a cursor at the start of the text or of an entry
// that has not been changed.
func (c *Composer) Recall(by int) bool {
	h := &c.History
	browsing := h.at > 0 && c.Shown() == h.shown
	if !browsing {
		h.at = 0
	}
	switch n := h.at + by; {
	case by > 0 && !c.Empty() && !browsing && !c.AtStart():
		return false
	case n < 0 || n == 0 && !browsing:
		return false
	case n == 0:
		c.Restore(h.before)
		h.at = 0
	default:
		d, ok := h.entry(n)
		if !ok {
			return false
		}
		if h.at == 0 {
			h.before = c.Draft()
		}
		c.Restore(d)
		h.at, h.shown = n, c.Shown()
	}
	c.settle()
	return true
}

// Search finds the entry that contains word, from the n-th on, into the past (1) or
// back (-1).
func (h *History) Search(word string, n, by int) (Draft, int, bool) {
	for ; n >= 1; n += by {
		d, ok := h.entry(n)
		if !ok {
			break
		}
		if containsFold(d.Shown(), word) {
			return d, n, true
		}
	}
	return Draft{}, 0, false
}
