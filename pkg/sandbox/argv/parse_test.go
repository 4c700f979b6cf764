package argv

import (
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"testing"

	"codex/pkg/cli/exit"
	"codex/pkg/policy"
	"codex/pkg/shellenv"
)

func TestParse(t *testing.T) {
	workspace := ":workspace"
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
		{"profile", "linux -P :workspace -C /d -- x", flags{system: "linux", profile: &workspace, dir: "/d", command: []string{"x"}}, ""},
		{"glued profile", "linux -P:workspace -C/d x", flags{system: "linux", profile: &workspace, dir: "/d", command: []string{"x"}}, ""},
		{"no system after two dashes", "-- linux x", flags{system: runtime.GOOS, command: []string{"linux", "x"}}, ""},
		{"no system after an option", "--permission-profile :workspace -p y x -P", flags{system: runtime.GOOS, profile: &workspace, layer: "y", command: []string{"x", "-P"}}, ""},
		{"a profile for a system", "-P :workspace linux x", flags{system: "linux", profile: &workspace, command: []string{"x"}}, ""},
		{"nothing to run", "-P :workspace", flags{}, "usage"},
		{"a word is no command", "-c a=1 x", flags{}, "unrecognized subcommand 'x'"},
		{"features are let through", "--enable a linux --disable b x", flags{system: "linux", enable: []string{"a"}, disable: []string{"b"}, command: []string{"x"}}, ""},
		{"explain needs no command", "linux --explain", flags{system: "linux", explain: true}, ""},
		{"probe", "--probe", flags{probe: true}, ""},
		{"options of macOS", "macos --allow-unix-socket /s --allow-unix-socket=t --log-denials --mode read-only x",
			flags{system: "darwin", sockets: []string{"/s", "t"}, denials: true, mode: ReadOnly, command: []string{"x"}}, ""},
		{"are not those of others", "windows --log-denials x", flags{}, "unexpected argument '--log-denials'"},
		{"nor of Linux", "linux --allow-unix-socket /s x", flags{}, "unexpected argument '--allow-unix-socket'"},
		{"other systems", "seatbelt x", flags{system: "darwin", command: []string{"x"}}, ""},
		{"nothing", "", flags{}, "usage"},
		{"no command", "linux", flags{}, "usage"},
		{"no command after the dashes", "linux --", flags{}, "usage"},
		{"unknown option", "linux --full-auto -- x", flags{}, "unexpected argument '--full-auto'"},
		{"unknown option before", "--sandbox linux x", flags{}, "unexpected argument '--sandbox'"},
		{"unknown system", "bsd x", flags{}, "unrecognized subcommand 'bsd'"},
		{"no value", "linux --mode", flags{}, "a value is required for '--mode'"},
		{"an empty one", "linux --writable-root= x", flags{}, "a value is required for '--writable-root'"},
		{"nor of a profile", "linux -P= x", flags{}, "a value is required for '-P'"},
		{"a value of a switch", "linux --network=false x", flags{}, "unexpected value 'false' for '--network'"},
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
		if err == nil && fl.system != "" && !fl.help && !fl.version && !fl.list && !fl.explain && len(fl.command) == 0 {
			t.Errorf("%q has no command: %+v", line, fl)
		}
	})
}

// TestPermissions holds what counts: the command line, a permission profile,
// else read-only whatever sandbox mode the file names.
func TestPermissions(t *testing.T) {
	const mine = "[permissions.mine.filesystem]\n':root'='read'\n':workspace_roots'='write'\n[permissions.mine.network]\nenabled=true\n"
	tests := []struct {
		file, line string
		ww, full   bool // may write the working directory, everything
		network    bool
		err        string
	}{
		{"", "linux x", false, false, false, ""},
		{"sandbox_mode='workspace-write'", "linux x", false, false, false, ""},
		{"profile='p'\n[profiles.p]\nsandbox_mode='workspace-write'", "linux x", false, false, false, ""},
		{"", "linux --mode workspace-write x", true, false, false, ""},
		{"", "linux -c sandbox_mode=workspace-write x", true, false, false, ""},
		{"", "linux --mode read-only -c sandbox_mode=workspace-write x", false, false, false, ""},
		{"", "linux --mode danger-full-access x", true, true, true, ""},
		{"", "linux -P :danger-no-sandbox x", true, true, true, ""},
		{"", "linux -P :danger-full-access x", true, true, true, ""},
		{"", "linux -P :workspace x", true, false, false, ""},
		{"sandbox_workspace_write={network_access=true}", "linux -P :workspace x", true, false, false, ""},
		{"", "linux -P :read-only x", false, false, false, ""},
		{"", "linux -P :nope x", false, false, false, "unknown built-in profile `:nope`"},
		{"", "linux -P mine x", false, false, false, "default_permissions requires a `[permissions]` table"},
		{mine, "linux -P mine x", true, false, true, ""},
		{mine, "linux -P mine -c sandbox_mode=read-only x", true, false, true, ""},
		{mine, "linux x", false, false, false, "does not set `default_permissions`"},
		{mine, "linux -c default_permissions=mine x", true, false, true, ""},
		{"default_permissions='mine'\n" + mine, "linux x", true, false, true, ""},
		{"default_permissions='mine'\n" + mine, "linux -c sandbox_mode=read-only x", false, false, false, ""},
		{"default_permissions='mine'\n" + mine, "linux --mode read-only x", false, false, false, ""},
		{"", "linux --network x", false, false, true, ""},
		{"", "linux --writable-root /w x", true, false, false, ""},
		{"", "linux -c sandbox_mode=workspace-write -c sandbox_workspace_write.network_access=true x", true, false, true, ""},
		{"", "linux -c sandbox_mode=bogus x", false, false, false, "unknown variant `bogus`, expected one of `read-only`, `workspace-write`, `danger-full-access`"},
		{"model=1", "linux x", false, false, false, "config.toml:1:7: invalid type: integer `1`, expected a string"},
		{"", "linux -c foo x", false, false, false, "missing '='"},
		{"", "linux --enable bogus x", false, false, false, "Unknown feature flag: bogus"},
	}
	for _, tt := range tests {
		home := t.TempDir()
		if err := os.WriteFile(filepath.Join(home, "config.toml"), []byte(tt.file), 0o600); err != nil {
			t.Fatal(err)
		}
		f, err := parse(strings.Fields(tt.line))
		if err != nil {
			t.Fatal(err)
		}
		cfg, err := f.load(t.Context(), settingsEnv([]string{"CODEX_HOME=" + home}, "/w", home))
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
		pol, err := f.permissions(cfg).Resolve(policy.Env{Cwd: "/w"})
		if err != nil || pol.CanWrite("/w/f") != tt.ww || pol.CanWrite("/etc") != tt.full || pol.Network != tt.network {
			t.Errorf("%s: %+v, %v", tt.line, pol, err)
		}
	}
}

func TestEnvironment(t *testing.T) {
	env := []string{"PATH=/bin", "HOME=/h", "MY_TOKEN=t", "X=1", "PWD=/old"}
	tests := []struct {
		name string
		e    shellenv.Policy
		want []string
	}{
		{"untouched", shellenv.Policy{Inherit: "all", IgnoreDefaultExcludes: true}, env},
		{"none", shellenv.Policy{Inherit: "none", IgnoreDefaultExcludes: true}, []string{"PWD=/w"}},
		{"core", shellenv.Policy{Inherit: "core", IgnoreDefaultExcludes: true}, []string{"HOME=/h", "PATH=/bin", "PWD=/w"}},
		{"secrets", shellenv.Policy{Inherit: "all"}, []string{"HOME=/h", "PATH=/bin", "PWD=/w", "X=1"}},
		{"exclude and set", shellenv.Policy{Inherit: "all", IgnoreDefaultExcludes: true, Exclude: []string{"h*", "x"},
			Set: map[string]string{"X": "2"}}, []string{"MY_TOKEN=t", "PATH=/bin", "PWD=/w", "X=2"}},
		{"only", shellenv.Policy{Inherit: "all", IgnoreDefaultExcludes: true, IncludeOnly: []string{"PATH"}}, []string{"PATH=/bin", "PWD=/w"}},
	}
	for _, tt := range tests {
		if got := environment(tt.e, env, "/w"); !slices.Equal(got, tt.want) {
			t.Errorf("%s: %v, want %v", tt.name, got, tt.want)
		}
	}
}

func TestUsageError(t *testing.T) {
	if _, err := parse(nil); !errors.Is(err, errUsage) {
		t.Error(err)
	}
}
