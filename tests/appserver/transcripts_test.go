//go:build unix

package appserver

import (
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// difference is where we answer otherwise on purpose. Where is the method, a colon, and
// the path in the message: a pattern that need not match to the end.
type difference struct {
	where, why string
	chance     bool // another run may not have it
}

func differences() []difference {
	return []difference{
		{`(error|turn/completed):params\.(turn\.)?error\.message`, "a provider's own reason is kept", false},
		{`configWarning:`, "no bubblewrap is needed", false},
		{`nope/method:error.message|thread/delete:error.message`, "an unknown method is refused in a short sentence", false},
		{`initialize:result.userAgent`, "the terminal and the system are this machine's", false},
		{`remoteControl/status/changed:params.serverName|remoteControl/status/read:result.serverName`, "the host's name", true},
		{`thread/tokenUsage/updated:params.tokenUsage|.*:.*\.processId`, "counts and process ids are the run's", false},
		{`model/list:result.data`, "the catalogue has facts, not the original's words", false},
		{`thread/(list|unarchive):result.*forkedFromId`, "they tell where a fork comes from, as read does", false},
		{`thread/list:result.data.*.updatedAt|.*:.*updatedAt`, "times", false},
		{`fs/readDirectory:result.entries`, "entries are sorted by name", false},
		{`command/exec:error.message|command/exec:result.(exitCode|stdout|stderr)|command/exec:result$|command/exec:error$`, "a program that is missing is an error; a killed one has status 128+n", false},
		{`fuzzyFileSearch.*:(result|params).files`, "fzf scores, and .git is left out", false},
		{`config/read:result.(config|origins|layers)`, "keys without a value are left out", false},
		{`config/.*:result.version`, "the version is of our own making", false},
		{`experimentalFeature/list:result.data`, "features are sorted by name", false},
		{`app/list:|externalAgentConfig/detect:`, "not built: refused by name", false},
		{`skills/list:result.data.0.skills`, "no skills are bundled", false},
		{`getConversationSummary:error.message`, "says what is wrong with the id", false},
		{`.*:.*(startedAt|completedAt|createdAt|modifiedAtMs|startedAtMs|completedAtMs|durationMs|nextCursor|backwardsCursor)`, "times", false},
		{`thread/settings/updated:params.threadSettings.(collaborationMode|personality)`, "the line is cut there", false},
		{`warning:params.message`, "in our own words", false},
		{`turn/diff/updated:`, "how often the diff is told", false},
		{`item/(started|completed):params.item.id`, "the model's ids", true},
		{`thread/(read|turns/list|rollback):result.*items`, "ids of items", true},
	}
}

// anyTime lists messages whose place among the others may differ.
func anyTime() []difference {
	return []difference{
		{`item/completed commandExecution`, "a command ends when it ends", false},
		{`answer thread/loaded/list`, "what is asked beside a running turn is answered meanwhile", false},
	}
}

// unasked lists messages of ours that a transcript, or all of them, does not have.
func unasked(transcript string) []difference {
	all := []difference{
		{`answer turn/interrupt`, "each request has an answer, that to end an ended turn as well", false},
		{`item/completed commandExecution`, "each start has an end, that of an interrupted command as well", false},
	}
	if transcript == "errors-dyntool-review-userinput" {
		all = append(all, difference{`item/agentMessage/delta|item/completed agentMessage`, "and that of the message of a reviewer", false})
	}
	if transcript == "basic" {
		all = append(all, difference{`answer without an id`, "a request whose id is no id is refused", false})
	}
	if transcript == "approvals-interrupt" {
		all = append(all, difference{`item/started userMessage|item/completed userMessage`, "input that came too late for a request is kept", false})
	}
	return all
}

func transcripts() []transcript {
	return []transcript{
		{name: "basic", model: "mock-model", script: `[{"reason":"**Plan** thinking"},{"msg":"Hello there, friend. All done."}]`},
		{name: "utilities", model: "gpt-5.3-codex", skip: map[int]string{
			162: "thread/turns/list is stable, as in later releases", 163: "so it is",
		}, script: `{"msg":"x"}`, prepare: func(d *desk) {
			for _, file := range []string{"alpha_beta.txt", "gamma.rs"} {
				write(d.t, d.work+"/"+file, "")
			}
		}},
		{name: "approvals-interrupt", model: "mock-model", script: `
			[{"call":"exec_command","args":{"cmd":"touch approved.txt; echo done","sandbox_permissions":"require_escalated","justification":"need it"}}]
			{"msg":"first done"}
			[{"call":"exec_command","args":{"cmd":"rm -rf /tmp/nothing-here","sandbox_permissions":"require_escalated","justification":"why not"}}]
			{"msg":"declined then"}
			[{"call":"update_plan","args":"{"}]
			{"msg":"patched"}
			[{"call":"exec_command","args":{"cmd":"echo start; sleep 30"}}]`},
		{name: "threads", model: "gpt-5.3-codex", served: true, skip: map[int]string{
			219: "thread/delete is there, as in later releases", 220: "so it is",
			179: "limits are told once for the request of a compaction and once after it, not twice",
		}, script: `
			[{"custom":"apply_patch","input":"*** Begin Patch\n*** Add File: new.txt\n+hello\n*** End Patch\n"}]
			{"msg":"patched"}
			[{"call":"update_plan","args":{"explanation":"why","plan":[{"step":"a","status":"in_progress"},{"step":"b","status":"pending"}]}},
			 {"call":"exec_command","args":{"cmd":"cat new.txt; printf \"out\\n\"; printf \"err\\n\" >&2; exit 3"}}]
			{"msg":"second"}
			{"msg":"third"}
			{"msg":"fourth"}
			{"msg":"a summary"}
			{"msg":"sixth"}`},
		{name: "errors-dyntool-review-userinput", model: "gpt-5.3-codex", served: true, script: `
			{"status":500,"body":{"error":{"message":"boom"}}}
			{"status":400,"body":"{\"error\": {\"message\": \"bad thing\", \"type\": \"invalid_request_error\"}}"}
			{"status":401,"body":{"error":{"message":"unauth"}}}
			{"items":[{"msg":"partial partial partial partial partial "}],"cut":4}
			[{"call":"lookup_ticket","args":{"id":"T1"}}]
			{"msg":"dyn done"}
			{"msg":"Looks fine."}
			[{"call":"request_user_input","args":{"questions":[{"id":"q1","header":"H","question":"Which?","options":[{"label":"A","description":"a"},{"label":"B","description":"b"}]}]}}]
			{"msg":"ui done"}
			[{"call":"no_such_tool","args":{}}]
			{"msg":"end"}`},
		{name: "two-clients", model: "mock-model", clients: "AB", gate: slow},
		{name: "two-clients-approval", model: "gpt-5.3-codex", clients: "AB", skip: map[int]string{28: "the usage of a turn is told when the original tells it first"}, script: `
			[{"call":"exec_command","args":{"cmd":"touch x","sandbox_permissions":"require_escalated","justification":"j"}}]
			{"msg":"end"}`},
	}
}

func TestTranscripts(t *testing.T) {
	met := map[string]bool{}
	for _, tr := range transcripts() {
		t.Run(tr.name, func(t *testing.T) { replay(t, tr, met) })
	}
	for _, d := range differences() {
		if !met[d.where] && !d.chance && !t.Failed() && flag.Lookup("test.run").Value.String() == "" {
			t.Errorf("%s is no difference any more (%s)", d.where, d.why)
		}
	}
}

// slow is a model that says a word forty times, and after the sixth waits until it is let
// go on.
func slow(d *desk) (open func()) {
	gate := make(chan struct{})
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		w.Header().Set("Content-Type", "text/event-stream")
		say := func(typ, rest string) {
			fmt.Fprintf(w, "event: %s\ndata: {\"type\":%q%s}\n\n", typ, typ, rest)
			w.(http.Flusher).Flush()
		}
		item := func(text string) string {
			b, err := json.Marshal(text)
			if err != nil {
				panic(err)
			}
			return fmt.Sprintf(`,"output_index":0,"item":{"type":"message","role":"assistant","id":"msg_resp_1_0","content":[{"type":"output_text","text":%s}]}`, b)
		}
		say("response.created", `,"response":{"id":"resp_1"}`)
		say("response.output_item.added", item(""))
		for i := range 40 {
			if i == 6 {
				<-gate
			}
			say("response.output_text.delta", `,"output_index":0,"item_id":"msg_resp_1_0","delta":"slow "`)
		}
		say("response.output_item.done", item(strings.Repeat("slow ", 40)))
		say("response.completed", `,"response":{"id":"resp_1","usage":{"input_tokens":100,"input_tokens_details":{"cached_tokens":40},"output_tokens":20,"output_tokens_details":{"reasoning_tokens":5},"total_tokens":120}}`)
	}))
	d.t.Cleanup(srv.Close)
	d.config("mock-model", fmt.Sprintf("base_url = %q\n", srv.URL+"/v1"))
	return func() { close(gate) }
}
