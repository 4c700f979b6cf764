package exec

import (
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"codex/pkg/cli/exit"
	"codex/pkg/cli/options"
	"codex/pkg/frontend/launch"
)

const (
	usageExec   = "\n\nUsage: codex exec [OPTIONS] [PROMPT]\n       codex exec [OPTIONS] <COMMAND> [ARGS]\n\nFor more information, try '--help'.\n"
	usageResume = "\n\nUsage: codex exec resume [OPTIONS] [SESSION_ID] [PROMPT]\n\nFor more information, try '--help'.\n"
	usageNone   = "\n\nFor more information, try '--help'.\n"
)

// TestUsageErrors compares with what 0.133.0 prints, but for the usage line, which there
// repeats the options that were given.
func TestUsageErrors(t *testing.T) {
	for _, tc := range []struct{ args, want string }{
		{"--nosuch hi", "error: unexpected argument '--nosuch' found\n\n  tip: to pass '--nosuch' as a value, use '-- --nosuch'" + usageExec},
		{"--jsn hi", "error: unexpected argument '--jsn' found\n\n  tip: a similar argument exists: '--json'" + usageExec},
		{"--m x", "error: unexpected argument '--m' found\n\n  tip: a similar argument exists: '--model'" + usageExec},
		{"--ful-auto hi", "error: unexpected argument '--ful-auto' found\n\n  tip: a similar argument exists: '--full-auto'" + usageExec},
		{"--experimental-jso hi", "error: unexpected argument '--experimental-jso' found\n\n  tip: a similar argument exists: '--experimental-json'" + usageExec},
		{"-Z hi", "error: unexpected argument '-Z' found\n\n  tip: to pass '-Z' as a value, use '-- -Z'" + usageExec},
		{"-n hi", "error: unexpected argument '-n' found\n\n  tip: to pass '-n' as a value, use '-- -n'" + usageExec},
		{"-x5 hi", "error: unexpected argument '-x' found\n\n  tip: to pass '-x' as a value, use '-- -x'" + usageExec},
		{"hi there", "error: unexpected argument 'there' found" + usageExec},
		{"-- a b", "error: unexpected argument 'b' found" + usageExec},
		{"-s bad hi", "error: invalid value 'bad' for '--sandbox <SANDBOX_MODE>'\n  [possible values: read-only, workspace-write, danger-full-access]" + usageNone},
		{"--sandbox=bad hi", "error: invalid value 'bad' for '--sandbox <SANDBOX_MODE>'\n  [possible values: read-only, workspace-write, danger-full-access]" + usageNone},
		{"--sandbox", "error: a value is required for '--sandbox <SANDBOX_MODE>' but none was supplied\n  [possible values: read-only, workspace-write, danger-full-access]" + usageNone},
		{"--color blue hi", "error: invalid value 'blue' for '--color <COLOR>'\n  [possible values: always, never, auto]" + usageNone},
		{"--json=1 hi", "error: unexpected value '1' for '--json' found; no more were expected" + usageExec},
		{"--yolo=1 x", "error: unexpected value '1' for '--dangerously-bypass-approvals-and-sandbox' found; no more were expected" + usageExec},
		{"-c", "error: a value is required for '--config <key=value>' but none was supplied" + usageNone},
		{"-i", "error: a value is required for '--image <FILE>...' but none was supplied" + usageNone},
		{"-C", "error: a value is required for '--cd <DIR>' but none was supplied" + usageNone},
		{"-m '' hi", "error: a value is required for '--model <MODEL>' but none was supplied" + usageNone},
		{"-p= hi", "error: a value is required for '--profile <CONFIG_PROFILE>' but none was supplied" + usageNone},
		{"--output-schema= hi", "error: a value is required for '--output-schema <FILE>' but none was supplied" + usageNone},
		{"-i a,,b hi", "error: invalid value 'a,,b' for '--image <FILE>...': a file without a name" + usageNone},
		{"resume '' hi", "error: a value is required for '[SESSION_ID]' but none was supplied" + usageResume},
		{"-m -s read-only", "error: a value is required for '--model <MODEL>' but none was supplied" + usageNone},
		{"--full-auto --yolo hi", "error: the argument '--full-auto' cannot be used with '--dangerously-bypass-approvals-and-sandbox'" + usageExec},
		{"--image=a hi there", "error: unexpected argument 'there' found" + usageExec},
		{"resume a b c", "error: unexpected argument 'c' found" + usageResume},
		{"resume --nosuch", "error: unexpected argument '--nosuch' found\n\n  tip: to pass '--nosuch' as a value, use '-- --nosuch'" + usageResume},
		{"--title x", "error: unexpected argument '--title' found\n\n  tip: to pass '--title' as a value, use '-- --title'" + usageExec},
		{"--last", "error: unexpected argument '--last' found\n\n  tip: to pass '--last' as a value, use '-- --last'" + usageExec},
		{"help nosuch", "error: unrecognized subcommand 'nosuch'\n\nUsage: codex exec [OPTIONS] [PROMPT]\n       codex exec [OPTIONS] <COMMAND> [ARGS]" + usageNone},
		{"review --base a --uncommitted", "error: the argument '--uncommitted' cannot be used with '--base <BRANCH>'"},
		{"review --title x", "error: the following required arguments were not provided:\n  --commit <SHA>"},
		{"--timeout soon hi", "error: invalid value 'soon' for '--timeout <TIME>': not a length of time such as 90, 90s or 1h30m" + usageNone},
	} {
		argv := strings.Fields(tc.args)
		for i, arg := range argv {
			argv[i] = strings.Trim(arg, "'")
		}
		_, err := ParseArgs(argv)
		var u *exit.UsageError
		if !errors.As(err, &u) {
			t.Errorf("%s: %v", tc.args, err)
		} else if got := u.Message(); got != tc.want && !(strings.HasPrefix(tc.args, "review") && strings.HasPrefix(got, tc.want)) {
			t.Errorf("%s:\n got %q\nwant %q", tc.args, got, tc.want)
		}
	}
}

func TestParseArgs(t *testing.T) {
	str := func(s string) *string { return &s }
	for _, tc := range []struct {
		args string
		want Args
	}{
		{"hi", Args{Prompt: str("hi")}},
		{"-", Args{Prompt: str("-")}},
		{"-- resume", Args{Prompt: str("resume")}},
		{"-- --json", Args{Prompt: str("--json")}},
		{"--json -m a -sread-only -c a=1 --config=b=2 -m=b hi", Args{Settings: launch.Settings{Model: "b", Sandbox: "read-only", Config: []string{"a=1", "b=2"}}, JSON: true, Prompt: str("hi")}},
		// Images are greedy, as in the original, except after resume and when attached.
		{"-i a.png,b.png c.png hi", Args{Settings: launch.Settings{Images: []string{"a.png", "b.png", "c.png", "hi"}}}},
		{"-i a.png resume x", Args{Settings: launch.Settings{Images: []string{"a.png", "resume", "x"}}}},
		{"-i a.png -- hi", Args{Settings: launch.Settings{Images: []string{"a.png"}}, Prompt: str("hi")}},
		{"-i a.png --json hi", Args{Settings: launch.Settings{Images: []string{"a.png"}}, JSON: true, Prompt: str("hi")}},
		{"-i a.png -", Args{Settings: launch.Settings{Images: []string{"a.png", "-"}}}},
		{"--image=a.png hi", Args{Settings: launch.Settings{Images: []string{"a.png"}}, Prompt: str("hi")}},
		{"-ia.png hi", Args{Settings: launch.Settings{Images: []string{"a.png"}}, Prompt: str("hi")}},
		{"resume ID -i a.png hi", Args{Settings: launch.Settings{Images: []string{"a.png"}}, Verb: "resume", Session: "ID", Prompt: str("hi")}},
		// The options of a new turn hold for a resumed one too, before and after the word.
		{"-s workspace-write resume --cd d ID hi", Args{Settings: launch.Settings{Sandbox: "workspace-write", Dir: "d"}, Verb: "resume", Session: "ID", Prompt: str("hi")}},
		{"resume --last hi", Args{Verb: "resume", Last: true, Prompt: str("hi")}},
		{"resume --last", Args{Verb: "resume", Last: true}},
		{"resume -- --last", Args{Verb: "resume", Session: "--last"}},
		{"hi resume ID", Args{Verb: "resume", Session: "ID", Prompt: str("hi")}},
		{"--timeout 1.5 hi", Args{Timeout: 1500 * time.Millisecond, Prompt: str("hi")}},
		{"--timeout 1m hi", Args{Timeout: time.Minute, Prompt: str("hi")}},
		{"-a never --search hi", Args{Settings: launch.Settings{Search: true}, Approval: "never", Prompt: str("hi")}},
		{"review --commit abc --title t", Args{Verb: "review", Commit: "abc", Title: "t"}},
		{"help resume", Args{Verb: "resume", Help: true}},
		{"-h --nosuch", Args{Help: true}},
		{"resume --help", Args{Verb: "resume", Help: true}},
		{"-hV", Args{Help: true}},
		{"-V", Args{Version: true}},
	} {
		got, err := ParseArgs(strings.Fields(tc.args))
		if err != nil {
			t.Errorf("%s: %v", tc.args, err)
			continue
		}
		got.engine = nil
		tc.want.Color = "auto"
		if !reflect.DeepEqual(*got, tc.want) {
			t.Errorf("%s:\n got %+v\nwant %+v", tc.args, *got, tc.want)
		}
	}
}

// TestEngineArgs passes on what the engine must know: lists whole and in order, of the
// others the last. The line is what the TypeScript SDK starts.
func TestEngineArgs(t *testing.T) {
	a, err := ParseArgs([]string{"--experimental-json",
		"--config", "show_raw_agent_reasoning=true", "--config", `arr=[1, "b"]`, "--model", "x", "--model", "gpt-5.5",
		"--sandbox", "workspace-write", "--cd", "/w", "--add-dir", "/d", "--skip-git-repo-check", "--output-schema", "/s.json",
		"--config", "sandbox_workspace_write.network_access=false", "--image", "/w/a.png", "--yolo", "resume", "ID", "--image", "b.png"})
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"--config=show_raw_agent_reasoning=true", `--config=arr=[1, "b"]`, "--model=gpt-5.5",
		"--sandbox=workspace-write", "--cd=/w", "--add-dir=/d", "--config=sandbox_workspace_write.network_access=false",
		"--dangerously-bypass-approvals-and-sandbox"}
	if got := a.engine; !reflect.DeepEqual(got, want) {
		t.Errorf("got %q", got)
	}
	if a.Session != "ID" || a.Prompt != nil || !reflect.DeepEqual(a.Images, []string{"/w/a.png", "b.png"}) {
		t.Errorf("read %+v", a)
	}
}

func TestOptionList(t *testing.T) {
	seen := map[string]bool{}
	for _, o := range Options().Options {
		for _, n := range o.Names() {
			if seen[o.Command+n] {
				t.Errorf("%s stands twice", n)
			}
			seen[o.Command+n] = true
		}
		if o.Help == "" && o.Long != options.ListFlag {
			t.Errorf("%s has no help", o.Long)
		}
	}
	var b strings.Builder
	if err := options.Write(&b, Options()); err != nil {
		t.Fatal(err)
	}
	for _, verb := range []string{"", verbResume, verbReview} {
		b.Reset()
		if err := writeHelp(&b, verb); err != nil || !strings.Contains(b.String(), "--sandbox") {
			t.Errorf("help of %q: %v\n%s", verb, err, b.String())
		}
		for _, line := range strings.Split(b.String(), "\n") {
			if len(line) > 110 {
				t.Errorf("help of %q is wide: %s", verb, line)
			}
		}
	}
}

func FuzzParseArgs(f *testing.F) {
	f.Add("--json\x00-i\x00a\x00--\x00hi")
	f.Add("resume\x00--last\x00-sx")
	f.Add("-\x00-c\x00=")
	f.Add("-é")
	f.Fuzz(func(t *testing.T, line string) {
		a, err := ParseArgs(strings.Split(line, "\x00"))
		if (a == nil) == (err == nil) {
			t.Error("neither arguments nor an error, or both")
		}
	})
}
