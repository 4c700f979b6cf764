package tools

import (
	"context"
	"maps"
	"math/rand/v2"
	"slices"
	"strconv"
	"sync"
	"time"
	"unicode/utf8"

	"codex/pkg/exec/client"
	"codex/pkg/protocol"
	"codex/pkg/shellwords"
)

const (
	maxSessions = 64
	keepRecent  = 8                      // never evicted
	drain       = 50 * time.Millisecond  // after the exit, for pipes that a child still holds
	grace       = 150 * time.Millisecond // what ends before this took no time, as in the original
	farewell    = 200 * time.Millisecond // between the signals to end and to die
	maxDelta    = 8192                   // bytes of one output delta
)

// session is one process of exec_command.
type session struct {
	id      int
	callID  string
	turn    *Turn
	argv    []string
	cwd     string
	tty     bool
	started time.Time
	proc    *client.Process
	// plainSignals says that a death by signal is -1 (1 on a terminal), not 128 and more.
	plainSignals bool
	user         bool // the user typed it

	mu      sync.Mutex
	unread  ends
	all     ends
	partial []byte        // an unfinished character at the end of the last delta
	waiting int           // calls that look at it now
	ended   chan struct{} // closed when exited and drained, after the last event
	exited  time.Time
	late    bool // ended because its time was up
	aborted bool // ended because the user wanted it
}

// sink takes the process's output, in order, from one goroutine.
func (s *session) sink(_ string, chunk []byte) {
	s.mu.Lock()
	s.unread.write(chunk)
	s.all.write(chunk)
	s.mu.Unlock()
	if !s.turn.Out.WantsOutput() {
		return
	}
	b := chunk
	if len(s.partial) > 0 {
		b = append(s.partial, chunk...)
		s.partial = nil
	}
	for len(b) > 0 {
		n := min(len(b), maxDelta)
		n -= unfinished(b[:n])
		if n == 0 {
			s.partial = append([]byte(nil), b...)
			return
		}
		s.turn.Out.OutputDelta(s.callID, valid(b[:n]))
		b = b[n:]
	}
}

// unfinished counts the bytes of a character that is cut at the end of b.
func unfinished(b []byte) int {
	for i := 1; i <= min(utf8.UTFMax-1, len(b)); i++ {
		if tail := b[len(b)-i:]; utf8.RuneStart(tail[0]) {
			if utf8.FullRune(tail) {
				return 0
			}
			return i
		}
	}
	return 0
}

// take gives what was written since it was last called.
func (s *session) take() ends {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.unread.take()
}

func (s *session) age() time.Duration { return time.Since(s.started) }

// elapsed is how long the command has run, nothing for a short one.
func (s *session) elapsed() time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.exited.IsZero() && s.exited.Sub(s.started) < grace {
		return 0
	}
	return s.age()
}

// watch waits for the end of the process, announces it, and closes ended.
func (s *session) watch() {
	<-s.proc.Exited()
	now := time.Now()
	t := time.NewTimer(drain)
	defer t.Stop()
	select {
	case <-s.proc.Closed():
	case <-t.C:
	}
	s.mu.Lock()
	s.exited = now
	out := valid(s.all.bytes())
	if s.aborted {
		out = userAborted
	}
	s.mu.Unlock()
	if len(s.partial) > 0 && s.turn.Out.WantsOutput() {
		s.turn.Out.OutputDelta(s.callID, valid(s.partial))
	}
	code := int32(s.code())
	status := protocol.CommandExecutionStatusCompleted
	if code != 0 {
		status = protocol.CommandExecutionStatusFailed
	}
	it := s.item(status)
	it.ExitCode, it.DurationMs = &code, new(now.Sub(s.started).Milliseconds())
	it.AggregatedOutput = protocol.Optional(out)
	s.turn.Out.ItemCompleted(it)
	close(s.ended)
}

// code is the exit status as the model and clients know it. A signal is 128 and its
// number, but -1 on pipes and 1 on a terminal where the original says so: outside of its
// sandbox, whose helper is what dies by the signal.
func (s *session) code() int {
	c := s.proc.ExitCode()
	s.mu.Lock()
	late, aborted := s.late, s.aborted
	s.mu.Unlock()
	switch {
	case late:
		return 124
	case aborted:
		return -1
	}
	if s.plainSignals && (s.proc.ExitSignal() != "" || c < 0) {
		if s.tty {
			return 1
		}
		return -1
	}
	return c
}

func (s *session) item(status protocol.CommandExecutionStatus) *protocol.CommandExecutionItem {
	it := &protocol.CommandExecutionItem{Type: protocol.ItemCommandExecution, ID: s.callID, Command: shellwords.Join(s.argv),
		Cwd: s.cwd, Source: protocol.CommandExecutionSourceUserShell, Status: status, CommandActions: actions(s.argv, s.cwd)}
	if !s.user {
		it.ProcessID, it.Source = new(strconv.Itoa(s.id)), protocol.CommandExecutionSourceUnifiedExecStartup
	}
	return it
}

// wait waits for a command as long as the turn does: an interrupt ends it. What has been
// left in the background is not waited for, and lives on.
func (s *Set) wait(ctx context.Context, ss *session, d time.Duration) {
	ss.collect(ctx, d)
	if ctx.Err() != nil && !ss.done() {
		s.stop(ctx, ss, farewell)
	}
}

// collect waits until the process has ended or the deadline has come.
func (s *session) collect(ctx context.Context, d time.Duration) {
	s.mu.Lock()
	s.waiting++
	s.mu.Unlock()
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-s.ended:
	case <-t.C:
	case <-ctx.Done():
	}
	s.mu.Lock()
	s.waiting--
	s.mu.Unlock()
}

func (s *session) done() bool {
	select {
	case <-s.ended:
		return true
	default:
		return false
	}
}

// newID picks a free session id.
func (s *Set) newID() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	for {
		id := 1000 + rand.IntN(99000)
		if _, taken := s.sessions[id]; !taken {
			s.sessions[id] = nil
			return id
		}
	}
}

// store keeps a process that is still running; the oldest idle one makes room.
func (s *Set) store(ss *session) {
	s.mu.Lock()
	s.sessions[ss.id] = ss
	s.used = append(s.used, ss.id)
	var victim *session
	if len(s.used) > maxSessions {
		victim = s.victim()
	}
	s.mu.Unlock()
	if victim != nil {
		s.forget(victim.id)
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		_ = victim.proc.Terminate(ctx, 0)
	}
}

// victim is the least recently used one that has exited, else the least recently used,
// never one that a call waits for. The lock is held.
func (s *Set) victim() *session {
	old := s.used[:len(s.used)-keepRecent]
	var first *session
	for _, id := range old {
		ss := s.sessions[id]
		if ss == nil {
			continue
		}
		ss.mu.Lock()
		busy := ss.waiting > 0
		ss.mu.Unlock()
		if busy {
			continue
		}
		if ss.done() {
			return ss
		}
		if first == nil {
			first = ss
		}
	}
	return first
}

func (s *Set) forget(id int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.sessions, id)
	s.used = slices.DeleteFunc(s.used, func(x int) bool { return x == id })
}

func (s *Set) session(id int) *session {
	s.mu.Lock()
	defer s.mu.Unlock()
	ss := s.sessions[id]
	if ss != nil {
		s.used = append(slices.DeleteFunc(s.used, func(x int) bool { return x == id }), id)
	}
	return ss
}

// processes are the sessions of the model, in the order in which they were started.
func (s *Set) processes() []*session {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []*session
	for _, ss := range s.sessions {
		if ss != nil {
			all = append(all, ss)
		}
	}
	slices.SortFunc(all, func(a, b *session) int { return a.started.Compare(b.started) })
	return all
}

// Background lists what the model has left running in the background.
func (s *Set) Background() []protocol.ThreadBackgroundTerminal {
	var list []protocol.ThreadBackgroundTerminal
	for _, ss := range s.processes() {
		if ss.idle() {
			list = append(list, protocol.ThreadBackgroundTerminal{ItemID: ss.callID, ProcessID: strconv.Itoa(ss.id),
				Command: shellwords.Join(ss.argv), Cwd: ss.cwd})
		}
	}
	return list
}

// idle says whether a process runs that no call waits for.
func (s *session) idle() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.waiting == 0 && s.exited.IsZero()
}

// EndProcess ends one process by its id; false when none with it runs.
func (s *Set) EndProcess(ctx context.Context, id string) bool {
	for _, ss := range s.processes() {
		if strconv.Itoa(ss.id) == id && !ss.done() {
			s.stop(ctx, ss, farewell)
			return true
		}
	}
	return false
}

// EndBackground ends the processes that still run, commands of the user too. Their items
// have their ends when it returns.
func (s *Set) EndBackground(ctx context.Context) {
	all := s.processes()
	s.mu.Lock()
	all = slices.AppendSeq(all, maps.Keys(s.users))
	s.mu.Unlock()
	var wg sync.WaitGroup
	for _, ss := range all {
		wg.Go(func() { s.stop(ctx, ss, farewell) })
		s.forget(ss.id)
	}
	wg.Wait()
}

// Settle waits for the end events of processes that have exited, so that a turn does not
// end before them.
func (s *Set) Settle(ctx context.Context) {
	for _, ss := range s.processes() {
		select {
		case <-ss.proc.Exited():
			select {
			case <-ss.ended:
			case <-ctx.Done():
			}
		default:
		}
	}
}
