//go:build linux

package turnwire

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tidwall/gjson"
)

// story words the lines about questions, in order.
func (e *engine) story() []string {
	var out []string
	for _, l := range e.lines.All() {
		p := l.Get("params")
		item := p.Get("item")
		switch m := l.Get("method").Str; m {
		case "thread/status/changed":
			out = append(out, strings.TrimSpace("status "+p.Get("status.type").Str+" "+p.Get("status.activeFlags.0").Str))
		case "item/started", "item/completed":
			switch item.Get("type").Str {
			case "commandExecution":
				pid := "no process"
				if item.Get("processId").Type == gjson.String {
					pid = "process"
				}
				out = append(out, strings.Join([]string{m, item.Get("source").Str, item.Get("status").Str, pid}, " "))
			case "fileChange":
				out = append(out, strings.Join([]string{m, "fileChange", item.Get("status").Str}, " "))
			}
		case "serverRequest/resolved":
			out = append(out, "resolved "+p.Get("requestId").Raw)
		case "turn/completed":
			out = append(out, "turn "+p.Get("turn.status").Str)
		default:
			if l.Get("id").Exists() && l.Get("method").Exists() {
				out = append(out, "ask "+l.Get("id").Raw)
			}
		}
	}
	return out
}

const (
	begun    = "item/started agent inProgress no process"
	declined = "item/completed agent declined no process"
)

// An escalation under on-request: the question, and what comes of each answer.
func TestCommandApproval(t *testing.T) {
	t.Parallel()
	ask := []string{"status active", "status active waitingOnApproval", begun, "ask 0"}
	answered := []string{"resolved 0", "status active"}
	for _, c := range []struct {
		answer string
		want   []string
		file   bool
	}{
		{`"result":{"decision":"accept"}`, []string{"item/completed unifiedExecStartup completed process", "status idle", "turn completed"}, true},
		{`"result":{"decision":"acceptForSession"}`, []string{"item/completed unifiedExecStartup completed process", "status idle", "turn completed"}, true},
		{`"result":{"decision":"decline"}`, []string{declined, "status idle", "turn completed"}, false},
		{`"result":{"decision":"cancel"}`, []string{declined, "status idle", "turn interrupted"}, false},
		{`"result":{"decision":"what?"}`, []string{declined, "status idle", "turn completed"}, false},
		{`"result":{"decision":7}`, []string{declined, "status idle", "turn completed"}, false},
		{`"result":null`, []string{declined, "status idle", "turn completed"}, false},
		{`"error":{"code":-32000,"message":"no"}`, []string{"item/completed agent failed no process", "status idle", "turn completed"}, false},
	} {
		t.Run(c.answer, func(t *testing.T) {
			t.Parallel()
			e := start(t, setup{script: escalation, args: []string{"-a", "on-request", "-s", "read-only"}})
			e.send("go")
			q := e.next("method", "item/commandExecution/requestApproval").Get("params")
			for path, want := range map[string]string{"itemId": "call_resp_1_0", "reason": "need it", "command": "/bin/bash -lc 'touch f'", "cwd": e.work,
				"commandActions":              `[{"type":"unknown","command":"touch f"}]`,
				"proposedExecpolicyAmendment": `["touch","f"]`,
				"availableDecisions":          `["accept",{"acceptWithExecpolicyAmendment":{"execpolicy_amendment":["touch","f"]}},"cancel"]`} {
				if got := q.Get(path).String(); got != want {
					t.Errorf("%s is %s, not %s", path, got, want)
				}
			}
			e.send(`{"id":0,` + c.answer + `}`)
			e.send(`{"id":0,"result":{"decision":"accept"}}`) // too late: the first counts
			e.next("method", "turn/completed")
			e.quit()
			equal(t, "story", e.story(), append(append(append([]string{}, ask...), answered...), c.want...))
			if _, err := os.Stat(filepath.Join(e.work, "f")); (err == nil) != c.file {
				t.Errorf("the command has run: %v", err == nil)
			}
		})
	}
}

// What was accepted for the session is not asked again; ids count on.
func TestForSession(t *testing.T) {
	t.Parallel()
	call := `{"call":"exec_command","args":{"cmd":"touch %s","sandbox_permissions":"require_escalated"}}` + "\n"
	e := start(t, setup{script: fmt.Sprintf(call, "f") + fmt.Sprintf(call, "f") + fmt.Sprintf(call, "g") + hello, args: []string{"-a", "on-request"}})
	e.send("go")
	e.next("method", "item/commandExecution/requestApproval", "id", "0")
	e.send(`{"id":0,"result":{"decision":"acceptForSession"}}`)
	q := e.next("method", "item/commandExecution/requestApproval", "id", "1")
	if got := q.Get("params.command").Str; got != "/bin/bash -lc 'touch g'" {
		t.Errorf("asked about %q", got)
	}
	e.send(`{"id":1,"result":{"decision":"decline"}}`)
	e.turnDone("completed")
	e.quit()
}

// Under untrusted a command that is not known to be harmless is asked about.
func TestUntrusted(t *testing.T) {
	t.Parallel()
	e := start(t, setup{script: `[{"call":"exec_command","args":{"cmd":"ls"}}]` + "\n" + `{"call":"exec_command","args":{"cmd":"touch f"}}` + "\n" + hello,
		args: []string{"-a", "untrusted", "-s", "danger-full-access"}})
	e.send("go")
	q := e.next("id", "0").Get("params")
	if q.Get("command").Str != "/bin/bash -lc 'touch f'" || q.Get("reason").Type != gjson.Null {
		t.Error(q.Raw)
	}
	e.send(`{"id":0,"result":{"decision":"accept"}}`)
	e.turnDone("completed")
	e.quit()
}

// Patches are asked about in the same way.
func TestPatchApproval(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		answer string
		want   []string
	}{
		{`"result":{"decision":"accept"}`, []string{"item/completed fileChange completed", "status idle", "turn completed"}},
		{`"result":{"decision":"acceptForSession"}`, []string{"item/completed fileChange completed", "status idle", "turn completed"}},
		{`"result":{"decision":"decline"}`, []string{"item/completed fileChange declined", "status idle", "turn completed"}},
		{`"result":{"decision":"cancel"}`, []string{"item/completed fileChange declined", "status idle", "turn interrupted"}},
		{`"error":{"code":-32000,"message":"no"}`, []string{"item/completed fileChange failed", "status idle", "turn completed"}},
	} {
		t.Run(c.answer, func(t *testing.T) {
			t.Parallel()
			e := start(t, setup{script: `{"custom":"apply_patch","input":"*** Begin Patch\n*** Add File: new.txt\n+hello\n*** End Patch\n"}` + "\n" + hello,
				args: []string{"-a", "untrusted", "-s", "danger-full-access"}})
			e.send("go")
			q := e.next("method", "item/fileChange/requestApproval").Get("params")
			if q.Get("itemId").Str != "call_resp_1_0" || !q.Get("reason").Exists() || !q.Get("grantRoot").Exists() {
				t.Error(q.Raw)
			}
			e.send(`{"id":0,` + c.answer + `}`)
			e.next("method", "turn/completed")
			e.quit()
			equal(t, "story", e.story(), append([]string{"status active", "item/started fileChange inProgress", "status active waitingOnApproval", "ask 0",
				"resolved 0", "status active"}, c.want...))
		})
	}
}

// A question that is open when its turn is interrupted is taken back.
func TestInterruptApproval(t *testing.T) {
	t.Parallel()
	e := start(t, setup{script: escalation, args: []string{"-a", "on-request"}})
	e.send("go")
	e.next("method", "item/commandExecution/requestApproval")
	e.call("turn/interrupt", `{"turnId":""}`)
	e.turnDone("interrupted")
	e.send(`{"id":0,"result":{"decision":"accept"}}`)
	e.quit()
	equal(t, "story", e.story(), []string{"status active", "status active waitingOnApproval", begun, "ask 0", "resolved 0", declined, "status idle", "turn interrupted"})
	e.endsAborted(t)
}

// Two questions at once: the status says so until the last is answered.
func TestTwoApprovals(t *testing.T) {
	t.Parallel()
	call := `{"call":"exec_command","args":{"cmd":"touch %s","sandbox_permissions":"require_escalated"}}`
	e := start(t, setup{script: "[" + fmt.Sprintf(call, "f") + "," + fmt.Sprintf(call, "g") + "]\n" + hello, args: []string{"-a", "on-request"}})
	e.send("go")
	for _, id := range []string{"0", "1"} { // which comes first is chance
		e.seek("question "+id, 0, func(l gjson.Result) bool { return l.Get("method").Exists() && l.Get("id").Raw == id })
	}
	e.send(`{"id":1,"result":{"decision":"decline"}}`)
	e.next("method", "serverRequest/resolved", "params.requestId", "1")
	e.send(`{"id":0,"result":{"decision":"decline"}}`)
	e.turnDone("completed")
	e.quit()
	var states []string
	for _, s := range e.story() {
		if strings.HasPrefix(s, "status") {
			states = append(states, s)
		}
	}
	equal(t, "states", states, []string{"status active", "status active waitingOnApproval", "status active", "status idle"})
}

const question = `{"call":"request_user_input","args":{"questions":[{"id":"q1","header":"H","question":"Which?","options":[{"label":"A","description":"a"},{"label":"B","description":"b"}]}]}}`

// In plan mode the model may ask the user.
func TestUserInput(t *testing.T) {
	t.Parallel()
	e := start(t, setup{script: question + "\n" + hello, serve: true})
	e.call("thread/start", `{}`)
	e.call("turn/start", input("ask", `"collaborationMode":{"mode":"plan","settings":{"model":"gpt-5.5","reasoning_effort":null,"developer_instructions":null}}`))
	if got := e.next("method", "thread/settings/updated").Get("params.threadSettings.collaborationMode.mode").Str; got != "plan" {
		t.Errorf("mode %q", got)
	}
	e.next("method", "thread/status/changed", "params.status.activeFlags.0", "waitingOnUserInput")
	q := e.next("method", "item/tool/requestUserInput")
	want := `[{"id":"q1","header":"H","question":"Which?","isOther":true,"isSecret":false,"options":[{"label":"A","description":"a"},{"label":"B","description":"b"}]}]`
	if got := q.Get("params.questions").Raw; got != want {
		t.Error(got)
	}
	e.send(`{"id":0,"result":{"answers":{"q1":{"answers":["A"]}}}}`)
	e.next("method", "serverRequest/resolved", "params.requestId", "0")
	e.next("method", "thread/status/changed", "params.status.type", "active")
	e.turnDone("completed")
	e.quit()
	in := e.requests()[1].Get("body.input").Array()
	if got := in[len(in)-1].Get("output").Str; got != `{"answers":{"q1":{"answers":["A"]}}}` {
		t.Errorf("the model is told %q", got)
	}
}

// Outside of plan mode it may not, and nobody is asked.
func TestUserInputDefault(t *testing.T) {
	t.Parallel()
	e := start(t, setup{script: question + "\n" + hello})
	e.send("ask")
	e.turnDone("completed")
	e.quit()
	if n := len(e.find("method", "item/tool/requestUserInput")); n != 0 {
		t.Error("asked")
	}
}
