package tools

import (
	"cmp"
	"context"
	"encoding/json"
	"time"

	"codex/pkg/exec/wire"
	"codex/pkg/execpolicy"
	"codex/pkg/protocol"
	"codex/pkg/shellwords"
)

// permit is the permission to run a command.
type permit struct {
	unsandboxed bool
	asked       bool     // the user was asked, now or earlier in the session, and agreed
	amendment   []string // the rule to propose if the user is asked later
}

// refusal is the error of a command that may not run.
type refusal struct {
	why   string
	shown bool // its item says so
}

func (r *refusal) Error() string { return r.why }

// declined is the refusal of a user.
func declined() *refusal { return &refusal{why: "rejected by user", shown: true} }

// approve applies rules and the approval policy to a command. The error is a *refusal.
func (s *Set) approve(ctx context.Context, t *Turn, cmd command) (permit, error) {
	b := s.bounds(t, grant{})
	c := execpolicy.Call{Argv: cmd.argv, Asking: t.asking(), Sandboxed: b.pol.Restricted(), Elsewhere: cmd.cwd != t.Cwd, Escalate: cmd.escalate, Widen: !cmd.extra.empty(),
		PrefixRule: cmd.prefixRule, Writable: b.pol.CanWrite}
	if s.Rules != nil {
		c.Rules = s.Rules.Policy()
	}
	d := execpolicy.Decide(c)
	switch d.Verdict {
	case execpolicy.Forbid:
		return permit{}, &refusal{why: d.Reason}
	case execpolicy.Allow:
		t.Out.Allowed(cmd.callID)
		return permit{unsandboxed: d.Unsandboxed, amendment: d.Amendment}, nil
	}
	if err := s.ask(ctx, t, cmd, cmp.Or(d.Reason, cmd.reason), d.Amendment); err != nil {
		return permit{}, err
	}
	return permit{unsandboxed: d.Unsandboxed, asked: true}, nil
}

// ask shows a command to the user, unless it was approved for the session or a hook has
// decided. A refusal by the user declines its item. The error is a *refusal.
func (s *Set) ask(ctx context.Context, t *Turn, cmd command, reason string, amendment []string) error {
	key := approvalKey(cmd)
	s.mu.Lock()
	known := s.approved[key]
	s.mu.Unlock()
	if known {
		return nil
	}
	if decided, err := t.question(ctx, cmd.asked(cmp.Or(cmd.reason, reason))); decided {
		return err
	}
	item := &protocol.CommandExecutionItem{Type: protocol.ItemCommandExecution, ID: cmd.callID, Command: shellwords.Join(cmd.argv),
		Cwd: cmd.cwd, Source: protocol.CommandExecutionSourceAgent, Status: protocol.CommandExecutionStatusInProgress,
		CommandActions: actions(cmd.argv, cmd.cwd)}
	p := protocol.CommandExecutionRequestApprovalParams{ThreadID: t.ThreadID, TurnID: t.TurnID, ItemID: cmd.callID,
		StartedAtMs: time.Now().UnixMilli(), Command: &item.Command, Cwd: &cmd.cwd, CommandActions: item.CommandActions,
		Reason: protocol.Optional(reason)}
	p.AvailableDecisions = []protocol.CommandExecutionApprovalDecision{{Word: protocol.DecisionAccept}}
	if more := s.standing(t).union(cmd.extra); !more.empty() {
		p.AdditionalPermissions = &protocol.AdditionalPermissionProfile{}
		p.AdditionalPermissions.Network, p.AdditionalPermissions.FileSystem = more.forUser()
	}
	if p.ProposedExecpolicyAmendment = amendment; len(amendment) > 0 && cmd.extra.empty() {
		p.AvailableDecisions = append(p.AvailableDecisions, protocol.CommandExecutionApprovalDecision{
			AcceptWithExecpolicyAmendment: &protocol.AcceptWithExecpolicyAmendment{ExecpolicyAmendment: amendment}})
	}
	p.AvailableDecisions = append(p.AvailableDecisions, protocol.CommandExecutionApprovalDecision{Word: protocol.DecisionCancel})
	a, err := t.Out.AskCommand(ctx, item, p)
	if err == nil && a.Accept {
		if a.ForSession {
			s.mu.Lock()
			s.approved[key] = true
			s.mu.Unlock()
		}
		if len(a.Amendment) > 0 && s.Rules != nil {
			s.Rules.Amend(ctx, a.Amendment)
		}
		return nil
	}
	no := *item
	no.Status = protocol.CommandExecutionStatusDeclined
	if a.Failed {
		no.Status = protocol.CommandExecutionStatusFailed
	}
	t.Out.ItemCompleted(&no)
	if a.Cancel {
		t.Out.Cancel()
	}
	return declined()
}

// approvalKey is what "for this session" remembers.
func approvalKey(cmd command) string {
	canonical := cmd.argv
	if cmds, ok := execpolicy.Split(cmd.argv); ok && len(cmds) == 1 {
		canonical = cmds[0]
	} else if script, ok := execpolicy.Script(cmd.argv); ok {
		canonical = []string{"__codex_shell_script__", cmd.argv[1], script}
	}
	b, _ := json.Marshal([]any{canonical, cmd.cwd, cmd.escalate, cmd.extra.forModel(), cmd.tty})
	return string(b)
}

// retry asks, where the policy lets it, whether a command that the sandbox blocked shall
// run again outside. The error is a *refusal, which is then all that the model hears.
func (s *Set) retry(ctx context.Context, t *Turn, cmd command, ss *session, p permit) (again bool, err error) {
	if ctx.Err() != nil || !ss.done() || p.unsandboxed || !s.bounds(t, cmd.extra).pol.Restricted() || !ss.denied() {
		return false, nil
	}
	switch t.Approval {
	case execpolicy.OnFailure, execpolicy.Untrusted:
	case execpolicy.Granular:
		if !t.Granular.SandboxApproval {
			return false, nil
		}
	default:
		return false, nil
	}
	if !p.asked {
		if err := s.ask(ctx, t, cmd, "command failed; retry without sandbox?", p.amendment); err != nil {
			return false, err
		}
	}
	return true, nil
}

// denied guesses whether the sandbox made the command fail.
func (ss *session) denied() bool {
	code := ss.code()
	if code == 0 {
		return false
	}
	if d, known := ss.proc.SandboxDenied(); known && d {
		return true
	}
	ss.mu.Lock()
	defer ss.mu.Unlock()
	return wire.LooksDenied(code, ss.proc.ExitSignal(), ss.all.bytes())
}
