package exec

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/tidwall/gjson"
)

// wire makes the lines of an engine: the three answers, with notes between them and
// behind.
func wire(early string, notes ...string) string {
	return `{"id":1,"result":{}}` + "\n" + early +
		`{"id":2,"result":{"thread":{"id":"T"},"model":"m","modelProvider":"p","cwd":"/w","approvalPolicy":"never","sandbox":{"type":"readOnly","networkAccess":false}}}` + "\n" +
		`{"id":3,"result":{"turn":{"id":"U","status":"inProgress"}}}` + "\n" +
		`{"method":"turn/started","params":{"threadId":"T","turn":{"id":"U"}}}` + "\n" +
		strings.Join(notes, "\n") + "\n"
}

const (
	noteMessage    = `{"method":"item/completed","params":{"threadId":"T","turnId":"U","item":{"type":"agentMessage","id":"a","text":"answer"}}}`
	noteCompleted  = `{"method":"turn/completed","params":{"threadId":"T","turn":{"id":"U","status":"completed","error":null}}}`
	noteFailedCall = `{"method":"codexTurn/toolCall/failed","params":{"threadId":"T","turnId":"U","callId":"c","tool":"apply_patch","message":"it has no place\nhere"}}`
	noteStopped    = `{"method":"turn/completed","params":{"threadId":"T","turn":{"id":"U","status":"interrupted","error":null}}}`
	noteBroken     = `{"method":"item/completed","params":{"threadId":"T","item":{"type":"commandExecution","id":"c","command":"x","cwd":"/w","status":"failed","aggregatedOutput":"","exitCode":3,"durationMs":1}}}`
)

func TestSetupErrors(t *testing.T) {
	badSchema := func(_, cwd string) {
		_ = os.WriteFile(filepath.Join(cwd, "bad.json"), []byte("{\n x"), 0o600)
	}
	for _, tc := range []struct {
		args    string
		s       setting
		want    string // stderr
		status  int
		started bool // the engine
	}{
		{args: "--config =x hi", want: "Error parsing -c overrides: Empty key in override: =x\n", status: 1},
		{args: "--config foo hi", want: "Error parsing -c overrides: Invalid override (missing '='): foo\n", status: 1},
		{args: "-C /proc/absent hi", want: "Error: work in /proc/absent: No such file or directory (os error 2)\n", status: 1},
		{args: "--profile x hi", want: "Error: config profile `x` not found\n", status: 1},
		{args: "-C / hi", want: "Not inside a trusted directory and --skip-git-repo-check was not specified.\n", status: 1},
		{args: "--output-schema nosuch hi", s: setting{git: true}, want: "Failed to read output schema file nosuch: No such file or directory (os error 2)\n", status: 1, started: true},
		{args: "--output-schema {CWD}/bad.json hi", s: setting{git: true, prepare: badSchema}, want: "Output schema file {CWD}/bad.json is not valid JSON: invalid character 'x' looking for beginning of object key string at line 2 column 2\n", status: 1, started: true},
		{args: "-", s: setting{git: true, stdin: strings.NewReader(" ")}, want: "No prompt provided via stdin.\n", status: 1, started: true},
		{args: "review", want: "Error: Specify --uncommitted, --base, --commit, or provide custom review instructions\n", status: 1},
		{args: "review -", s: setting{git: true, stdin: strings.NewReader(" \n")}, want: "No prompt provided via stdin.\n", status: 1, started: true},
		{args: "-C / review --uncommitted", want: "Not inside a trusted directory and --skip-git-repo-check was not specified.\n", status: 1},
		{args: "resume 01a202dd-405e-7af3-a02f-a1fd007b95cf x", s: setting{git: true}, want: "Error: no rollout found for thread id 01a202dd-405e-7af3-a02f-a1fd007b95cf\n", status: 1, started: true},
		{args: "--nosuch", want: "error: unexpected argument '--nosuch' found\n\n  tip: to pass '--nosuch' as a value, use '-- --nosuch'" + usageExec, status: 2},
		{args: "--turn /proc/absent/engine hi", s: setting{git: true}, want: "Error: start /proc/absent/engine: no such file or directory\n", status: 1},
	} {
		tc.s.wire = wire("", noteCompleted)
		var cwd string
		inner := tc.s.prepare
		tc.s.prepare = func(h, c string) {
			cwd = c
			if inner != nil {
				inner(h, c)
			}
		}
		got := startIn(t, tc.s, func(c string) []string {
			args := strings.Fields(tc.args)
			for i := range args {
				args[i] = strings.ReplaceAll(args[i], "{CWD}", c)
			}
			return args
		})
		if want := strings.ReplaceAll(tc.want, "{CWD}", cwd); got.stderr != want || got.stdout != "" || got.status != tc.status {
			t.Errorf("%s: status %d, stdout %q, stderr\n got %q\nwant %q", tc.args, got.status, got.stdout, got.stderr, want)
		}
		if !tc.started && got.requests != "" {
			t.Errorf("%s: the engine was started for nothing", tc.args)
		}
	}
}

// TestOrder: stdin is read before anything is said about the schema or the repository.
func TestOrder(t *testing.T) {
	got := start(t, setting{wire: wire(""), stdin: strings.NewReader("\xff")}, "--output-schema", "nosuch", "-")
	if !strings.HasPrefix(got.stderr, "Failed to read prompt from stdin: ") {
		t.Errorf("stderr %q", got.stderr)
	}
	got = start(t, setting{wire: wire(""), stdin: strings.NewReader("x")}, "--output-schema", "nosuch", "-")
	if !strings.HasPrefix(got.stderr, "Failed to read output schema file") {
		t.Errorf("stderr %q", got.stderr)
	}
}

func TestRequests(t *testing.T) {
	prepare := func(_, cwd string) {
		_ = os.WriteFile(filepath.Join(cwd, "s.json"), []byte("{ \"b\": 1, \"a\": [ ] }"), 0o600)
	}
	got := startIn(t, setting{wire: wire("", noteMessage, noteCompleted), git: true, prepare: prepare}, func(cwd string) []string {
		return []string{"--json", "-m", "x", "--output-schema", filepath.Join(cwd, "s.json"), "-i", "a.png,/b.png", "--", "go <on>"}
	})
	if got.status != 0 {
		t.Fatalf("status %d: %s", got.status, got.stderr)
	}
	lines := strings.Split(strings.TrimSpace(got.requests), "\n")
	if want := `["--model=x" "--ask-for-approval=never" "--source=exec"]`; lines[0] != want {
		t.Errorf("engine started with %s", lines[0])
	}
	if len(lines) != 5 {
		t.Fatalf("requests:\n%s", got.requests)
	}
	if c := gjson.Get(lines[1], "params.clientInfo"); c.Get("name").Str != "codex_exec" || c.Get("version").Str != "0.133.0" {
		t.Errorf("initialize: %s", lines[1])
	}
	if !strings.Contains(gjson.Get(lines[1], "params.capabilities.optOutNotificationMethods").Raw, `"item/agentMessage/delta"`) {
		t.Errorf("deltas are wanted: %s", lines[1])
	}
	if lines[2] != `{"method":"initialized"}` || lines[3] != `{"method":"thread/start","id":2,"params":{}}` {
		t.Errorf("then %s\n%s", lines[2], lines[3])
	}
	want := `{"method":"turn/start","id":3,"params":{"threadId":"T","input":[{"type":"localImage","path":"` + got.cwd + `/a.png"},` +
		`{"type":"localImage","path":"/b.png"},{"type":"text","text":"go <on>"}],"outputSchema":{"b":1,"a":[]}}}`
	if lines[4] != want {
		t.Errorf("turn/start\n got %s\nwant %s", lines[4], want)
	}
}

// TestRefusals: nobody can be asked.
func TestRefusals(t *testing.T) {
	got := start(t, setting{git: true, wire: wire("",
		`{"method":"item/commandExecution/requestApproval","id":0,"params":{"threadId":"T"}}`, "!await",
		`{"method":"mcpServer/elicitation/request","id":"e","params":{"threadId":"T"}}`, "!await",
		noteCompleted)}, "--json", "hi")
	for _, want := range []string{
		`{"error":{"code":-32000,"message":"item/commandExecution/requestApproval is not supported in exec mode for thread T"},"id":0}` + "\n",
		`{"id":"e","result":{"action":"cancel"}}` + "\n",
	} {
		if !strings.Contains(got.requests, want) {
			t.Errorf("no %s in\n%s", want, got.requests)
		}
	}
}

func TestEngineTrouble(t *testing.T) {
	started := "{\"type\":\"thread.started\",\"thread_id\":\"T\"}\n{\"type\":\"turn.started\"}\n"
	for name, tc := range map[string]struct {
		wire           string
		stdout, stderr string
	}{
		"dies at once":        {"!exit 3", "", "Error: engine ended with status 3 before the turn was over\n"},
		"says why":            {"!stderr no model\n!exit 1", "", "Error: engine ended with status 1 before the turn was over\n"},
		"is killed":           {wire("", "!kill"), started + `{"type":"error","message":"engine was killed by signal 9 (killed) before the turn was over"}` + "\n" + `{"type":"turn.failed","error":{"message":"engine was killed by signal 9 (killed) before the turn was over"}}` + "\n", ""},
		"stops in the middle": {wire("", "!exit 0"), started + `{"type":"error","message":"engine ended with status 0 before the turn was over"}` + "\n" + `{"type":"turn.failed","error":{"message":"engine ended with status 0 before the turn was over"}}` + "\n", ""},
		"refuses the thread": {`{"id":1,"result":{}}` + "\n" + `{"error":{"code":-32603,"message":"required server missing"},"id":2}`, "",
			"Error: required server missing\n"},
		"has bad rules": {`{"id":1,"result":{}}` + "\n" + `{"error":{"code":-32603,"message":"failed to load rules: /x:1: no"},"id":2}`, "", "Error loading rules:\n/x:1: no\n"},
		"refuses the turn": {strings.Split(wire(""), `{"id":3`)[0] + `{"id":3,"error":{"code":-32602,"data":{"input_error_code":"input_too_large","max_chars":1},"message":"too long"}}`,
			`{"type":"thread.started","thread_id":"T"}` + "\n",
			"Error: too long\n"},
		"says nonsense": {wire("nonsense\n[1]\n\n", `{"method":5}`, `{"id":77,"result":1}`, noteBroken[:50], noteCompleted), started +
			`{"type":"turn.completed","usage":{"input_tokens":0,"cached_input_tokens":0,"cache_write_input_tokens":0,"output_tokens":0,"reasoning_output_tokens":0}}` + "\n",
			"codex-exec: passed over a line of the engine that is no message: \"nonsense\"\n" +
				"codex-exec: passed over a line of the engine that is no message: \"[1]\"\n" +
				"codex-exec: passed over a line of the engine that is no message: \"{\\\"method\\\":5}\"\n" +
				"codex-exec: passed over a line of the engine that is no message: \"{\\\"method\\\":\\\"item/completed\\\",\\\"params\\\":{\\\"threadId\\\":\\\"T\"\n" +
				"codex-exec: the turn ended without an answer\n"},
	} {
		t.Run(name, func(t *testing.T) {
			s := setting{git: true, wire: tc.wire}
			if strings.HasSuffix(name, "turn") { // the answer's members may stand in any order
				s.wire = strings.Replace(s.wire, `{"error":`, `{"id":2,"error":`, 1)
			}
			got := start(t, s, "--json", "hi")
			exe, _ := os.Executable()
			got.stdout, got.stderr = strings.ReplaceAll(got.stdout, exe, "engine"), strings.ReplaceAll(got.stderr, exe, "engine")
			if got.stdout != tc.stdout || got.stderr != tc.stderr {
				t.Errorf("stdout %q\nwant   %q\nstderr %q\nwant   %q", got.stdout, tc.stdout, got.stderr, tc.stderr)
			}
			want := 1
			if name == "says nonsense" {
				want = 0
			}
			if got.status != want {
				t.Errorf("status %d", got.status)
			}
			validate(t, got.stdout)
		})
	}
}

func TestStatus(t *testing.T) {
	for _, tc := range []struct {
		args  string
		notes []string
		want  int
	}{
		{"hi", []string{noteMessage, noteCompleted}, 0},
		{"hi", []string{noteBroken, noteCompleted}, 0},
		{"--fail-on-tool-error hi", []string{noteBroken, noteCompleted}, 3},
		{"--fail-on-tool-error hi", []string{noteMessage, noteCompleted}, 0},
		{"--fail-on-tool-error hi", []string{noteFailedCall, noteMessage, noteCompleted}, 3},
		{"hi", []string{noteFailedCall, noteMessage, noteCompleted}, 0},
		{"hi", []string{noteStopped}, 1},
		{"hi", []string{`{"method":"turn/completed","params":{"threadId":"T","turn":{"status":"failed","error":{"message":"no"}}}}`}, 1},
	} {
		for _, mode := range []string{"--json ", ""} {
			got := start(t, setting{git: true, wire: wire("", tc.notes...)}, strings.Fields(mode+tc.args)...)
			if got.status != tc.want {
				t.Errorf("%s%s: status %d, want %d\n%s", mode, tc.args, got.status, tc.want, got.stderr)
			}
			if n := strings.Count(got.stderr, "apply_patch failed: it has no place\n"); n != 1 && tc.notes[0] == noteFailedCall {
				t.Errorf("%s%s: %q", mode, tc.args, got.stderr)
			}
		}
	}
}

func TestLastMessage(t *testing.T) {
	file := filepath.Join(t.TempDir(), "out")
	run := func(notes ...string) result {
		return start(t, setting{git: true, wire: wire("", notes...)}, "--json", "-o", file, "hi")
	}
	if got := run(noteMessage, noteCompleted); got.stderr != "" {
		t.Errorf("stderr %q", got.stderr)
	}
	if b, _ := os.ReadFile(file); string(b) != "answer" {
		t.Errorf("file %q", b)
	}
	run(noteMessage, noteStopped)
	if b, _ := os.ReadFile(file); string(b) != "answer" {
		t.Errorf("touched by an interrupted turn: %q", b)
	}
	if got := run(noteCompleted); got.stderr != "Warning: no last agent message; wrote empty content to "+file+"\n" {
		t.Errorf("stderr %q", got.stderr)
	}
	if b, _ := os.ReadFile(file); string(b) != "" {
		t.Errorf("file %q", b)
	}
	file = filepath.Join(file, "x")
	if got := run(noteMessage, noteCompleted); got.status != 1 || got.stderr != "Failed to write last message file \""+file+"\": Not a directory (os error 20)\n" {
		t.Errorf("status %d, stderr %q", got.status, got.stderr)
	}
}

func TestTerminals(t *testing.T) {
	got := start(t, setting{git: true, tty: true, wire: wire("", noteMessage, noteCompleted)}, "hi")
	if got.stdout != "" || !strings.Contains(got.stderr, "\x1b[35m\x1b[3mcodex\x1b[0m\x1b[0m\nanswer\n") {
		t.Errorf("stdout %q, stderr %q", got.stdout, got.stderr)
	}
	// The answer is not what was shown last: it is shown again.
	empty := strings.Replace(noteMessage, "answer", "", 1)
	got = start(t, setting{git: true, tty: true, env: map[string]string{"NO_COLOR": "1"}, wire: wire("", noteMessage, empty, noteCompleted)}, "hi")
	if !strings.HasSuffix(got.stderr, "codex\nanswer\ncodex\n\ncodex\nanswer\n") {
		t.Errorf("stderr %q", got.stderr)
	}
}

func TestStream(t *testing.T) {
	delta := func(text string) string {
		return `{"method":"item/agentMessage/delta","params":{"threadId":"T","itemId":"a","delta":"` + text + `"}}`
	}
	s := setting{git: true, wire: wire("", delta("an"), delta("swe"), noteMessage, noteCompleted)}
	got := start(t, s, "--json", "--stream", "hi")
	want := `{"type":"item.delta","item":{"id":"item_0","type":"agent_message","delta":"an"}}
{"type":"item.delta","item":{"id":"item_0","type":"agent_message","delta":"swe"}}
{"type":"item.completed","item":{"id":"item_0","type":"agent_message","text":"answer"}}
`
	if !strings.Contains(got.stdout, want) {
		t.Errorf("stdout\n%s", got.stdout)
	}
	validate(t, got.stdout)
	if strings.Contains(got.requests, "item/agentMessage/delta") {
		t.Error("deltas are not wanted")
	}
	got = start(t, s, "--stream", "hi")
	if !strings.HasSuffix(got.stderr, "user\nhi\ncodex\nanswer\n") || got.stdout != "answer\n" {
		t.Errorf("stdout %q, stderr %q", got.stdout, got.stderr)
	}
	s.wire = wire("", delta("an"), noteBroken, noteMessage, noteCompleted)
	got = start(t, s, "--stream", "hi")
	if !strings.HasSuffix(got.stderr, "codex\nan\n exited 3 in 1ms: x\nswer\n") {
		t.Errorf("stderr %q", got.stderr)
	}
	// A filter may get deltas that were not asked for.
	s.wire = wire("", delta("an"), noteMessage, noteCompleted)
	if got = start(t, s, "--json", "hi"); strings.Contains(got.stdout, "delta") {
		t.Errorf("stdout\n%s", got.stdout)
	}
}

// TestLost: a child that fails beside a turn that completed has lost something.
func TestLost(t *testing.T) {
	got := start(t, setting{git: true, wire: wire("", noteMessage, noteCompleted, "!exit 1")}, "--json", "hi")
	if !strings.HasPrefix(got.stderr, "codex-exec: ") || !strings.HasSuffix(got.stderr, " ended with status 1\n") || got.status != 1 || !strings.Contains(got.stdout, "turn.completed") {
		t.Errorf("status %d, stderr %q, stdout\n%s", got.status, got.stderr, got.stdout)
	}
	exe, err := os.Executable()
	must(t, err)
	config := `[pipeline]` + "\n" + `filters = [["` + exe + `", "filter", "tee", "/proc/absent/lines"]]` + "\n"
	got = start(t, setting{git: true, config: config, wire: wire("", noteMessage, noteCompleted)}, "hi")
	if got.stdout != "answer\n" || got.status != 1 || !strings.Contains(got.stderr, " ended with status 4\n") {
		t.Errorf("status %d, stderr %q, stdout %q", got.status, got.stderr, got.stdout)
	}
}

// TestTrustIsSaid: what is entered in config.toml is said.
func TestTrustIsSaid(t *testing.T) {
	got := start(t, setting{git: true, wire: wire("", noteMessage, noteCompleted)}, "--json", "-s", "workspace-write", "hi")
	if want := "codex-exec: " + got.cwd + " is trusted from now on: turns may write there without -s (config.toml)\n"; got.stderr != want {
		t.Errorf("stderr %q, want %q", got.stderr, want)
	}
	if b, err := os.ReadFile(filepath.Join(got.home, "config.toml")); err != nil || !strings.Contains(string(b), got.cwd) {
		t.Errorf("config.toml: %q, %v", b, err)
	}
}

func TestFilters(t *testing.T) {
	exe, err := os.Executable()
	must(t, err)
	keep := filepath.Join(t.TempDir(), "lines")
	s := setting{git: true, wire: wire("", noteMessage, noteBroken, noteCompleted),
		config: `[pipeline]` + "\n" + `filters = [["` + exe + `", "filter", "drop", "commandExecution"], ["` + exe + `", "filter", "tee", "` + keep + `"]]` + "\n"}
	got := start(t, s, "--json", "hi")
	if got.status != 0 || strings.Contains(got.stdout, "command_execution") || !strings.Contains(got.stdout, "answer") {
		t.Errorf("status %d, stdout\n%s\n%s", got.status, got.stdout, got.stderr)
	}
	if b, _ := os.ReadFile(keep); !strings.Contains(string(b), noteMessage) || strings.Contains(string(b), noteBroken) {
		t.Errorf("the second filter saw\n%s", b)
	}
	if strings.Contains(got.requests, "optOutNotificationMethods") {
		t.Errorf("something is kept from the filters:\n%s", got.requests)
	}
	s.config = `[pipeline]` + "\n" + `filters = [["` + exe + `", "filter", "exit", "5"]]` + "\n"
	got = start(t, s, "--json", "hi")
	if want := exe + " ended with status 5"; got.status != 1 || !strings.Contains(got.stderr, want) {
		t.Errorf("status %d, stderr %q", got.status, got.stderr)
	}
	s.config = `[pipeline]` + "\n" + `filters = [["no-such-filter"]]` + "\n"
	got = start(t, s, "--json", "hi")
	if got.status != 127 || got.stderr != "Error: [pipeline] filters: no-such-filter not found on PATH\n" {
		t.Errorf("status %d, stderr %q", got.status, got.stderr)
	}
}

func TestTrust(t *testing.T) {
	trusted := func(got result, git bool) bool {
		b, err := os.ReadFile(filepath.Join(got.home, "config.toml"))
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			t.Fatal(err)
		}
		// Outside a repository the key is the folder, unless the temporary folder is in one.
		return strings.Contains(string(b), `trust_level = "trusted"`) && (!git || strings.Contains(string(b), `[projects."`+got.cwd+`"]`))
	}
	for _, tc := range []struct {
		args string
		git  bool
		want bool
	}{
		{"hi", true, false},
		{"-s read-only hi", true, false},
		{"-s workspace-write hi", true, true},
		{"--yolo hi", true, true},
		{"-s danger-full-access --skip-git-repo-check hi", false, true},
	} {
		got := start(t, setting{git: tc.git, wire: wire("", noteCompleted)}, strings.Fields(tc.args)...)
		if got.status != 0 || trusted(got, tc.git) != tc.want {
			t.Errorf("%s: status %d, trusted %v\n%s", tc.args, got.status, trusted(got, tc.git), got.stderr)
		}
	}
}

func TestEarlyNotifications(t *testing.T) {
	// Warnings come before the thread does, and are shown behind the head.
	early := `{"method":"configWarning","params":{"summary":"odd","details":"very"}}` + "\n"
	got := start(t, setting{git: true, wire: wire(early, noteMessage, noteCompleted)}, "--json", "hi")
	want := `{"type":"thread.started","thread_id":"T"}
{"type":"item.completed","item":{"id":"item_0","type":"error","message":"odd (very)"}}
{"type":"turn.started"}
{"type":"item.completed","item":{"id":"item_1","type":"agent_message","text":"answer"}}
`
	if !strings.HasPrefix(got.stdout, want) {
		t.Errorf("stdout\n%s", got.stdout)
	}
	got = start(t, setting{git: true, wire: wire(early, noteMessage, noteCompleted)}, "hi")
	if !strings.Contains(got.stderr, "--------\nuser\nhi\nwarning: odd\nvery\ncodex\n") {
		t.Errorf("stderr %q", got.stderr)
	}
}

// TestLeftRunning: the end of a turn that leaves a command running is told once, behind the end
// of the command, and nothing of a turn that the engine begins meanwhile.
func TestLeftRunning(t *testing.T) {
	const (
		begun   = `{"method":"item/started","params":{"threadId":"T","turnId":"U","item":{"type":"commandExecution","id":"c","command":"x","cwd":"/w","status":"inProgress"}}}`
		clean   = "!await thread/backgroundTerminals/clean"
		refused = `{"error":{"code":-32601,"message":"unknown"},"id":4}`
		later   = `{"method":"item/completed","params":{"threadId":"T","turnId":"V","item":{"type":"agentMessage","id":"b","text":"of another turn"}}}`
	)
	want := []string{"thread.started", "turn.started", "item.started", "item.completed", "item.completed", "turn.completed"}
	for name, notes := range map[string][]string{
		"ended":        {clean, noteBroken, `{"result":{},"id":4}`},
		"refused":      {clean, refused},
		"gone":         {clean, "!exit 0"},
		"another turn": {clean, later, strings.Replace(noteStopped, `"U"`, `"V"`, 1), noteBroken, noteBroken, `{"result":{},"id":4}`},
	} {
		t.Run(name, func(t *testing.T) {
			got := start(t, setting{git: true, wire: wire("", slices.Concat([]string{begun, noteMessage, noteCompleted}, notes)...)}, "--json", "hi")
			var types []string
			for line := range strings.Lines(got.stdout) {
				types = append(types, gjson.Get(line, "type").Str)
			}
			if !slices.Equal(types, want) || got.status != 0 || strings.Contains(got.stdout, "another") {
				t.Errorf("status %d, %s\n%s", got.status, got.stdout, got.stderr)
			}
			validate(t, got.stdout)
		})
	}
}
