package turn

import (
	"encoding/json"
	"errors"
	"io/fs"
	"strings"

	"github.com/google/uuid"

	"codex/pkg/engine/item"
	"codex/pkg/jsonrpc"
	"codex/pkg/protocol"
	"codex/pkg/thread"
)

func (s *Server) initialize(r *req, p *protocol.InitializeParams) (any, error) {
	if s.client != nil {
		return nil, invalid("Already initialized")
	}
	if p.ClientInfo.Name == "" || strings.ContainsFunc(p.ClientInfo.Name, func(r rune) bool { return r < 0x20 || r == 0x7f }) {
		return nil, invalid("Invalid clientInfo.name: '%s'. Must be a valid HTTP header value.", p.ClientInfo.Name)
	}
	home, err := s.opts.home()
	if err != nil {
		return nil, err
	}
	s.client = &p.ClientInfo
	if p.Capabilities != nil {
		s.out.optOutOf(p.Capabilities.OptOutNotificationMethods)
		s.out.wantMore(p.Capabilities.CodexTurn, p.Capabilities.AgentThreads)
	}
	agent := s.opts.UserAgent
	if s.thread() == nil { // a thread keeps the names that it began with
		agent = s.opts.adoptClient(p.ClientInfo)
	}
	return protocol.InitializeResponse{UserAgent: agent, CodexHome: home,
		PlatformFamily: s.opts.Platform[0], PlatformOs: s.opts.Platform[1]}, nil
}

// started is the result of thread/start and thread/resume with what only our frontends read.
type started struct {
	protocol.ThreadStartResponse
	Ours ours `json:"codexTurn"`
}

// ours are settings as the user configured them; a header shows these, not the
// effective ones.
type ours struct {
	ReasoningEffort       *string `json:"reasoningEffort"`
	ReasoningSummary      *string `json:"reasoningSummary"`
	HideAgentReasoning    bool    `json:"hideAgentReasoning"`
	ShowRawAgentReasoning bool    `json:"showRawAgentReasoning"`
	CustomPermissions     bool    `json:"customPermissions,omitempty"` // no sandbox policy is like them
}

func (t *liveThread) startedResult(turns []protocol.Turn) started {
	th := t.describe()
	th.Turns = turns
	t.mu.Lock()
	set := t.next
	t.mu.Unlock()
	r := protocol.ThreadStartResponse{Thread: th, Model: set.slug, ModelProvider: t.cfg.ProviderID, Cwd: t.cfg.Cwd,
		RuntimeWorkspaceRoots: set.permits.Roots, InstructionSources: t.agents.Sources, ApprovalPolicy: set.approval,
		ApprovalsReviewer: protocol.ApprovalsReviewerUser, Sandbox: set.sandbox(), ActivePermissionProfile: thread.Active(set.permits.Permissions),
		ServiceTier:     protocol.Optional(set.tier),
		ReasoningEffort: protocol.Optional(protocol.ReasoningEffort(set.effort))} // as configured: the model's own is not told
	return started{r, ours{protocol.Optional(set.effort), protocol.Optional(set.summary), t.cfg.HideReasoning, t.cfg.ShowRawReasoning, set.permits.nearest.Custom}}
}

func (s *Server) threadStart(r *req, p *protocol.ThreadStartParams) (any, error) {
	if th := s.thread(); th != nil {
		return nil, invalid("codex-turn serves one thread, and that is %s", th.id)
	}
	if err := toolsWord(p.DynamicTools); err != nil {
		return nil, err
	}
	th, err := newThread(s.ctx, s.opts, s.out, p)
	var refused *jsonrpc.Error
	switch {
	case errors.As(err, &refused):
		return nil, err
	case err != nil:
		s.fail()
		return nil, err
	}
	s.adopt(th)
	r.After(func() { s.announce(th) })
	return th.startedResult(nil), nil
}

// open resumes a thread by id or path.
func (s *Server) open(id string, a *thread.Asked) (*liveThread, error) {
	home, err := s.opts.home()
	if err != nil {
		return nil, err
	}
	path, err := find(home, id)
	if err != nil {
		if errors.Is(err, fs.ErrNotExist) || errors.Is(err, thread.ErrNone) {
			return nil, invalid("no rollout found for thread id %s", id)
		}
		return nil, err
	}
	return resumeThread(s.ctx, s.opts, s.out, path, a)
}

func (s *Server) threadResume(r *req, p *protocol.ThreadResumeParams) (any, error) {
	target := p.ThreadID
	switch {
	case p.History != nil: // it counts more than where a thread could be found
		target = ""
	case protocol.Value(p.Path) != "":
		target = *p.Path
	default:
		if _, err := uuid.Parse(target); err != nil {
			return nil, badThreadID(target)
		}
	}
	th := s.thread()
	fresh := th == nil
	switch {
	case fresh:
		var err error
		if th, err = s.resume(target, p); err != nil {
			s.fail()
			return nil, err
		}
		s.adopt(th)
	case target != th.id && target != th.file.Path():
		return nil, invalid("codex-turn serves one thread, and that is %s", th.id)
	case !th.eph && !th.file.Materialized():
		return nil, invalid("no rollout found for thread id %s", th.id)
	}
	var turns []protocol.Turn
	if !p.ExcludeTurns && !th.eph {
		var err error
		if turns, err = th.storedTurns(); err != nil {
			return nil, internal(err)
		}
	}
	if fresh {
		th.status(protocol.ThreadStatus{Type: protocol.ThreadStatusIdle})
	}
	r.After(func() {
		if fresh {
			s.warn(th)
			th.starts.release()
		}
		if !p.ExcludeTurns {
			th.restored()
		}
	})
	return th.startedResult(turns), nil
}

// resume makes the thread that a client goes on with.
func (s *Server) resume(target string, p *protocol.ThreadResumeParams) (*liveThread, error) {
	a := thread.AskedByResume(p)
	if p.History != nil {
		return s.remembered(p.History, a)
	}
	return s.open(target, a)
}

// remembered makes a new thread with a history that the client kept.
func (s *Server) remembered(history []json.RawMessage, a *thread.Asked) (*liveThread, error) {
	if len(history) == 0 {
		return nil, invalid("history must not be empty")
	}
	items, err := item.Foreign(history)
	if err != nil {
		return nil, invalid("%v", err)
	}
	th, err := newThread(s.ctx, s.opts, s.out, a)
	if err != nil {
		return nil, err
	}
	th.push(items...)
	return th, nil
}

func badThreadID(id string) error {
	return invalid("invalid thread id: %s", id)
}

// check looks at a threadId, which may be left out; the thread is nil when there is none
// yet.
func (s *Server) check(id string) (*liveThread, error) {
	th := s.thread()
	if id == "" {
		return th, nil
	}
	if _, err := uuid.Parse(id); err != nil {
		return nil, badThreadID(id)
	}
	if th == nil || id != th.id {
		return nil, invalid("thread not found: %s", id)
	}
	return th, nil
}

// mine is check for requests that need a thread: the first one starts it.
func (s *Server) mine(id string) (*liveThread, error) {
	th, err := s.check(id)
	if err != nil || th != nil {
		return th, err
	}
	if err := s.ensureThread(); err != nil {
		s.fail()
		return nil, internal(err)
	}
	return s.thread(), nil
}

func (s *Server) threadRead(r *req, p *protocol.ThreadReadParams) (any, error) {
	th, err := s.mine(p.ThreadID)
	if err != nil {
		if e := jsonrpc.AsError(err); e.Message == "thread not found: "+p.ThreadID {
			err = jsonrpc.Errorf(e.Code, "thread not loaded: %s", p.ThreadID)
		}
		return nil, err
	}
	d := th.describe()
	if p.IncludeTurns {
		switch {
		case th.eph:
			return nil, invalid("ephemeral threads do not support includeTurns")
		case !th.file.Materialized():
			return nil, invalid("thread %s is not materialized yet; includeTurns is unavailable before first user message", th.id)
		}
		if d.Turns, err = th.storedTurns(); err != nil {
			return nil, internal(err)
		}
	}
	return map[string]any{"thread": d}, nil
}

func (s *Server) loadedList(*req) (any, error) {
	data := []string{}
	if th := s.thread(); th != nil {
		data = append(data, th.id)
	}
	return map[string]any{"data": data, "nextCursor": nil}, nil
}

func (s *Server) nameSet(th *liveThread, r *req, p *protocol.ThreadSetNameParams) (any, error) {
	name := strings.TrimSpace(p.Name)
	if name == "" {
		return nil, invalid("thread name must not be empty")
	}
	if th.eph {
		return nil, invalid("ephemeral thread does not support metadata updates: %s", th.id)
	}
	if err := thread.SetName(th.cfg.Home, th.id, name, th.now()); err != nil {
		return nil, err
	}
	th.mu.Lock()
	th.name = &name
	th.mu.Unlock()
	r.After(func() {
		s.out.notify(protocol.NoteThreadNameUpdated, protocol.ThreadNameUpdatedNotification{ThreadID: th.id, ThreadName: &name})
	})
	return struct{}{}, nil
}
