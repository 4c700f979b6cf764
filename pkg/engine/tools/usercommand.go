package tools

import (
	"context"
	"fmt"
	"time"

	"codex/pkg/exec/client"
	"codex/pkg/protocol"
)

const (
	userLimit = time.Hour       // of a command of the user
	killed    = 2 * time.Second // to wait for the end of a process that was killed
	// userAborted is what there is of a command that was interrupted.
	userAborted = "command aborted by user"
)

// UserResult is what came of a command that the user typed.
type UserResult struct {
	Code int
	Took time.Duration
	Text string // output as the model may see it
}

// UserCommand runs a command of the user's own: in the user's shell, outside of the
// sandbox, and nobody is asked. It returns when the command has ended; the end of ctx
// ends it.
func (s *Set) UserCommand(ctx context.Context, t *Turn, id, script string) UserResult {
	ss := &session{callID: id, turn: t, argv: s.Shell.Argv(script, s.AllowLogin), cwd: t.Cwd, user: true, started: time.Now(), ended: make(chan struct{})}
	if err := s.startUser(ctx, ss); err != nil {
		t.Out.ItemStarted(ss.item(protocol.CommandExecutionStatusInProgress))
		return ss.unstarted(err)
	}
	ss.collect(ctx, userLimit)
	switch {
	case ss.done():
	case ctx.Err() != nil:
		ss.mu.Lock()
		ss.aborted = true
		ss.mu.Unlock()
		s.stop(ctx, ss, 0)
	default:
		s.endLate(ctx, ss)
	}
	s.mu.Lock()
	delete(s.users, ss)
	s.mu.Unlock()
	return ss.userResult()
}

func (s *Set) startUser(ctx context.Context, ss *session) error {
	ex, err := s.executor(ctx)
	if err != nil {
		return err
	}
	p := client.StartParams{ID: "user-" + ss.callID, Argv: ss.argv, Cwd: ss.cwd, Env: s.userEnvironment(ss.turn), Merge: true}
	if err := s.run(ctx, ex, ss, p); err != nil {
		return err
	}
	s.mu.Lock()
	s.users[ss] = true
	s.mu.Unlock()
	return nil
}

// endLate kills a process whose time is up.
func (s *Set) endLate(ctx context.Context, ss *session) {
	ss.mu.Lock()
	ss.late = true
	ss.mu.Unlock()
	s.stop(ctx, ss, 0)
}

// stop kills a process and waits for its end, but not for long.
func (s *Set) stop(ctx context.Context, ss *session, grace time.Duration) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), killed)
	defer cancel()
	if err := ss.proc.Terminate(ctx, grace); err != nil && ctx.Err() == nil && s.Log != nil {
		s.Log.Printf("end command: %v", err)
	}
	select {
	case <-ss.ended:
	case <-ctx.Done():
	}
}

// unstarted is a command that could not be started.
func (s *session) unstarted(err error) UserResult {
	text := notStarted(err)
	it := s.item(protocol.CommandExecutionStatusFailed)
	it.AggregatedOutput, it.ExitCode, it.DurationMs = &text, new(int32(-1)), new(time.Since(s.started).Milliseconds())
	s.turn.Out.ItemCompleted(it)
	return UserResult{Code: -1, Text: text}
}

func (s *session) userResult() UserResult {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.aborted {
		return UserResult{Code: -1, Text: userAborted}
	}
	raw := s.all.bytes()
	text := valid(raw)
	total := s.all.total + int64(len(text)-len(raw))
	r := UserResult{Took: s.exited.Sub(s.started), Text: formatOutput(text, s.turn.Limit.Tokens(), total, s.all.lineCount())}
	if s.late {
		r.Code, r.Took = 124, time.Since(s.started)
		r.Text = fmt.Sprintf("command timed out after %d milliseconds\n", r.Took.Milliseconds()) + r.Text
		return r
	}
	r.Code = s.proc.ExitCode()
	return r
}
