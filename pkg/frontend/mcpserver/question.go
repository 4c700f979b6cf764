package mcpserver

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/tidwall/gjson"

	"codex/pkg/jsonrpc"
	"codex/pkg/protocol"
	"codex/pkg/shellwords"
)

// remember keeps the changes of a patch for the question about it.
func (c *call) remember(item string, changes json.RawMessage) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.changes == nil {
		c.changes = map[string]json.RawMessage{}
	}
	c.changes[item] = changes
}

// answer asks the client what an engine wants to know, and answers. A client that cannot be
// asked has said no: nobody is there to say yes.
func (c *call) answer(r *jsonrpc.Request) {
	ctx, cancel := context.WithCancel(c.ctx)
	defer cancel()
	go func() { // a question dies with its turn
		select {
		case <-c.ended:
		case <-c.session.closing.Done():
		case <-ctx.Done():
		}
		cancel()
	}()
	p := gjson.ParseBytes(r.Params)
	var result any
	var err error
	switch r.Method {
	case protocol.AskCommandApproval:
		result = map[string]any{"decision": c.askCommand(ctx, p)}
	case protocol.AskFileChangeApproval:
		result = map[string]any{"decision": c.askPatch(ctx, p)}
	case protocol.AskPermissions:
		result = c.askPermissions(ctx, p)
	case protocol.AskElicitation:
		result = c.elicit(ctx, p)
	case protocol.AskUserInput:
		result = c.askUser(ctx, p)
	default:
		err = jsonrpc.Errorf(jsonrpc.CodeRefused, "%s is not supported by codex-mcp", r.Method)
	}
	_ = r.Reply(result, err) // an engine that is gone is seen when reading
}

// emptyForm is the schema of an answer that is yes or no.
const emptyForm = `{"type":"object","properties":{}}`

// about is what every question about an approval says: members beside the standard's, which
// clients of the original look at.
func (c *call) about(p gjson.Result, kind, message string) fields {
	return fields{"message": message, "requestedSchema": json.RawMessage(emptyForm), "threadId": c.session.id, "codex_elicitation": kind,
		"codex_mcp_tool_call_id": c.requestText(), "codex_event_id": c.shown(p.Get("turnId").Str), "codex_call_id": p.Get("itemId").Str}
}

// ask asks for an approval. The answer of the original's clients is a decision, that of the
// standard an action.
func (c *call) ask(ctx context.Context, params fields) decision {
	if !c.asks {
		return decision{word: protocol.DecisionDecline}
	}
	raw, err := c.put(ctx, params)
	if err != nil {
		return decision{word: protocol.DecisionDecline}
	}
	return readDecision(gjson.ParseBytes(raw))
}

// decision is an answer in the words of the app-server protocol, with what goes with it.
type decision struct {
	word    string
	rule    []string // a rule for commands to add
	network *protocol.NetworkPolicyAmendment
}

// readDecision understands an answer. What it does not understand is a no.
func readDecision(a gjson.Result) decision {
	d := a.Get("decision")
	if !d.Exists() {
		if a.Get("action").Str == "accept" {
			return decision{word: protocol.DecisionAccept}
		}
		return decision{word: protocol.DecisionDecline}
	}
	switch d.Str {
	case "approved":
		return decision{word: protocol.DecisionAccept}
	case "approved_for_session":
		return decision{word: protocol.DecisionAcceptForSession}
	case "abort":
		return decision{word: protocol.DecisionCancel}
	}
	if rule := d.Get("approved_execpolicy_amendment.proposed_execpolicy_amendment"); rule.IsArray() && len(rule.Array()) > 0 {
		out := decision{word: protocol.DecisionAccept}
		for _, w := range rule.Array() {
			out.rule = append(out.rule, w.String())
		}
		return out
	}
	if n := d.Get("network_policy_amendment.network_policy_amendment"); n.Get("host").Str != "" {
		return decision{word: protocol.DecisionAccept, network: &protocol.NetworkPolicyAmendment{
			Host: n.Get("host").Str, Action: protocol.NetworkPolicyRuleAction(n.Get("action").Str)}}
	}
	return decision{word: protocol.DecisionDecline}
}

func (c *call) askCommand(ctx context.Context, p gjson.Result) protocol.CommandExecutionApprovalDecision {
	command, cwd := argv(p.Get("command").Str), p.Get("cwd").Str
	call, turn := p.Get("itemId").Str, p.Get("turnId").Str
	cmds := parsed(p.Get("commandActions"))
	event := fields{"call_id": call, "turn_id": c.shown(turn), "started_at_ms": raw(p.Get("startedAtMs")), "command": command, "cwd": cwd, "parsed_cmd": cmds}
	choices := []any{"approved", "abort"}
	if rule := p.Get("proposedExecpolicyAmendment"); rule.IsArray() {
		event["proposed_execpolicy_amendment"] = raw(rule)
		choices = []any{"approved", fields{"approved_execpolicy_amendment": fields{"proposed_execpolicy_amendment": raw(rule)}}, "abort"}
	}
	event["available_decisions"] = choices
	if reason := p.Get("reason"); reason.Type == gjson.String {
		event["reason"] = reason.Str
	}
	event["type"] = "exec_approval_request"
	c.event(turn, event)
	q := c.about(p, "exec-approval", fmt.Sprintf("Allow Codex to run `%s` in `%s`?", shellwords.Join(command), cwd))
	q["codex_command"], q["codex_cwd"], q["codex_parsed_cmd"] = command, cwd, cmds
	d := c.ask(ctx, q)
	out := protocol.CommandExecutionApprovalDecision{Word: d.word}
	switch {
	case d.rule != nil:
		out = protocol.CommandExecutionApprovalDecision{AcceptWithExecpolicyAmendment: &protocol.AcceptWithExecpolicyAmendment{ExecpolicyAmendment: d.rule}}
	case d.network != nil:
		out = protocol.CommandExecutionApprovalDecision{ApplyNetworkPolicyAmendment: &protocol.ApplyNetworkPolicyAmendment{NetworkPolicyAmendment: *d.network}}
	}
	return out
}

func (c *call) askPatch(ctx context.Context, p gjson.Result) string {
	call, turn := p.Get("itemId").Str, p.Get("turnId").Str
	c.mu.Lock()
	changes := c.changes[call]
	c.mu.Unlock()
	if changes == nil {
		changes = json.RawMessage("{}")
	}
	event := fields{"type": "apply_patch_approval_request", "call_id": call, "turn_id": c.shown(turn), "started_at_ms": raw(p.Get("startedAtMs")), "changes": changes}
	message := "Allow Codex to apply proposed code changes?"
	if reason := p.Get("reason"); reason.Type == gjson.String {
		event["reason"] = reason.Str
		message = reason.Str + "\n" + message
	}
	root := p.Get("grantRoot")
	if root.Type == gjson.String {
		event["grant_root"] = root.Str
	}
	c.event(turn, event)
	q := c.about(p, "patch-approval", message)
	q["codex_changes"] = changes
	if reason := p.Get("reason"); reason.Type == gjson.String {
		q["codex_reason"] = reason.Str
	}
	if root.Type == gjson.String {
		q["codex_grant_root"] = root.Str
	}
	return c.ask(ctx, q).word
}

// askPermissions asks whether the model may have what it asks for: all of it, or nothing.
func (c *call) askPermissions(ctx context.Context, p gjson.Result) any {
	message := "Allow Codex the permissions " + p.Get("permissions").Raw + " in `" + p.Get("cwd").Str + "`?"
	if reason := p.Get("reason"); reason.Type == gjson.String {
		message = reason.Str + "\n" + message
	}
	scope := protocol.PermissionGrantScopeTurn
	switch c.ask(ctx, c.about(p, "permissions-approval", message)).word {
	case protocol.DecisionAccept:
	case protocol.DecisionAcceptForSession:
		scope = protocol.PermissionGrantScopeSession
	default:
		return fields{"permissions": fields{}}
	}
	return fields{"permissions": raw(p.Get("permissions")), "scope": scope}
}

// elicit passes the question of another server on, and what the client answers.
func (c *call) elicit(ctx context.Context, p gjson.Result) any {
	no := fields{"action": "decline", "content": nil, "_meta": nil}
	if !c.asks || p.Get("mode").Str != protocol.McpServerElicitationRequestParamsForm {
		return no
	}
	a, err := c.put(ctx, fields{"message": p.Get("message").Str, "requestedSchema": raw(p.Get("requestedSchema")),
		"threadId": c.session.id, "codex_elicitation": "mcp-server", "codex_mcp_server": p.Get("serverName").Str})
	if err != nil {
		return no
	}
	got := gjson.ParseBytes(a)
	switch action := got.Get("action").Str; {
	case got.Get("decision").Exists():
		if d := readDecision(got); d.word == protocol.DecisionAccept || d.word == protocol.DecisionAcceptForSession {
			return fields{"action": "accept", "content": fields{}, "_meta": nil}
		}
		return no
	case action == "accept" || action == "cancel":
		return fields{"action": action, "content": raw(got.Get("content")), "_meta": raw(got.Get("_meta"))}
	}
	return no
}

// askUser puts questions of the model into a form. Without answers the model is told that
// there are none.
func (c *call) askUser(ctx context.Context, p gjson.Result) any {
	answers, properties, required := fields{}, fields{}, []string{}
	message := ""
	for _, q := range p.Get("questions").Array() {
		f := fields{"type": "string", "title": q.Get("header").Str, "description": q.Get("question").Str}
		if options := q.Get("options.#.label"); len(options.Array()) > 0 && !q.Get("isOther").Bool() {
			f["enum"] = raw(options)
		}
		properties[q.Get("id").Str] = f
		required = append(required, q.Get("id").Str)
		message += q.Get("question").Str + "\n"
	}
	if !c.asks {
		return fields{"answers": answers}
	}
	a, err := c.put(ctx, fields{"message": message, "threadId": c.session.id, "codex_elicitation": "user-input",
		"requestedSchema": fields{"type": "object", "properties": properties, "required": required}})
	if got := gjson.ParseBytes(a); err == nil && got.Get("action").Str == "accept" {
		got.Get("content").ForEach(func(k, v gjson.Result) bool {
			if _, asked := properties[k.Str]; asked {
				answers[k.Str] = fields{"answers": []string{v.String()}}
			}
			return true
		})
	}
	return fields{"answers": answers}
}
