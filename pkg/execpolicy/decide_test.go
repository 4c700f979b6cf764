package execpolicy

import (
	"bufio"
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"
)

// testdata/matrix.jsonl is what the original did with each kind of command under each
// policy and sandbox, every question answered with accept (sandbox spec §8.3).
func TestMatrix(t *testing.T) {
	f, err := os.Open("testdata/matrix.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	n := 0
	for sc := bufio.NewScanner(f); sc.Scan(); n++ {
		var c struct {
			Policy, Sandbox, Kind, Cmd, Output string
			Escalate, Asked                    bool
			Amendment                          []string
			Ran                                *string
		}
		if err := json.Unmarshal(sc.Bytes(), &c); err != nil {
			t.Fatal(err)
		}
		name := c.Policy + " " + c.Sandbox + " " + c.Kind
		call := Call{Argv: []string{"/bin/bash", "-lc", c.Cmd}, Policy: c.Policy, AskUser: true, Sandboxed: c.Sandbox != "danger-full-access",
			Escalate: c.Escalate, Display: "CMD"}
		if strings.HasPrefix(c.Policy, "granular") {
			call.Policy, call.AskUser = Granular, c.Policy != "granular(sandbox=false)"
		}
		if c.Escalate {
			refusal := EscalationRefusal(call.Policy)
			if (refusal != "") != (c.Ran == nil) {
				t.Errorf("%s: refusal %q", name, refusal)
			}
			if refusal != "" {
				if call.Policy != Granular && refusal != c.Output {
					t.Errorf("%s: says %q, the original %q", name, refusal, c.Output)
				}
				continue
			}
		}
		d := Decide(call)
		if (d.Verdict == Ask) != c.Asked || (d.Verdict == Forbid) != (c.Ran == nil) {
			t.Errorf("%s: verdict %d, asked %t, ran %v", name, d.Verdict, c.Asked, c.Ran)
		}
		if c.Asked && !c.Escalate && !slices.Equal(d.Amendment, c.Amendment) {
			t.Errorf("%s: proposes %q, the original %q", name, d.Amendment, c.Amendment)
		}
		if c.Ran != nil && call.Sandboxed && d.Unsandboxed != (*c.Ran == "UNSANDBOXED") {
			t.Errorf("%s: unsandboxed %t, the original ran it %s", name, d.Unsandboxed, *c.Ran)
		}
	}
	if n < 100 {
		t.Errorf("only %d rows", n)
	}
}

// The rows are those of sandbox spec §9.1.
func TestSplit(t *testing.T) {
	for script, want := range map[string]string{
		"ls -la | wc -l || true; pwd": "ls,-la|wc,-l|true|pwd",
		"ls\npwd\n":                   "ls|pwd",
		`echo 'a'"b"c`:                "echo,abc",
		"ls *.c":                      "ls,*.c",
		"ls ~":                        "ls,~",
		`echo a\ b`:                   `echo,a\ b`,
		"echo {a,b}":                  "echo,{a,b}",
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
		"ls -la": true, "/x/ls": true, "sort f": false, "find . -name x": true, "find . -delete": false, "sed -n 1,3p f": true, "sed -n 1,3p f g": false,
		"sed -i s/a/b/ f": false, "git status": true, "git -C x status": false, "git log --output=x": false, "git branch": true, "git branch x": false,
		"git --no-pager diff": true, "rg --pre x y": false, "rg x": true, "base64 -o f": false, "git push": false, "env ls": false, "git": false,
	} {
		if got := Safe(strings.Fields(line)); got != want {
			t.Errorf("Safe(%s) = %t", line, got)
		}
	}
	for line, want := range map[string]bool{"rm -rf x": true, "rm -f x": true, "rm -fr x": false, "sudo rm -f x": true, "/bin/rm -rf x": false, "rm x": false} {
		if got := Dangerous(strings.Fields(line)); got != want {
			t.Errorf("Dangerous(%s) = %t", line, got)
		}
	}
}

func FuzzSplit(f *testing.F) {
	f.Add("ls && rm -rf x")
	f.Add("echo $(a) <<E\nE")
	f.Fuzz(func(t *testing.T, script string) {
		cmds, ok := Split([]string{"bash", "-c", script})
		if ok && len(cmds) == 0 {
			t.Errorf("%q splits into nothing", script)
		}
	})
}
