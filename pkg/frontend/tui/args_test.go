package tui

import (
	"errors"
	"reflect"
	"strings"
	"testing"

	"codex/pkg/cli/exit"
	"codex/pkg/frontend/launch"
)

func TestParseArgs(t *testing.T) {
	for _, tc := range []struct {
		args string
		want Args
	}{
		{"", Args{Speed: 1}},
		{"hi -m a", Args{Prompt: "hi", Settings: launch.Settings{Model: "a"}, Speed: 1, engine: []string{"--model=a"}}},
		{"-i a,b hi", Args{Prompt: "hi", Settings: launch.Settings{Images: []string{"a", "b"}}, Speed: 1}},
		{"-a never resume ID hi", Args{Verb: "resume", Session: "ID", Prompt: "hi", Ask: "never", Speed: 1, engine: []string{"--ask-for-approval=never"}}},
		{"fork --last hi", Args{Verb: "fork", Last: true, Prompt: "hi", Speed: 1}},
		{"-- resume", Args{Prompt: "resume", Speed: 1}},
		{"--speed 0 --turn x", Args{Settings: launch.Settings{Turn: "x"}}},
		{"--help --nosuch", Args{Help: true, Speed: 1}},
	} {
		got, err := ParseArgs(strings.Fields(tc.args))
		if err != nil || !reflect.DeepEqual(*got, tc.want) {
			t.Errorf("%s: %v\n got %+v\nwant %+v", tc.args, err, *got, tc.want)
		}
	}
}

func TestUsageErrors(t *testing.T) {
	for args, want := range map[string]string{
		"--modl x":            "unexpected argument '--modl' found\n\n  tip: a similar argument exists: '--model'",
		"-s bad":              "invalid value 'bad' for '--sandbox <SANDBOX_MODE>'\n  [possible values: read-only, workspace-write, danger-full-access]",
		"--remote=":           "a value is required for '--remote <ADDR>' but none was supplied",
		"-i a,,b":             "invalid value 'a,,b' for '--image <FILE>': a file without a name",
		"--speed fast":        "invalid value 'fast' for '--speed <N>': a number is wanted",
		"hi there":            "unexpected argument 'there' found",
		"--yolo -a never":     "the argument '--dangerously-bypass-approvals-and-sandbox' cannot be used with '--ask-for-approval <APPROVAL_POLICY>'",
		"--profile-v2 ../etc": "invalid value '../etc' for '--profile-v2 <CONFIG_PROFILE_V2>': invalid --profile-v2 value `../etc`; pass a plain name such as `work`",
	} {
		_, err := ParseArgs(strings.Fields(args))
		var usage *exit.UsageError
		if !errors.As(err, &usage) || usage.Text != want {
			t.Errorf("%s: %v\nwant %s", args, err, want)
		}
	}
}
