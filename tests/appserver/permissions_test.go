//go:build unix

package appserver

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tidwall/gjson"
)

// TestPermissionProfiles gives threads and turns the profiles that the original was
// given, and holds what clients are told, and what session files say, against it.
func TestPermissionProfiles(t *testing.T) {
	raw, err := os.ReadFile("testdata/permissions.0.133.0.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(string(raw)), "\n")
	begin := func() (*client, func(string) string) {
		d := scripted(t, "mock-model", strings.Repeat(`{"msg":"hi"}`+"\n", 20))
		base := filepath.Dir(d.home)
		place := strings.NewReplacer("$W", d.work, "$H", d.home, "$B", base).Replace
		for _, dir := range []string{filepath.Join(base, "out"), filepath.Join(d.work, "docs")} {
			if err := os.MkdirAll(dir, 0o755); err != nil {
				t.Fatal(err)
			}
		}
		file := filepath.Join(d.home, "config.toml")
		have, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		write(t, file, "default_permissions = \"p\"\n"+string(have)+place(gjson.Get(lines[0], "config").Str)+fmt.Sprintf("[projects.%q]\ntrust_level = \"trusted\"\n", d.work))
		c := d.stdio()
		c.initialize()
		return c, place
	}
	c, place := begin()
	for _, line := range lines[1:] {
		l := gjson.Parse(place(line))
		switch {
		case l.Get("list").Exists():
			got := c.result("permissionProfile/list", l.Get("list").Raw)
			got = gjson.Parse(strings.ReplaceAll(got.Raw, `,"allowed":true`, "")) // of later releases
			if !equal(got, l.Get("told")) {
				t.Errorf("list %s: %s", l.Get("list").Raw, got.Raw)
			}
		case l.Get("turns").Exists():
			c, place := begin()
			compareTurns(t, c, gjson.Parse(place(line)))
		default:
			got := c.call("thread/start", l.Get("start").Raw)
			told := l.Get("told")
			if want := told.Get("error"); want.Exists() {
				if got.Get("error.message").Str != want.Str {
					t.Errorf("%s: %s, want %s", l.Get("start").Raw, got.Raw, want.Str)
				}
				continue
			}
			told.ForEach(func(k, want gjson.Result) bool {
				if have := got.Get("result." + k.Str); !equal(have, want) {
					t.Errorf("%s: %s is %s, want %s", l.Get("start").Raw, k.Str, have.Raw, want.Raw)
				}
				return true
			})
		}
	}
}

// compareTurns runs the turns of one thread.
func compareTurns(t *testing.T, c *client, l gjson.Result) {
	t.Helper()
	thread := c.result("thread/start", l.Get("start").Raw).Get("thread")
	for _, turn := range l.Get("turns").Array() {
		params := strings.TrimSuffix(turn.Get("turn").Raw, "}")
		if params != "{" {
			params += ","
		}
		got := c.call("turn/start", params+fmt.Sprintf(`"threadId":%q,"input":[{"type":"text","text":"x"}]}`, thread.Get("id").Str))
		if want := turn.Get("error"); want.Exists() {
			if got.Get("error.message").Str != want.Str {
				t.Errorf("%s: %s, want %s", params, got.Raw, want.Str)
			}
			continue
		}
		if want := turn.Get("settings"); want.Exists() {
			have := c.note("thread/settings/updated").Get("params.threadSettings")
			want.ForEach(func(k, want gjson.Result) bool {
				if !equal(have.Get(k.Str), want) {
					t.Errorf("%s: %s is %s, want %s", params, k.Str, have.Get(k.Str).Raw, want.Raw)
				}
				return true
			})
		}
		c.note("turn/completed")
		text, err := os.ReadFile(thread.Get("path").Str)
		if err != nil {
			t.Fatal(err)
		}
		var last gjson.Result
		for line := range strings.Lines(string(text)) {
			if m := gjson.Parse(line); m.Get("type").Str == "turn_context" {
				last = m.Get("payload.permission_profile")
			}
		}
		if have := withoutTools(last); have != withoutTools(turn.Get("profile")) {
			t.Errorf("%s:\ngot  %s\nwant %s", params, have, turn.Get("profile").Raw)
		}
	}
}

// withoutTools leaves out of a profile that commands may read their own tools.
func withoutTools(p gjson.Result) string {
	out := p.Get("type").Str + p.Get("network").Str + p.Get("file_system.glob_scan_max_depth").Raw
	for _, e := range p.Get("file_system.entries").Array() {
		if at := e.Get("path.path").Str; at != filepath.Join(binaries, "codex-path") && at != filepath.Join(binaries, "apply_patch") {
			out += "\n" + e.Raw
		}
	}
	return out
}

// equal compares values, not how they are written.
func equal(a, b gjson.Result) bool { return fmt.Sprint(a.Value()) == fmt.Sprint(b.Value()) }
