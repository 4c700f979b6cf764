//go:build linux

package turnwire

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/tidwall/gjson"
)

// withAgents lets a script say AGENT for the id of the agent that a turn has started.
func withAgents(o setup) setup {
	command := `request=$(cat); id=$(printf %s "$request" | grep -oE 'agent_id[^0-9a-f]+[0-9a-f-]{36}' | head -n 1 | grep -oE '[0-9a-f-]{36}$'); ` +
		`printf %s "$request" | codex-model replay "$CODEX_HOME/../script.jsonl" | sed "s/AGENT/$id/g"`
	o.args = append(o.args, "-c", `model_provider="agents"`)
	o.config += fmt.Sprintf("\n[model_providers.agents]\nname = \"agents\"\ncommand = [\"sh\", \"-c\", '''%s''']\n", command)
	return o
}

// agentCall is a line of a script: the model calls a tool for agents.
func agentCall(when, name, args string) string {
	return fmt.Sprintf(`{"when":%q,"call":%q,"ns":"multi_agent_v1","args":%s}`, when, name, args) + "\n"
}

// agentItems are what clients were told of calls for agents.
func (e *engine) agentItems() (all []string) {
	for _, l := range e.find("method", "item/completed", "params.item.type", "collabAgentToolCall") {
		item := l.Get("params.item")
		id := item.Get("receiverThreadIds.0").Str
		state := item.Get("agentsStates." + id)
		all = append(all, strings.TrimSpace(item.Get("tool").Str+" "+item.Get("status").Str+" "+state.Get("status").Str+" "+state.Get("message").Str))
	}
	return all
}

// callOutputs are what the model got, in order.
func callOutputs(lines []gjson.Result) (all []string) {
	for _, l := range lines {
		if p := l.Get("payload"); p.Get("type").Str == "function_call_output" {
			all = append(all, p.Get("output").Str)
		}
	}
	return all
}

func TestAgents(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	write(t, filepath.Join(d.home, "helper.toml"), "model = \"gpt-5.2\"\ndeveloper_instructions = \"You help.\"\n")
	e := start(t, withAgents(setup{desk: d, args: append(free(), "--source", "exec"),
		config: "\n[agents.helper]\ndescription = \"helps\"\nconfig_file = \"helper.toml\"\nnickname_candidates = [\"Hal\"]\n",
		script: `{"when":"go","item":{"type":"tool_search_call","call_id":"s","execution":"client","arguments":{"query":"spawn a subagent","limit":1}}}` + "\n" +
			agentCall("go", "spawn_agent", `{"message":"sub task","agent_type":"helper"}`) +
			agentCall("go", "wait_agent", `{"targets":["AGENT"],"timeout_ms":3600000}`) +
			agentCall("go", "send_input", `{"target":"AGENT","message":"more"}`) +
			agentCall("go", "wait_agent", `{"targets":["AGENT"],"timeout_ms":3600000}`) +
			agentCall("go", "close_agent", `{"target":"AGENT"}`) +
			agentCall("go", "send_input", `{"target":"AGENT","message":"more"}`) +
			agentCall("go", "resume_agent", `{"id":"AGENT"}`) +
			agentCall("go", "send_input", `{"target":"AGENT","message":"again"}`) +
			agentCall("go", "wait_agent", `{"targets":["AGENT"],"timeout_ms":3600000}`) +
			`{"when":"go","msg":"All done."}` + "\n" +
			agentCall("sub task", "spawn_agent", `{"message":"deeper"}`) +
			`{"when":"sub task","msg":"Did it."}` + "\n" + `{"when":"more","msg":"Did more."}` + "\n" + `{"when":"again","msg":"Once more."}` + "\n"}))
	e.call("turn/start", input("go"))
	e.turnDone("completed")
	e.quit()
	equal(t, "items", e.agentItems(), []string{"spawnAgent completed pendingInit", "wait completed completed Did it.", "sendInput completed running",
		"wait completed completed Did more.", "closeAgent completed completed Did more.", "sendInput failed shutdown",
		"resumeAgent completed pendingInit", "sendInput completed running", "wait completed completed Once more."})
	var mine, theirs []gjson.Result
	var id string
	for source, lines := range e.sessions(t) {
		if source == `"exec"` {
			mine = lines
			continue
		}
		theirs, id = lines, lines[0].Get("payload.id").Str
		spawn := gjson.Get(source, "subagent.thread_spawn")
		if spawn.Get("depth").Int() != 1 || spawn.Get("agent_nickname").Str != "Hal" || spawn.Get("agent_role").Str != "helper" {
			t.Error(source)
		}
	}
	if parent := theirs[0].Get("payload.source.subagent.thread_spawn.parent_thread_id").Str; parent == "" || parent != mine[0].Get("payload.id").Str {
		t.Errorf("parent %q", parent)
	}
	for _, l := range mine {
		if p := l.Get("payload"); p.Get("type").Str == "tool_search_output" && p.Get("tools.0.tools.#.name").Raw != `["spawn_agent"]` {
			t.Error(p.Raw)
		}
	}
	equal(t, "outputs", callOutputs(mine), []string{`{"agent_id":"` + id + `","nickname":"Hal"}`, `{"status":{"` + id + `":{"completed":"Did it."}},"timed_out":false}`,
		`{"submission_id":"` + callOutputs(mine)[2][len(`{"submission_id":"`):], `{"status":{"` + id + `":{"completed":"Did more."}},"timed_out":false}`,
		`{"previous_status":{"completed":"Did more."}}`, "agent " + id + " is closed; resume_agent opens it again", `{"status":"pending_init"}`,
		`{"submission_id":"` + callOutputs(mine)[7][len(`{"submission_id":"`):], `{"status":{"` + id + `":{"completed":"Once more."}},"timed_out":false}`})
	equal(t, "its outputs", callOutputs(theirs), []string{"unsupported call: multi_agent_v1spawn_agent"})
	var models []string
	for _, l := range theirs {
		if l.Get("type").Str == "turn_context" {
			models = append(models, l.Get("payload.model").Str)
		}
	}
	equal(t, "models", models, []string{"gpt-5.2", "gpt-5.2", "gpt-5.2"})
}

// What an agent asks reaches the user in the name of the thread; what it knows of that is
// its past.
func TestAgentAsks(t *testing.T) {
	t.Parallel()
	e := start(t, withAgents(setup{args: []string{"-s", "danger-full-access", "-a", "untrusted", "--source", "exec"},
		script: agentCall("go", "spawn_agent", `{"message":"sub task","fork_context":true}`) +
			agentCall("go", "wait_agent", `{"targets":["AGENT"],"timeout_ms":3600000}`) +
			`{"when":"go","msg":"All done."}` + "\n" +
			`{"when":"sub task","call":"exec_command","args":{"cmd":"touch asked"}}` + "\n" +
			`{"when":"sub task","msg":"Touched."}` + "\n" + `{"when":"before","msg":"I see."}` + "\n"}))
	e.call("turn/start", input("what was before"))
	e.turnDone("completed")
	e.call("turn/start", input("go"))
	q := e.next("method", "item/commandExecution/requestApproval")
	if p := q.Get("params"); p.Get("threadId").Str != e.find("method", "thread/started")[0].Get("params.thread.id").Str || !strings.HasSuffix(p.Get("command").Str, "'touch asked'") ||
		p.Get("turnId").Str != e.find("method", "turn/started")[1].Get("params.turn.id").Str {
		t.Error(q.Raw)
	}
	e.send(`{"id":` + q.Get("id").Raw + `,"result":{"decision":"accept"}}`)
	e.next("method", "serverRequest/resolved")
	e.turnDone("completed")
	if _, err := os.Stat(filepath.Join(e.work, "asked")); err != nil {
		t.Error(err)
	}
	e.quit()
	for source, lines := range e.sessions(t) {
		if source != `"exec"` {
			equal(t, "what it knows", outline(lines)[1:], append([]string{"developer <permissions instructions>", "user <environment_context>", "user what was before", "assistant I see.",
				"user go"}, outline(lines)[6:]...))
		}
	}
}

// An interrupt ends the waiting, not the agent; that ends with its parent.
func TestAgentOutlivesTurn(t *testing.T) {
	t.Parallel()
	e := start(t, withAgents(setup{args: free(), top: "", config: "\n[agents]\nmax_threads = 1\n",
		script: agentCall("go", "spawn_agent", `{"message":"sub task"}`) + agentCall("go", "spawn_agent", `{"message":"sub task"}`) +
			agentCall("go", "wait_agent", `{"targets":["AGENT"],"timeout_ms":3600000}`) + `{"when":"go","msg":"never"}` + "\n" +
			agentCall("look", "wait_agent", `{"targets":["AGENT"],"timeout_ms":3600000}`) + `{"when":"look","msg":"Seen."}` + "\n" +
			`{"when":"sub task","call":"exec_command","args":{"cmd":"sleep 1007","yield_time_ms":30000}}` + "\n"}))
	e.call("turn/start", input("go"))
	agent := e.child("--agent")
	work := e.child("sleep 1007")
	e.next("method", "item/started", "params.item.tool", "wait")
	e.call("turn/interrupt", `{"turnId":""}`)
	e.turnDone("interrupted")
	if !alive(work) {
		t.Error("the agent's command has ended")
	}
	if items := e.agentItems(); len(items) == 0 || items[0] != "spawnAgent completed pendingInit" {
		t.Error(items)
	}
	if err := syscall.Kill(agent, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	e.call("turn/start", input("look"))
	e.turnDone("completed")
	items := e.agentItems()
	if last := items[len(items)-1]; !strings.HasPrefix(last, "wait failed errored its engine ended: codex-turn") {
		t.Error(items)
	}
	e.quit()
	for source, lines := range e.sessions(t) {
		if source != `"cli"` {
			continue
		}
		if out := callOutputs(lines); len(out) < 2 || !strings.HasPrefix(out[1], "1 agents are open") {
			t.Error(out)
		}
	}
}
