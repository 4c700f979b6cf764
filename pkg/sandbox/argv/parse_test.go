package argv

import (
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"codex/pkg/cli/exit"
	"codex/pkg/policy"
)

func TestParse(t *testing.T) {
	tests := []struct {
		name, line string
		want       flags
		err        string // part of it; usage is the help
	}{
		{"plain", "linux true", flags{system: "linux", command: []string{"true"}}, ""},
		{"alias", "landlock -- true", flags{system: "linux", command: []string{"true"}}, ""},
		{"options of the command", "linux echo -n x", flags{system: "linux", command: []string{"echo", "-n", "x"}}, ""},
		{"after two dashes", "linux -- --mode", flags{system: "linux", command: []string{"--mode"}}, ""},
		{"config on both sides", "-c a=1 linux -c b=2 --config c=3 --config=d=4 -ce=5 -- x",
			flags{system: "linux", config: []string{"a=1", "b=2", "c=3", "d=4", "e=5"}, command: []string{"x"}}, ""},
		{"all of ours", "linux --mode workspace-write --writable-root /a --writable-root=/b --network x",
			flags{system: "linux", mode: WorkspaceWrite, roots: []string{"/a", "/b"}, network: true, command: []string{"x"}}, ""},
		{"profile", "linux -P :workspace -C /d -- x", flags{system: "linux", profile: ":workspace", dir: "/d", command: []string{"x"}}, ""},
		{"features are let through", "--enable a linux --disable b x", flags{system: "linux", command: []string{"x"}}, ""},
		{"explain needs no command", "linux --explain", flags{system: "linux", explain: true}, ""},
		{"probe", "--probe", flags{probe: true}, ""},
		{"other systems", "seatbelt x", flags{system: "darwin", command: []string{"x"}}, ""},
		{"nothing", "", flags{}, "usage"},
		{"no command", "linux", flags{}, "usage"},
		{"no command after the dashes", "linux --", flags{}, "usage"},
		{"unknown option", "linux --full-auto -- x", flags{}, "unexpected argument '--full-auto'"},
		{"unknown option before", "--sandbox linux x", flags{}, "unexpected argument '--sandbox'"},
		{"unknown system", "bsd x", flags{}, "unrecognized subcommand 'bsd'"},
		{"no value", "linux --mode", flags{}, "a value is required for '--mode'"},
		{"unknown mode", "linux --mode open x", flags{}, "invalid value 'open'"},
		{"directory without a profile", "linux -C / x", flags{}, "need --permissions-profile"},
		{"mode and profile", "linux --mode read-only -P :workspace x", flags{}, "cannot be used together"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f, err := parse(strings.Fields(tt.line))
			if tt.err != "" {
				if err == nil || !strings.Contains(err.Error(), tt.err) {
					t.Errorf("error %v, want %q", err, tt.err)
				}
				if tt.err != "usage" && exit.Status(err) != exit.Usage {
					t.Errorf("status %d", exit.Status(err))
				}
				return
			}
			if err != nil || !reflect.DeepEqual(*f, tt.want) {
				t.Errorf("got %+v, %v\nwant %+v", *f, err, tt.want)
			}
		})
	}
}

func FuzzParse(f *testing.F) {
	f.Add("linux\x00--\x00true")
	f.Add("-c\x00a=b\x00linux\x00--mode=read-only\x00x")
	f.Fuzz(func(t *testing.T, line string) {
		fl, err := parse(strings.Split(line, "\x00"))
		if err == nil && fl.system != "" && !fl.help && !fl.explain && len(fl.command) == 0 {
			t.Errorf("%q has no command: %+v", line, fl)
		}
	})
}

func TestSettings(t *testing.T) {
	home := t.TempDir()
	if err := os.WriteFile(filepath.Join(home, "config.toml"), []byte(`sandbox_mode = "danger-full-access"
[sandbox_workspace_write]
writable_roots = ["/from/file"]
`), 0o600); err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name, set string
		mode      string
		roots     []string
		network   bool
		err       string
	}{
		{"the file's mode does not count", "", "", []string{"/from/file"}, false, ""},
		{"bare word", "sandbox_mode=workspace-write", WorkspaceWrite, []string{"/from/file"}, false, ""},
		{"quoted", `sandbox_mode="read-only"`, ReadOnly, []string{"/from/file"}, false, ""},
		{"the last one counts", `sandbox_mode=read-only sandbox_mode=workspace-write`, WorkspaceWrite, []string{"/from/file"}, false, ""},
		{"a key of a table", `sandbox_workspace_write.network_access=true`, "", []string{"/from/file"}, true, ""},
		{"a list", `sandbox_workspace_write.writable_roots=["/a","/b"]`, "", []string{"/a", "/b"}, false, ""},
		{"a whole table", `sandbox_workspace_write={network_access=true}`, "", []string{"/from/file"}, true, ""},
		{"others are none of ours", `model=o3 a.b.c=1`, "", []string{"/from/file"}, false, ""},
		{"unknown mode", "sandbox_mode=bogus", "", nil, false, "unknown variant `bogus`, expected one of `read-only`, `workspace-write`, `danger-full-access`"},
		{"wrong type", "sandbox_workspace_write.network_access=maybe", "", nil, false, "override sandbox_workspace_write.network_access"},
		{"no equals sign", "foo", "", nil, false, "missing '='"},
		{"no key", "=3", "", nil, false, "empty key"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s, err := load(home, strings.Fields(tt.set))
			if tt.err != "" {
				if err == nil || !strings.Contains(err.Error(), tt.err) {
					t.Errorf("error %v, want %q", err, tt.err)
				}
				return
			}
			if err != nil || s.SandboxMode != tt.mode || !slices.Equal(s.WorkspaceWrite.WritableRoots, tt.roots) || s.WorkspaceWrite.NetworkAccess != tt.network {
				t.Errorf("%+v, %v", s, err)
			}
		})
	}
	os.WriteFile(filepath.Join(home, "config.toml"), []byte("= broken"), 0o600)
	if _, err := load(home, nil); err == nil || !strings.Contains(err.Error(), "config.toml") {
		t.Errorf("broken file: %v", err)
	}
}

func TestPermissions(t *testing.T) {
	home := t.TempDir()
	tests := []struct {
		line     string
		ww, full bool // may write the working directory, everything
		network  bool
		err      string
	}{
		{"linux x", false, false, false, ""},
		{"linux --mode workspace-write x", true, false, false, ""},
		{"linux -c sandbox_mode=workspace-write x", true, false, false, ""},
		{"linux --mode read-only -c sandbox_mode=workspace-write x", false, false, false, ""},
		{"linux --mode danger-full-access x", true, true, true, ""},
		{"linux -P :danger-no-sandbox x", true, true, true, ""},
		{"linux -P :danger-full-access x", true, true, true, ""},
		{"linux -P :workspace x", true, false, false, ""},
		{"linux -P :read-only x", false, false, false, ""},
		{"linux -P :nope x", false, false, false, "unknown built-in profile `:nope`"},
		{"linux -P mine x", false, false, false, "not supported yet"},
		{"linux --network x", false, false, true, ""},
		{"linux --writable-root /w x", true, false, false, ""},
		{"linux -c sandbox_mode=workspace-write -c sandbox_workspace_write.network_access=true x", true, false, true, ""},
	}
	for _, tt := range tests {
		f, err := parse(strings.Fields(tt.line))
		if err != nil {
			t.Fatal(err)
		}
		s, err := load(home, f.config)
		if err != nil {
			t.Fatal(err)
		}
		prof, err := f.permissions(s, world{home: home})
		if tt.err != "" {
			if err == nil || !strings.Contains(err.Error(), tt.err) {
				t.Errorf("%s: error %v, want %q", tt.line, err, tt.err)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", tt.line, err)
			continue
		}
		pol, err := prof.Resolve(policy.Env{Cwd: "/w"})
		if err != nil || pol.CanWrite("/w/f") != tt.ww || pol.CanWrite("/etc") != tt.full || pol.Network != tt.network {
			t.Errorf("%s: %+v, %v", tt.line, pol, err)
		}
	}
	if _, err := os.Stat(filepath.Join(home, "memories")); err != nil {
		t.Errorf("memories were not made: %v", err)
	}
}

func TestEnvironment(t *testing.T) {
	yes, no := true, false
	env := []string{"PATH=/bin", "HOME=/h", "MY_TOKEN=t", "X=1", "PWD=/old"}
	tests := []struct {
		name string
		e    environment
		want []string
	}{
		{"untouched", environment{}, env},
		{"none", environment{Inherit: "none"}, []string{"PWD=/w"}},
		{"core", environment{Inherit: "core"}, []string{"HOME=/h", "PATH=/bin", "PWD=/w"}},
		{"secrets", environment{IgnoreDefaultExcludes: &no}, []string{"HOME=/h", "PATH=/bin", "PWD=/w", "X=1"}},
		{"secrets kept", environment{IgnoreDefaultExcludes: &yes}, []string{"HOME=/h", "MY_TOKEN=t", "PATH=/bin", "PWD=/w", "X=1"}},
		{"exclude and set", environment{Exclude: []string{"h*", "x"}, Set: map[string]string{"X": "2"}}, []string{"MY_TOKEN=t", "PATH=/bin", "PWD=/w", "X=2"}},
		{"only", environment{IncludeOnly: []string{"PATH"}}, []string{"PATH=/bin", "PWD=/w"}},
	}
	for _, tt := range tests {
		if got := tt.e.build(env, "/w"); !slices.Equal(got, tt.want) {
			t.Errorf("%s: %v, want %v", tt.name, got, tt.want)
		}
	}
}

func TestUsageError(t *testing.T) {
	if _, err := parse(nil); !errors.Is(err, errUsage) {
		t.Error(err)
	}
}
