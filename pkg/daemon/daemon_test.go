package daemon

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"codex/pkg/cli/exit"
	"codex/pkg/cli/options"
)

func TestParse(t *testing.T) {
	for _, tc := range []struct {
		args    string
		command string
		set     string // one of them
		fail    string // beginning of the message
	}{
		{"start", "start", "", ""},
		{"-c a=b --enable remote_control stop --disable=apps -cx=y", "stop", "", ""},
		{"bootstrap --remote-control", "bootstrap", "--remote-control", ""},
		{"bootstrap --systemd", "bootstrap", "--systemd", ""},
		{"bootstrap --launchd", "bootstrap", "--launchd", ""},
		{"stop --forget", "stop", "--forget", ""},
		{"start --updater", "start", "--updater", ""},
		{"help", "", "--help", ""},
		{"help start", "start", "--help", ""},
		{"start -h", "start", "--help", ""},
		{"-V", "", "--version", ""},
		{"pid-update-loop", "pid-update-loop", "", ""},
		{"remote-control --json stop", "remote-control", "stop", ""},
		{"remote-control", "remote-control", "", ""},
		{"bogus", "", "", "error: unrecognized subcommand 'bogus'\n\nUsage: codex app-server daemon [OPTIONS] <COMMAND>\n\nFor more information, try '--help'."},
		{"start extra", "", "", "error: unexpected argument 'extra' found\n\nUsage: codex app-server daemon start [OPTIONS]\n\nFor more information, try '--help'."},
		{"stop --bogus", "", "", "error: unexpected argument '--bogus' found\n\nUsage: codex app-server daemon stop [OPTIONS]\n"},
		{"start --forget", "", "", "error: unexpected argument '--forget' found"},
		{"--forget stop", "", "", "error: unexpected argument '--forget' found"},
		{"stop --forget=1", "", "", "error: unexpected value '1' for '--forget' found"},
		{"stop --enable", "", "", "error: a value is required for '--enable <FEATURE>' but none was supplied\n\nFor more"},
		{"stop --enable nosuch", "", "", "Unknown feature flag: nosuch"},
		{"help bogus", "", "", "error: unrecognized subcommand 'bogus'"},
		{"remote-control bogus", "", "", "error: unrecognized subcommand 'bogus'\n\nUsage: codex remote-control [OPTIONS] [COMMAND]"},
		{"remote-control start stop", "", "", "error: unrecognized subcommand 'stop'"},
	} {
		f, err := parse(strings.Fields(tc.args))
		if tc.fail != "" {
			if err == nil || !strings.HasPrefix(err.Error(), tc.fail) {
				t.Errorf("%s: %v", tc.args, err)
			}
			continue
		}
		if err != nil || f.command != tc.command || tc.set != "" && !f.set[tc.set] {
			t.Errorf("%s: %+v %v", tc.args, f, err)
		}
	}
}

func TestRunWords(t *testing.T) {
	run := func(args ...string) (stdout, stderr string, status int) {
		var out, errs bytes.Buffer
		err := Run(context.Background(), Process{Args: args, Stdout: &out, Stderr: &errs})
		return out.String(), errs.String(), exit.Status(err)
	}
	for _, tc := range []struct {
		args           string
		status         int
		stdout, stderr string
	}{
		{"", 2, "", "Usage: codex app-server daemon [OPTIONS] <COMMAND>"},
		{"--help", 0, "enable-remote-control", ""},
		{"bootstrap --help", 0, "--systemd", ""},
		{"remote-control --help", 0, "Commands: start, stop", ""},
		{"--version", 0, "codex-daemon 0.133.0+unix.", ""},
		{"bogus", 2, "", "error: unrecognized subcommand"},
		{"stop --enable nosuch", 1, "", "Error: Unknown feature flag: nosuch\n"},
	} {
		out, errs, status := run(strings.Fields(tc.args)...)
		if status != tc.status || !strings.Contains(out, tc.stdout) || !strings.Contains(errs, tc.stderr) || (out == "") == (errs == "") {
			t.Errorf("%q: %d %q %q", tc.args, status, out, errs)
		}
		if strings.Contains(out+errs, "pid-update-loop") || strings.Contains(out+errs, "--launchd") {
			t.Errorf("%q shows what is hidden", tc.args)
		}
	}
	out, _, _ := run(options.ListFlag)
	if s, err := options.Read(strings.NewReader(out)); err != nil || len(s.Commands) != 7 {
		t.Errorf("%+v %v", s, err)
	}
}

// TestAnswers holds the members of the answers and their order.
func TestAnswers(t *testing.T) {
	v := "1<2"
	for _, tc := range []struct {
		answer any
		want   string
	}{
		{lifecycle{Status: "started", Backend: "pid", PID: 7, ManagedCodexPath: "m", ManagedVersion: &v, SocketPath: "s", CLIVersion: "c", AppServerVersion: "a"},
			`{"status":"started","backend":"pid","pid":7,"managedCodexPath":"m","managedCodexVersion":"1<2","socketPath":"s","cliVersion":"c","appServerVersion":"a"}`},
		{lifecycle{Status: "notRunning"}, `{"status":"notRunning","managedCodexPath":"","managedCodexVersion":null,"socketPath":"","cliVersion":""}`},
		{remoteControl{Status: "enabled", Backend: "pid", Enabled: true, SocketPath: "s", CLIVersion: "c", AppServerVersion: "a"},
			`{"status":"enabled","backend":"pid","remoteControlEnabled":true,"socketPath":"s","cliVersion":"c","appServerVersion":"a"}`},
		{remoteControl{Status: "disabled"}, `{"status":"disabled","remoteControlEnabled":false,"socketPath":"","cliVersion":""}`},
		{bootstrapped{Status: "bootstrapped", Backend: "pid", AutoUpdate: true, ManagedVersion: &v},
			`{"status":"bootstrapped","backend":"pid","autoUpdateEnabled":true,"remoteControlEnabled":false,"managedCodexPath":"","managedCodexVersion":"1<2","socketPath":"","cliVersion":"","appServerVersion":""}`},
	} {
		var b bytes.Buffer
		if err := write(&b, tc.answer); err != nil || b.String() != tc.want+"\n" {
			t.Errorf("%s %v", b.String(), err)
		}
	}
}

func TestReport(t *testing.T) {
	refused := &net.OpError{Op: "dial", Net: "unix", Err: os.NewSyscallError("connect", syscall.ECONNREFUSED)}
	for _, tc := range []struct {
		err  error
		want string
	}{
		{errors.New("alone"), "Error: alone\n"},
		{fmt.Errorf("failed to connect to S: %w", refused), fmt.Sprintf("Error: failed to connect to S\n\nCaused by:\n    Connection refused (os error %d)\n", int(syscall.ECONNREFUSED))},
		{fmt.Errorf("not ready\n\nmore: %w", fmt.Errorf("failed to connect to S: %w", &fs.PathError{Op: "open", Path: "/x", Err: syscall.ENOENT})),
			"Error: not ready\n\nmore\n\nCaused by:\n    0: failed to connect to S\n    1: No such file or directory (os error 2)\n"},
		{fmt.Errorf("a: %w", errors.New("b\nc")), "Error: a\n\nCaused by:\n    b\n    c\n"},
		{fmt.Errorf("before %w after", errors.New("in")), "Error: before in after\n"},
		{fmt.Errorf("%w", errors.New("in")), "Error: in\n"},
		{errors.Join(errors.New("x"), errors.New("y")), "Error: x\ny\n"},
	} {
		if got := report(tc.err); got != tc.want {
			t.Errorf("%v:\n%s", tc.err, got)
		}
	}
}

func TestSettings(t *testing.T) {
	path := filepath.Join(t.TempDir(), "settings.json")
	if s, err := loadSettings(path); err != nil || s.RemoteControl {
		t.Error(s, err)
	}
	for text, want := range map[string]string{
		`{"remoteControlEnabled":true,"extra":1}`: "",
		`{`:                               "failed to parse daemon settings " + path + ": ",
		``:                                "failed to parse daemon settings " + path + ": ",
		`{}`:                              "failed to parse daemon settings " + path + ": missing field `remoteControlEnabled`",
		`{"remoteControlEnabled":"yes"}`:  "failed to parse daemon settings " + path + ": ",
		`[]`:                              "failed to parse daemon settings " + path + ": ",
		`{"remoteControlEnabled":null}`:   "failed to parse daemon settings " + path + ": missing field",
		`{"remoteControlEnabled":true} x`: "failed to parse daemon settings " + path + ": ",
	} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		s, err := loadSettings(path)
		if (err == nil) != (want == "") || err != nil && !strings.HasPrefix(err.Error(), want) || err == nil && !s.RemoteControl {
			t.Errorf("%s: %+v %v", text, s, err)
		}
	}
	if err := (settings{true}).save(path); err != nil {
		t.Fatal(err)
	}
	if b, err := os.ReadFile(path); string(b) != "{\n  \"remoteControlEnabled\": true\n}" || err != nil {
		t.Errorf("%s %v", b, err)
	}
	if _, err := loadSettings(filepath.Join(path, "below")); err == nil || !strings.HasPrefix(err.Error(), "failed to read daemon settings ") {
		t.Error(err)
	}
	if err := (settings{}).save(filepath.Join(path, "below")); err == nil {
		t.Error("saved below a file")
	}
}
