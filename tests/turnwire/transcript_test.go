//go:build linux

package turnwire

import (
	"encoding/json"
	"fmt"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/tidwall/gjson"

	"codex/tests/earlier"
)

// transcript is a conversation of a client with the original's app-server. Its client
// lines are sent to codex-turn, and the lines that come back must be the same but for
// ids, times and paths.
type transcript struct {
	file   string
	setup  setup
	client []exception // client lines that are not sent
	more   []exception // lines of ours that are not there
	texts  []text      // error texts that are others on purpose
}

// exception leaves lines out that match the pattern.
type exception struct{ pattern, why string }

// text is an error text of ours in the place of another.
type text struct{ theirs, ours string }

// notServed are lines of an app-server proper.
var notServed = []exception{
	{`"method":"remoteControl/status/changed"`, "an app-server's own relay"},
	{`"method":"configWarning".*bubblewrap`, "a helper program that is not needed here"},
}

func transcripts() []transcript {
	args := []string{"--source", "vscode"}
	return []transcript{{
		file: "basic-0.133.0.txt",
		setup: setup{named: "mock", top: `model = "mock-model"`, args: args,
			script: `[{"reason":["**Plan** thinking"]},{"msg":"Hello there, friend. All done."}]`},
		client: []exception{
			{`^not json$`, "a prompt here"},
			{`^\{"id":1\}$`, "refused with a null id here, passed over in silence there"},
			{`"id":5.5`, "likewise"},
			{`^\[`, "likewise"},
			{`"thread/list"`, "about many threads: the router's"},
		},
		texts: []text{
			{"Invalid request: unknown variant `nope/method`, expected one of", "Invalid request: unknown variant `nope/method`: codex-turn serves one thread"},
			{"invalid thread id: invalid character: expected", "invalid thread id: zzz"},
		},
	}, {
		file: "errors-dyntool-review-userinput-0.133.0.txt",
		setup: setup{named: "mock", top: `model = "gpt-5.3-codex"`, args: args, serve: true, env: []string{"TERM="},
			script: `{"when":"err500","status":500,"body":{}}
{"when":"err400","status":400,"body":"{\"error\": {\"message\": \"bad thing\", \"type\": \"invalid_request_error\"}}"}
{"when":"err401","status":401,"body":{"error":{"message":"unauth"}}}
{"when":"cut","items":[{"msg":"partial partial partial partial partial partial "}],"cut":4}
{"when":"dyn","call":"lookup_ticket","args":{"id":"T1"}}
{"when":"dyn","msg":"dyn done"}
{"when":"look at it","msg":"Looks fine."}
{"when":"ask","items":[` + strings.TrimSuffix(strings.TrimSpace(question), "\n") + `]}
{"when":"ask","msg":"ui done"}
{"call":"nothing","args":{}}
{"msg":"end"}
`},
	}, {
		file: "approvals-interrupt-0.133.0.txt",
		// The original keeps the first output of a command to itself until its end.
		setup: setup{named: "mock", top: `model = "mock-model"`, args: append(args, "--opt-out", "item/commandExecution/outputDelta"), env: []string{"TERM="},
			script: `{"when":"one","call":"exec_command","args":{"cmd":"touch approved.txt; echo done","sandbox_permissions":"require_escalated","justification":"need it","prefix_rule":["touch","approved.txt"]}}
{"when":"one","msg":"first done"}
{"when":"two","call":"exec_command","args":{"cmd":"rm -rf /tmp/nothing-here","sandbox_permissions":"require_escalated","justification":"why not"}}
{"when":"two","msg":"declined then"}
{"when":"three","call":"nothing","args":{}}
{"when":"three","msg":"patched"}
{"when":"four","call":"exec_command","args":{"cmd":"echo start; sleep 30","yield_time_ms":30000}}
`},
		client: []exception{
			{`"turn/interrupt", "id": 11`, "refused here, never answered there"},
			{`"turn/steer", "id": 8`, "kept for the next turn here, lost there"},
		},
		more: []exception{
			{`"item/completed".*echo start; sleep 30`, "the interrupt ends the command, which lives on there"},
		},
	}}
}

func TestTranscripts(t *testing.T) {
	t.Parallel()
	for _, tr := range transcripts() {
		t.Run(tr.file, func(t *testing.T) {
			t.Parallel()
			if strings.HasPrefix(tr.file, "approvals") {
				needSandbox(t)
			}
			b, err := os.ReadFile("../../pkg/protocol/testdata/" + tr.file)
			if err != nil {
				t.Fatal(err)
			}
			p := &replay{transcript: tr, t: t, e: start(t, tr.setup), ids: map[string]string{}}
			p.run(strings.Split(string(b), "\n"))
		})
	}
}

// replay plays a transcript.
type replay struct {
	transcript
	t   *testing.T
	e   *engine
	ids map[string]string // theirs: ours

	at      int      // lines of ours that have been taken
	want    []string // since the last client line that was sent
	skipped map[string]bool
}

func (p *replay) run(lines []string) {
	p.skipped = map[string]bool{}
	skipping := false
	for _, line := range lines {
		switch {
		case strings.HasPrefix(line, "> "), line == ">":
			line = strings.TrimPrefix(line[1:], " ")
			if why, skip := excepted(p.client, line); skip {
				p.t.Logf("not sent: %.80s: %s", line, why)
				// What comes of it is not compared either.
				method := gjson.Get(line, "method").Str
				if method != "" {
					p.skipped[gjson.Get(line, "id").Raw] = true
				}
				skipping = method == "turn/start" || method == "review/start" || skipping
				continue
			}
			p.check()
			if p.t.Failed() {
				return
			}
			skipping = false
			if gjson.Get(line, "id").Exists() && gjson.Get(line, "method").Exists() {
				p.e.mu.Lock()
				p.e.sent[gjson.Get(line, "id").Raw] = gjson.Get(line, "method").Str
				p.e.mu.Unlock()
			}
			p.e.send(p.ours(line))
		case strings.HasPrefix(line, "< "):
			line = line[2:]
			_, skip := excepted(notServed, line)
			if id := gjson.Get(line, "id"); id.Exists() && !gjson.Get(line, "method").Exists() && p.skipped[id.Raw] {
				skip = true
			}
			if !skip && !skipping {
				p.want = append(p.want, line)
			}
		}
	}
	p.check()
	p.e.eof()
	<-p.e.exited
}

func excepted(list []exception, line string) (string, bool) {
	for _, x := range list {
		if regexp.MustCompile(x.pattern).MatchString(line) {
			return x.why, true
		}
	}
	return "", false
}

// ours puts this run's ids and paths into a client line.
func (p *replay) ours(line string) string {
	for theirs, ours := range p.ids {
		line = strings.ReplaceAll(line, theirs, ours)
	}
	if before, size, ok := strings.Cut(line, "...["); ok { // a long text, all of the same letter
		n, _, _ := strings.Cut(size, " ")
		length, err := strconv.Atoi(n)
		if err != nil {
			p.t.Fatal(err)
		}
		const after = `"}]}}`
		line = before + strings.Repeat(before[len(before)-1:], length-len(before)-len(after)) + after
	}
	return strings.NewReplacer("$WORK", p.e.work, "$CODEX_HOME", p.e.home).Replace(line)
}

// check takes as many lines of ours as are wanted and compares. The thread's status comes
// from elsewhere in the original: its order against other lines is not fixed there.
func (p *replay) check() {
	var got []gjson.Result
	for len(got) < len(p.want) {
		l, i := p.e.seek(fmt.Sprintf("%.200s", p.want[len(got)]), p.at, func(gjson.Result) bool { return true })
		p.at = i + 1
		if _, more := excepted(p.more, l.Raw); !more {
			got = append(got, l)
		}
	}
	status := func(line string) bool { return gjson.Get(line, "method").Str == "thread/status/changed" }
	for _, stream := range []bool{true, false} {
		var theirs, ours []string
		for _, w := range p.want {
			if status(w) == stream {
				theirs = append(theirs, w)
			}
		}
		for _, g := range got {
			if status(g.Raw) == stream {
				ours = append(ours, g.Raw)
			}
		}
		for i := range max(len(theirs), len(ours)) {
			switch {
			case i >= len(theirs):
				p.t.Errorf("more than there: %.400s", ours[i])
			case i >= len(ours):
				p.t.Errorf("missing: %.400s", theirs[i])
			default:
				p.compare(theirs[i], ours[i])
			}
		}
	}
	p.want = nil
}

func (p *replay) compare(theirs, ours string) {
	method := gjson.Get(ours, "method").Str
	if method == "" {
		method = p.e.sent[gjson.Get(ours, "id").Raw]
	}
	ours = string(earlier.Line(method, []byte(ours)))
	if before, _, cut := strings.Cut(theirs, "...["); cut { // that is all there is of it
		ours = strings.NewReplacer(p.e.work, "$WORK", p.e.home, "$CODEX_HOME").Replace(ours)
		if len(ours) < len(before) || p.differText("", before, ours[:len(before)]) != "" {
			p.t.Errorf("theirs %s\nours   %s", before, ours)
		}
		return
	}
	var a, b any
	if json.Unmarshal([]byte(theirs), &a) != nil || json.Unmarshal([]byte(ours), &b) != nil {
		p.t.Fatalf("no JSON:\n%s\n%s", theirs, ours)
	}
	if diff := p.differ("", a, b); diff != "" {
		p.t.Errorf("%s\ntheirs %.700s\nours   %.700s", diff, theirs, ours)
	}
}

// differ says where two values differ.
func (p *replay) differ(path string, a, b any) string {
	switch key := path[strings.LastIndexByte(path, '.')+1:]; key {
	case "createdAt", "updatedAt", "startedAt", "completedAt", "startedAtMs", "completedAtMs", "durationMs":
		if (a == nil) != (b == nil) {
			return fmt.Sprintf("%s: %v, %v", path, a, b)
		}
		return ""
	case "developer_instructions": // prose
		return ""
	}
	switch x := a.(type) {
	case map[string]any:
		y, ok := b.(map[string]any)
		if !ok {
			return fmt.Sprintf("%s: %v", path, b)
		}
		for k := range x {
			if _, ok := y[k]; !ok {
				return fmt.Sprintf("%s.%s is missing", path, k)
			}
			if d := p.differ(path+"."+k, x[k], y[k]); d != "" {
				return d
			}
		}
		for k := range y {
			if _, ok := x[k]; !ok && k != "codexTurn" { // ours for our own faces
				return fmt.Sprintf("%s.%s is more than there", path, k)
			}
		}
		return ""
	case []any:
		y, ok := b.([]any)
		if !ok || len(x) != len(y) {
			return fmt.Sprintf("%s: %v", path, b)
		}
		for i := range x {
			if d := p.differ(fmt.Sprintf("%s.%d", path, i), x[i], y[i]); d != "" {
				return d
			}
		}
		return ""
	case string:
		y, ok := b.(string)
		if !ok {
			return fmt.Sprintf("%s: %v, not %q", path, b, x)
		}
		return p.differText(path, x, y)
	}
	if a != b {
		return fmt.Sprintf("%s: %v, not %v", path, b, a)
	}
	return ""
}

var (
	uuids   = regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}`)
	stamps  = regexp.MustCompile(`sessions/\d{4}/\d\d/\d\d/rollout-\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d`)
	modelID = regexp.MustCompile(`resp_\d+_\d+`)
	numbers = regexp.MustCompile(`^\d{4,5}$`)
	ports   = regexp.MustCompile(`127\.0\.0\.1:\d+`)
	system  = regexp.MustCompile(`^probe/0\.133\.0 \([^)]*\)`)
)

// differText compares texts. Ids must stand for the same things all the time.
func (p *replay) differText(path, theirs, ours string) string {
	for _, x := range p.texts {
		if strings.HasPrefix(theirs, x.theirs) && strings.HasPrefix(ours, x.ours) {
			return ""
		}
	}
	a, b := uuids.FindAllString(theirs, -1), uuids.FindAllString(ours, -1)
	if len(a) != len(b) {
		return fmt.Sprintf("%s: %q, not %q", path, ours, theirs)
	}
	for i := range a {
		if p.ids[a[i]] == "" {
			p.ids[a[i]] = b[i]
		}
		if p.ids[a[i]] != b[i] {
			return fmt.Sprintf("%s: %s does not stand for %s", path, b[i], a[i])
		}
	}
	ours = strings.NewReplacer(p.e.work, "$WORK", p.e.home, "$CODEX_HOME").Replace(ours)
	same := func(s string) string {
		s = uuids.ReplaceAllString(s, "UUID")
		s = stamps.ReplaceAllString(s, "sessions/STAMP")
		s = modelID.ReplaceAllString(s, "resp_N")
		s = ports.ReplaceAllString(s, "127.0.0.1:PORT")
		s = system.ReplaceAllString(s, "probe/0.133.0 (SYSTEM)")
		if strings.HasSuffix(path, ".processId") {
			s = numbers.ReplaceAllString(s, "PROCESS")
		}
		return s
	}
	if same(theirs) != same(ours) {
		return fmt.Sprintf("%s: %q, not %q", path, ours, theirs)
	}
	return ""
}
