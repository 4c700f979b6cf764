package turn

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"github.com/google/uuid"

	"codex/pkg/engine/item"
	"codex/pkg/jsonrpc"
	"codex/pkg/protocol"
	"codex/pkg/thread"
)

// request answers one request; a message without an id gets no answer.
func (s *Server) request(m jsonrpc.Message) {
	var result any
	var after func()
	var err error
	switch m.Method {
	case protocol.MethodInitialize:
		result, err = s.initialize(m.Params)
	case protocol.NoteInitialized:
		return
	case protocol.MethodThreadStart:
		result, after, err = s.threadStart(m.Params)
	case protocol.MethodThreadResume:
		result, after, err = s.threadResume(m.Params)
	case protocol.MethodThreadRead:
		result, err = s.threadRead(m.Params)
	case protocol.MethodThreadLoadedList:
		result = s.loadedList()
	case protocol.MethodThreadNameSet:
		result, after, err = s.nameSet(m.Params)
	case protocol.MethodThreadCompactStart:
		result, after, err = s.compactStart(m.Params)
	case protocol.MethodThreadBackgroundTerminalsClean:
		result, err = s.cleanTerminals(m.Params)
	case protocol.MethodThreadInjectItems:
		result, err = s.injectItems(m.Params)
	case protocol.MethodThreadShellCommand:
		result, after, err = s.shellCommand(m.Params)
	case protocol.MethodThreadSettingsUpdate:
		result, after, err = s.settingsUpdate(m.Params)
	case protocol.MethodThreadRollback:
		result, err = s.rollback(m.Params)
	case protocol.MethodReviewStart:
		result, after, err = s.reviewStart(m.Params)
	case protocol.MethodTurnStart:
		result, after, err = s.turnStart(m.Params)
	case protocol.MethodTurnSteer:
		result, err = s.turnSteer(m.Params)
	case protocol.MethodTurnInterrupt:
		result, err = s.turnInterrupt(m)
		if result == nil && err == nil {
			return // answered when the turn has ended
		}
	default:
		if m.Kind == jsonrpc.KindNotification {
			return
		}
		err = jsonrpc.Errorf(jsonrpc.CodeInvalidRequest, "Invalid request: unknown variant `%s`: codex-turn serves one thread and has no such method", shorten(m.Method))
	}
	if err != nil {
		if m.ID == nil {
			fmt.Fprintf(s.opts.Stderr, "codex-turn: %s: %v\n", m.Method, err)
		}
		s.out.check(s.out.w.Fail(m.ID, err))
		return
	}
	s.out.check(s.out.w.Respond(m.ID, result))
	if after != nil {
		after()
	}
}

// decode reads params; a mistake is the caller's.
func decode(params json.RawMessage, v any) error {
	if params == nil {
		return jsonrpc.Errorf(jsonrpc.CodeInvalidRequest, "Invalid request: missing field `params`")
	}
	err := json.Unmarshal(params, v)
	if err != nil {
		if plain, ok := protocol.PlainPermissions(params); ok {
			err = json.Unmarshal(plain, v)
		}
	}
	if err != nil {
		return jsonrpc.Errorf(jsonrpc.CodeInvalidRequest, "Invalid request: %s", paramsProblem(err))
	}
	return nil
}

func paramsProblem(err error) string {
	var te *json.UnmarshalTypeError
	if errors.As(err, &te) {
		want := "a " + te.Type.Kind().String()
		return fmt.Sprintf("invalid type: %s, expected %s (in `%s`)", te.Value, want, te.Field)
	}
	return err.Error()
}

func (s *Server) initialize(params json.RawMessage) (any, error) {
	var p protocol.InitializeParams
	if err := decode(params, &p); err != nil {
		return nil, err
	}
	if s.client != nil {
		return nil, jsonrpc.Errorf(jsonrpc.CodeInvalidRequest, "Already initialized")
	}
	if p.ClientInfo.Name == "" || strings.ContainsFunc(p.ClientInfo.Name, func(r rune) bool { return r < 0x20 || r == 0x7f }) {
		return nil, jsonrpc.Errorf(jsonrpc.CodeInvalidRequest, "Invalid clientInfo.name: '%s'. Must be a valid HTTP header value.", p.ClientInfo.Name)
	}
	home, err := s.opts.home()
	if err != nil {
		return nil, err
	}
	s.client = &p.ClientInfo
	if p.Capabilities != nil {
		s.out.optOutOf(p.Capabilities.OptOutNotificationMethods)
	}
	agent := s.opts.UserAgent
	if s.thread() == nil { // a thread keeps the names that it began with
		agent = s.opts.adoptClient(p.ClientInfo)
	}
	return protocol.InitializeResponse{UserAgent: agent, CodexHome: home,
		PlatformFamily: s.opts.Platform[0], PlatformOs: s.opts.Platform[1]}, nil
}

// started is the result of thread/start and thread/resume with what only our faces read.
type started struct {
	protocol.ThreadStartResponse
	Ours ours `json:"codexTurn"`
}

// ours are settings as the user configured them; a header shows these, not the
// effective ones (turn spec §4.5).
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
		ApprovalsReviewer: protocol.ApprovalsReviewerUser, Sandbox: set.sandbox(), ActivePermissionProfile: thread.Active(set.permits.Permissions)}
	if set.tier != "" {
		r.ServiceTier = &set.tier
	}
	if set.effort != "" { // as configured: the model's own is not told
		effort := protocol.ReasoningEffort(set.effort)
		r.ReasoningEffort = &effort
	}
	o := ours{HideAgentReasoning: t.cfg.HideReasoning, ShowRawAgentReasoning: t.cfg.ShowRawReasoning, CustomPermissions: set.permits.nearest.Custom}
	if set.effort != "" {
		o.ReasoningEffort = &set.effort
	}
	if set.summary != "" {
		o.ReasoningSummary = &set.summary
	}
	return started{r, o}
}

func (s *Server) threadStart(params json.RawMessage) (any, func(), error) {
	var p protocol.ThreadStartParams
	if params != nil {
		if err := decode(params, &p); err != nil {
			return nil, nil, err
		}
	}
	if th := s.thread(); th != nil {
		return nil, nil, jsonrpc.Errorf(jsonrpc.CodeInvalidRequest, "codex-turn serves one thread, and that is %s", th.id)
	}
	if err := firstError(approvalWord(p.ApprovalPolicy), word(p.ApprovalsReviewer), word(p.Sandbox), word(p.Personality),
		word(p.ThreadSource), toolsWord(p.DynamicTools)); err != nil {
		return nil, nil, err
	}
	th, err := newThread(s.ctx, s.opts, s.out, &p)
	var refused *jsonrpc.Error
	switch {
	case errors.As(err, &refused):
		return nil, nil, err
	case err != nil:
		s.fail()
		return nil, nil, jsonrpc.AsError(err)
	}
	s.adopt(th)
	return th.startedResult(nil), func() { s.announce(th) }, nil
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
			return nil, jsonrpc.Errorf(jsonrpc.CodeInvalidRequest, "no rollout found for thread id %s", id)
		}
		return nil, err
	}
	return resumeThread(s.ctx, s.opts, s.out, path, a)
}

func (s *Server) threadResume(params json.RawMessage) (any, func(), error) {
	var p protocol.ThreadResumeParams
	if err := decode(params, &p); err != nil {
		return nil, nil, err
	}
	if err := firstError(approvalWord(p.ApprovalPolicy), word(p.ApprovalsReviewer), word(p.Sandbox), word(p.Personality)); err != nil {
		return nil, nil, err
	}
	target := deref(p.Path)
	if p.History != nil {
		target = "" // it counts more than where a thread could be found
	} else if target == "" {
		if _, err := uuid.Parse(p.ThreadID); err != nil {
			return nil, nil, badThreadID(p.ThreadID)
		}
		target = p.ThreadID
	}
	th := s.thread()
	fresh := th == nil
	switch {
	case fresh:
		a := thread.AskedByResume(&p)
		var err error
		if p.History != nil {
			th, err = s.remembered(p.History, a)
		} else {
			th, err = s.open(target, a)
		}
		if err != nil {
			s.fail()
			return nil, nil, err
		}
		s.adopt(th)
	case target != th.id && target != th.file.Path():
		return nil, nil, jsonrpc.Errorf(jsonrpc.CodeInvalidRequest, "codex-turn serves one thread, and that is %s", th.id)
	case !th.eph && !th.file.Materialized():
		return nil, nil, jsonrpc.Errorf(jsonrpc.CodeInvalidRequest, "no rollout found for thread id %s", th.id)
	}
	var turns []protocol.Turn
	if !p.ExcludeTurns && !th.eph {
		var err error
		if turns, err = th.storedTurns(); err != nil {
			return nil, nil, jsonrpc.Errorf(jsonrpc.CodeInternal, "%v", err)
		}
	}
	if fresh {
		th.status(protocol.ThreadStatus{Type: protocol.ThreadStatusIdle})
	}
	return th.startedResult(turns), func() {
		if fresh {
			s.warn(th)
		}
		if !p.ExcludeTurns {
			th.restored()
		}
	}, nil
}

// remembered makes a new thread with a history that the client kept.
func (s *Server) remembered(history []json.RawMessage, a *thread.Asked) (*liveThread, error) {
	if len(history) == 0 {
		return nil, jsonrpc.Errorf(jsonrpc.CodeInvalidRequest, "history must not be empty")
	}
	items, err := item.Foreign(history)
	if err != nil {
		return nil, jsonrpc.Errorf(jsonrpc.CodeInvalidRequest, "%v", err)
	}
	th, err := newThread(s.ctx, s.opts, s.out, a)
	if err != nil {
		return nil, err
	}
	th.push(items...)
	return th, nil
}

func badThreadID(id string) error {
	return jsonrpc.Errorf(jsonrpc.CodeInvalidRequest, "invalid thread id: %s", id)
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
		return nil, jsonrpc.Errorf(jsonrpc.CodeInvalidRequest, "thread not found: %s", id)
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
		return nil, jsonrpc.Errorf(jsonrpc.CodeInternal, "%v", err)
	}
	return s.thread(), nil
}

func (s *Server) threadRead(params json.RawMessage) (any, error) {
	var p protocol.ThreadReadParams
	if err := decode(params, &p); err != nil {
		return nil, err
	}
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
			return nil, jsonrpc.Errorf(jsonrpc.CodeInvalidRequest, "ephemeral threads do not support includeTurns")
		case !th.file.Materialized():
			return nil, jsonrpc.Errorf(jsonrpc.CodeInvalidRequest, "thread %s is not materialized yet; includeTurns is unavailable before first user message", th.id)
		}
		if d.Turns, err = th.storedTurns(); err != nil {
			return nil, jsonrpc.Errorf(jsonrpc.CodeInternal, "%v", err)
		}
	}
	return map[string]any{"thread": d}, nil
}

func (s *Server) loadedList() any {
	data := []string{}
	if th := s.thread(); th != nil {
		data = append(data, th.id)
	}
	return map[string]any{"data": data, "nextCursor": nil}
}

func (s *Server) nameSet(params json.RawMessage) (any, func(), error) {
	var p protocol.ThreadSetNameParams
	if err := decode(params, &p); err != nil {
		return nil, nil, err
	}
	th, err := s.mine(p.ThreadID)
	if err != nil {
		return nil, nil, err
	}
	name := strings.TrimSpace(p.Name)
	if name == "" {
		return nil, nil, jsonrpc.Errorf(jsonrpc.CodeInvalidRequest, "thread name must not be empty")
	}
	if th.eph {
		return nil, nil, jsonrpc.Errorf(jsonrpc.CodeInvalidRequest, "ephemeral thread does not support metadata updates: %s", th.id)
	}
	if err := thread.SetName(th.cfg.Home, th.id, name, th.now()); err != nil {
		return nil, nil, err
	}
	th.mu.Lock()
	th.name = &name
	th.mu.Unlock()
	return struct{}{}, func() {
		s.out.notify(protocol.NoteThreadNameUpdated, protocol.ThreadNameUpdatedNotification{ThreadID: th.id, ThreadName: &name})
	}, nil
}

func (s *Server) cleanTerminals(params json.RawMessage) (any, error) {
	var p struct {
		ThreadID string `json:"threadId"`
	}
	if err := decode(params, &p); err != nil {
		return nil, err
	}
	th, err := s.mine(p.ThreadID)
	if err != nil {
		return nil, err
	}
	th.tools.EndBackground(s.ctx)
	return struct{}{}, nil
}

func deref(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}
