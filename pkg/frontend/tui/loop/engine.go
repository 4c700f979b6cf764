package loop

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/tidwall/gjson"

	"codex/pkg/cli/version"
	"codex/pkg/frontend/tui/cells"
	"codex/pkg/frontend/tui/tty"
	"codex/pkg/jsonrpc"
	"codex/pkg/protocol"
)

// batch are lines that came together.
type batch struct {
	lines []byte // each with its newline
	err   error  // that ended them
}

// MaxReplay is how many turns of a session are shown when it is resumed.
const MaxReplay = 100

// Bounds: how many bytes of lines are taken together, and what waits for the engine.
const (
	batchSize   = 128 << 10
	outboxLines = 1000
	outboxBytes = 64 << 20
)

// startEngine brings the engine and opens the thread.
func (l *Loop) startEngine() {
	if l.Start == nil {
		return
	}
	stored, ephemeral := l.Request.Stored, l.Request.Ephemeral
	saved := l.saved
	l.beside(func(ctx context.Context) func() {
		if saved != nil {
			<-saved
		}
		e, err := l.Start(ctx, ephemeral)
		var s Stored
		if err == nil && stored != nil { // while the engine starts
			s, err = stored()
		}
		return func() {
			if err != nil {
				l.engine = e
				l.fail(err)
				return
			}
			if stored != nil {
				l.showStored(&s)
			}
			l.connect(e)
		}
	})
}

// connect begins to talk.
func (l *Loop) connect(e *Engine) {
	e.lines, e.gone = make(chan batch), make(chan struct{})
	e.box = jsonrpc.NewOutbox(outboxLines, outboxBytes, false)
	e.conn = jsonrpc.NewConn(e.box, jsonrpc.Options{FirstID: 1, Handle: l.handle, Bad: l.bad})
	l.engine = e
	go func() { // not waited for at the end: standard input cannot be stopped to be read
		defer tty.Guard(l.TTY, l.Stderr, l.Die)
		e.read(l.ctx)
	}()
	if l.Playing {
		l.opened = true
		return
	}
	l.guard(func() { _ = e.box.Run(e.Out) }) // a lost engine is seen when reading
	l.call(protocol.MethodInitialize, protocol.InitializeParams{
		ClientInfo:   protocol.ClientInfo{Name: "codex-tui", Version: version.Compat},
		Capabilities: &protocol.InitializeCapabilities{ExperimentalApi: true, CodexTurn: true, AgentThreads: true},
	}, nil)
	_ = e.conn.Notify(protocol.NoteInitialized, nil) // as above
	switch {
	case l.Request.Method == "":
	case e.Shared:
		l.signInThere(func() { l.open(l.Request) })
	default:
		l.open(l.Request)
	}
}

// read gathers lines for the loop, as many as have come.
func (e *Engine) read(ctx context.Context) {
	for {
		line, err := e.In.ReadLine()
		b := batch{}
		for err == nil {
			b.lines = append(append(b.lines, line...), '\n')
			if e.In.Buffered() == 0 || len(b.lines) > batchSize {
				break
			}
			line, err = e.In.ReadLine()
		}
		if errors.Is(err, jsonrpc.ErrTooLong) {
			err = nil
		}
		b.err = err
		select {
		case e.lines <- b:
		case <-e.gone: // it must be able to write its last lines, to leave
		case <-ctx.Done():
			return
		}
		if err != nil {
			return
		}
	}
}

// Close ends the conversation; what was sent is written first.
func (e *Engine) Close() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	if e.gone != nil {
		close(e.gone)
	}
	if e.box != nil {
		e.box.Flush(ctx)
		e.box.Close()
	}
	if e.Stop != nil {
		e.Stop()
	}
}

// take takes lines of the engine.
func (l *Loop) take(b batch) {
	for rest := b.lines; len(rest) > 0; {
		line, more, _ := bytes.Cut(rest, []byte("\n"))
		rest = more
		if err := l.engine.conn.Line(line); err != nil {
			l.fail(err)
			return
		}
	}
	l.effects()
	l.draw()
	if b.err != nil {
		l.lost(b.err)
	}
}

// lost is the end of the engine's lines.
func (l *Loop) lost(err error) {
	if l.Playing && errors.Is(err, io.EOF) {
		l.engine.lines = nil
		l.finishMessage("")
		return
	}
	why := l.engine.Ended()
	if why == nil {
		why = errors.New("the engine has ended")
	}
	l.fail(why)
}

// bad is a line that is no message.
func (l *Loop) bad(line []byte, _ error) error {
	l.state.Notice(cells.Warning, fmt.Sprintf("passed over a line of the engine that is no message: %.80q", line), "")
	return nil
}

// handle takes what the engine says by itself.
func (l *Loop) handle(r *jsonrpc.Request) error {
	switch {
	case r.Kind != jsonrpc.KindRequest:
		switch {
		case r.Method == protocol.NoteThreadStarted && l.Playing:
			l.played(r.Params)
		case r.Method == protocol.NoteAccountLoginCompleted && l.signing != nil:
			l.signing.completed(gjson.ParseBytes(r.Params))
		}
		if m, ok := l.ofTeam(r.Method, r.Params); ok {
			l.offScreen(m, r.Method, r.Params)
			return nil
		}
		l.state.Notify(r.Method, r.Params, l.Now())
	case l.Playing:
	default:
		l.ask(r)
	}
	return nil
}

// played opens the thread of a recording.
func (l *Loop) played(params json.RawMessage) {
	th := gjson.GetBytes(params, "thread")
	if l.state.Thread.ID != "" && th.Get("source.subAgent").Exists() {
		return
	}
	l.state.Thread.ID, l.state.Thread.Cwd = th.Get("id").Str, th.Get("cwd").Str
	l.state.Show(&cells.Header{Version: th.Get("cliVersion").Str, Model: th.Get("modelProvider").Str, Directory: l.path(th.Get("cwd").Str)})
}

// call sends a request; then gets the answer, in the loop. An error is said when then is
// nil.
func (l *Loop) call(method string, params any, then func(result gjson.Result, err error)) {
	if l.Playing {
		l.unheard()
		return
	}
	if l.engine == nil {
		return
	}
	_, err := l.engine.conn.Start(method, params, func(raw json.RawMessage, err error) error {
		switch {
		case then != nil:
			then(gjson.ParseBytes(raw), err)
		case err != nil:
			l.state.Notice(cells.Error, err.Error(), "")
		}
		return nil
	})
	if err != nil {
		l.complain("%s: %v", method, err)
	}
}

// request is call for a request of a person's: an error is said, and then gets an answer only.
func (l *Loop) request(method string, params any, then func(result gjson.Result)) {
	l.call(method, params, func(result gjson.Result, err error) {
		if err != nil {
			l.complain("%v", err)
			return
		}
		then(result)
	})
}

// unheard says that what was asked for cannot be.
func (l *Loop) unheard() { l.say("This is a recording: there is nobody who hears it.") }

// open opens a thread.
func (l *Loop) open(r Request) {
	l.call(r.Method, r.Params, func(result gjson.Result, err error) {
		if err != nil {
			l.fail(err)
			return
		}
		var opened protocol.ThreadStartResponse
		if err := json.Unmarshal([]byte(result.Raw), &opened); err != nil {
			l.fail(fmt.Errorf("read the answer to %s: %w", r.Method, err))
			return
		}
		before := l.headerOf()
		l.state.Opened(opened)
		ours := result.Get("codexTurn")
		l.state.Thread.HideReasoning, l.state.Thread.RawReasoning = ours.Get("hideAgentReasoning").Bool(), ours.Get("showRawAgentReasoning").Bool()
		l.state.Thread.Summary = ours.Get("reasoningSummary").Str
		l.opened = true
		l.askBranch()
		switch {
		case r.Quiet:
		case r.Stored == nil || before != l.headerOf():
			l.header()
		}
		if r.Stored == nil && !r.Quiet {
			from := max(0, len(opened.Thread.Turns)-MaxReplay)
			l.replay(opened.Thread.Turns[from:], from > 0, 0)
		}
		l.effects()
		l.firstPrompt()
		l.draw()
	})
}
