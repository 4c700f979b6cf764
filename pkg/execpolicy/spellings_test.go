package execpolicy

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// scripts reads a file of testdata, a script a line.
func scripts(t *testing.T, file string, atLeast int) []string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", file))
	if err != nil {
		t.Fatal(err)
	}
	all := strings.Split(strings.TrimSuffix(string(b), "\n"), "\n")
	if len(all) < atLeast {
		t.Fatalf("%s has %d scripts", file, len(all))
	}
	return all
}

// untrusted says what happens to a script where only reading commands run unasked.
func untrusted(script string, sandboxed bool) Verdict {
	return Decide(Call{Argv: []string{"/bin/bash", "-lc", script}, Asking: Asking{Policy: Untrusted}, Sandboxed: sandboxed}).Verdict
}

// TestHarm: everything that could do something is asked about. testdata/harm.txt is made of
// programs that read but for the way that they are called, of every other one, and of ways to
// run one; wrappers.txt of ways to run touch.
func TestHarm(t *testing.T) {
	all := append(scripts(t, "harm.txt", 300), scripts(t, "wrappers.txt", 500)...)
	all = append(all, spellings()...)
	all = append(all, fed()...)
	all = append(all,
		"echo a \\\r\ntouch x", // no line goes on after that
		"echo a \\\r\n\ttouch x", "ls |\r\ntouch x", "ls &&\r\n./x", "ls\r\n", "ls\r", "ls a\\\r\n", "find . -delete\r\n", "cat 'a\rb'",
		"echo a\x00b", "ls \x00", "git lo\x00g", "l\x00s",
		"ls a\u00a0b", "ls\u00a0a", "find .\u2003-delete", "ls \u202ecod.x", "ls a\u200bb", "ls \ufeff", "ls \xa0x", "ls\vx", "ls\fx", "ls a\u2028touch x", "ls \U000e0041",
		"sed -n '1p\nw f' in", "find . -name x -exec touch {} \\\n;", "cat <<E\nx\nE", "cat <<E\n$(touch x)\nE", "tee f <<E\nx\nE", "cat <<< x",
		"ls\ntouch x", "ls;touch x;", "cd bare\ngit status", "ls \\\n&& touch x", "l\\\ns;touch x")
	for _, script := range all {
		for _, sandboxed := range []bool{true, false} {
			if v := untrusted(script, sandboxed); v == Allow {
				t.Errorf("%q runs unasked, sandboxed %t", script, sandboxed)
			}
		}
	}
}

// TestEveryday: what only reads is not asked about.
func TestEveryday(t *testing.T) {
	for _, script := range scripts(t, "everyday.txt", 90) {
		if v := untrusted(script, true); v != Allow {
			t.Errorf("%q: %s", script, v)
		}
		if v := untrusted(script, false); (v == Allow) == strings.Contains(script, "git ") {
			t.Errorf("%q outside of a sandbox: %s", script, v)
		}
	}
}

// TestWrappers: a forbidden program is met behind what may start it.
func TestWrappers(t *testing.T) {
	rules := NewPolicy([]Rule{{Prefix: &PrefixRule{Pattern: [][]string{{"touch"}}, Decision: Forbid}}})
	all := append(scripts(t, "wrappers.txt", 500),
		"touch x\r\n", "ls \\\r\ntouch x", "cat <<E\\\r\nx\nE\r\ntouch x\nEx\n", "tou\x00ch x; touch x", "ls\r\ntouch x\r\n", "time -f %e touch x")
	for _, script := range all {
		for _, policy := range []string{OnRequest, Never} {
			d := Decide(Call{Argv: []string{"/bin/bash", "-lc", script}, Asking: Asking{Policy: policy}, Rules: rules})
			if d.Verdict == Allow {
				t.Errorf("%s: %q runs", policy, script)
			}
		}
	}
	for _, script := range scripts(t, "everyday.txt", 90) {
		if d := Decide(Call{Argv: []string{"/bin/bash", "-lc", script}, Asking: Asking{Policy: Never}, Rules: rules}); d.Verdict != Allow {
			t.Errorf("%q: %s", script, d.Verdict)
		}
	}
}

// TestUsual: rules about some programs ask about no other command that people use every day,
// also where it has their names in it.
func TestUsual(t *testing.T) {
	rules := []Rule{{Prefix: &PrefixRule{Pattern: [][]string{{"git"}, {"push"}}, Decision: Ask}}}
	for _, name := range []string{"rm", "docker", "curl", "sudo", "dd"} {
		rules = append(rules, Rule{Prefix: &PrefixRule{Pattern: [][]string{{name}}, Decision: Ask}})
	}
	policy := NewPolicy(rules)
	for _, script := range scripts(t, "usual.txt", 90) {
		d := Decide(Call{Argv: []string{"/bin/bash", "-lc", script}, Asking: Asking{Policy: OnRequest}, Rules: policy, Sandboxed: true})
		if d.Verdict != Allow {
			t.Errorf("%q: %s, %s", script, d.Verdict, d.Reason)
		}
	}
}
