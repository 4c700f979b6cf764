package tui

import (
	"context"
	"errors"
	"fmt"
	"os"

	"codex/pkg/cli/version"
	"codex/pkg/frontend/tui/loop"
	"codex/pkg/frontend/tui/state"
	"codex/pkg/protocol"
	"codex/pkg/thread"
)

// sessions finds the sessions that are stored here, and makes the requests that open them.
type sessions struct{ *run }

// New opens a new thread.
func (s sessions) New() loop.Request {
	return loop.Request{Method: protocol.MethodThreadStart, Params: protocol.ThreadStartParams{}}
}

// Page gives sessions of the folder, or of all, the newest first.
func (s sessions) Page(_ context.Context, q loop.SessionQuery) ([]loop.Session, bool, error) {
	names := new(thread.Names).Of(s.cfg.Home)
	query := thread.Query{Updated: !q.Created, Limit: q.Most, Names: names, Unread: q.Unread}
	if !q.All {
		query.Cwds = []string{s.cfg.Cwd}
		query.Providers = []string{s.cfg.ProviderID}
	}
	if s.args.Noninteractive {
		query.Kinds = everyKind()
	}
	page, more := thread.Page(s.cfg.Home, query)
	var out []loop.Session
	for _, h := range page {
		th := h.Thread(names)
		out = append(out, listed(&th))
	}
	return out, more, nil
}

// everyKind is for lists of the sessions of all frontends, those of agents aside.
func everyKind() []protocol.ThreadSourceKind {
	return []protocol.ThreadSourceKind{protocol.ThreadSourceKindCli, protocol.ThreadSourceKindVscode, protocol.ThreadSourceKindExec,
		protocol.ThreadSourceKindAppServer, protocol.ThreadSourceKindUnknown}
}

// listed is a thread in a list.
func listed(th *protocol.Thread) loop.Session {
	return loop.Session{ID: th.ID, Name: protocol.Value(th.Name), Preview: th.Preview, Cwd: th.Cwd, Created: th.CreatedAt, Updated: th.UpdatedAt,
		Branch: protocol.Value(protocol.Value(th.GitInfo).Branch)}
}

// Resume makes the request that opens a session.
func (s sessions) Resume(ref string) (loop.Request, error) {
	id, path, err := s.find(ref)
	if err != nil {
		return loop.Request{}, err
	}
	return s.open(id, path), nil
}

// Fork copies a session and makes the request that opens the copy.
func (s sessions) Fork(ref string) (loop.Request, error) {
	_, path, err := s.find(ref)
	if err != nil {
		return loop.Request{}, err
	}
	copied, err := thread.Fork(s.cfg.Home, path, "codex-tui", protocol.SourceCli, nil)
	if err != nil {
		return loop.Request{}, fmt.Errorf("fork the session: %w", err)
	}
	head, err := thread.Read(copied)
	if err != nil {
		return loop.Request{}, fmt.Errorf("fork the session: %w", err)
	}
	return s.open(head.ID, copied), nil
}

// Side opens a copy that is kept nowhere: its engine gets the history.
func (s sessions) Side(th *state.Thread, turns bool) (loop.Request, error) {
	mode, policy := sandboxMode(th.Sandbox), protocol.AskForApproval{Mode: th.Approval}
	if !turns {
		keep := true
		p := protocol.ThreadStartParams{Model: protocol.Optional(th.Model), Ephemeral: &keep, Sandbox: mode, ApprovalPolicy: &policy}
		return loop.Request{Method: protocol.MethodThreadStart, Params: p, Ephemeral: true}, nil
	}
	_, path, err := s.find(th.ID)
	if err != nil {
		return loop.Request{}, err
	}
	items, err := thread.Items(path)
	if err != nil {
		return loop.Request{}, err
	}
	p := protocol.ThreadResumeParams{History: items, Model: protocol.Optional(th.Model), Sandbox: mode, ApprovalPolicy: &policy}
	return loop.Request{Method: protocol.MethodThreadResume, Params: p, Ephemeral: true}, nil
}

// sandboxMode is the word for a policy.
func sandboxMode(p protocol.SandboxPolicy) *protocol.SandboxMode {
	m := protocol.SandboxModeReadOnly
	switch p.Type {
	case protocol.SandboxPolicyWorkspaceWrite:
		m = protocol.SandboxModeWorkspaceWrite
	case protocol.SandboxPolicyDangerFullAccess:
		m = protocol.SandboxModeDangerFullAccess
	}
	return &m
}

// Turns gives the last turns of a session.
func (s sessions) Turns(_ context.Context, id string) ([]protocol.Turn, error) {
	_, path, err := s.find(id)
	if err != nil {
		return nil, err
	}
	tail, err := thread.ReadTail(path, loop.MaxReplay, maxStored)
	if err != nil {
		return nil, fmt.Errorf("read the session: %w", err)
	}
	return tail.Turns, nil
}

// open opens a session. The engine need not tell its turns: the last ones are read here,
// while it loads what the model has to know.
func (s sessions) open(id, path string) loop.Request {
	return loop.Request{
		Method:    protocol.MethodThreadResume,
		Params:    protocol.ThreadResumeParams{ThreadID: id, Path: &path, ExcludeTurns: true},
		Stored:    func() (loop.Stored, error) { return s.stored(id, path) },
		Elsewhere: s.elsewhere(id, path),
	}
}

// elsewhere is the folder of a session where that is another one than ours, nil where it is the
// same, was not asked about, or is not there.
func (s sessions) elsewhere(id, path string) *loop.Elsewhere {
	if s.kind != ownEngine || s.args.Dir != "" || s.args.Turn != "" {
		return nil
	}
	dir, err := thread.Folder(path)
	if err != nil || dir == s.cfg.Cwd {
		return nil
	}
	there, err := os.Stat(dir)
	if err != nil || !there.IsDir() {
		return nil
	}
	if here, err := os.Stat(s.cfg.Cwd); err == nil && os.SameFile(here, there) {
		return nil
	}
	return &loop.Elsewhere{Dir: dir, Move: func(ctx context.Context) (loop.Options, error) {
		moved := sessions{s.in(dir)}
		if err := moved.loadConfig(ctx); err != nil {
			return loop.Options{}, fmt.Errorf("read the settings for %s: %w", dir, err)
		}
		o := moved.facts()
		o.Request = moved.open(id, path)
		return o, nil
	}}
}

// maxStored bounds the events of a session that are drawn when it is opened.
const maxStored = 1 << 20

// stored reads the end of a session.
func (s sessions) stored(id, path string) (loop.Stored, error) {
	tail, err := thread.ReadTail(path, loop.MaxReplay, maxStored)
	if err != nil {
		return loop.Stored{}, fmt.Errorf("read the session: %w", err)
	}
	opened := thread.Opened(s.cfg, &thread.Asked{})
	opened.Thread = protocol.Thread{ID: id, Path: &path, CliVersion: version.Compat, Turns: tail.Turns}
	return loop.Stored{Opened: opened, HideReasoning: s.cfg.HideReasoning, RawReasoning: s.cfg.ShowRawReasoning,
		Earlier: tail.Earlier, Skipped: tail.Skipped, Usage: tail.Usage}, nil
}

// Last is the id of the session that was used last, "" when there is none.
func (s sessions) Last(_ context.Context, all bool) (string, error) {
	h, err := thread.Last(s.cfg.Home, s.cfg.ProviderID, s.cfg.Cwd, all, func(err error) {
		fmt.Fprintf(s.Stderr, "codex-tui: passed over: %v\n", err)
	})
	if errors.Is(err, thread.ErrNone) {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("look for the session: %w", err)
	}
	return h.ID, nil
}

// find finds a session by its id or its name.
func (s sessions) find(ref string) (id, path string, err error) {
	if id, ok := thread.ParseID(ref); ok {
		path, err = thread.Find(s.cfg.Home, id)
		if errors.Is(err, thread.ErrNone) {
			err = fmt.Errorf("no saved session found with id %s; codex resume lists those there are", id)
		}
		return id, path, err
	}
	h, err := thread.ByName(s.cfg.Home, ref, s.cfg.Cwd, true)
	if errors.Is(err, thread.ErrNone) {
		return "", "", fmt.Errorf("no saved session is named %s; codex resume lists those there are", ref)
	}
	if err != nil {
		return "", "", fmt.Errorf("look for the session: %w", err)
	}
	return h.ID, h.Path, nil
}
