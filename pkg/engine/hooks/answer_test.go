package hooks

import (
	"strings"
	"testing"

	"codex/pkg/hooks"
	"codex/pkg/protocol"
)

// brief is an answer on a line.
func brief(a answer) string {
	parts := []string{string(a.status)}
	for _, e := range a.entries {
		parts = append(parts, string(e.Kind)+":"+e.Text)
	}
	if a.blocked {
		parts = append(parts, "blocked")
	}
	for name, v := range map[string]string{"decision": a.decision, "updated": string(a.updated), "feedback": a.feedback} {
		if v != "" {
			parts = append(parts, name+"="+v)
		}
	}
	return strings.Join(parts, " ")
}

func TestRead(t *testing.T) {
	for _, c := range []struct {
		event  hooks.Event
		status int
		stdout string
		stderr string
		want   string
	}{
		{hooks.PreToolUse, 0, "", "words", "completed"},
		{hooks.PreToolUse, 0, "words", "", "completed"},
		{hooks.PreToolUse, 1, "", "", "failed error:hook exited with code 1"},
		{hooks.PreToolUse, 2, "", " no way \n", "blocked feedback:no way blocked"},
		{hooks.PreToolUse, 2, "", " \n", "failed error:PreToolUse hook exited with code 2 but did not write a blocking reason to stderr"},
		{hooks.PreToolUse, 0, `{"systemMessage":"s","hookSpecificOutput":{"hookEventName":"PreToolUse","additionalContext":"c"}}`, "", "completed warning:s context:c"},
		{hooks.PreToolUse, 0, `{"hookSpecificOutput":{"hookEventName":"PreToolUse","permissionDecision":"deny","permissionDecisionReason":"r"}}`, "", "blocked feedback:r blocked"},
		{hooks.PreToolUse, 0, `{"decision":"block","reason":"r"}`, "", "blocked feedback:r blocked"},
		{hooks.PreToolUse, 0, `{"decision":"block"}`, "", "failed error:PreToolUse hook returned permissionDecision:deny without a non-empty permissionDecisionReason"},
		{hooks.PreToolUse, 0, `{"hookSpecificOutput":{"hookEventName":"PreToolUse","permissionDecision":"ask"}}`, "", "failed error:PreToolUse hook returned unsupported permissionDecision:ask"},
		{hooks.PreToolUse, 0, `{"hookSpecificOutput":{"hookEventName":"PreToolUse","permissionDecision":"allow","updatedInput":{"command":"x"}}}`, "", `completed updated={"command":"x"}`},
		{hooks.PreToolUse, 0, `{"hookSpecificOutput":{"hookEventName":"PreToolUse","updatedInput":{}}}`, "", "failed error:PreToolUse hook returned updatedInput without permissionDecision:allow"},
		{hooks.PreToolUse, 0, `{"continue":false}`, "", "failed error:PreToolUse hook returned unsupported continue:false, stopReason or suppressOutput"},
		{hooks.PreToolUse, 0, `{"unknown":1}`, "", "failed error:hook returned invalid pre-tool-use JSON output"},
		{hooks.PreToolUse, 0, `{"hookSpecificOutput":{"hookEventName":"Stop"}}`, "", "failed error:hook returned invalid pre-tool-use JSON output"},
		{hooks.PreToolUse, 0, `[]`, "", "failed error:hook returned invalid pre-tool-use JSON output"},
		{hooks.PostToolUse, 2, "", "bad", "completed feedback:bad feedback=bad"},
		{hooks.PostToolUse, 0, `{"decision":"block","reason":"r"}`, "", "blocked feedback:r feedback=r"},
		{hooks.PostToolUse, 0, `{"continue":false,"stopReason":"enough"}`, "", "stopped stop:enough feedback=enough"},
		{hooks.PermissionRequest, 0, `{"hookSpecificOutput":{"hookEventName":"PermissionRequest","decision":{"behavior":"allow"}}}`, "", "completed decision=allow"},
		{hooks.PermissionRequest, 0, `{"hookSpecificOutput":{"hookEventName":"PermissionRequest","decision":{"behavior":"deny"}}}`, "", "blocked feedback:PermissionRequest hook denied approval decision=deny"},
		{hooks.PermissionRequest, 0, `{"hookSpecificOutput":{"hookEventName":"PermissionRequest","decision":{"behavior":"allow","interrupt":true}}}`, "", "failed error:PermissionRequest hook returned unsupported updatedInput, updatedPermissions or interrupt"},
		{hooks.PermissionRequest, 0, `{"decision":"block","reason":"x"}`, "", "failed error:hook returned invalid permission-request JSON output"},
		{hooks.PermissionRequest, 2, "", "never", "blocked feedback:never decision=deny"},
		{hooks.UserPromptSubmit, 0, "plain", "", "completed context:plain"},
		{hooks.UserPromptSubmit, 0, `{"decision":"block","reason":"r"}`, "", "blocked feedback:r blocked"},
		{hooks.SessionStart, 0, "plain", "", "completed context:plain"},
		{hooks.SessionStart, 2, "", "r", "failed error:hook exited with code 2"},
		{hooks.SessionStart, 0, "{bad", "", "failed error:hook returned invalid session start JSON output"},
		{hooks.Stop, 0, "plain", "", "failed error:hook returned invalid stop hook JSON output"},
		{hooks.Stop, 0, `{"decision":"block"}`, "", "failed error:Stop hook returned decision:block without a non-empty reason"},
		{hooks.Stop, 2, "", "more", "blocked feedback:more blocked"},
		{hooks.PreCompact, 0, `{"continue":false,"stopReason":"not now"}`, "", "stopped stop:not now"},
		{hooks.PreCompact, 2, "", "oh", "failed error:oh"},
	} {
		got := brief(read(c.event, result{status: c.status, stdout: []byte(c.stdout), stderr: []byte(c.stderr)}))
		if got != c.want {
			t.Errorf("%s %d %s%s\n got %s\nwant %s", c.event, c.status, c.stdout, c.stderr, got, c.want)
		}
	}
	if got := brief(read(hooks.Stop, result{stdout: []byte("{"), long: true})); got != "failed error:hook wrote more than 1048576 bytes" {
		t.Error(got)
	}
}

// Whatever a hook writes, what fails has no effect, and what objects has a reason.
func FuzzRead(f *testing.F) {
	f.Add(0, []byte(`{"hookSpecificOutput":{"hookEventName":"PreToolUse","permissionDecision":"deny","permissionDecisionReason":"r"}}`), []byte(""))
	f.Add(0, []byte(`{"continue":false,"decision":"block","reason":"r","stopReason":"s"}`), []byte("x"))
	f.Add(2, []byte("{}"), []byte("reason"))
	f.Fuzz(func(t *testing.T, status int, stdout, stderr []byte) {
		for _, e := range []hooks.Event{hooks.PreToolUse, hooks.PermissionRequest, hooks.PostToolUse, hooks.PreCompact, hooks.PostCompact, hooks.SessionStart, hooks.UserPromptSubmit, hooks.Stop} {
			a := read(e, result{status: status, stdout: stdout, stderr: stderr})
			effect := a.blocked || a.decision != "" || a.updated != nil || a.feedback != "" || a.context != ""
			if a.status == protocol.HookRunStatusFailed && effect || a.blocked && strings.TrimSpace(a.reason) == "" {
				t.Errorf("%s: %+v", e, a)
			}
		}
	})
}
