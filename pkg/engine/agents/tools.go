package agents

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"codex/pkg/config"
	"codex/pkg/engine/tools"
	"codex/pkg/protocol"
)

// Namespace is that of the tools, Spawn the one that starts an agent.
const (
	Namespace = "multi_agent_v1"
	Spawn     = "spawn_agent"
)

// Bounds of wait_agent, in milliseconds.
const (
	usualWait    = 30_000
	shortestWait = 10_000
	longestWait  = 3_600_000
)

type inputArgs struct {
	Message *string     `json:"message" about:"What is to be done, as plain text; either this or items"`
	Items   []itemsArgs `json:"items,omitempty" about:"What is to be done, as parts of a message, instead of message"`
}

type itemsArgs struct {
	Type string `json:"type,omitempty" about:"text, image, local_image, skill or mention"`
	Text string `json:"text,omitempty" about:"Of a text"`
	URL  string `json:"image_url,omitempty" about:"Of an image"`
	Path string `json:"path,omitempty" about:"Of a local image, a skill or what is mentioned"`
	Name string `json:"name,omitempty" about:"Of a skill or what is mentioned"`
}

type spawnArgs struct {
	inputArgs
	AgentType *string `json:"agent_type" about:"Role of the agent; leave it out for one like you"`
	Fork      *bool   `json:"fork_context" about:"True: it knows all of this conversation; otherwise only what you write here"`
	Model     *string `json:"model" about:"Another model than yours; only if the user asks for it"`
	Effort    *string `json:"reasoning_effort" about:"Another reasoning effort than yours"`
	Tier      *string `json:"service_tier" about:"Another service tier than yours"`
}

type sendArgs struct {
	inputArgs
	Target    string `json:"target" about:"Id of the agent"`
	Interrupt *bool  `json:"interrupt" about:"True: what it is doing ends first; otherwise it reads this as soon as it can"`
}

type waitArgs struct {
	Targets []string `json:"targets" about:"Ids of the agents; the first that is done ends the waiting"`
	Timeout *float64 `json:"timeout_ms" about:"How long to wait at most: 10000 to 3600000, 30000 if left out"`
}

type closeArgs struct {
	Target string `json:"target" about:"Id of the agent"`
}

type resumeArgs struct {
	ID string `json:"id" about:"Id of the agent"`
}

// Functions implements tools.External: all of them are in the namespace.
func (a *Set) Functions() []any { return nil }

// Namespaces implements tools.External: few threads need agents, so a model that can looks
// for their tools.
func (a *Set) Namespaces(d tools.Deferral) []any {
	if d != tools.DeferNone {
		return nil
	}
	n := tools.Namespace{Type: "namespace", Name: Namespace, Description: about}
	for _, f := range a.functions() {
		n.Tools = append(n.Tools, f)
	}
	return []any{n}
}

// Sources implements tools.External.
func (a *Set) Sources(d tools.Deferral) []string {
	if d == tools.DeferNone {
		return nil
	}
	return []string{"Agents: start agents (subagents) that work for you side by side, write to them, wait for them"}
}

// Deferred implements tools.External.
func (a *Set) Deferred(d tools.Deferral) []tools.Deferred {
	if d == tools.DeferNone {
		return nil
	}
	var all []tools.Deferred
	for _, f := range a.functions() {
		all = append(all, tools.Defer(Namespace, about, "subagent multi-agent delegate parallel", f))
	}
	return all
}

const about = "Agents that work for you."

func (a *Set) functions() []*tools.Function {
	spawn := "Starts an agent that works on a task of its own beside you, in the same folder and under the same permissions, and gives its id at once. " +
		"Use it when the user wants work done side by side, or when a part of it is well defined and needs little of what you know. Say everything it needs. Go on with something else meanwhile; wait_agent tells when it is done."
	for _, r := range a.opts.Roles {
		spawn += "\nRole " + r.Name
		if r.Description != "" {
			spawn += ": " + r.Description
		}
	}
	return []*tools.Function{
		tools.Describe[closeArgs]("close_agent", "Ends an agent that is not needed any more, and gives its last status."),
		tools.Describe[resumeArgs]("resume_agent", "Opens an agent again that was closed."),
		tools.Describe[sendArgs]("send_input", "Writes to an agent: more about its task, or another one."),
		tools.Describe[spawnArgs](Spawn, spawn),
		tools.Describe[waitArgs]("wait_agent", "Waits until one of some agents is done, and gives the status of those that are; an empty status when none was in time. Long times beat asking often."),
	}
}

// Find implements tools.External.
func (a *Set) Find(namespace, name string) (func(context.Context, *tools.Turn, tools.Call) tools.Output, bool) {
	if namespace != Namespace && namespace != "" {
		return nil, false
	}
	switch name {
	case Spawn:
		return with(a, protocol.CollabAgentToolSpawnAgent, (*Set).spawn), true
	case "send_input":
		return with(a, protocol.CollabAgentToolSendInput, (*Set).sendInput), true
	case "wait_agent":
		return with(a, protocol.CollabAgentToolWait, (*Set).wait), true
	case "close_agent":
		return with(a, protocol.CollabAgentToolCloseAgent, (*Set).closeAgent), true
	case "resume_agent":
		return with(a, protocol.CollabAgentToolResumeAgent, (*Set).resume), true
	}
	return nil, false
}

// call is a call at work: what is known of it goes into its item.
type call struct {
	tools.Call
	item *protocol.CollabAgentToolCallItem
	tell func() // that it has begun
}

// with decodes the arguments of a call, and shows it.
func with[A any](a *Set, tool protocol.CollabAgentTool, run func(*Set, context.Context, *call, *A) (any, error)) func(context.Context, *tools.Turn, tools.Call) tools.Output {
	return func(ctx context.Context, t *tools.Turn, c tools.Call) tools.Output {
		if t.ThreadID != a.opts.Thread {
			return tools.Output{Text: "a review has no agents", Failed: true}
		}
		var args A
		if err := tools.Decode(c.Arguments, &args); err != nil {
			return tools.BadArguments(err)
		}
		w := &call{Call: c, item: &protocol.CollabAgentToolCallItem{Type: protocol.ItemCollabAgentToolCall, ID: c.ID, Tool: tool,
			Status: protocol.CollabAgentToolCallStatusInProgress, SenderThreadID: t.ThreadID, ReceiverThreadIDs: []string{}, AgentsStates: map[string]protocol.CollabAgentState{}}}
		begun := false
		w.tell = func() {
			begun = true
			t.Out.ItemStarted(new(*w.item))
		}
		result, err := run(a, ctx, w, &args)
		if err != nil && !begun {
			return tools.Output{Text: err.Error(), Failed: true}
		}
		w.item.Status = protocol.CollabAgentToolCallStatusCompleted
		if err != nil || w.lost() {
			w.item.Status = protocol.CollabAgentToolCallStatusFailed
		}
		t.Out.ItemCompleted(w.item)
		if err != nil {
			return tools.Output{Text: err.Error()}
		}
		return tools.JSON(result)
	}
}

// lost says whether one of the agents is not there, or ended by an error.
func (w *call) lost() bool {
	for _, s := range w.item.AgentsStates {
		if s.Status == protocol.CollabAgentStatusErrored || s.Status == protocol.CollabAgentStatusNotFound {
			return true
		}
	}
	return false
}

// to names the agent that the call is about, with its state from now on.
func (w *call) to(a *Set, id string) {
	w.item.ReceiverThreadIDs = []string{id}
	w.item.AgentsStates[id] = a.state(id)
}

// named says whether the model names something: an argument that it need not give it may
// leave blank.
func named(s *string) bool { return s != nil && strings.TrimSpace(*s) != "" }

func (a *Set) spawn(ctx context.Context, w *call, args *spawnArgs) (any, error) {
	in, prompt, err := args.input()
	if err != nil {
		return nil, err
	}
	role, err := a.role(args.AgentType)
	if err != nil {
		return nil, err
	}
	begin, under := a.opts.Under()
	if err := apply(role, &begin, &under); err != nil {
		return nil, err
	}
	if named(args.Model) {
		begin.Model, under.Model = args.Model, args.Model
	}
	if named(args.Effort) {
		under.Effort = (*protocol.ReasoningEffort)(args.Effort)
	}
	if named(args.Tier) {
		under.ServiceTier = protocol.Patch[string]{Set: true, Value: args.Tier}
	}
	g := a.make(role, begin, under)
	if err := a.enter(g); err != nil {
		return nil, err
	}
	w.item.Prompt, w.item.Model, w.item.ReasoningEffort = &prompt, under.Model, under.Effort
	w.tell()
	err = g.start(ctx, false)
	if err == nil && args.Fork != nil && *args.Fork && len(w.History) > 0 {
		err = g.engine().rpc.Call(ctx, protocol.MethodThreadInjectItems, protocol.ThreadInjectItemsParams{ThreadID: g.id, Items: w.History}, nil)
	}
	if err == nil {
		_, err = g.send(ctx, in, false)
	}
	if err != nil {
		a.drop(g)
		return nil, fmt.Errorf("start an agent: %w", err)
	}
	w.item.ReceiverThreadIDs = []string{g.id}
	w.item.AgentsStates[g.id] = protocol.CollabAgentState{Status: protocol.CollabAgentStatusPendingInit}
	return spawned{g.id, g.name}, nil
}

type spawned struct {
	ID       string `json:"agent_id"`
	Nickname string `json:"nickname"`
}

// drop forgets an agent that did not start.
func (a *Set) drop(g *agent) {
	g.close()
	a.mu.Lock()
	defer a.mu.Unlock()
	delete(a.all, g.id)
}

// role finds one by its name; nil is the usual agent, which the names that models know
// from elsewhere mean as well.
func (a *Set) role(name *string) (*config.AgentRole, error) {
	if name == nil || *name == "" {
		return nil, nil
	}
	known := []string{"default", "explorer", "worker"}
	for i := range a.opts.Roles {
		if a.opts.Roles[i].Name == *name {
			return &a.opts.Roles[i], nil
		}
		known = append(known, a.opts.Roles[i].Name)
	}
	if slices.Contains(known, *name) {
		return nil, nil
	}
	return nil, fmt.Errorf("unknown agent_type '%s': there are %s", *name, strings.Join(known, ", "))
}

// apply lets the settings of a role go before those of the thread.
func apply(role *config.AgentRole, begin *protocol.ThreadStartParams, under *protocol.TurnStartParams) error {
	if role == nil {
		return nil
	}
	settings, err := role.Settings()
	if err != nil || len(settings) == 0 {
		return err
	}
	of := maps.Clone(begin.Config)
	if of == nil {
		of = map[string]json.RawMessage{}
	}
	for k, v := range settings {
		raw, err := json.Marshal(v)
		if err != nil {
			return fmt.Errorf("agents.%s.config_file: %s: %w", role.Name, k, err)
		}
		of[k] = raw
		switch k {
		case "model":
			begin.Model, under.Model = nil, nil
		case "model_provider":
			begin.ModelProvider = nil
		case "model_reasoning_effort":
			under.Effort = nil
		case "model_reasoning_summary":
			under.Summary = nil
		case "approval_policy":
			begin.ApprovalPolicy, under.ApprovalPolicy = nil, nil
		case "sandbox_mode", "sandbox_workspace_write", "default_permissions":
			begin.Sandbox, begin.Permissions, under.SandboxPolicy, under.Permissions = nil, nil, nil, nil
		case "developer_instructions":
			begin.DeveloperInstructions = nil
		}
	}
	begin.Config = of
	return nil
}

func (a *Set) sendInput(ctx context.Context, w *call, args *sendArgs) (any, error) {
	in, prompt, err := args.input()
	if err != nil {
		return nil, err
	}
	w.item.Prompt, w.item.ReceiverThreadIDs = &prompt, []string{args.Target}
	w.tell()
	defer w.to(a, args.Target)
	g := a.find(args.Target)
	if g == nil {
		return nil, unknown(args.Target)
	}
	turn, err := g.send(ctx, in, args.Interrupt != nil && *args.Interrupt)
	if err != nil {
		return nil, err
	}
	return struct {
		ID string `json:"submission_id"`
	}{turn}, nil
}

// wait waits for the first of some agents.
func (a *Set) wait(ctx context.Context, w *call, args *waitArgs) (any, error) {
	if len(args.Targets) == 0 {
		return nil, errors.New("targets must name at least one agent")
	}
	ms := float64(usualWait)
	if args.Timeout != nil {
		if ms = *args.Timeout; !(ms > 0) {
			return nil, errors.New("timeout_ms must be more than 0")
		}
		ms = min(max(ms, shortestWait), longestWait)
	}
	w.item.ReceiverThreadIDs = args.Targets
	w.tell()
	late := time.NewTimer(time.Duration(ms) * time.Millisecond)
	defer late.Stop()
	result := waited{Status: map[string]status{}}
	for {
		states, changed := a.states(args.Targets)
		for id, s := range states {
			if final(s.Status) {
				result.Status[id], w.item.AgentsStates[id] = status(s), s
			}
		}
		if len(result.Status) > 0 || result.TimedOut {
			return result, nil
		}
		select {
		case <-changed:
		case <-late.C:
			result.TimedOut = true
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
	}
}

type waited struct {
	Status   map[string]status `json:"status"`
	TimedOut bool              `json:"timed_out"`
}

// final says whether an agent is done for now.
func final(s protocol.CollabAgentStatus) bool {
	return s != protocol.CollabAgentStatusPendingInit && s != protocol.CollabAgentStatusRunning
}

func (a *Set) closeAgent(_ context.Context, w *call, args *closeArgs) (any, error) {
	w.item.ReceiverThreadIDs = []string{args.Target}
	w.tell()
	g := a.find(args.Target)
	before := a.state(args.Target)
	w.item.AgentsStates[args.Target] = before
	if g == nil {
		return nil, unknown(args.Target)
	}
	g.close()
	return struct {
		Status status `json:"previous_status"`
	}{status(before)}, nil
}

func (a *Set) resume(ctx context.Context, w *call, args *resumeArgs) (any, error) {
	w.item.ReceiverThreadIDs = []string{args.ID}
	w.tell()
	defer w.to(a, args.ID)
	g := a.find(args.ID)
	if g == nil {
		return nil, unknown(args.ID)
	}
	if g.engine() == nil {
		if err := a.enter(g); err != nil {
			return nil, err
		}
		g.become(protocol.CollabAgentStatusPendingInit, nil)
		if err := g.start(ctx, true); err != nil {
			g.close()
			return nil, fmt.Errorf("resume agent %s: %w", args.ID, err)
		}
	}
	return struct {
		Status status `json:"status"`
	}{status(a.state(args.ID))}, nil
}

func unknown(id string) error { return fmt.Errorf("agent %s not found", id) }

// status is a state as the model reads it: a word, or an object with the word and what
// the agent said.
type status protocol.CollabAgentState

func (s status) MarshalJSON() ([]byte, error) {
	word := strings.NewReplacer("pendingInit", "pending_init", "notFound", "not_found").Replace(string(s.Status))
	switch s.Status {
	case protocol.CollabAgentStatusCompleted, protocol.CollabAgentStatusErrored:
		return json.Marshal(map[string]*string{word: s.Message})
	}
	return json.Marshal(word)
}

// input reads what an agent is given: a message or its parts, and that as one text.
func (a *inputArgs) input() (in []protocol.UserInput, prompt string, err error) {
	switch {
	case a.Message != nil && len(a.Items) > 0:
		return nil, "", errors.New("give message or items, not both")
	case a.Message != nil && strings.TrimSpace(*a.Message) == "", a.Message == nil && len(a.Items) == 0:
		return nil, "", errors.New("message must not be empty")
	case a.Message != nil:
		return []protocol.UserInput{{Type: protocol.UserInputText, Text: *a.Message}}, *a.Message, nil
	}
	var texts []string
	for i, it := range a.Items {
		u := protocol.UserInput{Text: it.Text, URL: it.URL, Path: it.Path, Name: it.Name}
		switch cmp.Or(it.Type, "text") {
		case "text":
			u.Type = protocol.UserInputText
		case "image":
			u.Type = protocol.UserInputImage
		case "local_image":
			u.Type = protocol.UserInputLocalImage
		case "skill":
			u.Type = protocol.UserInputSkill
		case "mention":
			u.Type = protocol.UserInputMention
		default:
			return nil, "", fmt.Errorf("items[%d]: unknown type '%s'", i, it.Type)
		}
		in = append(in, u)
		texts = append(texts, cmp.Or(it.Text, it.Name, it.Path, it.URL))
	}
	return in, strings.Join(texts, "\n"), nil
}
