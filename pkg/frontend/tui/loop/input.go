package loop

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"syscall"
	"time"

	"codex/pkg/frontend/tui/cells"
	"codex/pkg/frontend/tui/keys"
	"codex/pkg/frontend/tui/screen"
	"codex/pkg/frontend/tui/text"
	"codex/pkg/frontend/tui/tty"
)

// input is what the terminal sent, or why it sends no more.
type input struct {
	bytes []byte
	err   error
}

// readTerminal brings input to the loop.
func (l *Loop) readTerminal() {
	buf := make([]byte, 16<<10)
	for {
		n, err := l.TTY.Read(buf)
		if errors.Is(err, tty.ErrCancelled) {
			return
		}
		if n == 0 && err == nil {
			err = io.EOF
		}
		select {
		case l.inputs <- input{bytes.Clone(buf[:n]), err}:
		case <-l.ctx.Done():
			return
		}
		if err != nil {
			return
		}
	}
}

// Timers of the loop.
const (
	timerFrame = iota
	timerBeat
	timerEscape
	timerPlace
	timerSettle
	timerAsk
	timerCount
)

// How long: a frame at 120 Hz, a beat of what moves, an escape that may begin a sequence,
// an answer of the terminal, a resize to be over, typing before a question is put.
const (
	frameTime  = time.Second / 120
	beatTime   = 250 * time.Millisecond
	escapeTime = 30 * time.Millisecond
	placeTime  = 500 * time.Millisecond // a connection over half the world has 300
	settleTime = 75 * time.Millisecond
	quietTime  = time.Second
)

// timers are the loop's. One that is set again begins anew; one that is off has no cost.
type timers struct {
	all   [timerCount]*time.Timer
	on    [timerCount]bool
	fired chan int
	done  chan struct{}
}

func (t *timers) set(id int, d time.Duration) {
	if t.fired == nil {
		t.fired, t.done = make(chan int), make(chan struct{})
	}
	if t.all[id] != nil {
		t.all[id].Stop()
	}
	t.on[id] = true
	fired, done := t.fired, t.done // of this time: stop forgets them
	t.all[id] = time.AfterFunc(max(0, d), func() {
		select {
		case fired <- id:
		case <-done:
		}
	})
}

func (t *timers) off(id int) { t.on[id] = false }

func (t *timers) stop() {
	for _, x := range t.all {
		if x != nil {
			x.Stop()
		}
	}
	if t.done != nil {
		close(t.done)
		t.fired, t.done = nil, nil
	}
}

// timeout is a timer that has run out. One that was switched off meanwhile is nothing.
func (l *Loop) timeout(id int) {
	if !l.timers.on[id] {
		return
	}
	l.timers.on[id] = false
	switch id {
	case timerBeat:
		l.beat++
		l.draw()
	case timerEscape:
		l.events(l.keys.Flush())
	case timerPlace:
		l.place(-1)
	case timerSettle:
		l.askPlace()
	case timerAsk:
		l.nextAsk()
		l.draw()
	}
}

// begin asks the terminal where its cursor is and how it looks.
func (l *Loop) begin() {
	cols, rows := l.TTY.Size()
	l.screen = screen.New(l.TTY, cols, rows, 0)
	l.screen.Unbroken(l.raw)
	l.askCursor("\x1b]10;?\x07\x1b]11;?\x07\x1b[?u\x1b[c")
	if _, ok := text.NewTheme(l.look); !ok {
		l.state.Notice(cells.Warning, fmt.Sprintf("There is no theme %q; /theme lists those there are.", l.look.Syntax), "")
	}
	l.tellBadKeys()
	l.tellBadItems()
	l.enter()
}

// ask0 sends the terminal a question.
func (l *Loop) ask0(s string) {
	if _, err := io.WriteString(l.TTY, s); err != nil {
		l.fail(err)
	}
}

// askPlace asks where the cursor is after a resize.
func (l *Loop) askPlace() {
	cols, rows := l.TTY.Size()
	l.screen.Resize(cols, rows)
	if l.message != nil {
		l.message.resize(cols)
	}
	if l.screen.Alternate() {
		l.moving = false
		l.draw()
		return
	}
	l.moving = true
	l.sizing = true
	l.askCursor("\x1b7\x1b[9999;9999H\x1b[6n\x1b8")
	l.questions++
}

// askCursor asks in which row the cursor is, and more.
func (l *Loop) askCursor(more string) {
	l.questions++
	l.timers.set(timerPlace, placeTime)
	l.ask0("\x1b[6n" + more)
}

// position takes where the cursor is. An answer to an earlier question than the last, or from
// before a resize that goes on, is of a screen that is no more. After a resize it is told where
// the last cell is, too: a multiplexer says late that it has another size, and what is drawn
// before that would be in the wrong rows.
func (l *Loop) position(col, row int) {
	l.questions = max(0, l.questions-1)
	switch {
	case l.timers.on[timerSettle]:
	case l.sizing && l.questions == 1:
		l.row = row
	case l.questions > 0:
	case l.sizing:
		l.sizing = false
		if l.waits(col+1, row+1) {
			l.timers.off(timerPlace)
			l.timers.set(timerSettle, settleTime)
			return
		}
		l.place(l.row)
	default:
		l.place(row)
	}
}

// waits says whether a terminal that says of which size it is has still to say the same to
// the program: as long as that size becomes another one, and for some time after that.
func (l *Loop) waits(cols, rows int) bool {
	now := [2]int{cols, rows}
	c, r := l.screen.Size()
	if now == [2]int{c, r} || now != l.itself {
		l.late = 0
	}
	l.itself = now
	l.late++
	return now != [2]int{c, r} && l.late <= mostLate
}

// mostLate is how often a terminal is asked that keeps another size than it says.
const mostLate = 8

// place takes the row of the cursor (from 0), -1 when the terminal does not say it.
func (l *Loop) place(row int) {
	if row < 0 {
		l.questions, l.sizing = 0, false
	}
	l.timers.off(timerPlace)
	_, rows := l.screen.Size()
	switch {
	case !l.placed:
		if row < 0 {
			row = rows - 1
		}
		l.screen.Begin(row)
		l.placed = true
	case l.moving:
		if row >= 0 {
			l.screen.Anchor(row, rewraps(l.Getenv))
		}
		l.moving = false
	default:
		return
	}
	l.draw()
}

// rewraps says whether a terminal breaks its rows anew when it gets narrower. Nearly all
// do.
func rewraps(getenv func(string) string) bool {
	term := getenv("TERM")
	return getenv("XTERM_VERSION") == "" && term != "linux" && (getenv("STY") == "" || getenv("TMUX") != "")
}

// input takes what the terminal sent.
func (l *Loop) input(in input) {
	if l.Plain {
		l.inputPlain(in)
		return
	}
	if in.err != nil {
		l.fail(errors.New("the terminal is gone"))
		l.result.Signal = syscall.SIGHUP
		return
	}
	l.timers.off(timerEscape)
	l.events(l.keys.Feed(in.bytes))
	if l.keys.Waiting() {
		l.timers.set(timerEscape, escapeTime)
	}
}

func (l *Loop) events(events []keys.Event) {
	for _, e := range events {
		if l.quit {
			return
		}
		l.event(e)
	}
}

func (l *Loop) event(e keys.Event) {
	switch e.Kind {
	case keys.Focus, keys.Blur:
		l.focused = e.Kind == keys.Focus
	case keys.Position:
		l.position(e.X-1, e.Y-1)
	case keys.Enhanced:
		l.enhanced = true
	case keys.Color:
		l.color(e)
	case keys.Attributes:
	case keys.Press, keys.Paste:
		l.typed = l.Now()
		l.notice = ""
		l.key(e)
		l.effects()
		l.draw()
		l.urgent = true
	}
}

// color takes one of the terminal's own colours.
func (l *Loop) color(e keys.Event) {
	c, ok := parseColor(e.Text)
	if !ok {
		return
	}
	if e.X == 10 {
		l.look.FG = c
	} else {
		l.look.BG = c
	}
	l.theme, _ = text.NewTheme(l.look)
	l.draw()
}

// parseColor reads rgb:RRRR/GGGG/BBBB and #RRGGBB.
func parseColor(s string) (text.Color, bool) {
	var v [3]uint8
	parts := bytes.Split(bytes.TrimPrefix([]byte(s), []byte("rgb:")), []byte("/"))
	if len(s) == 7 && s[0] == '#' {
		parts = [][]byte{[]byte(s[1:3]), []byte(s[3:5]), []byte(s[5:7])}
	}
	if len(parts) != 3 {
		return 0, false
	}
	for i, p := range parts {
		n := 0
		for _, c := range p[:min(2, len(p))] {
			d := bytes.IndexByte([]byte("0123456789abcdef"), c|0x20)
			if d < 0 {
				return 0, false
			}
			n = n<<4 | d
		}
		if len(p) == 1 {
			n *= 17
		}
		v[i] = uint8(n)
	}
	return text.RGB(v[0], v[1], v[2]), len(parts[0]) > 0
}

// signal takes a signal.
func (l *Loop) signal(sig os.Signal) {
	switch sig {
	case resized:
		if l.Plain {
			l.screen.Resize(l.TTY.Size())
			return
		}
		l.moving = true
		l.timers.off(timerPlace)
		l.timers.set(timerSettle, settleTime)
	case syscall.SIGPIPE:
	case os.Interrupt: // somebody sent it: the terminal is raw, but for plain mode
		if l.state.Turn.Running {
			l.interrupt()
			return
		}
		if l.Plain {
			l.leave()
			return
		}
		l.result.Signal = sig
		l.leave()
	default:
		l.result.Signal = sig
		l.leave()
	}
}
