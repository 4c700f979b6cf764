package tools

import (
	"context"
	"errors"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"codex/pkg/exec/client"
	"codex/pkg/protocol"
)

// command is one command on its way.
type command struct {
	callID     string
	argv       []string
	cwd        string
	tty        bool
	escalate   bool
	extra      grant // what it asks for beyond its sandbox
	reason     string
	prefixRule []string
	// plainSignals is how exec_command words a death by signal outside of a sandbox.
	plainSignals bool
}

// login says whether a shell is to be a login shell; nil is the model's leaving it open.
func (s *Set) login(asked *bool) (bool, error) {
	if asked == nil {
		return s.AllowLogin, nil
	}
	if *asked && !s.AllowLogin {
		return false, errors.New("login shell is disabled by config; omit `login` or set it to false.")
	}
	return *asked, nil
}

// resolve makes a path of the model's absolute.
func (s *Set) resolve(cwd, dir string) string { return resolve(cwd, s.atHome(dir)) }

// atHome puts the user's home in place of a leading ~, as the original does.
func (s *Set) atHome(path string) string {
	if home := s.BaseEnv["HOME"]; filepath.IsAbs(home) && (path == "~" || strings.HasPrefix(path, "~/")) {
		return filepath.Join(home, path[1:])
	}
	return path
}

func resolve(cwd, dir string) string {
	if dir == "" {
		return cwd
	}
	if filepath.IsAbs(dir) {
		return filepath.Clean(dir)
	}
	return filepath.Join(cwd, dir)
}

// launch has a command approved, starts it, and waits for its end or until wait is over.
// When the sandbox was in its way and the user lets it, it runs once more outside. The
// error is a *refusal, or tells why it could not be started.
func (s *Set) launch(ctx context.Context, t *Turn, cmd command, wait time.Duration) (*session, error) {
	p, err := s.approve(ctx, t, cmd)
	if err != nil {
		return nil, err
	}
	ss, err := s.start(ctx, t, cmd, p.unsandboxed)
	if err != nil {
		return nil, err
	}
	s.wait(ctx, ss, wait)
	again, err := s.retry(ctx, t, cmd, ss, p)
	if err == nil && !again {
		return ss, nil
	}
	s.forget(ss.id)
	if err != nil {
		return nil, err
	}
	if ss, err = s.start(ctx, t, cmd, true); err != nil {
		return nil, err
	}
	s.wait(ctx, ss, wait)
	return ss, nil
}

// start starts the command and watches it. The item is announced at once, so that no
// output comes before it.
func (s *Set) start(ctx context.Context, t *Turn, cmd command, unsandboxed bool) (*session, error) {
	ex, err := s.executor(ctx)
	if err != nil {
		return nil, err
	}
	ss := &session{id: s.newID(), callID: cmd.callID, turn: t, argv: cmd.argv, cwd: cmd.cwd, tty: cmd.tty,
		started: time.Now(), ended: make(chan struct{})}
	b := s.bounds(t, cmd.extra)
	if unsandboxed {
		b.profile = b.open()
	}
	sandboxed := b.profile.Confines() && (unsandboxed || b.pol.Restricted())
	ss.plainSignals = !sandboxed && cmd.plainSignals
	p := client.StartParams{ID: strconv.Itoa(ss.id) + "-" + cmd.callID, Argv: cmd.argv, Cwd: cmd.cwd,
		Env: s.environment(t, sandboxed && !b.profile.Network), Tty: cmd.tty, Merge: true}
	if sandboxed {
		p.Sandbox, p.SandboxCwd, p.WorkspaceRoots = &b.profile, t.Cwd, []string{t.Cwd}
		s.network(ctx, t, &b.profile, &p)
	}
	err = s.run(ctx, ex, ss, p)
	s.confined.started(ss.proc, err)
	if err != nil {
		s.forget(ss.id)
		return nil, err
	}
	s.store(ss)
	return ss, nil
}

// run starts the process of a session, announces its item, and has it watched.
func (s *Set) run(ctx context.Context, ex *client.Client, ss *session, p client.StartParams) (err error) {
	begun := make(chan struct{})
	defer close(begun)
	p.Argv = s.Env.Keep(p.Argv, p.Env)
	ss.proc, err = ex.StartProcess(ctx, p, func(stream string, chunk []byte) {
		<-begun
		ss.sink(stream, chunk)
	})
	if err != nil {
		return err
	}
	ss.turn.Out.ItemStarted(ss.item(protocol.CommandExecutionStatusInProgress))
	s.wg.Go(ss.watch)
	return nil
}

// osText keeps the operating system's part of an executor's message.
func osText(err error) string {
	msg := err.Error()
	if i := strings.LastIndex(msg, ": "); i >= 0 && strings.Contains(msg[i:], "(os error") {
		return msg[i+2:]
	}
	return msg
}
