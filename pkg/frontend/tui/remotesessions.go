package tui

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"codex/pkg/cli/exit"
	"codex/pkg/cli/version"
	"codex/pkg/config"
	"codex/pkg/frontend/tui/loop"
	"codex/pkg/frontend/tui/state"
	"codex/pkg/frontend/tui/tty"
	"codex/pkg/jsonrpc"
	"codex/pkg/protocol"
	"codex/pkg/thread"
)

// remoteSessions finds the sessions of an app-server: what is stored here says nothing of
// them.
type remoteSessions struct {
	*run
	asked protocol.ThreadStartParams // of the command line
}

// asked gives the options of a thread as an app-server is told them. Those that it cannot
// be told are refused: what they are to forbid would be done all the same.
func (r *run) asked() (protocol.ThreadStartParams, error) {
	var p protocol.ThreadStartParams
	a := r.args
	for _, o := range []struct {
		name  string
		given bool
	}{{"--oss", a.OSS}, {"--local-provider", a.LocalProvider != ""}, {"--profile", a.Profile != ""},
		{"--profile-v2", a.ProfileV2 != ""}, {"--strict-config", a.StrictConfig}, {"--turn", a.Turn != ""},
		{"--add-dir", len(a.AddDirs) > 0}, {"--dangerously-bypass-hook-trust", a.BypassHookTrust}} {
		if o.given {
			return p, exit.Usagef("%s does not go with --remote: an app-server has its own", o.name)
		}
	}
	sandbox, ask := a.Sandbox, a.Ask
	if a.FullAuto {
		sandbox = string(protocol.SandboxModeWorkspaceWrite)
	}
	if a.Bypass {
		sandbox, ask = string(protocol.SandboxModeDangerFullAccess), protocol.ApprovalNever
	}
	if a.Model != "" {
		p.Model = &a.Model
	}
	if a.Dir != "" {
		p.Cwd = &a.Dir
	}
	if sandbox != "" {
		p.Sandbox = (*protocol.SandboxMode)(&sandbox)
	}
	if ask != "" {
		p.ApprovalPolicy = &protocol.AskForApproval{Mode: ask}
	}
	overrides := a.Config
	for _, f := range a.Enable {
		overrides = append(overrides, config.DottedKey([]string{"features", f})+"=true")
	}
	for _, f := range a.Disable {
		overrides = append(overrides, config.DottedKey([]string{"features", f})+"=false")
	}
	if a.Search {
		overrides = append(overrides, "web_search=live")
	}
	var err error
	p.Config, err = config.EncodeOverrides(overrides)
	return p, err
}

// New opens a new thread.
func (s remoteSessions) New() loop.Request {
	return loop.Request{Method: protocol.MethodThreadStart, Params: s.asked}
}

// Resume opens a session.
func (s remoteSessions) Resume(ref string) (loop.Request, error) {
	id, err := s.find(ref)
	p := protocol.ThreadResumeParams{ThreadID: id, Model: s.asked.Model, Cwd: s.asked.Cwd, ApprovalPolicy: s.asked.ApprovalPolicy,
		Sandbox: s.asked.Sandbox, Config: s.asked.Config}
	return loop.Request{Method: protocol.MethodThreadResume, Params: p}, err
}

// Fork opens a copy of a session.
func (s remoteSessions) Fork(ref string) (loop.Request, error) {
	id, err := s.find(ref)
	p := protocol.ThreadForkParams{ThreadID: id, Model: s.asked.Model, Cwd: s.asked.Cwd, ApprovalPolicy: s.asked.ApprovalPolicy,
		Sandbox: s.asked.Sandbox, Config: s.asked.Config}
	return loop.Request{Method: protocol.MethodThreadFork, Params: p}, err
}

// Side opens a copy that is kept nowhere.
func (s remoteSessions) Side(th *state.Thread, turns bool) (loop.Request, error) {
	mode, policy := sandboxMode(th.Sandbox), protocol.AskForApproval{Mode: th.Approval}
	if !turns {
		keep, p := true, s.asked
		p.Ephemeral, p.Sandbox, p.ApprovalPolicy = &keep, mode, &policy
		return loop.Request{Method: protocol.MethodThreadStart, Params: p}, nil
	}
	p := protocol.ThreadForkParams{ThreadID: th.ID, Model: protocol.Optional(th.Model), Ephemeral: true, ExcludeTurns: true, Sandbox: mode, ApprovalPolicy: &policy, Config: s.asked.Config}
	return loop.Request{Method: protocol.MethodThreadFork, Params: p}, nil
}

// Page gives sessions, the newest first: those of the folder of --cd, or of all folders.
func (s remoteSessions) Page(ctx context.Context, q loop.SessionQuery) ([]loop.Session, bool, error) {
	p := s.list(q.All)
	if q.Created {
		*p.SortKey = protocol.ThreadSortKeyCreatedAt
	}
	return s.search(ctx, p, q.Most)
}

// Last is the id of the session that was used last, "" when there is none.
func (s remoteSessions) Last(ctx context.Context, all bool) (string, error) {
	page, _, err := s.search(ctx, s.list(all), 1)
	if err != nil || len(page) == 0 {
		return "", err
	}
	return page[0].ID, nil
}

// find finds a session by its id or its name.
func (s remoteSessions) find(ref string) (string, error) {
	if id, ok := thread.ParseID(ref); ok {
		return id, nil
	}
	p := s.list(true)
	p.SearchTerm = &ref
	page, _, err := s.search(context.Background(), p, maxNamed)
	if err != nil {
		return "", err
	}
	for _, one := range page {
		if one.Name == ref || one.Name == "" && strings.TrimSpace(one.Preview) == ref {
			return one.ID, nil
		}
	}
	return "", fmt.Errorf("no session of the app-server is named %s", ref)
}

// maxNamed is how many sessions are looked through for a name that they hold.
const maxNamed = 1000

func (s remoteSessions) list(all bool) protocol.ThreadListParams {
	key := protocol.ThreadSortKeyUpdatedAt
	p := protocol.ThreadListParams{SortKey: &key}
	if s.args.Noninteractive {
		p.SourceKinds = everyKind()
	}
	if all {
		p.ModelProviders = []string{}
	} else if s.asked.Cwd != nil {
		p.Cwd = &protocol.ThreadListCwdFilter{*s.asked.Cwd}
	}
	return p
}

// listTime is how long an app-server has to list its sessions.
const listTime = 10 * time.Second

// search asks for pages until there are enough.
func (s remoteSessions) search(ctx context.Context, p protocol.ThreadListParams, most int) (found []loop.Session, more bool, err error) {
	err = s.talk(ctx, func(ctx context.Context, conn *jsonrpc.Conn) error {
		for {
			limit := uint32(min(100, most-len(found)))
			p.Limit = &limit
			var page protocol.ThreadListResponse
			if err := conn.Call(ctx, protocol.MethodThreadList, p, &page); err != nil {
				return err
			}
			for i := range page.Data {
				found = append(found, listed(&page.Data[i]))
			}
			if more = page.NextCursor != nil; !more || len(found) >= most {
				return nil
			}
			p.Cursor = page.NextCursor
		}
	})
	if err != nil {
		return nil, false, fmt.Errorf("list the sessions of the app-server: %w", err)
	}
	return found, more, nil
}

// Turns gives the last turns of a session.
func (s remoteSessions) Turns(ctx context.Context, id string) ([]protocol.Turn, error) {
	var page protocol.ThreadTurnsListResponse
	limit, newest, whole := uint32(loop.MaxReplay), protocol.SortDirectionDesc, protocol.TurnItemsViewFull
	p := protocol.ThreadTurnsListParams{ThreadID: id, Limit: &limit, SortDirection: &newest, ItemsView: &whole}
	err := s.talk(ctx, func(ctx context.Context, conn *jsonrpc.Conn) error {
		return conn.Call(ctx, protocol.MethodThreadTurnsList, p, &page)
	})
	if err != nil {
		return nil, fmt.Errorf("read the session of the app-server: %w", err)
	}
	slices.Reverse(page.Data)
	return page.Data, nil
}

// talk lets f talk with the app-server over a connection of its own.
func (s remoteSessions) talk(ctx context.Context, f func(context.Context, *jsonrpc.Conn) error) error {
	ctx, cancel := context.WithTimeout(ctx, listTime)
	defer cancel()
	e, err := s.connect(ctx)
	if err != nil {
		return err
	}
	conn := jsonrpc.NewConn(lineSender(e.Out), jsonrpc.Options{FirstID: 1})
	served := make(chan struct{})
	go func() {
		defer close(served)
		defer tty.Guard(s.tty, s.Stderr, s.Die)
		_ = conn.Serve(e.In) // what ended it is the error of the call that waits
	}()
	defer func() {
		e.Stop()
		<-served
	}()
	err = conn.Call(ctx, protocol.MethodInitialize, protocol.InitializeParams{
		ClientInfo:   protocol.ClientInfo{Name: "codex-tui", Version: version.Compat},
		Capabilities: &protocol.InitializeCapabilities{ExperimentalApi: true}}, nil)
	if err == nil {
		err = conn.Notify(protocol.NoteInitialized, nil)
	}
	if err == nil {
		err = f(ctx, conn)
	}
	return err
}

// lineSender sends messages as lines.
type lineSender func(line []byte) error

// WriteLine sends a line.
func (f lineSender) WriteLine(line []byte) error { return f(line) }

// Write sends a value.
func (f lineSender) Write(v any) error {
	b, err := jsonrpc.Marshal(v)
	if err != nil {
		return fmt.Errorf("encode a message: %w", err)
	}
	return f(b)
}
