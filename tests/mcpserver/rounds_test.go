//go:build linux

package mcpserver

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tidwall/gjson"
)

// modern is the _meta of requests of the revision that has no handshake.
func modern(capabilities string) string {
	return `"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":` + capabilities +
		`,"io.modelcontextprotocol/clientInfo":{"name":"drv","version":"9"}}`
}

const (
	asks  = `{"elicitation":{"form":{}}}`
	wants = `{"prompt":"p","approval-policy":"untrusted","sandbox":"workspace-write"}`
)

// again calls a tool a second time, with the answers to what the first has asked.
func (c *client) again(id any, tool string, first gjson.Result, answers string) {
	c.t.Helper()
	c.request(id, "tools/call", `{`+modern(asks)+`,"name":"`+tool+`","arguments":`+wants+`,"inputResponses":`+answers+`,"requestState":`+first.Get("result.requestState").Raw+`}`)
}

// asked waits for a result that asks, and gives it and the name of its only question.
func (c *client) asked(id string) (r gjson.Result, name string) {
	c.t.Helper()
	r = c.answer(id)
	for name := range r.Get("result.inputRequests").Map() {
		return r, name
	}
	c.t.Fatalf("nothing is asked: %s", r.Raw)
	return r, ""
}

// TestDiscover goes through what a client finds that makes no handshake.
func TestDiscover(t *testing.T) {
	c := start(t, "")
	c.request(1, "server/discover", `{`+modern(`{}`)+`}`)
	r := c.answer("1").Get("result")
	for _, v := range []string{"2026-07-28", "2025-11-25", "2025-06-18", "2024-11-05"} {
		if !strings.Contains(r.Get("supportedVersions").Raw, v) {
			t.Errorf("%s is not among %s", v, r.Get("supportedVersions").Raw)
		}
	}
	if name := r.Get(`_meta.io\.modelcontextprotocol/serverInfo.name`).Str; name != "codex-mcp-server" || r.Get("ttlMs").Int() <= 0 || r.Get("resultType").Str != "complete" {
		t.Error(r.Raw)
	}
	c.request(2, "tools/list", `{`+modern(`{}`)+`}`)
	if r := c.answer("2").Get("result"); len(r.Get("tools").Array()) != 3 || r.Get("ttlMs").Int() <= 0 || r.Get("cacheScope").Str != "public" {
		t.Error(r.Raw)
	}
	for id, c2 := range map[string][2]string{
		"ping":           {"-32601", `{` + modern(`{}`) + `}`},
		"tools/list":     {"-32602", `{"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28"}}`},
		"resources/list": {"-32022", `{"_meta":{"io.modelcontextprotocol/protocolVersion":"2099-01-01","io.modelcontextprotocol/clientCapabilities":{}}}`},
	} {
		c.request(id, id, c2[1])
		if got := c.answer(id); got.Get("error.code").Raw != c2[0] {
			t.Errorf("%s: %s, want %s", id, got.Raw, c2[0])
		}
	}
	c.request(9, "subscriptions/listen", `{`+modern(`{}`)+`,"notifications":{"toolsListChanged":true}}`)
	c.wait("method", "notifications/subscriptions/acknowledged")
}

// TestRounds goes through the answers of clients that are asked by a result.
func TestRounds(t *testing.T) {
	for _, tc := range []struct {
		name, answer string
		runs         bool
	}{
		{"accept", `{"action":"accept","content":{}}`, true},
		{"decline", `{"action":"decline"}`, false},
		{"cancel", `{"action":"cancel"}`, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			c := start(t, run("touch made")+say("done"))
			c.request(1, "tools/call", `{`+modern(asks)+`,"name":"codex","arguments":`+wants+`}`)
			r, name := c.asked("1")
			q := r.Get("result.inputRequests." + name)
			if r.Get("result.resultType").Str != "input_required" || r.Get("result.content").Exists() || q.Get("method").Str != "elicitation/create" || q.Get("params.mode").Str != "form" ||
				!strings.HasPrefix(q.Get("params.message").Str, "Allow Codex to run `/bin/bash -lc 'touch made'`") ||
				q.Get("params._meta.codex/elicitation.codex_elicitation").Str != "exec-approval" || len(r.Get("result.requestState").Str) < 20 {
				t.Error(r.Raw)
			}
			// Without the answer it is asked again, with one that nobody wants as well.
			c.again(2, "codex", r, `{}`)
			if _, same := c.asked("2"); same != name {
				t.Errorf("%s is asked for, not %s", same, name)
			}
			c.again(3, "codex", r, `{"other":{"action":"accept","content":{}}}`)
			c.asked("3")
			c.again(4, "codex", r, `{"`+name+`":`+tc.answer+`}`)
			r4 := c.answer("4")
			if r4.Get("result.content.0.text").Str != "done" || r4.Get("result.resultType").Str != "complete" {
				t.Error(r4.Raw)
			}
			if _, err := os.Stat(filepath.Join(c.work, "made")); (err == nil) != tc.runs {
				t.Errorf("the command ran: %v", err == nil)
			}
			// The call has ended: its state is nobody's any more.
			c.again(5, "codex", r, `{"`+name+`":{"action":"accept"}}`)
			if e := c.answer("5"); e.Get("error.code").Raw != "-32602" {
				t.Error(e.Raw)
			}
		})
	}
}

// TestRoundsRefused holds that a state is good for its own call alone, that a client that
// cannot be asked is not, and that a call that waits for answers ends with its thread.
func TestRoundsRefused(t *testing.T) {
	c := start(t, run("touch made")+say("done"))
	c.request(0, "tools/call", `{`+modern(`{}`)+`,"name":"codex","arguments":`+wants+`}`)
	if r := c.answer("0"); r.Get("result.content.0.text").Str != "done" {
		t.Error(r.Raw)
	}
	c.request(1, "tools/call", `{`+modern(asks)+`,"name":"codex","arguments":`+wants+`}`)
	r, name := c.asked("1")
	thread := r.Get("result.inputRequests." + name + ".params._meta.codex/elicitation.threadId").Str
	for id, tc := range map[string][2]string{
		"tampered":  {"codex", `"` + r.Get("result.requestState").Str + `x"`},
		"the other": {"codex-reply", r.Get("result.requestState").Raw},
	} {
		c.request(id, "tools/call", `{`+modern(asks)+`,"name":"`+tc[0]+`","arguments":`+wants+`,"inputResponses":{"`+name+`":{"action":"accept","content":{}}},"requestState":`+tc[1]+`}`)
		if e := c.answer(id); e.Get("error.code").Raw != "-32602" {
			t.Errorf("%s: %s", id, e.Raw)
		}
	}
	c.request(2, "tools/call", `{`+modern(asks)+`,"name":"codex-close","arguments":{"threadId":"`+thread+`"}}`)
	if e := c.answer("2"); e.Get("result.isError").Bool() {
		t.Error(e.Raw)
	}
	c.again(3, "codex", r, `{"`+name+`":{"action":"accept","content":{}}}`)
	if e := c.answer("3"); !e.Get("result.isError").Bool() {
		t.Error(e.Raw)
	}
	if _, err := os.Stat(filepath.Join(c.work, "made")); err == nil {
		t.Error("the command ran")
	}
	if strings.Contains(c.text(), `"method":"elicitation/create","params":{"codex`) {
		t.Error("it was asked by a request")
	}
}

// TestRoundsCancelled holds that a request that is cancelled after an answer ends the turn, and
// that the server leaves while a call waits for answers.
func TestRoundsCancelled(t *testing.T) {
	command, words := long()
	c := start(t, run(command)+say("done"))
	c.request(1, "tools/call", `{`+modern(asks)+`,"name":"codex","arguments":`+wants+`}`)
	r, name := c.asked("1")
	c.again(2, "codex", r, `{"`+name+`":{"action":"accept","content":{}}}`)
	c.begun()
	c.send(`{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":2}}`)
	c.wait("params.msg.type", "turn_aborted")
	gone(t, words)
	c.request(3, "tools/call", `{`+modern(asks)+`,"name":"codex","arguments":`+wants+`}`)
	c.asked("3")
	c.leave()
}
