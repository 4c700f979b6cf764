package loop

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/tidwall/gjson"

	"codex/pkg/frontend/tui/cells"
	"codex/pkg/frontend/tui/composer"
	"codex/pkg/frontend/tui/overlay"
	"codex/pkg/frontend/tui/state"
	"codex/pkg/frontend/tui/text"
	"codex/pkg/protocol"
)

// Sessions finds stored sessions, and makes requests that open them.
type Sessions interface {
	// Page gives sessions, the newest first, and whether there are more than q.Most. It is
	// called beside the loop.
	Page(ctx context.Context, q SessionQuery) (page []Session, more bool, err error)
	// Resume and Fork make the request that opens a session or a copy of it.
	Resume(ref string) (Request, error)
	Fork(ref string) (Request, error)
	// Turns gives the last turns of a session. It is called beside the loop.
	Turns(ctx context.Context, id string) ([]protocol.Turn, error)
	// Side opens a copy of a thread that nothing is kept of; an empty one when it has no turns.
	Side(th *state.Thread, turns bool) (Request, error)
	// New opens a new thread.
	New() Request
}

// SessionQuery says which sessions are wanted.
type SessionQuery struct {
	All     bool // of other folders too
	Created bool // sorted by when they began
	Most    int  // sessions
	// Unread hears of damaged session files, which are passed over.
	Unread func(error)
}

// Session is a stored session.
type Session struct {
	ID, Name, Preview, Cwd, Branch string
	Created, Updated               int64 // seconds since 1970
}

// header prints the box with which a thread begins.
func (l *Loop) header() {
	h := l.headerOf()
	l.state.Show(&h)
}

func (l *Loop) headerOf() cells.Header {
	th := &l.state.Thread
	return cells.Header{Version: th.Version, Model: th.Model, Effort: th.Effort, Directory: l.path(th.Cwd),
		Unrestricted: th.Approval == protocol.ApprovalNever && th.Sandbox.Type == protocol.SandboxPolicyDangerFullAccess}
}

// switchTo ends the thread and opens another one, with an engine of its own.
func (l *Loop) switchTo(r Request) {
	if l.Playing {
		l.unheard()
		return
	}
	if e := l.engine; e != nil && e.Stop == nil {
		l.complain("There is one session behind these pipes. Start codex anew for another one.")
		return
	}
	if l.state.Thread.ID != "" && l.asked > 0 {
		l.say("To continue the session before, run codex resume %s", l.state.Thread.ID)
	}
	if e := r.Elsewhere; e != nil {
		l.say("The session has worked in %s; it goes on in %s. codex resume asks where.", e.Dir, l.Cwd)
	}
	l.asked, l.side = 0, nil
	l.transcript.next()
	l.replace(r)
}

// replace opens another thread in the place of this one.
func (l *Loop) replace(r Request) {
	l.disband()
	l.Request, l.opened = r, false
	l.state = state.State{}
	l.steers = nil // what is queued was typed for what comes now
	if old := l.engine; old != nil && l.Start != nil && !old.Shared {
		l.engine = nil
		l.guard(old.Close)
		l.startEngine()
		return
	}
	l.open(r)
}

func (l *Loop) newThread() { l.switchTo(l.Sessions.New()) }

// clear empties the terminal's screen and begins a new thread.
func (l *Loop) clear() {
	l.wipe()
	l.newThread()
}

// clearScreen empties the screen. The terminal's scrollback stays: not all of it is ours.
func (l *Loop) clearScreen() {
	if l.state.Turn.Running {
		return
	}
	l.wipe()
	l.header()
	l.effects()
}

func (l *Loop) wipe() {
	if l.Plain {
		return
	}
	if err := l.screen.Clear(); err != nil {
		l.fail(err)
	}
	l.transcript.printed = false
	l.draw()
}

// resume opens a stored session: the one that is named, or one that is picked.
func (l *Loop) resume(ref string) {
	if ref == "" {
		l.pickSession(false)
		return
	}
	l.openSession(l.Sessions.Resume, ref)
}

// fork goes on with a copy of the thread.
func (l *Loop) fork() {
	if l.asked == 0 && !l.transcript.resumed {
		l.complain("A thread without messages cannot be forked.")
		return
	}
	l.openSession(l.Sessions.Fork, l.state.Thread.ID)
}

func (l *Loop) openSession(f func(string) (Request, error), ref string) {
	r, err := f(ref)
	if err != nil {
		l.complain("%v", err)
		return
	}
	l.switchTo(r)
}

// said is the text of a message of the user.
func said(u *protocol.UserMessageItem) string {
	var parts []string
	for _, c := range u.Content {
		if c.Type == protocol.UserInputText {
			parts = append(parts, c.Text)
		}
	}
	return strings.Join(parts, "\n")
}

// compact has the history summarized.
func (l *Loop) compact() {
	l.call(protocol.MethodThreadCompactStart, protocol.ThreadCompactStartParams{ThreadID: l.state.Thread.ID}, nil)
}

// rename names the thread.
func (l *Loop) rename(name string) {
	if name == "" {
		l.over(&overlay.Field{Title: "Name thread", Label: "Type a name and press enter", Text: []rune(l.state.Thread.Name), Done: func(s string) {
			if s = strings.TrimSpace(s); s != "" {
				l.rename(s)
			}
		}})
		return
	}
	l.request(protocol.MethodThreadNameSet, protocol.ThreadSetNameParams{ThreadID: l.state.Thread.ID, Name: name}, func(_ gjson.Result) {
		l.state.Thread.Name = name
		l.say("Thread renamed to %s", name)
	})
}

// plan switches to plan mode, and sends a message in it.
func (l *Loop) plan(message string) {
	l.setMode(protocol.ModeKindPlan, func() {
		if message != "" {
			l.sendText(message)
		}
	})
}

func (l *Loop) sendText(s string) { l.startTurn(composer.DraftOf(s)) }

// initPrompt asks for a guide to the repository.
const initPrompt = `Write a file named AGENTS.md in the root of this repository: a guide for contributors and coding agents.

Keep it short (200 to 400 words), in Markdown, with headings. Look at the repository first and say only what is true of it:
- how it is laid out: where source, tests and assets are
- the commands to build, test and run it
- coding style and naming, and the tools that check them
- how tests are written and run
- how commits and pull requests are made, as the history shows
- anything particular that a newcomer has to know

Give the commands and paths as they are here, with examples.`

const agentsThere = "There is an AGENTS.md already: /init leaves it as it is."

// initAgents has AGENTS.md written, unless there is one.
func (l *Loop) initAgents() {
	if l.shared() {
		l.initShared()
		return
	}
	if _, err := os.Lstat(filepath.Join(l.state.Thread.Cwd, "AGENTS.md")); err == nil {
		l.say(agentsThere)
		return
	}
	l.sendText(initPrompt)
}

// askTrust asks whether the folder is trusted, before anything of it is read.
func (l *Loop) askTrust() {
	root := cmp.Or(l.Config.TrustKey, l.Cwd)
	yes := func() {
		if err := l.Trust(); err != nil {
			l.complain("Store the decision: %v", err)
		}
		l.modal = nil
		l.ready()
	}
	no := func() { l.leave() }
	l.modal = &overlay.List{
		Above: []text.Line{
			text.Of("Folder: "+text.CleanLine(root), text.Style{}), nil,
			text.Of("Do you trust what is in this folder? Files of strangers can hold instructions that the model then follows. In a trusted folder the project's own settings, hooks and rules are read.", text.Style{}),
		},
		Title: "Codex, in a folder that is new to it", Hint: "enter to choose", Cancel: no,
		Items: []overlay.Item{choice("Yes, continue", 'y', yes), choice("No, quit", 'n', no)},
		Extra: quitKeys(no),
	}
	l.draw()
}

// enter asks what has to be asked before there is a thread.
func (l *Loop) enter() {
	l.signInFirst(func() {
		if l.Trust != nil {
			l.askTrust()
			return
		}
		l.ready()
	})
}

// ready goes on behind the question of trust: with the picker of sessions, or the engine.
func (l *Loop) ready() {
	if l.Pick != "" {
		l.pickSession(l.Pick == "fork")
		return
	}
	l.startIn(l.Request)
}

// startIn starts the first engine for a request, once it is known in which folder.
func (l *Loop) startIn(r Request) {
	l.Request = r
	if r.Elsewhere == nil {
		l.startEngine()
		return
	}
	l.over(&overlay.List{Title: "Choose the folder to go on in", Subtitle: "The session has worked in another folder than this one.", Cancel: l.startEngine,
		Hint: "Press enter to continue", Items: []overlay.Item{
			{Label: "Use the session's folder", Detail: "(" + r.Elsewhere.Dir + ")", Do: func() { l.move(r.Elsewhere) }},
			{Label: "Use the current folder", Detail: "(" + l.Cwd + ")", Do: l.startEngine},
		}})
}

// move goes to another folder before there is an engine.
func (l *Loop) move(e *Elsewhere) {
	l.beside(func(ctx context.Context) func() {
		o, err := e.Move(ctx)
		return func() {
			if err != nil {
				l.fail(err)
				return
			}
			l.Config, l.Cwd, l.Sessions, l.Request = o.Config, o.Cwd, o.Sessions, o.Request
			l.Start, l.Diff, l.Branch, l.Refs, l.Logout = o.Start, o.Diff, o.Branch, o.Refs, o.Logout
			l.startEngine()
		}
	})
}

// backtrack goes back to a message of the user: it is edited and sent anew, and what came
// after it is forgotten.
func (l *Loop) backtrack() {
	at := l.transcript.messages()
	if l.team.agentShown() {
		l.say("An agent at work cannot go back. Write to it instead.")
		return
	}
	if len(at) == 0 || !l.opened {
		l.say("There is no earlier message.")
		return
	}
	b := &backtracking{l: l, at: at, chosen: len(at) - 1}
	l.openPage(b.page())
}

// rollback takes the turn that begins with a message back, and those after it, and puts
// what was said into the composer.
func (l *Loop) rollback(entry int) {
	if !slices.Contains(l.transcript.messages(), entry) { // others have gone on with the thread meanwhile
		return
	}
	k := l.transcript.entries[entry]
	n := l.transcript.turn - k.turn + 1
	p := protocol.ThreadRollbackParams{ThreadID: l.state.Thread.ID, NumTurns: uint32(n)}
	l.request(protocol.MethodThreadRollback, p, func(_ gjson.Result) {
		l.transcript.back(k.turn)
		l.say("Went back %s. What is above this line from there on is forgotten.", turns(n))
		l.composer.Restore(draftOf(k.Item.(*protocol.UserMessageItem)))
	})
}

func turns(n int) string {
	if n == 1 {
		return "one turn"
	}
	return fmt.Sprintf("%d turns", n)
}

// draftOf is a message of the user as a draft, with its images.
func draftOf(u *protocol.UserMessageItem) composer.Draft {
	var c composer.Composer
	for _, in := range u.Content {
		if in.Type == protocol.UserInputLocalImage {
			c.Attach(in.Path)
		}
	}
	c.Insert(said(u))
	return c.Draft()
}

// logout forgets the stored credential and leaves: that of an app-server, or that of this
// machine.
func (l *Loop) logout() {
	done := func(err error) {
		if err != nil {
			l.complain("Log out: %v", err)
			return
		}
		l.leave()
	}
	if l.shared() {
		l.call(protocol.MethodAccountLogout, nil, func(_ gjson.Result, err error) { done(err) })
		return
	}
	l.beside(func(ctx context.Context) func() {
		err := l.Logout(ctx)
		return func() { done(err) }
	})
}
