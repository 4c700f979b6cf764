// Package loop is the terminal frontend at work: one goroutine that takes what comes
// (lines of the engine, input of the terminal, signals, answers of what runs beside it),
// changes the state, and draws. Nothing else draws, and nothing else touches the state.
//
// The engine is behind two pipes; the loop does not know what is on the other side. When
// the terminal takes a frame slowly the engine's lines wait: nothing is dropped.
//
// It imports the other packages of the frontend, protocol, jsonrpc and config.
package loop

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"codex/pkg/config"
	"codex/pkg/frontend/tui/cells"
	"codex/pkg/frontend/tui/composer"
	"codex/pkg/frontend/tui/keys"
	"codex/pkg/frontend/tui/overlay"
	"codex/pkg/frontend/tui/screen"
	"codex/pkg/frontend/tui/state"
	"codex/pkg/frontend/tui/text"
	"codex/pkg/frontend/tui/tty"
	"codex/pkg/jsonrpc"
	"codex/pkg/protocol"
	"codex/pkg/skills"
)

// Options are what a Loop is made of.
type Options struct {
	TTY     Terminal
	Getenv  func(string) string
	Cwd     string // of the thread
	Home    string // of the user
	Config  *config.Config
	Signals <-chan os.Signal
	Now     func() time.Time
	Stderr  io.Writer
	Die     func(sig os.Signal, status int) // ends the process

	// Start brings the engine, once it may begin. It is called beside the loop.
	Start func(ctx context.Context, ephemeral bool) (*Engine, error)
	// Request is what opens the thread; for a recording there is none.
	Request  Request
	Playing  bool // a recording: nobody listens
	Pick     string
	PickAll  bool
	Sessions Sessions

	Prompt  string // that is sent at once
	Images  []string
	Plain   bool                                                             // lines are printed, nothing is drawn: see plain
	NoAlt   bool                                                             // overlays stay on the main screen
	Diff    func(ctx context.Context, dir string) (string, error)            // of the work tree
	Branch  func(ctx context.Context, dir string, pull bool) (Branch, error) // of the work tree
	Refs    func(ctx context.Context, dir string) (Refs, error)              // of the work tree
	Logout  func(ctx context.Context) error                                  // forgets the credential of this machine
	Account Account                                                          // not nil: somebody has to sign in, and this does it
	Open    func(address string)                                             // in a browser
	Trust   func() error                                                     // not nil: the folder has to be trusted, and this stores it
}

// Terminal is what the loop draws on and reads from: *tty.TTY, see there.
type Terminal interface {
	io.ReadWriter
	Size() (cols, rows int)
	Title(s string) error
	Raw() error
	Restore()
	Crash()
	Cancel()
	Resume()
	Files() (in, out *os.File)
}

// Request is what is sent to open a thread.
type Request struct {
	Method    string
	Params    any
	Ephemeral bool // nothing is to be kept of it
	Quiet     bool // it has been on the screen
	// Stored, where it is set, reads what is shown of a session at once; the answer's turns
	// are not shown then. It is called beside the loop.
	Stored func() (Stored, error)
	// Elsewhere, where it is set, is the folder of a session that is another one than ours.
	Elsewhere *Elsewhere
}

// Elsewhere is another working folder. Move makes of the loop's options those that depend on
// the folder; it is called beside the loop.
type Elsewhere struct {
	Dir  string
	Move func(ctx context.Context) (Options, error)
}

// Result is how a session ended.
type Result struct {
	Thread string // "" when there is nothing to go on with
	Usage  protocol.ThreadTokenUsage
	Signal os.Signal // that ended it
	Err    error
}

// Loop is a session at the terminal.
type Loop struct {
	Options
	ctx      context.Context
	screen   *screen.Screen
	theme    *text.Theme
	look     text.Settings
	keys     keys.Decoder
	bindings *keys.Bindings
	keyTable map[string]any // as it is in config.toml
	badKeys  []keys.Problem

	threadView
	team     team
	away     *member // in whose name something is done: nothing of it is printed
	composer *composer.Composer
	engine   *Engine
	opened   bool // the thread is
	modal    overlay.Overlay
	modalAsk *state.Ask      // that the modal is about
	page     overlay.Overlay // on the whole screen
	popup    *overlay.Popup
	search   *historySearch
	side     *aside
	signing  *signIn // at an app-server
	sheet    bool    // of shortcuts
	raw      bool    // finished text is printed as it is
	notice   string  // in place of the footer, until a key
	primed   bool    // Esc was pressed on an empty composer

	out []text.Line // finished, and not drawn yet

	plain            plain
	inputs           chan input
	reading          sync.WaitGroup // who reads the terminal
	posts            chan func()
	wg               sync.WaitGroup
	timers           timers
	dirty            bool
	urgent           bool
	last             time.Time // frame
	beat             int
	placed           bool   // where the cursor is is known
	moving           bool   // a resize waits for the place of the cursor
	questions        int    // about that which have no answer yet
	sizing           bool   // the last of them asks for the size as well
	row, late        int    // where the cursor is; how often the size was another one
	itself           [2]int // the size that the terminal has said itself
	focused          bool
	enhanced         bool
	title            string
	typed            time.Time
	quit             bool
	result           Result
	placeholder      string
	closed, closedAt string // what was typed when a popup was closed
	branches         branches
	finder           *finder
	finding          int
	saved            chan struct{}       // closed when the newest settings are written
	skills           *[]skills.Skill     // once they were looked for
	chosen           map[string][]string // items of the status line and the title, by their setting
}

// New makes a Loop. Run runs it.
func New(o Options) *Loop {
	l := &Loop{Options: o, composer: composer.New(), inputs: make(chan input), posts: make(chan func(), 16), focused: true}
	l.look = text.Settings{Depth: depth(o.Getenv), Syntax: l.setting("theme")}
	l.bind()
	l.look.More = l.moreHint()
	l.theme, _ = text.NewTheme(l.look)
	l.raw = l.flag("raw_output_mode", false) && !l.Plain
	l.composer.Vim.Switch(l.flag("vim_mode_default", false))
	l.composer.History.Older = l.olderPrompts
	l.placeholder = suggestions[int(o.Now().UnixNano()/1e6)%len(suggestions)]
	return l
}

// suggestions stand in an empty composer.
var suggestions = [...]string{
	"How does this program begin?", "What changed this week?", "Make the tests pass", "What is wrong in @FILE?",
	"Test @FILE", "Is the comment in @FILE true?", "Try /review before a commit", "$NAME calls a skill",
}

// Run is a session from its begin to its end. The terminal is in raw mode when it begins;
// it gives the viewport back to whatever comes after, but does not restore the terminal.
func (l *Loop) Run(ctx context.Context) Result {
	ctx, cancel := context.WithCancel(ctx)
	defer l.wg.Wait()
	defer cancel()
	l.ctx = ctx
	if l.Plain {
		l.beginPlain()
	} else {
		l.begin()
	}
	l.startReading()
	defer l.TTY.Cancel()
	defer tty.Guard(l.TTY, l.Stderr, l.Die) // before anything is waited for
	for !l.quit {
		l.frame()
		l.step(ctx)
	}
	l.end()
	return l.result
}

// step waits for one thing and does it.
func (l *Loop) step(ctx context.Context) {
	var lines <-chan batch
	if l.engine != nil {
		lines = l.engine.lines
	}
	select {
	case in := <-l.inputs:
		l.input(in)
	case b := <-lines:
		l.take(b)
	case f := <-l.posts:
		f()
	case sig := <-l.Signals:
		l.signal(sig)
	case id := <-l.timers.fired:
		l.timeout(id)
	case <-ctx.Done():
		l.fail(context.Cause(ctx))
	}
}

// guard runs f beside the loop. When f panics the terminal is restored first.
func (l *Loop) guard(f func()) {
	l.wg.Go(func() {
		defer tty.Guard(l.TTY, l.Stderr, l.Die)
		f()
	})
}

// beside runs f beside the loop; what it returns runs in the loop.
func (l *Loop) beside(f func(ctx context.Context) func()) {
	l.guard(func() {
		if then := f(l.ctx); then != nil {
			l.post(then)
		}
	})
}

// attempt runs f beside the loop; an error is said behind what was attempted.
func (l *Loop) attempt(what string, f func(ctx context.Context) error) {
	l.beside(func(ctx context.Context) func() {
		if err := f(ctx); err != nil {
			return func() { l.complain("%s: %v", what, err) }
		}
		return nil
	})
}

func (l *Loop) post(f func()) {
	select {
	case l.posts <- f:
	case <-l.ctx.Done():
	}
}

// leave ends the session in good order.
func (l *Loop) leave() { l.quit = true }

// fail ends the session with an error.
func (l *Loop) fail(err error) {
	if l.result.Err == nil && !errors.Is(err, context.Canceled) {
		l.result.Err = err
	}
	l.quit = true
}

// end gives the screen back and says what is to be said after it.
func (l *Loop) end() {
	l.timers.stop()
	unsent := l.unsent()
	l.disband()
	l.finishMessage("")
	if l.page != nil {
		l.closePage()
	}
	if unsent != "" && (l.result.Err != nil || l.result.Signal != nil) {
		l.print(l.render(cells.Entry{Item: &cells.Notice{Level: cells.Warning, Text: "What was written and not sent:"}}))
		l.print(plainLines(unsent))
	}
	l.modal, l.popup = nil, nil
	if l.Plain {
		if err := l.endPlain(); err != nil && l.result.Err == nil {
			l.result.Err = err
		}
	} else if l.placed {
		err := l.screen.Draw(l.takeOut(), nil, screen.Cursor{})
		if err == nil {
			err = l.screen.Abandon()
		}
		if err != nil && l.result.Err == nil && l.result.Signal == nil {
			l.result.Err = err
		}
	}
	l.result.Usage = l.state.Usage
	if s := l.side; s != nil {
		l.asked, l.state.Thread.ID = s.asked, s.id
	}
	if l.asked > 0 || l.transcript.resumed {
		l.result.Thread = l.state.Thread.ID
	}
	if l.engine != nil {
		l.engine.Close()
	}
}

// setting is a word of [tui] in config.toml, flag a switch there.
func (l *Loop) setting(key string) string {
	s, _ := l.Config.Get("tui", key).(string)
	return s
}

func (l *Loop) flag(key string, otherwise bool) bool {
	if b, ok := l.Config.Get("tui", key).(bool); ok {
		return b
	}
	return otherwise
}

// show prints an entry of ours at once.
func (l *Loop) show(item protocol.ThreadItem) {
	l.state.Show(item)
	l.effects()
	l.draw()
}

// say prints a line of ours, complain one that tells of an error.
func (l *Loop) say(format string, args ...any) {
	l.show(&cells.Notice{Level: cells.Info, Text: fmt.Sprintf(format, args...)})
}

func (l *Loop) complain(format string, args ...any) {
	l.show(&cells.Notice{Level: cells.Error, Text: fmt.Sprintf(format, args...)})
}

// Engine is the other end of the protocol.
type Engine struct {
	In     *jsonrpc.Reader
	Out    func(line []byte) error
	Ended  func() error // says why the lines ended
	Stop   func()       // ends the engine; nil: it is not ours to end, and there is no other
	Shared bool         // it serves further threads

	lines chan batch
	gone  chan struct{} // closed when nobody takes the lines any more
	conn  *jsonrpc.Conn
	box   *jsonrpc.Outbox
}
