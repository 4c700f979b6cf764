package argv

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"codex/pkg/config"
)

// call runs the program in dir, with an empty configuration.
// TestMain makes the test the program that runs rules files.
func TestMain(m *testing.M) {
	if len(os.Args) > 2 && os.Args[1] == "compile" {
		os.Exit(Main(context.Background(), os.Args[1:], Process{Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr}))
	}
	os.Exit(m.Run())
}

func call(t *testing.T, dir string, args ...string) (status int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	status = Main(context.Background(), args, Process{Self: self, Stdout: &out, Stderr: &errs, Env: config.Env{Cwd: dir, Home: dir, SystemDir: filepath.Join(dir, "etc")}})
	return status, out.String(), errs.String()
}

// testdata/check.jsonl is what the original answered to check, with the rules of the row
// or those of testdata/t.rules.
func TestCheck(t *testing.T) {
	usual, err := os.ReadFile("testdata/t.rules")
	if err != nil {
		t.Fatal(err)
	}
	table, err := os.ReadFile("testdata/check.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	t.Chdir(t.TempDir())
	n := 0
	for line := range bytes.Lines(table) {
		n++
		var c struct {
			Argv             []string
			RC               int
			Stdout, Says, At string
			Rules            *string
		}
		if err := json.Unmarshal(line, &c); err != nil {
			t.Fatal(err)
		}
		rules := string(usual)
		if c.Rules != nil {
			rules = *c.Rules
		}
		if err := os.WriteFile("t.rules", []byte(rules), 0o600); err != nil {
			t.Fatal(err)
		}
		status, stdout, stderr := call(t, ".", c.Argv...)
		if status != c.RC || stdout != c.Stdout {
			t.Errorf("%q with %q: status %d, %s; the original %d, %s", c.Argv, rules, status, stdout, c.RC, c.Stdout)
		}
		if c.RC == 1 {
			for _, want := range []string{"Error: failed to parse policy at t.rules\n\nCaused by:\n    ", c.Says} {
				if !strings.Contains(stderr, want) {
					t.Errorf("%q: stderr %q lacks %q", rules, stderr, want)
				}
			}
			// The original's parser complains about the first line, whatever the line.
			if !strings.Contains(stderr, c.At) && !strings.Contains(rules, "foo(") {
				t.Errorf("%q: stderr %q is not about %s", rules, stderr, c.At)
			}
		}
	}
	if n != 40 {
		t.Errorf("%d rows", n)
	}
}

// A file that computes something has bounds, whatever it computes, and says so in words.
func TestGreedyFiles(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	for _, text := range []string{
		"x = 7\nfor i in range(60):\n    x = x * x\n",
		"l = [1]\nfor i in range(60):\n    l = l + l\n",
		"x = \"a\" * (1<<29)\ny = x * 1\n",
		"x = \"a\" * 1000000\ny = x.replace(\"a\", \"b\" * 1000000)\n",
		"x = sorted(range(1<<33))\n",
		"x = list(range(1<<40))\n",
		"a = [\"w%d\" % i for i in range(50000)]\nfor i in range(30000):\n    prefix_rule(a)\n",
		"def f():\n    f()\nf()\n",
		"for i in range(1<<40):\n    pass\n",
		"x = " + strings.Repeat("[", 100000) + strings.Repeat("]", 100000) + "\n",
		"x = 1" + strings.Repeat("+1", 400000) + " + \"a\"\n",
		"prefix_rule([\"" + strings.Repeat("a", 2<<20) + "\"])\n",
		"prefix_rule(" + strings.Repeat("[", 100000) + strings.Repeat("]", 100000) + ")\n",
	} {
		if err := os.WriteFile("t.rules", []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		status, stdout, stderr := call(t, dir, "check", "-r", "t.rules", "ls")
		if status != 1 || stdout != "" || !strings.HasPrefix(stderr, "Error: failed to parse policy at t.rules\n\nCaused by:\n    t.rules:") || strings.Count(stderr, "\n") != 4 {
			t.Errorf("%.60q: status %d, %q, %.300q", text, status, stdout, stderr)
		}
	}
	if err := os.WriteFile("t.rules", []byte("words = [\"ls\", \"cat\"]\nfor w in words:\n    prefix_rule([w] + [\"-x\"], justification=f\"not {w}\", decision=\"forbidden\")\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if status, stdout, stderr := call(t, dir, "check", "-r", "t.rules", "cat", "-x"); status != 0 || !strings.Contains(stdout, `"justification":"not cat"`) {
		t.Errorf("a file that computes: status %d, %q, %q", status, stdout, stderr)
	}
}

func TestFilesThatCannotBeRead(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	if err := os.WriteFile("latin1.rules", []byte("# \xe9\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for file, want := range map[string]string{
		"none.rules":   "Error: failed to read policy at none.rules\n\nCaused by:\n    No such file or directory (os error 2)\n",
		"latin1.rules": "Error: failed to read policy at latin1.rules\n\nCaused by:\n    stream did not contain valid UTF-8\n",
	} {
		if status, stdout, stderr := call(t, dir, "check", "-r", file, "ls"); status != 1 || stdout != "" || stderr != want {
			t.Errorf("%s: status %d, %q, %q", file, status, stdout, stderr)
		}
		if status, stdout, stderr := call(t, dir, "compile", file); status != 1 || stdout != "" || !strings.HasPrefix(stderr, "codex-execpolicy: failed to read rules file "+file+": ") {
			t.Errorf("compile %s: status %d, %q, %q", file, status, stdout, stderr)
		}
	}
}

func TestExplain(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	for name, text := range map[string]string{
		".codex/config.toml":        "approval_policy = \"untrusted\"\n[projects." + string(must(json.Marshal(dir+"/repo"))) + "]\ntrust_level = \"trusted\"\n",
		".codex/rules/a.rules":      "prefix_rule(pattern=[\"git\", \"push\"], decision=\"prompt\", justification=\"talk first\")\n\nprefix_rule([\"make\"])\n",
		".codex/rules/b.rules":      "prefix_rule(\n",
		"repo/.codex/rules/c.rules": "prefix_rule([\"rm\"], \"forbidden\")\n",
	} {
		if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	at := filepath.Join(dir, ".codex", "rules", "a.rules")
	project := filepath.Join(dir, "repo", ".codex", "rules", "c.rules")
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"git status && git push origin; touch x"},
			"allow\tgit status\tonly reads\n" +
				"prompt\tgit push origin\trule `git push` at " + at + ":1: talk first\n" +
				"prompt\ttouch x\tapproval policy\n" +
				"=\tprompt\tasks, then runs in the sandbox; `bash -lc 'git status && git push origin; touch x'` requires approval: talk first\n"},
		{[]string{"make", "all"}, "allow\tmake all\trule `make` at " + at + ":3\n=\tallow\truns outside the sandbox\n"},
		{[]string{"-s", "danger-full-access", "make all; ls"}, "allow\tmake all\trule `make` at " + at + ":3\nallow\tls\tonly reads\n=\tallow\truns without a sandbox\n"},
		{[]string{"--ignore-rules", "make all"}, "prompt\tmake all\tapproval policy\n=\tprompt\tasks, then runs in the sandbox; proposes the rule `make all`\n"},
		{[]string{"-a", "never", "rm -f x"}, "forbidden\trm -f x\tdestroys files\n=\tforbidden\t`bash -lc 'rm -f x'` rejected: blocked by policy\n"},
		{[]string{"-C", "repo", "-a", "on-request", "A=1 rm $x >log"},
			"allow\tbash -lc 'A=1 rm $x >log'\tapproval policy\nforbidden\trm\trule `rm` at " + project + ":1; inside the script\n" +
				"=\tforbidden\t`bash -lc 'A=1 rm $x >log'` rejected: policy forbids commands starting with `rm`\n"},
		{[]string{"-a", "on-request", "--escalate", "touch x"}, "prompt\ttouch x\tasks to run outside the sandbox\n=\tprompt\tasks, then runs outside the sandbox; proposes the rule `touch x`\n"},
		{[]string{"-a", "never", "--escalate", "touch x"}, "=\tforbidden\tapproval policy is Never; reject command — you cannot ask for escalated permissions if the approval policy is Never\n"},
		{[]string{"--json", "make all | cat"},
			`{"decision":"allow","sandboxed":true,"segments":[{"command":["make","all"],"decision":"allow","matchedRules":[{"prefixRuleMatch":{"matchedPrefix":["make"],"decision":"allow"},"file":"` + at + `","line":3}]},` +
				`{"command":["cat"],"decision":"allow","matchedRules":[],"why":"only reads"}]}` + "\n"},
	} {
		status, stdout, stderr := call(t, dir, append([]string{"explain"}, c.args...)...)
		if status != 0 || stdout != c.want {
			t.Errorf("%q: status %d\n%s, want\n%s\n%s", c.args, status, stdout, c.want, stderr)
		}
		if warned := strings.Contains(stderr, "warning: left out: "+filepath.Join(dir, ".codex", "rules", "b.rules")+":2:1: "); warned == strings.Contains(strings.Join(c.args, " "), "ignore") {
			t.Errorf("%q: stderr %q", c.args, stderr)
		}
	}
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}
