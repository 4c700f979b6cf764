package options

import (
	"bytes"
	"reflect"
	"strings"
	"testing"
)

func TestRoundTrip(t *testing.T) {
	in := Set{
		Options: []Option{
			{Short: "-m", Long: "--model", Value: "MODEL", Help: "model\tto\nuse"},
			{Command: "linux", Long: "--mode", Value: "M", Choices: []string{"a", "b"}, Help: "which"},
			{Long: "--secret", Hidden: true},
			{Short: "-x"},
		},
		Commands: []Command{{Path: "linux", Aliases: []string{"landlock", "l"}, Help: "run"}, {Path: "linux deep"}},
	}
	var b bytes.Buffer
	if err := Write(&b, in); err != nil {
		t.Fatal(err)
	}
	got, err := Read(strings.NewReader("# a line of another kind\n" + b.String()))
	if err != nil {
		t.Fatal(err)
	}
	want := in
	want.Options = []Option{in.Options[0], in.Options[1], in.Options[3]}
	want.Options[0].Help = "model to use"
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
	if _, err := Read(strings.NewReader("option\t-m\n")); err == nil || !strings.Contains(err.Error(), "line 1") {
		t.Errorf("short line: %v", err)
	}
}

func TestUsage(t *testing.T) {
	for _, tc := range []struct {
		o    Option
		want string
	}{
		{Option{Short: "-m", Long: "--model", Value: "MODEL"}, "-m, --model MODEL"},
		{Option{Long: "--json"}, "    --json"},
		{Option{Short: "-x"}, "-x"},
	} {
		if got := tc.o.Usage(); got != tc.want {
			t.Errorf("%q, want %q", got, tc.want)
		}
	}
}

func FuzzRead(f *testing.F) {
	f.Add("option\t-\t-m\t--model\tMODEL\ta,b\thelp\ncommand\tx\t-\t-\n")
	f.Fuzz(func(t *testing.T, in string) {
		s, err := Read(strings.NewReader(in))
		if err != nil {
			return
		}
		if err := Write(&bytes.Buffer{}, s); err != nil {
			t.Error(err)
		}
	})
}
