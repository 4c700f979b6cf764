//go:build linux

package turnwire

import (
	"fmt"
	"strings"
	"testing"

	"github.com/tidwall/gjson"
)

const ticketTool = `{"name":"lookup","description":"d","inputSchema":{"type":"object","properties":{"id":{"type":"string"}}}}`

// A tool of the face: how it is offered, called and answered, and that a resumed thread
// still has it.
func TestDynamicTools(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	call := func(args string) string { return `{"call":"lookup","args":` + args + `}` + "\n" }
	e := start(t, setup{desk: d, serve: true, args: free("--source", "exec"), script: `{"item":{"type":"tool_search_call","call_id":"s","execution":"client","arguments":{"query":"find tickets"}}}` + "\n" + call(`{"id":"1"}`) + call(`{"id":"2"}`) + call(`{"id":"3"}`) + call(`{"id":"4"}`) +
		call(`"nope"`) + `{"item":{"type":"function_call","call_id":"c9","name":"find","namespace":"tickets","arguments":"{}"}}` + "\n" + `{"call":"find","args":{}}` + "\n" + hello})
	e.call("thread/start", `{"dynamicTools":[`+ticketTool+`,{"namespace":"tickets","name":"find","description":"f","inputSchema":{"type":"object"},"deferLoading":true}]}`)
	e.call("turn/start", input("go"))
	for i, answer := range []string{
		`"result":{"contentItems":[{"type":"inputText","text":"open"}],"success":true}`,
		`"result":{"contentItems":[{"type":"inputText","text":"a"},{"type":"inputImage","imageUrl":"data:,x"}],"success":false}`,
		`"result":{"success":true}`,
		`"error":{"code":-1,"message":"no"}`,
		`"result":{"contentItems":[],"success":true}`,
	} {
		ask := e.next("method", "item/tool/call")
		if n := ask.Get("id").Int(); n != int64(i) {
			t.Errorf("id %d, not %d", n, i)
		}
		e.send(fmt.Sprintf(`{"id":%d,%s}`, i, answer))
		want := "completed"
		if i >= 1 && i <= 3 {
			want = "failed"
		}
		e.next("method", "item/completed", "params.item.id", ask.Get("params.callId").Str, "params.item.status", want)
	}
	e.turnDone("completed")
	if len(e.find("method", "serverRequest/resolved")) != 0 {
		t.Error("a call of a tool is no question")
	}
	e.quit()
	reqs := e.requests()
	var outputs []string
	for _, item := range reqs[len(reqs)-1].Get("body.input").Array() {
		if out := item.Get("output"); out.Exists() {
			outputs = append(outputs, out.Raw)
		}
	}
	equal(t, "outputs", outputs, []string{`"open"`, `[{"type":"input_text","text":"a"},{"type":"input_image","image_url":"data:,x","detail":"high"}]`,
		`"dynamic tool response was invalid"`, `"dynamic tool request failed"`, `"failed to parse function arguments: invalid character 'o' in literal null (expecting 'u')"`, `[]`, `"unsupported call: find"`})
	checkTools := func(body gjson.Result) {
		t.Helper()
		if got := body.Get("tools.#(name==lookup)").Raw; got != `{"type":"function","name":"lookup","description":"d","strict":false,"parameters":{"type":"object","properties":{"id":{"type":"string"}}}}` {
			t.Error(got)
		}
		if got := body.Get("tools.#(name==tickets)"); got.Exists() || !strings.Contains(body.Get("tools.#(type==tool_search).description").Str, "- tickets") {
			t.Error(body.Get("tools").Raw)
		}
	}
	checkTools(reqs[0].Get("body"))
	if got := reqs[1].Get(`body.input.#(type==tool_search_output)`).Raw; got != `{"type":"tool_search_output","call_id":"s","status":"completed","execution":"client","tools":[{"type":"namespace","name":"tickets","description":"Tools in the tickets namespace.","tools":[{"type":"function","name":"find","description":"f","strict":false,"defer_loading":true,"parameters":{"type":"object"}}]}]}` {
		t.Error(got)
	}
	meta := e.rollout(t)[0].Get("payload")
	if got := meta.Get("dynamic_tools.0").Raw; got != `{"name":"lookup","description":"d","inputSchema":{"type":"object","properties":{"id":{"type":"string"}}},"deferLoading":false}` {
		t.Error(got)
	}
	again := start(t, setup{desk: d, serve: true, script: hello, args: free("--resume", meta.Get("id").Str)})
	again.send("more")
	again.turnDone("completed")
	again.quit()
	reqs = again.requests()
	checkTools(reqs[len(reqs)-1].Get("body"))
}

// An interrupt ends a call that nobody answers.
func TestDynamicToolInterrupted(t *testing.T) {
	t.Parallel()
	e := start(t, setup{script: `{"call":"lookup","args":{"id":"1"}}` + "\n" + hello, args: free()})
	e.refusal("thread/start", `{"dynamicTools":[{"name":"a b","description":"d","inputSchema":{}}]}`,
		"dynamic tool name must match ^[a-zA-Z0-9_-]+$ to match Responses API: a b")
	e.call("thread/start", `{"dynamicTools":[`+ticketTool+`]}`)
	id := e.call("turn/start", input("go")).Get("turn.id").Str
	e.next("method", "item/tool/call")
	e.call("turn/interrupt", `{"turnId":"`+id+`"}`)
	e.next("method", "item/completed", "params.item.type", "dynamicToolCall", "params.item.status", "failed")
	e.turnDone("interrupted")
	e.quit()
}

// Plan mode: its instructions, and the plan in a message as an item of its own.
func TestPlanMode(t *testing.T) {
	t.Parallel()
	text := "Intro text\n<proposed_plan>\n# Plan\n- one\n</proposed_plan>\nafter"
	e := start(t, setup{serve: true, args: free("--source", "exec"), script: `{"msg":` + quote(text) + `,"chunk":7}` + "\n" +
		`{"msg":"<proposed_plan>\nonly\n</proposed_plan>"}` + "\n" + `{"msg":"<proposed_plan>\nx\n</proposed_plan>"}`})
	mode := func(kind, text string) string {
		return `"collaborationMode":{"mode":"` + kind + `","settings":{"model":"gpt-5.5","reasoning_effort":"low","developer_instructions":` + text + `}}`
	}
	e.call("turn/start", input("plan", mode("plan", "null")))
	if l := e.next("method", "thread/settings/updated").Get("params.threadSettings"); l.Get("effort").Str != "low" || l.Get("collaborationMode.mode").Str != "plan" ||
		!strings.HasPrefix(l.Get("collaborationMode.settings.developer_instructions").Str, "# Plan mode") {
		t.Error(l.Raw)
	}
	id := e.turnDone("completed").Get("params.turn.id").Str
	said, planned := "", ""
	for _, l := range e.find("method", "item/agentMessage/delta") {
		said += l.Get("params.delta").Str
	}
	for _, l := range e.find("method", "item/plan/delta", "params.itemId", id+"-plan") {
		planned += l.Get("params.delta").Str
	}
	if said != "Intro text\nafter" || planned != "# Plan\n- one\n" {
		t.Errorf("said %q, planned %q", said, planned)
	}
	if l := e.find("method", "item/completed", "params.item.type", "plan", "params.item.text", planned); len(l) != 1 {
		t.Error("no plan")
	}
	if l := e.find("method", "item/completed", "params.item.type", "agentMessage", "params.item.text", said); len(l) != 1 {
		t.Error("no message")
	}
	e.send("again")
	id = e.turnDone("completed").Get("params.turn.id").Str
	if l := e.find("method", "item/started", "params.turnId", id); len(l) != 2 || l[1].Get("params.item.type").Str != "plan" {
		t.Errorf("a message that is a plan: %v", l)
	}
	e.call("turn/start", input("do it", mode("default", `"My way."`)))
	id = e.turnDone("completed").Get("params.turn.id").Str
	if l := e.find("method", "item/completed", "params.turnId", id, "params.item.type", "agentMessage"); len(l) != 1 {
		t.Error("a plan in default mode")
	}
	var items []string
	for _, turn := range e.call("thread/read", `{"includeTurns":true}`).Get("thread.turns").Array() {
		for _, item := range turn.Get("items").Array() {
			items = append(items, item.Get("type").Str)
		}
	}
	equal(t, "items", items, []string{"userMessage", "plan", "agentMessage", "userMessage", "plan", "userMessage", "agentMessage"})
	e.quit()
	reqs := e.requests()
	if got := reqs[0].Get("body.input.0.content.1.text").Str; !strings.HasPrefix(got, "<collaboration_mode># Plan mode") {
		t.Errorf("%.200s", got)
	}
	last := reqs[2].Get("body.input").Array()
	if got := last[len(last)-2].Get("content.0.text").Str; got != "<collaboration_mode>My way.</collaboration_mode>" {
		t.Errorf("%.200s", got)
	}
}

// request_user_input in default mode, where a feature allows it; an answer that makes no
// sense is none.
func TestUserInputFeature(t *testing.T) {
	t.Parallel()
	ask := `{"call":"request_user_input","args":{"questions":[{"id":"q","header":"H","question":"W?","options":[{"label":"A","description":"a"}]}]}}` + "\n"
	e := start(t, setup{serve: true, args: free(), config: "[features]\ndefault_mode_request_user_input = true\n", script: ask + ask + ask + hello})
	e.send("go")
	for i, answer := range []string{`"result":{"answers":{"q":{"answers":["A"]}}}`, `"error":{"code":-1,"message":"no"}`, `"result":{"x":1}`} {
		e.next("method", "item/tool/requestUserInput")
		e.send(fmt.Sprintf(`{"id":%d,%s}`, i, answer))
	}
	e.turnDone("completed")
	e.quit()
	reqs := e.requests()
	var outputs []string
	for _, item := range reqs[3].Get("body.input").Array() {
		if out := item.Get("output"); out.Exists() {
			outputs = append(outputs, out.Str)
		}
	}
	equal(t, "outputs", outputs, []string{`{"answers":{"q":{"answers":["A"]}}}`, `{"answers":{}}`, `{"answers":{}}`})
	if got := reqs[0].Get("body.tools.#(name==request_user_input).description").Str; !strings.Contains(got, "every mode") {
		t.Error(got)
	}
}
