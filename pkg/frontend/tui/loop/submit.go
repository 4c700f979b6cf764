package loop

import (
	"context"
	"fmt"
	"net/url"
	"path/filepath"
	"slices"
	"strings"

	"github.com/tidwall/gjson"

	"codex/pkg/foreign"
	"codex/pkg/frontend/tui/composer"
	"codex/pkg/frontend/tui/state"
	"codex/pkg/protocol"
	"codex/pkg/shellwords"
)

// submit sends what is written: a command, a command line, or a message. While a turn runs
// a message goes to the model with what it hears next.
func (l *Loop) submit() {
	d, ok := l.accept()
	if ok {
		l.send(d, true)
	}
}

// queueOrSend keeps what is written for after the turn; without a turn it is sent.
func (l *Loop) queueOrSend() {
	if !l.state.Turn.Running {
		l.submit()
		return
	}
	if d, ok := l.accept(); ok {
		l.queue = append(l.queue, d)
	}
}

// accept takes what is written out of the composer, if it can be sent.
func (l *Loop) accept() (composer.Draft, bool) {
	c := l.composer
	d := c.Draft()
	body := strings.TrimSpace(d.Text())
	switch {
	case body == "" && c.Shell:
		l.say("Run a shell command by typing it after !, for example !ls")
		return d, false
	case body == "" && len(d.Images()) == 0:
		return d, false
	case len([]rune(body)) > composer.MaxText:
		l.complain("The message is too long: %d characters, %d may be sent.", len([]rune(body)), composer.MaxText)
		return d, false
	case !c.Shell && strings.HasPrefix(c.Shown(), "/") && !l.known(body):
		word, _, _ := strings.Cut(body, " ")
		l.say("There is no command '%s'; a \"/\" alone shows those there are.", word)
		return d, false
	}
	c.History.Add(d)
	c.Clear()
	l.popup = nil
	return d, true
}

// send sends a draft; steer says that a running turn may take it.
func (l *Loop) send(d composer.Draft, steer bool) {
	body := strings.TrimSpace(d.Text())
	switch {
	case d.Shell:
		l.store(&d, "!"+body)
		l.asked++
		l.call(protocol.MethodThreadShellCommand, protocol.ThreadShellCommandParams{ThreadID: l.state.Thread.ID, Command: body}, nil)
	case strings.HasPrefix(d.Shown(), "/") && l.known(body):
		l.slash(body)
	case l.state.Turn.Running && steer:
		l.store(&d, body)
		l.steer(d)
	case l.state.Turn.Running || !l.opened:
		l.queue = append(l.queue, d)
	default:
		l.store(&d, body)
		l.startTurn(d)
	}
}

// store adds a text to history.jsonl, once: a message that a turn did not take any more is
// sent again.
func (l *Loop) store(d *composer.Draft, body string) {
	if l.Config.History.Persistence == "none" || l.Playing || d.Stored {
		return
	}
	d.Stored = true
	f, id, now := l.historyFile(), l.state.Thread.ID, l.Now()
	l.beside(func(ctx context.Context) func() {
		if err := f.Append(ctx, id, body, now); err != nil {
			return func() { l.complain("%v", err) }
		}
		return nil
	})
}

func (l *Loop) historyFile() composer.File {
	return composer.File{Path: filepath.Join(l.Config.Home, "history.jsonl"), Bytes: l.Config.History.MaxBytes}
}

func (l *Loop) olderPrompts() []string {
	texts, err := l.historyFile().Read()
	if err != nil {
		l.complain("%v", err)
	}
	return texts
}

// inputOf is a draft as the protocol has it.
func (l *Loop) inputOf(d composer.Draft) []protocol.UserInput {
	var in []protocol.UserInput
	for _, path := range d.Images() {
		in = append(in, l.imageInput(path))
	}
	if body := strings.TrimSpace(d.Text()); body != "" {
		in = append(in, protocol.UserInput{Type: protocol.UserInputText, Text: body})
	}
	return in
}

// startTurn begins a turn.
func (l *Loop) startTurn(d composer.Draft) {
	l.asked++
	l.call(protocol.MethodTurnStart, protocol.TurnStartParams{ThreadID: l.state.Thread.ID, Input: l.inputOf(d)}, func(_ gjson.Result, err error) {
		if err != nil {
			l.complain("%v", err)
			l.composer.Restore(composer.Join(d, l.composer.Draft()))
		}
	})
}

// steer gives a message to the running turn. When the turn does not take it, it waits.
func (l *Loop) steer(d composer.Draft) {
	l.steers = append(l.steers, d)
	p := protocol.TurnSteerParams{ThreadID: l.state.Thread.ID, Input: l.inputOf(d), ExpectedTurnID: l.state.Turn.ID}
	refused := l.here(func() {
		if i := l.pendingSteer(d.Text()); i >= 0 {
			l.steers = append(l.steers[:i:i], l.steers[i+1:]...)
			l.queue = append([]composer.Draft{d}, l.queue...)
			l.sendQueued()
		}
	})
	l.call(protocol.MethodTurnSteer, p, func(_ gjson.Result, err error) {
		if err != nil {
			refused()
		}
	})
}

func (l *Loop) pendingSteer(body string) int {
	for i, d := range l.steers {
		if strings.TrimSpace(d.Text()) == strings.TrimSpace(body) {
			return i
		}
	}
	return -1
}

// consumed takes a message off those that wait: the engine has told it.
func (l *Loop) consumed(body string) {
	if i := l.pendingSteer(body); i >= 0 {
		l.steers = append(l.steers[:i:i], l.steers[i+1:]...)
	}
}

// turnEnded goes on with what was queued, or gives it back.
func (l *Loop) turnEnded(e state.TurnEnded) {
	l.stopping = false
	left := l.steers
	l.steers = nil
	switch {
	case e.Status == protocol.TurnStatusInterrupted && !l.afterStop:
		if waiting := append(left, l.queue...); len(waiting) > 0 {
			l.queue = nil
			l.composer.Restore(composer.Join(append(waiting, l.composer.Draft())...))
		}
	default:
		l.queue = append(left, l.queue...)
	}
	l.afterStop = false
	l.notifyTurn(e)
	l.askBranch()
	l.sendQueued()
}

// sendQueued sends what waits for the end of the turn: one message, and the commands
// before it.
func (l *Loop) sendQueued() {
	for len(l.queue) > 0 && !l.state.Turn.Running && l.opened && l.modal == nil {
		d := l.queue[0]
		l.queue = l.queue[1:]
		l.send(d, false)
		if !strings.HasPrefix(d.Shown(), "/") {
			return
		}
	}
}

// unsent is what was written and has not reached the model.
func (l *Loop) unsent() string {
	drafts := slices.Concat(l.steers, l.queue)
	for _, m := range l.team.all { // what is on the screen is not in its member
		drafts = slices.Concat(drafts, m.steers, m.queue)
	}
	return strings.TrimSpace(composer.Join(append(drafts, l.composer.Draft())...).Text())
}

// unqueue takes the last queued message back into the composer.
func (l *Loop) unqueue() {
	n := len(l.queue)
	if n == 0 {
		return
	}
	d := l.queue[n-1]
	l.queue = l.queue[:n-1]
	l.composer.Restore(composer.Join(l.composer.Draft(), d))
}

// firstPrompt sends the prompt of the command line.
func (l *Loop) firstPrompt() {
	if l.Prompt == "" && len(l.Images) == 0 {
		l.sendQueued()
		return
	}
	var c composer.Composer
	for _, path := range l.Images {
		c.Attach(path)
	}
	c.Insert(l.Prompt)
	l.Prompt, l.Images = "", nil
	if d := c.Draft(); strings.TrimSpace(d.Text()) != "" {
		c.History.Add(d)
		l.send(d, false)
	}
}

// imagePath says whether a pasted text is the name of an image file: as it is, as the address
// of a file, or as a shell takes it.
func (l *Loop) imagePath(s string) (string, bool) {
	s = strings.TrimSpace(s)
	if s == "" || len(s) > 4096 || strings.Contains(s, "\n") {
		return "", false
	}
	names := []string{s}
	if words, ok := shellwords.Split(s); ok && len(words) == 1 {
		names = append(names, words[0])
	}
	for _, name := range names {
		if rest, ok := strings.CutPrefix(name, "file://"); ok {
			if path, err := url.PathUnescape(rest); err == nil {
				names = append(names, path)
			}
		}
	}
	for _, name := range names {
		if path, ok := l.image(name); ok {
			return path, true
		}
	}
	return "", false
}

// image is the path of an image file that can be read.
func (l *Loop) image(name string) (string, bool) {
	switch strings.ToLower(filepath.Ext(name)) {
	case ".png", ".jpg", ".jpeg", ".gif", ".webp":
	default:
		return "", false
	}
	if !filepath.IsAbs(name) {
		name = filepath.Join(l.Cwd, name)
	}
	f, err := foreign.Open(name)
	if err != nil {
		return "", false
	}
	return name, f.Close() == nil
}

// path is a path as people write it: the user's home is ~.
func (l *Loop) path(p string) string {
	if rel, err := filepath.Rel(l.Home, p); l.Home != "" && err == nil && rel != ".." && !strings.HasPrefix(rel, ".."+string(filepath.Separator)) {
		if rel == "." {
			return "~"
		}
		return fmt.Sprintf("~%c%s", filepath.Separator, rel)
	}
	return p
}
