//go:build linux

package sandbox

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

func literal(name string, a policy.Access) policy.Entry {
	return policy.Entry{Path: policy.Path{Type: policy.PathLiteral, Value: name}, Access: a}
}

func pattern(glob string) policy.Entry {
	return policy.Entry{Path: policy.Path{Type: policy.PathGlob, Value: glob}, Access: policy.AccessNone}
}

func special(kind string, a policy.Access) policy.Entry {
	return policy.Entry{Path: policy.Path{Type: policy.PathSpecial, Kind: kind}, Access: a}
}

func profileOf(e ...policy.Entry) policy.Profile {
	return policy.Profile{Type: policy.Managed, FileSystem: policy.FileSystem{Entries: e}}
}

// TestProfilesHold compares policy's answers with the kernel's for random
// profiles: grants within denials within grants, patterns, names that are
// missing, all of the disk or only what is listed.
func TestProfilesHold(t *testing.T) {
	needSpaces(t)
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	rnd := rand.New(rand.NewPCG(seed, 2))
	words := []string{"a", "b", "c", "d.env", ".git", ".codex"}
	name := func(dir string) string {
		for range 1 + rnd.IntN(4) {
			dir = filepath.Join(dir, words[rnd.IntN(len(words))])
		}
		return dir
	}
	accesses := []policy.Access{policy.AccessRead, policy.AccessWrite, policy.AccessNone}
	for round := range 25 {
		p := newSite(t)
		for range 25 {
			n := name([]string{p.ws, p.out}[rnd.IntN(2)])
			if rnd.IntN(3) == 0 {
				os.MkdirAll(filepath.Dir(n), 0o755)
				os.WriteFile(n, nil, 0o644)
			} else {
				os.MkdirAll(n, 0o755)
			}
		}
		var entries []policy.Entry
		if rnd.IntN(2) == 0 {
			entries = []policy.Entry{special(policy.KindRoot, accesses[rnd.IntN(2)])}
		} else {
			entries = []policy.Entry{special(policy.KindMinimal, policy.AccessRead), literal(self, policy.AccessRead)}
		}
		entries = append(entries, literal(p.ws, accesses[rnd.IntN(3)]))
		for range rnd.IntN(8) {
			entries = append(entries, literal(name([]string{p.ws, p.ws, p.out}[rnd.IntN(3)]), accesses[rnd.IntN(3)]))
		}
		for range rnd.IntN(3) {
			globs := []string{"/ws/**/*.env", "/*/a/b", "/ws/[ab]/?", "/ws/c/**", "/ws/*/{a,c}/d*", "/**/b"}
			entries = append(entries, pattern(p.base+globs[rnd.IntN(len(globs))]))
		}
		pol := p.resolve(t, profileOf(entries...))
		var names []string
		for range 80 {
			n := name([]string{p.ws, p.ws, p.out}[rnd.IntN(3)])
			if st, err := os.Stat(filepath.Dir(n)); err == nil && st.IsDir() && compared(pol, n) {
				names = append(names, n)
			}
		}
		spec := Spec{Policy: pol, Argv: append([]string{self}, names...), Dir: "/", Env: append(testEnv(), roleVar+"=touches")}
		r := runSpec(t, spec)
		if r.err != nil || r.exit.Code != 0 {
			t.Fatalf("round %d: %v %s\n%v\n%+v", round, r.err, r.out, entries, pol)
		}
		for i, line := range strings.Split(r.out, "\n") {
			if len(names) == 0 {
				break
			}
			n := names[i]
			want := fmt.Sprint(n, " ", pol.CanRead(n) && exists(n), " ", pol.CanWrite(n))
			if !exists(n) { // what is there in its place can be read, or not
				last := strings.LastIndexByte(line, ' ')
				line, want = line[:strings.LastIndexByte(line[:last], ' ')]+line[last:], fmt.Sprint(n, " ", pol.CanWrite(n))
			}
			if line != want {
				t.Errorf("round %d: the kernel says %q, policy %q\n%v\n%+v", round, line, want, entries, pol)
			}
		}
	}
}

// compared leaves out where policy and kernel differ as they must: a name that
// does not exist yet is not hidden by a pattern, one that would have to become a
// directory for something protected stays as it is, and a directory on the way to
// what is listed is there.
func compared(pol policy.Policy, name string) bool {
	if !exists(name) {
		for _, g := range pol.DeniedGlobs {
			if policy.GlobMatch(g, name) {
				return false
			}
		}
	}
	above := func(at string) bool { return policy.Below(at, name) && at != name }
	if st, err := os.Stat(name); (err != nil || !st.IsDir()) && slices.ContainsFunc(pol.Writable, func(r policy.Root) bool { return slices.ContainsFunc(r.ReadOnly, above) }) {
		return false
	}
	if !pol.FullDiskRead && (slices.ContainsFunc(pol.Readable, above) ||
		slices.ContainsFunc(pol.Writable, func(r policy.Root) bool { return above(r.Path) })) {
		return false
	}
	return true
}

// TestNested opens places below what is hidden, and hides below those.
func TestNested(t *testing.T) {
	needSpaces(t)
	p := newSite(t)
	for _, f := range []string{"secret/s", "secret/open/o", "secret/open/closed/c", "secret/work/w", "secret/work/.git/config"} {
		os.MkdirAll(filepath.Dir(p.ws+"/"+f), 0o755)
		os.WriteFile(p.ws+"/"+f, []byte("text\n"), 0o644)
	}
	pol := p.resolve(t, profileOf(special(policy.KindRoot, policy.AccessRead), literal(p.ws, policy.AccessWrite),
		literal(p.ws+"/secret", policy.AccessNone), literal(p.ws+"/secret/open", policy.AccessRead),
		literal(p.ws+"/secret/open/closed", policy.AccessNone), literal(p.ws+"/secret/work", policy.AccessWrite),
		literal(p.ws+"/missing", policy.AccessNone), literal(p.ws+"/deep/missing", policy.AccessNone)))
	for script, want := range map[string]bool{
		"cat secret/s": false, "ls secret": false, "mkdir secret/n": false, "cat secret/open/o": true, "ls secret/open": true,
		"echo x >secret/open/o": false, "cat secret/open/closed/c": false, "ls secret/open/closed": false,
		"echo x >secret/work/w": true, "touch secret/work/n": true, "echo x >secret/work/.git/config": false, "mkdir secret/work/.codex": false,
		"rm -rf secret/open": false, "mv secret gone": false, "chmod 755 secret": false,
		"mkdir missing": false, "touch missing": false, "mkdir -p deep/missing": false,
	} {
		if r := p.sh(t, pol, script); r.err != nil || (r.exit.Code == 0) != want {
			t.Errorf("%s: %+v, want success %v", script, r, want)
		}
	}
	for _, n := range []string{"missing", "deep"} {
		if exists(p.ws + "/" + n) {
			t.Errorf("%s was left behind", n)
		}
	}
}

// TestPatterns hides what patterns match when the command starts.
func TestPatterns(t *testing.T) {
	needSpaces(t)
	p := newSite(t)
	for _, f := range []string{".env", "a.env", "sub/b.env", "sub/deep/er/c.env", "sub/keys/k", "sub/x.pem", "plain", "node/.env/in"} {
		os.MkdirAll(filepath.Dir(p.ws+"/"+f), 0o755)
		os.WriteFile(p.ws+"/"+f, []byte("text\n"), 0o644)
	}
	os.WriteFile(p.out+"/target", []byte("text\n"), 0o644)
	os.Symlink(p.out+"/target", p.ws+"/link.env")
	os.Symlink("sub", p.ws+"/alias")
	prof := profileOf(special(policy.KindRoot, policy.AccessRead), literal(p.ws, policy.AccessWrite),
		pattern("**/*.env"), pattern(p.ws+"/*/keys/**"), pattern(p.ws+"/sub/*.{pem,key}"))
	all := map[string]bool{
		"cat plain": true, "cat .env": false, "cat a.env": false, "cat sub/b.env": false, "cat sub/deep/er/c.env": false,
		"cat alias/b.env": false, "cat link.env": false, "cat '" + p.out + "'/target": false, "cat node/.env/in": false, "ls node/.env": false,
		"cat sub/keys/k": false, "touch sub/keys/new": false, "cat sub/x.pem": false, "rm -f a.env": false, "echo x >>a.env": false,
		"mv a.env b": false, "touch sub/n": true, "ls sub/deep/er": true,
	}
	for script, want := range all {
		if r := p.sh(t, p.resolve(t, prof), script); r.err != nil || (r.exit.Code == 0) != want {
			t.Errorf("%s: %+v, want success %v", script, r, want)
		}
	}
	prof.FileSystem.GlobDepth = 2
	for script, want := range map[string]bool{"cat .env": false, "cat sub/b.env": false, "cat sub/deep/er/c.env": true} {
		if r := p.sh(t, p.resolve(t, prof), script); r.err != nil || (r.exit.Code == 0) != want {
			t.Errorf("depth 2: %s: %+v, want success %v", script, r, want)
		}
	}
}
