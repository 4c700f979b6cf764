package turn

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"

	"github.com/google/uuid"

	"codex/pkg/jsonrpc"
	"codex/pkg/protocol"
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
		if m.Kind == jsonrpc.Notification {
			return
		}
		err = jsonrpc.Errorf(jsonrpc.CodeInvalidRequest, "Invalid request: unknown variant `%s`: codex-turn serves one thread and has no such method", m.Method)
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
	if err := json.Unmarshal(params, v); err != nil {
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
	s.client = &p.ClientInfo
	if p.Capabilities != nil {
		s.out.optOutOf(p.Capabilities.OptOutNotificationMethods)
	}
	s.opts.adoptClient(p.ClientInfo)
	home, err := s.opts.home()
	if err != nil {
		return nil, err
	}
	return protocol.InitializeResponse{UserAgent: s.opts.UserAgent, CodexHome: home,
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
}

func (t *thread) startedResult(turns []protocol.Turn) started {
	th := t.describe()
	th.Turns = turns
	r := protocol.ThreadStartResponse{Thread: th, Model: t.set.slug, ModelProvider: t.cfg.ProviderID, Cwd: t.cfg.Cwd,
		RuntimeWorkspaceRoots: []string{t.cfg.Cwd}, InstructionSources: t.agents.Sources, ApprovalPolicy: t.set.approval,
		ApprovalsReviewer: protocol.ApprovalsReviewerUser, Sandbox: t.set.sandbox}
	if t.cfg.ApprovalsReviewer != "" {
		r.ApprovalsReviewer = protocol.ApprovalsReviewer(t.cfg.ApprovalsReviewer)
	}
	if t.set.tier != "" {
		r.ServiceTier = &t.set.tier
	}
	if e := t.set.requestEffort(); e != "" && t.set.model.ReasoningSummaries {
		effort := protocol.ReasoningEffort(e)
		r.ReasoningEffort = &effort
	}
	o := ours{HideAgentReasoning: t.cfg.HideReasoning, ShowRawAgentReasoning: t.cfg.ShowRawReasoning}
	if t.set.effort != "" {
		o.ReasoningEffort = &t.set.effort
	}
	if t.set.summary != "" {
		o.ReasoningSummary = &t.set.summary
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
	if s.th != nil {
		return nil, nil, jsonrpc.Errorf(jsonrpc.CodeInvalidRequest, "codex-turn serves one thread, and that is %s", s.th.id)
	}
	ov := overrides{cwd: deref(p.Cwd), model: deref(p.Model), provider: deref(p.ModelProvider), approval: p.ApprovalPolicy,
		config: configOverrides(p.Config), base: deref(p.BaseInstructions), developer: deref(p.DeveloperInstructions), ephemeral: p.Ephemeral}
	if p.Sandbox != nil {
		ov.sandbox = string(*p.Sandbox)
	}
	if p.Personality != nil {
		ov.person = string(*p.Personality)
	}
	th, err := newThread(s.ctx, s.opts, s.out, ov)
	if err != nil {
		s.fail()
		return nil, nil, jsonrpc.Errorf(jsonrpc.CodeInternal, "%v", err)
	}
	s.mu.Lock()
	s.th = th
	s.mu.Unlock()
	r := th.startedResult(nil)
	return r, func() {
		s.adopt(th)
		s.out.notify(protocol.NoteThreadStarted, protocol.ThreadStartedNotification{Thread: th.describe()})
	}, nil
}

// open resumes a thread by id or path.
func (s *Server) open(id string, ov overrides) (*thread, error) {
	home, err := s.opts.home()
	if err != nil {
		return nil, err
	}
	path, err := find(home, id)
	if err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return nil, jsonrpc.Errorf(jsonrpc.CodeInvalidRequest, "no rollout found for thread id %s", id)
		}
		return nil, err
	}
	return resumeThread(s.ctx, s.opts, s.out, path, ov)
}

func (s *Server) threadResume(params json.RawMessage) (any, func(), error) {
	var p protocol.ThreadResumeParams
	if err := decode(params, &p); err != nil {
		return nil, nil, err
	}
	if s.th != nil && s.th.id != p.ThreadID {
		return nil, nil, jsonrpc.Errorf(jsonrpc.CodeInvalidRequest, "codex-turn serves one thread, and that is %s", s.th.id)
	}
	target := deref(p.Path)
	if target == "" {
		if _, err := uuid.Parse(p.ThreadID); err != nil {
			return nil, nil, badThreadID(p.ThreadID)
		}
		target = p.ThreadID
	}
	th := s.th
	if th == nil {
		ov := overrides{cwd: deref(p.Cwd), model: deref(p.Model), provider: deref(p.ModelProvider), approval: p.ApprovalPolicy,
			config: configOverrides(p.Config), developer: deref(p.DeveloperInstructions)}
		if p.Sandbox != nil {
			ov.sandbox = string(*p.Sandbox)
		}
		var err error
		if th, err = s.open(target, ov); err != nil {
			s.fail()
			return nil, nil, err
		}
		s.mu.Lock()
		s.th = th
		s.mu.Unlock()
	}
	var turns []protocol.Turn
	if !p.ExcludeTurns {
		var err error
		if turns, err = rolloutTurns(th.file.Path()); err != nil {
			return nil, nil, jsonrpc.Errorf(jsonrpc.CodeInternal, "%v", err)
		}
	}
	th.status(protocol.ThreadStatus{Type: protocol.ThreadStatusIdle})
	return th.startedResult(turns), func() {
		for _, w := range th.cfg.Warnings {
			s.out.notify(protocol.NoteConfigWarning, protocol.ConfigWarningNotification{Summary: w})
		}
		if th.haveTokens && !p.ExcludeTurns {
			s.out.notify(protocol.NoteThreadTokenUsageUpdated, protocol.ThreadTokenUsageUpdatedNotification{ThreadID: th.id, TokenUsage: th.tokenUsage()})
		}
	}, nil
}

func badThreadID(id string) error {
	return jsonrpc.Errorf(jsonrpc.CodeInvalidRequest, "invalid thread id: %s", id)
}

// mine checks a threadId; it may be left out.
func (s *Server) mine(id string) (*thread, error) {
	if id != "" {
		if _, err := uuid.Parse(id); err != nil {
			return nil, badThreadID(id)
		}
	}
	if s.th == nil {
		if id != "" {
			return nil, jsonrpc.Errorf(jsonrpc.CodeInvalidRequest, "thread not found: %s", id)
		}
		if err := s.ensureThread(); err != nil {
			s.fail()
			return nil, jsonrpc.Errorf(jsonrpc.CodeInternal, "%v", err)
		}
	}
	if id != "" && id != s.th.id {
		return nil, jsonrpc.Errorf(jsonrpc.CodeInvalidRequest, "thread not found: %s", id)
	}
	return s.th, nil
}

func (s *Server) threadRead(params json.RawMessage) (any, error) {
	var p protocol.ThreadReadParams
	if err := decode(params, &p); err != nil {
		return nil, err
	}
	th, err := s.mine(p.ThreadID)
	if err != nil {
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
		if d.Turns, err = rolloutTurns(th.file.Path()); err != nil {
			return nil, jsonrpc.Errorf(jsonrpc.CodeInternal, "%v", err)
		}
	}
	return map[string]any{"thread": d}, nil
}

func (s *Server) loadedList() any {
	data := []string{}
	if s.th != nil {
		data = append(data, s.th.id)
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
	if err := appendIndex(th.cfg.Home, th.id, name, th.now()); err != nil {
		return nil, nil, err
	}
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

func (s *Server) injectItems(params json.RawMessage) (any, error) {
	var p struct {
		ThreadID string            `json:"threadId"`
		Items    []json.RawMessage `json:"items"`
	}
	if err := decode(params, &p); err != nil {
		return nil, err
	}
	th, err := s.mine(p.ThreadID)
	if err != nil {
		return nil, err
	}
	th.mu.Lock()
	defer th.mu.Unlock()
	if th.running != nil {
		return nil, jsonrpc.Errorf(jsonrpc.CodeInvalidRequest, "cannot inject items while a turn is running")
	}
	for _, raw := range p.Items {
		th.push(entry{raw: compactJSON(raw)})
	}
	return struct{}{}, nil
}

func (s *Server) turnStart(params json.RawMessage) (any, func(), error) {
	var p protocol.TurnStartParams
	if err := decode(params, &p); err != nil {
		return nil, nil, err
	}
	if err := checkInput(p.Input); err != nil {
		return nil, nil, err
	}
	th, err := s.mine(p.ThreadID)
	if err != nil {
		return nil, nil, err
	}
	t, busy, err := s.begin(p.Input, p)
	if err != nil {
		return nil, nil, err
	}
	answer := protocol.Turn{Items: protocol.ThreadItems{}, ItemsView: protocol.TurnItemsViewNotLoaded, Status: protocol.TurnStatusInProgress}
	if busy != nil {
		// The input joins the running turn; the id answered is a new one that no
		// notification ever names (appserver spec §4).
		id, err := uuid.NewV7()
		if err != nil {
			return nil, nil, fmt.Errorf("make turn id: %w", err)
		}
		answer.ID = id.String()
		if !busy.addInput(p.Input) {
			<-busy.done
			return s.turnStart(params)
		}
		return protocol.TurnStartResponse{Turn: answer}, nil, nil
	}
	answer.ID = t.id
	return protocol.TurnStartResponse{Turn: answer}, func() {
		if !th.set.model.Known {
			s.out.notify(protocol.NoteWarning, protocol.WarningNotification{ThreadID: &th.id,
				Message: fmt.Sprintf("Model metadata for `%s` not found. Defaulting to fallback metadata; this can degrade performance and cause issues.", th.set.slug)})
		}
		s.feeding.Add(1)
		go func() {
			defer s.feeding.Done()
			t.run(p.Input)
			s.note(t)
		}()
	}, nil
}

// maxInput bounds the text of one input (appserver spec §1).
const maxInput = 1 << 20

func checkInput(in []protocol.UserInput) error {
	n := 0
	for _, u := range in {
		n += len([]rune(u.Text))
	}
	if n > maxInput {
		return &jsonrpc.Error{Code: jsonrpc.CodeInvalidParams, Message: fmt.Sprintf("Input exceeds the maximum length of %d characters.", maxInput),
			Data: map[string]any{"input_error_code": "input_too_large", "max_chars": maxInput, "actual_chars": n}}
	}
	return nil
}

// addInput adds to a running turn; false when it takes no more.
func (t *turn) addInput(in []protocol.UserInput) bool {
	t.th.mu.Lock()
	defer t.th.mu.Unlock()
	if t.closed || t.th.running != t {
		return false
	}
	t.steer = append(t.steer, in)
	return true
}

func (s *Server) turnSteer(params json.RawMessage) (any, error) {
	var p protocol.TurnSteerParams
	if err := decode(params, &p); err != nil {
		return nil, err
	}
	if p.ExpectedTurnID == "" {
		return nil, jsonrpc.Errorf(jsonrpc.CodeInvalidRequest, "expectedTurnId must not be empty")
	}
	if err := checkInput(p.Input); err != nil {
		return nil, err
	}
	if _, err := s.mine(p.ThreadID); err != nil {
		return nil, err
	}
	t := s.running()
	switch {
	case t == nil:
		return nil, jsonrpc.Errorf(jsonrpc.CodeInvalidRequest, "no active turn to steer")
	case t.id != p.ExpectedTurnID:
		return nil, jsonrpc.Errorf(jsonrpc.CodeInvalidRequest, "expected active turn id `%s` but found `%s`", p.ExpectedTurnID, t.id)
	case len(p.Input) == 0:
		return nil, jsonrpc.Errorf(jsonrpc.CodeInvalidRequest, "input must not be empty")
	case t.compacting:
		return nil, &jsonrpc.Error{Code: jsonrpc.CodeInvalidRequest, Message: "cannot steer a compact turn",
			Data: map[string]any{"codexErrorInfo": map[string]any{"activeTurnNotSteerable": map[string]string{"turnKind": "compact"}}}}
	case !t.addInput(p.Input):
		return nil, jsonrpc.Errorf(jsonrpc.CodeInvalidRequest, "no active turn to steer")
	}
	return protocol.TurnSteerResponse{TurnID: t.id}, nil
}

// turnInterrupt answers when the turn has stopped, just before its end is announced.
func (s *Server) turnInterrupt(m jsonrpc.Message) (any, error) {
	var p protocol.TurnInterruptParams
	if err := decode(m.Params, &p); err != nil {
		return nil, err
	}
	if _, err := s.mine(p.ThreadID); err != nil {
		return nil, err
	}
	t := s.running()
	switch {
	case t == nil && p.TurnID == "":
		return protocol.TurnInterruptResponse{}, nil
	case t == nil:
		return nil, jsonrpc.Errorf(jsonrpc.CodeInvalidRequest, "no active turn to interrupt")
	case p.TurnID != "" && p.TurnID != t.id:
		return nil, jsonrpc.Errorf(jsonrpc.CodeInvalidRequest, "expected active turn id %s but found %s", p.TurnID, t.id)
	}
	if !t.interrupt(append(json.RawMessage(nil), m.ID...)) {
		return nil, jsonrpc.Errorf(jsonrpc.CodeInvalidRequest, "no active turn to interrupt")
	}
	return nil, nil
}

// interrupt stops the turn and keeps the request to answer; false when it is over.
func (t *turn) interrupt(id json.RawMessage) bool {
	t.th.mu.Lock()
	defer t.th.mu.Unlock()
	if t.th.running != t {
		return false
	}
	if len(id) > 0 {
		t.interrupts = append(t.interrupts, id)
	}
	t.cancel(errInterrupted)
	return true
}

func (s *Server) compactStart(params json.RawMessage) (any, func(), error) {
	var p protocol.ThreadCompactStartParams
	if err := decode(params, &p); err != nil {
		return nil, nil, err
	}
	if _, err := s.mine(p.ThreadID); err != nil {
		return nil, nil, err
	}
	t, busy, err := s.begin(nil, protocol.TurnStartParams{})
	if err != nil {
		return nil, nil, err
	}
	if busy != nil {
		return nil, nil, jsonrpc.Errorf(jsonrpc.CodeInvalidRequest, "cannot compact while a turn is running")
	}
	t.compacting = true
	return struct{}{}, func() {
		s.feeding.Add(1)
		go func() {
			defer s.feeding.Done()
			t.run(nil)
			s.note(t)
		}()
	}, nil
}

func deref(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

// configOverrides turns the config member of a request into -c arguments. JSON values are
// TOML values but for objects, which become dotted keys.
func configOverrides(m map[string]json.RawMessage) []string {
	var out []string
	for _, k := range slices.Sorted(maps.Keys(m)) {
		var sub map[string]json.RawMessage
		if json.Unmarshal(m[k], &sub) == nil && sub != nil {
			for _, o := range configOverrides(sub) {
				out = append(out, k+"."+o)
			}
			continue
		}
		if string(m[k]) != "null" {
			out = append(out, k+"="+string(m[k]))
		}
	}
	return out
}
