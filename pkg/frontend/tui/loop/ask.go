package loop

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"codex/pkg/frontend/tui/cells"
	"codex/pkg/frontend/tui/keys"
	"codex/pkg/frontend/tui/overlay"
	"codex/pkg/frontend/tui/state"
	"codex/pkg/frontend/tui/text"
	"codex/pkg/jsonrpc"
	"codex/pkg/protocol"
)

// ask takes a request of the engine. One that nobody here can answer is refused at once.
func (l *Loop) ask(r *jsonrpc.Request) {
	switch r.Method {
	case protocol.AskCommandApproval, protocol.AskFileChangeApproval, protocol.AskPermissions, protocol.AskUserInput, protocol.AskElicitation:
		l.hear(r)
	default:
		_ = r.Reply(nil, jsonrpc.Errorf(jsonrpc.CodeMethodNotFound, "codex-tui does not answer %s", r.Method)) // a lost engine is seen when reading
	}
}

// nextAsk puts the oldest question before the person, once they do not type, and takes
// one away that somebody else has answered.
func (l *Loop) nextAsk() {
	if l.away != nil { // once that is done
		return
	}
	waiting := l.asking()
	if l.modalAsk != nil && !slices.ContainsFunc(waiting, func(x asking) bool { return x.ask == l.modalAsk }) {
		l.modal, l.modalAsk = nil, nil
	}
	if l.modal != nil || len(waiting) == 0 {
		return
	}
	if wait := quietTime - l.Now().Sub(l.typed); wait > 0 && !l.composer.Empty() {
		l.timers.set(timerAsk, wait)
		return
	}
	a := waiting[0].ask
	l.modalAsk, l.popup, l.sheet = a, nil, false
	l.modal = l.question(a)
	l.draw()
}

// question makes the overlay of a request.
func (l *Loop) question(a *state.Ask) overlay.Overlay {
	switch a.Method {
	case protocol.AskFileChangeApproval:
		return l.patchQuestion(a)
	case protocol.AskPermissions:
		return l.permissionQuestion(a)
	case protocol.AskUserInput:
		return l.userQuestion(a)
	case protocol.AskElicitation:
		return l.elicitation(a)
	}
	return l.commandQuestion(a)
}

// answer answers a request, and says in the transcript what was decided.
func (l *Loop) answer(a *state.Ask, result any, d *cells.Decision) {
	of := l.from(a)
	l.in(of, func() {
		l.state.Answered(a.ID, l.Now())
		if d != nil {
			l.state.Show(d)
		}
	})
	if err := l.engine.conn.Respond(a.ID, result); err != nil {
		l.complain("answer %s: %v", a.Method, err)
	}
	if d != nil && of != nil { // where the person is, too
		l.show(d)
	}
	l.draw()
}

// choice is one answer to an approval.
func choice(label string, key keys.Code, do func(), more ...keys.Event) overlay.Item {
	name := keys.Event{Code: key}.String()
	return overlay.Item{Label: label, Shortcut: name, Keys: append([]keys.Event{{Code: key}}, more...), Do: do}
}

// approval is the list of answers below what is asked.
func (l *Loop) approval(a *state.Ask, r *cells.Request, items []overlay.Item, cancel func()) *overlay.Approval {
	open := func() { l.openRequest(r) }
	for i := range items {
		if k := items[i].Keys; len(k) > 0 {
			items[i].Shortcut = l.bindings.Name(keys.Approval, k[0])
		}
	}
	q := &overlay.Approval{
		Request: func(width int) []text.Line { return cells.Render(cells.Entry{Item: r}, width, l.theme) },
		Brief:   func(width int) []text.Line { return cells.Render(cells.Entry{Item: r.Brief()}, width, l.theme) },
		Open:    open,
		OpenKey: shown(l.bindings.Names(keys.Approval, "open_fullscreen")),
		List:    overlay.List{Items: items, Hint: "Press enter to confirm or esc to cancel", Cancel: cancel},
	}
	if of := l.from(a); of != nil {
		r.Thread = of.name
		q.Extra = func(e keys.Event) (taken, done bool) {
			if taken = e.Is(keys.OpenThread, 0); taken {
				l.showThread(of)
			}
			return taken, false
		}
	}
	return q
}

func (l *Loop) commandQuestion(a *state.Ask) overlay.Overlay {
	var p protocol.CommandExecutionRequestApprovalParams
	if err := json.Unmarshal(a.Params, &p); err != nil {
		return l.unreadable(a, err, protocol.CommandExecutionRequestApprovalResponse{Decision: protocol.CommandExecutionApprovalDecision{Word: protocol.DecisionCancel}})
	}
	command := protocol.Value(p.Command)
	if item, ok := a.Item.(*protocol.CommandExecutionItem); ok && command == "" {
		command = item.Command
	}
	r := &cells.Request{Title: "Run this command?", Reason: protocol.Value(p.Reason), Command: command}
	what := ""
	if n := p.NetworkApprovalContext; n != nil {
		r.Title, r.Command = fmt.Sprintf("Let it reach %q over the network?", n.Host), ""
		what = "access " + n.Host
	}
	if p.Cwd != nil && *p.Cwd != l.state.Thread.Cwd {
		r.Cwd = *p.Cwd
	}
	if p.AdditionalPermissions != nil {
		r.Rule = permissionRule(p.AdditionalPermissions.Network, p.AdditionalPermissions.FileSystem)
	}
	decide := func(d protocol.CommandExecutionApprovalDecision, v cells.Verdict, prefix string) func() {
		return func() {
			said := &cells.Decision{Verdict: v, Command: r.Command, Prefix: prefix, What: what}
			l.answer(a, protocol.CommandExecutionRequestApprovalResponse{Decision: d}, said)
		}
	}
	cancel := decide(protocol.CommandExecutionApprovalDecision{Word: protocol.DecisionCancel}, cells.Canceled, "")
	return l.approval(a, r, commandChoices(&p, decide, cancel), cancel)
}

// decider makes what a choice does.
type decider func(d protocol.CommandExecutionApprovalDecision, v cells.Verdict, prefix string) func()

// commandChoices are the answers that the engine takes.
func commandChoices(p *protocol.CommandExecutionRequestApprovalParams, decide decider, cancel func()) []overlay.Item {
	offered := p.AvailableDecisions
	if len(offered) == 0 {
		offered = []protocol.CommandExecutionApprovalDecision{{Word: protocol.DecisionAccept}, {Word: protocol.DecisionCancel}}
	}
	network := p.NetworkApprovalContext != nil
	var items []overlay.Item
	for _, d := range offered {
		switch {
		case d.AcceptWithExecpolicyAmendment != nil:
			prefix := strings.Join(d.AcceptWithExecpolicyAmendment.ExecpolicyAmendment, " ")
			if !strings.Contains(prefix, "\n") {
				items = append(items, choice("Yes, also whatever begins with `"+prefix+"`", 'p', decide(d, cells.ApprovedPrefix, prefix)))
			}
		case d.ApplyNetworkPolicyAmendment != nil && d.ApplyNetworkPolicyAmendment.NetworkPolicyAmendment.Action == protocol.NetworkPolicyRuleActionAllow:
			items = append(items, choice("Yes, this host from now on", 'p', decide(d, cells.ApprovedForSession, "")))
		case d.ApplyNetworkPolicyAmendment != nil:
			items = append(items, choice("No, and never this host", 'd', decide(d, cells.Declined, "")))
		case d.Word == protocol.DecisionAccept && network:
			items = append(items, choice("Yes, just this once", 'y', decide(d, cells.Approved, "")))
		case d.Word == protocol.DecisionAccept:
			items = append(items, choice("Yes, proceed", 'y', decide(d, cells.Approved, "")))
		case d.Word == protocol.DecisionAcceptForSession && network:
			items = append(items, choice("Yes, this host in this session", 'a', decide(d, cells.ApprovedForSession, "")))
		case d.Word == protocol.DecisionAcceptForSession:
			items = append(items, choice("Yes, this command in the whole session", 'a', decide(d, cells.ApprovedForSession, "")))
		case d.Word == protocol.DecisionDecline:
			items = append(items, choice("No, go on without it", 'd', decide(d, cells.Declined, "")))
		case d.Word == protocol.DecisionCancel:
			items = append(items, choice("No, stop: I say what to do instead", keys.Escape, cancel, keys.Event{Code: 'n'}))
		}
	}
	return items
}

func (l *Loop) patchQuestion(a *state.Ask) overlay.Overlay {
	var p protocol.FileChangeRequestApprovalParams
	if err := json.Unmarshal(a.Params, &p); err != nil {
		return l.unreadable(a, err, protocol.FileChangeRequestApprovalResponse{Decision: protocol.FileChangeApprovalDecisionCancel})
	}
	r := &cells.Request{Title: "Change these files?", Reason: protocol.Value(p.Reason)}
	if p.GrantRoot != nil {
		r.Rule = "write below " + *p.GrantRoot
	}
	decide := func(d protocol.FileChangeApprovalDecision, said *cells.Decision) func() {
		return func() { l.answer(a, protocol.FileChangeRequestApprovalResponse{Decision: d}, said) }
	}
	cancel := decide(protocol.FileChangeApprovalDecisionCancel, &cells.Decision{Verdict: cells.Canceled, What: "apply the changes"})
	q := l.approval(a, r, []overlay.Item{
		choice("Yes, proceed", 'y', decide(protocol.FileChangeApprovalDecisionAccept, nil)),
		choice("Yes, these files in the whole session", 'a', decide(protocol.FileChangeApprovalDecisionAcceptForSession, nil)),
		choice("No, stop: I say what to do instead", keys.Escape, cancel, keys.Event{Code: 'n'}),
	}, cancel)
	if item, ok := a.Item.(*protocol.FileChangeItem); ok {
		whole := *r
		whole.Changes = item.Changes
		q.Open = func() { l.openRequest(&whole) }
	}
	return q
}

func (l *Loop) permissionQuestion(a *state.Ask) overlay.Overlay {
	var p protocol.PermissionsRequestApprovalParams
	if err := json.Unmarshal(a.Params, &p); err != nil {
		return l.unreadable(a, err, protocol.PermissionsRequestApprovalResponse{})
	}
	r := &cells.Request{Title: "Grant these permissions?", Reason: protocol.Value(p.Reason), Rule: permissionRule(p.Permissions.Network, p.Permissions.FileSystem)}
	granted := protocol.GrantedPermissionProfile{Network: p.Permissions.Network, FileSystem: p.Permissions.FileSystem}
	grant := func(scope protocol.PermissionGrantScope, strict *bool, v cells.Verdict) func() {
		return func() {
			l.answer(a, protocol.PermissionsRequestApprovalResponse{Permissions: granted, Scope: scope, StrictAutoReview: strict}, &cells.Decision{Verdict: v, What: "have these permissions"})
		}
	}
	no := func() {
		l.answer(a, protocol.PermissionsRequestApprovalResponse{Scope: protocol.PermissionGrantScopeTurn}, &cells.Decision{Verdict: cells.Declined, What: "have these permissions"})
	}
	return l.approval(a, r, []overlay.Item{
		choice("Yes, for this turn", 'y', grant(protocol.PermissionGrantScopeTurn, nil, cells.Approved)),
		choice("Yes, for the whole session", 'a', grant(protocol.PermissionGrantScopeSession, nil, cells.ApprovedForSession)),
		choice("No, go on without them", 'n', no, keys.Event{Code: 'd'}, keys.Event{Code: keys.Escape}),
	}, no)
}

// permissionRule says what is asked for beyond the sandbox.
func permissionRule(n *protocol.AdditionalNetworkPermissions, f *protocol.AdditionalFileSystemPermissions) string {
	var parts []string
	if n != nil && n.Enabled != nil && *n.Enabled {
		parts = append(parts, "network")
	}
	if f != nil {
		if len(f.Read) > 0 {
			parts = append(parts, "read "+strings.Join(f.Read, ", "))
		}
		if len(f.Write) > 0 {
			parts = append(parts, "write "+strings.Join(f.Write, ", "))
		}
		for _, e := range f.Entries {
			place := e.Path.Path + e.Path.Pattern
			if e.Path.Type == protocol.FileSystemPathSpecial {
				place = e.Path.Value.Kind + protocol.Value(e.Path.Value.Subpath)
			}
			parts = append(parts, string(e.Access)+" "+place)
		}
	}
	return strings.Join(parts, "; ")
}

// unreadable refuses a request that is not as it should be.
func (l *Loop) unreadable(a *state.Ask, err error, refusal any) overlay.Overlay {
	no := func() { l.answer(a, refusal, nil) }
	return &overlay.List{Title: "The engine asks for something that cannot be read", Subtitle: err.Error(),
		Items: []overlay.Item{{Label: "Refuse it", Do: no}}, Cancel: no}
}
