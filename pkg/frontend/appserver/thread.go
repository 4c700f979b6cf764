package appserver

import (
	"bytes"
	"encoding/json"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/tidwall/gjson"

	"codex/pkg/protocol"
	"codex/pkg/thread"
)

// loadedThread is a loaded thread: who listens to it, what is known of it, and maybe its engine.
// Requests about it run in its queue, one after the other.
type loadedThread struct {
	s    *Server
	id   string
	eph  bool
	path string // of the session file, which may not be there yet
	// parent has the engine where the thread is that of an agent; nil for all others.
	parent *loadedThread
	busy   atomic.Bool
	// warnings are about what its settings are made of; engines of other threads have others.
	warnings []string

	mu       sync.Mutex
	subs     map[*conn]struct{}
	begun    protocol.ThreadStartResponse // what it runs under, as it was loaded
	start    json.RawMessage              // params of thread/start, resume or fork
	client   protocol.ClientInfo          // who loaded it
	status   protocol.ThreadStatus
	turn     *protocol.Turn            // the running one
	settings json.RawMessage           // the engine's last threadSettings, nil before a change
	usage    []byte                    // the last thread/tokenUsage/updated
	limits   []byte                    // the last account/rateLimits/updated
	keep     bool                      // the engine knows what no file does
	seed     []json.RawMessage         // history that is in no file of the thread
	memory   protocol.ThreadMemoryMode // to be written when there is a file
	paused   uint64                    // thread/increment_elicitation
	commands map[string]bool           // items of commands that have not ended
	agents   map[string]bool           // of the thread that are open: they end with its engine
	asks     []*ask                    // questions of the engine that wait, oldest first
	child    *child
	stale    bool // what the child has read of settings is no longer so
	timer    *time.Timer
}

// adopt registers a thread that has been made, with its first subscriber; false when
// another one has its id.
func (s *Server) adopt(t *loadedThread, c *conn) bool {
	t.s = s
	t.status = protocol.ThreadStatus{Type: protocol.ThreadStatusIdle}
	t.subs = map[*conn]struct{}{c: {}}
	c.mu.Lock()
	if c.client != nil {
		t.client = *c.client
	}
	c.mu.Unlock()
	t.begun.Thread = t.shown(t.begun.Thread)
	return s.add(t)
}

// add registers a thread; false when another one has its id.
func (s *Server) add(t *loadedThread) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.threads[t.id] != nil {
		return false
	}
	s.threads[t.id] = t
	return true
}

// drop forgets a thread.
func (s *Server) drop(t *loadedThread) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.threads[t.id] == t {
		delete(s.threads, t.id)
	}
}

// do runs a job in the thread's queue.
func (t *loadedThread) do(job func()) { t.s.queue.Do(threadKey(t.id), job) }

// subscribers gives who listens; t.mu is held.
func (t *loadedThread) subscribers() []*conn {
	all := make([]*conn, 0, len(t.subs))
	for c := range t.subs {
		all = append(all, c)
	}
	return all
}

// tell sends a line to the subscribers.
func (t *loadedThread) tell(method string, line []byte) {
	t.mu.Lock()
	subs := t.subscribers()
	t.mu.Unlock()
	for _, c := range subs {
		c.note(method, line)
	}
}

func (t *loadedThread) note(method string, params any) { t.tell(method, noteLine(method, params)) }

// setStatus tells everybody what the thread is doing.
func (t *loadedThread) setStatus(s protocol.ThreadStatus) {
	t.mu.Lock()
	t.status = s
	t.mu.Unlock()
	t.s.broadcast(protocol.NoteThreadStatusChanged, protocol.ThreadStatusChangedNotification{ThreadID: t.id, Status: s})
}

// unsubscribe says whether c was a subscriber. A thread that nobody listens to is
// unloaded after a while.
func (t *loadedThread) unsubscribe(c *conn) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	_, was := t.subs[c]
	delete(t.subs, c)
	if was {
		t.s.unfollow(t, c)
		t.rest()
	}
	return was
}

// rest sets the clock for what has to happen when nothing happens; t.mu is held.
func (t *loadedThread) rest() {
	if t.timer != nil {
		t.timer.Stop()
		t.timer = nil
	}
	var d time.Duration
	switch {
	case t.turn != nil, t.parent != nil, t.agentsWork(): // an agent goes when it is closed, or with its engine
		return
	case t.child != nil && t.idle():
		if !t.stale {
			d = t.s.opts.Linger
		}
	case len(t.subs) == 0:
		d = t.s.opts.Unload
	default:
		return
	}
	t.timer = time.AfterFunc(d, func() { t.do(t.rested) })
}

// resting is rest for who does not hold t.mu.
func (t *loadedThread) resting() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.rest()
}

// idle tells whether the engine can go without a loss; t.mu is held.
func (t *loadedThread) idle() bool {
	return t.turn == nil && len(t.commands) == 0 && len(t.agents) == 0 && len(t.asks) == 0 && t.paused == 0 && !t.keep && !t.eph && t.child.rpc.Pending() == 0 && t.materialized()
}

func (t *loadedThread) materialized() bool {
	_, err := os.Stat(t.path)
	return t.path != "" && err == nil
}

// rested lets the engine go, or else the thread, if it still has nothing to do. It runs
// in the queue.
func (t *loadedThread) rested() {
	t.mu.Lock()
	if t.turn != nil || t.agentsWork() || t.s.thread(t.id) != t {
		t.mu.Unlock()
		return
	}
	idle := t.child != nil && t.idle()
	alone := len(t.subs) == 0 && len(t.commands) == 0
	t.mu.Unlock()
	switch {
	case idle:
		t.letGo()
	case alone:
		t.unload()
	}
}

// letGo lets an idle engine leave. It runs in the queue.
func (t *loadedThread) letGo() {
	t.mu.Lock()
	c := t.child
	idle := c != nil && t.idle()
	t.mu.Unlock()
	if !idle {
		return
	}
	c.release(t.s.opts.Grace)
	t.resting()
}

// retire ends what runs and forgets the thread.
func (t *loadedThread) retire() {
	t.end(t.s.opts.Grace)
	t.s.drop(t)
	t.setStatus(protocol.ThreadStatus{Type: protocol.ThreadStatusNotLoaded})
}

// unload forgets the thread and tells everybody.
func (t *loadedThread) unload() {
	t.retire()
	t.s.broadcast(protocol.NoteThreadClosed, protocol.ThreadClosedNotification{ThreadID: t.id})
}

// end interrupts what runs and waits for the engine.
func (t *loadedThread) end(grace time.Duration) {
	t.mu.Lock()
	if t.timer != nil {
		t.timer.Stop()
	}
	c := t.child
	t.mu.Unlock()
	if c != nil {
		c.terminate(grace)
	}
}

// describe is the thread as clients see it now.
func (t *loadedThread) describe() protocol.Thread {
	t.mu.Lock()
	d := t.begun.Thread
	t.mu.Unlock()
	if t.path != "" {
		if h, err := thread.Read(t.path); err == nil {
			d = h.Thread(t.s.names.Of(t.s.home))
		}
	}
	d.Turns = nil
	if t.parent != nil {
		d.SessionID = t.parent.id
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.shown(d)
}

// shown is th, which is this thread, with what is known while it is loaded; t.mu is held.
func (t *loadedThread) shown(th protocol.Thread) protocol.Thread {
	th.Status, th.CanAcceptDirectInput = t.status, new(t.parent == nil)
	begun := t.nowBegun()
	th.Model, th.ReasoningEffort = protocol.Optional(begun.Model), begun.ReasoningEffort
	return th
}

// nowBegun is how the thread was begun, with the settings that it has now; t.mu is held.
func (t *loadedThread) nowBegun() protocol.ThreadStartResponse {
	begun := t.begun
	var now protocol.ThreadSettings
	if t.settings != nil && json.Unmarshal(t.settings, &now) == nil {
		begun.Model, begun.Cwd, begun.ApprovalPolicy, begun.Sandbox, begun.ReasoningEffort = now.Model, now.Cwd, now.ApprovalPolicy, now.SandboxPolicy, now.Effort
		begun.ActivePermissionProfile = now.ActivePermissionProfile
	}
	return begun
}

// fromEngine takes a notification of the engine.
func (t *loadedThread) fromEngine(c *child, method string, line []byte) {
	switch method {
	case protocol.NoteThreadStarted:
		return // we say it
	case protocol.NoteConfigWarning:
		if path := gjson.GetBytes(line, "params.path").Str; path == "" || path != t.path {
			return // we have said it to each client; only the engine reads the thread's own file
		}
	case protocol.NoteThreadStatusChanged:
		if !c.isReady() {
			return
		}
		var p protocol.ThreadStatusChangedNotification
		if json.Unmarshal([]byte(gjson.GetBytes(line, "params").Raw), &p) == nil {
			t.mu.Lock()
			t.status = p.Status
			t.mu.Unlock()
			if t.parent != nil && p.Status.Type == protocol.ThreadStatusNotLoaded {
				t.s.drop(t) // it is closed
				t.calm()
			}
		}
		t.s.broadcastLine(method, line)
		return
	case protocol.NoteThreadNameUpdated, protocol.NoteSkillsChanged, protocol.NoteAccountUpdated:
		t.s.broadcastLine(method, line)
		return
	case protocol.NoteTurnStarted:
		var turn protocol.Turn
		_ = json.Unmarshal([]byte(gjson.GetBytes(line, "params.turn").Raw), &turn)
		t.busy.Store(true)
		t.mu.Lock()
		t.turn = &turn
		t.mu.Unlock()
	case protocol.NoteItemStarted, protocol.NoteItemCompleted:
		switch item := gjson.GetBytes(line, "params.item"); item.Get("type").Str {
		case protocol.ItemCommandExecution:
			t.command(item.Get("id").Str, method == protocol.NoteItemStarted)
		case protocol.ItemCollabAgentToolCall:
			t.agent(item)
		}
	case protocol.NoteThreadSettingsUpdated:
		now := json.RawMessage(gjson.GetBytes(line, "params.threadSettings").Raw)
		t.mu.Lock()
		same := bytes.Equal(now, t.settings) // an engine repeats what we asked of it
		t.settings = now
		t.mu.Unlock()
		if same {
			return
		}
	case protocol.NoteThreadTokenUsageUpdated:
		t.mu.Lock()
		t.usage = line
		t.mu.Unlock()
	case protocol.NoteAccountRateLimitsUpdated:
		t.mu.Lock()
		t.limits = line
		t.mu.Unlock()
	case protocol.NoteServerRequestResolved:
		t.resolved(line)
		return
	}
	t.tell(method, line)
	if method == protocol.NoteTurnCompleted {
		t.turnEnded()
	}
}

// command counts the commands that have not ended: while one runs, the engine stays.
func (t *loadedThread) command(id string, started bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if started {
		if t.commands == nil {
			t.commands = map[string]bool{}
		}
		t.commands[id] = true
		return
	}
	delete(t.commands, id)
	t.rest()
}

// agent counts the agents of the thread that are open: while one is, the engine stays.
func (t *loadedThread) agent(item gjson.Result) {
	if protocol.CollabAgentToolCallStatus(item.Get("status").Str) != protocol.CollabAgentToolCallStatusCompleted {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	id := item.Get("receiverThreadIds.0").Str
	switch protocol.CollabAgentTool(item.Get("tool").Str) {
	case protocol.CollabAgentToolSpawnAgent, protocol.CollabAgentToolResumeAgent:
		if t.agents == nil {
			t.agents = map[string]bool{}
		}
		t.agents[id] = true
	case protocol.CollabAgentToolCloseAgent:
		delete(t.agents, id)
		t.rest()
	}
}

func (t *loadedThread) turnEnded() {
	t.mu.Lock()
	t.turn = nil
	memory := t.memory
	t.rest()
	t.mu.Unlock()
	if p := t.parent; p != nil { // it may have waited for this agent
		p.resting()
	}
	if memory != "" {
		t.do(t.settleMemory)
	}
	t.calm()
}

// calm says that no turn runs, to who waits for that.
func (t *loadedThread) calm() {
	t.busy.Store(false)
	t.s.mu.Lock()
	t.s.idle.Broadcast()
	t.s.mu.Unlock()
}
