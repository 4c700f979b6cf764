package tools

import (
	"context"
	"encoding/json"
	"strings"
	"time"

	"codex/pkg/execpolicy"
	"codex/pkg/protocol"
)

// leave is the permission to run a command, or what the model is told instead.
type leave struct {
	refused     string
	unsandboxed bool
	asked       bool     // the user was asked, now or earlier in the session, and agreed
	amendment   []string // the rule to propose if the user is asked later
}

// byUser is what the model is told when the user said no.
const byUser = "rejected by user"

// asking is the turn's approval policy.
func (t *Turn) asking() execpolicy.Asking {
	return execpolicy.Asking{Policy: t.Approval, Flags: t.Granular}
}

// approve applies rules and the approval policy to a command (sandbox spec §8).
func (s *Set) approve(ctx context.Context, t *Turn, cmd command) leave {
	b := s.bounds(t, grant{})
	c := execpolicy.Call{Argv: cmd.argv, Asking: t.asking(), Sandboxed: b.pol.Restricted(), Escalate: cmd.escalate, Widen: !cmd.extra.empty(),
		PrefixRule: cmd.prefixRule, Writable: b.pol.CanWrite}
	if s.Rules != nil {
		c.Rules = s.Rules.Policy()
	}
	d := execpolicy.Decide(c)
	switch d.Verdict {
	case execpolicy.Forbid:
		return leave{refused: d.Reason}
	case execpolicy.Allow:
		return leave{unsandboxed: d.Unsandboxed, amendment: d.Amendment}
	}
	reason := d.Reason
	if reason == "" {
		reason = cmd.reason
	}
	if !s.ask(ctx, t, cmd, reason, d.Amendment) {
		return leave{refused: byUser}
	}
	return leave{unsandboxed: d.Unsandboxed, asked: true}
}

// ask shows a command to the user, unless it was approved for the session. A refusal
// declines its item.
func (s *Set) ask(ctx context.Context, t *Turn, cmd command, reason string, amendment []string) bool {
	key := approvalKey(cmd)
	s.mu.Lock()
	known := s.approved[key]
	s.mu.Unlock()
	if known {
		return true
	}
	item := &protocol.CommandExecutionItem{Type: protocol.ItemCommandExecution, ID: cmd.callID, Command: Join(cmd.argv),
		Cwd: cmd.cwd, Source: protocol.CommandExecutionSourceAgent, Status: protocol.CommandExecutionStatusInProgress,
		CommandActions: actions(cmd.argv, cmd.cwd)}
	p := protocol.CommandExecutionRequestApprovalParams{ThreadID: t.ThreadID, TurnID: t.TurnID, ItemID: cmd.callID,
		StartedAtMs: time.Now().UnixMilli(), Command: &item.Command, Cwd: &cmd.cwd, CommandActions: item.CommandActions}
	if reason != "" {
		p.Reason = &reason
	}
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
		return true
	}
	declined := *item
	declined.Status = protocol.CommandExecutionStatusDeclined
	if a.Failed {
		declined.Status = protocol.CommandExecutionStatusFailed
	}
	t.Out.ItemCompleted(&declined)
	if a.Cancel {
		t.Out.Cancel()
	}
	return false
}

// approvalKey is what "for this session" remembers (sandbox spec §8.5).
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
// run again outside (sandbox spec §8.2 step 8). refused says that the user said no, which
// is then all that the model hears.
func (s *Set) retry(ctx context.Context, t *Turn, cmd command, ss *session, l leave) (again, refused bool) {
	if ctx.Err() != nil || !ss.done() || l.unsandboxed || !s.bounds(t, cmd.extra).pol.Restricted() || !ss.denied() {
		return false, false
	}
	switch t.Approval {
	case execpolicy.OnFailure, execpolicy.Untrusted:
	case execpolicy.Granular:
		if !t.Granular.SandboxApproval {
			return false, false
		}
	default:
		return false, false
	}
	yes := l.asked || s.ask(ctx, t, cmd, "command failed; retry without sandbox?", l.amendment)
	return yes, !yes
}

// denied guesses whether the sandbox made the command fail (tools spec §3.9).
func (ss *session) denied() bool {
	code := ss.code()
	if code == 0 {
		return false
	}
	if d, known := ss.proc.SandboxDenied(); known && d {
		return true
	}
	ss.mu.Lock()
	out := strings.ToLower(string(ss.all.bytes()))
	ss.mu.Unlock()
	for _, w := range []string{"operation not permitted", "permission denied", "read-only file system", "seccomp", "sandbox", "landlock", "failed to write file"} {
		if strings.Contains(out, w) {
			return true
		}
	}
	return code == 159
}
