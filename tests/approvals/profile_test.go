package approvals

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// profile denies a folder and a pattern, and lets a part of the workspace be read only.
const profile = `
[permissions.p.filesystem]
":root" = "read"
[permissions.p.filesystem.":workspace_roots"]
"." = "write"
"secret" = "deny"
"*.env" = "deny"
"docs" = "read"
[features]
exec_permission_approvals = true
request_permissions_tool = true
`

// guarded is a scene under the profile.
func guarded(t *testing.T) *scene {
	t.Helper()
	sandboxWorks(t)
	s := furnish(t)
	s.config = profile
	s.write("ws/secret/s", "hush\n")
	s.write("ws/a.env", "key\n")
	s.write("ws/docs/d", "doc\n")
	return s
}

const flag = `default_permissions="p"`

func patchCall(body string) call {
	return call{Args: map[string]any{"cmd": "apply_patch <<'EOF'\n*** Begin Patch\n" + body + "*** End Patch\nEOF"}}
}

func with(cmd string, more map[string]any) call {
	c := command(cmd)
	for k, v := range more {
		c.Args[k] = v
	}
	return c
}

// TestProfile: a thread's profile holds its commands and patches, and what it denies
// stays denied to a command that the user lets out of the sandbox.
func TestProfile(t *testing.T) {
	s := guarded(t)
	l := s.start("on-request", "", []call{
		command("cat secret/s a.env docs/d; echo x >docs/d; echo x >f && cat f; mkdir .git"),
		with("cat secret/s; echo out >../out/f && cat ../out/f", map[string]any{"sandbox_permissions": "require_escalated", "justification": "why"}),
		patchCall("*** Update File: secret/s\n@@\n-hush\n+x\n"),
		patchCall("*** Update File: a.env\n@@\n-key\n+x\n"),
		patchCall("*** Add File: new\n+x\n"),
		patchCall("*** Add File: new.env\n+x\n"),
	}, "-c", flag)
	if l.Error != nil {
		t.Fatal(l.Error.Message)
	}
	for range 6 {
		if _, status := s.turn("decline"); status != "completed" {
			t.Fatal(status)
		}
	}
	told := s.end()
	for id, want := range map[string][]string{
		"c0": {"cat: secret/s: Permission denied", "cat: a.env: Permission denied", "\ndoc\n", "docs/d: Read-only file system", "\nx\n", "cannot create directory"},
		"c1": {"rejected by user"},
		"c2": {"apply_patch verification failed: Failed to read file to update $W/ws/secret/s"},
		"c3": {"apply_patch verification failed: Failed to read file to update $W/ws/a.env"},
		"c4": {"Success. Updated the following files:\nA new\n"},
		"c5": {"patch rejected by user"},
	} {
		for _, w := range want {
			if !strings.Contains(told[id], w) {
				t.Errorf("%s: %q is not in %q", id, w, told[id])
			}
		}
	}
	if strings.Contains(fmt.Sprint(told), "hush") {
		t.Errorf("%q", told)
	}
}

// TestEscalatedProfile: outside of the sandbox what is denied stays out of sight.
func TestEscalatedProfile(t *testing.T) {
	s := guarded(t)
	l := s.start("on-request", "", []call{
		with("cat secret/s a.env; echo out >../out/f && cat ../out/f; echo N=$CODEX_SANDBOX_NETWORK_DISABLED", map[string]any{"sandbox_permissions": "require_escalated"}),
	}, "-c", flag)
	if l.Error != nil {
		t.Fatal(l.Error.Message)
	}
	if q, _ := s.turn("accept"); len(q) != 1 {
		t.Errorf("%+v", q)
	}
	told := s.end()["c0"]
	for _, w := range []string{"cat: secret/s: Permission denied", "cat: a.env: Permission denied", "\nout\n", "\nN=\n"} {
		if !strings.Contains(told, w) {
			t.Errorf("%q is not in %q", w, told)
		}
	}
}

// TestAdditionalPermissions: one command gets more, when the user agrees.
func TestAdditionalPermissions(t *testing.T) {
	const try = "echo out >../out/f && cat ../out/f; cat secret/s; echo N=$CODEX_SANDBOX_NETWORK_DISABLED"
	wide := func(more any) call {
		return with(try, map[string]any{"sandbox_permissions": "with_additional_permissions", "additional_permissions": more})
	}
	s := guarded(t)
	l := s.start("on-request", "", []call{
		wide(map[string]any{"file_system": map[string]any{"write": []string{"../out"}, "read": []string{"secret"}}}),
		wide(map[string]any{"network": map[string]any{"enabled": true}}),
		command(try),
		wide(map[string]any{}),
		with(try, map[string]any{"sandbox_permissions": "with_additional_permissions"}),
		with(try, map[string]any{"sandbox_permissions": "require_escalated", "additional_permissions": map[string]any{"network": map[string]any{"enabled": true}}}),
		wide(map[string]any{"file_system": map[string]any{"write": "a"}}),
	}, "-c", flag)
	if l.Error != nil {
		t.Fatal(l.Error.Message)
	}
	for i, want := range []string{
		`{"network":null,"fileSystem":{"read":["$W/ws/secret"],"write":["$W/out"],"entries":[` +
			`{"path":{"type":"path","path":"$W/ws/secret"},"access":"read"},{"path":{"type":"path","path":"$W/out"},"access":"write"}]}}`,
		`{"network":{"enabled":true},"fileSystem":null}`, "", "", "", "", "",
	} {
		q, _ := s.turn("accept")
		if len(q) == 0 && want == "" {
			continue
		}
		if len(q) != 1 || string(q[0].AdditionalPermissions) != want || len(q[0].AvailableDecisions) != 2 {
			t.Errorf("call %d: %+v, want %s", i, q, want)
		}
	}
	told := s.end()
	for id, want := range map[string]string{
		"c0": "\nout\ncat: secret/s: Permission denied\nN=1\n",
		"c1": "../out/f: Read-only file system\ncat: secret/s: Permission denied\nN=\n",
		"c2": "../out/f: Read-only file system\ncat: secret/s: Permission denied\nN=1\n",
		"c3": "`additional_permissions` must include at least one requested permission",
		"c4": "missing `additional_permissions`",
		"c5": "`additional_permissions` requires `sandbox_permissions` set to `with_additional_permissions`",
		"c6": "failed to parse function arguments: `additional_permissions.file_system.write` is a JSON",
	} {
		if !strings.Contains(told[id], want) {
			t.Errorf("%s: %q is not in %q", id, want, told[id])
		}
	}
}

// TestRequestPermissions: what the user grants holds for the turn or the session, and is
// never more than was asked for.
func TestRequestPermissions(t *testing.T) {
	const try = "echo out >../out/f && cat ../out/f; echo home >../home2/f && cat ../home2/f; cat secret/s"
	for _, c := range []struct {
		name, scope string
		policy      any
		asks        bool
		told        string // what the tool says
		then        [2]bool
	}{
		{"turn", "turn", "on-request", true, `{"permissions":{"network":null,"file_system":{"write":["$W/out"]}},"scope":"turn"}`, [2]bool{true, false}},
		{"session", "session", "on-request", true, `{"permissions":{"network":null,"file_system":{"write":["$W/out"]}},"scope":"session"}`, [2]bool{true, true}},
		{"never", "turn", "never", false, `{"permissions":{"network":null,"file_system":null},"scope":"turn"}`, [2]bool{}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := guarded(t)
			s.must(os.Mkdir(filepath.Join(s.root, "home2"), 0o755))
			asked := 0
			s.grant = func(p json.RawMessage) any {
				asked++
				return map[string]any{"scope": c.scope, "permissions": map[string]any{"fileSystem": map[string]any{"write": []string{
					filepath.Join(s.root, "out"), filepath.Join(s.root, "home2")}}}}
			}
			request := call{Tool: "request_permissions", Ends: true, // the model goes on in the same turn
				Args: map[string]any{"permissions": map[string]any{"file_system": map[string]any{"write": []string{"../out"}}}, "reason": "to write"}}
			l := s.start(c.policy, "", []call{request, command(try), command(try)}, "-c", flag)
			if l.Error != nil {
				t.Fatal(l.Error.Message)
			}
			for range 2 {
				if q, _ := s.turn("accept"); len(q) > 0 {
					t.Errorf("%+v", q)
				}
			}
			told := s.end()
			if told["c0"] != c.told || (asked == 1) != c.asks {
				t.Errorf("asked %d: %s", asked, told["c0"])
			}
			for i, want := range c.then {
				got := told[fmt.Sprintf("c%d", i+1)]
				if strings.Contains(got, "\nout\n") != want || strings.Contains(got, "\nhome\n") || strings.Contains(got, "hush") {
					t.Errorf("call %d, want %v: %q", i+1, want, got)
				}
			}
		})
	}
}
