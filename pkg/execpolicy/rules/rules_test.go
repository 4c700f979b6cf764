package rules

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"

	"codex/pkg/execpolicy"
)

func parse(t *testing.T, text string) *execpolicy.Policy {
	t.Helper()
	rules, err := Parse("t.rules", text)
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	return execpolicy.NewPolicy(rules)
}

func TestLanguage(t *testing.T) {
	for text, want := range map[string]string{ // space-separated commands that must match
		`prefix_rule(["a"], "prompt")`:                                            "a:prompt",
		`prefix_rule(pattern=["a"], decision=None, justification=None)`:           "a:allow",
		`[prefix_rule([c]) for c in ["a", "b"]]`:                                  "a:allow b:allow",
		"def f(n):\n    prefix_rule([n])\nfor n in [\"a\", \"b\"]:\n    f(n)":     "a:allow b:allow",
		"x = \"a\"\nx = \"b\"\nif True:\n    prefix_rule([x])":                    "b:allow",
		"(lambda n: prefix_rule([n]))(\"a\")":                                     "a:allow",
		`n = "x"; prefix_rule([f"{n}-{n}"]); prefix_rule([f'{{{n}}}'])`:           "x-x:allow {x}:allow",
		"n = \"x\"\nprefix_rule([f\"\"\"{n}\n\"\"\".strip()])":                    "x:allow",
		`n = 1; prefix_rule([fr"\{n}"])`:                                          `\1:allow`,
		`prefix_rule(["f"]) # f"{`:                                                "f:allow",
		`prefix_rule(["f'{'"])`:                                                   "f'{':allow",
		"prefix_rule([\"ä\" + f\"{'a'}\"[0]]) if False else prefix_rule([\"b\"])": "", // not a name
	} {
		rules, err := Parse("t.rules", text)
		if want == "" {
			if err == nil {
				t.Errorf("no error for %s", text)
			}
			continue
		}
		if err != nil {
			t.Errorf("%v\n%s", err, text)
			continue
		}
		var got []string
		for _, r := range rules {
			got = append(got, r.Prefix.Pattern[0][0]+":"+r.Prefix.Decision.String())
		}
		if s := strings.Join(got, " "); s != want {
			t.Errorf("%s\nmakes %s, want %s", text, s, want)
		}
	}
}

// Errors name the place in the file as the user wrote it.
func TestErrors(t *testing.T) {
	for text, want := range map[string]string{
		"x = 1\n  y = 2": "2:3: ",
		"\n\nprefix_rule(pattern=[\"a\"], match=[\"b\"])":     "3:1: expected every example to match at least one rule; unmatched examples: [\"b\"]",
		"x = 1\n[0, undefined_name]":                          "2:5: undefined: undefined_name",
		"a = \"x\"\nb = f\"{a}\"; prefix_rule([])":            "2:13: invalid pattern element: pattern cannot be empty",
		"a = \"x\"\nb = f\"{a}\" + f\"{a}\"; prefix_rule([])": "2:22: invalid pattern element: pattern cannot be empty",
		"b = f\"{1}\"":                                 "1:5: f-string: not a name: {1}",
		"b = f\"{a\"":                                  "1:5: f-string: brace is not closed",
		"load(\"x\", \"y\")":                           "1:1: load is not available in rules files",
		"if True:\n    print(1)":                       "2:5: print is not available in rules files",
		"def f():\n    prefix_rule([])\nf()":           "2:5: invalid pattern element: pattern cannot be empty",
		"fail(\"no\")":                                 "1:1: fail: no",
		"while True:\n    pass":                        "1:1: ",
		"[0 for a in range(1000000000)]":               "too many steps",
		"def f(n):\n    return f(n)\nf(0)":             "",
		"prefix_rule([\"a\"], match=\"a\")":            "1:1: invalid example: examples must be a list (got string)",
		"prefix_rule([\"a\"], match=[[]])":             "1:1: invalid example: example cannot be an empty list",
		"prefix_rule([\"a\"], match=[[1]])":            "1:1: invalid example: example tokens must be strings (got int)",
		"prefix_rule([\"a\"], match=[1])":              "1:1: invalid example: example must be a string or list of strings (got int)",
		"prefix_rule([\"a\", [1]])":                    "1:1: invalid pattern element: pattern alternative must be a string (got int)",
		"network_rule(\"a b\", \"https\", \"allow\")":  "1:1: invalid rule: network_rule host cannot contain whitespace",
		"network_rule(\"[::1\", \"https\", \"allow\")": "1:1: invalid rule: network_rule host has a broken address",
		"network_rule(\".\", \"https\", \"allow\")":    "1:1: invalid rule: network_rule host cannot be empty",
		"network_rule(\"a\", \"https\", \"maybe\")":    "1:1: invalid decision: maybe",
		strings.Repeat("(", 30000):                     "excessive nesting",
		strings.Repeat("#", maxBytes+1):                "1:1: file is larger than 1048576 bytes",
	} {
		rules, err := Parse("t.rules", text)
		var e *execpolicy.FileError
		if !errors.As(err, &e) || !strings.Contains(err.Error(), want) || len(rules) > 0 {
			t.Errorf("%.60q: %v, want %s", text, err, want)
		}
	}
}

// The original gives the span of the whole call.
func TestSpan(t *testing.T) {
	_, err := Parse("t.rules", "\n\nprefix_rule(pattern=[\"a\"], match=[\"b\"])\n")
	var e *execpolicy.FileError
	if !errors.As(err, &e) || e.Start != (execpolicy.Position{Line: 3, Column: 1}) || e.End != (execpolicy.Position{Line: 3, Column: 40}) {
		t.Errorf("%+v", e)
	}
}

func TestNetwork(t *testing.T) {
	rules, err := Parse("t.rules", `
network_rule(host="Example.COM.:443", protocol="https_connect", decision="deny", justification="no")
network_rule("[2001:DB8::1]:80", "http", "prompt")
network_rule("::1", "socks5_udp", "allow")
`)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, r := range execpolicy.NewPolicy(rules).Network() {
		got = append(got, strings.Join([]string{r.Host, r.Protocol, r.Decision.String(), r.Justification}, " "))
	}
	if want := []string{"example.com https forbidden no", "2001:db8::1 http prompt ", "::1 socks5_udp allow "}; !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
}

func TestExamplesSeeHosts(t *testing.T) {
	parse(t, `
prefix_rule(["git", "status"], match=["git status", "/usr/bin/git status"], not_match=["/opt/git status", "git 'sta tus'"])
host_executable(name="git", paths=["/usr/bin/git"])
`)
}

func TestHostResolution(t *testing.T) {
	p := parse(t, `
prefix_rule(["git", ["status", "log"]])
prefix_rule([["/bin/x", "y"]], "prompt")
host_executable("git", ["/usr/bin/git", "/usr/local/bin/git"])
host_executable("git", ["/usr/bin/git"])
`)
	for argv, want := range map[string]string{
		"git log -1": "git log", "git push": "", "/usr/bin/git log": "git log@/usr/bin/git", "/usr/local/bin/git log": "", "/usr/bin/../bin/git log": "git log@/usr/bin/git",
		"/bin/x a": "/bin/x", "/bin/y a": "y@/bin/y", "./git log": "", "bin/git log": "",
	} {
		got := ""
		for _, m := range p.Match(strings.Fields(argv), true) {
			got = strings.Join(m.Prefix, " ")
			if m.Program != "" {
				got += "@" + m.Program
			}
		}
		if got != want {
			t.Errorf("%s matches %q, want %q", argv, got, want)
		}
	}
}

// What is compiled says the same when it is read back.
func TestWire(t *testing.T) {
	text, err := os.ReadFile("../argv/testdata/t.rules")
	if err != nil {
		t.Fatal(err)
	}
	rules, err := Parse("t.rules", string(text))
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	for _, r := range rules {
		if err := json.NewEncoder(&b).Encode(execpolicy.Line{Rule: r}); err != nil {
			t.Fatal(err)
		}
	}
	if err := json.NewEncoder(&b).Encode(execpolicy.Line{Error: &execpolicy.FileError{File: "x.rules", Message: "m"}}); err != nil {
		t.Fatal(err)
	}
	again, broken, err := execpolicy.ReadLines(&b)
	if err != nil || !reflect.DeepEqual(rules, again) || len(broken) != 1 || broken[0].File != "x.rules" {
		t.Errorf("%v %v %v", again, broken, err)
	}
	for _, bad := range []string{`{"prefixRule":{"pattern":[],"decision":"allow"}}`, `{"prefixRule":{"pattern":[[]],"decision":"allow"}}`,
		`{"prefixRule":{"pattern":[["a"]],"decision":"perhaps"}}`, `{"prefixRule":{`} {
		if _, _, err := execpolicy.ReadLines(strings.NewReader(bad)); err == nil {
			t.Errorf("no error for %s", bad)
		}
	}
}

func FuzzRules(f *testing.F) {
	for _, s := range []string{`prefix_rule(["a", ["b", "c"]], "prompt", match=["a b"])`, `n = "x"; prefix_rule([f"{n}!"])`, `network_rule("[::1]:80", "http", "deny")`,
		`host_executable("a", ["/b/a"])`, "def f(x):\n  return x\nf(f)", `"""`, `f"{`, "x = [0] * 9", "load('a', 'b')"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		// Big values take long in one step; that is the user's own doing.
		if strings.ContainsAny(text, "*") || strings.Contains(text, "<<") {
			return
		}
		rules, err := Parse("f.rules", text)
		var e *execpolicy.FileError
		if err != nil && (!errors.As(err, &e) || e.Start.Line < 1 || e.Start.Column < 1 || len(rules) > 0) {
			t.Errorf("error %#v with %d rules", err, len(rules))
		}
		for _, r := range rules {
			if r.Prefix == nil {
				continue
			}
			var argv []string
			for _, words := range r.Prefix.Pattern {
				argv = append(argv, words[len(words)-1])
			}
			if !slices.ContainsFunc(execpolicy.NewPolicy(rules).Match(argv, false), func(m execpolicy.Match) bool { return m.Place == r.Prefix.Place }) {
				t.Errorf("%q does not match its own rule", argv)
			}
		}
	})
}
