package loop

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/tidwall/gjson"

	"codex/pkg/frontend/tui/cells"
	"codex/pkg/frontend/tui/composer"
	"codex/pkg/frontend/tui/state"
	"codex/pkg/jsonrpc"
	"codex/pkg/protocol"
)

// threadView is what the loop knows of one thread: of that on the screen it is in the Loop,
// of the others in their members.
type threadView struct {
	state      state.State
	message    *message // that comes in
	transcript transcript
	steers     []composer.Draft // sent, and not taken yet
	queue      []composer.Draft // for after the turn
	stopping   bool             // an interrupt was sent
	afterStop  bool             // what is queued is sent once the turn has ended
	answers    []string         // newest last
	asked      int              // turns begun here

	terminals int    // commands in the background
	unseen    int    // entries of the transcript that were never on the screen
	coming    coming // a message that comes in while the thread is not on the screen
	unplanned string // how much the model thought before it was to plan
}

// coming is a part of a message: what came before it was on the screen.
type coming struct {
	id   string
	from int // bytes before
	text []byte
	lost bool // there was too much: it is shown when it is complete
}

// maxComing bounds the part of a message that waits for its thread to be shown.
const maxComing = 4 << 20

// member is a thread of a team: the session's own, the first, or that of an agent.
type member struct {
	threadView // while another one is shown
	id, name   string
	closed     bool
	known      bool // it is one of ours: the engine, or the app-server, has said so
	reading    bool // the app-server is asked whose it is
	unread     int  // how often it has not answered that, -1: it has
}

// team are the threads that work together: none, or the session's own and its agents.
type team struct {
	all   []*member
	shown *member // nil: the session's own
}

func (t *team) main() *member {
	if len(t.all) == 0 {
		return nil
	}
	return t.all[0]
}

func (t *team) find(id string) *member {
	for _, m := range t.all {
		if m.id == id {
			return m
		}
	}
	return nil
}

// name is what an agent is called, "" for one that is not known.
func (t *team) name(id string) string {
	if m := t.find(id); m != nil && m.known {
		return m.name
	}
	return ""
}

// agentShown says whether the thread of an agent is on the screen.
func (t *team) agentShown() bool { return t.shown != nil && t.shown != t.main() }

// join adds the thread of an agent; it begins with the settings of the session's own.
func (l *Loop) join(id string, known bool) *member {
	if m := l.team.find(id); m != nil {
		m.known = m.known || known
		return m
	}
	own := &l.state.Thread
	if l.team.main() == nil {
		l.team.all = append(l.team.all, &member{id: own.ID, name: "the main thread", known: true})
		l.team.shown = l.team.main()
	} else if l.team.shown != l.team.main() {
		own = &l.team.main().state.Thread
	}
	m := &member{id: id, name: agentName(id), known: known}
	m.state.Thread = *own
	m.state.Thread.ID, m.state.Thread.Name, m.state.Thread.ForkedFrom = id, "", ""
	l.team.all = append(l.team.all, m)
	return m
}

// agentName is the name of an agent that nobody has named.
func agentName(id string) string { return "agent " + id[max(0, len(id)-6):] }

// describe takes what is said of the thread of an agent. One of another thread than ours is
// forgotten.
func (l *Loop) describe(m *member, th gjson.Result) {
	parent := th.Get("source.subAgent.thread_spawn.parent_thread_id").Str
	if m.known = m.known || l.team.find(parent) != nil; !m.known {
		return
	}
	if name := th.Get("agentNickname").Str; name != "" {
		m.name = name
		if role := th.Get("agentRole").Str; role != "" {
			m.name += " (" + role + ")"
		}
	}
	v := &m.state
	if m == l.team.shown {
		v = &l.state
	}
	v.Thread.Path = th.Get("path").Str
	if cwd := th.Get("cwd").Str; cwd != "" {
		v.Thread.Cwd = cwd
	}
}

// ofTeam finds whose message of the engine it is: nil for that of the thread on the screen,
// or of nobody's. An app-server does not tell that an agent's thread has started, so that it
// is asked about one that is not known.
func (l *Loop) ofTeam(method string, params []byte) (m *member, taken bool) {
	p := gjson.ParseBytes(params)
	if method == protocol.NoteThreadStarted {
		th := p.Get("thread")
		if spawn := th.Get("source.subAgent.thread_spawn"); spawn.Exists() && l.state.Thread.ID != "" && th.Get("id").Str != l.state.Thread.ID {
			m := l.join(th.Get("id").Str, false)
			m.closed = false
			l.describe(m, th)
			return m, true
		}
		return nil, false
	}
	id := p.Get("threadId").Str
	if id == "" || id == l.state.Thread.ID || l.state.Thread.ID == "" || l.side != nil && id == l.side.id {
		return nil, false
	}
	if m := l.team.find(id); m != nil {
		l.identify(m)
		return m, true
	}
	if !l.shared() || !strings.HasPrefix(method, "item/") && !strings.HasPrefix(method, "turn/") {
		return nil, false
	}
	m = l.join(id, false)
	l.identify(m)
	return m, true
}

// mostUnread is how often it is asked about a thread in a row.
const mostUnread = 3

// identify asks an app-server whose a thread is that is not known, again when that fails: a
// question of an agent waits for it.
func (l *Loop) identify(m *member) {
	if m.known || m.reading || m.unread < 0 || !l.shared() {
		return
	}
	m.reading = true
	l.call(protocol.MethodThreadRead, protocol.ThreadReadParams{ThreadID: m.id}, func(r gjson.Result, err error) {
		m.reading = false
		if err != nil {
			if m.unread++; m.unread%mostUnread != 0 { // then with the next that comes of it
				l.identify(m)
			}
			return
		}
		m.unread = -1
		l.describe(m, r.Get("thread"))
		l.nextAsk()
		l.draw()
	})
}

// offScreen takes what the engine tells of a thread that is not on the screen.
func (l *Loop) offScreen(m *member, method string, params []byte) {
	if method == protocol.NoteThreadStatusChanged {
		m.closed = gjson.GetBytes(params, "status.type").Str == protocol.ThreadStatusNotLoaded
	}
	l.in(m, func() { l.state.Notify(method, params, l.Now()) })
	l.draw()
}

// in does something in the name of a thread that is not on the screen.
func (l *Loop) in(m *member, f func()) {
	if m == l.team.shown || m == nil {
		f()
		l.effects()
		return
	}
	outer, shown := l.away, l.team.shown
	l.threadView, m.threadView = m.threadView, l.threadView
	l.away, l.team.shown = m, m
	f()
	l.effects()
	l.away, l.team.shown = outer, shown
	l.threadView, m.threadView = m.threadView, l.threadView
}

// here keeps which thread is on the screen for f, which runs later.
func (l *Loop) here(f func()) func() {
	m := l.team.shown
	return func() {
		if m == nil { // the session's own: it may have got agents since
			m = l.team.main()
		}
		l.in(m, f)
	}
}

// comes takes more of a message of a thread that is not on the screen.
func (l *Loop) comes(id, s string) {
	c := &l.coming
	if c.id != id {
		l.cutComing()
		*c = coming{id: id}
	}
	if c.lost = c.lost || len(c.text)+len(s) > maxComing; c.lost {
		c.text = nil
		return
	}
	c.text = append(c.text, s...)
}

// cutComing keeps what came of a message that is not completed.
func (l *Loop) cutComing() {
	if c := &l.coming; len(c.text) > 0 {
		l.keep(cells.Entry{Item: &protocol.AgentMessageItem{Type: protocol.ItemAgentMessage, ID: c.id, Text: string(c.text)}})
	}
	l.coming = coming{}
}

// keep adds an entry to the transcript.
func (l *Loop) keep(e cells.Entry) {
	l.transcript.add(e)
	if l.away != nil {
		l.unseen++
	}
}

// maxUnseen bounds what is printed of a thread that comes to the screen.
const maxUnseen = 200

// showThread brings a thread to the screen: what happened in it while it was not there, and
// from then on what happens.
func (l *Loop) showThread(m *member) {
	if m == nil || m == l.team.shown {
		return
	}
	l.modal, l.modalAsk, l.primed = nil, nil, false
	l.leaveThread()
	l.threadView, m.threadView = m.threadView, l.threadView
	m.threadView, l.team.shown = threadView{}, m
	l.transcript.printed = true
	entries := l.transcript.entries
	skipped := max(0, min(l.unseen, len(entries))-maxUnseen)
	fresh := entries[len(entries)-min(l.unseen, len(entries))+skipped:]
	title := "Now: " + m.name
	if skipped > 0 {
		title += fmt.Sprintf(" (%d earlier entries are in its transcript)", skipped)
	}
	l.unseen = 0
	l.print(l.render(cells.Entry{Item: &cells.Notice{Level: cells.Info, Text: title, Hint: l.threadHint()}}))
	for _, k := range fresh {
		l.print(l.render(k.Entry))
	}
	if c := l.coming; c.id != "" && !c.lost {
		l.message = &message{id: c.id, stream: l.newStream(), from: c.from}
		l.grow(string(c.text))
	}
	l.coming = coming{}
	l.effects()
	l.draw()
}

// leaveThread puts the thread on the screen away. What of a message is not finished is
// printed; the rest of it comes when the thread does.
func (l *Loop) leaveThread() {
	left := l.team.shown
	if msg := l.message; msg != nil {
		l.coming = coming{id: msg.id, from: msg.from + msg.size}
		l.finishMessage("")
	}
	left.threadView = l.threadView
	l.threadView = threadView{}
}

func (l *Loop) threadHint() string {
	if l.team.agentShown() {
		return "what you type goes to this agent; /agent or alt-left shows other threads"
	}
	return ""
}

// stepThread shows the thread before or behind the one that is shown.
func (l *Loop) stepThread(by int) {
	var open []*member
	for _, m := range l.team.all {
		if m.known && (!m.closed || m == l.team.shown) {
			open = append(open, m)
		}
	}
	if len(open) < 2 {
		return
	}
	i := slices.Index(open, l.team.shown)
	l.showThread(open[(i+by+len(open))%len(open)])
}

// disband forgets the agents: their session ends.
func (l *Loop) disband() {
	l.showThread(l.team.main())
	l.team = team{}
}

// doing is the word of three for what a thread does.
func (v *threadView) doing(asks, works, rests string) string {
	switch {
	case len(v.state.Asks) > 0:
		return asks
	case v.state.Turn.Running:
		return works
	}
	return rests
}

// others says what the threads do that are not on the screen.
func (l *Loop) others() string {
	var parts []string
	for _, m := range l.team.all {
		if m == l.team.shown || !m.known {
			continue
		}
		if word := m.doing("asks", "works", ""); word != "" {
			parts = append(parts, m.name+" "+word)
		}
	}
	return strings.Join(parts, ", ")
}

// asking is a request to a person, with the thread that it comes from.
type asking struct {
	ask *state.Ask
	of  *member // nil: the thread on the screen
}

// asking are the requests that wait, those of the thread on the screen first.
func (l *Loop) asking() (all []asking) {
	for _, a := range l.state.Asks {
		all = append(all, asking{a, nil})
	}
	for _, m := range l.team.all {
		if m == l.team.shown || !m.known {
			continue
		}
		for _, a := range m.state.Asks {
			all = append(all, asking{a, m})
		}
	}
	return all
}

// from is the thread that a request comes from, where it is not on the screen.
func (l *Loop) from(a *state.Ask) *member {
	for _, x := range l.asking() {
		if x.ask == a {
			return x.of
		}
	}
	return nil
}

// hear takes a request of the engine's for a person.
func (l *Loop) hear(r *jsonrpc.Request) {
	m, _ := l.ofTeam(r.Method, r.Params)
	l.in(m, func() { l.state.Request(json.RawMessage(r.ID), r.Method, r.Params, l.Now()) })
	l.notifyAsk(m, r.Method, r.Params)
}
