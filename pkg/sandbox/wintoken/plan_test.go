package wintoken

import (
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"codex/pkg/policy"
)

const cwd = "/C:/Users/u/w"

func resolve(t *testing.T, p policy.Profile) policy.Policy {
	t.Helper()
	pol, err := p.Resolve(policy.Env{Cwd: cwd})
	if err != nil {
		t.Fatal(err)
	}
	return pol
}

func workspace(roots ...string) policy.Profile {
	return policy.WorkspaceWrite(policy.WriteOptions{WritableRoots: roots, ExcludeSlashTmp: true, ExcludeTmpdir: true})
}

func entry(at string, a policy.Access) policy.Entry {
	return policy.Entry{Path: policy.Path{Type: policy.PathLiteral, Value: at}, Access: a}
}

// disk knows directories, which end in a backslash, and files.
func disk(names ...string) func(string) (bool, bool) {
	return func(native string) (bool, bool) {
		dir := slices.Contains(names, native+`\`)
		return dir || slices.Contains(names, native), dir
	}
}

func TestPlan(t *testing.T) {
	narrowed := workspace()
	narrowed.FileSystem.Entries = append(narrowed.FileSystem.Entries, entry(cwd+"/docs", policy.AccessRead), entry(cwd+"/docs/out", policy.AccessWrite))
	opened := workspace()
	opened.FileSystem.Entries = append(opened.FileSystem.Entries, entry(cwd+"/.git", policy.AccessWrite))
	usual := []string{`C:\Users\u\w\`, `C:\Users\u\w\.git\`, `C:\Users\u\w\docs\`, `C:\Users\u\w\docs\out\`, `D:\x\`, `D:\x\.codex`, `C:\Users\u\w\sub\`, `C:\Users\u\w\sub\.git\`}
	tests := []struct {
		name    string
		profile policy.Profile
		disk    []string
		want    []string // "path SDDL" with S0, S1 ... for the identities in order
		missing int
	}{
		{"read-only", policy.ReadOnly(), usual, nil, 0},
		{"workspace", workspace(), usual, []string{
			`C:\Users\u\w\.git (D;OICI;0xd0156;;;S0)`,
			`C:\Users\u\w (A;;0x1201bf;;;S0)`, `C:\Users\u\w (A;OICIIO;0x1301bf;;;S0)`}, 2},
		{"two roots", workspace("/D:/x"), usual, []string{
			`C:\Users\u\w\.git (D;OICI;0xd0156;;;S0)`, `D:\x\.codex (D;;0xd0156;;;S1)`,
			`C:\Users\u\w (A;;0x1201bf;;;S0)`, `C:\Users\u\w (A;OICIIO;0x1301bf;;;S0)`,
			`D:\x (A;;0x1201bf;;;S1)`, `D:\x (A;OICIIO;0x1301bf;;;S1)`}, 4},
		{"a root in a root", workspace(cwd + "/sub"), usual, []string{
			`C:\Users\u\w\.git (D;OICI;0xd0156;;;S0)`,
			`C:\Users\u\w\sub\.git (D;OICI;0xd0156;;;S0)`, `C:\Users\u\w\sub\.git (D;OICI;0xd0156;;;S1)`,
			`C:\Users\u\w (A;;0x1201bf;;;S0)`, `C:\Users\u\w (A;OICIIO;0x1301bf;;;S0)`,
			`C:\Users\u\w\sub (A;;0x1201bf;;;S1)`, `C:\Users\u\w\sub (A;OICIIO;0x1301bf;;;S1)`}, 4},
		{"narrowed and opened again", narrowed, usual, []string{
			`C:\Users\u\w\.git (D;OICI;0xd0156;;;S0)`, `C:\Users\u\w\docs (D;OICI;0xd0156;;;S0)`,
			`C:\Users\u\w (A;;0x1201bf;;;S0)`, `C:\Users\u\w (A;OICIIO;0x1301bf;;;S0)`,
			`C:\Users\u\w\docs\out (A;;0x1201bf;;;S1)`, `C:\Users\u\w\docs\out (A;OICIIO;0x1301bf;;;S1)`}, 5},
		{"opened by name", opened, usual, []string{
			`C:\Users\u\w (A;;0x1201bf;;;S0)`, `C:\Users\u\w (A;OICIIO;0x1301bf;;;S0)`,
			`C:\Users\u\w\.git (A;;0x1201bf;;;S1)`, `C:\Users\u\w\.git (A;OICIIO;0x1301bf;;;S1)`}, 5},
		{"a file, and a root that is gone", workspace("/C:/f", "/C:/gone"), []string{`C:\f`}, []string{`C:\f (A;;0x1201bf;;;S0)`}, 9},
	}
	caps := ParseCaps(nil)
	caps.fill()
	for _, tt := range tests {
		p, err := NewPlan(resolve(t, tt.profile), cwd, caps, disk(tt.disk...))
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, e := range p.Entries {
			line := e.Path + " " + e.SDDL()
			for i, sid := range p.SIDs {
				line = strings.ReplaceAll(line, sid, "S"+string(rune('0'+i)))
			}
			got = append(got, line)
		}
		if !slices.Equal(got, tt.want) || len(p.Missing) != tt.missing || len(p.SIDs) == 0 {
			t.Errorf("%s: %s\nwant %s\nmissing %v", tt.name, strings.Join(got, "\n"), strings.Join(tt.want, "\n"), p.Missing)
		}
		if (len(tt.want) == 0) != (p.SIDs[0] == caps.ReadOnly) {
			t.Errorf("%s: %v", tt.name, p.SIDs)
		}
	}
	// One root under three sets of protected places has three identities.
	if n := len(caps.ByCwd); n != 3 {
		t.Errorf("%d identities: %v", n, caps.ByCwd)
	}
	if _, err := NewPlan(policy.Policy{Writable: []policy.Root{{Path: "/"}}}, cwd, caps, disk()); err == nil {
		t.Error("the root of all was opened")
	}
}

// TestRights holds what the masks mean.
func TestRights(t *testing.T) {
	const readAndRun, synchronize = 0x1200A9, 0x100000
	const deleteChild, writeDAC, writeOwner = 0x40, 0x40000, 0x80000
	if rightsChange&(readAndRun|synchronize) != 0 {
		t.Error("a protected place cannot be read")
	}
	if rightsModify&(deleteChild|writeDAC|writeOwner) != 0 {
		t.Error("a root's protected places can be removed, or its list changed")
	}
	if rightsModify&^(readAndRun|rightsChange) != 0 || rightsModify&readAndRun != readAndRun {
		t.Error("the masks do not meet")
	}
}

func TestRefuse(t *testing.T) {
	ro, ww := resolve(t, policy.ReadOnly()), resolve(t, workspace())
	hidden, globs, proxied, onlyNet, some := ww, ww, ww, policy.Policy{FullDiskRead: true, FullDiskWrite: true}, ww
	hidden.Denied, globs.DeniedGlobs, proxied.Proxy, some.FullDiskRead = []string{"/C:/s"}, []string{"/C:/*"}, &policy.ProxySettings{}, false
	for _, tt := range []struct {
		name  string
		pol   policy.Policy
		level Level
		want  string // "" runs
	}{
		{"read-only, disabled", ro, Disabled, ""},
		{"read-only, unelevated", ro, Unelevated, ""},
		{"workspace, disabled", ww, Disabled, "nobody has allowed"},
		{"workspace, unelevated", ww, Unelevated, ""},
		{"workspace, elevated", ww, Elevated, "not part of this program"},
		{"hidden", hidden, Unelevated, "from reading"},
		{"patterns", globs, Unelevated, "from reading"},
		{"some reading", some, Unelevated, "from reading"},
		{"proxy", proxied, Unelevated, "to a proxy"},
		{"only the network", onlyNet, Unelevated, "network alone"},
	} {
		r := Refuse(tt.pol, tt.level)
		if (r == nil) != (tt.want == "") || r != nil && (!strings.Contains(r.Error(), tt.want) || !strings.Contains(strings.Join(r.Hints, " "), "danger-full-access")) {
			t.Errorf("%s: %v", tt.name, r)
		}
		lines := Explain(tt.pol, tt.level, []string{`C:\w\.git`})
		if all := strings.Join(lines, "\n"); len(lines) == 0 || (r == nil) != strings.Contains(all, "not switched off") || (r != nil) != strings.Contains(all, "commands are refused: ") {
			t.Errorf("%s: %q", tt.name, lines)
		}
	}
	if got := Explain(policy.Policy{FullDiskRead: true, FullDiskWrite: true, Network: true}, Disabled, nil); got != nil {
		t.Errorf("%q", got)
	}
}

func TestParseLevel(t *testing.T) {
	for word, want := range map[string]Level{"": Disabled, "disabled": Disabled, "unelevated": Unelevated, "restricted-token": Unelevated, "elevated": Elevated} {
		if got, err := ParseLevel(word); got != want || err != nil {
			t.Errorf("%s: %s, %v", word, got, err)
		}
	}
	if _, err := ParseLevel("mxc"); err == nil || !strings.Contains(err.Error(), "not part of this program") {
		t.Error(err)
	}
	if _, err := ParseLevel("full"); err == nil || !strings.Contains(err.Error(), "`full`") {
		t.Error(err)
	}
}

func TestCaps(t *testing.T) {
	home := t.TempDir()
	var first Caps
	for range 2 {
		err := WithCaps(home, func(c *Caps) error {
			sid := c.forRoot("c:/w", true)
			if !ValidSID(sid) || !ValidSID(c.ReadOnly) || sid == c.forRoot("c:/w", false) {
				t.Errorf("%+v", c)
			}
			if c.dirty != (first.ReadOnly == "") {
				t.Error("written twice, or not")
			}
			if first.ReadOnly == "" {
				first = *c
			} else {
				first.dirty = false
				if !reflect.DeepEqual(*c, first) {
					t.Errorf("%+v became %+v", first, *c)
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if left, _ := os.ReadDir(home); len(left) != 1 {
		t.Errorf("%v", left)
	}
	// The original's file, with an entry that is an account's.
	os.WriteFile(filepath.Join(home, "cap_sid"), []byte(`{"workspace":"S-1-5-21-1-2-3-4","readonly":"S-1-5-32-544","workspace_by_cwd":{"c:/a":"S-1-5-21-5-6-7-8","c:/b":"S-1-1-0"}}`), 0o600)
	WithCaps(home, func(c *Caps) error {
		if c.Workspace != "S-1-5-21-1-2-3-4" || c.ByCwd["c:/a"] != "S-1-5-21-5-6-7-8" || c.ByCwd["c:/b"] != "" || c.ReadOnly == "S-1-5-32-544" {
			t.Errorf("%+v", c)
		}
		return nil
	})
	var keys map[string]any
	b, _ := os.ReadFile(filepath.Join(home, "cap_sid"))
	if err := json.Unmarshal(b, &keys); err != nil || len(keys) != 4 || keys["workspace_by_cwd"] == nil || keys["writable_root_by_path"] == nil {
		t.Errorf("%s", b)
	}
	if err := WithCaps(filepath.Join(home, "no"), func(*Caps) error { return nil }); err == nil {
		t.Error("a home that is missing")
	}
}

func TestValidSID(t *testing.T) {
	for s, want := range map[string]bool{"S-1-5-21-0-1-2-4294967295": true, "S-1-5-21-1-2-3": false, "S-1-5-21-1-2-3-4-5": false,
		"S-1-5-21-1-2-3-4294967296": false, "S-1-5-21-1-2-3-04": false, "S-1-5-21-1-2-3-+4": false, "S-1-1-0": false, "": false, "S-1-5-21-1-2-3-4)": false} {
		if ValidSID(s) != want {
			t.Errorf("%s: want %v", s, want)
		}
	}
	if a, b := newSID(), newSID(); a == b || !ValidSID(a) {
		t.Error(a, b)
	}
}

func FuzzCaps(f *testing.F) {
	f.Add([]byte(`{"workspace":"S-1-5-21-1-2-3-4","workspace_by_cwd":{"a":"x"}}`))
	f.Add([]byte(`S-1-5-21-1-2-3-4`))
	f.Fuzz(func(t *testing.T, b []byte) {
		c := ParseCaps(b)
		c.fill()
		for _, sid := range []string{c.Workspace, c.ReadOnly, c.forRoot("k", true), c.forRoot("k", false)} {
			if !ValidSID(sid) {
				t.Errorf("%q gives %q", b, sid)
			}
		}
	})
}

func TestDefaultDACL(t *testing.T) {
	if got := DefaultDACL("S-1-5-21-9", []string{"S-A", "S-B"}); got != "D:(A;;GA;;;SY)(A;;GA;;;S-1-5-21-9)(A;;GA;;;S-A)(A;;GA;;;S-B)" {
		t.Error(got)
	}
}

func TestOffline(t *testing.T) {
	env := []string{"Path=C:\\Windows", "https_proxy=mine", "pathext=.EXE;.cmd;.BAT"}
	got := Offline(env, `C:\s`)
	for _, want := range []string{"Path=C:\\s;C:\\Windows", "https_proxy=mine", "pathext=.cmd;.BAT;.EXE", "HTTP_PROXY=http://127.0.0.1:9", "SBX_NONET_ACTIVE=1", "GIT_ALLOW_PROTOCOLS=", "CARGO_NET_OFFLINE=true"} {
		if !slices.Contains(got, want) {
			t.Errorf("no %s in %q", want, got)
		}
	}
	if env[0] != "Path=C:\\Windows" || len(env) != 3 {
		t.Error("the caller's environment was changed")
	}
	if got := Offline(nil, `C:\s`); value(got, "PATH") != `C:\s` || value(got, "PATHEXT") != ".BAT;.CMD;.COM;.EXE" {
		t.Errorf("%q", got)
	}
	if got := Offline(nil, ""); find(got, "PATH") >= 0 {
		t.Errorf("%q", got)
	}
	home := t.TempDir()
	for range 2 {
		dir, err := WriteStubs(home)
		if err != nil {
			t.Fatal(err)
		}
		if b, err := os.ReadFile(filepath.Join(dir, "ssh.bat")); err != nil || string(b) != "@echo off\r\nexit /b 1\r\n" {
			t.Errorf("%q, %v", b, err)
		}
	}
}

func TestKey(t *testing.T) {
	if a, b := Key(`C:\Users\U\W`), Key("c:/users/u/w/"); a != b || a != "c:/users/u/w" {
		t.Errorf("%s %s", a, b)
	}
}
