package notify

import (
	"bytes"
	"encoding/base64"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf16"
)

func TestAuto(t *testing.T) {
	const wsl2, wsl1 = "Linux version 5.15.90.1-microsoft-standard-WSL2", "Linux version 4.4.0-19041-Microsoft"
	for _, tc := range []struct {
		env, kernel string
		want        Method
	}{
		{"", "", Bell},
		{"TERM_PROGRAM=iTerm.app", "", OSC9},
		{"TERM_PROGRAM=WezTerm WT_SESSION=x", wsl2, OSC9},
		{"TERM=xterm-kitty", "", OSC9},
		{"TERM_PROGRAM=Apple_Terminal", "", Bell},
		{"WT_SESSION=x", wsl2, Toast},
		{"WT_SESSION=x WSL_DISTRO_NAME=Debian WSL_INTEROP=/run/WSL/1", "", Toast},
		{"WT_SESSION=x", wsl1, Bell},
		{"WSL_DISTRO_NAME=Debian", wsl2, Bell},
	} {
		env := map[string]string{}
		for kv := range strings.FieldsSeq(tc.env) {
			k, v, _ := strings.Cut(kv, "=")
			env[k] = v
		}
		if got := Auto(func(k string) string { return env[k] }, func() string { return tc.kernel }); got != tc.want {
			t.Errorf("%s: %s, want %s", tc.env, got, tc.want)
		}
	}
}

func TestDesktop(t *testing.T) {
	have := func(names ...string) func(string) (string, error) {
		return func(name string) (string, error) {
			for _, n := range names {
				if n == name {
					return "/bin/" + name, nil
				}
			}
			return "", errors.New("none")
		}
	}
	const text = "-a <b> 'c' \x1b]0;x\a & done"
	for _, tc := range []struct {
		goos  string
		toast bool
		have  []string
		want  string // joined by |; "" for an error
	}{
		{"linux", false, []string{"notify-send"}, "/bin/notify-send|--app-name=Codex|--|Codex|-a &lt;b&gt; 'c' ]0;x &amp; done"},
		{"darwin", false, []string{"osascript", "terminal-notifier"}, "/bin/terminal-notifier|-title|Codex|-message|\u200b-a <b> 'c' ]0;x & done"},
		{"darwin", false, []string{"osascript"}, `/bin/osascript|-e|on run argv|-e|display notification (item 1 of argv) with title "Codex"|-e|end run|--|-a <b> 'c' ]0;x & done`},
		{"linux", false, nil, ""},
		{"linux", true, []string{"notify-send"}, ""},
	} {
		got, err := Desktop(tc.goos, tc.toast, have(tc.have...), text)
		if s := strings.Join(got, "|"); s != tc.want || (err != nil) != (tc.want == "") {
			t.Errorf("%s %v: %s, %v", tc.goos, tc.have, s, err)
		}
	}
	// No part of the text is in the script but as Base64.
	got, err := Desktop("linux", true, have("powershell.exe"), text)
	if err != nil || len(got) != 6 {
		t.Fatal(got, err)
	}
	script := decoded(t, got[5])
	if strings.Contains(script, "'c'") || !strings.Contains(script, base64.StdEncoding.EncodeToString([]byte(plain(text)))) {
		t.Error(script)
	}
}

// decoded is the script of -EncodedCommand.
func decoded(t *testing.T, s string) string {
	t.Helper()
	b, err := base64.StdEncoding.DecodeString(s)
	if err != nil || len(b)%2 != 0 {
		t.Fatal(err)
	}
	u := make([]uint16, len(b)/2)
	for i := range u {
		u[i] = uint16(b[2*i]) | uint16(b[2*i+1])<<8
	}
	return string(utf16.Decode(u))
}

// TestBroken holds that what goes wrong with a program is said once, and that the bell
// stands in for the desktop.
func TestBroken(t *testing.T) {
	turn := Event{Turn: &Turn{}, Text: "done"}
	var tty, log bytes.Buffer
	teller := &Teller{Command: []string{"/does/not/exist"}, Desktop: func(string) ([]string, error) { return nil, errors.New("no desktop") }, TTY: &tty, Log: &log}
	for range 3 {
		teller.Tell(turn)
	}
	if log.String() != "codex-notify: run notify program: fork/exec /does/not/exist: no such file or directory\ncodex-notify: no desktop; ringing the bell instead\n" && os.PathSeparator == '/' {
		t.Error(log.String())
	}
	if tty.String() != "\a\a\a" {
		t.Errorf("%q", tty.String())
	}
}

// TestTwoKinds holds that a notify program which still runs is no complaint about the
// desktop's.
func TestTwoKinds(t *testing.T) {
	if os.PathSeparator != '/' {
		t.Skip("no sh")
	}
	running := filepath.Join(t.TempDir(), "running")
	if err := os.WriteFile(running, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	teller := &Teller{Command: []string{"/bin/sh", "-c", `while [ -e "$1" ]; do sleep 0.01; done`, "sh", running}, Log: &log,
		Desktop: func(string) ([]string, error) { return []string{"/bin/sh", "-c", ":"}, nil }}
	teller.Tell(Event{Turn: &Turn{}, Text: "done"})
	if log.Len() > 0 {
		t.Error(log.String())
	}
}
