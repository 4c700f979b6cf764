package seatbelt

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"codex/pkg/policy"
)

func resolve(t testing.TB, p policy.Profile, cwd string) policy.Policy {
	t.Helper()
	pol, err := p.Resolve(policy.Env{Cwd: cwd, Tmpdir: "/var/folders/zz/T"})
	if err != nil {
		t.Fatal(err)
	}
	return pol
}

func generate(t testing.TB, pol policy.Policy, o Options) (Profile, *judge) {
	t.Helper()
	p := Generate(pol, o)
	if err := checkSBPL(p); err != nil {
		t.Fatalf("%v\n%s", err, p.Text)
	}
	j, err := newJudge(p)
	if err != nil {
		t.Fatal(err)
	}
	return p, j
}

func (j *judge) reads(path string) bool  { return j.allows("file-read-data", path, "REGULAR-FILE") }
func (j *judge) writes(path string) bool { return j.allows("file-write-create", path, "REGULAR-FILE") }

func entry(at string, a policy.Access) policy.Entry {
	return policy.Entry{Path: policy.Path{Type: policy.PathLiteral, Value: at}, Access: a}
}

func glob(pattern string) policy.Entry {
	return policy.Entry{Path: policy.Path{Type: policy.PathGlob, Value: pattern}, Access: policy.AccessNone}
}

func profileOf(entries ...policy.Entry) policy.Profile {
	return policy.Profile{Type: policy.Managed, FileSystem: policy.FileSystem{Entries: entries}}
}

func TestWorkspaceWrite(t *testing.T) {
	pol := resolve(t, policy.WorkspaceWrite(policy.WriteOptions{WritableRoots: []string{"/extra"}}), "/Users/u/w")
	p, j := generate(t, pol, Options{})
	for path, want := range map[string]bool{
		"/Users/u/w/f": true, "/Users/u/w": true, "/extra/x": true,
		"/private/tmp/x": true, "/private/var/folders/zz/T/x": true, // as the kernel spells them
		"/tmp/x": false, "/var/folders/zz/T/x": false, // which are links to it
		"/Users/u/f": false, "/Users/u/w2/f": false, "/etc/passwd": false, "/": false,
		"/Users/u/w/.git": false, "/Users/u/w/.git/hooks/x": false, "/Users/u/w/.gitignore": true, "/Users/u/w/sub/.git/config": true,
		"/Users/u/w/.codex": false, "/private/tmp/.agents/x": false, "/Users/u/w/x.git": true,
		// the same names, to a disk that does not tell capitals
		"/Users/u/w/.GIT": false, "/Users/u/w/.Git/config": false, "/Users/u/w/.CODEX": false, "/Users/u/w/.agent\u017f/x": false,
		"/Users/u/w/.agentic": true, "/Users/u/w/.agentx": true, "/Users/u/w/sub/.GIT": true,
	} {
		if j.writes(path) != want {
			t.Errorf("write to %s: want %v", path, want)
		}
		if !j.reads(path) || !j.allows("process-exec", path, "REGULAR-FILE") {
			t.Errorf("%s cannot be read or run", path)
		}
	}
	for path, want := range map[string]bool{"/Users/u/w": false, "/Users/u/w/d": true, "/private/tmp": false, "/private/tmp/d": true, "/Users/u/w/.git": false} {
		if j.allows("file-write-unlink", path, "DIRECTORY") != want {
			t.Errorf("move of %s: want %v", path, want)
		}
	}
	for _, part := range []string{"WRITABLE_ROOT_0", "WRITABLE_ROOT_0_EXCLUDED_0", "/Users/u/w"} {
		if !slices.ContainsFunc(p.Params, func(v Param) bool { return v.Key == part || v.Value == part }) {
			t.Errorf("no parameter %s: %v", part, p.Params)
		}
	}
	if strings.Contains(p.Text, `"/Users/u/w`) {
		t.Error("a path is part of the text as a string")
	}
	if strings.Contains(p.Text, "network-") {
		t.Error("the network is off and spoken of")
	}
}

func TestArgs(t *testing.T) {
	p := Profile{"(version 1)", []Param{{"A_0", "/x y"}, {"B_0", `"=)`}}}
	want := []string{"-p", "(version 1)", "-DA_0=/x y", `-DB_0="=)`, "--", "ls", "-l"}
	if got := p.Args("ls", "-l"); !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
}

// TestOddNames holds that no path gets into the text with a sign that means
// something there.
func TestOddNames(t *testing.T) {
	for _, dir := range []string{`/w/a"b`, "/w/é", "/w/a b", "/w/(a)[b]{c}", "/w/$x^y|z", `/w/back\slash`, "/w/line\nbreak", "/w/\xff", "/w/a;b", "/w/#\""} {
		pol := resolve(t, profileOf(entry("/", policy.AccessRead), entry(dir, policy.AccessWrite), entry(dir+"/no", policy.AccessNone), glob("/**/*.env"), glob(dir+"/*.key")), dir)
		_, j := generate(t, pol, Options{UnixSockets: []string{dir + "/s"}})
		for path, want := range map[string]bool{dir + "/f": true, dir + "/.git/x": false, dir + "/.GIT": false, dir + "/no": false, dir + "/s/t.env": false, "/w/f": false} {
			if j.writes(path) != want {
				t.Errorf("write to %q: want %v", path, want)
			}
		}
		if policy.GlobMatch(dir+"/*.key", dir+"/a.key") && j.reads(dir+"/a.key") {
			t.Errorf("a pattern in %q", dir)
		}
		if j.reads(dir+"/no/x") || j.reads(dir+"/.env") || !j.reads(dir+"/x") {
			t.Errorf("reading in %q", dir)
		}
	}
}

// TestMoves holds that nothing that a rule speaks of gets another name.
func TestMoves(t *testing.T) {
	pol := resolve(t, profileOf(entry("/", policy.AccessRead), entry("/w", policy.AccessWrite), entry("/w/in/repo", policy.AccessWrite),
		entry("/w/deep/secret", policy.AccessNone), entry("/w/d/docs", policy.AccessRead), glob("/w/keys/a/*.pem"), glob("/w/**/*.env")), "/w/in/repo")
	_, j := generate(t, pol, Options{Matches: []string{"/w/some/where/x.env"}})
	for path, want := range map[string]bool{
		"/w": false, "/w/in": false, "/w/in/repo": false, "/w/in/repo/.git": false, "/w/in/other": true,
		"/w/deep": false, "/w/deep/secret": false, "/w/d": false, "/w/d/docs": false, "/w/d/x": true,
		"/w/keys": false, "/w/keys/a": false, "/w/keys/a/b": true, "/w/keys/a/x.pem": false,
		"/w/some": false, "/w/some/where": false, "/w/some/where/x.env": false, "/w/some/else": true,
	} {
		if j.allows("file-write-unlink", path, "DIRECTORY") != want {
			t.Errorf("move of %s: want %v", path, want)
		}
	}
	if !j.writes("/w/in") || !j.allows("file-write-data", "/w/deep", "DIRECTORY") {
		t.Error("a pinned directory can only not be moved")
	}
}

func TestRestrictedReading(t *testing.T) {
	minimal := policy.Entry{Path: policy.Path{Type: policy.PathSpecial, Kind: policy.KindMinimal}, Access: policy.AccessRead}
	pol := resolve(t, profileOf(minimal, entry("/Users/u/w", policy.AccessWrite), entry("/Users/u/w/secret", policy.AccessNone)), "/Users/u/w")
	_, j := generate(t, pol, Options{})
	for path, want := range map[string]bool{
		"/Users/u/w/f": true, "/Users/u/w/secret/f": false, "/Users/u/.ssh/id": false, "/usr/bin/true": true, "/private/etc/hosts": true,
		"/System/Library/Frameworks/X": true, "/Library/Keychains/x": false, "/": true, "/Users": false, "/Users/u": false, "/dev/null": false,
	} {
		if j.reads(path) != want {
			t.Errorf("read of %s: want %v", path, want)
		}
		if want && path != "/" && !j.allows("file-read-metadata", path, "REGULAR-FILE") {
			t.Errorf("%s has no metadata", path)
		}
	}
	for _, path := range []string{"/Users", "/Users/u", "/tmp", "/etc", "/var", "/private"} {
		if !j.allows("file-read-metadata", path, "DIRECTORY") {
			t.Errorf("%s is in the way", path)
		}
	}
	if !j.allows("file-read-data", "/dev/null", "CHARACTER-DEVICE") || j.allows("process-exec", "/opt/x", "REGULAR-FILE") {
		t.Error("/dev/null, or a program that cannot be read")
	}
	// Without the loader nothing runs, and nothing is opened for it.
	_, j = generate(t, resolve(t, profileOf(entry("/Users/u/w", policy.AccessRead)), "/Users/u/w"), Options{})
	if j.reads("/System/Library/Frameworks/X") || !j.reads("/Users/u/w/x") {
		t.Error("the platform without leave")
	}
}

func TestTerminals(t *testing.T) {
	_, j := generate(t, resolve(t, policy.WorkspaceWrite(policy.WriteOptions{}), "/w"), Options{Terminals: []string{"/dev/ttys003"}})
	for path, want := range map[string]bool{"/dev/ttys003": true, "/dev/ttys004": false, "/dev/ttys0033": false} {
		for _, op := range []string{"file-read-data", "file-write-data", "file-ioctl"} {
			if j.allows(op, path, "CHARACTER-DEVICE") != want {
				t.Errorf("%s on %s: want %v", op, path, want)
			}
		}
		if !j.allows("file-read-metadata", path, "CHARACTER-DEVICE") {
			t.Errorf("%s cannot be listed", path)
		}
	}
	full := policy.Policy{FullDiskRead: true, FullDiskWrite: true}
	_, j = generate(t, full, Options{})
	if j.allows("file-write-data", "/dev/ttys004", "CHARACTER-DEVICE") || !j.writes("/etc/x") || !j.writes("/") {
		t.Error("full access without network")
	}
}

func TestNetwork(t *testing.T) {
	base := policy.ReadOnly()
	off := resolve(t, base, "/w")
	proxied := off
	proxied.Proxy = &policy.ProxySettings{}
	local := off
	local.Proxy = &policy.ProxySettings{LocalBinding: true, UnixSockets: map[string]string{"/run/a.sock": policy.SocketAllow, "/run/b.sock": policy.SocketNone}}
	anySocket := off
	anySocket.Proxy = &policy.ProxySettings{AllUnixSockets: true}
	on := off
	on.Network = true
	tests := []struct {
		name     string
		pol      policy.Policy
		o        Options
		has, not []string
	}{
		{"off", off, Options{}, nil, []string{"network-", "AF_SYSTEM", "trustd"}},
		{"on", on, Options{}, []string{"(allow network-outbound)", "(allow network-inbound)", "(allow network-bind)", "AF_SYSTEM) (socket-protocol 2)", "com.apple.trustd.agent"}, nil},
		{"behind a proxy", proxied, Options{ProxyPorts: []int{3128, 8081}},
			[]string{`(remote ip "localhost:3128")`, `(remote ip "localhost:8081")`, "trustd"}, []string{"network-inbound", "(allow network-outbound)", `:*"`, ":53"}},
		{"a proxy without ports is no network", local, Options{}, nil, []string{"network-", "trustd"}},
		{"a proxy and local servers", local, Options{ProxyPorts: []int{1}},
			[]string{`network-bind network-inbound` + "\n" + `  (local ip "localhost:*")`, `(remote ip "localhost:*")`, `(remote ip "*:53")`, "UNIX_SOCKET_PATH_0"}, []string{"UNIX_SOCKET_PATH_1"}},
		{"a proxy and all sockets", anySocket, Options{ProxyPorts: []int{1}}, []string{`(remote unix-socket (path-regex #"^/"))`}, []string{"UNIX_SOCKET_PATH"}},
		{"sockets", off, Options{UnixSockets: []string{"/tmp/s", "/x"}},
			[]string{`(remote unix-socket (subpath (param "UNIX_SOCKET_PATH_0")))`, `(local unix-socket (subpath (param "UNIX_SOCKET_PATH_1")))`}, []string{"(remote ip", "trustd"}},
	}
	for _, tt := range tests {
		p, _ := generate(t, tt.pol, tt.o)
		for _, s := range tt.has {
			if !strings.Contains(p.Text, s) {
				t.Errorf("%s: no %s in\n%s", tt.name, s, p.Text)
			}
		}
		for _, s := range tt.not {
			if strings.Contains(p.Text, s) {
				t.Errorf("%s: %s in\n%s", tt.name, s, p.Text)
			}
		}
	}
	if p, _ := generate(t, off, Options{UnixSockets: []string{"/tmp/s"}}); !slices.Contains(p.Params, Param{"UNIX_SOCKET_PATH_0", "/private/tmp/s"}) {
		t.Errorf("%v", p.Params)
	}
}

func TestReal(t *testing.T) {
	real := func(p string) string { return strings.Replace(p, "/users/", "/Users/", 1) }
	_, j := generate(t, resolve(t, profileOf(entry("/", policy.AccessRead), entry("/users/u/no", policy.AccessNone), glob("/users/u/**/x")), "/w"), Options{Real: real})
	if j.reads("/Users/u/no") || j.reads("/Users/u/a/x") || !j.reads("/Users/u/a") {
		t.Error("a denied path in another case")
	}
}

func TestCheck(t *testing.T) {
	dir := t.TempDir()
	plain, program := filepath.Join(dir, "plain"), filepath.Join(dir, "program")
	os.WriteFile(plain, nil, 0o644)
	os.WriteFile(program, nil, 0o755)
	for path, want := range map[string]string{program: "", plain: "not a program", dir: "not a program", filepath.Join(dir, "no"): "is missing"} {
		if err := Check(path); (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", path, err)
		}
	}
}

func TestExplain(t *testing.T) {
	if got := Explain(policy.Policy{FullDiskRead: true, FullDiskWrite: true, Network: true}); got != nil {
		t.Errorf("%q", got)
	}
	if got := Explain(policy.Policy{Proxy: &policy.ProxySettings{}, DeniedGlobs: []string{"/x"}}); len(got) != 3 {
		t.Errorf("%q", got)
	}
}

// names are few, so that places meet.
func names(r *rand.Rand, max int) string {
	parts := []string{"a", "b", ".git", ".codex", "x.env", "c d", "é", "b+"}
	s := ""
	for range 1 + r.IntN(max) {
		s += "/" + parts[r.IntN(len(parts))]
	}
	return s
}

func randomProfile(r *rand.Rand) policy.Profile {
	var p policy.Profile
	p.Type, p.Network = policy.Managed, r.IntN(2) == 0
	access := []policy.Access{policy.AccessRead, policy.AccessWrite, policy.AccessNone}
	if r.IntN(3) > 0 {
		p.FileSystem.Entries = append(p.FileSystem.Entries, entry("/", access[r.IntN(2)]))
	}
	for range r.IntN(7) {
		p.FileSystem.Entries = append(p.FileSystem.Entries, entry(names(r, 4), access[r.IntN(3)]))
	}
	for range r.IntN(3) {
		globs := []string{"/**/x.env", "/a/*/b", "/b/**", "/?/.codex", "/[ab]/[^a]", "/a/**/**/b+", "/*.env", "/a/b\\+", "/b/[", "/**/c d/**/a"}
		p.FileSystem.Entries = append(p.FileSystem.Entries, glob(globs[r.IntN(len(globs))]))
	}
	return p
}

// TestAgrees holds that a profile and the policy it was made from say the same
// about random paths, whichever rule counts.
func TestAgrees(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	rounds := 1500
	if testing.Short() {
		rounds = 200
	}
	yes := 0
	for range rounds {
		prof := randomProfile(r)
		pol := resolve(t, prof, "/a/b")
		p, last := generate(t, pol, Options{})
		first := *last
		first.reverse = true
		for range 40 {
			path := names(r, 6)
			read, write := pol.CanRead(path), pol.CanWrite(path)
			if read {
				yes++
			}
			for _, j := range []*judge{last, &first} {
				if j.reads(path) != read || j.writes(path) != write || j.allows("process-exec", path, "REGULAR-FILE") != read {
					t.Fatalf("%s: policy reads %v writes %v, profile (reversed %v) reads %v writes %v\n%+v\n%s\n%v",
						path, read, write, j.reverse, j.reads(path), j.writes(path), pol, p.Text, p.Params)
				}
			}
			// In other letters it may be stricter, never wider.
			loud := strings.ReplaceAll(path, "git", "GIt")
			if last.writes(loud) && !pol.CanWrite(loud) || last.reads(loud) != pol.CanRead(loud) {
				t.Fatalf("%s is wider than the policy\n%+v\n%s", loud, pol, p.Text)
			}
			// What can be moved has nothing in it that a rule speaks of.
			if last.allows("file-write-unlink", path, "DIRECTORY") {
				for _, at := range append(append([]string{}, pol.Denied...), places(pol)...) {
					if policy.Below(at, path) {
						t.Fatalf("%s can be moved and holds %s\n%+v\n%s", path, at, pol, p.Text)
					}
				}
			}
		}
	}
	if yes == 0 || yes == rounds*40 {
		t.Error("nothing was tried")
	}
}

// places are those below which something else holds than above.
func places(pol policy.Policy) []string {
	var out []string
	for _, w := range pol.Writable {
		for _, ro := range w.ReadOnly {
			if pol.CanWrite(filepath.Dir(ro)) && !pol.CanWrite(ro) {
				out = append(out, ro)
			}
		}
	}
	return out
}

func FuzzGlob(f *testing.F) {
	for _, s := range []string{"/a/**/*.env", "/[a-c]?/\\*", "/**", "/[^x]y/**/z", "/[", "/a//b", "/[]a]"} {
		f.Add(s, "/a/b/c.env")
	}
	f.Fuzz(func(t *testing.T, g, p string) {
		if len(g) > 200 || len(p) > 200 || !strings.HasPrefix(g, "/") || !strings.HasPrefix(p, "/") || filepath.Clean(g) != g || filepath.Clean(p) != p {
			return
		}
		pol := policy.Policy{FullDiskRead: true, DeniedGlobs: []string{g}}
		prof := Generate(pol, Options{Real: func(p string) string { return p }})
		if err := checkSBPL(prof); err != nil {
			t.Fatalf("%v\n%s", err, prof.Text)
		}
		j, err := newJudge(prof)
		if err != nil {
			t.Fatal(err)
		}
		for _, link := range []string{"/tmp", "/var", "/etc", "/private", "/dev"} {
			if policy.Below(p, link) || policy.Below(fixedPart(g), link) || g == link {
				return
			}
		}
		got, want := !j.reads(p), policy.GlobMatch(g, p)
		if want && !got || got && !want && !strings.ContainsFunc(g+p, func(r rune) bool { return r < ' ' || r > '~' || r == '"' || r == '[' }) {
			t.Errorf("pattern %q on %q: hidden %v, policy says %v\n%s", g, p, got, want, fmt.Sprint(globRegex(g)))
		}
	})
}
