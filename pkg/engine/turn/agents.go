package turn

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"

	"github.com/tidwall/gjson"

	"codex/pkg/cli/version"
	"codex/pkg/engine/agents"
	"codex/pkg/jsonrpc"
	"codex/pkg/protocol"
)

// setUpAgents lets the thread have agents, where it may.
func (t *liveThread) setUpAgents(ctx context.Context) {
	depth := int32(1)
	if t.opts.Agent != nil {
		depth += t.opts.Agent.Depth
	}
	limits := t.cfg.Agents()
	if t.opts.AgentEngine == nil || !t.cfg.Features.Enabled("multi_agent") || int(depth) > limits.MaxDepth {
		return
	}
	client := t.opts.Client
	client.Name, client.Version = cmp.Or(client.Name, "codex-turn"), cmp.Or(client.Version, version.Compat)
	t.subagents = agents.New(ctx, agents.Options{Thread: t.id, Depth: int(depth), Agents: limits, Command: t.opts.AgentEngine, Client: client,
		Under: t.underAgents, Live: t.out.wantsAgents, Tell: t.out.pass, Ask: t.askForAgent, Log: t.opts.Log})
}

// agentNames are those of the agent that the thread is, if it is one.
func (o *Options) agentNames() (nickname, role *string) {
	if o.Agent == nil {
		return nil, nil
	}
	return o.Agent.AgentNickname, o.Agent.AgentRole
}

// underAgents is what agents run under: what the thread does now.
func (t *liveThread) underAgents() (protocol.ThreadStartParams, protocol.TurnStartParams) {
	s := t.settingsForClients()
	begin := *t.over
	begin.DynamicTools, begin.SessionStartSource, begin.ThreadSource, begin.Ephemeral = nil, nil, new(protocol.ThreadSourceSubagent), &t.eph
	begin.Cwd, begin.Model, begin.ModelProvider, begin.ApprovalPolicy = &s.Cwd, &s.Model, &s.ModelProvider, &s.ApprovalPolicy
	under := protocol.TurnStartParams{Cwd: &s.Cwd, Model: &s.Model, ApprovalPolicy: &s.ApprovalPolicy, Effort: s.Effort, Summary: s.Summary, Personality: s.Personality}
	// A profile and a policy exclude each other; the policy is only like the profile.
	if s.ActivePermissionProfile != nil {
		under.Permissions = &s.ActivePermissionProfile.ID
	} else {
		under.SandboxPolicy = &s.SandboxPolicy
	}
	return begin, under
}

// kindOfAgent is what kind of agent the thread is, as the provider is told.
func (t *liveThread) kindOfAgent() string {
	switch {
	case t.review:
		return "review"
	case t.opts.Agent != nil:
		return "collab_spawn"
	case t.threadSource == string(protocol.ThreadSourceMemory):
		return t.threadSource
	}
	return ""
}

// settled is what the thread knows, without calls that have no output yet.
func (t *liveThread) settled() []json.RawMessage {
	done := map[string]bool{}
	for _, e := range t.history {
		if p := e.Parsed(); p.Get("output").Exists() {
			done[p.Get("call_id").Str] = true
		}
	}
	var out []json.RawMessage
	for _, e := range t.history {
		if p := e.Parsed(); p.Get("call_id").Exists() && !done[p.Get("call_id").Str] {
			continue
		}
		out = append(out, e.Raw)
	}
	return out
}

// toAgent passes a request about the thread of an agent on to that; false when it is about
// none.
func (s *Server) toAgent(r *jsonrpc.Request) bool {
	th := s.thread()
	if th == nil || th.subagents == nil || r.ID == nil {
		return false
	}
	id := gjson.GetBytes(r.Params, "threadId").Str
	return id != "" && id != th.id && th.subagents.Forward(id, r)
}

// askForAgent asks the user what an agent wants to know, in the name of the agent's thread of
// where there is one, else as if the thread did.
func (t *liveThread) askForAgent(ctx context.Context, of string, method string, params json.RawMessage) (json.RawMessage, error) {
	if of != "" {
		id, raw, err := t.out.ask(ctx, method, params)
		if id != nil && method != protocol.AskToolCall && method != protocol.AskAuthTokensRefresh {
			t.out.notify(protocol.NoteServerRequestResolved, protocol.ServerRequestResolvedNotification{ThreadID: of, RequestID: id})
		}
		return raw, err
	}
	var p map[string]json.RawMessage
	if err := json.Unmarshal(params, &p); err != nil {
		return nil, fmt.Errorf("read what an agent asks: %w", err)
	}
	t.mu.Lock()
	running, last := t.running, t.lastTurn
	t.mu.Unlock()
	if running != nil {
		last = running.id
	}
	for k, v := range map[string]string{"threadId": t.id, "turnId": last} {
		if _, there := p[k]; there {
			p[k] = json.RawMessage(`"` + v + `"`)
		}
	}
	switch method {
	case protocol.AskToolCall, protocol.AskAuthTokensRefresh:
		_, raw, err := t.out.ask(ctx, method, p)
		return raw, err
	}
	flag := protocol.ThreadActiveFlagWaitingOnApproval
	if method == protocol.AskUserInput {
		flag = protocol.ThreadActiveFlagWaitingOnUserInput
	}
	in := running
	if in == nil {
		in = &turn{th: t, out: t.out, shown: shown{t.id, last}}
	}
	return in.ask(ctx, method, p, flag, nil)
}
