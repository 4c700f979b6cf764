package config

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"codex/pkg/policy"
)

// captured is one run of `codex exec` 0.133.0 with a scripted model: what its
// session file says of the profile, and the folders that it told the model.
type captured struct {
	Name, Config, Err, Header string
	Args, Warnings, Writable  []string
	Env                       map[string]string
	Untrusted                 bool
	Profile                   json.RawMessage
	Legacy                    struct {
		Type            string
		WritableRoots   []string `json:"writable_roots"`
		NetworkAccess   any      `json:"network_access"`
		ExcludeTmpdir   bool     `json:"exclude_tmpdir_env_var"`
		ExcludeSlashTmp bool     `json:"exclude_slash_tmp"`
	}
}

// options reads the few flags that the captures use.
func (c captured) options(env Env) Options {
	o := Options{Env: env}
	for a := c.Args; len(a) > 0; a = a[1:] {
		value := ""
		if len(a) > 1 {
			value = a[1]
		}
		switch a[0] {
		case "-s":
			o.Sandbox = value
		case "-c":
			o.Overrides = append(o.Overrides, value)
		case "-p":
			o.Profile = value
		case "-C":
			o.Cwd = value
		case "--add-dir":
			o.AddDirs = append(o.AddDirs, value)
		case "--yolo", "--dangerously-bypass-approvals-and-sandbox":
			o.Bypass = true
			continue
		case "--full-auto":
			o.FullAuto = true
			continue
		}
		a = a[1:]
	}
	return o
}

// TestPeerPermissions compares profiles with what the original made of them.
func TestPeerPermissions(t *testing.T) {
	differs := map[string]string{
		"builtin danger old": "the older name is known",
		"nested slash_tmp":   ":slash_tmp is known, as in later versions",
		"specials":           ":slash_tmp and the older :project_roots are known",
		"tmpdir glob nested": "the original's words make no sense there",
	}
	f, err := os.Open("testdata/permissions.0.133.0.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	s := bufio.NewScanner(f)
	s.Buffer(nil, 1<<20)
	n := 0
	for s.Scan() {
		base, err := filepath.EvalSymlinks(t.TempDir())
		if err != nil {
			t.Fatal(err)
		}
		line := strings.ReplaceAll(s.Text(), "$B", base)
		var c captured
		if err := json.Unmarshal([]byte(line), &c); err != nil {
			t.Fatal(err)
		}
		if _, ok := differs[c.Name]; ok {
			continue
		}
		n++
		t.Run(c.Name, func(t *testing.T) { c.compare(t, base) })
	}
	if n < 120 {
		t.Errorf("only %d cases", n)
	}
}

func (c captured) compare(t *testing.T, base string) {
	home := filepath.Join(base, "home")
	for _, d := range []string{"ws/docs", "out"} {
		if err := os.MkdirAll(filepath.Join(base, d), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	text := c.Config
	if !c.Untrusted {
		text += "\n[projects.\"" + base + "/ws\"]\ntrust_level=\"trusted\"\n"
	}
	write(t, filepath.Join(home, "config.toml"), text)
	env := Env{Home: filepath.Join(base, "userhome"), Cwd: filepath.Join(base, "ws"), SystemDir: filepath.Join(base, "etc"),
		Get: func(name string) string { return map[string]string{"CODEX_HOME": home}[name] }}
	cfg, err := Load(context.Background(), c.options(env))
	if c.Err != "" {
		if e := AsError(err); e == nil || strings.TrimSpace(e.Message()) != c.Err {
			t.Fatalf("got  %v\nwant %s", err, c.Err)
		}
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	// Ours expands any pattern, and does not warn of one without a depth.
	want := slices.DeleteFunc(c.Warnings, func(w string) bool { return strings.HasPrefix(w, "Filesystem deny-read glob") })
	// Only ours warns of a profile that leaves the working folder out.
	own := func(w string) bool { return strings.Contains(w, "does not cover the working folder") }
	if cfg.Warnings = slices.DeleteFunc(cfg.Warnings, own); !slices.Equal(cfg.Warnings, want) {
		t.Errorf("warnings %q, want %q", cfg.Warnings, want)
	}
	p := cfg.Permissions.In()
	got, err := json.Marshal(p)
	if err != nil {
		t.Fatal(err)
	}
	// A proxy is beside the profile in the original.
	if p.Proxy != nil {
		p.Proxy = nil
		got, _ = json.Marshal(p)
	}
	if string(got) != string(c.Profile) {
		t.Errorf("profile\ngot  %s\nwant %s", got, c.Profile)
	}
	penv := policy.Env{Cwd: cfg.Cwd, Tmpdir: c.Env["TMPDIR"], FS: testFS{}}
	l, w := p.Legacy(penv), c.Legacy
	net := w.NetworkAccess == true || w.NetworkAccess == "enabled" || w.Type == policy.ModeFullAccess
	if l.Mode != w.Type || l.Network != net || l.Mode == policy.ModeWorkspaceWrite &&
		(!slices.Equal(l.WritableRoots, w.WritableRoots) || l.ExcludeTmpdir != w.ExcludeTmpdir || l.ExcludeSlashTmp != w.ExcludeSlashTmp) {
		t.Errorf("legacy %+v, want %+v", l, w)
	}
	if l.Custom != strings.HasPrefix(c.Header, "custom permissions") {
		t.Errorf("custom %v, header %s", l.Custom, c.Header)
	}
	roots := slices.Sorted(slices.Values(p.WritableRoots(penv)))
	slices.Sort(c.Writable) // theirs are sorted, but under another name than this folder's
	if l.Mode == policy.ModeWorkspaceWrite && !slices.Equal(roots, c.Writable) {
		t.Errorf("writable %q, want %q", roots, c.Writable)
	}
}

// TestPermissionNetwork holds that any key beside enabled asks for the proxy.
func TestPermissionNetwork(t *testing.T) {
	all := policy.DefaultProxy()
	some := all
	some.Mode, some.Socks5, some.ProxyURL = policy.ProxyLimited, false, "http://127.0.0.1:1"
	some.Domains = map[string]string{"a.com": policy.DomainAllow, "*.b.com": policy.DomainDeny}
	some.UnixSockets = map[string]string{"/s": policy.SocketAllow}
	some.LocalBinding, some.AllUnixSockets = true, true
	for text, want := range map[string]policy.Profile{
		"":                                 {},
		"enabled=false\nmode='limited'":    {},
		"mode='limited'":                   {},
		"enabled=true":                     {Network: true},
		"enabled=true\nenable_socks5=true": {Network: true, Proxy: &all},
		`enabled=true
mode="limited"
enable_socks5=false
proxy_url="http://127.0.0.1:1"
domains={"a.com"="allow","*.b.com"="deny"}
unix_sockets={"/s"="allow"}
allow_local_binding=true
dangerously_allow_all_unix_sockets=true`: {Network: true, Proxy: &some},
	} {
		env := testEnv(t, nil)
		write(t, filepath.Join(env.home(), "config.toml"), "default_permissions='a'\n[permissions.a.filesystem]\n':root'='read'\n[permissions.a.network]\n"+text)
		got := load(t, Options{Env: env}).Permissions.Profile
		if got.Network != want.Network || !reflect.DeepEqual(got.Proxy, want.Proxy) {
			t.Errorf("%s: %v %+v", text, got.Network, got.Proxy)
		}
	}
}

// testFS looks at the real disk.
type testFS struct{}

func (testFS) Lstat(name string) (fs.FileInfo, error)   { return os.Lstat(name) }
func (testFS) Readlink(name string) (string, error)     { return os.Readlink(name) }
func (testFS) EvalSymlinks(name string) (string, error) { return filepath.EvalSymlinks(name) }
func (testFS) ReadFile(string) ([]byte, error)          { return nil, errors.ErrUnsupported }
