package policy

import (
	"encoding/json"
	"slices"
	"testing"
)

func paths(p Profile) []string {
	var out []string
	for _, e := range p.FileSystem.Entries {
		name := e.Path.Value
		if e.Path.Type == PathSpecial {
			name = ":" + e.Path.Kind + e.Path.Subpath
		}
		out = append(out, name+"="+string(e.Access))
	}
	return out
}

func TestIn(t *testing.T) {
	p := WorkspaceWrite(WriteOptions{WritableRoots: []string{"/x"}, ExcludeTmpdir: true})
	p.FileSystem.Entries = append(p.FileSystem.Entries, Entry{Path: Path{Type: PathGlob, Value: "**/*.env"}, Access: AccessNone},
		Entry{Path: Path{Type: PathGlob, Value: "/e/*"}, Access: AccessNone})
	want := []string{":root=read", "/w=write", "/v=write", ":slash_tmp=write", "/x=write", "/w/.git=read", "/v/.git=read",
		"/w/.agents=read", "/v/.agents=read", "/w/.codex=read", "/v/.codex=read", "/w/**/*.env=none", "/v/**/*.env=none", "/e/*=none"}
	if !p.Dynamic() {
		t.Error("it is the same everywhere")
	}
	in := p.In([]string{"/w", "/v"})
	if got := paths(in); !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
	if in.Dynamic() || len(paths(p)) == len(want) {
		t.Error("roots are not in their place, or the profile was changed")
	}
}

func TestKeepDenied(t *testing.T) {
	denies := entries("/s", "none", "/w", "write")
	denies.FileSystem.Entries = append(denies.FileSystem.Entries, Entry{Path: Path{Type: PathGlob, Value: "/w/*.env"}, Access: AccessNone})
	denies.FileSystem.GlobDepth = 3
	for _, tt := range []struct {
		name     string
		new, old Profile
		want     []string
		network  bool
	}{
		{"another profile", ReadOnly(), denies, []string{":root=read", "/s=none", "/w/*.env=none"}, false},
		{"the same", denies, denies, paths(denies), false},
		{"no sandbox", FullAccess(), denies, []string{":root=write", "/s=none", "/w/*.env=none"}, true},
		{"no sandbox, nothing denied", FullAccess(), ReadOnly(), nil, false},
		{"somebody else's", Profile{Type: External}, denies, nil, false},
		{"nothing before", ReadOnly(), FullAccess(), []string{":root=read"}, false},
		{"all files", Profile{Type: Managed, FileSystem: FileSystem{Unrestricted: true}}, denies, []string{":root=write", "/s=none", "/w/*.env=none"}, false},
	} {
		got := tt.new.KeepDenied(tt.old)
		if !slices.Equal(paths(got), tt.want) || got.Network != tt.network {
			t.Errorf("%s: %q, network %v", tt.name, paths(got), got.Network)
		}
		if tt.old.Denies() && got.Type == Managed && (!got.Denies() || !got.Confines()) {
			t.Errorf("%s: %+v", tt.name, got)
		}
	}
}

// TestBehindProxy holds that nobody who knows of no proxy opens the network.
func TestBehindProxy(t *testing.T) {
	p := ReadOnly()
	p.Network = true
	proxy := DefaultProxy()
	proxy.Domains = map[string]string{"a.com": DomainAllow}
	p.Proxy = &proxy
	pol := resolve(t, p, Env{Cwd: "/w"})
	if pol.Network || pol.Proxy == nil || !pol.Restricted() {
		t.Errorf("%+v", pol)
	}
	b, err := json.Marshal(p)
	if err != nil {
		t.Fatal(err)
	}
	var old struct{ Network string }
	if err := json.Unmarshal(b, &old); err != nil || old.Network != "restricted" {
		t.Errorf("%s", b)
	}
	var back Profile
	if err := json.Unmarshal(b, &back); err != nil || !back.Network || back.Proxy == nil || back.Proxy.Domains["a.com"] != DomainAllow || !back.Proxy.Socks5 {
		t.Errorf("%+v, %v", back, err)
	}
}

func TestNestedDecisions(t *testing.T) {
	p := entries("/w", "write", "/w/s", "none", "/w/s/r", "read", "/w/s/r/d", "none", "/w/s/p", "write")
	p.FileSystem.Entries = append(p.FileSystem.Entries, Entry{Path: Path{Type: PathGlob, Value: "/w/**/*.{env,pem}"}, Access: AccessNone},
		Entry{Path: Path{Type: PathGlob, Value: "/w/all/**"}, Access: AccessNone}, Entry{Path: Path{Type: PathGlob, Value: "/w/[!x]/k"}, Access: AccessNone})
	pol := resolve(t, p, Env{Cwd: "/w"})
	for name, want := range map[string]Access{
		"/w/f": AccessWrite, "/w/s/f": AccessNone, "/w/s/r/f": AccessRead, "/w/s/r/d/f": AccessNone, "/w/s/p/f": AccessWrite,
		"/w/s/p/.git": AccessRead, "/w/a.env": AccessNone, "/w/s/p/a.pem": AccessNone, "/w/all": AccessNone, "/w/all/f": AccessNone,
		"/w/a/k": AccessNone, "/w/x/k": AccessWrite, "/etc": AccessRead,
	} {
		if got := pol.access(name, true); got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
}
