//go:build linux

package turnwire

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tidwall/gjson"
)

// TestAgentHooks: an agent's hooks are told what 0.133.0 tells them, member by member, and
// those of sessions run for the session alone.
func TestAgentHooks(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	log := filepath.Join(d.home, "log")
	hook := func(more string) string {
		return `[{"matcher":"","hooks":[{"type":"command","command":"(cat; echo) >>'` + log + `'` + more + `"}]}]`
	}
	write(t, filepath.Join(d.home, "hooks.json"), `{"hooks":{"SubagentStart":`+hook("; echo from the hook")+`,"SubagentStop":`+hook("")+`,"SessionStart":`+hook("")+`,"Stop":`+hook("")+`}}`)
	e := start(t, withAgents(setup{desk: d, args: append(free(), "--source", "exec", "--dangerously-bypass-hook-trust"),
		script: agentCall("go", "spawn_agent", `{"message":"sub task"}`) +
			agentCall("go", "wait_agent", `{"targets":["AGENT"],"timeout_ms":3600000}`) +
			`{"when":"go","msg":"All done."}` + "\n" + `{"when":"sub task","msg":"Did it."}` + "\n"}))
	e.call("turn/start", input("go"))
	e.turnDone("completed")
	e.quit()
	paths, ids := map[string]string{}, map[string]string{}
	told := false
	for source, lines := range e.sessions(t) {
		who := "AGENT"
		if source == `"exec"` {
			who = "SESSION"
		}
		id := lines[0].Get("payload.id").Str
		ids[id] = who
		for _, l := range lines {
			p := l.Get("payload")
			told = told || who == "AGENT" && p.Get("role").Str == "developer" && p.Get("content.0.text").Str == "from the hook"
			if l.Get("type").Str == "turn_context" {
				ids[p.Get("turn_id").Str] = who + "-TURN"
			}
		}
		found, err := filepath.Glob(filepath.Join(d.home, "sessions", "*", "*", "*", "*"+id+".jsonl"))
		if err != nil || len(found) != 1 {
			t.Fatal(found, err)
		}
		paths[found[0]] = who + "-FILE"
	}
	if !told {
		t.Error("the agent's model was not told what the hook said")
	}
	b, err := os.ReadFile(log)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for line := range strings.Lines(string(b)) {
		for _, names := range []map[string]string{paths, ids} {
			for from, to := range names {
				line = strings.ReplaceAll(line, from, to)
			}
		}
		line = strings.ReplaceAll(line, gjson.Get(line, "cwd").Str, "WORK")
		got = append(got, strings.TrimSuffix(line, "\n"))
	}
	model := gjson.Get(got[0], "model").Str
	equal(t, "told", got, []string{
		`{"session_id":"SESSION","transcript_path":"SESSION-FILE","cwd":"WORK","hook_event_name":"SessionStart","model":"` + model + `","permission_mode":"bypassPermissions","source":"startup"}`,
		`{"session_id":"SESSION","turn_id":"AGENT-TURN","transcript_path":"AGENT-FILE","cwd":"WORK","hook_event_name":"SubagentStart","model":"` + model + `","permission_mode":"bypassPermissions","agent_id":"AGENT","agent_type":"default"}`,
		`{"session_id":"SESSION","turn_id":"AGENT-TURN","transcript_path":"SESSION-FILE","agent_transcript_path":"AGENT-FILE","cwd":"WORK","hook_event_name":"SubagentStop","model":"` + model + `","permission_mode":"bypassPermissions","stop_hook_active":false,"agent_id":"AGENT","agent_type":"default","last_assistant_message":"Did it."}`,
		`{"session_id":"SESSION","turn_id":"SESSION-TURN","transcript_path":"SESSION-FILE","cwd":"WORK","hook_event_name":"Stop","model":"` + model + `","permission_mode":"bypassPermissions","stop_hook_active":false,"last_assistant_message":"All done."}`,
	})
}
