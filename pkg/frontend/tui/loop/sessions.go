package loop

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"codex/pkg/config"
	"codex/pkg/frontend/tui/cells"
	"codex/pkg/frontend/tui/keys"
	"codex/pkg/frontend/tui/overlay"
	"codex/pkg/frontend/tui/text"
)

// picker chooses a stored session, on the whole screen. It asks for more sessions when
// those it has are not enough: at their end, and when they are searched.
type picker struct {
	l      *Loop
	fork   bool
	query  SessionQuery
	all    []Session
	more   bool // there are
	asked  int  // questions for sessions: the answer to the last one counts
	busy   bool // it has not come yet
	failed error
	told   []string // of damaged files
	search string
	at     int
	top    int
	full   bool // three rows for each
	page   int
}

// firstSessions is how many sessions the picker begins with.
const firstSessions = 1000

// pickSession shows the picker.
func (l *Loop) pickSession(fork bool) {
	p := &picker{l: l, fork: fork, query: SessionQuery{All: l.PickAll}, full: l.setting("session_picker_view") == "comfortable"}
	p.load()
	l.modal = nil
	l.openPage(p)
}

// load begins the list anew.
func (p *picker) load() {
	p.query.Most = firstSessions
	p.all, p.at, p.top, p.more, p.failed = nil, 0, 0, false, nil
	p.ask()
}

// ask asks for sessions, beside the loop. What is printed line by line waits for them.
func (p *picker) ask() {
	p.asked++
	p.busy = true
	asked, q, find := p.asked, p.query, p.l.Sessions.Page
	var unread []error
	q.Unread = func(err error) { unread = append(unread, err) }
	got := func(page []Session, more bool, err error) {
		if asked != p.asked {
			return
		}
		p.busy = false
		if p.failed = err; err == nil {
			p.all, p.more = page, more
			p.tell(unread)
			p.enough()
		}
		p.l.draw()
	}
	if p.l.Plain {
		got(find(p.l.ctx, q))
		return
	}
	p.l.beside(func(ctx context.Context) func() {
		page, more, err := find(ctx, q)
		return func() { got(page, more, err) }
	})
}

// tell names the files that are not in the list, each once.
func (p *picker) tell(unread []error) {
	for _, err := range unread {
		if text := "passed over: " + err.Error(); !slices.Contains(p.told, text) {
			p.told = append(p.told, text)
			p.l.show(&cells.Notice{Level: cells.Warning, Text: text})
		}
	}
}

// enough asks for more when there are more and they may be wanted.
func (p *picker) enough() {
	if p.more && !p.busy && (p.search != "" || p.at+1 >= len(p.all)) {
		p.query.Most *= 4
		p.ask()
	}
}

// found are the sessions that match what was typed.
func (p *picker) found() []Session {
	if p.search == "" {
		return p.all
	}
	var out []Session
	for _, s := range p.all {
		if strings.Contains(strings.ToLower(strings.Join([]string{s.Name, s.Preview, s.ID, s.Branch, s.Cwd}, "\n")), strings.ToLower(p.search)) {
			out = append(out, s)
		}
	}
	return out
}

// Key searches, moves and chooses.
func (p *picker) Key(e keys.Event) bool {
	defer p.enough()
	found := p.found()
	switch {
	case e.Is('c', keys.Ctrl):
		return p.quit()
	case e.Is(keys.Escape, 0) && p.search != "":
		p.search, p.at = "", 0
	case e.Is(keys.Escape, 0):
		return p.fresh()
	case e.Is(keys.Enter, 0) && p.at < len(found):
		return p.choose(found[p.at])
	case e.Is(keys.Up, 0), e.Is('p', keys.Ctrl):
		p.at = max(0, p.at-1)
	case e.Is(keys.Down, 0), e.Is('n', keys.Ctrl):
		p.at = min(max(0, len(found)-1), p.at+1)
	case e.Is(keys.PageUp, 0):
		p.at = max(0, p.at-p.page)
	case e.Is(keys.PageDown, 0):
		p.at = min(max(0, len(found)-1), p.at+p.page)
	case e.Is(keys.Home, 0):
		p.at = 0
	case e.Is(keys.End, 0):
		p.at = max(0, len(found)-1)
	case e.Is(keys.Tab, 0), e.Is(keys.Right, 0), e.Is(keys.Left, 0), e.Is('h', keys.Ctrl), e.Is('l', keys.Ctrl):
		p.query.All = !p.query.All
		p.load()
	case e.Is('s', keys.Ctrl):
		p.query.Created = !p.query.Created
		p.load()
	case e.Is('t', keys.Ctrl) && p.at < len(found):
		p.l.preview(found[p.at].ID)
	case e.Is('o', keys.Ctrl):
		p.full = !p.full
		p.l.save(config.Change{Path: []string{"tui", "session_picker_view"}, Value: map[bool]string{true: "comfortable", false: "dense"}[p.full]})
	default:
		if s, ok := e.Typed(p.search); ok {
			p.search, p.at = s, 0
		}
	}
	return false
}

// quit leaves the program, or the picker when there is a thread behind it.
func (p *picker) quit() bool {
	if p.l.engine == nil {
		p.l.leave()
	}
	return true
}

// fresh begins a new thread instead.
func (p *picker) fresh() bool {
	if p.l.engine == nil {
		p.l.startEngine()
	}
	return true
}

func (p *picker) choose(s Session) bool {
	open := p.l.Sessions.Resume
	if p.fork {
		open = p.l.Sessions.Fork
	}
	r, err := open(s.ID)
	switch {
	case err != nil:
		p.l.complain("%v", err)
	case p.l.engine == nil:
		p.l.startIn(r)
	default:
		p.l.switchTo(r)
	}
	return true
}

// View draws the picker.
func (p *picker) View(width, height int, t *text.Theme) ([]text.Line, int, int) {
	found := p.found()
	each := 1
	if p.full {
		each = 4
	}
	room := max(1, height-8)
	p.page = max(1, room/each)
	p.top = max(min(p.top, p.at), p.at-p.page+1)
	verb := "Resume"
	if p.fork {
		verb = "Fork"
	}
	out := []text.Line{text.Of(" "+verb+" a previous session", t.Bold), nil, p.filters(width, t), nil}
	for i := p.top; i < min(len(found), p.top+p.page); i++ {
		out = append(out, p.row(found[i], i == p.at, width, t)...)
	}
	if len(found) == 0 {
		out = append(out, text.Of(text.Clip("  "+p.none(), width), t.Dim))
	}
	for len(out) < height-4 {
		out = append(out, nil)
	}
	share := 100
	if len(found) > 1 {
		share = p.at * 100 / (len(found) - 1)
	}
	plus := ""
	if p.more {
		plus = "+"
	}
	mark := fmt.Sprintf(" %d / %d%s · %d%% ─", min(p.at+1, len(found)), len(found), plus, share)
	out = append(out, text.Of(strings.Repeat("─", max(0, width-text.Width(mark)))+mark, t.Dim),
		text.Of(text.Clip(" enter "+strings.ToLower(verb)+"   esc new   ctrl+c quit   tab folders   ctrl+s sort", width), t.Dim),
		text.Of(text.Clip(" ctrl+o more of each   ctrl+t what was said   ↑/↓ browse", width), t.Dim))
	return out[:min(len(out), height)], 2, 1 + text.Width(p.search)
}

// none says why there is nothing in the list.
func (p *picker) none() string {
	switch {
	case p.busy:
		return "Looking for sessions…"
	case p.failed != nil:
		return "The sessions cannot be listed: " + text.CleanLine(p.failed.Error())
	}
	return "No sessions here yet"
}

// filters is the row with the search and what is listed.
func (p *picker) filters(width int, t *text.Theme) text.Line {
	pick := func(first bool, a, b string) string {
		if first {
			return "[" + a + "] " + b
		}
		return a + " [" + b + "]"
	}
	right := "Filter: " + pick(!p.query.All, "Cwd", "All") + "   Sort: " + pick(!p.query.Created, "Updated", "Created")
	left := text.Line{{Text: " " + text.CleanLine(p.search)}}
	if p.search == "" {
		left = text.Of(" Type to search", t.Dim)
	}
	gap := width - left.Width() - text.Width(right) - 1
	if gap < 1 {
		return left
	}
	return append(left, text.Span{Text: strings.Repeat(" ", gap)}, text.Span{Text: right, Style: t.Dim})
}

func (p *picker) row(s Session, chosen bool, width int, t *text.Theme) []text.Line {
	style, mark := text.Style{}, "    "
	if chosen {
		style, mark = t.Accent.With(t.Bold), "  ❯ "
	}
	name := text.CleanLine(strings.Join(strings.Fields(cmp.Or(s.Name, s.Preview, s.ID)), " "))
	when := s.Updated
	if p.query.Created {
		when = s.Created
	}
	age := ago(p.l.Now().Sub(time.Unix(when, 0)))
	first := text.ClipLine(text.Line{{Text: mark, Style: style}, {Text: text.Pad(age, 12), Style: t.Dim}, {Text: name, Style: style}}, width)
	if !p.full {
		return []text.Line{first}
	}
	more := func(label, v string) text.Line {
		return text.ClipLine(text.Of("      "+label+" "+text.CleanLine(cmp.Or(v, "–")), t.Dim), width)
	}
	return []text.Line{first, more("folder", p.l.path(s.Cwd)), more("branch", s.Branch), nil}
}

// ago says how long ago something was.
func ago(d time.Duration) string {
	switch {
	case d < time.Minute:
		return fmt.Sprintf("%ds ago", max(0, int(d.Seconds())))
	case d < time.Hour:
		return fmt.Sprintf("%dm ago", int(d.Minutes()))
	case d < 24*time.Hour:
		return fmt.Sprintf("%dh ago", int(d.Hours()))
	}
	return fmt.Sprintf("%dd ago", int(d.Hours()/24))
}

var _ overlay.Overlay = (*picker)(nil)
