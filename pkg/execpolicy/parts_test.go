package execpolicy

import (
	"slices"
	"strings"
	"testing"
)

func join(cmds [][]string) string {
	var out []string
	for _, c := range cmds {
		out = append(out, strings.Join(c, " "))
	}
	return strings.Join(out, "|")
}

func TestHeredoc(t *testing.T) {
	for script, want := range map[string]string{
		"cat <<EOF\nx\nEOF":                    "cat",
		"python3 - <<'EOF'\nprint($(id))\nEOF": "python3 -",
		"python3 -u <<-EOF 2>log\nx\n\tEOF":    "",
		"cat <<EOF <<<x\n$y\nEOF":              "cat",
		"cat <<EOF\n$(id)\nEOF":                "",
		"cat <<EOF\n`id`\nEOF":                 "",
		"cat <<< $(id)":                        "",
		"tee <<< x":                            "",
		"A=1 cat <<EOF\nEOF":                   "",
		"export A=1; cat <<EOF\nEOF":           "",
		"cat <<EOF && ls\nEOF":                 "",
		"! cat <<EOF\nEOF":                     "",
		"cat <<EOF &\nEOF":                     "",
		"(cat <<EOF\nEOF\n)":                   "",
		"'cat' <<EOF\nEOF":                     "",
		"cat $x <<EOF\nEOF":                    "",
		"cat <<EOF >f\nEOF":                    "",
		"cat <<EOF":                            "",
	} {
		p := Take([]string{"bash", "-lc", script})
		got := ""
		if p.Heredoc {
			got = join(p.Commands)
		}
		if got != want || p.Plain {
			t.Errorf("%q: %q, want %q", script, got, want)
		}
	}
}

func TestInner(t *testing.T) {
	for script, want := range map[string]string{
		"A=1 git push":                           "git push",
		"rm -rf $x >log":                         "rm -rf",
		"if true; then rm x; else (mv a b) & fi": "true|rm x|mv a b",
		"echo $(rm 'x y') \"`mv a`\"":            "echo|rm x y|mv a",
		"$cmd x":                                 "",
		"f() { rm x; }; f $1":                    "rm x|f",
		"bash -c 'sh -c \"rm x\"' $0":            "bash -c sh -c \"rm x\"|sh -c rm x|rm x",
		"bash -c 'sh -c \"rm $x\"' >f":           "bash -c sh -c \"rm $x\"|sh -c",
		"rm x\nmv y )":                           "rm x",
		"cat <<EOF\n$(rm x)\nEOF":                "cat|rm x",
		"zsh -lc 'ls | rm x'":                    "ls|rm x", // of a plain command
		"ls && rm x":                             "",
	} {
		p := Take([]string{"/bin/bash", "-lc", script})
		if got := join(p.Inner); got != want {
			t.Errorf("%q: %q, want %q", script, got, want)
		}
	}
	deep := "rm x"
	for range 8 {
		deep = "sh -c '" + strings.ReplaceAll(deep, "'", `'\''`) + "'"
	}
	if n := len(Take([]string{"bash", "-lc", deep}).Inner); n > maxDepth+1 {
		t.Errorf("%d levels", n)
	}
	if n := len(Take([]string{"bash", "-lc", strings.Repeat("x;", 2*maxInner) + "$y"}).Inner); n != maxInner {
		t.Errorf("%d commands", n)
	}
}

// Rules that restrict reach into scripts that can't be judged in parts; rules that allow
// do not.
func TestRestrictsInside(t *testing.T) {
	rules := NewPolicy([]Rule{
		{Prefix: &PrefixRule{Pattern: [][]string{{"rm"}}, Decision: Forbid}},
		{Prefix: &PrefixRule{Pattern: [][]string{{"git"}, {"push"}}, Decision: Ask, Justification: "talk first"}},
		{Prefix: &PrefixRule{Pattern: [][]string{{"make"}}, Decision: Allow}},
	})
	for script, want := range map[string]Decision{
		"rm x":                  {Verdict: Forbid, Reason: "`bash -lc 'rm x'` rejected: policy forbids commands starting with `rm`"},
		"rm x >log":             {Verdict: Forbid, Reason: "`bash -lc 'rm x >log'` rejected: policy forbids commands starting with `rm`"},
		"ls; sh -c 'rm x'":      {Verdict: Forbid, Reason: "`bash -lc \"ls; sh -c 'rm x'\"` rejected: policy forbids commands starting with `rm`"},
		"/bin/rm x":             {Verdict: Forbid, Reason: "`bash -lc '/bin/rm x'` rejected: policy forbids commands starting with `rm`"},
		"A=1 git push":          {Verdict: Ask, Reason: "`bash -lc 'A=1 git push'` requires approval: talk first"},
		"A=1 make":              {},
		"make >log":             {},
		"make":                  {Unsandboxed: true},
		"make && make x":        {Unsandboxed: true},
		"make && ls":            {},
		"make && sh -c 'ls'":    {},
		"/usr/bin/make":         {Unsandboxed: true},
		"/work/make":            {}, // a command in the sandbox may have put it there
		"make <<EOF\nx\nEOF":    {Unsandboxed: true},
		"make <<EOF\n$(x)\nEOF": {},
	} {
		d := Decide(Call{Argv: []string{"bash", "-lc", script}, Asking: Asking{Policy: OnRequest}, Sandboxed: true, Rules: rules,
			Writable: func(path string) bool { return strings.HasPrefix(path, "/work/") }})
		if d.Verdict != want.Verdict || d.Reason != want.Reason || d.Unsandboxed != want.Unsandboxed {
			t.Errorf("%q: %s %q unsandboxed %t", script, d.Verdict, d.Reason, d.Unsandboxed)
		}
	}
}

func TestHostListBeatsWritable(t *testing.T) {
	rules := NewPolicy([]Rule{{Prefix: &PrefixRule{Pattern: [][]string{{"tool"}}, Decision: Allow}},
		{Host: &HostExecutable{Name: "tool", Paths: []string{"/work/bin/tool"}}}})
	for path, want := range map[string]bool{"/work/bin/tool": true, "/work/tool": false, "/usr/bin/tool": false} {
		d := Decide(Call{Argv: []string{path}, Asking: Asking{Policy: OnRequest}, Sandboxed: true, Rules: rules, Writable: func(string) bool { return true }})
		if d.Unsandboxed != want {
			t.Errorf("%s: unsandboxed %t", path, d.Unsandboxed)
		}
	}
}

func TestBanned(t *testing.T) {
	for _, line := range []string{"", "python3", "python -", "python3 -c", "py -3", "git", "bash", "bash -lc", "sh -c", "/bin/zsh -lc", "pwsh -c", "powershell.exe -Command", "env", "sudo", "node -e", "php -r", "osascript"} {
		if !Banned(strings.Fields(line)) {
			t.Errorf("%q is not banned", line)
		}
	}
	for _, line := range []string{"git push", "python3 -m", "python3 x.py", "bash -c", "env A=1", "rm", "node x", "sh -c ls"} {
		if Banned(strings.Fields(line)) {
			t.Errorf("%q is banned", line)
		}
	}
}

// The model's own rule is proposed when it would allow everything, and nothing else says
// anything about the call.
func TestPrefixRule(t *testing.T) {
	rules := NewPolicy([]Rule{{Prefix: &PrefixRule{Pattern: [][]string{{"tee"}}, Decision: Allow}}})
	for _, c := range []struct {
		script, prefix, want string
	}{
		{"touch a", "touch", "touch"},
		{"touch a && touch b", "touch", "touch"},
		{"touch a && ln b", "touch", "touch a"},
		{"touch a && tee b", "touch", "touch a"}, // a rule matches already
		{"touch a", "ln", "touch a"},
		{"touch a", "", "touch a"},
		{"git push", "git", "git push"}, // banned
		{"git push x", "git push", "git push"},
		{"touch $x", "touch", "bash -lc touch $x"},
		{"touch a <<E\nE", "touch", ""},
	} {
		d := Decide(Call{Argv: []string{"bash", "-lc", c.script}, Asking: Asking{Policy: OnRequest}, Sandboxed: true, Escalate: true, Rules: rules, PrefixRule: strings.Fields(c.prefix)})
		if d.Verdict != Ask || strings.Join(d.Amendment, " ") != c.want {
			t.Errorf("%q with %q: %s, proposes %q", c.script, c.prefix, d.Verdict, d.Amendment)
		}
	}
}

func FuzzTake(f *testing.F) {
	for _, s := range []string{"ls && rm -rf x", "cat <<E\n$(a)\nE", "bash -c 'sh -c \"x $y\"' >f", "time -p ls | wc", "if a; then b; fi", "x\n)", "0&0\xff"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, script string) {
		call := []string{"bash", "-lc", script}
		p := Take(call)
		if len(p.Commands) == 0 || slices.ContainsFunc(p.Commands, func(c []string) bool { return len(c) == 0 }) {
			t.Errorf("%q: commands %q", script, p.Commands)
		}
		if slices.ContainsFunc(p.Inner, func(c []string) bool { return len(c) == 0 }) || !p.Plain && len(p.Commands) != 1 {
			t.Errorf("%q: %+v", script, p)
		}
		// What can't be taken apart is never safe.
		if !p.Plain && Safe(call) {
			t.Errorf("%q is safe", script)
		}
	})
}
