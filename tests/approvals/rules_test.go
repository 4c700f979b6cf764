package approvals

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func command(cmd string) call { return call{Args: map[string]any{"cmd": cmd}} }

// TestBrokenFile: a broken file takes its own rules away and no others', and says where
// it is broken.
func TestBrokenFile(t *testing.T) {
	s := furnish(t)
	s.write("home/rules/a.rules", `prefix_rule(["uniq"], "forbidden", justification="no uniq")`)
	s.write("ws/.codex/rules/bad.rules", "\nprefix_rule([\"rev\"], \"forbidden\"); prefix_rule([])\n")
	if l := s.start("on-request", "danger-full-access", []call{command("uniq f"), command("echo rev")}); l.Error != nil {
		t.Fatal(l.Error.Message)
	}
	for range 2 {
		if asked, _ := s.turn("decline"); len(asked) > 0 {
			t.Errorf("asked %+v", asked)
		}
	}
	told := s.end()
	if !strings.Contains(told["c0"], "rejected: no uniq") || !strings.HasPrefix(told["c1"], "Chunk ID: ") {
		t.Errorf("%q", told)
	}
	var w struct {
		Summary, Details, Path string
		Range                  struct{ Start, End struct{ Line, Column int } }
	}
	if len(s.warned) != 1 {
		t.Fatalf("%d warnings", len(s.warned))
	}
	if err := json.Unmarshal(s.warned[0].Params, &w); err != nil {
		t.Fatal(err)
	}
	if w.Summary != "Error parsing rules; the rules of this file are not applied." || w.Path != "$W/ws/.codex/rules/bad.rules" ||
		w.Details != "failed to parse rules file $W/ws/.codex/rules/bad.rules: 2:36: invalid pattern element: pattern cannot be empty" ||
		w.Range.Start.Line != 2 || w.Range.Start.Column != 36 || w.Range.End.Column != 51 {
		t.Errorf("%+v", w)
	}
}

// TestCannotLoad: where rules can't be read, no thread begins.
func TestCannotLoad(t *testing.T) {
	for name, c := range map[string]struct {
		prepare func(s *scene)
		flags   []string
		want    string
	}{
		"folder is a file": {func(s *scene) { s.write("home/rules", "") }, nil,
			"failed to load rules: failed to read rules files from $W/home/rules: Not a directory (os error 20)"},
		"not UTF-8": {func(s *scene) { s.write("home/rules/u.rules", "# \xff") }, nil,
			"failed to load rules: failed to read rules file $W/home/rules/u.rules: stream did not contain valid UTF-8"},
		"link to nowhere": {func(s *scene) {
			s.write("home/rules/a.rules", "")
			s.must(os.Symlink("nowhere", filepath.Join(s.home, "rules", "b.rules")))
		}, nil, "failed to load rules: failed to read rules file $W/home/rules/b.rules: No such file or directory (os error 2)"},
		"broken, and nobody to see a warning": {func(s *scene) { s.write("home/rules/a.rules", "foo(\n") }, []string{"--source", "exec"},
			"failed to load rules: $W/home/rules/a.rules:"},
	} {
		t.Run(name, func(t *testing.T) {
			s := furnish(t)
			c.prepare(s)
			if l := s.start("on-request", "read-only", []call{command("true")}, c.flags...); l.Error == nil || !strings.Contains(l.Error.Message, c.want) {
				t.Errorf("%+v, want %s", l.Error, c.want)
			}
		})
		t.Run(name+", ignored", func(t *testing.T) {
			s := furnish(t)
			c.prepare(s)
			if l := s.start("on-request", "read-only", []call{command("true")}, append(c.flags, "--ignore-rules")...); l.Error != nil {
				t.Error(l.Error.Message)
			}
		})
	}
}

// TestLayers: the user's rules and those of a trusted project count together, those of
// another one do not, and --ignore-rules leaves both out.
func TestLayers(t *testing.T) {
	for name, c := range map[string]struct {
		trust         string
		flags         []string
		user, project bool
	}{
		"trusted":     {"trusted", nil, true, true},
		"not trusted": {"untrusted", nil, true, false},
		"ignored":     {"trusted", []string{"--ignore-rules"}, false, false},
	} {
		t.Run(name, func(t *testing.T) {
			s := furnish(t)
			s.write("home/rules/default.rules", `prefix_rule(["uniq"], "forbidden")`)
			s.write("ws/.codex/rules/p.rules", `prefix_rule(["rev"], "forbidden")`)
			s.trust = c.trust
			if l := s.start("never", "danger-full-access", []call{command("uniq /dev/null"), command("rev /dev/null")}, c.flags...); l.Error != nil {
				t.Fatal(l.Error.Message)
			}
			s.turn("decline")
			s.turn("decline")
			told := s.end()
			for id, want := range map[string]bool{"c0": c.user, "c1": c.project} {
				if got := strings.Contains(told[id], "policy forbids commands starting with"); got != want {
					t.Errorf("%s: %q", id, told[id])
				}
			}
		})
	}
}

// TestReach: rules that restrict hold inside scripts, rules that allow do not.
func TestReach(t *testing.T) {
	s := furnish(t)
	s.write("home/rules/default.rules", `prefix_rule(["uniq"], "forbidden")
prefix_rule(["tee"])
prefix_rule(["rev"], "prompt", justification="look first")
`)
	calls := []call{command("A=1 uniq $x"), command("sh -c 'uniq x' >/dev/null"), command("rev </dev/null"), command("tee x </dev/null")}
	if l := s.start("untrusted", "danger-full-access", calls); l.Error != nil {
		t.Fatal(l.Error.Message)
	}
	for i, want := range []string{"", "", "`/bin/bash -lc 'rev </dev/null'` requires approval: look first", "no reason"} {
		asked, _ := s.turn("decline")
		switch {
		case want == "" && len(asked) > 0, want != "" && len(asked) != 1:
			t.Errorf("%d: asked %+v", i, asked)
		case len(asked) == 1 && asked[0].Reason != want && asked[0].Reason != "":
			t.Errorf("%d: asked because %q", i, asked[0].Reason)
		}
	}
	told := s.end()
	for _, id := range []string{"c0", "c1"} {
		if !strings.Contains(told[id], "policy forbids commands starting with `uniq") {
			t.Errorf("%s: %q", id, told[id])
		}
	}
}

// TestAmendment: what the user sends is stored, once, on a line of its own, and holds at
// once; where it can't be stored it holds for the thread, and the user is told.
func TestAmendment(t *testing.T) {
	answer := map[string]any{"acceptWithExecpolicyAmendment": map[string]any{"execpolicy_amendment": []string{"touch"}}}
	calls := []call{command("touch a"), command("touch b"), {Args: map[string]any{"cmd": "touch c", "tty": true}}}
	t.Run("stored", func(t *testing.T) {
		s := furnish(t)
		s.write("home/rules/default.rules", "# mine")
		if l := s.start("untrusted", "danger-full-access", calls); l.Error != nil {
			t.Fatal(l.Error.Message)
		}
		for i, want := range []int{1, 0, 0} {
			if asked, _ := s.turn(answer); len(asked) != want {
				t.Errorf("turn %d: asked %+v", i, asked)
			}
		}
		s.end()
		if got, want := s.read("home/rules/default.rules"), "# mine\nprefix_rule(pattern=[\"touch\"], decision=\"allow\")\n"; got != want {
			t.Errorf("%q, want %q", got, want)
		}
		if len(s.warned) > 0 {
			t.Errorf("%+v", s.warned)
		}
	})
	t.Run("not stored", func(t *testing.T) {
		s := furnish(t)
		if l := s.start("untrusted", "danger-full-access", calls); l.Error != nil {
			t.Fatal(l.Error.Message)
		}
		s.write("home/rules", "in the way")
		for i, want := range []int{1, 0, 0} {
			if asked, _ := s.turn(answer); len(asked) != want {
				t.Errorf("turn %d: asked %+v", i, asked)
			}
		}
		s.end()
		if len(s.warned) != 1 || !strings.Contains(string(s.warned[0].Params), "The rule holds for this session only: ") {
			t.Errorf("%+v", s.warned)
		}
	})
}

// TestShellCommand: the older tool decides the same, in words of its own.
func TestShellCommand(t *testing.T) {
	s := furnish(t)
	s.write("home/rules/default.rules", `prefix_rule(["rev"], "forbidden")`)
	shell := func(args ...any) call {
		c := call{Tool: "shell_command", Args: map[string]any{}}
		for i := 0; i < len(args); i += 2 {
			c.Args[args[i].(string)] = args[i+1]
		}
		return c
	}
	calls := []call{shell("command", "touch a"), shell("command", "rev a"),
		shell("command", "touch a", "sandbox_permissions", "require_escalated"), shell("command", "touch b")}
	if l := s.start("untrusted", "danger-full-access", calls, "--disable", "unified_exec"); l.Error != nil {
		t.Fatal(l.Error.Message)
	}
	for i, answer := range []string{"decline", "decline", "decline", "accept"} {
		if asked, _ := s.turn(answer); len(asked) != []int{1, 0, 0, 1}[i] {
			t.Errorf("%d: asked %+v", i, asked)
		}
	}
	told := s.end()
	for id, want := range map[string]string{"c0": "exec command rejected by user", "c1": "`/bin/bash -lc 'rev a'` rejected: policy forbids commands starting with `rev`",
		"c2": "approval policy is UnlessTrusted; reject command — you should not ask for escalated permissions if the approval policy is UnlessTrusted",
		"c3": "Exit code: 0\n"} {
		if !strings.HasPrefix(told[id], want) {
			t.Errorf("%s: %q, want %q", id, told[id], want)
		}
	}
}

// TestRetry: a command that the sandbox stopped may run again outside, and a no is what
// the model hears.
func TestRetry(t *testing.T) {
	sandboxWorks(t)
	s := furnish(t)
	calls := []call{command("touch $W/out/a; exit 1"), command("touch $W/out/b; exit 1"), command("touch $W/out/b; exit 1")}
	for i := range calls {
		calls[i].Args["cmd"] = strings.ReplaceAll(calls[i].Args["cmd"].(string), "$W", s.root)
	}
	if l := s.start("on-failure", "workspace-write", calls); l.Error != nil {
		t.Fatal(l.Error.Message)
	}
	for i, answer := range []string{"decline", "acceptForSession", "decline"} {
		asked, _ := s.turn(answer)
		if want := []int{1, 1, 0}[i]; len(asked) != want || want == 1 && asked[0].Reason != "command failed; retry without sandbox?" {
			t.Errorf("%d: asked %+v", i, asked)
		}
	}
	told := s.end()
	if !strings.HasSuffix(told["c0"], `Rejected(\"rejected by user\")" }`) || !strings.Contains(told["c2"], "Process exited with code 1\n") {
		t.Errorf("%q", told)
	}
	for file, want := range map[string]bool{"a": false, "b": true} {
		if _, err := os.Stat(filepath.Join(s.root, "out", file)); (err == nil) != want {
			t.Errorf("out/%s: %v", file, err)
		}
	}
}

// TestPlanted: a rule for a program does not let one of the same name out of the sandbox
// that a command put into the work tree.
func TestPlanted(t *testing.T) {
	sandboxWorks(t)
	s := furnish(t)
	s.write("home/rules/default.rules", `prefix_rule(["tool"])`+"\n"+`prefix_rule(["cat"])`+"\n")
	calls := []call{command("cp /bin/cat tool"), command(s.work + "/tool /proc/self/status"), command("/bin/cat /proc/self/status"),
		command("export PATH=/bin:.; cat /proc/self/status <<E\nE")}
	if l := s.start("on-request", "workspace-write", calls); l.Error != nil {
		t.Fatal(l.Error.Message)
	}
	for range calls {
		s.turn("decline")
	}
	told := s.end()
	for id, want := range map[string]string{"c1": "sandboxed", "c2": "UNSANDBOXED", "c3": "sandboxed"} {
		if got := ran(told[id]); got != want {
			t.Errorf("%s ran %q, want %q: %s", id, got, want, told[id])
		}
	}
}

// TestWiderSandbox: a sandbox that is wider for one command is a feature that is off.
func TestWiderSandbox(t *testing.T) {
	s := furnish(t)
	calls := []call{
		{Args: map[string]any{"cmd": "touch a", "sandbox_permissions": "with_additional_permissions"}},
		{Args: map[string]any{"cmd": "touch a", "additional_permissions": map[string]any{"network": map[string]any{"enabled": true}}}},
	}
	if l := s.start("on-request", "read-only", calls); l.Error != nil {
		t.Fatal(l.Error.Message)
	}
	for range calls {
		if asked, _ := s.turn("accept"); len(asked) > 0 {
			t.Errorf("asked %+v", asked)
		}
	}
	for id, text := range s.end() {
		if !strings.HasPrefix(text, "additional permissions are disabled; ") {
			t.Errorf("%s: %q", id, text)
		}
	}
}
