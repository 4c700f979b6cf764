package tools

import (
	"context"
	"encoding/json"
	"strings"
	"time"

	"codex/pkg/execpolicy"
	"codex/pkg/protocol"
)

// approve applies the approval policy to a command (sandbox spec §8). refused is the
// reason that the model is told; asked says that the user was asked and agreed.
func (s *Set) approve(ctx context.Context, t *Turn, cmd command) (unsandboxed, asked bool, refused string) {
	restricted := t.Policy.Restricted()
	d := execpolicy.Decide(execpolicy.Call{Argv: cmd.argv, Policy: t.Approval, AskUser: t.GranularSandbox,
		Sandboxed: restricted, Escalate: cmd.escalate, Display: Join(cmd.argv)})
	switch d.Verdict {
	case execpolicy.Forbid:
		return false, false, d.Reason
	case execpolicy.Allow:
		return d.Unsandboxed, false, ""
	}
	key := approvalKey(cmd)
	s.mu.Lock()
	known := s.approved[key]
	s.mu.Unlock()
	if known {
		return d.Unsandboxed, true, ""
	}
	if !s.ask(ctx, t, cmd, key, cmd.reason, d.Amendment) {
		return false, false, "rejected by user"
	}
	return d.Unsandboxed, true, ""
}

// ask shows a command to the user. A refusal declines its item.
func (s *Set) ask(ctx context.Context, t *Turn, cmd command, key, reason string, amendment []string) bool {
	item := &protocol.CommandExecutionItem{Type: protocol.ItemCommandExecution, ID: cmd.callID, Command: Join(cmd.argv),
		Cwd: cmd.cwd, Source: protocol.CommandExecutionSourceAgent, Status: protocol.CommandExecutionStatusInProgress,
		CommandActions: actions(cmd.argv, cmd.cwd)}
	p := protocol.CommandExecutionRequestApprovalParams{ThreadID: t.ThreadID, TurnID: t.TurnID, ItemID: cmd.callID,
		StartedAtMs: time.Now().UnixMilli(), Command: &item.Command, Cwd: &cmd.cwd, CommandActions: item.CommandActions}
	if reason != "" {
		p.Reason = &reason
	}
	p.AvailableDecisions = []protocol.CommandExecutionApprovalDecision{{Word: protocol.DecisionAccept}}
	if len(amendment) > 0 {
		p.ProposedExecpolicyAmendment = amendment
		p.AvailableDecisions = append(p.AvailableDecisions, protocol.CommandExecutionApprovalDecision{
			AcceptWithExecpolicyAmendment: &protocol.AcceptWithExecpolicyAmendment{ExecpolicyAmendment: amendment}})
	}
	p.AvailableDecisions = append(p.AvailableDecisions, protocol.CommandExecutionApprovalDecision{Word: protocol.DecisionCancel})
	t.Out.ItemStarted(item)
	a, err := t.Out.AskCommand(ctx, p)
	if err == nil && a.Accept {
		if a.ForSession {
			s.mu.Lock()
			s.approved[key] = true
			s.mu.Unlock()
		}
		return true
	}
	declined := *item
	declined.Status = protocol.CommandExecutionStatusDeclined
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
	b, _ := json.Marshal([]any{canonical, cmd.cwd, cmd.escalate, cmd.tty})
	return string(b)
}

// retryUnsandboxed asks, where the policy lets it, whether a command that the sandbox
// blocked shall run again outside (sandbox spec §8.2 step 8).
func (s *Set) retryUnsandboxed(ctx context.Context, t *Turn, cmd command, ss *session, asked bool) bool {
	if !t.Policy.Restricted() || !ss.denied() {
		return false
	}
	switch t.Approval {
	case execpolicy.OnFailure, execpolicy.Untrusted:
	case execpolicy.Granular:
		if !t.GranularSandbox {
			return false
		}
	default:
		return false
	}
	if asked {
		return true
	}
	return s.ask(ctx, t, cmd, approvalKey(cmd), "command failed; retry without sandbox?", nil)
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
