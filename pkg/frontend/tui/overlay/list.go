package overlay

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"codex/pkg/frontend/tui/keys"
	"codex/pkg/frontend/tui/text"
)

// Item is one thing to choose.
type Item struct {
	Label, Detail string
	Live          func() string // the Detail at each drawing, instead; may be nil
	On            *bool         // what it switches; nil: nothing
	Current       bool
	Shortcut      string       // shown behind the label
	Keys          []keys.Event // that choose it at once
	Do            func()       // may be nil
	Quiet         bool         // cannot be chosen
}

func (it *Item) detail() string {
	if it.Live != nil {
		return it.Live()
	}
	return it.Detail
}

// label is the Label, with a box where it switches something.
func (it *Item) label() string {
	switch {
	case it.On == nil:
		return it.Label
	case *it.On:
		return "[x] " + it.Label
	}
	return "[ ] " + it.Label
}

// List is a list to choose from.
type List struct {
	Above    []text.Line // wrapped, above the list
	Title    string
	Subtitle string
	Items    []Item
	Search   bool // letters narrow the list down
	Hint     string
	Bare     bool               // without a hint: how to choose is said elsewhere
	Below    func() []text.Line // a sample, between items and hint; may be nil
	Cancel   func()             // by Esc or Ctrl-C; nil: nothing
	Moved    func(i int)        // the selection has moved
	Extra    func(e keys.Event) (taken, done bool)
	Stay     bool // a choice does not end it
	At       int

	query string
}

const (
	confirmHint = "Press enter to confirm or esc to go back"
	cancelHint  = "Press enter to confirm or esc to cancel"
)

// Add adds an item, which is selected if it is the current one.
func (l *List) Add(it Item) {
	if it.Current {
		l.At = len(l.Items)
	}
	l.Items = append(l.Items, it)
}

// visible gives the numbers of the items that match what was typed.
func (l *List) visible() []int {
	var out []int
	for i, it := range l.Items {
		if l.query == "" || strings.Contains(strings.ToLower(it.label()+" "+it.detail()), strings.ToLower(l.query)) {
			out = append(out, i)
		}
	}
	return out
}

// Key moves, chooses, and ends the list.
func (l *List) Key(e keys.Event) bool {
	if e.Kind == keys.Paste {
		return l.letter(e)
	}
	if e.Kind != keys.Press {
		return false
	}
	if l.Extra != nil {
		if taken, done := l.Extra(e); taken {
			return done
		}
	}
	for i, it := range l.Items {
		if slices.ContainsFunc(it.Keys, func(k keys.Event) bool { return e.Is(k.Code, k.Mod) && !it.Quiet }) {
			return l.choose(i)
		}
	}
	switch {
	case e.Is(keys.Escape, 0) && l.Search && l.query != "":
		l.query = ""
		l.At = l.first()
	case e.Is(keys.Escape, 0), e.Is('c', keys.Ctrl):
		if l.Cancel != nil {
			l.Cancel()
		}
		return true
	case e.Is(keys.Enter, 0):
		return l.choose(l.At)
	case e.Is(keys.Up, 0), e.Is('p', keys.Ctrl), e.Is('k', keys.Ctrl), e.Is('k', 0) && !l.Search:
		l.step(-1)
	case e.Is(keys.Down, 0), e.Is('n', keys.Ctrl), e.Is('j', keys.Ctrl), e.Is('j', 0) && !l.Search:
		l.step(1)
	case e.Is(keys.PageUp, 0), e.Is('b', keys.Ctrl):
		l.jump(-listPage)
	case e.Is(keys.PageDown, 0), e.Is('f', keys.Ctrl):
		l.jump(listPage)
	case e.Is(keys.Home, 0):
		l.jump(-len(l.Items))
	case e.Is(keys.End, 0):
		l.jump(len(l.Items))
	default:
		return l.letter(e)
	}
	return false
}

func (l *List) letter(e keys.Event) bool {
	if l.Search {
		if query, ok := e.Typed(l.query); ok {
			l.query = query
			l.At = l.first()
		}
		return false
	}
	if r, ok := e.Char(); ok && r >= '1' && r <= '9' && int(r-'1') < len(l.Items) {
		return l.choose(int(r - '1'))
	}
	return false
}

func (l *List) first() int {
	if v := l.visible(); len(v) > 0 {
		return v[0]
	}
	return -1
}

// step moves the selection, around the ends.
func (l *List) step(by int) {
	v := l.visible()
	if len(v) == 0 {
		return
	}
	at := 0
	for i, n := range v {
		if n == l.At {
			at = i
		}
	}
	for range v {
		at = (at + by + len(v)) % len(v)
		if l.At = v[at]; !l.Items[l.At].Quiet {
			break
		}
	}
	if l.Moved != nil {
		l.Moved(l.At)
	}
}

// listPage is how many items a page is.
const listPage = 8

// jump moves the selection, as far as there are items.
func (l *List) jump(by int) {
	v := l.visible()
	at := max(0, slices.Index(v, l.At))
	for by := by; len(v) > 0; by-- {
		if l.At = v[max(0, min(len(v)-1, at+by))]; !l.Items[l.At].Quiet || by < -len(v) {
			break
		}
	}
	if l.Moved != nil {
		l.Moved(l.At)
	}
}

func (l *List) choose(i int) bool {
	if i < 0 || i >= len(l.Items) || l.Items[i].Quiet {
		return false
	}
	l.At = i
	if do := l.Items[i].Do; do != nil {
		do()
	}
	return !l.Stay
}

// View draws title, items and hint. When there is not room for all, the items around the
// selected one are shown.
func (l *List) View(width, height int, t *text.Theme) ([]text.Line, int, int) {
	var head []text.Line
	if l.Title != "" {
		head = append(head, text.Wrap([]text.Line{text.Of(l.Title, t.Bold)}, width-2)...)
	}
	if l.Subtitle != "" {
		head = append(head, text.Wrap([]text.Line{text.Of(l.Subtitle, t.Dim)}, width-2)...)
	}
	head = append(head, l.Above...)
	head = append([]text.Line{nil}, wrapped(head, width)...)
	row, col := -1, 0
	if l.Search {
		row, col = len(head), 2+text.Width(l.query)
		q := text.Line{span("  ", text.Style{}), span(text.CleanLine(l.query), text.Style{})}
		if l.query == "" {
			q = text.Line{span("  Type to search", t.Dim)}
		}
		head = append(head, q)
	}
	if len(head) > 1 {
		head = append(head, nil)
	}
	hint := cmp.Or(l.Hint, confirmHint)
	var foot []text.Line
	if l.Below != nil {
		foot = append(foot, nil)
		foot = append(foot, wrapped(l.Below(), width)...)
	}
	if !l.Bare {
		foot = append(append(foot, nil), wrapped([]text.Line{text.Of(hint, t.Dim)}, width)...)
	}
	if height-len(foot) < 3 {
		foot = nil // what is chosen comes before how to choose
	}
	room := max(1, height-len(foot)-1)
	if len(head) > room-1 {
		head = head[max(0, len(head)-max(0, room-3)):]
		row = -1
	}
	body := l.body(width, max(1, height-len(head)-len(foot)), t)
	return append(append(head, body...), foot...), row, col
}

// body draws the items that have room.
func (l *List) body(width, height int, t *text.Theme) []text.Line {
	v := l.visible()
	if len(v) == 0 {
		return []text.Line{text.Of("  no matches", t.Dim)}
	}
	labels := make([]text.Line, len(v))
	wide := 0
	for i, n := range v {
		labels[i] = l.label(n, t)
		if l.Items[n].detail() != "" {
			wide = max(wide, labels[i].Width())
		}
	}
	wide = min(wide, max(20, width*2/5))
	var rows [][]text.Line
	at := 0
	for i, n := range v {
		if n == l.At {
			at = i
		}
		rows = append(rows, l.item(n, labels[i], wide, width, t))
	}
	from, to := window(rows, at, height)
	var out []text.Line
	for _, r := range rows[from:to] {
		out = append(out, r...)
	}
	return out[:min(len(out), height)]
}

// window is the range of items around one that fits into height rows.
func window(rows [][]text.Line, at, height int) (from, to int) {
	from, to = at, at+1
	n := len(rows[at])
	for {
		switch {
		case to < len(rows) && n+len(rows[to]) <= height && (to-at <= at-from || from == 0 || n+len(rows[from-1]) > height):
			n += len(rows[to])
			to++
		case from > 0 && n+len(rows[from-1]) <= height:
			from--
			n += len(rows[from])
		default:
			return from, to
		}
	}
}

func (l *List) label(n int, t *text.Theme) text.Line {
	it := l.Items[n]
	style := text.Style{}
	mark := "  "
	if n == l.At {
		style, mark = t.Accent.With(t.Bold), "› "
	}
	if it.Quiet {
		style = t.Dim
	}
	s := text.CleanLine(it.label())
	if !l.Search && n < 9 {
		s = fmt.Sprintf("%d. %s", n+1, s)
	}
	if it.Current {
		s += " (current)"
	}
	line := text.Line{span(mark, style), span(s, style)}
	if it.Shortcut != "" {
		line = append(line, span(" (", style), span(it.Shortcut, style.With(t.Dim)), span(")", style))
	}
	return line
}

// item draws an item: its label, and the detail beside it.
func (l *List) item(n int, label text.Line, wide, width int, t *text.Theme) []text.Line {
	it := l.Items[n]
	detail := it.detail()
	if detail == "" {
		rest := text.Of("     ", text.Style{})
		return text.WrapIndented([]text.Line{label}, width, nil, rest)
	}
	style := t.Dim
	if n == l.At {
		style = t.Accent
	}
	if label.Width() > wide {
		label = text.ClipLine(label, wide)
	}
	first := text.Filled(label, wide+2, text.Style{})
	rest := text.Of(strings.Repeat(" ", wide+2), text.Style{})
	var out []text.Line
	for i, d := range text.Wrap([]text.Line{text.Of(text.CleanLine(detail), style)}, max(8, width-wide-2)) {
		p := rest
		if i == 0 {
			p = first
		}
		out = append(out, append(append(text.Line{}, p...), d...))
	}
	return out
}
