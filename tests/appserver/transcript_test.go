package appserver

import (
	"bufio"
	"encoding/base64"
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/tidwall/gjson"
)

// difference is where we answer otherwise on purpose. Where is the method, a colon, and
// the path in the message: a pattern that need not match to the end.
type difference struct{ where, why string }

func differences() []difference {
	return []difference{
		{`configWarning:`, "no bubblewrap is needed"},
		{`nope/method:error.message|thread/delete:error.message`, "an unknown method is refused in a short sentence"},
		{`initialize:result.userAgent`, "the terminal and the system are this machine's"},
		{`remoteControl/status/changed:params.serverName|remoteControl/status/read:result.serverName`, "the host's name"},
		{`.*:(params|result).*\.cliVersion`, "the version"},
		{`thread/tokenUsage/updated:params.tokenUsage|.*:.*\.processId`, "counts and process ids are the run's"},
		{`model/list:result.data`, "the catalogue has facts, not the original's words"},
		{`thread/(list|unarchive):result.*forkedFromId`, "they tell where a fork comes from, as read does"},
		{`thread/list:result.data.*.updatedAt|.*:.*updatedAt`, "times"},
		{`fs/readDirectory:result.entries`, "entries are sorted by name"},
		{`command/exec:error.message|command/exec:result.(exitCode|stdout|stderr)|command/exec:result$|command/exec:error$`, "a program that is missing is an error; a killed one has status 128+n"},
		{`fuzzyFileSearch.*:(result|params).files`, "fzf scores, and .git is left out"},
		{`config/read:result.(config|origins|layers)`, "keys without a value are left out"},
		{`config/.*:result.version`, "the version is of our own making"},
		{`experimentalFeature/list:result.data`, "features are sorted by name"},
		{`feedback/upload:result.threadId|remoteControl/status/read:result.installationId|remoteControl/status/changed:params.installationId`, "made up anew"},
		{`(skills|hooks|mcpServerStatus|app|plugin)/list:|externalAgentConfig/detect:|config/mcpServer/reload:|thread/goal/get:|thread/memoryMode/set:|getConversationSummary:|gitDiffToRemote:|getAuthStatus:|thread/shellCommand:`, "not built: refused by name"},
		{`.*:.*(startedAt|completedAt|createdAt|modifiedAtMs|startedAtMs|completedAtMs|durationMs|nextCursor|backwardsCursor)`, "times"},
		{`turn/diff/updated:`, "how often the diff is told"},
		{`item/(started|completed):params.item.id`, "the model's ids"},
		{`thread/(read|turns/list|rollback):result.*items`, "ids of items"},
		{`turn/interrupt:error.message`, "names the turn that runs"},
	}
}

// transcripts are the sessions, each with what the model said in it.
func transcripts() map[string][2]string {
	return map[string][2]string{
		"basic":     {"mock-model", `[{"reason":"**Plan** thinking"},{"msg":"Hello there, friend. All done."}]`},
		"utilities": {"gpt-5.3-codex", `{"msg":"x"}`},
		"approvals-interrupt": {"mock-model", `
			[{"call":"exec_command","args":{"cmd":"touch approved.txt; echo done","sandbox_permissions":"require_escalated","justification":"need it"}}]
			{"msg":"first done"}
			[{"call":"exec_command","args":{"cmd":"rm -rf /tmp/nothing-here","sandbox_permissions":"require_escalated","justification":"why not"}}]
			{"msg":"declined then"}
			[{"call":"update_plan","args":"{"}]
			{"msg":"patched"}
			[{"call":"exec_command","args":{"cmd":"echo start; sleep 30"}}]`},
		"threads": {"gpt-5.3-codex", `
			[{"custom":"apply_patch","input":"*** Begin Patch\n*** Add File: new.txt\n+hello\n*** End Patch\n"}]
			{"msg":"patched"}
			[{"call":"update_plan","args":{"explanation":"why","plan":[{"step":"a","status":"in_progress"},{"step":"b","status":"pending"}]}},
			 {"call":"exec_command","args":{"cmd":"cat new.txt; printf \"out\\n\"; printf \"err\\n\" >&2; exit 3"}}]
			{"msg":"second"}
			{"msg":"third"}`},
	}
}

func TestTranscripts(t *testing.T) {
	for name, how := range transcripts() {
		t.Run(name, func(t *testing.T) { replay(t, name, how[0], how[1]) })
	}
}

// replayer is one transcript on its way.
type replayer struct {
	*client
	ids    map[string]string // theirs to ours
	uuid   *regexp.Regexp
	diff   []difference
	cursor string // of the latest list
	want   string // output of commands, and what came of it
	have   string
	last   int // place of the latest notification that came as expected
}

func replay(t *testing.T, name, model, script string) {
	f, err := os.Open("testdata/" + name + ".txt")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	r := &replayer{client: start(t, model, script), ids: map[string]string{}, diff: differences(), last: -1,
		uuid: regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}`)}
	if name == "utilities" {
		for _, file := range []string{"alpha_beta.txt", "gamma.rs"} {
			write(t, r.work+"/"+file, "")
		}
	}
	in := bufio.NewScanner(f)
	in.Buffer(nil, 4<<20)
	for in.Scan() {
		line := in.Text()
		switch {
		case strings.HasPrefix(line, "> "):
			r.send(r.ours(line[2:]))
		case strings.HasPrefix(line, "< "):
			m := gjson.Parse(r.ours(line[2:]))
			if m.Get("method").Str == "fs/changed" { // somebody had written to it
				write(t, m.Get("params.changedPaths.0").Str, "changed")
			}
			r.expect(m)
		case strings.HasPrefix(line, "# ---"):
			r.in.Close()
			_ = r.cmd.Wait()
			r.got, r.used, r.last = nil, nil, -1
			r.run()
		}
	}
	if status := r.leave(); status != 0 {
		t.Errorf("exit status %d", status)
	}
}

// ours puts this run's folders and ids in place of the transcript's.
func (r *replayer) ours(line string) string {
	line = regexp.MustCompile(`"cursor": "2026[^"]*"`).ReplaceAllString(line, `"cursor": "`+r.cursor+`"`)
	line = strings.NewReplacer("$WORK", r.work, "$CODEX_HOME", r.home).Replace(line)
	return r.uuid.ReplaceAllStringFunc(line, func(id string) string {
		if o, ok := r.ids[id]; ok {
			return o
		}
		return id
	})
}

func (r *replayer) allowed(where string) bool {
	for _, d := range r.diff {
		if ok, _ := regexp.MatchString(`^(`+d.where+`)`, where); ok {
			return true
		}
	}
	return false
}

// expect waits for the counterpart of a message.
func (r *replayer) expect(want gjson.Result) {
	r.t.Helper()
	method, id := want.Get("method").Str, want.Get("id").Raw
	if method == "" {
		name := r.sent[id]
		got := r.wait(func(m gjson.Result) bool { return m.Get("id").Raw == id && !m.Get("method").Exists() })
		if next := got.Get("result.nextCursor"); name == "thread/list" && next.Str != "" {
			r.cursor = next.Str
		}
		r.compare(name+":", "", want, got)
		return
	}
	if r.allowed(method + ":") {
		return
	}
	if strings.HasSuffix(method, "/outputDelta") { // where output is cut is chance
		r.want += text(want)
		for !strings.HasPrefix(r.have, r.want) {
			r.have += text(r.note(method))
		}
		return
	}
	place, got := r.find(func(m gjson.Result) bool {
		return m.Get("method").Str == method && m.Get("params.item.type").Str == want.Get("params.item.type").Str
	})
	command := want.Get("params.item.type").Str == "commandExecution" // its end is when it ends
	if place < r.last && !command && !strings.Contains(method, "status/changed") {
		r.t.Errorf("%s came earlier than in the transcript", method)
	}
	if !command {
		r.last = max(r.last, place)
	}
	r.compare(method+":", "", want, got)
}

func text(delta gjson.Result) string {
	b, _ := base64.StdEncoding.DecodeString(delta.Get("params.deltaBase64").Str)
	return string(b) + delta.Get("params.delta").Str
}

// compare walks both messages; ids are learned on the way.
func (r *replayer) compare(method, path string, want, got gjson.Result) {
	r.t.Helper()
	where := method + path
	if path != "" && r.allowed(where) {
		return
	}
	join := func(k string) string { return strings.TrimPrefix(path+"."+k, ".") }
	switch {
	case want.IsObject() && got.IsObject():
		want.ForEach(func(k, v gjson.Result) bool {
			if g := got.Get(gjson.Escape(k.Str)); g.Exists() {
				r.compare(method, join(k.Str), v, g)
			} else if !r.allowed(method + join(k.Str)) {
				r.t.Errorf("%s%s is missing: %.300s", method, join(k.Str), got.Raw)
			}
			return true
		})
		got.ForEach(func(k, _ gjson.Result) bool {
			if !want.Get(gjson.Escape(k.Str)).Exists() && !r.allowed(method+join(k.Str)) {
				r.t.Errorf("%s%s is not in the transcript: %.300s", method, join(k.Str), got.Raw)
			}
			return true
		})
	case want.IsArray() && got.IsArray():
		w, g := want.Array(), got.Array()
		if len(w) != len(g) {
			r.t.Errorf("%s has %d elements, the transcript %d", where, len(g), len(w))
			return
		}
		for i := range w {
			r.compare(method, join(fmt.Sprint(i)), w[i], g[i])
		}
	case want.Type == gjson.String && got.Type == gjson.String:
		a, b := r.uuid.FindAllString(want.Str, -1), r.uuid.FindAllString(got.Str, -1)
		if len(a) == len(b) {
			for i := range a {
				r.ids[a[i]] = b[i]
			}
		}
		plain := func(s string) string {
			s = regexp.MustCompile(`(\d{4}/\d\d/\d\d/)?rollout-[0-9T-]{19}`).ReplaceAllString(s, "DAY")
			return r.uuid.ReplaceAllString(s, "ID")
		}
		if plain(want.Str) != plain(got.Str) {
			r.t.Errorf("%s is %q, in the transcript %q", where, got.Str, want.Str)
		}
	case want.Raw != got.Raw:
		r.t.Errorf("%s is %.200s, in the transcript %.200s", where, got.Raw, want.Raw)
	}
}
