//go:build unix

package appserver

import (
	"fmt"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/tidwall/gjson"
)

// agents is a desk whose model starts an agent; AGENT in the script is the id of that.
func agents(t *testing.T, script string) *desk {
	t.Helper()
	d := empty(t)
	file := filepath.Join(filepath.Dir(d.home), "script.jsonl")
	write(t, file, script)
	command := `request=$(cat); id=$(printf %s "$request" | grep -oE 'agent_id[^0-9a-f]+[0-9a-f-]{36}' | head -n 1 | grep -oE '[0-9a-f-]{36}$'); printf %s "$request" | codex-model replay '` + file + `' | sed "s/AGENT/$id/g"`
	d.config("mock-model", fmt.Sprintf("command = [\"sh\", \"-c\", '''%s''']\n", command))
	return d
}

// TestAgentThreads: the thread of an agent is loaded as long as it is open; who listens to
// its parent hears of it, answers what it asks, and may write to it.
func TestAgentThreads(t *testing.T) {
	d := agents(t, `{"when":"go","call":"spawn_agent","ns":"multi_agent_v1","args":{"message":"sub task"}}
{"when":"go","call":"wait_agent","ns":"multi_agent_v1","args":{"targets":["AGENT"],"timeout_ms":3600000}}
{"when":"go","msg":"All done."}
{"when":"end it","call":"close_agent","ns":"multi_agent_v1","args":{"target":"AGENT"}}
{"when":"end it","msg":"Ended."}
{"when":"sub task","call":"exec_command","args":{"cmd":"touch asked"}}
{"when":"sub task","msg":"Touched."}
{"when":"by hand","msg":"Heard."}
{"when":"by hand again","msg":"Not by all."}
`)
	_, sock := d.unix()
	a, b := dial(t, sock), dial(t, sock)
	a.initialize()
	b.initialize()
	main := a.thread(`{"approvalPolicy":"untrusted","sandbox":"danger-full-access"}`)
	a.turn(main, "go")
	asked := func(m gjson.Result) bool { return m.Get("method").Str == "item/commandExecution/requestApproval" }
	qa := a.wait(asked)
	agent := qa.Get("params.threadId").Str
	if agent == "" || agent == main {
		t.Fatalf("the agent asks as %s", agent)
	}
	b.result("thread/resume", fmt.Sprintf(`{"threadId":%q}`, main))
	qb := b.wait(asked)
	b.send(fmt.Sprintf(`{"id":%s,"result":{"decision":"accept"}}`, qb.Get("id").Raw))
	if r := a.note("serverRequest/resolved").Get("params"); r.Get("threadId").Str != agent || r.Get("requestId").Raw != qa.Get("id").Raw {
		t.Errorf("resolved for the other client: %s", r.Raw)
	}
	over := func(id string) func(gjson.Result) bool {
		return func(m gjson.Result) bool {
			return m.Get("method").Str == "turn/completed" && m.Get("params.threadId").Str == id
		}
	}
	for _, w := range []*peer{a, b} {
		w.wait(over(agent))
		w.wait(over(main))
	}
	if ids := a.result("thread/loaded/list", `{}`).Get("data"); !strings.Contains(ids.Raw, agent) || len(ids.Array()) != 2 {
		t.Errorf("loaded: %s", ids.Raw)
	}
	listed := a.result("thread/list", `{"sourceKinds":["subAgentThreadSpawn"]}`).Get("data")
	if th := listed.Get("0"); len(listed.Array()) != 1 || th.Get("id").Str != agent || th.Get("source.subAgent.thread_spawn.parent_thread_id").Str != main || th.Get("agentNickname").Str == "" || th.Get("status.type").Str != "idle" {
		t.Errorf("listed: %s", listed.Raw)
	}
	if n := a.result("thread/list", `{}`).Get("data.#").Int(); n != 1 {
		t.Errorf("%d threads are the user's", n)
	}
	if th := b.result("thread/read", fmt.Sprintf(`{"threadId":%q,"includeTurns":true}`, agent)).Get("thread"); th.Get("sessionId").Str != main || th.Get("turns.#").Int() != 1 {
		t.Errorf("read: %s", th.Raw)
	}
	a.ran(agent, "by hand")
	b.wait(func(m gjson.Result) bool {
		return m.Get("params.threadId").Str == agent && m.Get("params.item.text").Str == "Heard."
	})
	b.result("thread/unsubscribe", fmt.Sprintf(`{"threadId":%q}`, main)) // and with it from its agents
	heard := len(b.got)
	a.ran(agent, "by hand again")
	b.result("thread/loaded/list", `{}`)
	for _, m := range b.got[heard:] {
		if strings.HasPrefix(m.Get("method").Str, "item/") || strings.HasPrefix(m.Get("method").Str, "turn/") {
			t.Errorf("heard of an agent of a thread that is listened to no more: %s", m.Raw)
		}
	}
	for _, method := range []string{"thread/rollback", "thread/archive", "thread/delete"} {
		params := fmt.Sprintf(`{"threadId":%q}`, agent)
		if method == "thread/rollback" {
			params = fmt.Sprintf(`{"threadId":%q,"numTurns":1}`, agent)
		}
		if m := a.call(method, params); !strings.Contains(m.Get("error.message").Str, "agent at work for thread "+main) {
			t.Errorf("%s of an agent at work: %s", method, m.Raw)
		}
	}
	a.ran(main, "end it")
	if ids := a.result("thread/loaded/list", `{}`).Get("data"); strings.Contains(ids.Raw, agent) {
		t.Errorf("loaded after its end: %s", ids.Raw)
	}
	if th := a.result("thread/resume", fmt.Sprintf(`{"threadId":%q}`, agent)).Get("thread"); th.Get("turns.#").Int() != 3 {
		t.Errorf("resumed by itself: %s", th.Raw)
	}
}

// TestAgentsOfDeadEngine: an engine that is killed takes its agents with it, and says so.
func TestAgentsOfDeadEngine(t *testing.T) {
	d := agents(t, `{"when":"go","call":"spawn_agent","ns":"multi_agent_v1","args":{"message":"sub task"}}
{"when":"go","msg":"Done."}
{"when":"sub task","call":"exec_command","args":{"cmd":"sleep 1021","yield_time_ms":30000}}
`)
	c := d.stdio()
	c.initialize()
	main := c.thread(`{"approvalPolicy":"never","sandbox":"danger-full-access"}`)
	c.turn(main, "go")
	begun := c.wait(func(m gjson.Result) bool {
		return m.Get("method").Str == "item/started" && strings.Contains(m.Get("params.item.command").Str, "sleep 1021")
	})
	agent := begun.Get("params.threadId").Str
	for _, pid := range children(t, c.cmd.Process.Pid) {
		n, err := strconv.Atoi(pid)
		if err != nil {
			t.Fatal(err)
		}
		if err := syscall.Kill(n, syscall.SIGKILL); err != nil {
			t.Fatal(err)
		}
	}
	end := c.wait(func(m gjson.Result) bool {
		return m.Get("method").Str == "turn/completed" && m.Get("params.threadId").Str == agent
	})
	if end.Get("params.turn.status").Str != "failed" {
		t.Error(end.Raw)
	}
	c.wait(func(m gjson.Result) bool {
		return m.Get("method").Str == "thread/status/changed" && m.Get("params.threadId").Str == agent && m.Get("params.status.type").Str == "notLoaded"
	})
}
