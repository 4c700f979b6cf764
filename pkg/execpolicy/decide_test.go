package execpolicy

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"mvdan.cc/sh/v3/expand"
	"mvdan.cc/sh/v3/syntax"
)

// rows reads a file of testdata, one JSON object a line.
func rows[T any](t *testing.T, file string, want int) []T {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", file))
	if err != nil {
		t.Fatal(err)
	}
	var out []T
	for line := range bytes.Lines(bytes.ReplaceAll(b, []byte("$W"), []byte("/work"))) {
		var r T
		if err := json.Unmarshal(line, &r); err != nil {
			t.Fatal(err)
		}
		out = append(out, r)
	}
	if len(out) != want {
		t.Fatalf("%s has %d rows, not %d", file, len(out), want)
	}
	return out
}

// row is what the original did with a command, every question answered with accept.
type row struct {
	Policy, Sandbox, Kind, Cmd string
	Escalate                   bool
	Prefix                     []string
	Asked                      *struct {
		Reason    string
		Amendment []string
	}
	Ran    string // sandboxed, UNSANDBOXED, failed, or "" when it was rejected
	Output string // the end of the output that the model got then
}

func (r row) call(rules *Policy) Call {
	c := Call{Argv: []string{"/bin/bash", "-lc", r.Cmd}, Sandboxed: r.Sandbox != "danger-full-access", Escalate: r.Escalate, PrefixRule: r.Prefix, Rules: rules}
	c.Asking = Asking{Policy: r.Policy, Flags: Flags{SandboxApproval: true, Rules: true, SkillApproval: true, RequestPermissions: true, MCPElicitations: true}}
	if name, flags, ok := strings.Cut(r.Policy, "("); ok {
		c.Asking.Policy = name
		c.Asking.Flags.SandboxApproval = flags != "sandbox=false)"
		c.Asking.Flags.Rules = flags != "rules=false)"
	}
	return c
}

// matrixRules are the rules that the captures were made with.
func matrixRules() *Policy {
	rule := func(flag string, d Verdict, why string) Rule {
		return Rule{Prefix: &PrefixRule{Pattern: [][]string{{"sed"}, {flag}}, Decision: d, Justification: why}}
	}
	return NewPolicy([]Rule{rule("-E", Allow, ""), rule("-u", Ask, "ask first"), rule("-s", Forbid, "use sed -E instead")})
}

// testdata/matrix.jsonl is what the original did with each kind of command under each
// policy and sandbox.
func TestMatrix(t *testing.T) {
	rules := matrixRules()
	for _, r := range rows[row](t, "matrix.jsonl", 231) {
		name := r.Policy + " " + r.Sandbox + " " + r.Kind
		c := r.call(rules)
		if r.Escalate {
			if refusal := c.Asking.EscalationRefusal("cannot"); refusal != "" {
				if r.Ran != "" || !strings.HasSuffix(refusal, r.Output) {
					t.Errorf("%s: refused with %q, the original %q", name, refusal, r.Output)
				}
				continue
			}
		}
		d := Decide(c)
		if d.Verdict == Forbid {
			if r.Ran != "" || !strings.Contains(r.Output, `\"`+d.Reason+`\"`) {
				t.Errorf("%s: rejected with %q, the original ran it %q or said %q", name, d.Reason, r.Ran, r.Output)
			}
			continue
		}
		asked, reason, unsandboxed := d.Verdict == Ask, d.Reason, d.Unsandboxed
		if reason == "" && r.Escalate {
			reason = "May I?" // the model's own words
		}
		if r.Kind == "fails_in_sandbox" && c.Sandboxed {
			if r.Ran == "failed" {
				continue // whether the original notices in time that the sandbox was in the way is a race
			}
			unsandboxed = true
			if !asked {
				asked, reason = true, "command failed; retry without sandbox?"
			}
		}
		if asked != (r.Asked != nil) || r.Ran == "" {
			t.Errorf("%s: verdict %s, the original asked %t and ran it %q", name, d.Verdict, r.Asked != nil, r.Ran)
			continue
		}
		if asked && (reason != r.Asked.Reason || !slices.Equal(d.Amendment, r.Asked.Amendment)) {
			t.Errorf("%s: asks %q and proposes %q, the original %q", name, reason, d.Amendment, *r.Asked)
		}
		if c.Sandboxed && unsandboxed != (r.Ran == "UNSANDBOXED") {
			t.Errorf("%s: unsandboxed %t, the original ran it %s", name, unsandboxed, r.Ran)
		}
	}
}

// testdata/cases.jsonl are single commands and the answers to them, in one session; what
// the session remembers is not decided here, so its rows are left out.
func TestCases(t *testing.T) {
	type one struct {
		row
		Name          string
		Justification string
		Status        string
	}
	for _, r := range rows[one](t, "cases.jsonl", 44) {
		if strings.Contains(r.Name, "cached") && r.Escalate || strings.Contains(r.Name, "after acceptForSession") || strings.Contains(r.Name, "login=false") || r.Name == "after amendment" {
			continue
		}
		if r.Name == "glob" || r.Name == "brace" || r.Name == "escape" || r.Name == "abs path ls" || r.Name == "evil path ls" {
			continue // no plain words and names here, so these are asked about
		}
		c := r.call(nil)
		c.Sandboxed = true
		d := Decide(c)
		if (d.Verdict == Ask) != (r.Asked != nil) || d.Verdict == Forbid {
			t.Errorf("%s: verdict %s, the original asked %t", r.Name, d.Verdict, r.Asked != nil)
		} else if r.Asked != nil && !slices.Equal(d.Amendment, r.Asked.Amendment) {
			t.Errorf("%s: proposes %q, the original %q", r.Name, d.Amendment, r.Asked.Amendment)
		}
	}
}

// What can be taken apart into plain commands. The original takes patterns, braces and
// backslashes as well, as they are written.
func TestSplit(t *testing.T) {
	for script, want := range map[string]string{
		"ls -la | wc -l || true; pwd": "ls,-la|wc,-l|true|pwd",
		"ls\npwd\n":                   "ls|pwd",
		`echo 'a'"b"c`:                "echo,abc",
		"ls *.c":                      "", // may become an option
		"ls src/*.c":                  "ls,src/*.c",
		"ls -d*":                      "",
		`rg "a\.b\"" f`:               `rg,a\.b",f`,
		"git show HEAD@{1}":           "git,show,HEAD@{1}",
		"find . {-exec,touch,x}":      "",
		"ls ~":                        "ls,~",
		`echo a\ b`:                   "",
		"echo {a,b}":                  "",
		"echo {1..3}":                 "",
		"ls 2>/dev/null":              "",
		"echo $x":                     "",
		"echo $(ls)":                  "",
		"echo `ls`":                   "",
		"echo $'a'":                   "",
		"A=1 cmd":                     "",
		"(ls)":                        "",
		"{ ls; }":                     "",
		"ls &":                        "",
		"! ls":                        "",
		"ls # no":                     "",
		"ls &&":                       "",
		"&& ls":                       "",
		`"ls" -l`:                     "",
		"if true; then ls; fi":        "",
		"cat <<EOF\nx\nEOF":           "",
		"":                            "",
	} {
		cmds, ok := Split([]string{"/bin/bash", "-lc", script})
		got := ""
		for i, c := range cmds {
			if i > 0 {
				got += "|"
			}
			got += strings.Join(c, ",")
		}
		if ok != (want != "") || ok && got != want {
			t.Errorf("Split(%q) = %q, %t; want %q", script, got, ok, want)
		}
	}
}

func TestKnown(t *testing.T) {
	for line, want := range map[string]bool{
		"ls -la": true, "/bin/ls": false, "./ls": false, "sub/git status": false, "uniq f": true, "uniq -c f": true, "uniq f out": false, "uniq -- -f -out": false,
		"git diff --outp=f": false, "git log --text": true, "base64 --out=f": false, "rg --pre=sh x": false, "rg --pretty x": true, "bash -lc ls": true, "./bash -c ls": false, "sed -n p f": false, "sed -n 5p f": true, "sed -n 1,p f": false,
		"sort f": false, "find . -name x": true, "find . -delete": false, "sed -n 1,3p f": true, "sed -n 1,3p f g": false,
		"sed -i s/a/b/ f": false, "git status": true, "git -C x status": false, "git log --output=x": false, "git branch": true, "git branch x": false,
		"git --no-pager diff": true, "rg --pre x y": false, "rg x": true, "base64 -o f": false, "git push": false, "env ls": false, "git": false,
	} {
		if got := Safe(strings.Fields(line), true); got != want {
			t.Errorf("Safe(%s) = %t", line, got)
		}
	}
	if Safe([]string{"git", "status"}, false) {
		t.Error("git outside of a sandbox runs what a repository names")
	}
	if !Safe([]string{"bash", "-c", "ls && pwd"}, false) || Safe([]string{"./bash", "-c", "ls"}, false) {
		t.Error("a shell by its name")
	}
	for line, want := range map[string]bool{"rm -rf x": true, "rm -f x": true, "rm -fr x": false, "sudo rm -f x": true, "/bin/rm -rf x": false, "rm x": false} {
		if got := Dangerous(strings.Fields(line)); got != want {
			t.Errorf("Dangerous(%s) = %t", line, got)
		}
	}
}

// FuzzSplit holds plain words against what an interpreter makes of them.
func FuzzSplit(f *testing.F) {
	for _, s := range []string{"ls && rm -rf x", "echo $(a) <<E\nE", `echo a\ b "c\"d" 'e'`, "find . {-exec,touch,x}", "ls *.c | cat -*", "echo {1..3}", `e"ch"o "\\"`, "time -p ls"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, script string) {
		cmds, ok := Split([]string{"bash", "-c", script})
		if !ok {
			return
		}
		if len(cmds) == 0 {
			t.Fatalf("%q splits into nothing", script)
		}
		var words []string
		for _, c := range cmds {
			for _, w := range c {
				if w != "time" && w != "-p" { // a word of the language to the parser
					words = append(words, w)
				}
			}
		}
		file, err := bash().Parse(strings.NewReader(script), "")
		if err != nil {
			t.Fatal(err)
		}
		var fields []string
		syntax.Walk(file, func(n syntax.Node) bool {
			if c, ok := n.(*syntax.CallExpr); ok {
				got, err := expand.Fields(&expand.Config{Env: expand.ListEnviron()}, c.Args...)
				if err != nil {
					t.Fatalf("%q: %v", script, err)
				}
				for _, w := range got {
					if w != "time" && w != "-p" {
						fields = append(fields, w)
					}
				}
			}
			return true
		})
		if strings.Contains(script, "~") { // whose home it is nobody says
			return
		}
		if !slices.Equal(words, fields) {
			t.Errorf("%q: %q, the interpreter has %q", script, words, fields)
		}
	})
}
