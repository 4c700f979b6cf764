//go:build linux

package mcpserver

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tidwall/gjson"
)

// patchCall is a line of a script: a patch that adds a file.
const patchCall = `{"custom":"apply_patch","input":"*** Begin Patch\n*** Add File: new.txt\n+hello\n*** End Patch"}` + "\n"

// TestApprovals goes through the answers that the original was given, and what it made of
// them. It takes the standard's accept for a no; we take it for a yes.
func TestApprovals(t *testing.T) {
	for _, c := range []struct {
		name, answer string
		runs, aborts bool
	}{
		{"approved", `{"decision":"approved"}`, true, false},
		{"denied", `{"decision":"denied"}`, false, false},
		{"timed out", `{"decision":"timed_out"}`, false, false},
		{"abort", `{"decision":"abort"}`, false, true},
		{"accept", `{"action":"accept","content":{}}`, true, false},
		{"accept and denied", `{"action":"accept","content":{},"decision":"denied"}`, false, false},
		{"decline and approved", `{"action":"decline","decision":"approved"}`, true, false},
		{"decline", `{"action":"decline"}`, false, false},
		{"cancel", `{"action":"cancel"}`, false, false},
		{"a rule", `{"decision":{"approved_execpolicy_amendment":{"proposed_execpolicy_amendment":["touch","made"]}}}`, true, false},
		{"nonsense", `{"decision":7}`, false, false},
		{"nothing", `null`, false, false},
		{"deep", strings.Repeat("[", 400) + strings.Repeat("]", 400), false, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			cl := start(t, run("touch made")+say("done"))
			cl.hello(`{"elicitation":{}}`)
			cl.call(2, "codex", `{"prompt":"p","approval-policy":"untrusted","sandbox":"workspace-write"}`)
			q := cl.wait("method", "elicitation/create")
			checkQuestion(t, q, cl.work)
			cl.send(`{"jsonrpc":"2.0","id":` + q.Get("id").Raw + `,"result":` + c.answer + `}`)
			r := cl.answer("2")
			if _, err := os.Stat(filepath.Join(cl.work, "made")); (err == nil) != c.runs {
				t.Errorf("the command ran: %v", err == nil)
			}
			if r.Get("result.isError").Bool() != c.aborts {
				t.Errorf("result %s", r.Raw)
			}
			if c.aborts {
				cl.wait("params.msg.type", "turn_aborted", "params.msg.reason", "interrupted")
			}
		})
	}
}

// checkQuestion holds a question against the original's.
func checkQuestion(t *testing.T, q gjson.Result, work string) {
	t.Helper()
	p := q.Get("params")
	for path, want := range map[string]string{
		"message":         "Allow Codex to run `/bin/bash -lc 'touch made'` in `" + work + "`?",
		"requestedSchema": `{"type":"object","properties":{}}`, "codex_elicitation": "exec-approval", "codex_mcp_tool_call_id": "2", "codex_event_id": "2",
		"codex_command": `["/bin/bash","-lc","touch made"]`, "codex_cwd": work, "codex_parsed_cmd": `[{"cmd":"touch made","type":"unknown"}]`,
	} {
		if got := p.Get(path).String(); got != want {
			t.Errorf("%s is %s, want %s", path, got, want)
		}
	}
	if p.Get("threadId").Str == "" || !strings.HasPrefix(p.Get("codex_call_id").Str, "call_") || q.Get("id").Raw != "0" {
		t.Errorf("question %s", q.Raw)
	}
}

// TestErrorIsNo holds that an error is an answer as well: the original waits for ever.
func TestErrorIsNo(t *testing.T) {
	c := start(t, run("touch made")+say("done"))
	c.hello(`{"elicitation":{}}`)
	c.call(2, "codex", `{"prompt":"p","approval-policy":"untrusted"}`)
	q := c.wait("method", "elicitation/create")
	c.send(`{"jsonrpc":"2.0","id":` + q.Get("id").Raw + `,"error":{"code":-32601,"message":"no"}}`)
	if r := c.answer("2"); r.Get("result.content.0.text").Str != "done" {
		t.Error(r.Raw)
	}
}

// TestNobodyToAsk holds that a client that cannot be asked is not: the answer is no, at once.
func TestNobodyToAsk(t *testing.T) {
	for _, capabilities := range []string{`{}`, `{"elicitation":{"url":{}}}`} {
		c := start(t, run("touch made")+say("done"))
		c.hello(capabilities)
		c.call(2, "codex", `{"prompt":"p","approval-policy":"untrusted"}`)
		if r := c.answer("2"); r.Get("result.content.0.text").Str != "done" {
			t.Error(r.Raw)
		}
		if _, err := os.Stat(filepath.Join(c.work, "made")); err == nil {
			t.Error("the command ran")
		}
		if strings.Contains(c.text(), "elicitation/create") {
			t.Error("it was asked")
		}
	}
}

// TestForSession holds that an approval for the session is not asked for again.
func TestForSession(t *testing.T) {
	c := start(t, run("touch made")+say("one")+run("touch made")+say("two"))
	c.hello(`{"elicitation":{}}`)
	c.call(2, "codex", `{"prompt":"p","approval-policy":"untrusted","sandbox":"workspace-write"}`)
	q := c.wait("method", "elicitation/create")
	c.send(`{"jsonrpc":"2.0","id":` + q.Get("id").Raw + `,"result":{"decision":"approved_for_session"}}`)
	thread := c.answer("2").Get("result.structuredContent.threadId").Str
	c.call(3, "codex-reply", `{"prompt":"again","threadId":"`+thread+`"}`)
	if r := c.answer("3"); r.Get("result.content.0.text").Str != "two" {
		t.Error(r.Raw)
	}
	if n := strings.Count(c.text(), `"elicitation/create"`); n != 1 {
		t.Errorf("asked %d times", n)
	}
}

// TestPatchApproval asks about a patch.
func TestPatchApproval(t *testing.T) {
	c := start(t, patchCall+say("done"))
	c.hello(`{"elicitation":{}}`)
	c.call(2, "codex", `{"prompt":"p","approval-policy":"untrusted","sandbox":"workspace-write"}`)
	q := c.wait("method", "elicitation/create").Get("params")
	file := filepath.Join(c.work, "new.txt")
	if q.Get("message").Str != "Allow Codex to apply proposed code changes?" || q.Get("codex_elicitation").Str != "patch-approval" ||
		q.Get("codex_changes."+gjson.Escape(file)).Raw != `{"type":"add","content":"hello\n"}` {
		t.Errorf("question %s", q.Raw)
	}
	c.send(`{"jsonrpc":"2.0","id":0,"result":{"decision":"approved"}}`)
	c.answer("2")
	if b, err := os.ReadFile(file); err != nil || string(b) != "hello\n" {
		t.Error(string(b), err)
	}
	c.wait("params.msg.type", "patch_apply_end", "params.msg.success", "true")
	c.wait("params.msg.type", "turn_diff", "params.msg.unified_diff", "")
}
