package cli

import (
	"bytes"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"codex/pkg/cli/exit"
	"codex/pkg/cli/options"
)

type grammar struct {
	Config []string `short:"c" sep:"none" placeholder:"KEY=VALUE" help:"override a value"`
	Mode   string   `enum:",a,b" default:"" aliases:"kind" help:"which one"`
	Secret bool     `hidden:""`
	Run    struct {
		Fast bool     `help:"hurry"`
		Args []string `arg:"" optional:""`
	} `cmd:"" aliases:"r" help:"run it"`
	Stop struct{} `cmd:"" help:"stop it"`
}

func parse(args ...string) (grammar, string, string, error) {
	var g grammar
	var out, errs bytes.Buffer
	_, err := Parse(Program{Name: "prog", Summary: "does things", Version: "prog-cli", Stdout: &out, Stderr: &errs}, &g, args)
	return g, out.String(), errs.String(), err
}

func TestParse(t *testing.T) {
	for _, tc := range []struct {
		args        []string
		status      int
		out, stderr string // substrings; "" means that nothing is written
	}{
		{[]string{"run", "--fast", "-c", "a=1,2"}, 0, "", ""},
		{[]string{"--help"}, 0, "override a value", ""},
		{[]string{"run", "--help"}, 0, "hurry", ""},
		{[]string{"-V"}, 0, "prog-cli 0.133.0+unix.", ""},
		{[]string{"--list-options"}, 0, "option\t-\t-c\t--config\tKEY=VALUE\t-\toverride a value\n", ""},
		{[]string{}, 2, "", "error: "},
		{[]string{"--nope", "run"}, 2, "", "unknown flag --nope"},
		{[]string{"--mode=c", "run"}, 2, "", `must be one of "","a","b"`},
		{[]string{"run", "-c", ""}, 2, "", "a value is required for '--config' but none was supplied"},
		{[]string{"--no\x1b[2J\u202e"}, 2, "", "unknown flag --no^[[2J<U+202E>"},
		{[]string{"run", "--slow"}, 2, "", "Usage: prog run"},
	} {
		_, out, stderr, err := parse(tc.args...)
		if got := exit.Status(err); got != tc.status {
			t.Errorf("%v: status %d, want %d (%v)", tc.args, got, tc.status, err)
		}
		for _, c := range [][3]string{{"stdout", out, tc.out}, {"stderr", stderr, tc.stderr}} {
			if c[2] == "" && c[1] != "" || !strings.Contains(c[1], c[2]) {
				t.Errorf("%v: %s is %q, want %q", tc.args, c[0], c[1], c[2])
			}
		}
	}
	g, _, _, _ := parse("run", "-c", "a=1,2", "x")
	if !reflect.DeepEqual(g.Config, []string{"a=1,2"}) || !reflect.DeepEqual(g.Run.Args, []string{"x"}) {
		t.Errorf("parsed %+v", g)
	}
}

func TestModelLines(t *testing.T) {
	_, out, _, _ := parse("--list-options")
	set, err := options.Read(strings.NewReader(out))
	if err != nil {
		t.Fatal(err)
	}
	want := []options.Command{{Path: "run", Aliases: []string{"r"}, Argument: "ARGS", Help: "run it"}, {Path: "stop", Help: "stop it"}}
	if !reflect.DeepEqual(set.Commands, want) {
		t.Errorf("commands %+v", set.Commands)
	}
	if got := set.Options[2]; got.Long != "--mode" || !reflect.DeepEqual(got.Choices, []string{"a", "b"}) || got.Value == "" {
		t.Errorf("option %+v", got)
	}
	var names []string
	for _, o := range set.Options {
		names = append(names, o.Command+o.Long)
	}
	if got := fmt.Sprint(names); got != "[--help --config --mode --version run--fast]" {
		t.Errorf("options %s", got)
	}
}

func TestExit(t *testing.T) {
	for _, tc := range []struct {
		err  error
		want int
		text string
	}{
		{nil, 0, ""},
		{errors.New("broken"), 1, "p: broken\n"},
		{exit.Usagef("no such %s", "thing"), 2, "error: no such thing\n\nFor more information, try '--help'.\n"},
		{fmt.Errorf("run: %w", exit.With(143, errors.New("told to stop"))), 143, "p: run: told to stop\n"},
		{exit.Silent(130), 130, ""},
	} {
		var b bytes.Buffer
		if got := exit.Report(&b, "p", tc.err); got != tc.want || b.String() != tc.text {
			t.Errorf("%v: %d %q", tc.err, got, b.String())
		}
	}
	if exit.With(3, nil) != nil {
		t.Error("no error became one")
	}
}
